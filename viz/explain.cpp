#include "explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "story.hpp"
#include "words.hpp"

namespace masqsim::viz {

namespace {

using trace::Kind;
using trace::OwnedRecord;

/// " (22:16)": where the file decides `key` for the gateway; empty where it does not say.
std::string position_text(const scenario::Scenario& scenario, std::string_view gateway, std::string_view key) {
  const auto index = scenario.node_named(gateway);
  if (!index || key.empty()) return {};
  const scenario::Node& node = scenario.nodes[*index];
  if (!node.nat) return {};
  scenario::Position at;
  if (key == "nat.forward") at = node.nat->forward_position;
  if (key == "nat.masquerade" && !node.nat->masquerade.empty()) at = node.nat->masquerade.front().position;
  return at.line == 0 ? "" : fmt::format(" ({}:{})", at.line, at.column);
}

}  // namespace

void Explanation::begin(const trace::Header& header) {
  header_ = header;
  for (std::size_t i = 0; i < header.flows.size(); ++i) {
    if (header.flows[i].id == flow_) id_ = static_cast<trace::FlowId>(i + 1);
  }
}

void Explanation::record(const trace::Record& r) {
  if (id_ == 0 || r.flow != id_) return;
  switch (r.kind) {
    case Kind::receive:
      if (came_by_.size() < 4096) came_by_[r.packet] = r.point;
      break;
    case Kind::drop:
      if (drops_.size() < most) drops_.push_back(OwnedRecord::from(r));
      break;
    case Kind::translate:
    case Kind::deliver:
      if (way_.size() < 8) {
        way_.push_back(OwnedRecord::from(r));
      } else {
        ++untold_;
      }
      break;
    case Kind::send:
      if (r.cause != 0 && answers_.size() < 4096 && r.node < header_.nodes.size()) {
        answers_.try_emplace(r.cause, header_.nodes[r.node].name + " answers " + long_kind(r.bytes));
      }
      break;
    default: break;
  }
}

const OwnedRecord* Explanation::deciding_drop(const scenario::Finished& finished) const {
  for (const scenario::FlowOutcome& o : finished.flows) {
    if (o.flow != id_ || went_well(o.result)) continue;
    for (const OwnedRecord& drop : drops_) {
      if (drop.plain.packet == o.packet && drop.plain.reason == o.reason) return &drop;
    }
  }
  return nullptr;
}

std::string Explanation::told_drop(const scenario::Scenario& scenario, const OwnedRecord& drop,
                                   const Paint& paint) const {
  const trace::Record r = drop.view();
  const std::string place = place_of(header_, r);
  const auto came_by = came_by_.find(r.packet);
  std::string in;
  if (came_by != came_by_.end() && came_by->second < header_.points.size() &&
      header_.points[came_by->second].node == r.node && place == header_.nodes[r.node].name) {
    in = ", in: " + header_.points[came_by->second].network;
  }
  std::string text = fmt::format("packet {}: {} {}, {}, {} s{}\n", r.packet, kind_text(r.bytes),
                                 endpoints_text(r.bytes), place, seconds(r.at, 6), in);
  std::size_t question = 0;
  std::vector<std::string> questions;
  for (const Step& step : r.steps) {
    questions.push_back(printable(step.question));
    const std::size_t at = questions.back().find("the gateway");
    if (at != std::string::npos) questions.back().replace(at, 11, place);
    question = std::max(question, questions.back().size());
  }
  std::size_t number = 0;
  for (const Step& step : r.steps) {
    std::string line =
        fmt::format("  {} {}  {}", number + 1, padded(questions[number], question), padded(step.yes ? "yes" : "no", 3));
    ++number;
    if (!step.detail.empty()) line += "  " + printable(step.detail) + position_text(scenario, place, step.key);
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  const auto answer = answers_.find(r.packet);
  const std::string_view why = r.text.empty() ? sentence(r.reason) : r.text;
  const std::string then = answer == answers_.end() ? "nobody is told" : answer->second;
  if (r.steps.empty()) {
    text += paint.bad(fmt::format("  => {}: {}; {}", word(r.reason), printable(why), then)) + '\n';
  } else {
    text += paint.bad(fmt::format("  => {}; {}", word(r.reason), then)) + '\n';
  }
  return text;
}

std::string Explanation::told_way(const Paint& paint) const {
  std::string text;
  std::size_t number = 0;
  std::size_t places = 0, kinds = 0;
  for (const OwnedRecord& owned : way_) {
    places = std::max(places, place_of(header_, owned.view()).size());
    kinds = std::max(kinds, kind_text(owned.view().bytes).size());
  }
  for (const OwnedRecord& owned : way_) {
    const trace::Record r = owned.view();
    const std::string place = padded(place_of(header_, r), places);
    std::string line =
        fmt::format("  {} {} s  {}  {}  ", ++number, seconds(r.at, 6), place, padded(kind_text(r.bytes), kinds));
    line += r.kind == Kind::translate ? rewrite_text(trace::changes_of(r.before, r.bytes)) + mapping_text(r)
                                      : "arrives, source " + source_text(r.bytes);
    text += line + '\n';
  }
  if (untold_ > 0) text += fmt::format("  and {} more (masqsim run --all)\n", untold_);
  return text.empty() ? paint.dim("  no packet of it was translated or delivered") + '\n' : text;
}

std::string Explanation::told(const scenario::Scenario& scenario, const scenario::Finished& finished,
                              const std::optional<scenario::Remedy>& remedy, const Paint& paint) const {
  const auto outcome = std::ranges::find(finished.flows, id_, &scenario::FlowOutcome::flow);
  if (outcome == finished.flows.end()) return {};
  const std::string result = result_word(outcome->result);
  std::string text;
  if (const OwnedRecord* decided = deciding_drop(finished)) {
    text += told_drop(scenario, *decided, paint);
  } else {
    text +=
        fmt::format("{}: {}\n", printable(flow_), went_well(outcome->result) ? paint.good(result) : paint.bad(result));
    text += told_way(paint);
    for (const OwnedRecord& drop : drops_) text += told_drop(scenario, drop, paint);
  }
  if (remedy) {
    text += fmt::format("Would pass with: {}   (tried: the same run with it is {})\n", remedy->change,
                        result_word(remedy->result));
  }
  return text;
}

}  // namespace masqsim::viz
