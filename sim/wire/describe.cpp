#include "masqsim/wire/describe.hpp"

#include <algorithm>

#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "masqsim/wire/udp.hpp"

namespace masqsim::wire {

namespace {

/// The packet where it is whole (so that bytes behind its end are not read as its own), else what there is of it.
std::optional<Ipv4View> as_far_as_sound(ByteView packet) {
  if (const std::optional<Ipv4View> whole = Ipv4View::parse(packet)) return whole;
  return Ipv4View::parse_quoted(packet);
}

bool has_port_words(Protocol p) {
  return p == Protocol::tcp || p == Protocol::udp || p == Protocol::sctp || p == Protocol::udplite;
}

std::string hex16(std::uint16_t v) {
  const std::uint8_t bytes[2] = {static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)};
  return hex(bytes);
}

std::string endpoints(const Tuple& t) {
  if (t.has_ports && t.protocol != Protocol::icmp) return to_string(t.source) + " > " + to_string(t.destination);
  return to_string(t.source.address) + " > " + to_string(t.destination.address);
}

/// True where the checksum can be judged: the whole datagram is here.
bool segment_sum_wrong(Ipv4View ip) {
  return pseudo_checksum(ip.source(), ip.destination(), ip.protocol(), ip.payload()) != 0;
}

std::string tcp_words(Ipv4View ip, bool whole) {
  const std::optional<TcpView> tcp = TcpView::parse(ip.payload());
  if (!tcp) {
    if (ip.payload().size() < 8) return " tcp cut";
    return (whole ? " tcp damaged seq=" : " tcp seq=") + std::to_string(load32(&ip.payload()[4]));
  }
  std::string text = " tcp " + to_string(tcp->flags()) + " seq=" + std::to_string(tcp->sequence());
  if (tcp->flags().any(TcpFlags::ack)) text += " ack=" + std::to_string(tcp->acknowledgment());
  text += " win=" + std::to_string(tcp->window());
  if (whole) text += " len=" + std::to_string(tcp->payload().size());
  return text + (whole && segment_sum_wrong(ip) ? " tcp-sum-wrong" : "");
}

/// Of a first piece `len` is what the piece holds, so that the pieces' lengths add up; the header's length is that of
/// the datagram.
std::string udp_words(Ipv4View ip, bool whole, bool quoted) {
  const std::optional<UdpView> udp = UdpView::parse(ip.payload());
  if (!udp) return " udp cut";
  const std::size_t length = ip.is_fragment() && !quoted ? ip.payload().size() : udp->length();
  std::string text = " udp len=" + std::to_string(length >= 8 ? length - 8 : 0);
  if (whole && !udp->length_ok()) return text + " udp-length-wrong";
  if (udp->sum() == 0) return text + " udp-sum-none";
  return text + (whole && segment_sum_wrong(ip) ? " udp-sum-wrong" : "");
}

std::string icmp_words(Ipv4View ip, bool whole, int depth);

std::string words(Ipv4View ip, bool quoted, int depth) {
  const std::optional<Tuple> tuple = tuple_of(ip.bytes());
  const bool whole = !quoted && !ip.is_fragment();
  std::string text = endpoints(*tuple);
  if (ip.fragment_offset() != 0) {
    text += ' ' + to_string(ip.protocol()) + " len=" + std::to_string(ip.payload().size());
  } else {
    switch (ip.protocol()) {
      case Protocol::tcp: text += tcp_words(ip, whole); break;
      case Protocol::udp: text += udp_words(ip, whole, quoted); break;
      case Protocol::icmp: text += icmp_words(ip, whole, depth); break;
      default: text += ' ' + to_string(ip.protocol()) + " len=" + std::to_string(ip.payload().size());
    }
  }
  text += " ttl=" + std::to_string(ip.ttl());
  if (ip.tos() != 0) text += " tos=" + hex16(ip.tos()).substr(2);
  if (ip.is_fragment()) text += " frag=" + std::to_string(ip.fragment_offset()) + (ip.has_mf() ? "+" : "");
  if (ip.header_length() > 20) text += " options=" + hex(ip.options());
  if (!ip.sum_ok()) text += " ip-sum-wrong";
  return text;
}

std::string icmp_words(Ipv4View ip, bool whole, int depth) {
  const std::optional<IcmpView> message = IcmpView::parse(ip.payload());
  if (!message) return " icmp cut";
  std::string text = " icmp " + icmp::name(message->type(), message->code());
  if (icmp::is_query(message->type())) {
    text += " id=" + std::to_string(message->id()) + " seq=" + std::to_string(message->sequence());
  }
  if (message->type() == icmp::unreachable && message->code() == icmp::fragmentation_needed) {
    text += " mtu=" + std::to_string(message->next_hop_mtu());
  }
  if (message->is_error() && depth == 0) {
    const std::optional<Ipv4View> inner = Ipv4View::parse_quoted(message->payload());
    text += inner ? " {" + words(*inner, true, depth + 1) + "}" : " {cut}";
  }
  return text + (whole && !message->sum_ok() ? " icmp-sum-wrong" : "");
}

}  // namespace

std::optional<Tuple> tuple_of(ByteView packet) {
  const std::optional<Ipv4View> ip = as_far_as_sound(packet);
  if (!ip) return std::nullopt;
  Tuple tuple{ip->protocol(), {ip->source(), 0}, {ip->destination(), 0}, false};
  const ByteView segment = ip->payload();
  if (ip->fragment_offset() != 0) return tuple;
  if (has_port_words(tuple.protocol) && segment.size() >= 4) {
    tuple.source.port = load16(&segment[0]);
    tuple.destination.port = load16(&segment[2]);
    tuple.has_ports = true;
  }
  if (tuple.protocol == Protocol::icmp && segment.size() >= 8 && icmp::is_query(segment[0])) {
    tuple.source.port = tuple.destination.port = load16(&segment[4]);
    tuple.has_ports = true;
  }
  return tuple;
}

std::string kind_of(ByteView packet) {
  const std::optional<Ipv4View> ip = as_far_as_sound(packet);
  if (!ip) return "not IPv4";
  if (ip->fragment_offset() != 0) return "fragment";
  switch (ip->protocol()) {
    case Protocol::tcp: {
      const std::optional<TcpView> tcp = TcpView::parse(ip->payload());
      return tcp ? to_string(tcp->flags()) : "TCP cut";
    }
    case Protocol::udp: return "UDP";
    case Protocol::icmp: {
      const std::optional<IcmpView> message = IcmpView::parse(ip->payload());
      return message ? icmp::name(message->type(), message->code()) : "ICMP cut";
    }
    default: return to_string(ip->protocol());
  }
}

std::string describe(ByteView packet) {
  const std::optional<Ipv4View> ip = Ipv4View::parse(packet);
  std::string text;
  if (ip) {
    text = words(*ip, false, 0);
  } else if (const std::optional<Ipv4View> head = Ipv4View::parse_quoted(packet)) {
    text = words(*head, true, 0) + " length-wrong=" + std::to_string(head->total_length()) + '/' +
           std::to_string(packet.size());
  } else {
    text = "not IPv4: " + std::to_string(packet.size()) + " bytes " +
           hex(packet.first(std::min<std::size_t>(packet.size(), 20)));
  }
  if (text.size() > 400) text = text.substr(0, 397) + "...";
  return text;
}

std::string hex(ByteView bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) text += {digits[byte >> 4], digits[byte & 15]};
  return text;
}

}  // namespace masqsim::wire
