// masqsim explain FILE [FLOW]: where a flow's fate was decided, step by step, and what would help.
#include "viz/explain.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "gateway.hpp"
#include "limits.hpp"
#include "program.hpp"
#include "viz/story.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  LimitArguments limits;
  std::string flow;
  GatewayArguments gateway;
};

using scenario::Finished;
using scenario::FlowOutcome;

/// The flow to explain, and what is said before its explanation where the user did not name it.
struct Choice {
  std::string flow;  ///< empty: all went well
  std::string said{};
};

/// "echo" of "echo.17"; empty for a flow that is no member's.
std::string group_of(const std::string& flow) {
  const std::size_t dot = flow.rfind('.');
  const bool numbered = dot != std::string::npos && dot + 1 < flow.size() &&
                        flow.find_first_not_of("0123456789", dot + 1) == std::string::npos;
  return numbered ? flow.substr(0, dot) : "";
}

std::string how_it_ended(const FlowOutcome& flow) {
  std::string text = viz::result_word(flow.result);
  if (!flow.at.empty()) text += " at " + flow.at;
  if (flow.reason != Reason::none) text += " (" + std::string(word(flow.reason)) + ")";
  return text;
}

/// Of a group the first member that fared ill, and how many fared like it.
Choice of_group(const Finished& finished, const std::string& group) {
  const FlowOutcome* chosen = nullptr;
  std::size_t members = 0, alike = 0;
  for (const FlowOutcome& flow : finished.flows) {
    if (group_of(flow.id) != group) continue;
    ++members;
    if (chosen == nullptr || (viz::went_well(chosen->result) && !viz::went_well(flow.result))) chosen = &flow;
  }
  if (chosen == nullptr) return {};
  for (const FlowOutcome& flow : finished.flows) {
    const bool same = flow.result == chosen->result && flow.reason == chosen->reason && flow.at == chosen->at;
    if (group_of(flow.id) == group && same) ++alike;
  }
  return {chosen->id, chosen->id + " stands for " + std::to_string(alike) + " of " + std::to_string(members) +
                          " members that ended so: " + how_it_ended(*chosen)};
}

/// The first flow that failed its expectation, else the first that fared ill.
Choice of_all(const Finished& finished) {
  const FlowOutcome* ill = nullptr;
  for (const scenario::Verdict& verdict : finished.expectations) {
    if (verdict.met || verdict.flow.empty()) continue;
    for (const FlowOutcome& flow : finished.flows) {
      const bool about = flow.id == verdict.flow || group_of(flow.id) == verdict.flow;
      if (about && (ill == nullptr || (viz::went_well(ill->result) && !viz::went_well(flow.result)))) ill = &flow;
    }
    if (ill != nullptr) return {ill->id, ill->id + " did not meet its expectation: " + how_it_ended(*ill)};
  }
  const auto found =
      std::ranges::find_if(finished.flows, [](const FlowOutcome& f) { return !viz::went_well(f.result); });
  if (found == finished.flows.end()) return {};
  return {found->id, found->id + " is the first that failed: " + how_it_ended(*found)};
}

Choice chosen_flow(const Finished& finished, const std::string& named) {
  if (named.empty()) return of_all(finished);
  if (std::ranges::find(finished.flows, named, &FlowOutcome::id) != finished.flows.end()) return {named};
  const Choice group = of_group(finished, named);
  if (group.flow.empty()) throw UsageError("no flow is called '" + named + "'", flow_hint(finished));
  return group;
}

/// Makes the run judge flows also where the file expects nothing.
class Nobody final : public trace::Sink {
 public:
  void record(const trace::Record&) override {}
};

Finished run_into(const scenario::Scenario& scenario, scenario::RunOptions options, Gateway& gateway,
                  trace::Sink& sink) {
  options.sinks.push_back(&sink);
  options.gateways = gateway.maker();
  return scenario::run(scenario, options);
}

int explain(const Arguments& arguments) {
  Gateway gateway = arguments.gateway.chosen();
  const scenario::Loaded loaded = arguments.scenario.load_written();
  const scenario::Scenario& scenario = *loaded.scenario;
  if (const std::string why = gateway.reason_to_skip(arguments.scenario.file, scenario); !why.empty()) {
    return tell_skipped(arguments.scenario.file, why);
  }
  const scenario::RunOptions options = arguments.limits.options();
  tell_if_too_large(arguments.scenario.file, scenario, options.limits);
  Nobody nobody;
  const Finished first = run_into(scenario, options, gateway, nobody);
  if (options.stop->asked != 0) return ended(first, Exit::good);  // what ended it would end the second run as well
  const Choice choice = chosen_flow(first, arguments.flow);
  viz::Explanation explanation(choice.flow);
  const Finished finished = run_into(scenario, options, gateway, explanation);
  if (choice.flow.empty()) {
    print((finished.flows.empty() ? "" : "every flow went well; ") + flow_hint(finished) + '\n');
    return ended(finished, Exit::good);
  }
  gateway.tell_doubts();
  // Remedies are tried on this project's own gateway, which tells of no other, by running the scenario again; what did
  // not end once would not end then.
  std::optional<scenario::Remedy> remedy;
  if (gateway.kind() == Gateway::Kind::own && !finished.broken_off) {
    remedy = scenario::remedy(loaded.written, scenario, finished, choice.flow, options);
  }
  const std::string said = choice.said.empty() ? "" : printable(choice.said) + '\n';
  print(said + explanation.told(scenario, finished, remedy, paint_of_stdout()), paint_of_stdout());
  return ended(finished, Exit::good);
}

}  // namespace

void add_explain(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("explain", "say why a flow ended as it did, step by step, and what would let it pass");
  arguments->scenario.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->add_option("flow", arguments->flow,
                   "the flow's id; of a group its id, or a member's ID.N; else the first flow that failed");
  arguments->gateway.add_to(*verb);
  arguments->gateway.add_real_time_to(*verb);
  verb->footer("Example:\n  masqsim explain scenarios/03-inbound-fails.yaml public");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return explain(*arguments); }; });
}

}  // namespace masqsim::cli
