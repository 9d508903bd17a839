// Protocols other than TCP, UDP and echo: GRE, ESP, SCTP, UDP-Lite.
#include <gtest/gtest.h>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

TEST(Protocols, WithoutPortsServeOneInsideHostARemote) {
  Bench b;
  EXPECT_EQ(b.from_inside(raw(a_host, remote, 50, Bytes(8))), "out: 203.0.113.1 > 198.51.100.7 esp len=8 ttl=64");
  EXPECT_EQ(b.from_inside(raw(b_host, remote, 50, Bytes(8))), "X ports-exhausted");
  EXPECT_EQ(b.from_inside(raw(b_host, remote2, 50, Bytes(8))), "out: 203.0.113.1 > 198.51.100.8 esp len=8 ttl=64");
  EXPECT_EQ(b.from_outside(raw(remote, outer, 50, Bytes(8))), "in: 198.51.100.7 > 192.168.1.10 esp len=8 ttl=64");
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 600_s);
}

TEST(Protocols, GreBecomesAStreamByItsThirdPacket) {
  Bench b;
  b.from_inside(raw(a_host, remote, 47, {0, 0, 8, 0, 1, 2, 3, 4}));
  b.from_outside(raw(remote, outer, 47, {0, 0, 8, 0, 1, 2, 3, 4}));
  EXPECT_EQ(b.table(), Lines{"gre 192.168.1.10:0 203.0.113.1:0 198.51.100.7:0 replied 30s"});
  b.from_inside(raw(a_host, remote, 47, {0, 0, 8, 0, 1, 2, 3, 4}));
  EXPECT_EQ(b.table(), Lines{"gre 192.168.1.10:0 203.0.113.1:0 198.51.100.7:0 assured 3m"});
}

TEST(Protocols, SctpHasItsChecksumMadeAnew) {
  Bytes init{0x13, 0x88, 0,    80,   0, 0, 0,    0,    0, 0, 0, 0, 1, 0, 0, 20,
             0,    0,    0x11, 0x11, 0, 0, 0xff, 0xff, 0, 1, 0, 1, 0, 0, 0, 1};
  wire::store32(&init[8], wire::sctp_checksum(init));
  Bench b;
  EXPECT_EQ(b.from_inside(raw(a_host, remote, 132, init)),
            "out: 203.0.113.1:5000 > 198.51.100.7:80 sctp len=32 ttl=64");
  EXPECT_EQ(wire::load32(&b.packet[28]), wire::sctp_checksum(wire::ByteView(b.packet).subspan(20)));
  init[31] ^= 1;
  EXPECT_EQ(b.from_inside(raw(b_host, remote, 132, init)),
            "out: 192.168.1.11:5000 > 198.51.100.7:80 sctp len=32 ttl=64 (invalid)");
}

// The tags that the two sides announce are 0x11 and 0x22.
TEST(Protocols, SctpIsFollowedFromItsInitToItsEnd) {
  const auto packet = [](std::uint16_t from, std::uint16_t to, std::uint32_t tag, std::uint8_t type,
                         std::uint32_t announced) {
    Bytes bytes(announced == 0 ? 16 : 32);
    wire::store16(&bytes[0], from);
    wire::store16(&bytes[2], to);
    wire::store32(&bytes[4], tag);
    bytes[12] = type;
    bytes[15] = static_cast<std::uint8_t>(bytes.size() - 12);
    if (announced != 0) wire::store32(&bytes[16], announced);
    wire::store32(&bytes[8], wire::sctp_checksum(bytes));
    return bytes;
  };
  Bench b;
  const auto a = [&](std::uint32_t tag, std::uint8_t type, std::uint32_t announced = 0) {
    return b.from_inside(raw(a_host, remote, 132, packet(5000, 80, tag, type, announced)));
  };
  const auto r = [&](std::uint32_t tag, std::uint8_t type, std::uint32_t announced = 0) {
    return b.from_outside(raw(remote, outer, 132, packet(80, 5000, tag, type, announced)));
  };
  const auto table = [&](const std::string& state_and_time) {
    return Lines{"sctp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:80 " + state_and_time};
  };
  EXPECT_TRUE(a(5, 0).ends_with("(invalid)"));        // DATA opens nothing
  EXPECT_TRUE(a(5, 1, 0x11).ends_with("(invalid)"));  // the tag of an INIT is zero
  a(0, 1, 0x11);
  EXPECT_EQ(b.table(), table("closed 10s"));
  r(0x11, 2, 0x22);
  EXPECT_EQ(b.table(), table("cookie-wait 3s"));
  a(0x22, 10);
  EXPECT_EQ(b.table(), table("cookie-echoed 3s"));
  r(0x11, 11);
  EXPECT_EQ(b.table(), table("established 3m30s"));
  EXPECT_TRUE(b.nat.table(b.now).at(0).assured);
  EXPECT_TRUE(a(0x33, 0).ends_with("(invalid)"));  // DATA with a tag that nobody announced
  a(0x22, 7);
  EXPECT_EQ(b.table(), table("shutdown-sent 3s"));
  r(0x11, 8);
  EXPECT_EQ(b.table(), table("shutdown-ack-sent 3s"));
  a(0x22, 14);
  EXPECT_EQ(b.table(), table("closed 10s"));
}

TEST(Protocols, SctpHeartbeatsOpenAPathOfTheirOwn) {
  const auto packet = [](std::uint16_t from, std::uint16_t to, std::uint32_t tag, std::uint8_t type) {
    Bytes bytes(16);
    wire::store16(&bytes[0], from);
    wire::store16(&bytes[2], to);
    wire::store32(&bytes[4], tag);
    bytes[12] = type;
    bytes[15] = 4;
    wire::store32(&bytes[8], wire::sctp_checksum(bytes));
    return bytes;
  };
  Bench b;
  b.from_inside(raw(a_host, remote, 132, packet(5000, 80, 9, 4)));
  EXPECT_EQ(b.table(), Lines{"sctp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:80 heartbeat-sent 30s"});
  b.from_outside(raw(remote, outer, 132, packet(80, 5000, 8, 5)));
  EXPECT_EQ(b.table(), Lines{"sctp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:80 established 3m30s"});
}

// The sum has UDP's number in its pseudo header: Linux takes no other (tests/cases/cases.jsonl,
// udplite_by_the_rfc_is_invalid).
TEST(Protocols, UdpLiteIsTranslatedAndItsPartialSumRepaired) {
  Bytes segment{0x13, 0x88, 0, 53, 0, 8, 0, 0, 'd', 'a', 't', 'a'};
  const auto sum = [&](wire::Address from, wire::Address to) {
    return wire::Sum{}
        .add32(from.value)
        .add32(to.value)
        .add16(17)
        .add32(12)
        .add(wire::ByteView(segment).first(8))
        .checksum();
  };
  Bench b;
  EXPECT_TRUE(b.from_inside(raw(a_host, remote, 136, segment)).ends_with("(invalid)"));
  wire::store16(&segment[6], sum(a_host, remote));
  EXPECT_FALSE(b.from_inside(raw(a_host, remote, 136, segment)).ends_with("(invalid)"));
  std::copy(b.packet.begin() + 20, b.packet.end(), segment.begin());
  EXPECT_EQ(sum(outer, remote), 0);
  EXPECT_EQ(b.nat.table(b.now).at(0).outside, at(outer, 5000));
  segment[5] = 13;
  EXPECT_TRUE(b.from_inside(raw(b_host, remote, 136, segment)).ends_with("(invalid)"));
  segment[5] = 0;
  EXPECT_TRUE(b.from_inside(raw(b_host, remote, 136, segment)).ends_with("(invalid)"));
  EXPECT_TRUE(b.from_inside(raw(b_host, remote, 136, {1, 2, 3, 4})).ends_with("(invalid)"));
  const auto send = [&](InterfaceId side, wire::Address from, wire::Address to, std::uint16_t sp, std::uint16_t dp) {
    wire::store16(&segment[0], sp), wire::store16(&segment[2], dp), wire::store16(&segment[4], 8),
        wire::store16(&segment[6], 0);
    wire::store16(&segment[6], sum(from, to));
    b.from(side, raw(from, to, 136, segment));
  };
  send(wan, remote, outer, 53, 5000);
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 30_s);
  send(lan, a_host, remote, 5000, 53);
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 2_min);
}

TEST(Protocols, UdpLiteOfAHeaderAloneIsTranslatedAndAShorterOneIsInvalid) {
  Bench b;
  Bytes segment(8);
  wire::store16(&segment[0], 5000);
  wire::store16(&segment[2], 53);
  wire::store16(&segment[4], 8);
  const wire::Sum sum = wire::Sum{}.add32(a_host.value).add32(remote.value).add16(17).add32(8).add(segment);
  wire::store16(&segment[6], sum.checksum());
  const auto packet = [&](std::size_t size) {
    return wire::ip_packet({.source = a_host, .destination = remote}, wire::Protocol{136},
                           wire::ByteView(segment).first(size));
  };
  EXPECT_TRUE(b.from_inside(packet(8)).starts_with("out: 203.0.113.1")) << b.from_inside(packet(8));
  EXPECT_TRUE(b.from_inside(packet(7)).ends_with("(invalid)")) << b.from_inside(packet(7));
}

TEST(Protocols, AnswersInGreOfEitherVersionAreTranslatedBack) {
  for (const std::uint8_t version : {std::uint8_t{0}, std::uint8_t{1}}) {
    Bench b;
    const Bytes gre{0, version, 0x88, 0x0b, 0, 0, 0, 0};
    EXPECT_TRUE(b.from_inside(wire::ip_packet({.source = a_host, .destination = remote}, wire::Protocol::gre, gre))
                    .starts_with("out: 203.0.113.1"));
    EXPECT_TRUE(b.from_outside(wire::ip_packet({.source = remote, .destination = outer}, wire::Protocol::gre, gre))
                    .starts_with("in: 198.51.100.7 > 192.168.1.10"));
  }
}

TEST(Protocols, AGivenRangeHoldsForEchoIdsToo) {
  Config config = masquerading();
  config.source.front().ports = PortRange{2000, 2004};
  Bench b(config);
  b.from_inside(echo(a_host, remote, 7));
  ASSERT_EQ(b.table().size(), 1u);
  const std::uint16_t id = b.nat.table(b.now).front().outside.port;
  EXPECT_TRUE(id >= 2000 && id <= 2004) << id;
}

TEST(Protocols, PptpsGreIsToldApartByCallId) {
  Bench b;
  const auto gre = [](std::uint16_t type, std::uint8_t call) {
    return Bytes{0x30, 1, static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type), 0, 8, 0, call};
  };
  b.from_inside(raw(a_host, remote, 47, gre(0x880b, 77)));
  EXPECT_EQ(b.from_inside(raw(b_host, remote, 47, gre(0x880b, 78))),
            "out: 203.0.113.1 > 198.51.100.7 gre len=8 ttl=64");
  EXPECT_EQ(b.from_inside(raw(c_host, remote, 47, gre(0x880b, 77))), "X ports-exhausted");
  EXPECT_TRUE(b.from_inside(raw(c_host, remote, 47, gre(0x0800, 79))).ends_with("(invalid)"));
}

}  // namespace
}  // namespace masqsim::nat::testing
