// The core alone, as a program would use it: a gateway that masquerades, driven with bytes and times and nothing else.
#include <gtest/gtest.h>

#include "masqsim/nat/nat.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/describe.hpp"

using namespace masqsim;
using namespace masqsim::literals;

namespace {

constexpr nat::InterfaceId home = 0, internet = 1;
constexpr wire::Address laptop = wire::address(192, 168, 1, 10), gateway = wire::address(203, 0, 113, 5),
                        server = wire::address(198, 51, 100, 10), stranger = wire::address(198, 51, 100, 66);

wire::Buffer buffer_of(std::vector<std::uint8_t>& bytes) {
  return {bytes.data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(bytes.capacity())};
}

TEST(Example, ARequestLeavesWithTheGatewaysAddressAndItsAnswerComesBack) {
  nat::Config config;
  config.source.push_back({.out = internet});  // masquerade what leaves by `internet`
  nat::Nat core(config, Random(1, "nat/gw"));
  core.set_own_addresses({gateway}, {});

  // Out: the router asks at each hook, and in between decides where the packet goes.
  auto request = wire::udp_packet({.source = laptop, .destination = server}, 40000, 53, {});
  wire::Buffer packet = buffer_of(request);
  {
    nat::Track track;
    ASSERT_TRUE(core.prerouting(packet, home, Time{}, track).pass);
    ASSERT_TRUE(core.forward(packet, home, internet, Time{}, track).pass);
    ASSERT_TRUE(core.postrouting(packet, {internet, gateway}, Time{}, track).pass);
    EXPECT_TRUE(track.made_flow());
  }
  EXPECT_EQ(wire::describe(packet.view()), "203.0.113.5:40000 > 198.51.100.10:53 udp len=0 ttl=64");

  // Back: the entry knows whose answer it is.
  auto answer = wire::udp_packet({.source = server, .destination = gateway}, 53, 40000, {});
  packet = buffer_of(answer);
  nat::Track track;
  ASSERT_TRUE(core.prerouting(packet, internet, Time{} + 20_ms, track).pass);
  EXPECT_EQ(wire::describe(packet.view()), "198.51.100.10:53 > 192.168.1.10:40000 udp len=0 ttl=64");
  EXPECT_EQ(track.relation(), nat::Relation::established);

  // A stranger calls the same port: nothing changes, the packet stays the gateway's own.
  auto call = wire::udp_packet({.source = stranger, .destination = gateway}, 9, 40000, {});
  packet = buffer_of(call);
  core.prerouting(packet, internet, Time{} + 1_s, track);
  EXPECT_EQ(wire::describe(packet.view()), "198.51.100.66:9 > 203.0.113.5:40000 udp len=0 ttl=64");
  EXPECT_EQ(core.unowned_reason(packet.view(), internet, Time{} + 1_s), Reason::filtered);

  // 30 seconds after its last packet the entry is gone.
  EXPECT_EQ(core.next_expiry(), Time{} + 30_s + 20_ms);
  core.expire(Time{} + 31_s);
  EXPECT_EQ(core.size(), 0u);
}

}  // namespace
