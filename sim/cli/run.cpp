// masqsim run FILE: runs it, tells the story, judges.
#include <memory>

#include "gateway.hpp"
#include "masqsim/scenario/notes.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "outputs.hpp"
#include "program.hpp"
#include "progress.hpp"
#include "sim/standin/export_nft.hpp"
#include "viz/report.hpp"
#include "viz/story.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  OutputArguments outputs;
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
  OutputFile out(arguments.nft);
  out.write(text);
  out.commit();
  return Exit::good;
}

std::string told(const Arguments& arguments, viz::Format format, const scenario::Finished& finished,
                 const viz::Story& story, const std::string& fingerprint, const std::vector<scenario::Note>& notes) {
  switch (format) {
    case viz::Format::json: return viz::json(finished, arguments.scenario.file, fingerprint, notes);
    case viz::Format::junit: return viz::junit({viz::suite_of(finished, arguments.scenario.file)});
    case viz::Format::tap: return viz::tap({viz::suite_of(finished, arguments.scenario.file)});
    case viz::Format::text: break;
  }
  return story.told(finished, {.file = arguments.scenario.file,
                               .fingerprint = fingerprint,
                               .paint = paint_of_stdout(),
                               .options = viz::printable(arguments.scenario.repeated())});
}

int run(const Arguments& arguments) {
  const viz::Format format = format_named(arguments.format);
  Gateway gateway = arguments.gateway.chosen();
  const scenario::Loaded loaded = arguments.scenario.load_written();
  const scenario::Scenario& scenario = *loaded.scenario;
  if (!arguments.nft.empty()) return export_nft(arguments, scenario);
  if (!gateway.plays(arguments.scenario.file, scenario)) return Exit::good;

  Outputs outputs(arguments.outputs);
  viz::Story story(arguments.all);
  trace::FingerprintSink fingerprint;
  Progress progress;
  const bool tell = !arguments.quiet && !arguments.outputs.take_stdout();
  scenario::RunOptions options;
  outputs.add_to(options.sinks);
  if (tell) options.sinks.push_back(&fingerprint);
  if (tell && format == viz::Format::text) options.sinks.push_back(&story);
  if (!options.sinks.empty() && Progress::wanted()) options.sinks.push_back(&progress);

  options.gateways = gateway.maker();
  const scenario::Finished finished = scenario::run(scenario, options);
  gateway.tell_doubts();
  progress.clear();
  outputs.commit();
  if (tell) {
    const std::vector<scenario::Note> notes = scenario::notes(scenario, loaded.written.stem);
    print(told(arguments, format, finished, story, fingerprint.hex(), notes));
    const std::string path = scenario::split_variant(arguments.scenario.file).first;
    if (format == viz::Format::text) complain(scenario::print_notes(viz::printable(path), notes));
  }
  return finished.good() ? Exit::good : Exit::differs;
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("run", "run a scenario, tell its story, judge its expectations");
  arguments->scenario.add_to(*verb);
  arguments->outputs.add_to(*verb);
  verb->add_flag("--all", arguments->all, "tell every packet, not only those that decide");
  verb->add_flag("--quiet,-q", arguments->quiet, "no story; the exit code still judges");
  arguments->gateway.add_to(*verb);
  arguments->gateway.add_real_time_to(*verb);
  verb->add_option("--export-nft", arguments->nft,
                   "instead of running: write the gateways' nft rulesets; - is standard output")
      ->type_name("FILE");
  verb->add_option("--format", arguments->format, "text, json, junit or tap")->type_name("FORMAT");
  verb->footer(
      "Examples:\n  masqsim run scenarios/03-inbound-fails.yaml\n"
      "  masqsim run scenarios/03-inbound-fails.yaml@forwarded --pcap capture.pcapng\n"
      "  masqsim run scenarios/04-port-forward.yaml --export-nft -");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

}  // namespace masqsim::cli
