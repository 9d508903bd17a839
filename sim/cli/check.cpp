// masqsim check FILES: says what is wrong with scenario files, all at once, and what is hardly meant; runs nothing.
#include <memory>

#include "masqsim/scenario/notes.hpp"
#include "program.hpp"

namespace masqsim::cli {

namespace {

int check(const std::vector<std::string>& files) {
  only_one_dash(files);
  std::string text;
  std::size_t errors = 0;
  for (const std::string& file : files) {
    const auto [path, variant] = scenario::split_variant(file);
    const scenario::Loaded loaded = scenario::load(path, {.variant = variant, .sets = {}, .seed = {}});
    errors += loaded.found;
    text += loaded.scenario ? viz::printable(file) + ": ok\n" : scenario::print_diagnostics(path, loaded.diagnostics);
    text += scenario::print_notes(viz::printable(path), scenario::notes_of(loaded));
  }
  if (errors > 0) text += scenario::closing_line(errors);
  print(text);
  return errors == 0 ? Exit::good : Exit::invalid;
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = app.add_subcommand("check", "say what is wrong with scenario files; run nothing");
  verb->add_option("files", *files, "scenario FILES; - is standard input")->required();
  verb->footer("Example:\n  masqsim check scenarios/*.yaml");
  verb->callback([files, &chosen] { chosen = [files] { return check(*files); }; });
}

}  // namespace masqsim::cli
