// masqsim diff A B: two traces, or two scenarios run now, flow by flow.
#include "masqsim/trace/diff.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gateway.hpp"
#include "limits.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/trace/read.hpp"
#include "program.hpp"
#include "sim/standin/decisions.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  std::string first, second;
  ChangeArguments changes;  ///< of both sides, where they are scenarios
  LimitArguments limits;
  GatewayArguments gateways{.which = {}};  ///< "own,linux"; empty: traces are compared as they are
};

/// A scenario is a YAML file by its name, or a lab that comes with the program; all else is read as a trace.
bool names_scenario(const std::string& argument) {
  const std::string path = scenario::split_variant(argument).first;
  return path.ends_with(".yaml") || path.ends_with(".yml") || shipped_lab(path) != nullptr;
}

/// Runs `scenario`, which the command line calls `file`, for its records in `sink`; sets `code` where the run is broken
/// off.
void run_side(const std::string& file, const scenario::Scenario& scenario, scenario::RunOptions options,
              trace::Sink& sink, int& code) {
  tell_if_too_large(file, scenario, options.limits);
  options.sinks.push_back(&sink);
  code = ended(scenario::run(scenario, options), code);
}

trace::Lines lines_of(const std::string& argument, const Arguments& arguments, const scenario::RunOptions& options,
                      int& code) {
  if (!names_scenario(argument)) {
    try {
      return trace::read_lines(argument);
    } catch (const trace::ReadError& error) {
      throw UsageError(error.what());
    }
  }
  trace::LinesSink lines;
  run_side(argument, load_or_tell(argument, arguments.changes.options()), options, lines, code);
  return lines.take();
}

int diff_traces(const Arguments& arguments) {
  if (!arguments.changes.repeated().empty() && !names_scenario(arguments.first) && !names_scenario(arguments.second)) {
    throw UsageError("--set and --seed change scenarios, and both sides are traces");
  }
  const scenario::RunOptions options = arguments.limits.options();
  int code = Exit::good;
  const trace::Lines first = lines_of(arguments.first, arguments, options, code);
  if (options.stop->asked != 0) return code;  // what ended the first run would end the second as well
  const trace::Lines second = lines_of(arguments.second, arguments, options, code);
  const trace::Diff difference = trace::diff(first, second);
  print(trace::to_text(difference));
  if (code != Exit::good) return code;
  return difference.identical() ? Exit::good : Exit::differs;
}

trace::Lines decisions_of(const std::string& file, const scenario::Scenario& scenario, Gateway& gateway,
                          scenario::RunOptions options, int& code) {
  standin::DecisionsSink decisions;
  options.gateways = gateway.maker();
  run_side(file, scenario, options, decisions, code);
  gateway.tell_doubts();
  return decisions.take();
}

/// Two runs decision by decision: what each gateway sent, translated and dropped, and what hosts made of it.
int diff_gateways(const Arguments& arguments) {
  auto [one, other] = arguments.gateways.both();
  for (const std::string& file : {arguments.first, arguments.second}) {
    if (!names_scenario(file)) throw UsageError("--gateway runs scenarios, and " + file + " is a trace");
  }
  const scenario::Scenario first = load_or_tell(arguments.first, arguments.changes.options());
  const scenario::Scenario second = load_or_tell(arguments.second, arguments.changes.options());
  if (const std::string why = one.reason_to_skip(arguments.first, first); !why.empty()) {
    return tell_skipped(arguments.first, why);
  }
  if (const std::string why = other.reason_to_skip(arguments.second, second); !why.empty()) {
    return tell_skipped(arguments.second, why);
  }
  const scenario::RunOptions options = arguments.limits.options();
  int code = Exit::good;
  trace::Lines a = decisions_of(arguments.first, first, one, options, code);
  if (options.stop->asked != 0) return code;
  trace::Lines b = decisions_of(arguments.second, second, other, options, code);
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
  if (code != Exit::good) return code;
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
  arguments->changes.add_to(*verb);
  arguments->limits.add_to(*verb);
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
