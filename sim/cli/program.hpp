// What all verbs share: how a verb is added, how it ends, and how it says that its arguments are wrong.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "viz/paint.hpp"
#include "viz/report.hpp"

namespace masqsim::cli {

enum Exit : int {
  good = 0,
  differs = 1,  ///< an expectation failed, or traces differ
  invalid = 2,  ///< file or arguments
  machine = 3   ///< disk full, cannot write
};

/// Arguments that mean nothing: exit 2.
class UsageError : public std::runtime_error {
 public:
  explicit UsageError(const std::string& message, std::string hint = {})
      : std::runtime_error(message), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

/// What is wrong has been told on standard error already: exit 2.
class Told : public std::exception {};

/// What the verb that was named will do; its result is the exit code.
using Chosen = std::function<int()>;

void add_run(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_show(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);
void add_diff(CLI::App& app, Chosen& chosen);
void add_graph(CLI::App& app, Chosen& chosen);
void add_test(CLI::App& app, Chosen& chosen);
void add_conform(CLI::App& app, Chosen& chosen);
void add_rfc(CLI::App& app, Chosen& chosen);
void add_help(CLI::App& app, Chosen& chosen);
void add_schema(CLI::App& app, Chosen& chosen);

/// The whole program. Never throws.
int main_program(int argc, const char* const* argv);

/// A scenario as the command line names it: FILE, FILE@VARIANT or "-", and what changes it.
struct ScenarioArguments {
  std::string file;
  std::vector<std::string> seeds;  ///< one at most; kept as a list to tell "--seed ''" from none
  std::vector<std::string> sets;   ///< KEY=VALUE

  void add_to(CLI::App& verb);
  /// Throws UsageError.
  scenario::LoadOptions options() const;
  /// Throws UsageError, or Told after printing what is wrong with the file.
  scenario::Scenario load() const;
  /// "--set keep=125s --seed 3": the options that were given, as a shell reads them again.
  std::string repeated() const;
  /// The same with the text that was read; its scenario is there.
  scenario::Loaded load_written() const;
};
/// The number that `option` was given, from `least` on. Throws UsageError.
std::uint64_t whole_option(const std::string& option, const std::string& text, std::uint64_t least = 0);

scenario::Scenario load_or_tell(const std::string& file, scenario::LoadOptions options = {});
scenario::Loaded load_written_or_tell(const std::string& file, scenario::LoadOptions options = {});

/// Whether the kernel cannot play `scenario` at once because it waits for timers; says so on standard error.
bool skipped_for_timers(const std::string& file, const scenario::Scenario& scenario);

/// "known flows: out, private, public": what could have been meant.
std::string flow_hint(const scenario::Finished& finished);

/// Writes `text` to standard output, checked to the last byte.
void print(const std::string& text);
/// The same on standard error, unchecked.
void complain(const std::string& text);

/// How standard output is to be set: plain unless a terminal shows it and NO_COLOR is not set.
viz::Paint paint_of_stdout();

/// Throws UsageError.
viz::Format format_named(const std::string& word);

/// Throws UsageError where two of `paths` are "-".
void only_one_dash(const std::vector<std::string>& paths);

}  // namespace masqsim::cli
