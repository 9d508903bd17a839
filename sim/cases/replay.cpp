#include "replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "own_numbers.hpp"

namespace masqsim::cases {

namespace {

constexpr std::size_t shown_at_most = 3;
constexpr std::int64_t seconds_off = 2;

template <typename... Kinds>
struct Overloaded : Kinds... {
  using Kinds::operator()...;
};
template <typename... Kinds>
Overloaded(Kinds...) -> Overloaded<Kinds...>;  // clang 14 does not deduce it

// --- what a packet's bytes are worth -------------------------------------------------------------------------------

/// True where every checksum that can be checked is right.
struct Sums {
  bool ip = true;
  bool transport = true;
  bool operator==(const Sums&) const = default;
};

Sums sums_of(wire::ByteView packet) {
  Sums sums;
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip) return sums;
  sums.ip = ip->sum_ok();
  if (ip->is_fragment()) return sums;
  const wire::ByteView segment = ip->payload();
  const wire::Protocol protocol = ip->protocol();
  if (protocol == wire::Protocol::icmp) sums.transport = wire::checksum(segment) == 0;
  const bool has_sum = protocol == wire::Protocol::tcp ||
                       (protocol == wire::Protocol::udp && segment.size() >= 8 && wire::load16(&segment[6]) != 0);
  if (has_sum) sums.transport = wire::pseudo_checksum(ip->source(), ip->destination(), protocol, segment) == 0;
  return sums;
}

/// Where the number lies that a source translation chooses: the source port, or the id of an ICMP query.
std::optional<std::size_t> chosen_at(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip || ip->fragment_offset() != 0) return std::nullopt;
  const std::size_t header = ip->header_length();
  if (ip->protocol() == wire::Protocol::icmp) {
    if (packet.size() < header + 8 || !wire::icmp::is_query(packet[header])) return std::nullopt;
    return header + 4;
  }
  const std::optional<wire::Tuple> tuple = wire::tuple_of(packet);
  if (!tuple || !tuple->has_ports) return std::nullopt;
  return header;
}

/// Calls `visit(place)` for each word of the packet that tells a time of the day: in timestamp options of its header
/// and of the header that an ICMP error quotes, and in ICMP timestamp replies.
template <typename Visit>
void each_time(wire::ByteView packet, std::size_t begin, Visit visit) {
  const auto ip = begin < packet.size() ? wire::Ipv4View::parse_quoted(packet.subspan(begin)) : std::nullopt;
  if (!ip) return;
  const std::size_t header = begin + ip->header_length();
  for (std::size_t at = begin + 20; at + 1 < header && packet[at] != 0;) {
    const std::size_t length = packet[at] == 1 ? 1 : std::max<std::size_t>(packet[at + 1], 2);
    if (packet[at] == 68) {
      for (std::size_t n = at + 4; n + 4 <= std::min(at + length, header); n += 4) visit(n);
    }
    at += length;
  }
  if (begin != 0 || ip->protocol() != wire::Protocol::icmp || packet.size() < header + 8) return;
  if (wire::icmp::is_error(packet[header])) each_time(packet, header + 8, visit);
  if (packet[header] == wire::icmp::timestamp_reply && packet.size() >= header + 20) {
    visit(header + 12), visit(header + 16);
  }
}

/// The bytes that are not compared: those that varied, and of a time the whole of it (its first bytes only vary from
/// hour to hour).
std::vector<std::size_t> masked(const Observed& recorded) {
  std::vector<std::size_t> all = recorded.varies;
  each_time(recorded.bytes, 0, [&](std::size_t place) {
    const auto inside = [&](std::size_t at) { return at >= place && at < place + 4; };
    if (std::ranges::none_of(recorded.varies, inside)) return;
    for (std::size_t n = 0; n < 4; ++n) all.push_back(place + n);
  });
  std::sort(all.begin(), all.end());
  return all;
}

/// Whose flow a step's packet may begin: what it injects, or what the gateway itself sends.
struct Asker {
  wire::Tuple tuple;
  nat::InterfaceId in;
};
std::optional<Asker> asker_of(const Case& c, std::size_t step) {
  if (const box::Action* action = std::get_if<box::Action>(&c.steps[step])) {
    if (action->kind != box::Action::Kind::send_udp) return std::nullopt;
    return Asker{{wire::Protocol::udp, action->from, action->to, true}, nat::any_interface};
  }
  const Inject* injected = std::get_if<Inject>(&c.steps[step]);
  const auto ip = injected ? wire::Ipv4View::parse(injected->bytes) : std::nullopt;
  if (!ip) return std::nullopt;
  // Of a datagram in pieces the first one has the ports, whichever made it whole.
  const auto has_ports_of_it = [&](const Inject& piece) {
    const auto other = wire::Ipv4View::parse(piece.bytes);
    return other && other->id() == ip->id() && other->source() == ip->source() && other->fragment_offset() == 0;
  };
  for (std::size_t n = 0; ip->fragment_offset() != 0 && n < step; ++n) {
    const Inject* piece = std::get_if<Inject>(&c.steps[n]);
    if (piece && has_ports_of_it(*piece)) injected = piece;
  }
  const std::optional<wire::Tuple> tuple = wire::tuple_of(injected->bytes);
  if (!tuple) return std::nullopt;
  return Asker{*tuple, injected->side == box::Side::in ? box::lan : box::wan};
}

/// What Linux may choose as the outside port of a flow.
struct Choice {
  nat::PortRange range;
  bool by_flow = false;  ///< each flow draws its own; else those of one inside endpoint share one
};

/// For the flow that `asker` began towards `to` and out by `out`.
Choice choice_for(const Case& c, const Asker& asker, wire::Address to, nat::InterfaceId out) {
  const wire::Protocol protocol = asker.tuple.protocol;
  const bool may_name_ports = protocol == wire::Protocol::tcp || protocol == wire::Protocol::udp;
  bool by_flow = false;
  for (const nat::SourceRule& rule : c.setup.nat.source) {
    if (rule.out != nat::any_interface && rule.out != out) continue;
    if (rule.in != nat::any_interface && rule.in != asker.in) continue;
    if (rule.protocol && *rule.protocol != protocol) continue;
    if (rule.from && !rule.from->contains(asker.tuple.source.address)) continue;
    if (rule.to && !rule.to->contains(to)) continue;
    by_flow = rule.random;
    if (rule.ports && (rule.protocol || may_name_ports)) return {*rule.ports, by_flow};
    if (!rule.only_port_forwarded) break;
  }
  if (protocol == wire::Protocol::icmp) return {{0, 65535}, by_flow};
  if (asker.tuple.source.port < 512) return {{1, 511}, by_flow};
  if (asker.tuple.source.port < 1024) return {{600, 1023}, by_flow};
  return {{1024, 65535}, by_flow};
}

// --- packets -------------------------------------------------------------------------------------------------------

/// Those that came out at one side, in order.
std::vector<const Observed*> at(const std::vector<Observed>& all, std::size_t step, box::Side side) {
  std::vector<const Observed*> found;
  for (const Observed& o : all) {
    if (o.step == step && o.side == side) found.push_back(&o);
  }
  return found;
}

std::string step_text(const Case& c, std::size_t step) {
  return std::visit(
      Overloaded{[](const Inject& i) { return fmt::format("{} {}", word(i.side), wire::describe(i.bytes)); },
                 [](const Wait& w) { return "wait " + masqsim::to_string(w.span); },
                 [](const box::Action&) { return std::string("an action in the gateway"); }},
      c.steps[step]);
}

class Judge {
 public:
  Judge(const Case& c, const Replay& done) : case_(c), done_(done) { verdict_.name = c.name; }

  Verdict judge() {
    for (std::size_t step = 0; step < case_.steps.size(); ++step) {
      for (const box::Side side : {box::Side::in, box::Side::out}) judge_side(step, side);
    }
    judge_table();
    return std::move(verdict_);
  }

 private:
  void judge_side(std::size_t step, box::Side side) {
    const std::vector<const Observed*> wanted = at(case_.observed, step, side), got = at(done_.observed, step, side);
    for (std::size_t n = 0; n < std::max(wanted.size(), got.size()); ++n) {
      const Observed* w = n < wanted.size() ? wanted[n] : nullptr;
      const Observed* g = n < got.size() ? got[n] : nullptr;
      if (!w || !g) {
        differ(step, side, w, g, w ? "nothing came" : "one more came");
      } else if (const std::string why = packet_difference(step, *w, *g); !why.empty()) {
        differ(step, side, w, g, why);
      }
    }
  }

  std::string packet_difference(std::size_t step, const Observed& wanted, const Observed& got) {
    if (wanted.bytes.size() != got.bytes.size()) {
      return fmt::format("{} bytes instead of {}", got.bytes.size(), wanted.bytes.size());
    }
    const std::vector<std::size_t> free = masked(wanted);
    std::string places;
    for (std::size_t n = 0; n < wanted.bytes.size(); ++n) {
      if (wanted.bytes[n] == got.bytes[n] || std::ranges::binary_search(free, n)) continue;
      places += fmt::format("{}{}", places.empty() ? "bytes " : ",", n);
    }
    if (!places.empty()) return places;
    if (wanted.varies.empty()) return {};
    const Sums right = sums_of(wanted.bytes), ours = sums_of(got.bytes);
    if (right != ours) return right.ip != ours.ip ? "the IP checksum" : "the transport checksum";
    return choice_difference(step, wanted, got);
  }

  /// What the kernel guarantees of a port it chose at random.
  std::string choice_difference(std::size_t step, const Observed& wanted, const Observed& got) {
    const std::optional<std::size_t> place = chosen_at(wanted.bytes);
    const std::optional<Asker> asker = asker_of(case_, step);
    if (!place || !asker || !std::ranges::binary_search(wanted.varies, *place)) return {};
    const wire::Tuple& from = asker->tuple;
    const std::uint16_t right = wire::load16(&wanted.bytes[*place]), ours = wire::load16(&got.bytes[*place]);
    const wire::Address to = wire::Ipv4View::parse(wanted.bytes)->destination();
    const Choice choice = choice_for(case_, *asker, to, wanted.side == box::Side::in ? box::lan : box::wan);
    if (ours < choice.range.first || ours > choice.range.last) {
      return fmt::format("port {} is not from {} to {}", ours, choice.range.first, choice.range.last);
    }
    chosen_.push_back(right);
    const auto [known, first] = choices_.try_emplace(
        {from.protocol, from.source, choice.by_flow ? from.destination : wire::Endpoint{}, right}, ours);
    if (first || known->second == ours) return {};
    return fmt::format("port {}, but the same {} had {} before", ours, choice.by_flow ? "flow" : "inside endpoint",
                       known->second);
  }

  void differ(std::size_t step, box::Side side, const Observed* wanted, const Observed* got, std::string_view why) {
    verdict_.same = false;
    if (++found_ > shown_at_most) return;
    const auto line = [](const Observed* o) { return o ? wire::describe(o->bytes) : std::string("nothing"); };
    verdict_.differences.push_back(
        fmt::format("step {} ({}), {} side: {}", step, step_text(case_, step), word(side), why));
    verdict_.differences.push_back("  recorded " + line(wanted));
    verdict_.differences.push_back("  gateway  " + line(got));
  }

  // --- the table ---------------------------------------------------------------------------------------------------

  static bool moved(const box::TableRow& row) { return row.reply.destination.port != row.original.source.port; }

  bool was_chosen(std::uint16_t port) const { return std::ranges::find(chosen_, port) != chosen_.end(); }

  /// The outside end of a row, where a port may have been chosen.
  static bool same_but_port(const wire::Tuple& a, const wire::Tuple& b, bool port_too) {
    const bool is_query = a.protocol == wire::Protocol::icmp;
    return a.protocol == b.protocol && a.source.address == b.source.address &&
           a.destination.address == b.destination.address &&
           (a.source.port == b.source.port || (is_query && !port_too)) &&
           (a.destination.port == b.destination.port || !port_too);
  }

  bool fits(const box::TableRow& wanted, const box::TableRow& got) const {
    const bool chosen_unseen = moved(wanted) && moved(got);  // of a flow that sent nothing into the world
    const bool port_too = !chosen_unseen && !was_chosen(wanted.reply.destination.port);
    return wanted.protocol == got.protocol && same_but_port(wanted.original, got.original, true) &&
           same_but_port(wanted.reply, got.reply, port_too) && wanted.unreplied == got.unreplied &&
           wanted.assured == got.assured && wanted.state == got.state &&
           std::abs(wanted.left_s - got.left_s) <= seconds_off;
  }

  void judge_table() {
    std::vector<box::TableRow> left = done_.table;
    std::vector<std::string> missing;
    for (const box::TableRow& wanted : case_.table) {
      const auto found = std::ranges::find_if(left, [&](const box::TableRow& got) { return fits(wanted, got); });
      if (found == left.end()) {
        missing.push_back("  recorded " + to_string(wanted));
      } else {
        left.erase(found);
      }
    }
    for (const box::TableRow& extra : left) missing.push_back("  gateway  " + to_string(extra));
    if (!missing.empty()) {
      verdict_.same = false;
      verdict_.differences.emplace_back("the table afterwards");
      verdict_.differences.insert(verdict_.differences.end(), missing.begin(), missing.end());
    }
    for (std::size_t a = 0; a < done_.table.size(); ++a) {
      for (std::size_t b = a + 1; b < done_.table.size(); ++b) {
        if (done_.table[a].reply != done_.table[b].reply || done_.table[a].protocol == wire::Protocol::icmp) continue;
        verdict_.same = false;
        verdict_.differences.push_back("two entries answer to one tuple: " + to_string(done_.table[a]));
      }
    }
  }

  const Case& case_;
  const Replay& done_;
  Verdict verdict_;
  std::size_t found_ = 0;
  std::vector<std::uint16_t> chosen_;  // recorded ports that were random
  /// By protocol, inside endpoint, remote (zero where flows share) and recorded port: this gateway's.
  std::map<std::tuple<wire::Protocol, wire::Endpoint, wire::Endpoint, std::uint16_t>, std::uint16_t> choices_;
};

}  // namespace

Replay replay(const Case& c, box::Bench& bench) {
  Replay done;
  OwnNumbers numbers;
  const auto is_relative = [](const Step& step) {
    const Inject* injected = std::get_if<Inject>(&step);
    return injected && injected->relative;
  };
  const bool relative = std::ranges::any_of(c.steps, is_relative);
  const auto inject = [&](Inject i) {
    if (i.relative) numbers.make_real(i.bytes);
    return bench.inject(i.side, i.bytes);
  };
  for (std::size_t n = 0; n < c.steps.size(); ++n) {
    std::vector<box::Emerged> out = std::visit(Overloaded{inject, [&](const Wait& w) { return bench.wait(w.span); },
                                                          [&](const box::Action& a) { return bench.act(a); }},
                                               c.steps[n]);
    for (box::Emerged& packet : out) {
      if (relative) numbers.make_relative(packet.bytes);
      done.observed.push_back({n, packet.side, std::move(packet.bytes), {}});
    }
  }
  done.table = bench.table();
  return done;
}

Verdict judge(const Case& c, const Replay& done) { return Judge(c, done).judge(); }

std::string to_string(const Verdict& verdict) {
  std::string text = fmt::format("{} {}\n", verdict.same ? "ok" : "DIFF", verdict.name);
  for (const std::string& line : verdict.differences) text += "  " + line + '\n';
  return text;
}

}  // namespace masqsim::cases
