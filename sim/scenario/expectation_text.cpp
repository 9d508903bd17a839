#include "expectation_text.hpp"

#include <fmt/format.h>

namespace masqsim::scenario {

namespace {

std::string pattern_text(const TablePattern& pattern) {
  std::string text = pattern.protocol ? wire::to_string(*pattern.protocol) : "any protocol";
  const auto part = [&](std::string_view name, const std::optional<wire::Endpoint>& e, bool any_port) {
    if (e) text += fmt::format(" {} {}", name, endpoint_text(*e, !any_port));
  };
  part("inside", pattern.inside, pattern.any_inside_port);
  part("as", pattern.outside, pattern.any_outside_port);
  part("remote", pattern.remote, pattern.any_remote_port);
  return pattern.state.empty() ? text : text + " " + pattern.state;
}

}  // namespace

std::string endpoint_text(wire::Endpoint e, bool has_port) {
  return has_port ? wire::to_string(e) : wire::to_string(e.address);
}

std::string text_of(const Scenario& scenario, const FlowExpectation& expected) {
  std::string text = "flow " + scenario.actions[expected.flow].id;
  if (expected.member != 0) text += fmt::format(".{}", expected.member);
  text += ":";
  if (expected.count) text += fmt::format(" {} x", *expected.count);
  if (expected.result) text += fmt::format(" {}", word(*expected.result));
  if (expected.not_result) text += fmt::format(" not {}", word(*expected.not_result));
  if (expected.at) text += " at " + scenario.name_of(*expected.at);
  if (expected.reason) text += fmt::format(" ({})", word(*expected.reason));
  for (const Seen& seen : expected.seen) {
    text += fmt::format(", {} sees", scenario.name_of(seen.node));
    for (const SeenSource& as : seen.as) {
      text += fmt::format("{} {}", &as == &seen.as.front() ? "" : ", then", endpoint_text(as.endpoint, !as.any_port));
    }
  }
  if (expected.replies) text += fmt::format(", {} replies", *expected.replies);
  if (expected.arrived) text += fmt::format(", {} bytes arrive", *expected.arrived);
  if (expected.received) text += fmt::format(", {} bytes are received", *expected.received);
  if (!expected.path.empty()) text += ", path";
  for (const Place& place : expected.path) text += " " + scenario.name_of(place);
  return text;
}

std::string text_of(const Scenario& scenario, const TableExpectation& expected) {
  std::string text = "table of " + scenario.name_of(NodeRef{expected.gateway, 0});
  text += expected.at ? " at " + to_string(*expected.at - Time{}) + ":" : " at the end:";
  std::string parts;
  if (expected.count) parts = fmt::format(" {} {}", *expected.count, *expected.count == 1 ? "entry" : "entries");
  for (const TablePattern& pattern : expected.has) parts += (parts.empty() ? " " : ", ") + pattern_text(pattern);
  for (const TablePattern& pattern : expected.lacks) {
    parts += (parts.empty() ? " not " : ", not ") + pattern_text(pattern);
  }
  return text + parts;
}

std::string rows_text(const std::vector<trace::Row>& rows) {
  if (rows.empty()) return "the table is empty";
  std::string text = rows.size() == 1 ? "one entry: " : fmt::format("{} entries: ", rows.size());
  for (std::size_t n = 0; n < rows.size() && n < 3; ++n) {
    text += fmt::format("{}{} inside {} as {} remote {} {}", n > 0 ? "; " : "", wire::to_string(rows[n].protocol),
                        wire::to_string(rows[n].inside), wire::to_string(rows[n].outside),
                        wire::to_string(rows[n].remote), rows[n].state);
  }
  return text + (rows.size() > 3 ? "; ..." : "");
}

std::string phrase(const FlowOutcome& outcome) {
  std::string text = outcome.result ? std::string(word(*outcome.result)) : "no result by the end of the run";
  if (!outcome.at.empty()) text += " at " + outcome.at;
  if (outcome.reason != Reason::none) text += fmt::format(" ({})", word(outcome.reason));
  return text;
}

}  // namespace masqsim::scenario
