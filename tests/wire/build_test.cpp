// Whole packets, compared with bytes that another program made (a packet generator that fed a Linux gateway).
#include "masqsim/wire/build.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/udp.hpp"
#include "tests/wire/hex.hpp"

namespace masqsim::wire {
namespace {

constexpr Address inside = address(192, 168, 1, 10);
constexpr Address remote = address(198, 51, 100, 7);

IpFields fields() { return {.source = inside, .destination = remote, .id = 0x1234}; }

TEST(Build, Udp) {
  EXPECT_EQ(hex(udp_packet(fields(), 5'000, 53, from_hex("85e0"))),
            "4500001e1234400040113caec0a8010ac633640713880035000a7a4f85e0");
}

TEST(Build, UdpWithAnIpOption) {
  IpFields ip = fields();
  const std::vector<std::uint8_t> route = from_hex("8307040102030400");
  ip.options = route;
  EXPECT_EQ(hex(udp_packet(ip, 5'006, 53, from_hex("68656c6c6f"))),
            "47000029123440004011ad97c0a8010ac63364078307040102030400138e0035000dbc5168656c6c6f");
}

TEST(Build, UdpWhoseSumComesOutAsZeroIsSentAsFfff) {
  IpFields ip = fields();
  ip.source = address(203, 0, 113, 1);
  ip.ttl = 63;
  EXPECT_EQ(hex(udp_packet(ip, 5'000, 53, from_hex("85e0"))),
            "4500001e123440003f11c35ecb007101c633640713880035000affff85e0");
}

TEST(Build, TcpSyn) {
  const TcpFields tcp{.source_port = 40'000, .destination_port = 80, .sequence = 0x0000b224, .flags = {TcpFlags::syn}};
  EXPECT_EQ(hex(tcp_packet(fields(), tcp, {})),
            "450000281234400040063cafc0a8010ac63364079c4000500000b224000000005002faf07a4f0000");
}

TEST(Build, TcpWhoseSumComesOutAsZeroKeepsIt) {
  IpFields ip = fields();
  ip.source = address(203, 0, 113, 1);
  ip.ttl = 63;
  const TcpFields tcp{.source_port = 40'000, .destination_port = 80, .sequence = 0x0000b224, .flags = {TcpFlags::syn}};
  EXPECT_EQ(hex(tcp_packet(ip, tcp, {})),
            "45000028123440003f06c35fcb007101c63364079c4000500000b224000000005002faf000000000");
}

TEST(Build, TcpWithOptions) {
  const std::vector<std::uint8_t> options = from_hex("020405b4 0402 080a 00000001 00000000 01030307");
  const TcpFields tcp{.source_port = 40'000,
                      .destination_port = 80,
                      .sequence = 1'000,
                      .flags = {TcpFlags::syn | TcpFlags::ece | TcpFlags::cwr},
                      .options = options};
  EXPECT_EQ(
      hex(tcp_packet(fields(), tcp, {})),
      "4500003c1234400040063c9bc0a8010ac63364079c400050000003e800000000a0c2faf0bfe80000020405b40402080a000000010000000001030307");
}

TEST(Build, IcmpQuery) {
  EXPECT_EQ(hex(icmp_packet(fields(), {.type = icmp::timestamp, .rest = 0x00050001}, std::vector<std::uint8_t>(12))),
            "450000281234400040013cb4c0a8010ac63364070d00f2f900050001000000000000000000000000");
}

TEST(Build, IcmpErrorThatQuotes) {
  const IpFields ip{.source = address(198, 51, 100, 99), .destination = address(203, 0, 113, 1), .id = 0x1234};
  EXPECT_EQ(
      hex(icmp_packet(ip, {.type = icmp::time_exceeded},
                      from_hex("45000024123440003f01c368cb007101c63364070800666200070001"))),
      "45000038123440004001c1f8c6336463cb0071010b0086950000000045000024123440003f01c368cb007101c63364070800666200070001");
}

TEST(Build, AnyOtherProtocol) {
  EXPECT_EQ(hex(ip_packet(fields(), Protocol::esp, std::vector<std::uint8_t>(16))),
            "450000241234400040323c87c0a8010ac633640700000000000000000000000000000000");
}

TEST(Build, EveryHeaderFieldGoesToItsPlace) {
  const IpFields ip{.source = address(1, 2, 3, 4),
                    .destination = address(5, 6, 7, 8),
                    .ttl = 9,
                    .tos = 0xb8,
                    .id = 0xabcd,
                    .fragment_word = 0x2001};
  std::vector<std::uint8_t> bytes = ip_packet(ip, Protocol{253}, from_hex("eeff"));
  EXPECT_TRUE(Ipv4View::parse(bytes)->sum_ok());
  Ipv4Edit::parse(bytes)->set_sum(0);
  EXPECT_EQ(hex(bytes), "45b80016abcd200109fd00000102030405060708eeff");
}

TEST(Build, DataMayLieAtItsPlaceAlready) {
  std::vector<std::uint8_t> expected = udp_packet(fields(), 1, 2, from_hex("0102030405"));
  std::vector<std::uint8_t> out(64);
  for (std::size_t n = 0; n < 5; ++n) out[28 + n] = static_cast<std::uint8_t>(n + 1);
  out.resize(write_udp(out, fields(), 1, 2, ByteView(out).subspan(28, 5)));
  EXPECT_EQ(hex(out), hex(expected));
}

TEST(Build, EveryRandomPacketVerifies) {
  Random stream(1, "packets");
  for (int n = 0; n < 3'000; ++n) {
    std::vector<std::uint8_t> data(stream.below(60));
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(stream.next());
    IpFields ip;
    ip.source = {static_cast<std::uint32_t>(stream.next())};
    ip.destination = {static_cast<std::uint32_t>(stream.next())};
    ip.id = static_cast<std::uint16_t>(stream.next());
    TcpFields tcp;
    tcp.sequence = static_cast<std::uint32_t>(stream.next());
    tcp.flags = {static_cast<std::uint8_t>(stream.next())};
    for (const std::vector<std::uint8_t>& packet :
         {udp_packet(ip, 1, 2, data), tcp_packet(ip, tcp, data), icmp_packet(ip, {}, data)}) {
      const auto view = Ipv4View::parse(packet);
      ASSERT_TRUE(view) << hex(packet);
      ASSERT_TRUE(view->sum_ok()) << hex(packet);
      ASSERT_EQ(view->total_length(), packet.size());
      ASSERT_EQ(describe(packet).find("wrong"), std::string::npos) << describe(packet);
    }
  }
}

}  // namespace
}  // namespace masqsim::wire
