// masqsim explain FILE FLOW: the decision steps, and what would help.
#include "viz/explain.hpp"

#include <algorithm>
#include <memory>

#include "program.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  std::string flow;
};

int explain(const Arguments& arguments) {
  const scenario::Scenario scenario = arguments.scenario.load();
  viz::Explanation explanation(arguments.flow);
  scenario::RunOptions options;
  options.sinks.push_back(&explanation);
  const scenario::Finished finished = scenario::run(scenario, options);
  if (std::ranges::find(finished.flows, arguments.flow, &scenario::FlowOutcome::id) == finished.flows.end()) {
    throw UsageError("no flow is called '" + arguments.flow + "'", flow_hint(finished));
  }
  print(explanation.told(scenario, finished, scenario::remedy(scenario, finished, arguments.flow), paint_of_stdout()));
  return Exit::good;
}

}  // namespace

void add_explain(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("explain", "say why a flow ended as it did, step by step, and what would let it pass");
  arguments->scenario.add_to(*verb);
  verb->add_option("flow", arguments->flow, "the flow's id; of a group's member: ID.N")->required();
  verb->footer("Example:\n  masqsim explain scenarios/03-inbound-fails.yaml public");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return explain(*arguments); }; });
}

}  // namespace masqsim::cli
