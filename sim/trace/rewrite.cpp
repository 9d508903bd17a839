#include "masqsim/trace/rewrite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "masqsim/wire/udp.hpp"

namespace masqsim::trace {

namespace {

using wire::ByteView;
using wire::Protocol;

std::string hex16(std::uint16_t v) { return fmt::format("{:04x}", v); }

/// Collects differences under one prefix ("" or "quoted ") and remembers how many there are.
class Differences {
 public:
  Differences(std::vector<FieldChange>& list, std::string_view prefix) : list_(list), prefix_(prefix) {}

  void words(std::string_view field, Weight weight, std::string from, std::string to) {
    list_.push_back({prefix_ + std::string(field), std::move(from), std::move(to), weight});
  }
  template <typename Number>
  void number(std::string_view field, Weight weight, Number from, Number to) {
    if (from != to) words(field, weight, fmt::format("{}", from), fmt::format("{}", to));
  }
  void sum(std::string_view field, std::uint16_t from, std::uint16_t to) {
    if (from != to) words(field, Weight::routine, hex16(from), hex16(to));
  }
  void bytes(std::string_view field, Weight weight, ByteView from, ByteView to) {
    if (!std::ranges::equal(from, to)) words(field, weight, shown(from), shown(to));
  }
  /// Data too long to show: how many bytes of it differ, or its lengths.
  void data(std::string_view field, ByteView from, ByteView to) {
    if (from.size() != to.size()) {
      return words(std::string(field) + " length", Weight::content, std::to_string(from.size()),
                   std::to_string(to.size()));
    }
    bytes(field, Weight::content, from, to);
  }
  std::vector<FieldChange>& list() { return list_; }

 private:
  static std::string shown(ByteView bytes) {
    constexpr std::size_t most = 16;
    if (bytes.empty()) return "none";
    if (bytes.size() <= most) return wire::hex(bytes);
    // Two long runs that differ somewhere in the middle must not look alike.
    return fmt::format("{} bytes summing to {}", bytes.size(), hex16(wire::Sum().add(bytes).folded()));
  }

  std::vector<FieldChange>& list_;
  std::string prefix_;
};

std::string end_text(const wire::Tuple& t, const wire::Endpoint& e) {
  return t.has_ports && t.protocol != Protocol::icmp ? to_string(e) : to_string(e.address);
}

void who(Differences& d, const wire::Tuple& before, const wire::Tuple& after) {
  const bool icmp = before.protocol == Protocol::icmp;
  const auto differ = [&](const wire::Endpoint& a, const wire::Endpoint& b) {
    return icmp ? a.address != b.address : a != b;
  };
  if (differ(before.source, after.source)) {
    d.words("src", Weight::address, end_text(before, before.source), end_text(after, after.source));
  }
  if (differ(before.destination, after.destination)) {
    d.words("dst", Weight::address, end_text(before, before.destination), end_text(after, after.destination));
  }
  if (icmp) d.number("icmp id", Weight::address, before.source.port, after.source.port);
}

void ip_header(Differences& d, wire::Ipv4View a, wire::Ipv4View b, bool length) {
  d.number("ttl", Weight::routine, a.ttl(), b.ttl());
  d.number("tos", Weight::content, a.tos(), b.tos());
  if (length) d.number("ip length", Weight::routine, a.total_length(), b.total_length());
  d.number("ip id", Weight::content, a.id(), b.id());
  if (a.fragment_word() != b.fragment_word()) {
    d.words("ip flags", Weight::content, hex16(a.fragment_word()), hex16(b.fragment_word()));
  }
  d.bytes("ip options", Weight::content, a.options(), b.options());
  d.sum("ip sum", a.sum(), b.sum());
}

void tcp(Differences& d, ByteView before, ByteView after) {
  const auto a = wire::TcpView::parse(before);
  const auto b = wire::TcpView::parse(after);
  if (!a || !b) {
    // A quoted or cut segment: ports are told already, at most the sequence number follows.
    const std::size_t from = std::min<std::size_t>({4, before.size(), after.size()});
    return d.data("tcp bytes", before.subspan(from), after.subspan(from));
  }
  d.number("seq", Weight::content, a->sequence(), b->sequence());
  d.number("ack", Weight::content, a->acknowledgment(), b->acknowledgment());
  if (a->flags() != b->flags()) {
    d.words("tcp flags", Weight::content, to_string(a->flags()), to_string(b->flags()));
  }
  d.number("tcp offset byte", Weight::content, a->bytes()[12], b->bytes()[12]);
  d.number("win", Weight::content, a->window(), b->window());
  d.number("urgent", Weight::content, a->urgent_pointer(), b->urgent_pointer());
  d.bytes("tcp options", Weight::content, a->options(), b->options());
  d.sum("tcp sum", a->sum(), b->sum());
  d.data("payload", a->payload(), b->payload());
}

void udp(Differences& d, ByteView before, ByteView after) {
  const auto a = wire::UdpView::parse(before);
  const auto b = wire::UdpView::parse(after);
  if (!a || !b) {
    const std::size_t from = std::min<std::size_t>({4, before.size(), after.size()});
    return d.data("udp bytes", before.subspan(from), after.subspan(from));
  }
  d.number("udp length", Weight::routine, a->length(), b->length());
  d.sum("udp sum", a->sum(), b->sum());
  d.data("payload", a->bytes().subspan(8), b->bytes().subspan(8));
}

void packet(Differences& d, wire::Ipv4View a, wire::Ipv4View b, int depth);

void icmp(Differences& d, ByteView before, ByteView after, int depth) {
  const auto a = wire::IcmpView::parse(before);
  const auto b = wire::IcmpView::parse(after);
  if (!a || !b) return d.data("icmp bytes", before, after);
  if (a->type() != b->type() || a->code() != b->code()) {
    d.words("icmp type", Weight::content, wire::icmp::name(a->type(), a->code()),
            wire::icmp::name(b->type(), b->code()));
  }
  if (wire::icmp::is_query(a->type()) && wire::icmp::is_query(b->type())) {
    d.number("icmp seq", Weight::content, a->sequence(), b->sequence());  // the id is told with the addresses
  } else if (a->id() == b->id() && a->type() == wire::icmp::unreachable && b->type() == wire::icmp::unreachable) {
    d.number("mtu", Weight::content, a->next_hop_mtu(), b->next_hop_mtu());
  } else {
    d.bytes("icmp rest", Weight::content, a->bytes().subspan(4, 4), b->bytes().subspan(4, 4));
  }
  d.sum("icmp sum", a->sum(), b->sum());
  if (a->is_error() && b->is_error() && depth == 0) {
    const auto inner_a = wire::Ipv4View::parse_quoted(a->payload());
    const auto inner_b = wire::Ipv4View::parse_quoted(b->payload());
    if (inner_a && inner_b) {
      Differences quoted(d.list(), "quoted ");
      return packet(quoted, *inner_a, *inner_b, depth + 1);
    }
  }
  d.data("payload", a->payload(), b->payload());
}

void packet(Differences& d, wire::Ipv4View a, wire::Ipv4View b, int depth) {
  const std::optional<wire::Tuple> before = wire::tuple_of(a.bytes());
  const std::optional<wire::Tuple> after = wire::tuple_of(b.bytes());
  if (a.protocol() != b.protocol() || a.fragment_offset() != b.fragment_offset()) {
    // Nothing behind the IP header means the same in both.
    if (a.source() != b.source()) d.words("src", Weight::address, to_string(a.source()), to_string(b.source()));
    if (a.destination() != b.destination()) {
      d.words("dst", Weight::address, to_string(a.destination()), to_string(b.destination()));
    }
    if (a.protocol() != b.protocol()) {
      d.words("protocol", Weight::content, to_string(a.protocol()), to_string(b.protocol()));
    }
    ip_header(d, a, b, true);
    return d.data("payload", a.payload(), b.payload());
  }
  who(d, *before, *after);
  ip_header(d, a, b, true);
  if (a.fragment_offset() != 0) return d.data("payload", a.payload(), b.payload());
  switch (a.protocol()) {
    case Protocol::tcp: return tcp(d, a.payload(), b.payload());
    case Protocol::udp: return udp(d, a.payload(), b.payload());
    case Protocol::icmp: return icmp(d, a.payload(), b.payload(), depth);
    default: {
      const std::size_t from = before->has_ports && after->has_ports ? 4 : 0;
      return d.data("payload", a.payload().subspan(from), b.payload().subspan(from));
    }
  }
}

}  // namespace

std::vector<FieldChange> changes_of(ByteView before, ByteView after) {
  std::vector<FieldChange> list;
  if (std::ranges::equal(before, after)) return list;
  Differences d(list, "");
  const auto a = wire::Ipv4View::parse(before);
  const auto b = wire::Ipv4View::parse(after);
  if (a && b) {
    packet(d, *a, *b, 0);
    // Bytes beyond the total length are part of no field.
    d.data("trailer", before.subspan(a->total_length()), after.subspan(b->total_length()));
  } else {
    const auto head_a = wire::Ipv4View::parse_quoted(before);
    const auto head_b = wire::Ipv4View::parse_quoted(after);
    if (head_a && head_b) packet(d, *head_a, *head_b, 0);
  }
  if (list.empty()) d.data("bytes", before, after);
  return list;
}

std::string to_text(const FieldChange& change, std::string_view arrow) {
  return fmt::format("{} {}{}{}", change.field, change.from, arrow, change.to);
}

}  // namespace masqsim::trace
