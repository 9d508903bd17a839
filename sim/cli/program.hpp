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
#include "masqsim/scenario/verdicts.hpp"
#include "sim/course/shipped.hpp"
#include "viz/paint.hpp"

namespace masqsim::cli {

enum Exit : int {
  good = 0,
  differs = 1,  ///< an expectation failed, or traces differ
  invalid = 2,  ///< file or arguments
  machine = 3,  ///< disk full, cannot write
  limited = 4,  ///< a limit broke the run off
  skipped = 77  ///< what was asked for cannot be done here: the code that automake, meson and CTest know
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

void add_list(CLI::App& app, Chosen& chosen);
void add_new(CLI::App& app, Chosen& chosen);
void add_run(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_show(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);
void add_diff(CLI::App& app, Chosen& chosen);
void add_table(CLI::App& app, Chosen& chosen);
void add_graph(CLI::App& app, Chosen& chosen);
void add_test(CLI::App& app, Chosen& chosen);
void add_conform(CLI::App& app, Chosen& chosen);
void add_grade(CLI::App& app, Chosen& chosen);
void add_lab(CLI::App& app, Chosen& chosen);
void add_quiz(CLI::App& app, Chosen& chosen);
void add_rfc(CLI::App& app, Chosen& chosen);
void add_help(CLI::App& app, Chosen& chosen);
void add_schema(CLI::App& app, Chosen& chosen);

/// The whole program. Never throws.
int main_program(int argc, const char* const* argv);

/// What the command line changes of a scenario file.
struct ChangeArguments {
  std::vector<std::string> seeds;  ///< one at most; kept as a list to tell "--seed ''" from none
  std::vector<std::string> sets;   ///< KEY=VALUE

  void add_to(CLI::App& verb);
  /// Throws UsageError.
  scenario::LoadOptions options() const;
  /// " --set keep=125s --seed 3": the options that were given, as a shell reads them again.
  std::string repeated() const;
};

/// A scenario as the command line names it: FILE, FILE@VARIANT or "-", or a lab that comes with the program by its
/// number or name (03, inbound-fails@forwarded); and what changes it.
struct ScenarioArguments : ChangeArguments {
  std::string file;

  void add_to(CLI::App& verb);
  /// Throws UsageError, or Told after printing what is wrong with the file.
  scenario::Scenario load() const;
  /// The same with the text that was read; its scenario is there.
  scenario::Loaded load_written() const;
};

/// " --option 'its value'", as a shell reads it again.
std::string option_again(std::string_view option, const std::string& value);

/// The number that `option` was given, from `least` on. Throws UsageError.
std::uint64_t whole_option(const std::string& option, const std::string& text, std::uint64_t least = 0);

/// "FILE@VARIANT" taken apart. Throws UsageError where nothing follows the '@'.
std::pair<std::string, std::string> split_file(const std::string& file);

/// The lab that comes with the program and is called so; nullptr where none is, or where a file has that name.
const course::Shipped* shipped_lab(const std::string& path);

scenario::Scenario load_or_tell(const std::string& file, scenario::LoadOptions options = {});
scenario::Loaded load_written_or_tell(const std::string& file, scenario::LoadOptions options = {});

/// Why the kernel cannot play `scenario` at once: it waits for timers. Empty where it can.
std::string timers_to_wait_for(const scenario::Scenario& scenario);
/// Says on standard error that `file` is skipped; returns the exit code for that.
int tell_skipped(const std::string& file, const std::string& why);

/// "known flows: out, private, public": what could have been meant.
std::string flow_hint(const scenario::Finished& finished);

/// Writes lines for people to standard output, checked to the last byte. Nothing that a terminal obeys gets through,
/// unless the text was set in colours: then whoever set it has seen to that.
void print(const std::string& text, const viz::Paint& paint = {});
/// The same on standard error, unchecked.
void complain(const std::string& text);
/// Writes what a program reads, byte for byte.
void print_bytes(const std::string& text);

/// How standard output is to be set: plain unless a terminal shows it and NO_COLOR is not set.
viz::Paint paint_of_stdout();

/// Throws UsageError.
scenario::Format format_named(const std::string& word);

/// For CLI::Option::check: what is wrong with the name of an output, empty where nothing is.
std::string need_name(const std::string& path);

/// Throws UsageError where two of `paths` are "-".
void only_one_dash(const std::vector<std::string>& paths);

/// An option or argument that names a file.
struct NamedFile {
  std::string option;  ///< "--trace"; for what is read, "the scenario"
  std::string path;    ///< empty: not given
};
/// Throws UsageError where an output would replace what is read, or two outputs would be one file.
void keep_apart(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs);

}  // namespace masqsim::cli
