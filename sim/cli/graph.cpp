// masqsim graph FILE: the topology, or the way of one flow, as DOT or as a picture.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "masqsim/base/output.hpp"
#include "program.hpp"
#include "viz/dot.hpp"
#include "viz/render.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  std::string flow;
  std::string type;
  std::string output = "-";
};

std::string path_of(const scenario::Scenario& scenario, const std::string& flow) {
  viz::FlowPath path(flow);
  scenario::RunOptions options;
  options.sinks.push_back(&path);
  const scenario::Finished finished = scenario::run(scenario, options);
  if (std::ranges::find(finished.flows, flow, &scenario::FlowOutcome::id) == finished.flows.end()) {
    throw UsageError("no flow is called '" + flow + "'", flow_hint(finished));
  }
  return path.told(scenario, finished);
}

/// Without -T the name of the output decides: map.svg is SVG.
viz::Picture picture_of(const Arguments& arguments) {
  constexpr const char* known = "dot, svg, png or pdf";
  if (arguments.type.empty()) {
    const std::string type = std::filesystem::path(arguments.output).extension().string();
    if (type.empty() || type == ".gv" || type == ".txt") return viz::Picture::dot;
    const auto by_name = viz::picture_of(type.substr(1));
    if (by_name) return *by_name;
    throw UsageError(arguments.output + ": unknown picture type '" + type.substr(1) + "'",
                     std::string(known) + "; -T names it");
  }
  const auto picture = viz::picture_of(arguments.type);
  if (!picture) throw UsageError("unknown picture type '" + arguments.type + "'", known);
  return *picture;
}

int graph(const Arguments& arguments) {
  const viz::Picture picture = picture_of(arguments);
  const scenario::Scenario scenario = arguments.scenario.load();
  const std::string dot = arguments.flow.empty() ? viz::topology(scenario) : path_of(scenario, arguments.flow);
  OutputFile out(arguments.output);
  out.write(viz::render(dot, picture));
  out.commit();
  return Exit::good;
}

}  // namespace

void add_graph(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("graph", "draw the network, or with --flow the way of a flow's packets");
  arguments->scenario.add_to(*verb);
  verb->add_option("--flow", arguments->flow, "draw the way of this flow's packets")->type_name("ID");
  verb->add_option("-T", arguments->type, "dot, svg, png or pdf (by the output's name, else dot)")->type_name("TYPE");
  verb->add_option("-o,--output", arguments->output, "where to; - is standard output")->type_name("FILE");
  verb->footer(
      "Examples:\n  masqsim graph scenarios/03-inbound-fails.yaml -o network.svg\n"
      "  masqsim graph scenarios/03-inbound-fails.yaml --flow public -T png -o public.png");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return graph(*arguments); }; });
}

}  // namespace masqsim::cli
