// masqsim quiz FILE: the questions of a lab, asked in the terminal; the run knows the answers.
#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>

#include "limits.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "program.hpp"
#include "sim/page/answer_sheet.hpp"
#include "sim/page/lab_file.hpp"
#include "sim/page/mark.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  LimitArguments limits;
  std::string output;
};

/// Asks one question after the other. People at a terminal may try again, and are told a hint for '?'; a pipe has one
/// line for each question.
class Quiz {
 public:
  Quiz(const scenario::Scenario& scenario, const scenario::Finished& finished, bool patient)
      : scenario_(scenario), finished_(finished), patient_(patient) {}

  /// False: the input ended.
  bool ask(std::size_t n) {
    const scenario::Question& question = scenario_.lab[n];
    std::string text = std::to_string(n + 1) + ". " + question.ask + '\n';
    for (std::size_t c = 0; c < question.choices.size(); ++c) {
      text += "   " + letter(c) + ") " + question.choices[c] + '\n';
    }
    print(text);
    for (std::uint64_t tries = 1;; ++tries) {
      print("> ");
      std::string line;
      if (!std::getline(std::cin, line)) return false;
      const std::string answer = meant(question, line);
      if (answer.empty()) {
        print("\n");
        return true;
      }
      if (answer == "?") {
        print((question.hint.empty() ? "There is no hint." : question.hint) + '\n');
        --tries;
        continue;
      }
      given_.push_back(
          {.question = n + 1, .ask = question.ask, .text = answer, .tries = tries, .trace = {}, .line = 0});
      const page::Mark mark = page::mark(question, finished_.lab[n], answer);
      print(mark.right ? "Right.\n\n" : mark.none ? "None of these is right in this run.\n\n" : "Not so.\n" + again());
      if (mark.right && tries == 1) ++at_once_;
      if (mark.right) ++right_;
      if (mark.right || mark.none || !patient_) return true;
    }
  }

  std::size_t right() const { return right_; }
  std::size_t at_once() const { return at_once_; }
  /// The last answer to each question.
  std::vector<page::Answer> given(const std::string& trace) const {
    std::vector<page::Answer> last;
    for (const page::Answer& answer : given_) {
      if (!last.empty() && last.back().question == answer.question) last.pop_back();
      last.push_back(answer);
      last.back().trace = trace;
    }
    return last;
  }

 private:
  static std::string letter(std::size_t n) { return std::string(1, static_cast<char>('a' + n % 26)); }
  std::string again() const { return patient_ ? "" : "\n"; }

  /// The text of the choice where its letter was given.
  static std::string meant(const scenario::Question& question, const std::string& line) {
    const std::string text = page::folded(line);
    for (std::size_t c = 0; c < question.choices.size() && c < 26; ++c) {
      if (text == letter(c) || text == letter(c) + ')') return question.choices[c];
    }
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos) return {};
    return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
  }

  const scenario::Scenario& scenario_;
  const scenario::Finished& finished_;
  bool patient_;
  std::vector<page::Answer> given_;
  std::size_t right_ = 0;
  std::size_t at_once_ = 0;
};

int quiz(const Arguments& arguments) {
  const scenario::RunOptions limits = arguments.limits.options();
  const scenario::Loaded loaded = arguments.scenario.load_written();
  const scenario::Scenario& scenario = *loaded.scenario;
  const std::string& file = arguments.scenario.file;
  if (file == "-") throw UsageError("quiz reads answers from standard input, so the scenario is to be a file");
  if (scenario.lab.empty()) throw UsageError(file + ": it asks nothing", "a lab: with questions");
  tell_if_too_large(file, scenario, limits.limits);
  keep_apart({{"the scenario", scenario::split_variant(file).first}}, {{"--output", arguments.output}});
  std::optional<OutputFile> out;
  if (!arguments.output.empty()) out.emplace(arguments.output);

  trace::FingerprintSink fingerprint;
  scenario::RunOptions options = limits;
  options.sinks = {&fingerprint};
  const scenario::Finished finished = scenario::run(scenario, options);
  if (finished.broken_off) return ended(finished, Exit::good);

  const std::size_t count = scenario.lab.size();
  Quiz asked(scenario, finished, isatty(STDIN_FILENO) == 1);
  print((scenario.title.empty() ? scenario.name : scenario.title) + '\n' +
        (count == 1 ? std::string("One question") : std::to_string(count) + " questions") +
        "; '?' is a hint, an empty line goes on.\n\n");
  bool all_asked = true;
  for (std::size_t n = 0; n < count && all_asked; ++n) all_asked = asked.ask(n);
  print((all_asked ? "" : "\n") + std::to_string(asked.right()) + " of " + std::to_string(count) + " right, " +
        std::to_string(asked.at_once()) + " of them at once.\n");
  if (out) {
    out->write(page::text_of({.lab = scenario.name,
                              .variant = scenario.variant,
                              .trace = fingerprint.hex(),
                              .answers = asked.given(fingerprint.hex()),
                              .predictions = {},
                              .file = page::take_apart(loaded.written.text).yaml}));
    out->commit();
  }
  return asked.right() == count ? Exit::good : Exit::differs;
}

}  // namespace

void add_quiz(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("quiz", "ask the questions of a lab; exit 1 unless all were answered right");
  arguments->scenario.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->add_option("-o,--output", arguments->output, "save the answers, for masqsim grade")
      ->check(need_name)
      ->type_name("FILE");
  verb->footer(
      "Examples:\n  masqsim quiz scenarios/03-inbound-fails.yaml\n  masqsim quiz scenarios/03-inbound-fails.yaml -o anna.json < answers.txt");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return quiz(*arguments); }; });
}

}  // namespace masqsim::cli
