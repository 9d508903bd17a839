// masqsim diff A B: two traces, or two scenarios run now, flow by flow.
#include "masqsim/trace/diff.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gateway.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/trace/read.hpp"
#include "program.hpp"
#include "sim/standin/decisions.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  std::string first, second;
  GatewayArguments gateways{.which = {}};  ///< "own,linux"; empty: traces are compared as they are
};

/// A scenario is a YAML file by its name; all else is read as a trace.
bool names_scenario(const std::string& argument) {
  const std::string path = scenario::split_variant(argument).first;
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

trace::Lines lines_of(const std::string& argument) {
  if (!names_scenario(argument)) {
    try {
      return trace::read_lines(argument);
    } catch (const trace::ReadError& error) {
      throw UsageError(error.what());
    }
  }
  trace::LinesSink lines;
  scenario::RunOptions options;
  options.sinks.push_back(&lines);
  scenario::run(load_or_tell(argument), options);
  return lines.take();
}

int diff_traces(const Arguments& arguments) {
  const trace::Lines first = lines_of(arguments.first);
  const trace::Lines second = lines_of(arguments.second);
  const trace::Diff difference = trace::diff(first, second);
  print(trace::to_text(difference));
  return difference.identical() ? Exit::good : Exit::differs;
}

trace::Lines decisions_of(const scenario::Scenario& scenario, Gateway& gateway) {
  standin::DecisionsSink decisions;
  scenario::RunOptions options;
  options.sinks.push_back(&decisions);
  options.gateways = gateway.maker();
  scenario::run(scenario, options);
  gateway.tell_doubts();
  return decisions.take();
}

/// Two runs decision by decision: what each gateway sent, translated and dropped, and what hosts made of it.
int diff_gateways(const Arguments& arguments) {
  auto [one, other] = arguments.gateways.both();
  for (const std::string& file : {arguments.first, arguments.second}) {
    if (!names_scenario(file)) throw UsageError("--gateway runs scenarios, and " + file + " is a trace");
  }
  const scenario::Scenario first = load_or_tell(arguments.first), second = load_or_tell(arguments.second);
  if (!one.plays(arguments.first, first) || !other.plays(arguments.second, second)) return Exit::good;
  trace::Lines a = decisions_of(first, one);
  trace::Lines b = decisions_of(second, other);
  constexpr std::size_t most = 5;
  const std::vector<standin::Choice> choices = standin::unify_choices(a, b);
  std::string text;
  for (std::size_t i = 0; i < std::min(most, choices.size()); ++i) {
    text += "chosen freely: " + choices[i].first + " (" + one.word() + "), " + choices[i].second + " (" + other.word() +
            ")\n";
  }
  if (choices.size() > most) text += "chosen freely: " + std::to_string(choices.size() - most) + " more\n";
  trace::Diff difference = trace::diff(a, b);
  if (difference.same()) difference.record = 0;  // packets have other numbers where the kernel made them
  print(text + trace::to_text(difference));
  return difference.same() ? Exit::good : Exit::differs;
}

}  // namespace

void add_diff(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("diff", "compare two traces, or two scenarios: where each flow first went another way");
  verb->add_option("first", arguments->first, "trace file (text or JSON lines), or scenario FILE[@VARIANT]")
      ->required();
  verb->add_option("second", arguments->second, "what to compare it with")->required();
  verb->add_option("--gateway", arguments->gateways.which,
                   "run the first with one gateway, the second with the other, compare their decisions: each is own, "
                   "linux (root) or exec:PROGRAM")
      ->type_name("WHICH,WHICH");
  arguments->gateways.add_timeout_to(*verb);
  arguments->gateways.add_real_time_to(*verb);
  verb->footer(
      "Examples:\n  masqsim diff scenarios/03-inbound-fails.yaml scenarios/03-inbound-fails.yaml@forwarded\n"
      "  masqsim diff scenarios/05-same-port.yaml scenarios/05-same-port.yaml --gateway own,linux");
  verb->callback([arguments, &chosen] {
    chosen = [arguments] {
      only_one_dash({arguments->first, arguments->second});
      return arguments->gateways.which.empty() ? diff_traces(*arguments) : diff_gateways(*arguments);
    };
  });
}

}  // namespace masqsim::cli
