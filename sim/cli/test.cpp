// masqsim test [PATHS]: every scenario and variant against its expectations and its golden trace.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "gateway.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/trace/diff.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "masqsim/trace/read.hpp"
#include "masqsim/trace/text.hpp"
#include "program.hpp"

namespace masqsim::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> paths;
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

/// Sets `text` to the file's bytes; false where there is none.
bool read_file(const std::string& path, std::string& text) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return false;
  text.assign(std::istreambuf_iterator<char>(in), {});
  return true;
}

class Tester {
 public:
  explicit Tester(const Arguments& arguments) : arguments_(arguments), gateway_(arguments.gateway.chosen()) {}

  void test_file(const std::string& file) {
    const scenario::Scenario base = load_or_tell(file);
    test(base, file);
    if (!base.variant.empty()) return;  // FILE@VARIANT names that one alone
    for (const scenario::VariantInfo& variant : base.variants) {
      test(load_or_tell(file, {.variant = variant.name, .sets = {}, .seed = {}}), file);
    }
  }

  int finish(viz::Format format) {
    const bool good = std::ranges::all_of(suites_, &viz::Suite::good);
    switch (format) {
      case viz::Format::json: print(viz::json(suites_)); break;
      case viz::Format::junit: print(viz::junit(suites_)); break;
      case viz::Format::tap: print(viz::tap(suites_)); break;
      case viz::Format::text: print(viz::text(suites_, paint_of_stdout())); break;
    }
    return good ? Exit::good : Exit::differs;
  }

 private:
  void test(const scenario::Scenario& scenario, const std::string& file) {
    if (!gateway_.plays(file, scenario)) return;
    OutputText text;
    trace::TextSink sink(text);
    trace::FingerprintSink fingerprint;
    scenario::RunOptions options;
    options.sinks = {&sink, &fingerprint};
    options.gateways = gateway_.maker();
    const scenario::Finished finished = scenario::run(scenario, options);
    viz::Suite suite = viz::suite_of(finished, file);
    // The golden traces are those of this project's own gateway.
    if (gateway_.kind() == Gateway::Kind::own) {
      suite.checks.push_back(golden(suite.name, kept(text.text(), fingerprint.hex())));
    }
    suites_.push_back(std::move(suite));
  }

  /// What of a trace is kept as golden: all of it, or of a large one its fingerprint.
  static std::string kept(const std::string& trace, const std::string& fingerprint) {
    constexpr std::size_t large = 1u << 20;
    return trace.size() <= large ? trace : fmt::format("{}{}\n", large_magic, fingerprint);
  }

  viz::Check golden(const std::string& name, const std::string& trace) {
    const std::string path = arguments_.golden + '/' + name + ".trace";
    const std::string what = "golden trace " + path;
    std::string wanted;
    const bool there = read_file(path, wanted);
    if (there && wanted == trace) return {what, true, ""};
    if (arguments_.update) {
      std::error_code ignored;  // what is wrong with the folder, the file's own message says
      fs::create_directories(arguments_.golden, ignored);
      OutputFile out(path);
      out.write(trace);
      out.commit();
      return {what + (there ? " (updated)" : " (new)"), true, ""};
    }
    if (!there) return {what, false, "there is none; --update writes it"};
    return {what, false, difference(path, wanted, name, trace)};
  }

  static std::string difference(const std::string& path, const std::string& wanted, const std::string& name,
                                const std::string& trace) {
    if (wanted.starts_with(large_magic) || trace.starts_with(large_magic)) {
      return "another fingerprint; to see what differs, write both traces with run --trace and compare them with diff";
    }
    try {
      return to_text(trace::diff(trace::parse_lines(wanted, path), trace::parse_lines(trace, name)));
    } catch (const trace::ReadError& error) {
      return error.what();
    }
  }

  static constexpr std::string_view large_magic = "# masqsim trace fingerprint 1: ";

  const Arguments& arguments_;
  Gateway gateway_;
  std::vector<viz::Suite> suites_;
};

int test(const Arguments& arguments) {
  const viz::Format format = format_named(arguments.format);
  if (arguments.update && arguments.gateway.which != "own") {
    throw UsageError("--update writes the traces of this project's own gateway", "--gateway own");
  }
  Tester tester(arguments);
  for (const std::string& path : arguments.paths.empty() ? std::vector<std::string>{"scenarios"} : arguments.paths) {
    for (const std::string& file : files_of(path)) tester.test_file(file);
  }
  return tester.finish(format);
}

}  // namespace

void add_test(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("test", "hold scenarios and their variants against expectations and golden traces");
  verb->add_option("paths", arguments->paths, "scenario files or folders of them (scenarios)");
  verb->add_option("--golden", arguments->golden, "where the golden traces are (tests/golden)")->type_name("DIR");
  verb->add_flag("--update", arguments->update, "write the golden traces that are missing or differ");
  verb->add_option("--format", arguments->format, "text, json, junit or tap")->type_name("FORMAT");
  arguments->gateway.add_to(*verb);
  verb->footer("Examples:\n  masqsim test\n  masqsim test my-lab.yaml --format junit > report.xml");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return test(*arguments); }; });
}

}  // namespace masqsim::cli
