// RFC 5508: NAT Behavioral Requirements for ICMP.
#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "rfc_exam.hpp"

namespace masqsim::conform {

namespace {

namespace icmp_type = wire::icmp;

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 53};
constexpr Endpoint asker{host_a, 77}, other_asker{host_b, 77};

std::optional<Endpoint> echo_out(Exam& exam, Endpoint from, wire::Address to) { return exam.outside_of(echo(from, to), to); }

Outcome queries_pass(Exam& exam) {
  bool all = true;
  for (const std::uint8_t type : {icmp_type::echo, icmp_type::timestamp, icmp_type::mask}) {
    const std::uint32_t rest = std::uint32_t{asker.port} << 16 | 1;
    const auto seen = exam.outside_of(icmp(asker.address, remote_1, type, 0, rest, Bytes(12)), remote_1);
    const auto answer = static_cast<std::uint8_t>(type == icmp_type::echo ? icmp_type::echo_reply : type + 1);
    all = all && seen && exam.reaches(icmp(remote_1, outer, answer, 0, std::uint32_t{seen->port} << 16 | 1, Bytes(12)), asker);
  }
  return exam.found(all);
}

Outcome one_outside_id(Exam& exam) {
  echo_out(exam, other_asker, remote_2);
  const auto first = echo_out(exam, asker, remote_1), second = echo_out(exam, asker, remote_2);
  return exam.found(first && first == second, words(first) + " and " + words(second));
}

Outcome sixty_seconds(Exam& exam) {
  const auto seen = echo_out(exam, asker, remote_1);
  return exam.found(seen && exam.lives(59_s, echo_reply(remote_1, *seen), asker));
}

Outcome configurable_time(Exam& exam) {
  exam.nat().timeouts.icmp = 77_s;
  echo_out(exam, asker, remote_1);
  const auto left = exam.seconds_left(asker);
  return exam.found(left && *left >= 75 && *left <= 77);
}

/// A flow of `a`, and what the error that came in about it looks like inside.
std::optional<Endpoint> flow(Exam& exam) { return exam.udp_out(a, r1); }

/// Port unreachable about `about`, which the outside saw.
Bytes error_about(const Bytes& about, wire::Address from = remote_3) {
  return icmp_error(from, outer, icmp_type::unreachable, icmp_type::port_unreachable, about);
}

Outcome bad_sum_dropped(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes inbound = error_about(udp(*seen, r1));
  inbound[22] ^= 0xff;
  const bool in_dropped = exam.from_outside(inbound).empty();
  exam.udp_out(b, r1);
  Bytes outbound = icmp_error(b.address, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, udp(r1, b));
  outbound[22] ^= 0xff;
  const bool out_dropped = exam.from_inside(outbound).empty();
  return exam.found(in_dropped && out_dropped, !in_dropped ? "an inbound one passes" : !out_dropped ? "an outbound one passes" : "");
}

Outcome bad_inner_sum_dropped(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes about = udp(*seen, r1);
  about[10] ^= 0xff;
  return exam.found(exam.from_outside(error_about(about)).empty());
}

bool told_inside(const std::vector<Emerged>& emerged, Endpoint inside) {
  const Emerged* error = icmp_at(emerged, Side::in, icmp_type::unreachable, icmp_type::port_unreachable);
  const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
  return about && about->source == inside && destination_of(*error)->address == inside.address;
}

Outcome inner_options(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const Bytes options{1, 1, 1, 1};
  wire::IpFields ip;
  ip.source = seen->address;
  ip.destination = remote_1;
  ip.options = options;
  return exam.found(told_inside(exam.from_outside(error_about(wire::udp_packet(ip, seen->port, r1.port, Bytes(8)))), a));
}

Outcome inner_transport_sum_ignored(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  Bytes about = udp(*seen, r1);
  about[26] ^= 0xff;
  return exam.found(told_inside(exam.from_outside(error_about(about)), a));
}

Outcome unknown_outside_dropped(Exam& exam) {
  return exam.found(exam.from_outside(error_about(udp({outer, 4321}, r1))).empty());
}

Outcome inner_restored(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const auto emerged = exam.from_outside(error_about(udp(*seen, r1)));
  const Emerged* error = first_at(emerged, Side::in);
  if (!error || !told_inside(emerged, a)) return exam.found(false);
  const auto inner = wire::Ipv4View::parse(quoted(*error));
  const auto ip = wire::Ipv4View::parse(error->bytes);
  return exam.found(inner && inner->sum_ok() && ip->source() == remote_3 && wire::IcmpView::parse(ip->payload())->sum_ok());
}

Outcome unknown_inside_dropped(Exam& exam) {
  const Bytes error = icmp_error(a.address, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, udp(r1, {host_a, 4321}));
  const auto emerged = exam.from_inside(error);
  return exam.found(emerged.empty(), emerged.empty() ? "" : "leaves from " + words(source_of(emerged.front())));
}

Outcome outbound_error(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen || !exam.reaches(udp(r1, *seen), a)) return exam.found(false);
  for (const wire::Address from : {host_a, inside_router}) {
    const auto emerged = exam.from_inside(icmp_error(from, remote_1, icmp_type::unreachable, icmp_type::port_unreachable, udp(r1, a)));
    const Emerged* error = icmp_at(emerged, Side::out, icmp_type::unreachable, icmp_type::port_unreachable);
    const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
    if (!about || about->destination != seen || source_of(*error)->address != outer) return exam.found(false);
  }
  return exam.found(true);
}

Outcome errors_change_no_timer(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const bool refreshed = exam.refreshes(Side::out, error_about(udp(*seen, r1)), a);
  return exam.found(!refreshed && exam.reaches(udp(r1, *seen), a));
}

Outcome hairpinned_error(Exam& exam) {
  const Endpoint caller{host_a, 6000};
  const auto caller_outside = exam.udp_out(caller, r1), called = exam.udp_out(b, r1);
  if (!called || !caller_outside) return exam.found(false);
  const auto arrived = exam.from_inside(udp(caller, *called));
  const Emerged* packet = first_at(arrived, Side::in);
  if (!packet || destination_of(*packet) != b) return exam.found(false, "the packet it is about does not pass");
  const auto emerged = exam.from_inside(icmp_error(b.address, source_of(*packet)->address, icmp_type::unreachable, icmp_type::port_unreachable, packet->bytes));
  return exam.found(told_inside(emerged, caller));
}

Outcome exhaustion_told(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.udp_out(a, r1);
  const auto emerged = exam.from_inside(udp(b, r1));
  return exam.found(icmp_at(emerged, Side::in, icmp_type::unreachable, icmp_type::admin_prohibited) && !first_at(emerged, Side::out));
}

Outcome may_suppress(Exam& exam) { return exam.found(true, "not made use of"); }

Outcome needed_kinds(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const auto unreachable = exam.from_outside(error_about(udp(*seen, r1)));
  const auto exceeded = exam.from_outside(icmp_error(remote_3, outer, icmp_type::time_exceeded, 0, udp(*seen, r1)));
  const auto ping = echo_out(exam, asker, remote_1);
  return exam.found(told_inside(unreachable, a) && icmp_at(exceeded, Side::in, icmp_type::time_exceeded) && ping &&
                    exam.reaches(echo_reply(remote_1, *ping), asker));
}

Outcome other_kinds(Exam& exam) {
  const auto seen = flow(exam);
  const auto problem = exam.from_outside(icmp_error(remote_3, outer, icmp_type::parameter_problem, 0, udp(seen.value_or(Endpoint{}), r1)));
  return exam.found(true, icmp_at(problem, Side::in, icmp_type::parameter_problem) ? "parameter problem passes" : "not made use of");
}

Outcome obsolete_kinds(Exam& exam) {
  const auto seen = flow(exam);
  if (!seen) return exam.found(false);
  const auto quench = exam.from_outside(icmp_error(remote_3, outer, icmp_type::source_quench, 0, udp(*seen, r1)));
  const auto asked = exam.from_inside(icmp(host_a, remote_1, icmp_type::information, 0, 77u << 16, {}));
  return exam.found(quench.empty() && asked.empty(), quench.empty() ? "" : "source quench passes");
}

Outcome own_errors(Exam& exam) {
  Bytes last_hop = udp(a, r1);
  wire::Ipv4Edit::parse(last_hop)->rewrite_ttl(1);
  const auto emerged = exam.from_inside(last_hop);
  const Emerged* error = icmp_at(emerged, Side::in, icmp_type::time_exceeded);
  return exam.found(error && wire::Ipv4View::parse(error->bytes)->tos() >= 0xc0 && source_of(*error)->address != outer);
}

Outcome others_may_drop(Exam& exam) {
  const auto emerged = exam.from_inside(icmp(host_a, remote_1, 42, 0, 0, Bytes(8)));
  const bool leaks = first_at(emerged, Side::out) && source_of(*first_at(emerged, Side::out))->address == host_a;
  return exam.found(true, emerged.empty() ? "dropped" : leaks ? "leaks untranslated" : "handled");
}

}  // namespace

std::vector<Requirement> rfc_5508() {
  using enum Level;
  return {
      {5508, "REQ-1", must, "queries from inside and their replies pass", queries_pass},
      {5508, "REQ-1a", should, "one outside query id, whatever the remote", one_outside_id},
      {5508, "REQ-2", must, "a query's mapping lives at least 60 s", sixty_seconds},
      {5508, "REQ-2a", recommended, "the time can be set", configurable_time},
      {5508, "REQ-3", should, "an error with a wrong ICMP sum is dropped", bad_sum_dropped},
      {5508, "REQ-3a", should, "so is one whose inner IP sum is wrong", bad_inner_sum_dropped},
      {5508, "REQ-3b", must, "options of the inner header are stepped over", inner_options},
      {5508, "REQ-3c", should_not, "the inner transport sum is not looked at", inner_transport_sum_ignored},
      {5508, "REQ-4", should, "an outside error about no mapping is dropped", unknown_outside_dropped},
      {5508, "REQ-4a", must, "an outside error comes in with the inner headers restored", inner_restored},
      {5508, "REQ-5", should, "an inside error about no mapping is dropped", unknown_inside_dropped},
      {5508, "REQ-5a", must, "an inside error goes out translated within and without", outbound_error},
      {5508, "REQ-6", must_not, "an error neither refreshes nor ends a mapping", errors_change_no_timer},
      {5508, "REQ-7", must, "an error about a hairpinned packet comes back translated", hairpinned_error},
      {5508, "REQ-8", should, "no port left: the sender is told, administratively prohibited", exhaustion_told},
      {5508, "REQ-9", may, "policy suppresses ICMP", may_suppress},
      {5508, "REQ-10a", must, "unreachable, time exceeded and echo pass", needed_kinds},
      {5508, "REQ-10b", may, "so do other kinds", other_kinds},
      {5508, "REQ-10c", should_not, "source quench and information requests do not", obsolete_kinds},
      {5508, "REQ-10d", recommended, "the gateway's own errors have the precedence of RFC 1812", own_errors},
      {5508, "REQ-11", may, "other ICMP is dropped or handled", others_may_drop},
  };
}

}  // namespace masqsim::conform
