// masqsim graph FILE: the topology, or the way of one flow, as DOT or as a picture.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "limits.hpp"
#include "masqsim/base/output.hpp"
#include "program.hpp"
#include "viz/dot.hpp"
#include "viz/render.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  LimitArguments limits;
  std::string flow;
  std::string type;
  std::string output = "-";
};

struct Drawn {
  std::string dot;
  int code = Exit::good;
};

Drawn path_of(const Arguments& arguments, const scenario::Scenario& scenario) {
  const std::string& flow = arguments.flow;
  viz::FlowPath path(flow);
  scenario::RunOptions options = arguments.limits.options();
  tell_if_too_large(arguments.scenario.file, scenario, options.limits);
  options.sinks.push_back(&path);
  const scenario::Finished finished = scenario::run(scenario, options);
  if (std::ranges::find(finished.flows, flow, &scenario::FlowOutcome::id) == finished.flows.end()) {
    throw UsageError("no flow is called '" + flow + "'", flow_hint(finished));
  }
  return {path.told(scenario, finished), ended(finished, Exit::good)};
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
  keep_apart({{"the scenario", arguments.scenario.file}}, {{"--output", arguments.output}});
  OutputFile out(arguments.output);
  const Drawn drawn = arguments.flow.empty() ? Drawn{viz::topology(scenario)} : path_of(arguments, scenario);
  out.write(viz::render(drawn.dot, picture));
  out.commit();
  return drawn.code;
}

}  // namespace

void add_graph(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("graph", "draw the network, or with --flow the way of a flow's packets");
  arguments->scenario.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->add_option("--flow", arguments->flow, "draw the way of this flow's packets")->type_name("ID");
  verb->add_option("-T", arguments->type, "dot, svg, png or pdf (by the output's name, else dot)")->type_name("TYPE");
  verb->add_option("-o,--output", arguments->output, "where to; - is standard output")
      ->check(need_name)
      ->type_name("FILE");
  verb->footer(
      "Examples:\n  masqsim graph scenarios/03-inbound-fails.yaml -o network.svg\n"
      "  masqsim graph scenarios/03-inbound-fails.yaml --flow public -T png -o public.png");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return graph(*arguments); }; });
}

}  // namespace masqsim::cli
