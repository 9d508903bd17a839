// RFC 6888: Common Requirements for Carrier-Grade NATs, as far as packets show them.
#include <fmt/format.h>

#include "masqsim/wire/icmp.hpp"
#include "rfc_exam.hpp"

namespace masqsim::conform {

namespace {

constexpr Endpoint a{host_a, 5000}, b{host_b, 5000}, r1{remote_1, 53};

bool give_pool(Exam& exam, bool persistent) {
  if (exam.nat().source.empty()) return false;
  nat::SourceRule& rule = exam.nat().source.front();
  rule.action = nat::SourceRule::Action::source_nat;
  rule.addresses = {wire::address(203, 0, 113, 9), wire::address(203, 0, 113, 13)};
  rule.persistent = rule.persistent || persistent;
  return true;
}

/// One outside address for all flows of one host.
bool paired(Exam& exam) {
  const auto first = exam.udp_out(a, r1);
  bool same = first.has_value();
  for (std::uint16_t n = 1; n < 8; ++n) {
    const auto next = exam.udp_out({host_a, static_cast<std::uint16_t>(a.port + n)}, {{remote_1.value + n % 3u}, 53});
    same = same && next && next->address == first->address;
  }
  return same;
}

Outcome protocol_rfcs(Exam&) { throw NotTestable("the rows of RFC 4787, 5382 and 5508 tell"); }

Outcome paired_by_default(Exam& exam) { return exam.found(give_pool(exam, false) && paired(exam)); }

Outcome pool_of_any_shape(Exam& exam) {
  if (!give_pool(exam, true)) return exam.found(false);
  const auto seen = exam.udp_out(a, r1);
  return exam.found(seen && seen->address >= wire::address(203, 0, 113, 9) && seen->address <= wire::address(203, 0, 113, 13),
                    "five addresses, " + words(seen));
}

Outcome limited_host(Exam& exam) {
  exam.nat().limits.flows_per_host = 2;
  std::size_t passed = 0;
  for (std::uint16_t n = 0; n < 4; ++n) passed += exam.udp_out({host_a, static_cast<std::uint16_t>(5000 + n)}, r1).has_value();
  const bool other_host = exam.udp_out(b, r1).has_value();
  return exam.found(passed == 2 && other_host, fmt::format("{} of 4 flows pass a limit of 2", passed));
}

Outcome exempt_destination(Exam& exam) {
  nat::SourceRule exempt;
  exempt.action = nat::SourceRule::Action::exempt;
  exempt.to = wire::prefix_of(remote_2, 32);
  exam.nat().source.insert(exam.nat().source.begin(), exempt);
  return exam.found(exam.udp_out(a, {remote_2, 53}) == a && exam.udp_out(a, r1) != a);
}

Outcome filtering(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  return exam.found(seen && exam.reaches(udp({remote_2, 9}, *seen), a));
}

Outcome freed_port_rests(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  const auto seen = exam.udp_out(a, r1);
  const auto left = exam.seconds_left(a);
  if (!seen || !left) return exam.found(false);
  exam.wait(1_s * (*left + 2));
  const auto next = exam.udp_out(b, r1);
  return exam.found(next && next->port != seen->port, "2 s later " + words(next));
}

Outcome subscriber_control(Exam&) { throw NotTestable("the Port Control Protocol is no part of the gateway"); }
Outcome manageable(Exam&) { throw NotTestable("no packet shows it"); }

/// What happens to the second host when one port is all there is.
Outcome exhaustion_drops(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.udp_out(a, r1);
  return exam.found(!exam.udp_out(b, r1));
}

Outcome exhaustion_told(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.udp_out(a, r1);
  return exam.found(icmp_at(exam.from_inside(udp(b, r1)), Side::in, wire::icmp::unreachable) != nullptr);
}

Outcome exhaustion_spares_others(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  const Endpoint web{remote_1, 80};
  Connection closed{exam, a, web};
  if (!closed.open() || !closed.close()) return exam.found(false);
  const std::size_t before = exam.bench().table().size();
  exam.from_inside(tcp(b, web, wire::TcpFlags::syn, 900'000));
  bool kept = false;
  for (const TableRow& row : exam.bench().table()) kept = kept || row.original.source == a;
  return exam.found(before == 1 && kept, kept ? "" : "a connection in TIME_WAIT is thrown out");
}

Outcome full_table_spares_others(Exam& exam) {
  exam.nat().limits.table = 4;
  for (std::uint16_t n = 0; n < 4; ++n) exam.udp_out({host_a, static_cast<std::uint16_t>(5000 + n)}, r1);
  const auto before = exam.bench().table();
  exam.udp_out(b, r1);
  if (exam.bench().table().size() > 4) throw NotTestable("the gateway's table takes no limit of ours");
  for (const TableRow& row : before) {
    bool still = false;
    for (const TableRow& now : exam.bench().table()) still = still || now.original == row.original;
    if (!still) return exam.found(false, words(row.original.source) + " is thrown out of a full table");
  }
  return exam.found(true);
}

Outcome uses_ports_well(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2039};
  std::size_t passed = 0;
  for (std::uint16_t n = 0; n < 40; ++n) passed += exam.udp_out({n % 2 == 0 ? host_a : host_b, static_cast<std::uint16_t>(5000 + n)}, r1).has_value();
  return exam.found(passed == 40, fmt::format("{} of 40 ports used", passed));
}

Outcome hard_to_guess(Exam& exam) {
  std::size_t preserved = 0;
  for (std::uint16_t port = 5000; port < 5008; ++port) {
    const auto seen = exam.udp_out({host_a, port}, r1);
    preserved += seen && seen->port == port;
  }
  return exam.found(preserved == 0, fmt::format("{} of 8 are the inside port", preserved));
}

}  // namespace

std::vector<Requirement> rfc_6888() {
  using enum Level;
  return {
      {6888, "REQ-1", must, "the protocols' own RFCs are met", protocol_rfcs},
      {6888, "REQ-2", must, "one host keeps one outside address unless set otherwise", paired_by_default},
      {6888, "REQ-3", must, "the pool of outside addresses can be set", pool_of_any_shape},
      {6888, "REQ-4", must, "the flows of one host can be limited", limited_host},
      {6888, "REQ-5", should, "so that one host does not use up what others need", limited_host},
      {6888, "REQ-6", must, "destinations can be left untranslated", exempt_destination},
      {6888, "REQ-7", recommended, "endpoint-independent filtering", filtering},
      {6888, "REQ-8", should_not, "a freed port is not used again within 120 s", freed_port_rests},
      {6888, "REQ-9", must, "hosts control their mappings", subscriber_control},
      {6888, "REQ-10", should, "the gateway can be managed", manageable},
      {6888, "REQ-11", must, "no port left: the packet is dropped", exhaustion_drops},
      {6888, "REQ-11", should, "and its sender told", exhaustion_told},
      {6888, "REQ-11", must_not, "and no other connection gives up its port", exhaustion_spares_others},
      {6888, "REQ-11", must_not, "nor its place in a full table", full_table_spares_others},
      {6888, "REQ-12", should_not, "destinations are not logged", manageable},
      {6888, "REQ-13", should, "every port of a range serves", uses_ports_well},
      {6888, "REQ-14", should, "little is logged", manageable},
      {6888, "REQ-15", should, "outside ports are hard to guess", hard_to_guess},
  };
}

}  // namespace masqsim::conform
