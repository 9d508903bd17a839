#include "program.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <optional>
#include <string_view>

#include "masqsim/base/output.hpp"
#include "masqsim/base/parse.hpp"
#include "masqsim/conform/timers.hpp"

namespace masqsim::cli {

namespace {

constexpr const char* version = "masqsim 0.1.0";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

void tell(const std::string& message, const std::string& hint = {}) {
  complain("masqsim: error: " + viz::printable(message) + '\n');
  if (!hint.empty()) complain("hint: " + hint + '\n');
}

/// The verb that the arguments named, for its help.
const CLI::App& named(const CLI::App& app) {
  const std::vector<CLI::App*> verbs = app.get_subcommands();
  return verbs.empty() ? app : *verbs.front();
}

std::string help_hint(const CLI::App& app) {
  const CLI::App& verb = named(app);
  return &verb == &app ? "masqsim --help" : "masqsim " + verb.get_name() + " --help";
}

int parse_and_do(CLI::App& app, const Chosen& chosen, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return Exit::good;
  } catch (const CLI::CallForVersion&) {
    print(std::string(version) + '\n');
    return Exit::good;
  } catch (const CLI::ParseError& error) {
    std::string what = argc < 2 ? "a verb is required" : error.what();
    what.resize(std::min(what.size(), what.find('\n')));
    tell(what, help_hint(app));
    return Exit::invalid;
  }
  return chosen();
}

}  // namespace

int main_program(int argc, const char* const* argv) {
  try {
    ignore_broken_pipes();
    CLI::App app("Runs IP-masquerade scenarios deterministically, and tells what happened to each packet and why.",
                 "masqsim");
    app.set_version_flag("--version", version);
    app.require_subcommand(1);
    app.footer("Example:\n  masqsim run scenarios/03-inbound-fails.yaml\n\n"
               "Exit codes: 0 good; 1 an expectation failed or traces differ; 2 invalid file or arguments;\n"
               "3 the machine failed (disk full, cannot write).");
    Chosen chosen = [] { return Exit::invalid; };
    add_run(app, chosen);
    add_check(app, chosen);
    add_show(app, chosen);
    add_explain(app, chosen);
    add_diff(app, chosen);
    add_graph(app, chosen);
    add_test(app, chosen);
    add_conform(app, chosen);
    add_rfc(app, chosen);
    return parse_and_do(app, chosen, argc, argv);
  } catch (const Told&) {
    return Exit::invalid;
  } catch (const UsageError& error) {
    tell(error.what(), error.hint());
    return Exit::invalid;
  } catch (const std::bad_alloc&) {
    tell("out of memory");
    return Exit::machine;
  } catch (const std::exception& error) {  // MachineError among them
    tell(error.what());
    return Exit::machine;
  }
}

void ScenarioArguments::add_to(CLI::App& verb) {
  verb.add_option("file", file, "scenario FILE or FILE@VARIANT; - is standard input")->required();
  verb.add_option("--seed", seeds, "instead of the file's seed")->expected(1)->type_name("N");
  verb.add_option("--set", sets, "a var of the file, or the path of a value (nodes.gw.nat.timeouts.udp=10s)")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

scenario::LoadOptions ScenarioArguments::options() const {
  scenario::LoadOptions options;
  for (const std::string& seed : seeds) {
    const auto number = parse::whole(seed, 0, UINT64_MAX);
    if (const auto* problem = std::get_if<parse::Problem>(&number)) throw UsageError("--seed " + problem->text);
    options.seed = std::get<std::uint64_t>(number);
  }
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError("--set needs KEY=VALUE, got '" + set + "'", "--set clients=100");
    }
    options.sets.emplace_back(set.substr(0, equals), set.substr(equals + 1));
  }
  return options;
}

scenario::Scenario ScenarioArguments::load() const { return load_or_tell(file, options()); }

scenario::Scenario load_or_tell(const std::string& file, scenario::LoadOptions options) {
  const auto [path, variant] = scenario::split_variant(file);
  if (!variant.empty()) options.variant = variant;
  scenario::Loaded loaded = scenario::load(path, options);
  if (loaded.scenario) return *std::move(loaded.scenario);
  complain(scenario::print_diagnostics(path, loaded.diagnostics) + scenario::closing_line(loaded.found));
  throw Told();
}

bool skipped_for_timers(const std::string& file, const scenario::Scenario& scenario) {
  const std::optional<std::string> timer = conform::waits_for_timers(scenario);
  if (timer) complain(viz::printable("masqsim: skipped: " + file + " waits for kernel timers: " + *timer + "; --real-time waits, too") + '\n');
  return timer.has_value();
}

std::string flow_hint(const scenario::Finished& finished) {
  constexpr std::size_t most = 12;
  std::string text = finished.flows.empty() ? "the scenario has no flow" : "known flows: ";
  for (std::size_t i = 0; i < finished.flows.size() && i < most; ++i) {
    text += (i == 0 ? "" : ", ") + finished.flows[i].id;
  }
  return finished.flows.size() > most ? text + ", ..." : text;
}

void print(const std::string& text) {
  OutputFile out("-");
  out.write(text);
  out.commit();
}

void complain(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

viz::Paint paint_of_stdout() {
  if (isatty(STDOUT_FILENO) == 0 || variable("TERM") == "dumb") return {};
  std::string_view locale = variable("LC_ALL");
  if (locale.empty()) locale = variable("LC_CTYPE");
  if (locale.empty()) locale = variable("LANG");
  const bool utf8 = locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
  return {.colour = variable("NO_COLOR").empty(), .unicode = utf8};
}

viz::Format format_named(const std::string& word) {
  const std::optional<viz::Format> format = viz::format_of(word);
  if (!format) throw UsageError("unknown format '" + word + "'", "text, json, junit or tap");
  return *format;
}

void only_one_dash(const std::vector<std::string>& paths) {
  if (std::ranges::count(paths, "-") > 1) throw UsageError("'-' can be given once only");
}

}  // namespace masqsim::cli
