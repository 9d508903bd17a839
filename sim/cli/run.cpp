// masqsim run FILE: runs it, tells the story, judges.
#include <memory>

#include "gateway.hpp"
#include "limits.hpp"
#include "masqsim/scenario/notes.hpp"
#include "masqsim/scenario/verdicts.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "outputs.hpp"
#include "program.hpp"
#include "progress.hpp"
#include "sim/standin/export_nft.hpp"
#include "viz/story.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  OutputArguments outputs;
  LimitArguments limits;
  bool all = false;
  bool quiet = false;
  std::string format = "text";
  GatewayArguments gateway;
  std::string nft;
};

/// Instead of a run.
int export_nft(const Arguments& arguments, const scenario::Scenario& scenario) {
  const std::string text = standin::nft_of(scenario);
  if (text.empty()) {
    throw UsageError(arguments.scenario.file + ": no gateway has a nat section, so there is no ruleset",
                     "nodes: {gw: {kind: gateway, nat: ...}}");
  }
  keep_apart({{"the scenario", arguments.scenario.file}}, {{"--export-nft", arguments.nft}});
  OutputFile out(arguments.nft);
  out.write(text);
  out.commit();
  return Exit::good;
}

void tell(const Arguments& arguments, scenario::Format format, const scenario::Finished& finished,
          const viz::Story& story, const std::string& fingerprint, const std::vector<scenario::Note>& notes) {
  const std::string& file = arguments.scenario.file;
  switch (format) {
    case scenario::Format::json: return print_bytes(scenario::json(finished, file, fingerprint, notes));
    case scenario::Format::junit: return print_bytes(scenario::junit({scenario::suite_of(finished, file)}));
    case scenario::Format::tap: return print_bytes(scenario::tap({scenario::suite_of(finished, file)}));
    case scenario::Format::text: break;
  }
  const viz::Paint paint = paint_of_stdout();
  const std::string options =
      arguments.scenario.repeated() + arguments.limits.repeated() + arguments.gateway.repeated();
  print(story.told(finished, {.file = file, .fingerprint = fingerprint, .paint = paint, .options = options}), paint);
  complain(scenario::print_notes(scenario::split_variant(file).first, notes));
}

/// Says that nothing was run, to machines in their format.
int skip(const Arguments& arguments, scenario::Format format, const scenario::Scenario& scenario,
         const std::string& why) {
  const std::vector<scenario::Suite> suites{scenario::skipped_suite(scenario, arguments.scenario.file, why)};
  if (format == scenario::Format::json) print_bytes(scenario::json(suites));
  if (format == scenario::Format::junit) print_bytes(scenario::junit(suites));
  if (format == scenario::Format::tap) print_bytes(scenario::tap(suites));
  return tell_skipped(arguments.scenario.file, why);
}

int run(const Arguments& arguments) {
  const scenario::Format format = format_named(arguments.format);
  Gateway gateway = arguments.gateway.chosen();
  const scenario::Loaded loaded = arguments.scenario.load_written();
  const scenario::Scenario& scenario = *loaded.scenario;
  if (!arguments.nft.empty()) return export_nft(arguments, scenario);
  if (const std::string why = gateway.reason_to_skip(arguments.scenario.file, scenario); !why.empty()) {
    return skip(arguments, format, scenario, why);
  }

  scenario::RunOptions options = arguments.limits.options();
  tell_if_too_large(arguments.scenario.file, scenario, options.limits);
  Outputs outputs(arguments.outputs, arguments.scenario.file);
  viz::Story story(arguments.all);
  trace::FingerprintSink fingerprint;
  Progress progress;
  const bool tells = !arguments.quiet && !arguments.outputs.take_stdout();
  outputs.add_to(options.sinks);
  if (tells) options.sinks.push_back(&fingerprint);
  if (tells && format == scenario::Format::text) options.sinks.push_back(&story);
  if (!options.sinks.empty() && Progress::wanted()) options.sinks.push_back(&progress);

  options.gateways = gateway.maker();
  const scenario::Finished finished = scenario::run(scenario, options);
  gateway.tell_doubts();
  progress.clear();
  outputs.commit();
  if (tells)
    tell(arguments, format, finished, story, fingerprint.hex(), scenario::notes(scenario, loaded.written.stem));
  return ended(finished, finished.good() ? Exit::good : Exit::differs, tells && format == scenario::Format::text);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("run", "run a scenario, tell its story, judge its expectations");
  arguments->scenario.add_to(*verb);
  arguments->outputs.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->add_flag("--all", arguments->all, "tell every packet, not only those that decide");
  verb->add_flag("--quiet,-q", arguments->quiet, "no story; the exit code still judges");
  arguments->gateway.add_to(*verb);
  arguments->gateway.add_real_time_to(*verb);
  verb->add_option("--export-nft", arguments->nft,
                   "instead of running: write the gateways' nft rulesets; - is standard output")
      ->check(need_name)
      ->type_name("FILE");
  verb->add_option("--format", arguments->format, "text, json, junit or tap")->type_name("FORMAT");
  verb->footer(
      "Examples:\n  masqsim run scenarios/03-inbound-fails.yaml\n"
      "  masqsim run scenarios/03-inbound-fails.yaml@forwarded --pcap capture.pcapng\n"
      "  masqsim run scenarios/04-port-forward.yaml --export-nft -");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace masqsim::cli
