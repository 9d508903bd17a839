#include "packet.hpp"

#include "masqsim/wire/checksum.hpp"

namespace masqsim::nat {

namespace {

bool pseudo_sum_ok(const Packet& p) {
  return wire::pseudo_checksum(p.ip.source(), p.ip.destination(), p.ip.protocol(), p.segment()) == 0;
}

// The sum covers what IP carries, even where the UDP length says less.
bool udp_sound(const Packet& p, bool verify) {
  const std::optional<wire::UdpEdit> udp = wire::UdpEdit::parse(p.segment());
  return udp && udp->length_ok() && (!verify || udp->sum() == 0 || pseudo_sum_ok(p));
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
  switch (packet.ip.protocol()) {
    case wire::Protocol::tcp: return wire::TcpEdit::parse(packet.segment()) && (!verify || pseudo_sum_ok(packet));
    case wire::Protocol::udp: return udp_sound(packet, verify);
    case wire::Protocol::sctp: return sctp_sound(packet, verify);
    case wire::Protocol::icmp: return icmp_sound(packet, verify);
    default: return true;
  }
}

}  // namespace masqsim::nat
