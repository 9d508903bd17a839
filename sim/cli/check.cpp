// masqsim check FILES: says what is wrong with scenario files, all at once, and what is hardly meant; runs nothing.
#include <memory>

#include "limits.hpp"
#include "masqsim/scenario/notes.hpp"
#include "program.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  std::vector<std::string> files;
  ChangeArguments changes;
  LimitArguments limits;
};

/// What is wrong with one file, or that it is ok; counts in `errors`.
std::string checked(const std::string& file, const Arguments& arguments, const scenario::Limits& limits,
                    std::size_t& errors) {
  const auto [path, variant] = split_file(file);
  scenario::LoadOptions options = arguments.changes.options();
  options.variant = variant;
  const scenario::Loaded loaded = scenario::load(path, options);
  errors += loaded.found;
  if (!loaded.scenario) return scenario::print_diagnostics(path, loaded.diagnostics);
  const std::vector<std::string> over = breaches(estimate(*loaded.scenario), limits);
  if (over.empty()) return file + ": ok\n" + scenario::print_notes(path, scenario::notes_of(loaded));
  errors += over.size();
  std::string text;
  for (const std::string& breach : over) text += file + ": error: " + breach + '\n';
  return text;
}

int check(const Arguments& arguments) {
  only_one_dash(arguments.files);
  const scenario::Limits limits = arguments.limits.begin();
  std::string text;
  std::size_t errors = 0;
  for (const std::string& file : arguments.files) text += checked(file, arguments, limits, errors);
  if (errors > 0) text += scenario::closing_line(errors);
  print(text);
  return errors == 0 ? Exit::good : Exit::invalid;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("check", "say what is wrong with scenario files; run nothing");
  verb->add_option("files", arguments->files, "scenario FILES; - is standard input")->required();
  arguments->changes.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->footer("Example:\n  masqsim check scenarios/*.yaml");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return check(*arguments); }; });
}

}  // namespace masqsim::cli
