// RFC 7857: Updates to Network Address Translation (NAT) Behavioral Requirements.
#include <fmt/format.h>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "rfc_exam.hpp"

namespace masqsim::exam {

namespace {

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 80};
constexpr std::uint8_t syn = wire::TcpFlags::syn, rst = wire::TcpFlags::rst, ack = wire::TcpFlags::ack;

Outcome state_machine(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(10) || !c.answer()) return exam.found(false);
  const auto open = exam.seconds_left(a);
  if (!c.close()) return exam.found(false);
  return exam.found(open && exam.seconds_left(a) < open, "closing shortens the life");
}

Outcome separate_timers(Exam& exam) {
  exam.nat().timeouts.tcp_syn_sent = 222_s;
  exam.nat().timeouts.tcp_time_wait = 111_s;
  exam.from_inside(tcp(b, r1, syn));
  const auto opening = exam.seconds_left(b);
  Connection c{exam, a, r1};
  if (!c.open() || !c.close()) return exam.found(false);
  const auto closing = exam.seconds_left(a);
  return exam.found(opening && closing && *opening >= 220 && *opening <= 222 && *closing >= 109 && *closing <= 111);
}

Outcome four_minutes(Exam& exam) {
  exam.from_inside(tcp(b, r1, syn));
  Connection c{exam, a, r1};
  if (!c.open() || !c.close()) return exam.found(false);
  const auto opening = exam.seconds_left(b), closing = exam.seconds_left(a);
  return exam.found(opening.value_or(0) >= 238 && closing.value_or(0) >= 238);
}

Outcome reset_translated(Exam& exam) {
  Connection c{exam, a, r1};
  return exam.found(c.open() && c.send(10) && c.answer() && c.inside_hears(rst));
}

/// Whether it ends a connection or refuses one.
Outcome reset_keeps_state(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.inside_hears(rst)) return exam.found(false);
  const auto refused = exam.outside_of(tcp(b, r1, syn), remote_1);
  if (!refused || !exam.reaches(tcp(r1, *refused, rst | ack, 0, 1001), b)) return exam.found(false);
  for (const Endpoint inside : {a, b}) {
    const auto left = exam.seconds_left(inside);
    if (left.value_or(0) < 238) {
      return exam.found(false, left ? fmt::format("{} s are left", *left) : "the entry goes at once");
    }
  }
  return exam.found(true);
}

Outcome shares_port(Exam& exam) {
  const auto first = exam.udp_out(a, {remote_1, 53}), second = exam.udp_out(b, {remote_2, 53});
  return exam.found(true, first && first == second ? "does so" : "not made use of");
}

Outcome paired(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  nat::SourceRule& rule = exam.nat().source.front();
  rule.action = nat::SourceRule::Action::source_nat;
  rule.addresses = {wire::address(203, 0, 113, 8), wire::address(203, 0, 113, 15)};
  const auto first = exam.udp_out(a, {remote_1, 53});
  bool same = first.has_value();
  for (std::uint16_t n = 1; n < 8; ++n) {
    const auto next = exam.udp_out({host_a, static_cast<std::uint16_t>(5000 + n)}, {{remote_1.value + n % 3u}, 53});
    same = same && next && next->address == first->address;
  }
  return exam.found(same);
}

/// The only port there is serves a host for UDP and another for TCP.
Outcome mapping_by_protocol(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  const auto of_udp = exam.udp_out(a, r1);
  const auto of_tcp = exam.outside_of(tcp(b, r1, syn), remote_1);
  return exam.found(of_udp && of_tcp && of_udp->port == of_tcp->port,
                    "UDP " + words(of_udp) + ", TCP " + words(of_tcp));
}

Outcome filtering_by_protocol(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  return exam.found(seen && !exam.reaches(tcp(r1, *seen, syn), a));
}

Outcome inbound_refresh_settable(Exam& exam) {
  exam.nat().inbound_refreshes = false;
  const auto seen = exam.udp_out(a, r1);
  if (!seen) return exam.found(false);
  return exam.found(!exam.refreshes(box::Side::out, udp(r1, *seen), a));
}

Outcome errors_and_resets_do_not_refresh(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  if (!seen || !exam.reaches(udp(r1, *seen), a)) return exam.found(false);
  const Bytes error = icmp_error(host_a, remote_1, wire::icmp::unreachable, wire::icmp::port_unreachable, udp(r1, a));
  if (exam.refreshes(box::Side::in, error, a)) return exam.found(false, "an error does");
  Connection c{exam, {host_c, 5000}, r1};
  if (!c.open()) return exam.found(false);
  if (exam.refreshes(box::Side::in, tcp(c.inside, r1, rst | ack, c.ours, c.theirs), c.inside)) {
    return exam.found(false, "a reset does");
  }
  const bool again = exam.seconds_left(c.inside) &&
                     exam.refreshes(box::Side::in, tcp(c.inside, r1, rst | ack, c.ours, c.theirs), c.inside);
  return exam.found(!again, again ? "a second reset does" : "");
}

Outcome parity_dropped(Exam& exam) {
  std::size_t kept = 0;
  for (std::uint16_t port = 5000; port < 5010; ++port) {
    exam.udp_out({host_b, port}, r1);
    const auto seen = exam.udp_out({host_a, port}, r1);
    kept += seen && seen->port % 2 == port % 2;
  }
  return exam.found(true, kept == 10 ? "not made use of" : "does so");
}

Outcome random_ports(Exam& exam) {
  exam.udp_out(b, r1);
  const auto first = exam.udp_out(a, r1), second = exam.udp_out({host_c, 5000}, r1);
  if (!first || !second) return exam.found(false);
  const int apart = first->port - second->port, from_wanted = first->port - 5000;
  const bool near = (apart >= -2 && apart <= 2) || (from_wanted >= -2 && from_wanted <= 2);
  return exam.found(!near, words(first) + " and " + words(second) + " for a port that was taken");
}

Outcome own_identification(Exam& exam) {
  const Bytes from_a = udp(a, r1, 8, may_fragment), from_b = udp({host_b, 6000}, r1, 8, may_fragment);
  const auto first = exam.from_inside(from_a), second = exam.from_inside(from_b);
  if (first.empty() || second.empty()) return exam.found(false);
  const auto id = [](const Exam::Emergeds& emerged) { return wire::Ipv4View::parse(emerged.front().bytes)->id(); };
  const bool differ = id(first) != id(second) && wire::Ipv4View::parse(first.front().bytes)->sum_ok();
  return exam.found(differ, differ ? "" : "two hosts' equal ids stay equal");
}

Outcome query_mapping_ends(Exam& exam) {
  exam.outside_of(echo({host_a, 77}, remote_1), remote_1);
  exam.outside_of(echo({host_a, 77}, remote_2), remote_2);
  return exam.found(true, exam.bench().table().size() == 2 ? "an entry a session" : "one entry for all sessions");
}

Outcome hairpinned_error(Exam& exam) {
  const Endpoint caller{host_a, 6000};
  const auto port = exam.udp_out(b, r1);
  if (!port || !exam.udp_out(caller, r1)) return exam.found(false);
  const auto arrived = exam.from_inside(udp(caller, *port));
  const box::Emerged* packet = first_at(arrived, box::Side::in);
  if (!packet || destination_of(*packet) != b) return exam.found(false, "the packet it is about does not pass");
  const auto told = exam.from_inside(icmp_error(b.address, source_of(*packet)->address, wire::icmp::unreachable,
                                                wire::icmp::port_unreachable, packet->bytes));
  const box::Emerged* error = icmp_at(told, box::Side::in, wire::icmp::unreachable);
  return exam.found(error && destination_of(*error)->address == caller.address);
}

}  // namespace

std::vector<Requirement> rfc_7857() {
  using enum Level;
  return {
      {7857, "2", should, "a connection's life follows its TCP state", state_machine},
      {7857, "2.1", should, "opening and closing have timers of their own", separate_timers},
      {7857, "2.1", recommended, "of 4 minutes", four_minutes},
      {7857, "2.2", must, "a reset is translated", reset_translated},
      {7857, "2.2", should, "and the state kept for 4 minutes", reset_keeps_state},
      {7857, "3", may, "one outside port serves different remotes", shares_port},
      {7857, "4", recommended, "one inside host keeps one outside address of a pool", paired},
      {7857, "5", should, "mapping is by protocol", mapping_by_protocol},
      {7857, "6", should, "filtering is by protocol", filtering_by_protocol},
      {7857, "7", should, "whether inbound packets refresh can be set", inbound_refresh_settable},
      {7857, "7.1", should_not, "outbound ICMP errors and resets do not refresh", errors_and_resets_do_not_refresh},
      {7857, "8", may, "parity is dropped", parity_dropped},
      {7857, "9", should, "ports are chosen at random (RFC 6056)", random_ports},
      {7857, "10", should, "identification is unique (RFC 6864)", own_identification},
      {7857, "11", may, "a query's mapping ends with its last session", query_mapping_ends},
      {7857, "12", must, "an ICMP error about a hairpinned packet comes back", hairpinned_error},
  };
}

}  // namespace masqsim::exam
