// RFC 5382: NAT Behavioral Requirements for TCP.
#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "rfc_exam.hpp"

namespace masqsim::exam {

namespace {

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 80}, r2{remote_2, 80};
constexpr std::uint8_t syn = wire::TcpFlags::syn, ack = wire::TcpFlags::ack, psh = wire::TcpFlags::psh,
                       fin = wire::TcpFlags::fin, rst = wire::TcpFlags::rst;

std::optional<Endpoint> syn_out(Exam& exam, Endpoint from, Endpoint to) {
  return exam.outside_of(tcp(from, to, syn), to.address);
}

Outcome one_outside_port(Exam& exam) {
  const Endpoint r1_other_port{remote_1, 443}, r3{remote_3, 80};
  for (const Endpoint taken : {r1_other_port, r2}) syn_out(exam, b, taken);
  const auto first = syn_out(exam, a, r1);
  for (const Endpoint next : {r1_other_port, r2, r3}) {
    const auto other = syn_out(exam, a, next);
    if (!first || other != first) return exam.found(false, words(first) + " and " + words(other));
  }
  return exam.found(true, words(first) + " for four remotes");
}

// Ways through a connection's life, RFC 9293 section 3.5 and 3.6. Each is true if every segment passes.

bool speak_and_close(Connection c) {
  return c.open() && c.send(100) && c.answer() && c.inside_hears(psh | ack, 50) && c.close();
}

bool remote_closes_first(Connection c) {
  return c.open() && c.fin_in() && c.acknowledge() && c.send(100) && c.answer() && c.fin_out() && c.answer();
}

bool half_closed(Connection c) {
  return c.open() && c.fin_out() && c.answer() && c.inside_hears(psh | ack, 50) && c.acknowledge() && c.fin_in() &&
         c.acknowledge();
}

bool both_close_at_once(Connection c) {
  if (!c.open() || !c.fin_out()) return false;
  const bool crossed = c.exam.reaches(tcp(c.remote, c.outside, fin | ack, c.theirs++, c.ours - 1), c.inside);
  return crossed && c.acknowledge() && c.answer();
}

bool handshake_repeated(Connection c) {
  const auto seen = syn_out(c.exam, c.inside, c.remote);
  if (!seen || syn_out(c.exam, c.inside, c.remote) != seen) return false;
  c.outside = *seen;
  ++c.ours;
  if (!c.inside_hears(syn | ack) || !c.inside_hears(syn | ack)) return false;
  ++c.theirs;
  return c.acknowledge() && c.send(10) && c.answer();
}

/// RFC 9293 section 3.8.4: a segment from before what is expected.
bool kept_alive(Connection c) {
  if (!c.open()) return false;
  const auto probe_out = c.exam.outside_of(tcp(c.inside, c.remote, ack, c.ours - 1, c.theirs), c.remote.address);
  return probe_out == c.outside && c.answer() &&
         c.exam.reaches(tcp(c.remote, c.outside, ack, c.theirs - 1, c.ours), c.inside) && c.acknowledge();
}

bool reset_by_remote(Connection c) { return c.open() && c.send(10) && c.answer() && c.inside_hears(rst | ack); }

bool reset_by_inside(Connection c) {
  return c.open() &&
         c.exam.outside_of(tcp(c.inside, c.remote, rst | ack, c.ours, c.theirs), c.remote.address) == c.outside;
}

struct Course {
  std::string_view name;
  bool (*passes)(Connection);
};
constexpr Course courses[] = {
    {"a whole connection", speak_and_close},      {"the remote's closing first", remote_closes_first},
    {"a half-closed one", half_closed},           {"both closing at once", both_close_at_once},
    {"a repeated handshake", handshake_repeated}, {"keep-alives", kept_alive},
    {"a reset by the remote", reset_by_remote},   {"a reset from inside", reset_by_inside}};

Outcome every_sequence(Exam& exam) {
  Endpoint inside = a;
  for (const Course& course : courses) {
    if (!course.passes(Connection{exam, inside, r1})) return exam.found(false, "not " + std::string(course.name));
    ++inside.port;
  }
  return exam.found(true, "eight courses");
}

/// Begun outside, through a port forward.
Outcome begun_outside(Exam& exam) {
  const Endpoint server{host_a, 80}, called{outer, 8080}, client{remote_1, 40000};
  exam.nat().destination.push_back({.from = {},
                                    .to = {outer, 32},
                                    .protocol = Protocol::tcp,
                                    .port = nat::PortRange{8080, 8080},
                                    .forward = server.address,
                                    .forward_port = server.port});
  const auto in = [&](std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledged, std::size_t size = 0) {
    return exam.reaches(tcp(client, called, flags, sequence, acknowledged, size), server);
  };
  const auto out = [&](std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledged, std::size_t size = 0) {
    return exam.outside_of(tcp(server, client, flags, sequence, acknowledged, size), client.address) == called;
  };
  return exam.found(in(syn, 1000, 0) && out(syn | ack, 5000, 1001) && in(ack, 1001, 5001) &&
                    in(psh | ack, 1001, 5001, 100) && out(psh | ack, 5001, 1101, 50) && in(fin | ack, 1101, 5051) &&
                    out(fin | ack, 5051, 1102) && in(ack, 1102, 5052));
}

Outcome simultaneous_open(Exam& exam) {
  const auto seen = syn_out(exam, a, r1);
  if (!seen) return exam.found(false);
  const bool crossed = exam.reaches(tcp(r1, *seen, syn, 5000), a);
  const bool ours = exam.outside_of(tcp(a, r1, syn | ack, 1000, 5001), remote_1) == seen;
  const bool theirs = exam.reaches(tcp(r1, *seen, syn | ack, 5000, 1001), a);
  return exam.found(crossed && ours && theirs &&
                    exam.outside_of(tcp(a, r1, psh | ack, 1001, 5001, 10), remote_1) == seen);
}

Outcome filtering(Exam& exam) {
  const auto seen = syn_out(exam, a, r1);
  if (!seen) return exam.found(false);
  const bool any = exam.reaches(tcp({remote_2, 9000}, *seen, syn), a);
  const bool same_address = exam.reaches(tcp({remote_1, 9000}, *seen, syn), a);
  return exam.found(same_address, any            ? "endpoint-independent"
                                  : same_address ? "address-dependent"
                                                 : "address and port-dependent");
}

Outcome configurable_filtering(Exam& exam) {
  std::size_t admitted = 0;
  for (const nat::Filtering choice :
       {nat::Filtering::endpoint_independent, nat::Filtering::address_and_port_dependent}) {
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
  const auto later = at_once.empty() ? exam.wait(5900_ms) : at_once;
  if (later.empty()) return exam.found(true);
  return exam.found(false, wire::kind_of(later.front().bytes) + (at_once.empty() ? " within 6 s" : " at once"));
}

Outcome told_after_six_seconds(Exam& exam) {
  exam.from_outside(tcp(r1, {outer, 7000}, syn));
  exam.wait(5900_ms);
  const auto told = exam.wait(2_s);
  const box::Emerged* error = icmp_at(told, box::Side::out, wire::icmp::unreachable, wire::icmp::port_unreachable);
  const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
  return exam.found(about && about->source == r1 && about->destination == Endpoint{outer, 7000});
}

Outcome meets_outbound_syn(Exam& exam) {
  const auto at_once = exam.from_outside(tcp(r1, {outer, 5000}, syn));
  if (!at_once.empty()) return exam.found(false, wire::kind_of(at_once.front().bytes) + " at once");
  exam.wait(2_s);
  const auto seen = syn_out(exam, a, r1);
  if (seen != Endpoint{outer, 5000}) throw NotTestable("the outbound SYN gets another outside port, " + words(seen));
  return exam.found(exam.wait(6_s).empty());
}

Outcome policy_is_silent(Exam& exam) {
  exam.nat().unsolicited = nat::Unsolicited::drop;
  exam.nat().firewall.protect_input = true;
  exam.nat().firewall.inside = {box::lan};
  const bool silent = exam.from_outside(tcp(r1, {outer, 7000}, syn)).empty();
  return exam.found(silent && exam.wait(7_s).empty());
}

Outcome established_lives(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(100)) return exam.found(false);
  const bool unanswered = exam.lives(7439_s, tcp(r1, c.outside, ack, c.theirs, c.ours), a);
  if (!unanswered) return exam.found(false, "not with unacknowledged data");
  c.acknowledge();
  return exam.found(exam.lives(7439_s, tcp(r1, c.outside, ack, c.theirs, c.ours), a));
}

Outcome transitory_lives(Exam& exam) {
  for (const bool answered : {false, true}) {
    exam.restart();
    const auto seen = syn_out(exam, a, r1);
    const Bytes answer = tcp(r1, seen.value_or(Endpoint{}), syn | ack, 5000, 1001);
    if (!seen || (answered && !exam.reaches(answer, a)) || !exam.lives(239_s, answer, a)) {
      return exam.found(false, answered ? "not with SYN and SYN+ACK" : "not with a SYN alone");
    }
  }
  return exam.found(true);
}

Outcome closing_lives(Exam& exam) {
  struct Stage {
    std::string_view name;
    bool (*reach)(Connection& c);
  };
  constexpr Stage stages[] = {{"our FIN", [](Connection& c) { return c.fin_out(); }},
                              {"our FIN acknowledged", [](Connection& c) { return c.fin_out() && c.answer(); }},
                              {"their FIN acknowledged", [](Connection& c) { return c.fin_in() && c.acknowledge(); }},
                              {"both FINs", [](Connection& c) { return c.fin_out() && c.fin_in(); }},
                              {"both FINs acknowledged", [](Connection& c) { return c.close() && c.answer(); }}};
  for (const Stage& stage : stages) {
    exam.restart();
    Connection c{exam, a, r1};
    if (!c.open() || !stage.reach(c) || !exam.lives(239_s, tcp(r1, c.outside, ack, c.theirs, c.ours), a)) {
      return exam.found(false, "not after " + std::string(stage.name));
    }
  }
  return exam.found(true, "in five states");
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
  const box::Emerged* out = first_at(emerged, box::Side::out);
  return exam.found(out && std::ranges::equal(wire::Ipv4View::parse(out->bytes)->payload().subspan(20), data));
}

Outcome no_overloading(Exam& exam) {
  const auto first = syn_out(exam, a, r1), second = syn_out(exam, b, r2);
  return exam.found(first && second && first != second, words(first) + " and " + words(second));
}

/// The packet that came to `inside`, if one did.
const box::Emerged* came_to(const std::vector<box::Emerged>& emerged, Endpoint inside) {
  const auto there = [&](const box::Emerged& e) { return e.side == box::Side::in && destination_of(e) == inside; };
  const auto found = std::ranges::find_if(emerged, there);
  return found == emerged.end() ? nullptr : &*found;
}

constexpr Endpoint hairpin_caller{host_a, 6000};

Outcome hairpins(Exam& exam) {
  syn_out(exam, hairpin_caller, r1);
  const auto called = syn_out(exam, b, r1);
  if (!called) return exam.found(false);
  const auto opened = exam.from_inside(tcp(hairpin_caller, *called, syn));
  const box::Emerged* first = came_to(opened, b);
  if (!first) return exam.found(false);
  const auto answered = exam.from_inside(tcp(b, *source_of(*first), syn | ack, 5000, 1001));
  const box::Emerged* answer = came_to(answered, hairpin_caller);
  if (!answer || source_of(*answer) != called) return exam.found(false, "the answer does not come back");
  return exam.found(came_to(exam.from_inside(tcp(hairpin_caller, *called, ack, 1001, 5001)), b) != nullptr);
}

Outcome hairpin_source(Exam& exam) {
  const auto caller_outside = syn_out(exam, hairpin_caller, r1), called = syn_out(exam, b, r1);
  if (!called) return exam.found(false);
  const auto emerged = exam.from_inside(tcp(hairpin_caller, *called, syn));
  const box::Emerged* first = came_to(emerged, b);
  const auto from = first ? source_of(*first) : std::nullopt;
  return exam.found(from && from == caller_outside, "from " + words(from));
}

Outcome errors_pass(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(100)) return exam.found(false);
  for (std::uint8_t code = 0; code < 6; ++code) {
    const auto emerged = exam.from_outside(icmp_error(remote_3, outer, wire::icmp::unreachable, code,
                                                      tcp(c.outside, r1, psh | ack, c.ours - 100, c.theirs, 100)));
    const box::Emerged* error = icmp_at(emerged, box::Side::in, wire::icmp::unreachable, code);
    const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
    if (!about || about->source != a || about->destination != r1) return exam.found(false);
  }
  return exam.found(true);
}

Outcome survives_errors(Exam& exam) {
  Connection c{exam, a, r1};
  if (!c.open() || !c.send(100)) return exam.found(false);
  for (const auto& [type, code] : icmp_errors) {
    exam.from_outside(
        icmp_error(remote_3, outer, type, code, tcp(c.outside, r1, psh | ack, c.ours - 100, c.theirs, 100)));
    exam.from_inside(icmp_error(a.address, remote_1, type, code, tcp(r1, a, ack, c.theirs, c.ours)));
  }
  return exam.found(c.answer() && c.send(10));
}

}  // namespace

std::vector<Requirement> rfc_5382() {
  using enum Level;
  return {
      {5382, "REQ-1", must, "one outside port for an inside endpoint, whatever the remote", one_outside_port},
      {5382, "REQ-2", must, "every valid sequence of a connection passes", every_sequence},
      {5382, "REQ-2", must, "so it does of one begun outside, where that is permitted", begun_outside},
      {5382, "REQ-2a", must, "so does a simultaneous open", simultaneous_open},
      {5382, "REQ-3", recommended, "filtering does not depend on the remote's port", filtering},
      {5382, "REQ-3a", may, "the filtering can be set", configurable_filtering},
      {5382, "REQ-3b", may, "and apart from UDP's", separate_filtering},
      {5382, "REQ-4", must_not, "an unsolicited SYN is not answered for 6 s", waits_six_seconds},
      {5382, "REQ-4", should, "then by port unreachable", told_after_six_seconds},
      {5382, "REQ-4", must, "nor at all if an outbound SYN meets it", meets_outbound_syn},
      {5382, "REQ-4a", must, "nor if the policy is not to answer", policy_is_silent},
      {5382, "REQ-5", must, "an established connection lives 2 h 4 min idle", established_lives},
      {5382, "REQ-5", must, "one that opens lives 4 min idle", transitory_lives},
      {5382, "REQ-5", must, "one that closes lives 4 min idle", closing_lives},
      {5382, "REQ-5a", may, "the times can be set", configurable_times},
      {5382, "REQ-6", recommended, "no ALG but FTP's unless it is switched on", no_tcp_alg},
      {5382, "REQ-7", must_not, "an outside port never serves two inside endpoints at once", no_overloading},
      {5382, "REQ-8", must, "inside hosts reach each other by their outside endpoints", hairpins},
      {5382, "REQ-8a", must, "a hairpinned connection shows the caller's outside endpoint", hairpin_source},
      {5382, "REQ-9", should, "destination unreachable passes", errors_pass},
      {5382, "REQ-10", must_not, "no ICMP message ends a connection's mapping", survives_errors},
  };
}

}  // namespace masqsim::exam
