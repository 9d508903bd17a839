// RFC 6888: Common Requirements for Carrier-Grade NATs, as far as packets show them.
#include <fmt/format.h>

#include "masqsim/wire/icmp.hpp"
#include "rfc_exam.hpp"

namespace masqsim::exam {

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

/// Five addresses for some hosts, one that does not follow them for the others.
Outcome pool_of_any_shape(Exam& exam) {
  if (!give_pool(exam, true)) return exam.found(false);
  nat::SourceRule further = exam.nat().source.front();
  further.addresses = {wire::address(203, 0, 113, 40), wire::address(203, 0, 113, 40)};
  exam.nat().source.front().from = wire::prefix_of(host_a, 31);
  exam.nat().source.push_back(further);
  const auto seen = exam.udp_out(a, r1), other = exam.udp_out({host_c, 5000}, r1);
  const bool of_five =
      seen && seen->address >= wire::address(203, 0, 113, 9) && seen->address <= wire::address(203, 0, 113, 13);
  return exam.found(of_five && other && other->address == wire::address(203, 0, 113, 40),
                    words(seen) + " and " + words(other));
}

Outcome limited_host(Exam& exam) {
  exam.nat().limits.flows_per_host = 2;
  std::size_t passed = 0;
  for (std::uint16_t n = 0; n < 4; ++n) {
    passed += exam.udp_out({host_a, static_cast<std::uint16_t>(5000 + n)}, r1).has_value();
  }
  const bool other_host = exam.udp_out(b, r1).has_value();
  return exam.found(passed == 2 && other_host, fmt::format("{} of 4 ports and flows pass a limit of 2", passed));
}

Outcome exempt_destination(Exam& exam) {
  nat::SourceRule exempt;
  exempt.action = nat::SourceRule::Action::exempt;
  exempt.to = wire::prefix_of(remote_2, 32);
  exam.nat().source.insert(exam.nat().source.begin(), exempt);
  const auto translated = exam.udp_out(a, r1);
  return exam.found(exam.udp_out(a, {remote_2, 53}) == a && translated && translated != a);
}

Outcome filtering(Exam& exam) {
  const auto seen = exam.udp_out(a, r1);
  return exam.found(seen && exam.reaches(udp({remote_2, 9}, *seen), a));
}

/// REQ-8, exception C: where the filtering depends on the remote, a freed port may be used at once.
bool filtered_by_remote(Exam& exam) {
  const Endpoint probe{host_c, 6000};
  const auto seen = exam.udp_out(probe, r1);
  return seen && !exam.reaches(udp({remote_2, 9}, *seen), probe);
}
constexpr std::string_view exempt = "its filtering, which depends on the remote, exempts it";

/// Lets a mapping of `a` to the only port run out; true if `b` gets it `span` later.
bool gets_freed_port(Exam& exam, Duration span) {
  const auto left = exam.udp_out(a, r1) ? exam.seconds_left(a) : std::nullopt;
  if (!left || exam.udp_out(b, r1)) return false;
  exam.wait(1_s * (*left + 1) + span);
  return exam.udp_out(b, r1).has_value();
}

Outcome freed_port_rests(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  if (filtered_by_remote(exam)) return exam.found(true, std::string(exempt));
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.restart();
  const bool reused = gets_freed_port(exam, 118_s);
  return exam.found(!reused, reused ? "it is reused at once" : "");
}

Outcome rest_configurable(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  if (filtered_by_remote(exam)) return exam.found(true, std::string(exempt));
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.nat().port_rest_s = 10;
  exam.restart();
  const bool rests = !gets_freed_port(exam, 5_s);
  exam.restart();
  const bool ends = gets_freed_port(exam, 11_s);
  exam.nat().limits.resting = 0;
  exam.restart();
  const bool none_rest = gets_freed_port(exam, 0_s);
  return exam.found(rests && ends && none_rest, !rests       ? "no time can be set"
                                                : !none_rest ? "no number can be set"
                                                             : "");
}

Outcome subscriber_control(Exam&) {
  throw NotTestable("not met: the gateway does not speak the Port Control Protocol");
}
Outcome manageable(Exam&) { throw NotTestable("no packet shows it"); }

/// What happens to the second host when one port is all there is.
Outcome exhaustion_drops(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  const bool first = exam.udp_out(a, r1).has_value();
  return exam.found(first && !exam.udp_out(b, r1));
}

Outcome exhaustion_told(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2000};
  exam.udp_out(a, r1);
  return exam.found(icmp_at(exam.from_inside(udp(b, r1)), box::Side::in, wire::icmp::unreachable,
                            wire::icmp::host_unreachable) != nullptr);
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
  for (const box::TableRow& row : exam.bench().table()) kept = kept || row.original.source == a;
  return exam.found(before == 1 && kept, kept ? "" : "a connection in TIME_WAIT is thrown out");
}

Outcome full_table_spares_others(Exam& exam) {
  exam.nat().limits.table = 4;
  for (std::uint16_t n = 0; n < 4; ++n) exam.udp_out({host_a, static_cast<std::uint16_t>(5000 + n)}, r1);
  const auto before = exam.bench().table();
  exam.udp_out(b, r1);
  if (exam.bench().table().size() > 4) throw NotTestable("the gateway's table takes no limit of ours");
  for (const box::TableRow& row : before) {
    bool still = false;
    for (const box::TableRow& now : exam.bench().table()) still = still || now.original == row.original;
    if (!still) return exam.found(false, words(row.original.source) + " is thrown out of a full table");
  }
  return exam.found(before.size() == 4);
}

Outcome uses_ports_well(Exam& exam) {
  if (exam.nat().source.empty()) return exam.found(false);
  exam.nat().source.front().ports = nat::PortRange{2000, 2039};
  std::size_t passed = 0;
  for (std::uint16_t n = 0; n < 40; ++n) {
    passed += exam.udp_out({n % 2 == 0 ? host_a : host_b, static_cast<std::uint16_t>(5000 + n)}, r1).has_value();
  }
  return exam.found(passed == 40, fmt::format("{} of 40 ports used", passed));
}

Outcome hard_to_guess(Exam& exam) {
  std::size_t preserved = 0;
  for (std::uint16_t port = 5000; port < 5008; ++port) {
    const auto seen = exam.udp_out({host_a, port}, r1);
    preserved += seen && seen->port == port;
  }
  return exam.found(preserved == 0,
                    preserved == 0 ? ""
                                   : fmt::format("{} of 8 are as the host chose them, which RFC 6056 leaves to a NAT; "
                                                 "pick: random hides them",
                                                 preserved));
}

}  // namespace

std::vector<Requirement> rfc_6888() {
  using enum Level;
  return {
      {6888, "REQ-1", must, "the protocols' own RFCs are met", protocol_rfcs},
      {6888, "REQ-2", must, "one host keeps one outside address unless set otherwise", paired_by_default},
      {6888, "REQ-3", must, "the pool of outside addresses can be set, in one piece or several", pool_of_any_shape},
      {6888, "REQ-4", must, "the flows of one host can be limited", limited_host},
      {6888, "REQ-5", should, "so that one host does not use up what others need", limited_host},
      {6888, "REQ-6", must, "destinations can be left untranslated", exempt_destination},
      {6888, "REQ-7", recommended, "endpoint-independent filtering", filtering},
      {6888, "REQ-8", should_not, "a freed port is not used again within 120 s", freed_port_rests},
      {6888, "REQ-8", must, "how long, and how many at most, can be set", rest_configurable},
      {6888, "REQ-9", must, "hosts control their mappings", subscriber_control},
      {6888, "REQ-10", should, "the gateway can be managed", manageable},
      {6888, "REQ-11", must, "no port left: the packet is dropped", exhaustion_drops},
      {6888, "REQ-11", should, "and its sender told, host unreachable", exhaustion_told},
      {6888, "REQ-11", must_not, "and no other connection gives up its port", exhaustion_spares_others},
      {6888, "REQ-11", must_not, "nor its place in a full table", full_table_spares_others},
      {6888, "REQ-12", should_not, "destinations are not logged", manageable},
      {6888, "REQ-13", should, "every port of a range serves", uses_ports_well},
      {6888, "REQ-14", should, "little is logged", manageable},
      {6888, "REQ-15", should, "outside ports are hard to guess", hard_to_guess},
  };
}

}  // namespace masqsim::exam
