#include "program.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <optional>
#include <string_view>

#include "masqsim/base/closest.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/base/parse.hpp"
#include "signals.hpp"
#include "sim/box/program.hpp"
#include "sim/cli/version.hpp"
#include "sim/standin/timers.hpp"

namespace masqsim::cli {

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

void tell(const std::string& message, const std::string& hint = {}) {
  complain("masqsim: error: " + printable(message) + '\n');
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

std::vector<std::string_view> verbs_of(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

bool is_option(std::string_view argument) { return argument.size() > 1 && argument.front() == '-'; }

UsageError unknown_verb(const CLI::App& app, const std::string& word) {
  const std::vector<std::string_view> verbs = verbs_of(app);
  const std::string_view meant = closest(word, verbs);
  std::string known;
  for (const std::string_view verb : verbs) known += (known.empty() ? "known verbs: " : ", ") + std::string(verb);
  return UsageError("unknown verb '" + word + "'",
                    meant.empty() ? known : "did you mean 'masqsim " + std::string(meant) + "'?");
}

UsageError unknown_option(const CLI::App& app, const std::string& argument) {
  const std::string word = argument.substr(0, argument.find('='));
  const std::vector<std::string> options = options_of(named(app));
  const std::string_view meant = word.size() > 2 ? closest(word, {options.begin(), options.end()}) : std::string_view();
  return UsageError("unknown option '" + word + "'",
                    meant.empty() ? help_hint(app) : "did you mean '" + std::string(meant) + "'?");
}

/// What the person at the terminal did wrong, rather than what the parser missed because of it.
UsageError misuse(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  if (argc < 2) return UsageError("a verb is required", help_hint(app));
  const std::string first = argv[1];
  if (&named(app) == &app) return is_option(first) ? unknown_option(app, first) : unknown_verb(app, first);
  const std::vector<std::string> unknown = named(app).remaining();
  const auto option = std::ranges::find_if(unknown, is_option);
  if (option != unknown.end()) return unknown_option(app, *option);
  if (!unknown.empty()) return UsageError("unexpected argument '" + unknown.front() + "'", help_hint(app));
  std::string what = error.what();
  what.resize(std::min(what.size(), what.find('\n')));
  const std::string name = what.substr(0, what.find(':'));
  if (what.find(" missing") != std::string::npos) what = name + " needs a value";
  if (what.find("At Most") != std::string::npos) what = name + " can be given once only";
  return UsageError(what, help_hint(app));
}

/// Verbs, not subcommands; what a positional is, its description says.
void word_help(CLI::App& app) {
  for (const auto& [theirs, ours] :
       {std::pair{"SUBCOMMAND", "VERB"}, {"Positionals", "Arguments"}, {"TEXT", ""}, {"REQUIRED", ""}}) {
    app.get_formatter()->label(theirs, ours);
  }
  for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) verb->group("Verbs");
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
    throw misuse(app, error, argc, argv);
  }
  return chosen();
}

int guarded_program(int argc, const char* const* argv) {
  try {
    ignore_broken_pipes();
    heed_signals();
    CLI::App app("Runs IP-masquerade scenarios deterministically, and tells what happened to each packet and why.",
                 "masqsim");
    app.set_version_flag("--version", version);
    app.require_subcommand(1);
    app.footer(
        "Example:\n  masqsim run scenarios/03-inbound-fails.yaml\n\n"
        "Exit codes: 0 good; 1 an expectation failed or traces differ; 2 invalid file or arguments, nothing was run;\n"
        "3 the machine failed (disk full, cannot write), or a gateway program did; 4 a limit broke the run off;\n"
        "77 skipped; 128 + N signal N.");
    Chosen chosen = [] { return Exit::invalid; };
    add_list(app, chosen);
    add_new(app, chosen);
    add_run(app, chosen);
    add_check(app, chosen);
    add_show(app, chosen);
    add_explain(app, chosen);
    add_diff(app, chosen);
    add_table(app, chosen);
    add_graph(app, chosen);
    add_test(app, chosen);
    add_conform(app, chosen);
    add_rfc(app, chosen);
    add_lab(app, chosen);
    add_quiz(app, chosen);
    add_grade(app, chosen);
    add_help(app, chosen);
    add_schema(app, chosen);
    word_help(app);
    return parse_and_do(app, chosen, argc, argv);
  } catch (const Told&) {
    return Exit::invalid;
  } catch (const UsageError& error) {
    tell(error.what(), error.hint());
    return Exit::invalid;
  } catch (const scenario::TooLarge& error) {
    tell(error.what(), "nothing was run; a larger value of --limits lifts it");
    return Exit::invalid;
  } catch (const BadPlace& error) {
    tell(error.what());
    return Exit::invalid;
  } catch (const box::ProgramFailure& error) {
    complain("masqsim: error: " + std::string(error.what()) + '\n');
    return Exit::machine;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // MachineError among them
    tell(error.what());
    return Exit::machine;
  }
}

}  // namespace

int main_program(int argc, const char* const* argv) {
  try {
    return guarded_program(argc, argv);
  } catch (...) {
    // Memory is gone, perhaps while something else was being told: what is said here takes none.
    constexpr std::string_view text = "masqsim: error: out of memory\n";
    [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
    return Exit::machine;
  }
}

void ScenarioArguments::add_to(CLI::App& verb) {
  verb.add_option("file", file, "scenario FILE or FILE@VARIANT, or a lab that masqsim list names; - is standard input")
      ->required();
  ChangeArguments::add_to(verb);
}

void ChangeArguments::add_to(CLI::App& verb) {
  verb.add_option("--seed", seeds, "instead of the file's seed")->expected(1)->type_name("N");
  verb.add_option("--set", sets, "a var of the file, or the path of a value (nodes.gw.nat.timeouts.udp=10s)")
      ->allow_extra_args(false)
      ->type_name("KEY=VALUE");
}

scenario::LoadOptions ChangeArguments::options() const {
  scenario::LoadOptions options;
  for (const std::string& seed : seeds) options.seed = whole_option("--seed", seed);
  for (const std::string& set : sets) {
    const std::size_t equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw UsageError("--set needs KEY=VALUE, got '" + set + "'", "--set clients=100");
    }
    options.sets.emplace_back(set.substr(0, equals), set.substr(equals + 1));
  }
  return options;
}

std::uint64_t whole_option(const std::string& option, const std::string& text, std::uint64_t least) {
  const auto number = parse::whole(text, least, UINT64_MAX);
  if (const auto* problem = std::get_if<parse::Problem>(&number)) throw UsageError(option + ' ' + problem->text);
  return std::get<std::uint64_t>(number);
}

scenario::Scenario ScenarioArguments::load() const { return load_or_tell(file, options()); }

namespace {

/// As one word of a shell.
std::string quoted_for_a_shell(const std::string& text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@+%";
  if (text.find_first_not_of(plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string option_again(std::string_view option, const std::string& value) {
  return ' ' + std::string(option) + ' ' + quoted_for_a_shell(value);
}

std::string ChangeArguments::repeated() const {
  std::string text;
  for (const std::string& set : sets) text += option_again("--set", set);
  for (const std::string& seed : seeds) text += option_again("--seed", seed);
  return text;
}

std::pair<std::string, std::string> split_file(const std::string& file) {
  auto [path, variant] = scenario::split_variant(file);
  if (variant.empty() && path != file) throw UsageError(file + " names no variant behind its '@'", path + "@VARIANT");
  return {std::move(path), std::move(variant)};
}

scenario::Loaded ScenarioArguments::load_written() const { return load_written_or_tell(file, options()); }

scenario::Scenario load_or_tell(const std::string& file, scenario::LoadOptions options) {
  return *load_written_or_tell(file, std::move(options)).scenario;
}

const course::Shipped* shipped_lab(const std::string& path) {
  std::error_code error;
  const bool is_file = path == "-" || std::filesystem::exists(std::filesystem::status(path, error));
  return is_file ? nullptr : course::lab_called(path);
}

scenario::Loaded load_written_or_tell(const std::string& file, scenario::LoadOptions options) {
  const auto [path, variant] = split_file(file);
  if (!variant.empty()) options.variant = variant;
  const course::Shipped* lab = shipped_lab(path);
  scenario::Loaded loaded =
      lab == nullptr ? scenario::load(path, options) : scenario::load_text(lab->text, options, lab->stem);
  if (loaded.scenario) return loaded;
  complain(scenario::print_diagnostics(path, loaded.diagnostics) + scenario::closing_line(loaded.found));
  throw Told();
}

std::string timers_to_wait_for(const scenario::Scenario& scenario) {
  const std::optional<std::string> timer = standin::waits_for_timers(scenario);
  return timer ? "waits for kernel timers: " + *timer + "; --real-time waits, too" : "";
}

int tell_skipped(const std::string& file, const std::string& why) {
  complain("masqsim: skipped: " + printable(file + ' ' + why) + '\n');
  return Exit::skipped;
}

std::string flow_hint(const scenario::Finished& finished) {
  constexpr std::size_t most = 12;
  std::string text = finished.flows.empty() ? "the scenario has no flow" : "known flows: ";
  for (std::size_t i = 0; i < finished.flows.size() && i < most; ++i) {
    text += (i == 0 ? "" : ", ") + finished.flows[i].id;
  }
  return finished.flows.size() > most ? text + ", ..." : text;
}

void print(const std::string& text, const viz::Paint& paint) {
  print_bytes(paint.colour ? text : printable_lines(text));
}

void print_bytes(const std::string& text) {
  OutputFile out("-");
  out.write(text);
  out.commit();
}

void complain(const std::string& text) {
  const std::string shown = printable_lines(text);
  std::fwrite(shown.data(), 1, shown.size(), stderr);
}

viz::Paint paint_of_stdout() {
  if (isatty(STDOUT_FILENO) == 0 || variable("TERM") == "dumb") return {};
  std::string_view locale = variable("LC_ALL");
  if (locale.empty()) locale = variable("LC_CTYPE");
  if (locale.empty()) locale = variable("LANG");
  const bool utf8 = locale.find("UTF-8") != std::string_view::npos || locale.find("utf8") != std::string_view::npos;
  return {.colour = variable("NO_COLOR").empty(), .unicode = utf8};
}

scenario::Format format_named(const std::string& word) {
  const std::optional<scenario::Format> format = scenario::format_of(word);
  if (!format) throw UsageError("unknown format '" + word + "'", "text, json, junit or tap");
  return *format;
}

std::string need_name(const std::string& path) { return path.empty() ? "needs a name" : ""; }

void only_one_dash(const std::vector<std::string>& paths) {
  if (std::ranges::count(paths, "-") > 1) throw UsageError("'-' can be given once only");
}

void keep_apart(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs) {
  for (std::size_t n = 0; n < outputs.size(); ++n) {
    const NamedFile& output = outputs[n];
    if (output.path.empty() || output.path == "-") continue;
    for (const NamedFile& input : inputs) {
      // Standard input may come from a file, too.
      const std::string read = input.path == "-" ? "/dev/stdin" : scenario::split_variant(input.path).first;
      if (!same_file(read, output.path)) continue;
      throw UsageError(output.option + ' ' + output.path + " would replace " + input.option,
                       "name another file for what is written");
    }
    for (std::size_t m = 0; m < n; ++m) {
      if (outputs[m].path.empty() || outputs[m].path == "-" || !same_file(outputs[m].path, output.path)) continue;
      throw UsageError(outputs[m].option + " and " + output.option + " name one file, " + output.path,
                       "a file for each");
    }
  }
}

}  // namespace masqsim::cli
