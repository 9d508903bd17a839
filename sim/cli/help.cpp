// masqsim help [KEY...] and masqsim schema: the keys of a scenario file.
#include <memory>

#include "program.hpp"
#include "sim/scenario/manual.hpp"
#include "sim/scenario/schema.hpp"

namespace masqsim::cli {

namespace {

int tell_keys(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) {
    const std::optional<std::string> told = scenario::key_help(key);
    if (!told) throw UsageError("unknown key '" + key + "'", scenario::key_hint(key));
    text += (text.empty() ? "" : "\n") + *told;
  }
  print(text);
  return Exit::good;
}

}  // namespace

void add_help(CLI::App& app, Chosen& chosen) {
  struct Arguments {
    std::vector<std::string> keys;
    bool markdown = false;
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("help", "tell what a key of a scenario file does");
  verb->add_option("key", arguments->keys, "a key, by its path or the end of it; none: all sections");
  verb->add_flag("--markdown", arguments->markdown, "the manual of all keys, as scenarios/format.md holds it");
  verb->footer("Example:\n  masqsim help timeouts.udp");
  verb->callback([arguments, &chosen] {
    chosen = [arguments]() -> int {
      if (!arguments->keys.empty()) return tell_keys(arguments->keys);
      print(arguments->markdown ? scenario::manual() : scenario::sections_help());
      return Exit::good;
    };
  });
}

void add_schema(CLI::App& app, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("schema", "print the JSON Schema of a scenario file");
  verb->footer("Example:\n  masqsim schema > scenarios/masqsim.schema.json");
  verb->callback([&chosen] {
    chosen = []() -> int {
      print(scenario::json_schema());
      return Exit::good;
    };
  });
}

}  // namespace masqsim::cli
