// RFC 5382: NAT Behavioral Requirements for TCP.
#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "rfc_exam.hpp"

namespace masqsim::conform {

namespace {

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 80}, r2{remote_2, 80};
constexpr std::uint8_t syn = wire::TcpFlags::syn, ack = wire::TcpFlags::ack, psh = wire::TcpFlags::psh;

std::optional<Endpoint> syn_out(Exam& exam, Endpoint from, Endpoint to) { return exam.outside_of(tcp(from, to, syn), to.address); }

Outcome one_outside_port(Exam& exam) {
  syn_out(exam, b, r2);
  const auto first = syn_out(exam, a, r1), second = syn_out(exam, a, r2);
  return exam.found(first && first == second, words(first) + " and " + words(second));
}

Outcome whole_connection(Exam& exam) {
  Connection c{exam, a, r1};
  return exam.found(c.open() && c.send(100) && c.answer() && c.inside_hears(psh | ack, 50) && c.close());
}

Outcome simultaneous_open(Exam& exam) {
  const auto seen = syn_out(exam, a, r1);
  if (!seen) return exam.found(false);
  const bool crossed = exam.reaches(tcp(r1, *seen, syn, 5000), a);
  const bool ours = exam.outside_of(tcp(a, r1, syn | ack, 1000, 5001), remote_1) == seen;
  const bool theirs = exam.reaches(tcp(r1, *seen, syn | ack, 5000, 1001), a);
  return exam.found(crossed && ours && theirs && exam.outside_of(tcp(a, r1, psh | ack, 1001, 5001, 10), remote_1) == seen);
}

Outcome filtering(Exam& exam) {
  const auto seen = syn_out(exam, a, r1);
  if (!seen) return exam.found(false);
  const bool any = exam.reaches(tcp({remote_2, 9000}, *seen, syn), a);
  const bool same_address = exam.reaches(tcp({remote_1, 9000}, *seen, syn), a);
  return exam.found(same_address, any ? "endpoint-independent" : same_address ? "address-dependent" : "address and port-dependent");
}

Outcome configurable_filtering(Exam& exam) {
  std::size_t admitted = 0;
  for (const nat::Filtering choice : {nat::Filtering::endpoint_independent, nat::Filtering::address_and_port_dependent}) {
    exam.nat().filtering = choice;
    exam.restart();
    const auto seen = syn_out(exam, a, r1);
    admitted += seen && exam.reaches(tcp({remote_2, 9000}, *seen, syn), a);
  }
  return exam.found(true, admitted == 1 ? "it is" : "not made use of");
}

Outcome separate_filtering(Exam& exam) { return exam.found(true, "not made use of: one setting for all protocols"); }

Outcome waits_six_seconds(Exam& exam) {
  const auto at_once = exam.from_outside(tcp(r1, {outer, 7000}, syn));
  const auto later = at_once.empty() ? exam.wait(5_s) : at_once;
  if (!later.empty()) return exam.found(false, wire::kind_of(later.front().bytes) + (at_once.empty() ? " within 6 s" : " at once"));
  const auto told = exam.wait(2_s);
  return exam.found(icmp_at(told, Side::out, wire::icmp::unreachable, wire::icmp::port_unreachable) != nullptr);
}

Outcome meets_outbound_syn(Exam& exam) {
  const auto at_once = exam.from_outside(tcp(r1, {outer, 5000}, syn));
  if (!at_once.empty()) return exam.found(false, wire::kind_of(at_once.front().bytes) + " at once");
  exam.wait(2_s);
  const auto seen = syn_out(exam, a, r1);
  return exam.found(seen && exam.wait(6_s).empty());
}

Outcome policy_is_silent(Exam& exam) {
  exam.nat().unsolicited = nat::Unsolicited::drop;
  exam.nat().firewall.protect_input = true;
  exam.nat().firewall.inside = {lan};
  const bool silent = exam.from_outside(tcp(r1, {outer, 7000}, syn)).empty();
  return exam.found(silent && exam.wait(7_s).empty());
}

Outcome established_lives(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(100)) return exam.found(false);
  const bool unanswered = exam.lives(7439_s, tcp(r1, c.outside, ack, c.theirs, c.ours), a);
  if (!unanswered) return exam.found(false, "not with unacknowledged data");
  return exam.found(exam.lives(7439_s, tcp(r1, c.outside, ack, c.theirs, c.ours), a));
}

Outcome transitory_lives(Exam& exam) {
  const auto seen = syn_out(exam, a, r1);
  return exam.found(seen && exam.lives(239_s, tcp(r1, *seen, syn | ack, 5000, 1001), a));
}

Outcome closing_lives(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.close()) return exam.found(false);
  return exam.found(exam.lives(239_s, tcp(r1, c.outside, ack, c.theirs, c.ours), a));
}

Outcome configurable_times(Exam& exam) {
  exam.nat().timeouts.tcp_established = 10000_s;
  Connection c{exam, a, r1};
  const bool open = c.open() && c.answer();
  const auto left = exam.seconds_left(a);
  return exam.found(open && left && *left >= 9998 && *left <= 10000);
}

Outcome no_tcp_alg(Exam& exam) {
  const std::string_view sip = "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/TCP 192.168.1.10:5000\r\n\r\n";
  const Bytes data(sip.begin(), sip.end());
  Connection c{exam, a, {remote_1, 5060}};
  if (!c.open()) return exam.found(false);
  wire::IpFields ip;
  ip.source = a.address;
  ip.destination = remote_1;
  wire::TcpFields fields;
  fields.source_port = a.port;
  fields.destination_port = 5060;
  fields.sequence = c.ours;
  fields.acknowledgment = c.theirs;
  fields.flags.bits = psh | ack;
  const auto emerged = exam.from_inside(wire::tcp_packet(ip, fields, data));
  const Emerged* out = first_at(emerged, Side::out);
  return exam.found(out && std::ranges::equal(wire::Ipv4View::parse(out->bytes)->payload().subspan(20), data));
}

Outcome no_overloading(Exam& exam) {
  const auto first = syn_out(exam, a, r1), second = syn_out(exam, b, r2);
  return exam.found(first && second && first != second, words(first) + " and " + words(second));
}

Outcome hairpins(Exam& exam) {
  const Endpoint caller{host_a, 6000};
  const auto caller_outside = syn_out(exam, caller, r1);
  const auto called = syn_out(exam, b, r1);
  if (!called) return exam.found(false);
  for (const Emerged& e : exam.from_inside(tcp(caller, *called, syn))) {
    if (e.side == Side::in && destination_of(e) == b) return exam.found(source_of(e) == caller_outside, "from " + words(source_of(e)));
  }
  return exam.found(false);
}

Outcome errors_pass(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(100)) return exam.found(false);
  for (std::uint8_t code = 0; code < 6; ++code) {
    const auto emerged = exam.from_outside(icmp_error(remote_3, outer, wire::icmp::unreachable, code, tcp(c.outside, r1, psh | ack, c.ours - 100, c.theirs, 100)));
    const Emerged* error = icmp_at(emerged, Side::in, wire::icmp::unreachable, code);
    const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
    if (!about || about->source != a || about->destination != r1) return exam.found(false);
  }
  return exam.found(true);
}

Outcome survives_errors(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(100)) return exam.found(false);
  for (std::uint8_t code = 0; code < 6; ++code) {
    exam.from_outside(icmp_error(remote_3, outer, wire::icmp::unreachable, code, tcp(c.outside, r1, psh | ack, c.ours - 100, c.theirs, 100)));
  }
  return exam.found(c.answer() && c.send(10));
}

}  // namespace

std::vector<Requirement> rfc_5382() {
  using enum Level;
  return {
      {5382, "REQ-1", must, "one outside port for an inside endpoint, whatever the remote", one_outside_port},
      {5382, "REQ-2", must, "every valid sequence of a connection passes", whole_connection},
      {5382, "REQ-2a", must, "so does a simultaneous open", simultaneous_open},
      {5382, "REQ-3", recommended, "filtering does not depend on the remote's port", filtering},
      {5382, "REQ-3a", may, "the filtering can be set", configurable_filtering},
      {5382, "REQ-3b", may, "and apart from UDP's", separate_filtering},
      {5382, "REQ-4", must_not, "an unsolicited SYN is not answered for 6 s, then by port unreachable", waits_six_seconds},
      {5382, "REQ-4", must, "nor at all if an outbound SYN meets it", meets_outbound_syn},
      {5382, "REQ-4a", must, "nor if the policy is not to answer", policy_is_silent},
      {5382, "REQ-5", must, "an established connection lives 2 h 4 min idle", established_lives},
      {5382, "REQ-5", must, "one that opens lives 4 min idle", transitory_lives},
      {5382, "REQ-5", must, "one that closes lives 4 min idle", closing_lives},
      {5382, "REQ-5a", may, "the times can be set", configurable_times},
      {5382, "REQ-6", recommended, "no ALG but FTP's unless it is switched on", no_tcp_alg},
      {5382, "REQ-7", must_not, "an outside port never serves two inside endpoints at once", no_overloading},
      {5382, "REQ-8", must, "inside hosts reach each other by their outside endpoints", hairpins},
      {5382, "REQ-9", should, "destination unreachable passes", errors_pass},
      {5382, "REQ-10", must_not, "no ICMP message ends a connection's mapping", survives_errors},
  };
}

}  // namespace masqsim::conform
