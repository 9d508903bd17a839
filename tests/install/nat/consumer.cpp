// A program that is no part of masqsim: it takes one datagram out through a masquerading NAT and its answer back in.
#include <masqsim/nat/nat.hpp>
#include <masqsim/wire/build.hpp>
#include <masqsim/wire/describe.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace nat = masqsim::nat;
namespace wire = masqsim::wire;
using masqsim::Time;

namespace {

constexpr nat::InterfaceId lan = 0;
constexpr nat::InterfaceId wan = 1;
constexpr wire::Address outside = wire::address(203, 0, 113, 5);

/// Through the gateway from `in` to `out`; the packet as one line.
std::string through(nat::Nat& core, std::vector<std::uint8_t> packet, nat::InterfaceId in, nat::InterfaceId out,
                    Time now) {
  wire::Buffer buffer{packet.data(), static_cast<std::uint32_t>(packet.size()),
                      static_cast<std::uint32_t>(packet.size())};
  nat::Track track;
  if (!core.prerouting(buffer, in, now, track).pass) return "dropped";
  if (!core.forward(buffer, in, out, now, track).pass) return "dropped";
  if (!core.postrouting(buffer, {out, outside}, now, track).pass) return "dropped";
  return wire::describe(buffer.view());
}

void expect(const std::string& came, const std::string& wanted) {
  if (came == wanted) return;
  std::fprintf(stderr, "came:   %s\nwanted: %s\n", came.c_str(), wanted.c_str());
  std::exit(1);
}

}  // namespace

int main() {
  nat::Config config;
  config.source.push_back({.out = wan});
  nat::Nat core(config, masqsim::Random(1, "nat"));
  core.set_own_addresses({outside}, {});

  const wire::Endpoint client{wire::address(192, 168, 1, 10), 40000};
  const wire::Endpoint server{wire::address(198, 51, 100, 10), 53};
  const auto ask =
      wire::udp_packet({.source = client.address, .destination = server.address}, client.port, server.port, {});
  expect(through(core, ask, lan, wan, Time{0}), "203.0.113.5:40000 > 198.51.100.10:53 udp len=0 ttl=64");

  const auto answer =
      wire::udp_packet({.source = server.address, .destination = outside}, server.port, client.port, {});
  expect(through(core, answer, wan, lan, Time{1'000'000}), "198.51.100.10:53 > 192.168.1.10:40000 udp len=0 ttl=64");

  std::puts("the installed NAT core translates");
}
