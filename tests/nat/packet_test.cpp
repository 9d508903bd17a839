// What is read of a packet, and which transport headers conntrack takes.
#include "sim/nat/packet.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"
#include "masqsim/wire/checksum.hpp"

namespace masqsim::nat::testing {
namespace {

Bytes raw(std::uint8_t protocol, const Bytes& payload, std::uint16_t fragment_word = 0) {
  const wire::IpFields ip{.source = a_host, .destination = remote, .fragment_word = fragment_word};
  return wire::ip_packet(ip, wire::Protocol{protocol}, payload);
}
/// "source port > destination port", or "none".
std::string ports_of(const Bytes& packet) {
  const std::optional<Key> key = key_of(*wire::Ipv4View::parse(packet));
  if (!key) return "none";
  EXPECT_EQ(key->source, a_host.value);
  EXPECT_EQ(key->destination, remote.value);
  return std::to_string(key->source_port) + " > " + std::to_string(key->destination_port);
}
Bytes first(Bytes bytes, std::size_t count) {
  bytes.resize(count);
  return bytes;
}
/// "sound", "sum" where only its checksum is wrong, else "invalid".
std::string verdict(Bytes bytes) {
  const Packet packet = *read_packet(bytes);
  if (!transport_sound(packet, false)) return transport_sound(packet, true) ? "checked less" : "invalid";
  return transport_sound(packet, true) ? "sound" : "sum";
}

TEST(Packet, HasTheKeyOfItsPortsWhereFourBytesAreThere) {
  const Bytes segment{0x13, 0x88, 0x00, 0x35};
  for (const std::uint8_t protocol : {proto_tcp, proto_udp, proto_udplite, proto_sctp}) {
    EXPECT_EQ(ports_of(raw(protocol, segment)), "5000 > 53");
    EXPECT_EQ(ports_of(raw(protocol, first(segment, 3))), "none");
    EXPECT_EQ(ports_of(raw(protocol, segment, 0x2000)), "5000 > 53") << "a first fragment";
    EXPECT_EQ(ports_of(raw(protocol, segment, 1)), "none") << "a later one";
  }
}

TEST(Packet, HasTheKeyOfAnIcmpQueryByIdTypeAndCode) {
  for (std::uint8_t type = 0; type < 20; ++type) {
    const bool query = type == 0 || type == 8 || (type >= 13 && type <= 18);
    const Bytes message{type, 5, 0, 0, 0x12, 0x34, 0, 1};
    EXPECT_EQ(ports_of(raw(proto_icmp, message)), query ? "4660 > " + std::to_string(type << 8 | 5) : "none") << +type;
    EXPECT_EQ(ports_of(raw(proto_icmp, first(message, 7))), "none");
  }
}

TEST(Packet, HasTheCallIdOfPptpsGreAndNoPortsOfAnythingElse) {
  const Bytes pptp{0x30, 0x01, 0x88, 0x0b, 0x00, 0x08, 0x01, 0x02};
  EXPECT_EQ(ports_of(raw(proto_gre, pptp)), "0 > 258");
  EXPECT_EQ(ports_of(raw(proto_gre, first(pptp, 7))), "0 > 0");
  EXPECT_EQ(ports_of(raw(proto_gre, {0x30, 0x81, 0x88, 0x0b, 0, 8, 1, 2})), "0 > 258") << "flags beside the version";
  EXPECT_EQ(ports_of(raw(proto_gre, {0x30, 0x01, 0x08, 0x00, 0, 8, 1, 2})), "none");
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{0, 2, 3, 5, 7}) {
    EXPECT_EQ(ports_of(raw(proto_gre, {0x30, version, 0x08, 0x00, 0, 8, 1, 2})), "0 > 0") << +version;
  }
  constexpr std::uint8_t esp = 50;
  EXPECT_EQ(ports_of(raw(esp, {1, 2, 3, 4})), "0 > 0");
  EXPECT_EQ(ports_of(raw(esp, {})), "0 > 0");
  EXPECT_EQ(ports_of(raw(proto_icmpv6, {128, 0, 0, 0, 0, 0, 0, 0})), "none");
}

TEST(Packet, IsAnIcmpErrorByItsTypeIfTheHeaderIsThere) {
  for (std::uint8_t type = 0; type < 20; ++type) {
    const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    for (const auto& [packet, is] : {std::pair(raw(proto_icmp, {type, 0, 0, 0, 0, 0, 0, 0}), error),
                                     std::pair(raw(proto_icmp, {type, 0, 0, 0, 0, 0, 0}), false),
                                     std::pair(raw(proto_udp, {type, 0, 0, 0, 0, 0, 0, 0}), false)}) {
      Bytes bytes = packet;
      EXPECT_EQ(read_packet(bytes)->is_icmp_error(), is) << +type;
    }
  }
  Bytes cut(19, 0x45);
  EXPECT_FALSE(read_packet(cut));
}

TEST(Packet, OfTcpIsSoundWithItsHeaderWholeAndItsSumRight) {
  Bytes syn = tcp(at(a_host, 5000), at(remote, 80), {});
  EXPECT_EQ(verdict(syn), "sound");
  syn[20 + 16] ^= 1;
  EXPECT_EQ(verdict(syn), "sum");
  EXPECT_EQ(verdict(raw(proto_tcp, Bytes(19))), "invalid");
}

TEST(Packet, OfUdpIsSoundWithALengthThatFitsAndASumThatIsRightOrZero) {
  Bytes packet = udp(at(a_host, 5000), at(remote, 53), "hello");
  EXPECT_EQ(verdict(packet), "sound");
  packet[27] ^= 1;
  EXPECT_EQ(verdict(packet), "sum");
  packet[26] = packet[27] = 0;
  EXPECT_EQ(verdict(packet), "sound");
  for (const auto& [length, expected] : {std::pair(7, "invalid"), std::pair(8, "sound"), std::pair(13, "sound"),
                                         std::pair(14, "invalid"), std::pair(0, "invalid")}) {
    wire::store16(&packet[24], static_cast<std::uint16_t>(length));
    EXPECT_EQ(verdict(packet), expected) << length;
  }
  EXPECT_EQ(verdict(raw(proto_udp, Bytes(7))), "invalid");
}

// The pseudo header has UDP's number and one byte of the length, as Linux has it.
TEST(Packet, OfUdpLiteIsSoundWithASumOverAsMuchAsItSays) {
  const auto packet = [](std::size_t size, std::uint16_t coverage, std::size_t summed) {
    Bytes segment(size, 0x5a);
    wire::store16(&segment[4], coverage);
    wire::store16(&segment[6], 0);
    wire::Sum sum;
    sum.add32(a_host.value).add32(remote.value).add16(17).add16(static_cast<std::uint16_t>(size % 256));
    wire::store16(&segment[6], sum.add(wire::ByteView(segment).first(summed)).checksum());
    return raw(proto_udplite, segment);
  };
  EXPECT_EQ(verdict(packet(300, 8, 8)), "sound");
  EXPECT_EQ(verdict(packet(300, 10, 10)), "sound");
  EXPECT_EQ(verdict(packet(300, 300, 300)), "sound");
  EXPECT_EQ(verdict(packet(300, 0, 300)), "sound") << "0 is all of it";
  EXPECT_EQ(verdict(packet(300, 0, 8)), "sum");
  EXPECT_EQ(verdict(packet(300, 8, 10)), "sum");
  EXPECT_EQ(verdict(packet(300, 301, 300)), "invalid");
  EXPECT_EQ(verdict(packet(300, 7, 8)), "invalid");
  EXPECT_EQ(verdict(packet(8, 8, 8)), "sound");
  Bytes none = packet(300, 8, 8);
  none[26] = none[27] = 0;
  EXPECT_EQ(verdict(none), "invalid") << "there always is a sum";
  EXPECT_EQ(verdict(raw(proto_udplite, Bytes(7, 1))), "invalid");
}

TEST(Packet, OfSctpIsSoundWithItsHeaderWholeAndItsCrcRight) {
  Bytes segment(12, 9);
  wire::store32(&segment[8], wire::sctp_checksum(segment));
  EXPECT_EQ(verdict(raw(proto_sctp, segment)), "sound");
  EXPECT_EQ(verdict(raw(proto_sctp, first(segment, 11))), "invalid");
  segment[8] ^= 1;
  EXPECT_EQ(verdict(raw(proto_sctp, segment)), "sum");
}

TEST(Packet, OfIcmpIsSoundUpToTheLastTypeThatLinuxKnows) {
  EXPECT_EQ(verdict(icmp(a_host, remote, 18, 0, 7)), "sound");
  EXPECT_EQ(verdict(icmp(a_host, remote, 19, 0, 7)), "invalid");
  EXPECT_EQ(verdict(icmp(a_host, remote, 0, 0, 7)), "sound");
  Bytes damaged = echo(a_host, remote, 7);
  damaged[22] ^= 1;
  EXPECT_EQ(verdict(damaged), "sum");
  EXPECT_EQ(verdict(raw(proto_icmp, Bytes(7))), "invalid");
}

TEST(Packet, OfOtherProtocolsIsAlwaysSound) {
  constexpr std::uint8_t esp = 50;
  for (const std::uint8_t protocol : {proto_gre, esp, proto_icmpv6}) EXPECT_EQ(verdict(raw(protocol, {1})), "sound");
}

}  // namespace
}  // namespace masqsim::nat::testing
