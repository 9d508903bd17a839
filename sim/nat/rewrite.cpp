#include "rewrite.hpp"

#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "repair.hpp"

namespace masqsim::nat {

namespace {

struct EndChange {
  Repair address;
  std::uint16_t port_to;
  std::size_t port_at;  // of the port in a TCP, UDP or SCTP header

  Repair repair(std::uint16_t port_from) const { return Repair(address).word(port_from, port_to); }
};

// RFC 768: a sum of zero means that the sender computed none. RFC 3828 knows no such thing.
bool rewrite_udp(wire::ByteEdit segment, const EndChange& change, bool zero_is_none) {
  if (segment.size() < 8) return false;
  const std::uint16_t sum = wire::load16(&segment[6]);
  if (sum != 0 || !zero_is_none) {
    wire::store16(&segment[6], wire::udp_sum(change.repair(wire::load16(&segment[change.port_at])).apply(sum)));
  }
  wire::store16(&segment[change.port_at], change.port_to);
  return true;
}

// A quoted segment may end before its checksum, which then is the sender's own affair.
bool rewrite_tcp(wire::ByteEdit segment, const EndChange& change) {
  if (segment.size() < 8) return false;
  if (segment.size() >= 20) {
    const std::uint16_t sum = wire::load16(&segment[16]);
    wire::store16(&segment[16], change.repair(wire::load16(&segment[change.port_at])).apply(sum));
  }
  wire::store16(&segment[change.port_at], change.port_to);
  return true;
}

// CRC32c cannot be repaired by difference.
bool rewrite_sctp(wire::ByteEdit segment, const EndChange& change) {
  if (segment.size() < 8) return false;
  wire::store16(&segment[change.port_at], change.port_to);
  if (segment.size() >= 12) wire::store32(&segment[8], wire::sctp_checksum(segment));
  return true;
}

// ICMP has no pseudo header: only the id counts, the same in both directions.
bool rewrite_icmp(wire::ByteEdit message, std::uint16_t id) {
  if (message.size() < 8) return false;
  if (!wire::icmp::is_query(message[0])) return true;
  const std::uint16_t sum = wire::load16(&message[2]);
  wire::store16(&message[2], Repair{}.word(wire::load16(&message[4]), id).apply(sum));
  wire::store16(&message[4], id);
  return true;
}

// Linux looks at 8 bytes, for a call id in those of version 1 (RFC 2637). Only the receiver's is there: where the
// destination changes it gives up on versions that nobody defined.
bool gre_translatable(wire::ByteView header, bool destination) {
  return header.size() >= 8 && (!destination || (header[1] & 7) <= 1);
}

bool rewrite_transport(wire::Ipv4Edit packet, const EndChange& change, const Key& target) {
  switch (static_cast<std::uint8_t>(packet.protocol())) {
    case proto_udp:
    case proto_udplite: return rewrite_udp(packet.payload(), change, packet.protocol() == wire::Protocol::udp);
    case proto_tcp: return rewrite_tcp(packet.payload(), change);
    case proto_sctp: return rewrite_sctp(packet.payload(), change);
    case proto_icmp: return rewrite_icmp(packet.payload(), target.source_port);
    case proto_gre: return gre_translatable(packet.payload(), change.port_at != 0);
    default: return true;
  }
}

}  // namespace

bool rewrite(wire::Ipv4Edit packet, Side side, const Key& target) {
  const bool source = side == Side::source;
  std::uint8_t* const address = packet.bytes().data() + (source ? 12 : 16);
  const std::uint32_t to = source ? target.source : target.destination;
  const EndChange change{Repair{}.address(wire::load32(address), to),
                         source ? target.source_port : target.destination_port,
                         source ? std::size_t{0} : std::size_t{2}};
  if (!rewrite_transport(packet, change, target)) return false;
  packet.set_sum(change.address.apply(packet.sum()));
  wire::store32(address, to);
  return true;
}

}  // namespace masqsim::nat
