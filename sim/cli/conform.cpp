// masqsim conform CASES: recorded packet cases through the gateway, byte for byte.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "gateway.hpp"
#include "masqsim/base/output.hpp"
#include "program.hpp"
#include "sim/box/kernel_bench.hpp"
#include "sim/box/own_bench.hpp"
#include "sim/cases/replay.hpp"
#include "sim/lockstep/differential.hpp"

namespace masqsim::cli {

namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> files;
  std::string only;
  GatewayArguments gateway;
  bool record = false;
  std::string random;
  std::string seed = "1";
};

std::string bytes_of(const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw UsageError(path + ": cannot open: " + (error ? error.message() : "no such file"));
  if (fs::is_directory(status)) throw UsageError(path + ": is a directory");
  if (!fs::is_regular_file(status)) throw UsageError(path + ": is not a regular file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw UsageError(path + ": cannot open");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Every case of every file; throws Told after saying what is wrong with any of them.
std::vector<cases::Case> cases_of(const Arguments& arguments) {
  only_one_dash(arguments.files);
  std::vector<cases::Case> all;
  std::string errors;
  for (const std::string& file : arguments.files) {
    cases::Cases read = cases::read_cases(bytes_of(file), file);
    for (const std::string& error : read.errors) errors += printable(error) + '\n';
    for (cases::Case& c : read.cases) {
      if (c.name.find(arguments.only) != std::string::npos) all.push_back(std::move(c));
    }
  }
  if (errors.empty()) return all;
  complain(errors);
  throw Told();
}

int conform_cases(const Arguments& arguments) {
  const Gateway gateway = arguments.gateway.chosen();
  if (arguments.files.empty()) throw UsageError("no case file", "masqsim conform FILE, or masqsim conform --random N");
  gateway.require();
  std::string text;
  std::size_t good = 0;
  const std::vector<cases::Case> cases = cases_of(arguments);
  for (const cases::Case& c : cases) {
    try {
      const std::unique_ptr<box::Bench> bench = gateway.bench(c.setup, c.settle);
      const cases::Replay done = cases::replay(c, *bench);
      if (arguments.record) {
        text += cases::record_line(c, done.observed, done.table) + '\n';
        continue;
      }
      const cases::Verdict verdict = cases::judge(c, done);
      good += verdict.same;
      text += cases::to_string(verdict);
    } catch (const box::ProgramFailure& failure) {  // of this case's program; the others have one of their own
      if (arguments.record) throw;
      text += cases::to_string(cases::Verdict{.name = c.name, .same = false, .differences = {failure.shortly()}});
    }
  }
  if (!arguments.record) text += fmt::format("{} of {} cases as recorded\n", good, cases.size());
  print(text);
  return arguments.record || good == cases.size() ? Exit::good : Exit::differs;
}

/// Random sequences through our gateway and the kernel; differences are printed, their cases ready to be kept.
int conform_randomly(const Arguments& arguments) {
  lockstep::DifferentialOptions options;
  options.packets = whole_option("--random", arguments.random, 1);
  options.seed = whole_option("--seed", arguments.seed);
  options.only = arguments.only;
  if (kernel::missing()) throw MachineError(*kernel::missing());
  const lockstep::DifferentialReport report = lockstep::differential(
      [](const box::Setup& s) { return std::make_unique<box::OwnBench>(s, 1, 1_us, box::Redirects::off); },
      [](const box::Setup& s) { return std::make_unique<box::KernelBench>(s, box::Redirects::off); }, options);
  std::string text;
  for (const lockstep::Difference& d : report.differences) {
    text += fmt::format("DIFF {} seed {}\n{}{}\n", d.setup, d.seed, d.text, d.case_line);
  }
  text +=
      fmt::format("{} packets in {} sequences, {} came out, {} tables compared: {}\n", report.packets, report.sequences,
                  report.emerged, report.tables, report.differences.empty() ? "no difference" : "a difference");
  print(text);
  return report.differences.empty() ? Exit::good : Exit::differs;
}

}  // namespace

void add_conform(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("conform", "replay recorded packet cases, compare byte for byte");
  verb->add_option("cases", arguments->files, "case FILES, one JSON object a line; - is standard input");
  verb->add_option("--random", arguments->random,
                   "instead: this many random packets, in lockstep with this machine's kernel (root)")
      ->type_name("N");
  verb->add_option("--seed", arguments->seed, "of the random packets")->type_name("S");
  verb->add_option("--only", arguments->only, "cases whose name contains this")->type_name("NAME");
  arguments->gateway.add_to(*verb);
  verb->add_flag("--record", arguments->record, "print the cases with what this gateway did");
  verb->footer("Example:\n  masqsim conform tests/cases/cases.jsonl");
  verb->callback([arguments, &chosen] {
    chosen = [arguments] {
      return arguments->random.empty() ? conform_cases(*arguments) : conform_randomly(*arguments);
    };
  });
}

}  // namespace masqsim::cli
