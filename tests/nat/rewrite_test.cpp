// A rewritten packet is the one that a sender at the new place would have built.
#include "sim/nat/rewrite.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"
#include "masqsim/wire/checksum.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint16_t port_from = 5000, port_to = 61234;
constexpr wire::Address away = wire::address(203, 0, 113, 250);
constexpr Key target{away.value, away.value, port_to, port_to};

/// `packet` rewritten; nothing where that was refused.
Bytes rewritten(Bytes packet, Side side, const Key& to = target) {
  return rewrite(*wire::Ipv4Edit::parse(packet), side, to) ? packet : Bytes{};
}
Bytes raw(std::uint8_t protocol, const Bytes& payload, wire::Address from = a_host, wire::Address to = remote) {
  return wire::ip_packet({.source = from, .destination = to}, wire::Protocol{protocol}, payload);
}
Bytes first(Bytes bytes, std::size_t count) {
  bytes.resize(count);
  return bytes;
}
/// Ports, and bytes that tell where anything else was changed.
Bytes segment(std::uint16_t source, std::uint16_t destination, std::size_t size = 40) {
  Bytes bytes(size);
  for (std::size_t n = 0; n < size; ++n) bytes[n] = static_cast<std::uint8_t>(0xa0 + n);
  wire::store16(&bytes[0], source);
  wire::store16(&bytes[2], destination);
  return bytes;
}

TEST(Rewrite, MovesEitherEndOfAPacketAsIfItHadBeenBuiltThere) {
  const auto built = [](std::uint8_t protocol, wire::Endpoint from, wire::Endpoint to) {
    if (protocol == proto_udp) return udp(from, to, "some data");
    if (protocol == proto_tcp) {
      return tcp(from, to, {.flags = 0x18, .sequence = 77, .data = "some data", .options = {1, 1, 1, 0}});
    }
    Bytes packet = segment(from.port, to.port);
    wire::store32(&packet[8], wire::sctp_checksum(packet));
    return raw(proto_sctp, packet, from.address, to.address);
  };
  for (const std::uint8_t protocol : {proto_udp, proto_tcp, proto_sctp}) {
    for (const wire::Address by : {away, wire::address(1, 2, 3, 4), wire::address(255, 255, 255, 254)}) {
      for (const std::uint16_t port : std::initializer_list<std::uint16_t>{1, 255, 256, 5000, 65535}) {
        const Bytes packet = built(protocol, at(a_host, port_from), at(remote, port_from));
        const Key to{by.value, by.value, port, port};
        EXPECT_EQ(rewritten(packet, Side::source, to), built(protocol, at(by, port), at(remote, port_from)))
            << +protocol;
        EXPECT_EQ(rewritten(packet, Side::destination, to), built(protocol, at(a_host, port_from), at(by, port)))
            << +protocol;
      }
    }
  }
}

TEST(Rewrite, TakesEachSideFromThatSideOfTheTarget) {
  const Key both{outer.value, away.value, 1111, 2222};
  const Bytes packet = udp(at(a_host, 1), at(remote, 2));
  EXPECT_EQ(rewritten(packet, Side::source, both), udp(at(outer, 1111), at(remote, 2)));
  EXPECT_EQ(rewritten(packet, Side::destination, both), udp(at(a_host, 1), at(away, 2222)));
}

TEST(Rewrite, GivesAnIcmpQueryItsIdWhicheverSideMoves) {
  const Key to{away.value, away.value, 61234, wire::icmp::echo << 8};
  EXPECT_EQ(rewritten(echo(a_host, remote, 7), Side::source, to), echo(away, remote, 61234));
  EXPECT_EQ(rewritten(echo(a_host, remote, 7), Side::destination, to), echo(a_host, away, 61234));
  EXPECT_EQ(rewritten(echo(a_host, remote, 7, true), Side::source, to), echo(away, remote, 61234, true));
  for (std::uint8_t type = 0; type < 20; ++type) {
    const bool query = type == 0 || type == 8 || (type >= 13 && type <= 18);
    const std::uint32_t rest = query ? 61234u << 16 | 1 : 7u << 16 | 1;
    const Bytes message = icmp(a_host, remote, type, 8, 7u << 16 | 1);
    EXPECT_EQ(rewritten(message, Side::source, to), icmp(away, remote, type, 8, rest));
  }
  EXPECT_EQ(rewritten(icmp(a_host, remote, 8, 0, 7u << 16), Side::source, to), icmp(away, remote, 8, 0, 61234u << 16));
}

TEST(Rewrite, LeavesAUdpChecksumOfZeroAndNeverMakesOne) {
  for (const std::uint8_t protocol : {proto_udp, proto_udplite}) {
    Bytes none = segment(port_from, 53, 12), expected = segment(port_to, 53, 12);
    wire::store16(&none[6], 0);
    wire::store16(&expected[6], 0);
    if (protocol == proto_udp) {
      EXPECT_EQ(rewritten(raw(protocol, none), Side::source), raw(protocol, expected, away));
    }
    // The sum that the move brings to zero.
    const std::uint16_t zero = wire::adjust(wire::adjust32(0, away.value, a_host.value), port_to, port_from);
    wire::store16(&none[6], zero);
    wire::store16(&expected[6], 0xffff);
    EXPECT_EQ(rewritten(raw(protocol, none), Side::source), raw(protocol, expected, away));
    wire::store16(&none[6], 1);
    wire::store16(&expected[6], wire::adjust(wire::adjust32(1, a_host.value, away.value), port_from, port_to));
    EXPECT_EQ(rewritten(raw(protocol, none), Side::source), raw(protocol, expected, away));
  }
}

TEST(Rewrite, MakesATcpChecksumOfZeroZeroAndNotFfff) {
  Bytes packet = segment(port_from, 80, 20), expected = segment(port_to, 80, 20);
  wire::store16(&packet[16], wire::adjust(wire::adjust32(0, away.value, a_host.value), port_to, port_from));
  wire::store16(&expected[16], 0);
  EXPECT_EQ(rewritten(raw(proto_tcp, packet), Side::source), raw(proto_tcp, expected, away));
}

TEST(Rewrite, OfAQuotedSegmentMendsTheChecksumOnlyWhereItIsAllThere) {
  const Bytes whole = segment(port_from, 53), moved = segment(port_to, 53);
  for (const std::size_t size : {8u, 12u, 18u, 19u, 20u, 21u}) {
    Bytes expected = first(moved, size);
    if (size >= 20) {
      const std::uint16_t sum = wire::load16(&whole[16]);
      wire::store16(&expected[16], wire::adjust(wire::adjust32(sum, a_host.value, away.value), port_from, port_to));
    }
    EXPECT_EQ(rewritten(raw(proto_tcp, first(whole, size)), Side::source), raw(proto_tcp, expected, away)) << size;
  }
  for (const std::size_t size : {8u, 11u, 12u, 13u}) {
    Bytes expected = first(moved, size);
    if (size >= 12) wire::store32(&expected[8], wire::sctp_checksum(expected));
    EXPECT_EQ(rewritten(raw(proto_sctp, first(whole, size)), Side::source), raw(proto_sctp, expected, away)) << size;
  }
}

TEST(Rewrite, RefusesLessThanEightBytesWhereItReadsThem) {
  constexpr std::uint8_t esp = 50;
  for (const std::uint8_t protocol : {proto_udp, proto_udplite, proto_tcp, proto_sctp, proto_icmp, proto_gre, esp}) {
    for (const Side side : {Side::source, Side::destination}) {
      const Bytes eight{8, 0, 0x88, 0x0b, 1, 2, 3, 4};
      EXPECT_FALSE(rewritten(raw(protocol, eight), side).empty()) << +protocol;
      EXPECT_EQ(rewritten(raw(protocol, first(eight, 7)), side).empty(), protocol != esp) << +protocol;
    }
  }
  EXPECT_EQ(rewritten(raw(esp, {}), Side::source), raw(esp, {}, away));
  EXPECT_EQ(rewritten(raw(esp, {1, 2, 3}), Side::destination), raw(esp, {1, 2, 3}, a_host, away));
}

// Linux's gre_manip_pkt(): towards the receiver's side versions 0 and 1, from the sender's any.
TEST(Rewrite, TakesGreOfUnknownVersionsOnlyFromItsSender) {
  for (std::uint8_t version = 0; version < 8; ++version) {
    for (const std::uint8_t flags : std::initializer_list<std::uint8_t>{0x00, 0x30}) {
      const Bytes gre{0x37, static_cast<std::uint8_t>(0x08 | version), 0x8f, flags, 0, 8, 0, 77};
      EXPECT_EQ(rewritten(raw(proto_gre, gre), Side::source), raw(proto_gre, gre, away)) << +version;
      EXPECT_EQ(rewritten(raw(proto_gre, gre), Side::destination),
                version <= 1 ? raw(proto_gre, gre, a_host, away) : Bytes{})
          << +version;
    }
  }
}

TEST(Rewrite, KeepsAWrongHeaderChecksumEquallyWrong) {
  Bytes packet = udp(at(a_host, port_from), at(remote, 53)), expected = udp(at(away, port_to), at(remote, 53));
  for (Bytes* p : {&packet, &expected}) wire::store16(&(*p)[10], wire::adjust(wire::load16(&(*p)[10]), 0, 0x1234));
  EXPECT_EQ(rewritten(packet, Side::source), expected);
}

}  // namespace
}  // namespace masqsim::nat::testing
