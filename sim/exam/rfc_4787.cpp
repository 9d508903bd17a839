// RFC 4787: Network Address Translation (NAT) Behavioral Requirements for Unicast UDP.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "rfc_exam.hpp"

namespace masqsim::exam {

namespace {

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 53}, r2{remote_2, 53};

constexpr Endpoint r1_other_port{remote_1, 54}, r3{remote_3, 53};

/// Which remotes see the outside port that r1 sees (another port of it, another one), and which others may send to it.
std::array<bool, 4> behaviour(Exam& exam) {
  const auto first = exam.udp_out(a, r1);
  if (!first) return {};
  const bool by_port = exam.udp_out(a, r1_other_port) == first, by_address = exam.udp_out(a, r2) == first;
  return {by_port, by_address, exam.reaches(udp({remote_1, 99}, *first), a),
          exam.reaches(udp({remote_3, 99}, *first), a)};
}

Outcome one_outside_port(Exam& exam) {
  for (const Endpoint taken : {r1_other_port, r2}) exam.udp_out(b, taken);
  const auto first = exam.udp_out(a, r1);
  for (const Endpoint next : {r1_other_port, r2, r3}) {
    const auto other = exam.udp_out(a, next);
    if (!first || other != first) return exam.found(false, words(first) + " and " + words(other));
  }
  return exam.found(true, words(first) + " for four remotes");
}

Outcome paired_pool(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  nat::SourceRule& rule = exam.nat().source.front();
  rule.action = nat::SourceRule::Action::source_nat;
  rule.addresses = {wire::address(203, 0, 113, 8), wire::address(203, 0, 113, 15)};
  const auto first = exam.udp_out(a, r1);
  bool same = first.has_value();
  for (std::uint16_t n = 1; n < 8; ++n) {
    const auto next = exam.udp_out({host_a, static_cast<std::uint16_t>(a.port + n)}, {{remote_1.value + n % 3u}, 53});
    same = same && next && next->address == first->address;
  }
  return exam.found(same);
}

Outcome no_overloading(Exam& exam) {
  const auto first = exam.udp_out(a, r1), second = exam.udp_out(b, r2);
  return exam.found(first && second && first != second, words(first) + " and " + words(second));
}

Outcome port_class(Exam& exam) {
  bool kept = true;
  for (const std::uint16_t port : {std::uint16_t{100}, std::uint16_t{1000}, std::uint16_t{5000}}) {
    exam.udp_out({host_b, port}, r1);
    const auto clashing = exam.udp_out({host_a, port}, r1);
    kept = kept && clashing && (clashing->port < 1024) == (port < 1024);
  }
  return exam.found(kept);
}

Outcome parity(Exam& exam) {
  std::size_t kept = 0, all = 0;
  for (std::uint16_t port = 5000; port < 5010; ++port) {
    exam.udp_out({host_b, port}, r1);
    const auto clashing = exam.udp_out({host_a, port}, r1);
    kept += clashing && clashing->port % 2 == port % 2;
    ++all;
  }
  return exam.found(kept == all, fmt::format("kept by {} of {} ports that clash", kept, all));
}

/// Also once answers have come, and long after the first packet.
Outcome lives_for(Exam& exam, Duration span) {
  for (const int answers : {0, 1, 2}) {
    exam.restart();
    const auto seen = exam.udp_out(a, r1);
    if (!seen) return exam.found(false);
    for (int n = 0; n < answers; ++n) {
      exam.wait(3_s);
      exam.reaches(udp(r1, *seen), a);
      exam.udp_out(a, r1);
    }
    if (!exam.lives(span, udp(r1, *seen), a)) return exam.found(false, fmt::format("not after {} answers", answers));
  }
  return exam.found(true);
}
Outcome two_minutes(Exam& exam) { return lives_for(exam, 119_s); }
Outcome five_minutes(Exam& exam) { return lives_for(exam, 299_s); }

Outcome well_known_shorter(Exam& exam) {
  exam.udp_out(a, r1);
  exam.udp_out(b, {remote_1, 40000});
  const bool shorter = exam.seconds_left(a).value_or(0) < exam.seconds_left(b).value_or(0);
  return exam.found(true, shorter ? "shorter for port 53" : "not made use of");
}

Outcome configurable_time(Exam& exam) {
  exam.nat().timeouts.udp = 77_s;
  exam.udp_out(a, r1);
  const auto left = exam.seconds_left(a);
  return exam.found(left && *left >= 75 && *left <= 77);
}

Outcome outbound_refreshes(Exam& exam) {
  exam.udp_out(a, r1);
  return exam.found(exam.refreshes(box::Side::in, udp(a, r1), a));
}
Outcome inbound_refreshes(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  const bool refreshed = seen && exam.refreshes(box::Side::out, udp(r1, *seen), a);
  return exam.found(true, refreshed ? "does so" : "not made use of");
}

// REQ-7. Outside, too, is 192.168.1.0/24: there is `far`, whose address no inside host has, and `twin`, with that of
// `a`, and one with the gateway's own. The bench gives packets to the gateway; that hosts find it in the place of `far`
// is shown by the tests of its LAN.
constexpr Endpoint far{wire::address(192, 168, 1, 66), 53}, twin{host_a, 53},
    gateways_twin{wire::address(192, 168, 1, 1), 53};

/// Inside, the outside 192.168.1.0/24 is called 10.9.1.0/24.
constexpr wire::Prefix alias{wire::address(10, 9, 1, 0), 24}, outside_subnet{wire::address(192, 168, 1, 0), 24};
constexpr Endpoint alias_of(Endpoint outside) {
  return {{alias.address.value | (outside.address.value & 0xff)}, outside.port};
}

void put_inside_addresses_outside(Exam& exam) {
  box::Addressing subnet;
  subnet.kind = box::Addressing::Kind::add_address;
  subnet.address = wire::address(192, 168, 1, 77);
  subnet.length = 24;
  subnet.interface = box::wan;
  subnet.text = "addr add 192.168.1.77/24 dev wan0";
  exam.setup().addressing.push_back(subnet);
  for (const Endpoint outside : {far, twin, gateways_twin}) {
    box::Addressing neighbour;
    neighbour.kind = box::Addressing::Kind::add_neighbour;
    neighbour.address = outside.address;
    neighbour.interface = box::wan;
    exam.setup().addressing.push_back(neighbour);
  }
}

void forward_to_a(Exam& exam) {
  exam.nat().destination.push_back({.from = {},
                                    .to = {outer, 32},
                                    .protocol = Protocol::udp,
                                    .port = nat::PortRange{8080, 8080},
                                    .forward = a.address,
                                    .forward_port = a.port});
}

/// RFC 2663 section 4.3.
void give_alias(Exam& exam) {
  exam.nat().destination.push_back({.in = box::lan,
                                    .from = {},
                                    .to = alias,
                                    .protocol = {},
                                    .port = {},
                                    .forward = outside_subnet.address,
                                    .forward_port = {},
                                    .keep_host_bits = true});
  exam.nat().source.push_back({.out = box::lan,
                               .in = box::wan,
                               .protocol = {},
                               .from = outside_subnet,
                               .to = {},
                               .only_port_forwarded = true,
                               .action = nat::SourceRule::Action::source_nat,
                               .addresses = {alias.address, alias.broadcast()},
                               .ports = {},
                               .keep_host_bits = true});
}

/// Outside `remote` and inside `a` (whom it calls by the forward) speak both ways; `a` knows it as `known_as`.
bool speak(Exam& exam, Endpoint remote, Endpoint known_as) {
  const auto seen = exam.outside_of(udp(a, known_as), remote.address);
  if (!seen) return exam.note(words(known_as) + " is not reached"), false;
  const auto inside_sees = [&](const Bytes& packet) {
    for (const box::Emerged& e : exam.from_outside(packet)) {
      if (e.side == box::Side::in && destination_of(e) == a) return source_of(e);
    }
    return std::optional<Endpoint>();
  };
  if (inside_sees(udp(remote, *seen)) != known_as) return exam.note("its answer does not come in"), false;
  const Endpoint caller{remote.address, 999}, caller_known_as{known_as.address, 999}, called{outer, 8080};
  if (inside_sees(udp(caller, called)) != caller_known_as) return exam.note("its call does not come in"), false;
  if (exam.outside_of(udp(a, caller_known_as), remote.address) != called) {
    return exam.note("its call is not answered"), false;
  }
  return true;
}

Outcome overlap(Exam& exam) {
  put_inside_addresses_outside(exam);
  forward_to_a(exam);
  return exam.found(speak(exam, far, far));
}

Outcome twins(Exam& exam) {
  put_inside_addresses_outside(exam);
  forward_to_a(exam);
  give_alias(exam);
  return exam.found(speak(exam, twin, alias_of(twin)) && speak(exam, gateways_twin, alias_of(gateways_twin)));
}

Outcome filtering(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  if (!seen) return exam.found(false);
  const bool any = exam.reaches(udp({remote_2, 9}, *seen), a);
  const bool same_address = exam.reaches(udp({remote_1, 99}, *seen), a);
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
    const auto seen = exam.udp_out(a, r1);
    admitted += seen && exam.reaches(udp({remote_2, 9}, *seen), a);
  }
  return exam.found(true, admitted == 1 ? "it is" : "not made use of");
}

/// What B sees of A's call to its outside endpoint, and B's own outside endpoint.
struct Hairpinned {
  std::optional<Endpoint> caller, arrived_from;
  bool arrived = false;
};
Hairpinned hairpin(Exam& exam) {
  Hairpinned result;
  result.caller = exam.udp_out({host_a, 6000}, r1);
  const auto called = exam.udp_out(b, r1);
  if (!called) return result;
  for (const box::Emerged& e : exam.from_inside(udp({host_a, 6000}, *called))) {
    if (e.side != box::Side::in || destination_of(e) != b) continue;
    result.arrived = true;
    result.arrived_from = source_of(e);
  }
  return result;
}

Outcome hairpins(Exam& exam) { return exam.found(hairpin(exam).arrived); }
Outcome hairpin_source(Exam& exam) {
  const Hairpinned seen = hairpin(exam);
  return exam.found(seen.arrived && seen.arrived_from == seen.caller, "from " + words(seen.arrived_from));
}

Outcome no_udp_alg(Exam& exam) {
  const std::string_view sip =
      "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.10:5060\r\nContact: <sip:a@192.168.1.10:5060>\r\n\r\n";
  const Bytes data(sip.begin(), sip.end());
  wire::IpFields ip;
  ip.source = host_a;
  ip.destination = remote_1;
  const auto emerged = exam.from_inside(wire::udp_packet(ip, 5060, 5060, data));
  const box::Emerged* out = first_at(emerged, box::Side::out);
  return exam.found(out && std::ranges::equal(wire::Ipv4View::parse(out->bytes)->payload().subspan(8), data));
}

Outcome switched_one_by_one(Exam&) { throw NotTestable("there is no ALG for UDP to be switched"); }

Outcome deterministic(Exam& exam) {
  const std::array<bool, 4> alone = behaviour(exam);
  exam.restart();
  exam.udp_out(b, r2);
  exam.udp_out(b, r1_other_port);
  const std::array<bool, 4> crowded = behaviour(exam);
  return exam.found(alone == crowded, alone == crowded ? "" : "another behaviour once a port is taken");
}

Outcome survives_errors(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  if (!seen) return exam.found(false);
  for (const auto& [type, code] : icmp_errors) {
    exam.from_outside(icmp_error(remote_3, outer, type, code, udp(*seen, r1)));
    exam.from_inside(icmp_error(a.address, remote_1, type, code, udp(r1, a)));
  }
  return exam.found(exam.reaches(udp(r1, *seen), a) && exam.udp_out(a, r1) == seen);
}

bool error_comes_in(Exam& exam, wire::Address from) {
  const auto seen = exam.udp_out(a, r1);
  if (!seen) return false;
  const auto emerged =
      exam.from_outside(icmp_error(from, outer, wire::icmp::unreachable, wire::icmp::port_unreachable, udp(*seen, r1)));
  const box::Emerged* error = icmp_at(emerged, box::Side::in, wire::icmp::unreachable, wire::icmp::port_unreachable);
  const auto about = error ? wire::tuple_of(quoted(*error)) : std::nullopt;
  return about && about->source == a && about->destination == r1;
}
Outcome errors_of_others(Exam& exam) { return exam.found(error_comes_in(exam, remote_3)); }
Outcome unreachable_passes(Exam& exam) { return exam.found(error_comes_in(exam, remote_1)); }

Outcome too_big_told(Exam& exam) {
  exam.setup().wan_mtu = 1400;
  const auto emerged = exam.from_inside(udp(a, r1, 1472));
  const box::Emerged* error =
      icmp_at(emerged, box::Side::in, wire::icmp::unreachable, wire::icmp::fragmentation_needed);
  if (!error || first_at(emerged, box::Side::out)) return exam.found(false);
  const auto ip = wire::Ipv4View::parse(error->bytes);
  const auto about = wire::tuple_of(quoted(*error));
  const std::uint16_t mtu = wire::IcmpView::parse(ip->payload())->next_hop_mtu();
  return exam.found(
      ip->destination() == a.address && about && about->source == a && about->destination == r1 && mtu == 1400,
      fmt::format("MTU {}", mtu));
}

Outcome fragments(Exam& exam) {
  exam.setup().wan_mtu = 1400;
  std::uint32_t next = 0;
  bool in_order = true, ended = false;
  for (const box::Emerged& e : exam.from_inside(udp(a, r1, 1472, may_fragment))) {
    const auto ip = wire::Ipv4View::parse(e.bytes);
    in_order = in_order && e.side == box::Side::out && ip && ip->fragment_offset() == next && e.bytes.size() <= 1400;
    if (!ip) continue;
    next += static_cast<std::uint32_t>(ip->payload().size());
    ended = !ip->has_mf();
  }
  return exam.found(in_order && ended && next == 1480);
}

/// The datagram in pieces in that order; true if all its bytes reach the inside host.
bool pieces_come_in(Exam& exam, Endpoint outside, bool backwards) {
  std::vector<Bytes> parts = pieces(udp(r1, outside, 1200, may_fragment), 400);
  if (backwards) std::ranges::reverse(parts);
  std::size_t arrived = 0;
  for (const Bytes& part : parts) {
    for (const box::Emerged& e : exam.from_outside(part)) {
      const auto ip = wire::Ipv4View::parse(e.bytes);
      if (e.side == box::Side::in && ip && ip->destination() == a.address) arrived += ip->payload().size();
    }
  }
  return arrived == 1208;
}

/// The same from inside.
bool pieces_go_out(Exam& exam, bool backwards) {
  std::vector<Bytes> parts = pieces(udp(a, r1, 1200, may_fragment), 400);
  if (backwards) std::ranges::reverse(parts);
  std::size_t left = 0;
  for (const Bytes& part : parts) {
    for (const box::Emerged& e : exam.from_inside(part)) {
      const auto ip = wire::Ipv4View::parse(e.bytes);
      if (e.side == box::Side::out && ip && ip->destination() == r1.address && ip->source() == outer) {
        left += ip->payload().size();
      }
    }
  }
  return left == 1208;
}

Outcome out_of_order(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  if (!seen || !pieces_come_in(exam, *seen, true) || !pieces_come_in(exam, *seen, false)) {
    return exam.found(false, "inwards");
  }
  return exam.found(pieces_go_out(exam, true) && pieces_go_out(exam, false));
}

Outcome flood(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  if (!seen) return exam.found(false);
  constexpr std::uint16_t pieces_of_flood = 600;  // 4.7 MiB: more than Linux keeps of them
  for (std::uint16_t n = 0; n < pieces_of_flood; ++n) {
    wire::IpFields ip;
    ip.source = remote_3;
    ip.destination = outer;
    ip.id = static_cast<std::uint16_t>(1000 + n);
    ip.fragment_word = wire::Ipv4View::more_fragments;
    exam.send(box::Side::out, wire::ip_packet(ip, Protocol::udp, Bytes(8192)), false);
  }
  const bool whole = exam.reaches(udp(r1, *seen), a), in_order = pieces_come_in(exam, *seen, false);
  return exam.found(whole && in_order, fmt::format("after {} lone pieces of 8 KiB{}", pieces_of_flood,
                                                   !whole      ? " nothing passes"
                                                   : !in_order ? " no others are taken"
                                                               : ""));
}

}  // namespace

std::vector<Requirement> rfc_4787() {
  using enum Level;
  return {
      {4787, "REQ-1", must, "one outside port for an inside endpoint, whatever the remote", one_outside_port},
      {4787, "REQ-2", recommended, "one inside host keeps one outside address of a pool", paired_pool},
      {4787, "REQ-3", must_not, "an outside port never serves two inside endpoints at once", no_overloading},
      {4787, "REQ-3a", recommended, "ports below 1024 stay below, others above", port_class},
      {4787, "REQ-4", recommended, "an even port stays even, an odd one odd", parity},
      {4787, "REQ-5", must, "a mapping lives at least 2 minutes", two_minutes},
      {4787, "REQ-5a", may, "shorter for well-known ports", well_known_shorter},
      {4787, "REQ-5b", may, "the time can be set", configurable_time},
      {4787, "REQ-5c", recommended, "5 minutes or more unless set otherwise", five_minutes},
      {4787, "REQ-6", must, "outbound packets refresh the mapping", outbound_refreshes},
      {4787, "REQ-6a", may, "inbound packets refresh the mapping", inbound_refreshes},
      {4787, "REQ-7", must, "outside hosts in a network of the inside's addresses are reached, and reach in", overlap},
      {4787, "REQ-7", must, "so are those that have the address of an inside host or of the gateway", twins},
      {4787, "REQ-8", recommended, "filtering does not depend on the remote's port", filtering},
      {4787, "REQ-8a", may, "the filtering can be set", configurable_filtering},
      {4787, "REQ-9", must, "inside hosts reach each other by their outside endpoints", hairpins},
      {4787, "REQ-9a", must, "a hairpinned packet shows the caller's outside endpoint", hairpin_source},
      {4787, "REQ-10", should, "no ALG meddles with UDP unless it is switched on", no_udp_alg},
      {4787, "REQ-10a", recommended, "each ALG is switched by itself", switched_one_by_one},
      {4787, "REQ-11", must, "the behaviour is the same at all times", deterministic},
      {4787, "REQ-12", must_not, "no ICMP message ends a mapping", survives_errors},
      {4787, "REQ-12a", should_not, "ICMP errors are not filtered by who sends them", errors_of_others},
      {4787, "REQ-12b", recommended, "destination unreachable passes", unreachable_passes},
      {4787, "REQ-13", must, "too big with DF: fragmentation needed is sent", too_big_told},
      {4787, "REQ-13a", must, "too big without DF: cut, and sent in order", fragments},
      {4787, "REQ-14", must, "pieces are taken in any order", out_of_order},
      {4787, "REQ-14a", must, "a flood of lone pieces stops nothing else", flood},
  };
}

}  // namespace masqsim::exam
