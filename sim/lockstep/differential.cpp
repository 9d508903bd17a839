#include "differential.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "shorten.hpp"
#include "sim/box/kernel_bench.hpp"

namespace masqsim::lockstep {
namespace {

using Json = nlohmann::ordered_json;

struct Exchange {
  Injection injected;
  std::vector<box::Emerged> reference;
  std::vector<box::Emerged> own;
};

/// What was played, up to and with where the gateways part.
struct Played {
  std::vector<Exchange> exchanges;
  std::string parted;  ///< empty: they did not
};

// Bytes of the id and the header checksum: of the ICMP messages that a gateway makes, the kernel's ids are by chance.
bool id_is_free(wire::ByteView packet) {
  constexpr wire::Prefix outside{wire::address(203, 0, 113, 0), 28};  // the gateway's own address and its pools
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip || ip->protocol() != wire::Protocol::icmp || ip->ttl() != 64) return false;
  if (outside.contains(ip->source()) || ip->source() == wire::address(192, 168, 1, 1)) return true;
  constexpr std::uint8_t internet_control = 0xc0;  // an error whose source was translated as its flow's is
  return (ip->tos() & internet_control) == internet_control && !ip->payload().empty() &&
         wire::icmp::is_error(ip->payload()[0]);
}

std::vector<std::uint8_t> masked(std::vector<std::uint8_t> packet) {
  if (!id_is_free(packet)) return packet;
  for (const std::size_t at : {4u, 5u, 10u, 11u}) packet[at] = 0;
  return packet;
}

// The order between the two sides is nobody's promise, the order at one side is.
bool same(const std::vector<box::Emerged>& a, const std::vector<box::Emerged>& b) {
  if (a.size() != b.size()) return false;
  for (const box::Side side : {box::Side::in, box::Side::out}) {
    std::size_t j = 0;
    for (const box::Emerged& x : a) {
      if (x.side != side) continue;
      while (j < b.size() && b[j].side != side) ++j;
      if (j == b.size() || (x.bytes != b[j].bytes && masked(x.bytes) != masked(b[j].bytes))) return false;
      ++j;
    }
  }
  return true;
}

// A choice that the reference made shows in the source of what it forwarded.
std::optional<wire::Endpoint> choice(const std::vector<box::Emerged>& emerged) {
  for (const box::Emerged& e : emerged) {
    if (id_is_free(e.bytes)) continue;
    if (const std::optional<wire::Tuple> tuple = wire::tuple_of(e.bytes)) return tuple->source;
  }
  return std::nullopt;
}

std::string table_difference(box::Bench& own, box::Bench& reference) {
  const auto rows = [](box::Bench& bench) {
    std::vector<std::pair<std::string, std::int64_t>> result;
    for (box::TableRow row : bench.table()) {
      const std::int64_t left = std::exchange(row.left_s, 0);
      result.emplace_back(to_string(row), left);
    }
    std::sort(result.begin(), result.end());
    return result;
  };
  const auto ours = rows(own), theirs = rows(reference);
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    const bool equal = i < ours.size() && i < theirs.size() && ours[i].first == theirs[i].first &&
                       std::abs(ours[i].second - theirs[i].second) <= 2;
    if (equal) continue;
    const auto row = [&](const auto& from) {
      return i < from.size() ? fmt::format("{} ({} s left)", from[i].first, from[i].second) : "no row";
    };
    return fmt::format("  the tables differ:\n    reference: {}\n    own:       {}\n", row(theirs), row(ours));
  }
  return {};
}

class Lockstep {
 public:
  Lockstep(const BenchMaker& own, const BenchMaker& reference, const RandomSetup& setup)
      : make_own_(own), setup_(setup), reference_(reference(setup.setup)) {}

  const RandomSetup& setup() const { return setup_; }

  Played play(std::uint64_t seed, const std::vector<Move>& moves, bool tables) {
    begin();
    RandomHosts hosts(seed, first_id_ += ids_of_a_sequence);
    Played played;
    for (const Move& move : moves) {
      for (Injection& injection : hosts.packets(move)) {
        if (!exchange(std::move(injection), played)) return played;
        hosts.saw(move, played.exchanges.back().injected, played.exchanges.back().reference);
      }
    }
    if (tables) played.parted = table_difference(*own_, *reference_);
    return played;
  }

  Played play(const std::vector<Injection>& injections, bool tables) {
    begin();
    Played played;
    for (const Injection& injection : injections) {
      if (!exchange(injection, played)) return played;
    }
    if (tables) played.parted = table_difference(*own_, *reference_);
    return played;
  }

  std::vector<box::TableRow> reference_table() { return reference_->table(); }

 private:
  void begin() {
    reference_->act({.kind = box::Action::Kind::flush_table});
    own_ = make_own_(setup_.setup);
  }

  static std::vector<box::Emerged> put(box::Bench& bench, const Injection& injection) {
    if (injection.bytes.empty()) return bench.act({.kind = box::Action::Kind::flush_table});
    return bench.inject(injection.side, injection.bytes);
  }

  bool exchange(Injection injection, Played& played) {
    Exchange e{std::move(injection), {}, {}};
    e.reference = put(*reference_, e.injected);
    own_->prefer(choice(e.reference));
    e.own = put(*own_, e.injected);
    const bool equal = same(e.reference, e.own);
    played.exchanges.push_back(std::move(e));
    if (!equal) played.parted = "  the last packet is answered differently\n";
    return equal;
  }

  // Pieces of a datagram that never became whole stay with the kernel for a while: no two sequences share ids.
  static constexpr std::uint16_t ids_of_a_sequence = 251;

  const BenchMaker& make_own_;
  const RandomSetup& setup_;
  std::uint16_t first_id_ = 0;
  std::unique_ptr<box::Bench> reference_;
  std::unique_ptr<box::Bench> own_;
};

std::string emerged_text(std::string_view who, const std::vector<box::Emerged>& emerged) {
  if (emerged.empty()) return fmt::format("    {} nothing\n", who);
  std::string text;
  for (const box::Emerged& e : emerged) {
    text +=
        fmt::format("    {} {:3} {}\n           {}\n", who, word(e.side), wire::describe(e.bytes), wire::hex(e.bytes));
  }
  return text;
}

std::string text_of(const Played& played) {
  std::string text;
  for (const Exchange& e : played.exchanges) {
    if (e.injected.bytes.empty()) {
      text += "  > the table is flushed\n";
      continue;
    }
    text += fmt::format("  > {:3} {}\n        {}\n", word(e.injected.side), wire::describe(e.injected.bytes),
                        wire::hex(e.injected.bytes));
    if (same(e.reference, e.own)) {
      text += emerged_text("both:     ", e.reference);
      continue;
    }
    text += emerged_text("reference:", e.reference) + emerged_text("own:      ", e.own);
  }
  return text + played.parted;
}

std::string case_of(const Played& played, const RandomSetup& setup, std::string_view name,
                    const std::vector<box::TableRow>& table) {
  Json line;
  line["name"] = name;
  line["why"] = "found by random sequences in lockstep with the running kernel";
  line["gateway"] = Json::parse(setup.words);
  const kernel::Ruleset words = box::kernel_words(setup.setup.nat);
  Json& config = line["config"];
  for (const kernel::Sysctl& s : words.sysctls) config["sysctl"][s.name] = s.value;
  if (setup.setup.wan_mtu != 1500) config["wan_mtu"] = setup.setup.wan_mtu;
  config["nft"] = words.nft;
  Json steps = Json::array(), observed = Json::array(), rows = Json::array();
  for (const Exchange& e : played.exchanges) {
    for (const box::Emerged& out : e.reference) {
      Json o{{"step", steps.size()}, {"side", word(out.side)}, {"hex", wire::hex(out.bytes)}};
      if (id_is_free(out.bytes)) o["varies"] = {4, 5, 10, 11};
      observed.push_back(std::move(o));
    }
    if (e.injected.bytes.empty()) {
      steps.push_back({{"sh", "conntrack -F"}, {"do", "flush-table"}});
    } else {
      steps.push_back({{"dir", word(e.injected.side)}, {"hex", wire::hex(e.injected.bytes)}});
    }
  }
  for (const box::TableRow& row : table) rows.push_back(to_string(row));
  line["steps"] = std::move(steps);
  line["observed"] = std::move(observed);
  line["ct"] = std::move(rows);
  return line.dump();
}

Difference difference(Lockstep& lockstep, std::uint64_t seed, std::vector<Move> moves, Played played, bool shrink) {
  const RandomSetup& setup = lockstep.setup();
  if (shrink) {
    moves = shorten<Move>(std::move(moves), [&](const std::vector<Move>& part) {
      return !lockstep.play(seed, part, true).parted.empty();
    });
    Played shorter = lockstep.play(seed, moves, true);
    if (!shorter.parted.empty()) played = std::move(shorter);
    // The same bytes without the hosts: pieces and packets that only brought the hosts so far can go, too.
    std::vector<Injection> injections;
    for (const Exchange& e : played.exchanges) injections.push_back(e.injected);
    const auto fragment = [](const Exchange& e) {
      const auto ip = wire::Ipv4View::parse_quoted(std::span<const std::uint8_t>(e.injected.bytes));
      return ip && ip->is_fragment();
    };
    const bool repeatable = std::none_of(played.exchanges.begin(), played.exchanges.end(), fragment);
    const auto fails = [&](const std::vector<Injection>& part) { return !lockstep.play(part, true).parted.empty(); };
    if (repeatable && fails(injections)) played = lockstep.play(shorten<Injection>(std::move(injections), fails), true);
  }
  Difference d{setup.name, seed, text_of(played), {}};
  d.case_line = case_of(played, setup, fmt::format("random_{}_{}", setup.name, seed), lockstep.reference_table());
  return d;
}

}  // namespace

DifferentialReport differential(const BenchMaker& own, const BenchMaker& reference,
                                const DifferentialOptions& options) {
  std::vector<Lockstep> locksteps;
  for (const RandomSetup& setup : random_setups()) {
    if (setup.name.find(options.only) != std::string::npos) locksteps.emplace_back(own, reference, setup);
  }
  DifferentialReport report;
  while (report.packets < options.packets && report.differences.size() < options.stop_after && !locksteps.empty()) {
    const std::uint64_t seed = mix(options.seed * 0x9e3779b97f4a7c15u + report.sequences);
    Lockstep& lockstep = locksteps[report.sequences % locksteps.size()];
    // Every eighth round also reads both tables: the kernel walks its whole hash for that.
    const bool tables = report.sequences / locksteps.size() % 8 == 0;
    std::vector<Move> moves = random_moves(seed, options.moves);
    Played played = lockstep.play(seed, moves, tables);
    ++report.sequences;
    report.packets += played.exchanges.size();
    report.tables += tables ? 1 : 0;
    for (const Exchange& e : played.exchanges) report.emerged += e.reference.size();
    if (!played.parted.empty()) {
      report.differences.push_back(difference(lockstep, seed, std::move(moves), std::move(played), options.shrink));
    }
    if (options.progress) options.progress(report);
  }
  return report;
}

}  // namespace masqsim::lockstep
