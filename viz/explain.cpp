#include "explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "masqsim/scenario/idle.hpp"
#include "masqsim/wire/describe.hpp"
#include "story.hpp"
#include "words.hpp"

namespace masqsim::viz {

namespace {

using trace::Kind;
using trace::OwnedRecord;

/// The packet as it reached the place: what a gateway did to it before it ended there is no part of its name.
wire::ByteView as_it_came(const trace::Record& r) { return r.before.empty() ? r.bytes : r.before; }

std::optional<wire::Tuple> tuple_of(wire::ByteView packet) { return wire::tuple_of(packet); }

/// Between the same two endpoints, in either direction.
bool same_ends(wire::ByteView a, wire::ByteView b) {
  const std::optional<wire::Tuple> x = tuple_of(a), y = tuple_of(b);
  if (!x || !y || x->protocol != y->protocol) return false;
  return (x->source == y->source && x->destination == y->destination) ||
         (x->source == y->destination && x->destination == y->source);
}

bool keeps_addresses(const trace::Record& r) {
  const std::optional<wire::Tuple> x = tuple_of(as_it_came(r)), y = tuple_of(r.bytes);
  return x && y && x->source == y->source && x->destination == y->destination;
}

}  // namespace

void Explanation::begin(const trace::Header& header) {
  header_ = header;
  for (std::size_t i = 0; i < header.flows.size(); ++i) {
    if (header.flows[i].id == flow_) id_ = static_cast<trace::FlowId>(i + 1);
  }
}

void Explanation::record(const trace::Record& r) {
  if (id_ == 0) return;
  note_entry(r);
  if (r.flow == id_) return note_own(r);
  const bool reset = r.kind == Kind::deliver && kind_text(r.bytes).starts_with("RST");
  if (reset && resets_.size() < most_others) resets_.push_back(OwnedRecord::from(r));
}

/// Entries are other flows' business, too: a stray packet may make one, a reset may end one.
void Explanation::note_entry(const trace::Record& r) {
  if (r.kind == Kind::change && r.row != nullptr && gone_.size() < most_others) {
    const auto entry = entries_.find({r.node, r.row->flow});
    gone_.push_back({OwnedRecord::from(r), entry == entries_.end() ? Time{} : entry->second.used, {}});
    return;
  }
  if (r.kind != Kind::translate) return;
  if (!gone_.empty() && !gone_.back().by) {
    const trace::Record& last = gone_.back().change.plain;
    if (last.node == r.node && last.at == r.at && gone_.back().change.row->flow == r.nat_flow) {
      gone_.back().by = OwnedRecord::from(r);
    }
  }
  if (r.nat_flow == 0) return;
  const auto entry = entries_.find({r.node, r.nat_flow});
  if (entry != entries_.end()) {
    entry->second.used = r.at;
  } else if (entries_.size() < most_others) {
    entries_.emplace(EntryName{r.node, r.nat_flow}, Entry{OwnedRecord::from(r), r.at});
  }
}

void Explanation::note_own(const trace::Record& r) {
  switch (r.kind) {
    case Kind::receive:
      if (came_by_.size() < most_others) came_by_[r.packet] = r.point;
      break;
    case Kind::drop: note_drop(r); break;
    case Kind::translate:
      if (keeps_addresses(r) && unchanged_.size() < most) unchanged_.push_back({OwnedRecord::from(r), came_by(r), {}});
      if (!r.steps.empty() && !keeps_addresses(r) && led_.size() < most) {
        led_.push_back({OwnedRecord::from(r), came_by(r), {}});
      }
      [[fallthrough]];
    case Kind::deliver:
      if (r.kind == Kind::deliver) last_arrival_ = OwnedRecord::from(r);
      if (way_.size() < most_way) {
        way_.push_back({OwnedRecord::from(r), came_by(r), {}});
      } else {
        ++untold_;
      }
      break;
    case Kind::send: note_send(r); break;
    default: break;
  }
}

void Explanation::note_send(const trace::Record& r) {
  if (r.node >= header_.nodes.size() || r.point >= header_.points.size()) return;
  if (initiator_ == trace::nowhere) initiator_ = r.node;
  if (r.cause != 0 && answers_.size() < most_others) {
    answers_.try_emplace(r.cause, header_.nodes[r.node].name + " answers " + long_kind(r.bytes));
  }
  bool told = false;  // the node's NAT has said what it did to the packet
  for (std::vector<Step>* steps : {&way_, &unchanged_, &led_}) {
    if (steps->empty()) continue;
    const trace::Record& last = steps->back().record.plain;
    if (last.packet != r.packet || last.node != r.node || last.kind != Kind::translate) continue;
    if (steps->back().out.empty()) steps->back().out = header_.points[r.point].network;
    told = true;
  }
  // A router, or a gateway without `nat`, says nothing: what came by it leaves as it was.
  const trace::NodeKind kind = header_.nodes[r.node].kind;
  const bool routes = kind == trace::NodeKind::router || kind == trace::NodeKind::gateway;
  if (told || !routes || came_by(r).empty() || unchanged_.size() >= most) return;
  unchanged_.push_back({OwnedRecord::from(r), came_by(r), header_.points[r.point].network});
}

/// The network by which the packet last came to the record's node; empty where the node made it.
std::string Explanation::came_by(const trace::Record& r) const {
  const auto found = came_by_.find(r.packet);
  if (found == came_by_.end() || found->second >= header_.points.size()) return {};
  const trace::PointInfo& point = header_.points[found->second];
  return point.node == r.node ? point.network : std::string();
}

void Explanation::note_drop(const trace::Record& r) {
  for (Ended& ended : drops_) {
    const trace::Record first = ended.first.view();
    if (first.node != r.node || first.reason != r.reason || first.point != r.point) continue;
    if (!same_ends(as_it_came(first), as_it_came(r)) || kind_text(first.bytes) != kind_text(r.bytes)) continue;
    ended.last_packet = r.packet;
    ended.last = r.at;
    ++ended.count;
    return;
  }
  const bool on_the_wire = r.reason == Reason::link_loss || r.reason == Reason::queue_full;
  if (drops_.size() < most) drops_.push_back({OwnedRecord::from(r), r.packet, r.at, on_the_wire ? "" : came_by(r)});
}

/// One explanation, block by block.
class Explanation::Teller {
 public:
  Teller(const Explanation& e, const scenario::Scenario& scenario, const scenario::Finished& finished,
         const Paint& paint)
      : e_(e), header_(e.header_), scenario_(scenario), paint_(paint) {
    const auto found = std::ranges::find(finished.flows, e.id_, &scenario::FlowOutcome::flow);
    if (found != finished.flows.end()) outcome_ = &*found;
  }

  std::string told() const {
    if (outcome_ == nullptr) return {};
    if (went_well(outcome_->result)) return headline() + way();
    const Ended* end = deciding();
    if (end != nullptr) return causes(*end) + drop(*end);
    std::string text = headline() + way();
    for (const Ended& ended : e_.drops_) text += drop(ended);
    if (e_.drops_.empty()) text += silence();
    return text;
  }

 private:
  std::string headline() const {
    const std::string result = result_word(outcome_->result);
    return fmt::format("{}: {}\n", printable(e_.flow_),
                       went_well(outcome_->result) ? paint_.good(result) : paint_.bad(result));
  }

  /// The drop that ended the flow, told by the first of those that are alike.
  const Ended* deciding() const {
    const auto ends = [&](const Ended& ended) {
      return ended.first.plain.reason == outcome_->reason && place_of(header_, ended.first.plain) == outcome_->at;
    };
    for (const Ended& ended : e_.drops_) {
      if (ended.last_packet == outcome_->packet && ends(ended)) return &ended;
    }
    const auto found = std::ranges::find_if(e_.drops_, ends);
    return found == e_.drops_.end() ? nullptr : &*found;
  }

  // --- where it was decided

  std::string causes(const Ended& end) const {
    std::string text = passed_unchanged(end);
    if (text.empty()) text = led_elsewhere(end);
    if (text.empty()) text = entry_went(end);
    if (text.empty()) text = was_reset(end);
    if (text.empty()) text = strange_entry(end);
    return text;
  }

  /// A router let a packet out with the source it came with: the answer to that, or the packet itself, ended later. The
  /// gateway that had rules for it is told, else the last router on the way.
  std::string passed_unchanged(const Ended& end) const {
    const trace::Record ended = end.first.view();
    const std::optional<wire::Tuple> last = tuple_of(ended.bytes);
    const bool matters = ended.reason == Reason::no_route || ended.reason == Reason::host_unreachable ||
                         ended.reason == Reason::reverse_path || ended.reason == Reason::not_for_us;
    if (!matters || !last) return {};
    const Step* found = nullptr;
    for (const Step& step : e_.unchanged_) {
      const trace::Record r = step.record.view();
      const std::optional<wire::Tuple> tuple = tuple_of(r.bytes);
      if (!tuple || r.at > ended.at || r.reason != Reason::none || r.node == ended.node) continue;
      const bool inside = tuple->source.address.is_private() || tuple->source.address.is_shared();
      const bool concerns = r.packet == ended.packet || last->destination.address == tuple->source.address;
      if (!inside || !concerns) continue;
      if (found == nullptr || found->record.plain.packet == r.packet) found = &step;
      if (r.kind == Kind::translate) break;
    }
    return found == nullptr ? "" : told_pass(*found);
  }

  std::string told_pass(const Step& step) const {
    const trace::Record r = step.record.view();
    const std::string head_line = head(r, as_it_came(r), step.in, step.out);
    if (r.kind != Kind::translate) {
      const std::string& name = header_.nodes[r.node].name;
      const auto index = scenario_.node_named(name);
      const bool gateway = index && scenario_.nodes[*index].kind == scenario::NodeKind::gateway;
      const std::string why = gateway ? "its nat is none" + position_of_nat(name) : "it is a router";
      return head_line +
             paint_.bad(fmt::format("  => {} translates nothing, {}; the source stays as it is", name, why)) + '\n';
    }
    return head_line + (r.steps.empty() ? older_than_its_rules(r) : steps(r)) +
           paint_.bad("  => passes with its addresses unchanged") + '\n';
  }
  std::string position_of_nat(const std::string& gateway) const {
    const auto found = scenario_.places.of.find("nodes." + gateway + ".nat");
    if (found == scenario_.places.of.end() || found->second.line == 0) return {};
    return fmt::format(" ({}:{})", found->second.line, found->second.column);
  }

  /// A forward gave the packet, or the one that it answers, the destination where it ended.
  std::string led_elsewhere(const Ended& end) const {
    const trace::Record ended = end.first.view();
    const std::optional<wire::Tuple> last = tuple_of(ended.bytes);
    if (!last) return {};
    for (const Step& step : e_.led_) {
      const trace::Record r = step.record.view();
      const std::optional<wire::Tuple> before = tuple_of(as_it_came(r)), after = tuple_of(r.bytes);
      if (!before || !after || r.at > ended.at || before->destination == after->destination) continue;
      const bool concerns = r.packet == ended.packet || after->destination == last->source;
      if (!concerns) continue;
      return head(r, as_it_came(r), step.in, step.out) + steps(r) +
             fmt::format("  => goes on to {}\n", to_string(after->destination));
    }
    return {};
  }

  /// An entry keeps the translation that it began with, whatever the rules say since.
  std::string older_than_its_rules(const trace::Record& r) const {
    const auto entry = e_.entries_.find({r.node, r.nat_flow});
    if (entry == e_.entries_.end()) return {};
    const Time made = entry->second.made.plain.at;
    for (const scenario::Action& action : scenario_.actions) {
      const auto* set = action.set ? std::get_if<scenario::SetNat>(&*action.set) : nullptr;
      if (set == nullptr || action.at < made || action.at > r.at) continue;
      if (scenario_.nodes[set->node].name != header_.nodes[r.node].name) continue;
      return fmt::format("    entry {} was made at {} s, before the rules of {} s ({}:{}); it keeps its translation\n",
                         r.nat_flow, seconds(made, 6), seconds(action.at, 6), action.position.line,
                         action.position.column);
    }
    return {};
  }

  static bool asks_for_an_entry(Reason reason) {
    switch (reason) {
      case Reason::no_mapping:
      case Reason::mapping_expired:
      case Reason::filtered:
      case Reason::unsolicited:
      case Reason::hairpin_off:
      case Reason::stale:
      case Reason::invalid:
      case Reason::no_route:
      case Reason::wrong_peer:
      case Reason::refused: return true;
      default: return false;
    }
  }

  /// The entry that the packet would have needed had gone before.
  std::string entry_went(const Ended& end) const {
    const trace::Record ended = end.first.view();
    const std::optional<wire::Tuple> last = tuple_of(as_it_came(ended));
    if (!asks_for_an_entry(ended.reason) || !last) return {};
    for (const Gone& gone : e_.gone_) {
      const trace::Row& row = *gone.change.row;
      if (gone.change.plain.at >= ended.at || row.protocol != last->protocol) continue;
      const auto is_end = [&](const wire::Endpoint& e) { return e == last->source || e == last->destination; };
      const auto made = e_.entries_.find({gone.change.plain.node, row.flow});
      const bool own = made != e_.entries_.end() && made->second.made.plain.flow == e_.id_;
      const bool needed = is_end(row.outside) || (own && (is_end(row.inside) || is_end(row.remote)));
      if (needed && ended.packet != by_packet(gone)) return told_end(gone);
    }
    return {};
  }
  static std::uint64_t by_packet(const Gone& gone) { return gone.by ? gone.by->plain.packet : 0; }

  /// "gw, 31.011000 s: mapping #1, 192.168.1.10:5000 as 203.0.113.5:5000, expired: no packet for 30s (timeouts.udp
  /// 17:20)"
  std::string told_end(const Gone& gone) const {
    const trace::Record change = gone.change.view();
    const trace::Row& row = *gone.change.row;
    const std::string which =
        row.number == 0 ? fmt::format("entry {}", row.flow) : fmt::format("mapping #{}", row.number);
    std::string text = fmt::format("{}, {} s: {} {}, {} as {} with {}, {}, {}", header_.nodes[change.node].name,
                                   seconds(change.at, 6), to_string(row.protocol), which, to_string(row.inside),
                                   to_string(row.outside), to_string(row.remote), row.state, change.text);
    if (change.text == "expired") {
      text += why_expired(gone);
    } else if (change.text == "evicted") {
      text += ": the table was full, and a new flow took its place" +
              position(header_.nodes[change.node].name, "nat.limits.table", change.at);
    } else if (change.text == "flushed") {
      text += ": a set flushed the table";
    } else if (gone.by) {
      const trace::Record by = gone.by->view();
      const std::string whose = by.flow == e_.id_ ? "" : " of flow " + printable(flow_id(by.flow));
      text += fmt::format(": packet {}{}, {}, ended it", by.packet, whose, long_kind(by.bytes));
    }
    return text + '\n';
  }

  std::string why_expired(const Gone& gone) const {
    const trace::Record change = gone.change.view();
    const std::string gateway = header_.nodes[change.node].name;
    const scenario::NatSpec* spec = spec_at(gateway, change.at);
    const Duration idle = change.at - gone.idle_since;
    const std::string key = spec == nullptr ? "" : scenario::idle_key(*gone.change.row, idle, spec->config.timeouts);
    if (key.empty()) return "";
    return fmt::format(": no packet for {}, timeouts.{}{}", to_string(idle), key,
                       position(gateway, "nat.timeouts." + key, change.at));
  }

  std::string_view flow_id(trace::FlowId flow) const {
    return flow == 0 || flow > header_.flows.size() ? "-" : std::string_view(header_.flows[flow - 1].id);
  }

  /// Another flow's reset reached this flow's connection.
  std::string was_reset(const Ended& end) const {
    const trace::Record ended = end.first.view();
    if (ended.reason != Reason::stale) return {};
    for (const OwnedRecord& owned : e_.resets_) {
      const trace::Record r = owned.view();
      if (r.node != ended.node || r.at > ended.at || !same_ends(r.bytes, ended.bytes)) continue;
      return head(r, r.bytes, {}, {}) +
             paint_.bad(fmt::format("  => RST of flow {} breaks the connection off", printable(flow_id(r.flow)))) +
             '\n';
    }
    return {};
  }

  /// The packet fits an entry that another flow made.
  std::string strange_entry(const Ended& end) const {
    const trace::Record ended = end.first.view();
    for (const auto& [name, entry] : e_.entries_) {
      const trace::Record made = entry.made.view();
      if (name.first != ended.node || made.flow == e_.id_ || made.at > ended.at) continue;
      if (!same_ends(as_it_came(made), as_it_came(ended)) && !same_ends(made.bytes, as_it_came(ended))) continue;
      return head(made, as_it_came(made), {}, {}) +
             fmt::format("  => made entry {} of flow {}, which such packets belong to from then on\n", name.second,
                         printable(flow_id(made.flow)));
    }
    return {};
  }

  // --- blocks

  std::string head(const trace::Record& r, wire::ByteView packet, std::string_view in, std::string_view out) const {
    std::string ways;
    if (!in.empty()) ways += fmt::format(", in: {}", in);
    if (!out.empty()) ways += fmt::format(", out: {}", out);
    return fmt::format("packet {}: {} {}, {}, {} s{}\n", r.packet, kind_text(packet), endpoints_text(packet),
                       place_of(header_, r), seconds(r.at, 6), ways);
  }

  std::string steps(const trace::Record& r, std::string_view indent = "  ") const {
    const std::string place = place_of(header_, r);
    std::size_t width = 0;
    std::vector<std::string> questions;
    for (const masqsim::Step& step : r.steps) {
      questions.push_back(printable(step.question));
      const std::size_t at = questions.back().find("the gateway");
      if (at != std::string::npos) questions.back().replace(at, 11, place);
      width = std::max(width, questions.back().size());
    }
    std::string text;
    std::size_t number = 0;
    for (const masqsim::Step& step : r.steps) {
      std::string line = fmt::format("{}{} {}  {}", indent, number + 1, padded(questions[number], width),
                                     padded(step.yes ? "yes" : "no", 3));
      ++number;
      if (!step.detail.empty()) line += "  " + printable(step.detail) + position(place, step.key, r.at);
      line.resize(line.find_last_not_of(' ') + 1);
      text += line + '\n';
    }
    return text;
  }

  std::string drop(const Ended& ended) const {
    const trace::Record r = ended.first.view();
    std::string text = head(r, as_it_came(r), ended.in, {}) + steps(r);
    const auto answer = e_.answers_.find(r.packet);
    const std::string_view why = r.text.empty() ? sentence(r.reason) : r.text;
    std::string then = answer == e_.answers_.end() ? "nobody is told" : answer->second;
    if (ended.count > 1) {
      then += fmt::format("; {} more alike", ended.count - 1);
      if (ended.last != r.at) then += fmt::format(" until {} s", seconds(ended.last, 6));
    }
    const std::string reason =
        r.steps.empty() ? fmt::format("{}: {}", reason_word(r.reason), printable(why)) : std::string(word(r.reason));
    return text + paint_.bad(fmt::format("  => {}; {}", reason, then)) + '\n';
  }

  std::string way() const {
    std::string text;
    std::size_t number = 0, places = 0, kinds = 0;
    for (const Step& step : e_.way_) {
      places = std::max(places, place_of(header_, step.record.view()).size());
      kinds = std::max(kinds, kind_text(step.record.view().bytes).size());
    }
    for (const Step& step : e_.way_) {
      const trace::Record r = step.record.view();
      const std::string place = padded(place_of(header_, r), places);
      std::string line =
          fmt::format("  {} {} s  {}  {}  ", ++number, seconds(r.at, 6), place, padded(kind_text(r.bytes), kinds));
      if (r.kind == Kind::translate) {
        const std::vector<trace::FieldChange> changes = trace::changes_of(r.before, r.bytes);
        line += rewrite_text(changes) + mapping_text(r) + helper_text(changes);
        if (gateway_has_a_choice(r.node) && !step.out.empty()) line += "  out by " + step.out;
        line += '\n' + steps(r, "       ");
      } else {
        line += "arrives, source " + source_text(r.bytes) + '\n';
      }
      text += line;
    }
    if (e_.untold_ > 0) text += fmt::format("  and {} more (masqsim run --all)\n", e_.untold_);
    return text.empty() ? paint_.dim("  no packet of it was translated or delivered") + '\n' : text;
  }

  bool gateway_has_a_choice(trace::NodeId node) const { return legs(header_, node) > 2; }

  /// Nothing of it was dropped, and yet nobody answered, or not in time.
  std::string silence() const {
    if (!e_.last_arrival_) return {};
    const trace::Record r = e_.last_arrival_->view();
    const std::string place = place_of(header_, r);
    const std::string what =
        r.node == e_.initiator_
            ? fmt::format("an answer reached {} at {} s, later than it was waited for", place, seconds(r.at, 6))
            : fmt::format("nothing of it was dropped: its last packet reached {} at {} s ({}), and no answer came",
                          place, seconds(r.at, 6), printable(r.text));
    return paint_.bad("  => " + what) + '\n';
  }

  // --- places in the file

  /// The gateway's `nat` as it was at that time.
  const scenario::NatSpec* spec_at(std::string_view gateway, Time at) const {
    const auto index = scenario_.node_named(gateway);
    if (!index || !scenario_.nodes[*index].nat) return nullptr;
    const scenario::NatSpec* spec = &*scenario_.nodes[*index].nat;
    for (const scenario::Action& action : scenario_.actions) {
      const auto* set = action.set ? std::get_if<scenario::SetNat>(&*action.set) : nullptr;
      if (set != nullptr && set->node == *index && action.at <= at) spec = &set->nat;
    }
    return spec;
  }

  /// " (22:16)": where the file decides `key` for the gateway; empty where it does not say.
  std::string position(std::string_view gateway, std::string_view key, Time at) const {
    const scenario::NatSpec* spec = spec_at(gateway, at);
    if (spec == nullptr || !key.starts_with("nat")) return {};
    std::string path = key.size() > 4 ? std::string(key.substr(4)) : "";
    rule_of(path, "source-rule.", spec->source_keys);
    rule_of(path, "destination-rule.", spec->destination_keys);
    for (;; path.resize(path.rfind('.'))) {
      const scenario::Position found = place_in_file(gateway, path, at);
      if (found.line != 0) return fmt::format(" ({}:{})", found.line, found.column);
      if (path.find('.') == std::string::npos) break;
    }
    const scenario::Position own = path == "forward" ? spec->forward_position : scenario::Position{};
    return own.line == 0 ? "" : fmt::format(" ({}:{})", own.line, own.column);
  }

  /// "source-rule.3.out" => "masquerade.0.out"
  static void rule_of(std::string& path, std::string_view lead, const std::vector<std::string>& keys) {
    if (!path.starts_with(lead)) return;
    const std::string rest = path.substr(lead.size());
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    std::size_t number = 0;
    for (const char c : rest.substr(0, dot)) number = number * 10 + static_cast<std::size_t>(c - '0');
    path = number < keys.size() ? keys[number] + rest.substr(dot) : "";
  }

  scenario::Position place_in_file(std::string_view gateway, const std::string& path, Time at) const {
    const auto& places = scenario_.places.of;
    for (std::size_t n = scenario_.actions.size(); n-- > 0;) {
      const scenario::Action& action = scenario_.actions[n];
      const auto* set = action.set ? std::get_if<scenario::SetNat>(&*action.set) : nullptr;
      if (set == nullptr || action.at > at || scenario_.nodes[set->node].name != gateway) continue;
      const auto found = places.find(fmt::format("actions.{}.set.nat.{}", n, path));
      if (found != places.end()) return found->second;
    }
    const auto found = places.find(fmt::format("nodes.{}.nat{}{}", gateway, path.empty() ? "" : ".", path));
    return found == places.end() ? scenario::Position{} : found->second;
  }

  const Explanation& e_;
  const trace::Header& header_;
  const scenario::Scenario& scenario_;
  const Paint& paint_;
  const scenario::FlowOutcome* outcome_ = nullptr;
};

std::string Explanation::told(const scenario::Scenario& scenario, const scenario::Finished& finished,
                              const std::optional<scenario::Remedy>& remedy, const Paint& paint) const {
  std::string text = Teller(*this, scenario, finished, paint).told();
  if (remedy) {
    text += fmt::format("Would pass with: {}   ({}; tried: the same run with it is {})\n", remedy->change,
                        remedy->where, result_word(remedy->result));
  }
  return text;
}

}  // namespace masqsim::viz
