// masqsim rfc [FILE]: what the NAT RFCs require, tried on a gateway requirement by requirement.
#include "sim/exam/rfc.hpp"

#include <algorithm>
#include <memory>

#include "gateway.hpp"
#include "masqsim/base/output.hpp"
#include "program.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  std::string preset;
  GatewayArguments gateway;
  std::string format = "text";
  std::string captures;
  bool packets = false;
};

void one_of(const char* option, const std::string& value, const std::string& first, const std::string& second) {
  if (value != first && value != second) {
    throw UsageError(std::string("unknown ") + option + " '" + value + "'", first + " or " + second);
  }
}

/// What is tried.
struct Tried {
  nat::Config nat;
  std::uint64_t seed = 1;
};

/// The NAT of the file's first gateway; without a file, masquerade as Linux does it, or as `--preset` says.
Tried tried(const Arguments& arguments) {
  if (arguments.scenario.file.empty()) {
    if (!arguments.scenario.repeated().empty())
      throw UsageError("--set and --seed change a scenario, and none is named");
    nat::Config config;
    config.source.emplace_back();
    return {arguments.preset == "rfc" ? nat::rfc_preset(config) : config};
  }
  const scenario::Scenario loaded = arguments.scenario.load();
  const auto gateway = std::ranges::find_if(loaded.nodes, [](const scenario::Node& n) { return n.nat.has_value(); });
  if (gateway == loaded.nodes.end()) {
    throw UsageError(arguments.scenario.file + ": no gateway in it translates", "a node with nat:");
  }
  return {gateway->nat->config, loaded.seed};
}

int examine(const Arguments& arguments) {
  const Gateway gateway = arguments.gateway.chosen();
  one_of("format", arguments.format, "text", "json");
  if (!arguments.preset.empty()) one_of("preset", arguments.preset, "linux", "rfc");
  if (!arguments.preset.empty() && !arguments.scenario.file.empty()) {
    throw UsageError("--preset is for a run without a file", "preset: rfc in the file's nat:");
  }
  const bool linux = gateway.kind() == Gateway::Kind::kernel;
  if (linux && (!arguments.scenario.file.empty() || arguments.preset == "rfc")) {
    throw UsageError("--gateway linux knows only what Linux does", "masqsim rfc --gateway linux");
  }
  gateway.require();

  exam::RfcOptions options;
  const Tried what = tried(arguments);
  options.nat = exam::bench_config(what.nat);
  if (linux) options.patience = 10_s;
  options.bench = [&](const box::Setup& setup) { return gateway.bench(setup, box::Bench::settle, what.seed); };
  options.bench({.nat = options.nat, .services = {}, .addressing = {}});  // what cannot even begin ends the verb
  const std::vector<exam::Finding> findings = exam::examine(options);
  if (!arguments.captures.empty()) exam::write_captures(findings, arguments.captures);
  print(arguments.format == "json" ? exam::to_json(findings) : exam::to_text(findings, arguments.packets));
  return exam::meets_every_must(findings) ? Exit::good : Exit::differs;
}

}  // namespace

void add_rfc(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("rfc", "try what RFC 4787, 5382, 5508, 6888 and 7857 require on a gateway");
  verb->add_option("file", arguments->scenario.file,
                   "scenario FILE or FILE@VARIANT whose first gateway is tried; without: Linux masquerade");
  arguments->scenario.ChangeArguments::add_to(*verb);
  verb->add_option("--preset", arguments->preset, "without a file: linux or rfc")->type_name("NAME");
  arguments->gateway.add_to(*verb);
  verb->add_flag("--all", arguments->packets, "under each requirement the packets that show it");
  verb->add_option("--format", arguments->format, "text or json")->type_name("FORMAT");
  verb->add_option("--pcap-dir", arguments->captures, "one capture a requirement")->type_name("DIR");
  verb->footer("Exit code 1 if a MUST or MUST NOT is deviated from.\nExample:\n  masqsim rfc --preset rfc --all");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return examine(*arguments); }; });
}

}  // namespace masqsim::cli
