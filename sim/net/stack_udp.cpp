// What a stack does with UDP and UDP-Lite.
#include <fmt/format.h>

#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/udp.hpp"
#include "network.hpp"
#include "sockets.hpp"
#include "stack.hpp"

namespace masqsim::net {

namespace {

using wire::Protocol;
namespace icmp = wire::icmp;

}  // namespace

void Stack::deliver_udp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in) {
  const auto udp = wire::UdpView::parse(ip.payload());
  if (!udp || !udp->length_ok()) return node_.say_drop(packet, Reason::malformed, "UDP length", in);
  const wire::ByteView segment = ip.payload().first(udp->length());
  if (udp->sum() != 0 && pseudo_checksum(ip.source(), ip.destination(), Protocol::udp, segment) != 0) {
    return node_.say_drop(packet, Reason::bad_checksum, "of UDP", in);
  }
  const std::uint16_t port = udp->destination_port();
  const wire::Endpoint from{ip.source(), udp->source_port()};
  if (DatagramSocket* socket = sockets_ ? sockets_->udp(port, from) : nullptr) {
    if (network().trace().on(trace::Kind::deliver)) node_.say_deliver(packet, program_name(Protocol::udp, port));
    return socket->handler_.on_datagram(
        *socket, {.from = from, .to = {ip.destination(), port}, .data = udp->payload(), .packet = packet});
  }
  const bool unicast = node_.owns(ip.destination());
  if (!unicast) return node_.say_drop(packet, Reason::broadcast, "no program listens", in);
  const DatagramSocket* other = sockets_ ? sockets_->by_port.find(Sockets::key(Protocol::udp, port)) : nullptr;
  const std::string text =
      !network().trace().on(trace::Kind::drop) ? std::string()
      : other ? fmt::format("{} talks to {} only", program_name(Protocol::udp, port), to_string(other->remote_))
              : "no program on " + program_name(Protocol::udp, port);
  refuse(packet, in, other ? Reason::wrong_peer : Reason::refused, text);
  // quoted is the datagram alone
  packet.buffer().size = static_cast<std::uint32_t>(ip.header_length() + udp->length());
  complain(packet, ip.destination(), {.type = icmp::unreachable, .code = icmp::port_unreachable});
}

namespace {

/// RFC 3828 section 3.1: the length field says how much the checksum covers, 0 all; there is always a checksum.
bool udplite_sound(wire::Ipv4View ip) {
  const wire::ByteView segment = ip.payload();
  if (segment.size() < 8) return false;
  const std::size_t field = wire::load16(&segment[4]);
  const std::size_t covered = field == 0 ? segment.size() : field;
  if (covered < 8 || covered > segment.size() || wire::load16(&segment[6]) == 0) return false;
  return wire::Sum{}
             .add32(ip.source().value)
             .add32(ip.destination().value)
             .add16(static_cast<std::uint16_t>(Protocol::udplite))
             .add32(static_cast<std::uint32_t>(segment.size()))
             .add(segment.first(covered))
             .checksum() == 0;
}

}  // namespace

/// No program here speaks it.
void Stack::deliver_udplite(wire::Ipv4View ip, const Packet& packet, InterfaceIndex in) {
  if (!udplite_sound(ip)) return node_.say_drop(packet, Reason::bad_checksum, "of UDP-Lite", in);
  if (!node_.owns(ip.destination())) return node_.say_drop(packet, Reason::broadcast, "no program listens", in);
  refuse(packet, in, Reason::refused,
         "no program on " + program_name(Protocol::udplite, wire::load16(&ip.payload()[2])));
  complain(packet, ip.destination(), {.type = icmp::unreachable, .code = icmp::port_unreachable});
}

}  // namespace masqsim::net
