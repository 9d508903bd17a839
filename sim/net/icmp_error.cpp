#include "icmp_error.hpp"

#include <algorithm>

#include "ip_options.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {

namespace {

constexpr std::size_t largest_error = 576;       // RFC 1812 section 4.3.2.3
constexpr std::uint8_t internet_control = 0xc0;  // the precedence of RFC 1812 section 4.3.2.5
constexpr std::uint8_t tos_bits = 0x1e;

/// Nobody can be told at such an address.
bool is_nobody(wire::Address a) {
  return a.is_zero() || a.is_loopback() || a.is_multicast() || a.is_limited_broadcast();
}

}  // namespace

bool may_complain(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse_quoted(packet);
  if (!ip || ip->fragment_offset() != 0) return false;
  if (is_nobody(ip->source()) || ip->destination().is_multicast() || ip->destination().is_limited_broadcast()) {
    return false;
  }
  if (ip->protocol() != wire::Protocol::icmp) return true;
  if (ip->payload().empty()) return false;
  const std::uint8_t type = ip->payload()[0];
  return !wire::icmp::is_error(type) && type <= wire::icmp::mask_reply;
}

Packet icmp_error(Pool& pool, Random& ids, Time now, const Packet& about, wire::Address source,
                  const wire::IcmpFields& error, std::size_t mtu) {
  if (!may_complain(about.view())) return {};
  const auto offending = *wire::Ipv4View::parse_quoted(about.view());
  const std::size_t whole = std::min<std::size_t>(offending.total_length(), about.size());
  AnswerOptions options;
  const bool is_damaged = error.type == wire::icmp::parameter_problem;
  if (!about.marks().options_unread) {
    options = answer_options(offending, now, source, is_damaged ? error.rest >> 24 : whole);
  }
  if (!options.possible) return {};
  const std::size_t head = 28 + options.size;
  const std::size_t room = std::min(largest_error, mtu);
  if (room <= head + 20) return {};
  const std::size_t quoted = std::min(whole, room - head);
  const wire::IpFields ip{.source = source,
                          .destination = offending.source(),
                          .tos = static_cast<std::uint8_t>((offending.tos() & tos_bits) | internet_control),
                          .id = static_cast<std::uint16_t>(ids.below(65536)),
                          .fragment_word = 0,
                          .options = options.view()};
  Packet packet = pool.make(head + quoted, about.flow(), about.id());
  wire::write_icmp(packet.bytes(), ip, error, about.view().first(quoted));
  return packet;
}

}  // namespace masqsim::net
