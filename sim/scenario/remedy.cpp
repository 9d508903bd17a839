#include "masqsim/scenario/remedy.hpp"

#include <algorithm>

#include "proposals.hpp"

namespace masqsim::scenario {

namespace {

/// Makes the run judge flows also where the file expects nothing.
class Nobody final : public trace::Sink {
 public:
  void record(const trace::Record&) override {}
};

bool succeeds(const std::optional<Result>& result) { return result && is_good(*result) && *result != Result::sent; }

const FlowOutcome* outcome_of(const Finished& finished, std::string_view id) {
  const auto found = std::ranges::find(finished.flows, id, &FlowOutcome::id);
  return found == finished.flows.end() ? nullptr : &*found;
}

std::optional<ActionIndex> action_of(const Scenario& scenario, const std::string& flow) {
  const std::optional<ActionIndex> whole = scenario.action_with_id(flow);
  return whole ? whole : scenario.action_with_id(flow.substr(0, flow.rfind('.')));
}

/// Everybody who did well still does.
bool harms_nobody(const Finished& before, const Finished& after) {
  return std::ranges::all_of(before.flows, [&](const FlowOutcome& flow) {
    if (!succeeds(flow.result)) return true;
    const FlowOutcome* now = outcome_of(after, flow.id);
    return now == nullptr || succeeds(now->result);
  });
}

/// Runs what the user wrote with a change; nothing where the file is no longer good then.
std::optional<Finished> tried(const Written& written, const Proposal& proposal, const RunOptions& within) {
  LoadOptions options = written.options;
  options.edits = proposal.edits;
  const Loaded loaded = load_text(written.text, options, written.stem);
  if (!loaded.scenario) return std::nullopt;
  if (!breaches(estimate(*loaded.scenario), within.limits).empty()) return std::nullopt;
  Nobody nobody;
  return run(*loaded.scenario, {.sinks = {&nobody}, .limits = within.limits, .stop = within.stop});
}

}  // namespace

std::optional<Remedy> remedy(const Written& written, const Scenario& scenario, const Finished& finished,
                             std::string_view id, const RunOptions& within) {
  const FlowOutcome* failed = outcome_of(finished, id);
  if (failed == nullptr || succeeds(failed->result) || finished.events > most_events) return std::nullopt;
  const std::optional<ActionIndex> action = action_of(scenario, failed->id);
  if (!action || scenario.actions[*action].verb == Verb::set || scenario.actions[*action].verb == Verb::raw) {
    return std::nullopt;
  }
  const std::optional<Manuscript> manuscript = manuscript_of(written);
  if (!manuscript) return std::nullopt;
  FlowFacts facts(failed->flow, failed->packet);
  run(scenario, {.sinks = {&facts}, .limits = within.limits, .stop = within.stop});
  std::uint64_t events = finished.events;
  int trials = 0;
  for (const Proposal& proposal : proposals(scenario, *manuscript, *failed, *action, facts)) {
    if (++trials > most_remedies || events > most_events) break;
    const std::optional<Finished> after = tried(written, proposal, within);
    if (!after) continue;
    if (after->broken_off) break;
    events += after->events;
    const FlowOutcome* now = outcome_of(*after, failed->id);
    if (now != nullptr && succeeds(now->result) && harms_nobody(finished, *after)) {
      return Remedy{proposal.change, proposal.where, *now->result};
    }
  }
  return std::nullopt;
}

}  // namespace masqsim::scenario
