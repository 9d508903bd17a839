// masqsim test [PATHS]: every scenario and variant against its expectations and its golden trace.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "gateway.hpp"
#include "limits.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/scenario/verdicts.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "masqsim/trace/golden.hpp"
#include "masqsim/trace/text.hpp"
#include "program.hpp"
#include "viz/report.hpp"
#include "viz/story.hpp"

namespace masqsim::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> paths;
  ChangeArguments changes;
  LimitArguments limits;
  std::string golden = "tests/golden";
  std::string format = "text";
  bool update = false;
  GatewayArguments gateway;
};

/// The scenario files that `path` names: itself, or of a directory each *.yaml by name.
std::vector<std::string> files_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  if (error) throw UsageError(path + ": cannot read: " + error.message());
  std::ranges::sort(files);
  if (files.empty()) throw UsageError(path + ": no scenario (*.yaml) in it");
  return files;
}

/// A scenario, or one of its variants, that is to be run.
struct Case {
  scenario::Scenario scenario;
  std::string file;  ///< as the user named it
  std::string name() const { return scenario::suite_name(scenario.name, scenario.variant); }
};

/// All that the paths name, in their order. Throws UsageError where one is over the limits, or where two have one name:
/// they would share a golden trace.
std::vector<Case> cases_of(const Arguments& arguments, const scenario::Limits& limits) {
  std::vector<Case> cases;
  std::map<std::string, std::string> files;  // by the name of their case
  const auto add = [&](scenario::Scenario scenario, const std::string& file) {
    tell_if_too_large(file, scenario, limits);
    Case added{std::move(scenario), file};
    const std::string path = scenario::split_variant(file).first;
    const auto [other, is_new] = files.try_emplace(added.name(), path);
    if (!is_new && !same_file(other->second, path)) {
      throw UsageError(
          other->second + " and " + path + " are both called '" + added.name() + "', and would share one golden trace",
          "name: another");
    }
    cases.push_back(std::move(added));
  };
  for (const std::string& path : arguments.paths.empty() ? std::vector<std::string>{"scenarios"} : arguments.paths) {
    for (const std::string& file : files_of(path)) {
      scenario::LoadOptions options = arguments.changes.options();
      scenario::Scenario base = load_or_tell(file, options);
      std::vector<scenario::VariantInfo> variants = base.variants;
      if (!base.variant.empty()) variants.clear();  // FILE@VARIANT names that one alone
      add(std::move(base), file);
      for (const scenario::VariantInfo& variant : variants) {
        options.variant = variant.name;
        add(load_or_tell(file, options), file);
      }
    }
  }
  return cases;
}

class Tester {
 public:
  Tester(const Arguments& arguments, scenario::RunOptions within)
      : update_(arguments.update),
        goldens_(arguments.golden),
        gateway_(arguments.gateway.chosen()),
        within_(std::move(within)) {}

  void test(const Case& tested) {
    if (const std::string why = gateway_.reason_to_skip(tested.file, tested.scenario); !why.empty()) {
      suites_.push_back(scenario::skipped_suite(tested.scenario, tested.file, why));
      tell_skipped(tested.file, why);
      return;
    }
    OutputText text;
    trace::TextSink sink(text);
    trace::FingerprintSink fingerprint;
    viz::Story story;
    scenario::RunOptions options = within_;
    options.sinks = {&sink, &fingerprint, &story};
    options.gateways = gateway_.maker();
    const scenario::Finished finished = scenario::run(tested.scenario, options);
    scenario::Suite suite = scenario::suite_of(finished, tested.file);
    if (finished.broken_off) {
      code_ = ended(finished, code_);
    } else if (gateway_.kind() == Gateway::Kind::own) {  // whose traces the golden ones are
      const std::string told = story.told(finished, {suite.name, fingerprint.hex(), {}});
      suite.checks.push_back(golden(suite.name, {text.text(), fingerprint.hex(), told}));
    }
    suites_.push_back(std::move(suite));
  }

  /// A signal or the wall time ended the run before.
  bool is_asked_to_end() const { return within_.stop->asked != 0; }

  int finish(scenario::Format format) const {
    switch (format) {
      case scenario::Format::json: print_bytes(scenario::json(suites_)); break;
      case scenario::Format::junit: print_bytes(scenario::junit(suites_)); break;
      case scenario::Format::tap: print_bytes(scenario::tap(suites_)); break;
      case scenario::Format::text: print(viz::text(suites_, paint_of_stdout()), paint_of_stdout()); break;
    }
    if (code_ != Exit::good) return code_;
    const auto is_skipped = [](const scenario::Suite& suite) { return !suite.skipped.empty(); };
    if (std::ranges::all_of(suites_, is_skipped)) return Exit::skipped;
    return std::ranges::all_of(suites_, &scenario::Suite::good) ? Exit::good : Exit::differs;
  }

 private:
  scenario::Check golden(const std::string& name, const trace::GoldenRun& run) const {
    using State = trace::Goldens::State;
    const trace::Goldens::Comparison found = goldens_.compare(name, run);
    const std::string what = "golden trace " + goldens_.path(name);
    if (found.state == State::equal) return {what, true, ""};
    if (!update_ || found.state == State::unreadable) return {what, false, found.instead};
    goldens_.keep(name, run);
    return {what + (found.state == State::missing ? " (new)" : " (updated)"), true, ""};
  }

  bool update_;
  trace::Goldens goldens_;
  Gateway gateway_;
  scenario::RunOptions within_;
  std::vector<scenario::Suite> suites_;
  int code_ = Exit::good;  // of a run that was broken off
};

int test(const Arguments& arguments) {
  const scenario::Format format = format_named(arguments.format);
  if (arguments.update && arguments.gateway.which != "own") {
    throw UsageError("--update writes the traces of this project's own gateway", "--gateway own");
  }
  const scenario::RunOptions within = arguments.limits.options();
  const std::vector<Case> cases = cases_of(arguments, within.limits);
  Tester tester(arguments, within);
  for (const Case& tested : cases) {
    tester.test(tested);
    if (tester.is_asked_to_end()) break;
  }
  return tester.finish(format);
}

}  // namespace

void add_test(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("test", "hold scenarios and their variants against expectations and golden traces");
  verb->add_option("paths", arguments->paths, "scenario files or folders of them (scenarios)");
  verb->add_option("--golden", arguments->golden, "where the golden traces are (tests/golden)")
      ->check(need_name)
      ->type_name("DIR");
  verb->add_flag("--update", arguments->update, "write the golden traces that are missing or differ");
  verb->add_option("--format", arguments->format, "text, json, junit or tap")->type_name("FORMAT");
  arguments->gateway.add_to(*verb);
  arguments->changes.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->footer("Examples:\n  masqsim test\n  masqsim test my-lab.yaml --format junit > report.xml");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return test(*arguments); }; });
}

}  // namespace masqsim::cli
