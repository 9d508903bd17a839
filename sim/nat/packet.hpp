// What the core reads of a packet before it decides: where the transport header lies, and which flow key it has.
#pragma once

#include "flow.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "masqsim/wire/udp.hpp"

namespace masqsim::nat {

struct Packet {
  wire::Ipv4Edit ip;
  std::uint8_t protocol = 0;

  wire::ByteEdit segment() const { return ip.payload(); }
  bool is_icmp_error() const {
    return protocol == proto_icmp && segment().size() >= 8 && wire::icmp::is_error(segment()[0]);
  }
};

/// Nothing where the bytes are no whole IPv4 datagram.
inline std::optional<Packet> read_packet(wire::ByteEdit bytes) {
  const std::optional<wire::Ipv4Edit> ip = wire::Ipv4Edit::parse(bytes);
  if (!ip) return std::nullopt;
  return Packet{*ip, static_cast<std::uint8_t>(ip->protocol())};
}

/// The key of a whole or quoted packet; false where conntrack finds no tuple: it is too short for its ports, or an ICMP
/// message that nobody answers.
template <wire::ByteLike Byte>
bool read_key(wire::Ipv4<Byte> ip, Key& key) {
  if (ip.fragment_offset() != 0) return false;
  const std::span<Byte> segment = ip.payload();
  key.source = ip.source().value;
  key.destination = ip.destination().value;
  key.source_port = key.destination_port = 0;
  const auto protocol = static_cast<std::uint8_t>(ip.protocol());
  if (has_ports(protocol)) {
    if (segment.size() < 4) return false;
    key.source_port = wire::load16(&segment[0]);
    key.destination_port = wire::load16(&segment[2]);
  } else if (protocol == proto_icmp) {
    if (segment.size() < 8 || !wire::icmp::is_query(segment[0])) return false;
    key.source_port = wire::load16(&segment[4]);
    key.destination_port = wire::load16(&segment[0]);
  } else if (protocol == proto_gre && segment.size() >= 8 &&
             (segment[1] & 7) == 1) {  // RFC 2637: PPTP's GRE has call ids
    if (wire::load16(&segment[2]) != 0x880b) return false;
    key.destination_port = wire::load16(&segment[6]);
  } else if (protocol == proto_icmpv6) {  // asks nothing that IPv4 could answer
    return false;
  }
  return true;
}

template <wire::ByteLike Byte>
std::optional<Key> key_of(wire::Ipv4<Byte> ip) {
  Key key;
  return read_key(ip, key) ? std::optional(key) : std::nullopt;
}

inline std::optional<Lookup> lookup_of(const Packet& packet) {
  Lookup lookup{{}, packet.protocol, 0};
  if (!read_key(packet.ip, lookup.key)) return std::nullopt;
  lookup.hash = hash_of(lookup.key, packet.protocol);
  return lookup;
}

/// True if the transport header and, where `verify` is set, its checksum are as conntrack wants them, else it
/// calls the packet INVALID. TCP flags are the tracker's business.
bool transport_sound(const Packet& packet, bool verify);

/// True if nftables' `reject` would answer the packet. Linux (nf_reject_verify_csum) looks at the checksum once more:
/// of TCP, UDP and ICMP theirs; of GRE, AH, ESP, SCTP and UDP-Lite none; of every other protocol as if the payload had
/// an Internet checksum over all of it.
bool reject_answers(const Packet& packet);

}  // namespace masqsim::nat
