#include "masqsim/wire/describe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "tests/wire/hex.hpp"

namespace masqsim::wire {
namespace {

const IpFields ip{.source = address(192, 168, 1, 10), .destination = address(198, 51, 100, 10)};

std::string described(std::vector<std::uint8_t> packet, std::size_t place, std::uint8_t value) {
  packet[place] = value;
  return describe(packet);
}

TEST(Describe, TellsASegmentInOneLine) {
  EXPECT_EQ(describe(tcp_packet(ip, {.source_port = 40'000, .destination_port = 80, .flags = {TcpFlags::syn}}, {})),
            "192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64");
  EXPECT_EQ(describe(tcp_packet(ip,
                                {.source_port = 40'000,
                                 .destination_port = 80,
                                 .sequence = 7,
                                 .acknowledgment = 9,
                                 .flags = {TcpFlags::psh | TcpFlags::ack}},
                                from_hex("010203"))),
            "192.168.1.10:40000 > 198.51.100.10:80 tcp PSH+A seq=7 ack=9 win=64240 len=3 ttl=64");
}

TEST(Describe, TellsADatagramAndItsDamage) {
  const std::vector<std::uint8_t> packet = udp_packet(ip, 5'000, 53, from_hex("0102"));
  EXPECT_EQ(describe(packet), "192.168.1.10:5000 > 198.51.100.10:53 udp len=2 ttl=64");
  EXPECT_EQ(described(packet, 29, 9), "192.168.1.10:5000 > 198.51.100.10:53 udp len=2 udp-sum-wrong ttl=64");
  EXPECT_EQ(described(packet, 25, 11), "192.168.1.10:5000 > 198.51.100.10:53 udp len=3 udp-length-wrong ttl=64");
  EXPECT_EQ(described(packet, 8, 63), "192.168.1.10:5000 > 198.51.100.10:53 udp len=2 ttl=63 ip-sum-wrong");
  EXPECT_EQ(described(packet, 3, 99),
            "192.168.1.10:5000 > 198.51.100.10:53 udp len=2 ttl=64 ip-sum-wrong length-wrong=99/30");
  std::vector<std::uint8_t> none = packet;
  none[26] = none[27] = 0;
  EXPECT_EQ(describe(none), "192.168.1.10:5000 > 198.51.100.10:53 udp len=2 udp-sum-none ttl=64");
}

TEST(Describe, TellsQueriesAndWhatAnErrorQuotes) {
  EXPECT_EQ(describe(icmp_packet(ip, {.type = icmp::echo, .rest = 0x00070001}, {})),
            "192.168.1.10 > 198.51.100.10 icmp echo request id=7 seq=1 ttl=64");
  const std::vector<std::uint8_t> packet = udp_packet(ip, 5'000, 53, from_hex("0102"));
  const IpFields back{.source = address(203, 0, 113, 254), .destination = address(192, 168, 1, 10)};
  EXPECT_EQ(
      describe(icmp_packet(back, {.type = icmp::unreachable, .code = icmp::port_unreachable}, packet)),
      "203.0.113.254 > 192.168.1.10 icmp port unreachable {192.168.1.10:5000 > 198.51.100.10:53 udp len=2 ttl=64} ttl=64");
  EXPECT_EQ(describe(icmp_packet(back, {.type = 3, .code = 4, .rest = 1'400}, ByteView(packet).first(28))),
            "203.0.113.254 > 192.168.1.10 icmp fragmentation needed mtu=1400 "
            "{192.168.1.10:5000 > 198.51.100.10:53 udp len=2 ttl=64} ttl=64");
  EXPECT_EQ(describe(icmp_packet(back, {.type = 3, .code = 1}, ByteView(packet).first(19))),
            "203.0.113.254 > 192.168.1.10 icmp host unreachable {cut} ttl=64");
}

TEST(Describe, TellsFragmentsOptionsAndOtherProtocols) {
  IpFields piece = ip;
  piece.fragment_word = 0x20b9;
  EXPECT_EQ(describe(ip_packet(piece, Protocol::udp, from_hex("01020304"))),
            "192.168.1.10 > 198.51.100.10 udp len=4 ttl=64 frag=1480+");
  piece.fragment_word = 0x2000;
  const auto first = ip_packet(piece, Protocol::udp, from_hex("138800350fa800000102030405060708"));
  EXPECT_EQ(describe(first), "192.168.1.10:5000 > 198.51.100.10:53 udp len=8 udp-sum-none ttl=64 frag=0+")
      << "what this piece holds; the header says 4000 for all of them";
  EXPECT_EQ(describe(ip_packet(ip, Protocol::gre, from_hex("01020304"))),
            "192.168.1.10 > 198.51.100.10 gre len=4 ttl=64");
  IpFields marked = ip;
  const std::vector<std::uint8_t> alert = from_hex("94040000");
  marked.options = alert;
  marked.tos = 0xb8;
  EXPECT_EQ(describe(ip_packet(marked, Protocol{253}, {})),
            "192.168.1.10 > 198.51.100.10 proto-253 len=0 ttl=64 tos=b8 options=94040000");
}

TEST(Describe, TellsWhatIsCut) {
  EXPECT_EQ(describe({}), "not IPv4: 0 bytes ");
  EXPECT_EQ(describe(from_hex("6001")), "not IPv4: 2 bytes 6001");
  EXPECT_EQ(describe(ip_packet(ip, Protocol::tcp, from_hex("9c400050"))),
            "192.168.1.10:40000 > 198.51.100.10:80 tcp cut ttl=64");
  EXPECT_EQ(describe(ip_packet(ip, Protocol::tcp, from_hex("9c40005000000007 00"))),
            "192.168.1.10:40000 > 198.51.100.10:80 tcp damaged seq=7 ttl=64");
  EXPECT_EQ(describe(ip_packet(ip, Protocol::udp, {})), "192.168.1.10 > 198.51.100.10 udp cut ttl=64");
  EXPECT_EQ(describe(ip_packet(ip, Protocol::icmp, {})), "192.168.1.10 > 198.51.100.10 icmp cut ttl=64");
}

TEST(Describe, GivesOnePrintableBoundedLineForAnyBytes) {
  Random stream(1, "bytes");
  for (int n = 0; n < 60'000; ++n) {
    std::vector<std::uint8_t> bytes(stream.below(200));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(stream.next());
    if (bytes.size() > 20 && n % 4 != 0) {  // three of four are IPv4 of a known protocol with options and a true length
      bytes[0] = static_cast<std::uint8_t>(0x40 | (bytes[0] & 15));
      bytes[9] = std::array<std::uint8_t, 4>{1, 6, 17, 132}[bytes[9] % 4];
      if (n % 2 == 0) store16(&bytes[2], static_cast<std::uint16_t>(bytes.size()));
      if (n % 3 == 0) store16(&bytes[6], 0);
    }
    const std::string line = describe(bytes);
    ASSERT_FALSE(line.empty());
    ASSERT_LE(line.size(), 400u);
    ASSERT_TRUE(std::all_of(line.begin(), line.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) << line;
    ASSERT_FALSE(kind_of(bytes).empty());
    (void)tuple_of(bytes);
  }
}

TEST(Describe, CutsALineThatWouldBeTooLong) {
  IpFields outer = ip;
  const std::vector<std::uint8_t> options(40, 0xff);
  outer.options = options;
  const std::vector<std::uint8_t> quoted = ip_packet(outer, Protocol::udp, from_hex("ffffffffffffffff"));
  const std::string line = describe(icmp_packet(outer, {.type = 3, .code = 13}, quoted));
  EXPECT_LE(line.size(), 400u);
  EXPECT_TRUE(line.starts_with("192.168.1.10 > 198.51.100.10 icmp administratively prohibited {192.168.1.10:65535 > "))
      << line;
}

TEST(KindOf, NamesWhatAPacketIs) {
  EXPECT_EQ(kind_of(tcp_packet(ip, {.flags = {TcpFlags::syn | TcpFlags::ack}}, {})), "S+A");
  EXPECT_EQ(kind_of(udp_packet(ip, 1, 2, {})), "UDP");
  EXPECT_EQ(kind_of(icmp_packet(ip, {.type = icmp::echo}, {})), "echo request");
  EXPECT_EQ(kind_of(ip_packet(ip, Protocol::esp, {})), "esp");
  EXPECT_EQ(kind_of(ip_packet(ip, Protocol::tcp, {})), "TCP cut");
  EXPECT_EQ(kind_of(ip_packet(ip, Protocol::icmp, {})), "ICMP cut");
  IpFields piece = ip;
  piece.fragment_word = 1;
  EXPECT_EQ(kind_of(ip_packet(piece, Protocol::udp, {})), "fragment");
  EXPECT_EQ(kind_of({}), "not IPv4");
}

TEST(TupleOf, HasPortsOnlyWhereThePacketCarriesThem) {
  const Endpoint from{ip.source, 5'000};
  const Endpoint to{ip.destination, 53};
  EXPECT_EQ(tuple_of(udp_packet(ip, 5'000, 53, {})), (Tuple{Protocol::udp, from, to, true}));
  EXPECT_EQ(tuple_of(icmp_packet(ip, {.type = icmp::echo, .rest = 0x00070001}, {})),
            (Tuple{Protocol::icmp, {ip.source, 7}, {ip.destination, 7}, true}));
  const Tuple none{Protocol::udp, {ip.source, 0}, {ip.destination, 0}, false};
  IpFields piece = ip;
  piece.fragment_word = 1;
  EXPECT_EQ(tuple_of(ip_packet(piece, Protocol::udp, from_hex("1388003500080000"))), none);
  EXPECT_EQ(tuple_of(ip_packet(ip, Protocol::udp, from_hex("138800"))), none);
  EXPECT_EQ(tuple_of(from_hex("4500")), std::nullopt);
  Tuple icmp_none = none;
  icmp_none.protocol = Protocol::icmp;
  EXPECT_EQ(tuple_of(icmp_packet(ip, {.type = icmp::unreachable}, {})), icmp_none);
}

TEST(TupleOf, DoesNotTakeTrailingBytesForPorts) {
  std::vector<std::uint8_t> bytes = ip_packet(ip, Protocol::udp, {});
  bytes.insert(bytes.end(), 8, 0x11);
  EXPECT_EQ(tuple_of(bytes), (Tuple{Protocol::udp, {ip.source, 0}, {ip.destination, 0}, false}));
}

TEST(Hex, IsLowerCaseWithoutSeparators) {
  EXPECT_EQ(hex(from_hex("00 0f f0 ff")), "000ff0ff");
  EXPECT_EQ(hex({}), "");
}

}  // namespace
}  // namespace masqsim::wire
