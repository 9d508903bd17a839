#include "packet.hpp"

#include "masqsim/wire/checksum.hpp"

namespace masqsim::nat {

namespace {

bool pseudo_sum_ok(const Packet& p) {
  return wire::pseudo_checksum(p.ip.source(), p.ip.destination(), p.ip.protocol(), p.segment()) == 0;
}

// RFC 3828: the length field says how much the checksum covers, 0 all of it; there is always a checksum. Linux sums
// UDP's number into the pseudo header where the RFC has UDP-Lite's own, and of the length the low byte only, so that
// what is right by the RFC is invalid.
bool udplite_sound(const Packet& p, bool verify) {
  const wire::ByteView segment = p.segment();
  if (segment.size() < 8) return false;
  const std::uint16_t field = wire::load16(&segment[4]);
  const std::size_t covered = field == 0 ? segment.size() : field;
  if (covered < 8 || covered > segment.size() || wire::load16(&segment[6]) == 0) return false;
  if (!verify) return true;
  return wire::Sum{}
             .add32(p.ip.source().value)
             .add32(p.ip.destination().value)
             .add16(proto_udp)
             .add16(static_cast<std::uint8_t>(segment.size()))
             .add(segment.first(covered))
             .checksum() == 0;
}

bool sctp_sound(const Packet& p, bool verify) {
  const wire::ByteView segment = p.segment();
  return segment.size() >= 12 && (!verify || wire::load32(&segment[8]) == wire::sctp_checksum(segment));
}

bool icmp_sound(const Packet& p, bool verify) {
  const std::optional<wire::IcmpEdit> message = wire::IcmpEdit::parse(p.segment());
  return message && message->type() <= wire::icmp::mask_reply && (!verify || message->sum_ok());
}

}  // namespace

bool transport_sound(const Packet& packet, bool verify) {
  switch (packet.protocol) {
    case proto_tcp:
      if (!wire::TcpEdit::parse(packet.segment())) return false;
      break;
    case proto_udp: {
      const std::optional<wire::UdpEdit> udp = wire::UdpEdit::parse(packet.segment());
      if (!udp || !udp->length_ok()) return false;
      if (udp->sum() == 0) return true;
      break;  // the sum covers what IP carries, even where the UDP length says less
    }
    case proto_udplite: return udplite_sound(packet, verify);
    case proto_sctp: return sctp_sound(packet, verify);
    case proto_icmp: return icmp_sound(packet, verify);
    default: return true;
  }
  return !verify || pseudo_sum_ok(packet);
}

bool reject_answers(const Packet& packet) {
  const wire::ByteView payload = packet.segment();
  switch (packet.protocol) {
    case proto_gre:
    case proto_esp:
    case proto_ah:
    case proto_sctp:
    case proto_udplite: return true;
    case proto_udp:
      if (payload.size() >= 8 && wire::load16(&payload[6]) == 0) return true;
      return pseudo_sum_ok(packet);
    case proto_tcp: return pseudo_sum_ok(packet);
    default: {
      const std::uint16_t sum = wire::Sum{}.add(payload).checksum();
      return sum == 0 || sum == 0xffff;  // the kernel sums the IP header up as well, so that zeros are sound too
    }
  }
}

}  // namespace masqsim::nat
