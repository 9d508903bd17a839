// masqsim diff A B: two traces, or two scenarios run now, flow by flow.
#include "masqsim/trace/diff.hpp"

#include <memory>

#include "masqsim/trace/read.hpp"
#include "program.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  std::string first, second;
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

int diff(const Arguments& arguments) {
  only_one_dash({arguments.first, arguments.second});
  const trace::Lines first = lines_of(arguments.first);
  const trace::Lines second = lines_of(arguments.second);
  const trace::Diff difference = trace::diff(first, second);
  print(trace::to_text(difference));
  return difference.identical() ? Exit::good : Exit::differs;
}

}  // namespace

void add_diff(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("diff", "compare two traces, or two scenarios: where each flow first went another way");
  verb->add_option("first", arguments->first, "trace file (text or JSON lines), or scenario FILE[@VARIANT]")->required();
  verb->add_option("second", arguments->second, "what to compare it with")->required();
  verb->footer("Example:\n  masqsim diff scenarios/03-inbound-fails.yaml scenarios/03-inbound-fails.yaml@forwarded");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return diff(*arguments); }; });
}

}  // namespace masqsim::cli
