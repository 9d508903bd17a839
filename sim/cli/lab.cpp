// masqsim lab FILE: the scenario as one HTML page that holds the simulator itself.
#include <memory>
#include <optional>

#include "limits.hpp"
#include "masqsim/base/output.hpp"
#include "program.hpp"
#include "sim/page/engine.hpp"
#include "sim/page/page.hpp"
#include "sim/page/sha256.hpp"
#include "viz/dot.hpp"
#include "viz/render.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  std::string file;
  std::string output;
  bool version = false;
};

/// The engine for browsers is built apart from this program, by another compiler.
std::string_view template_or_fail() {
  const std::string_view page = page::page_template();
  if (page.empty()) {
    throw MachineError(
        "this masqsim was built without the engine for browsers, so lab has none to put into the page\n"
        "hint: './.ci/masqsim lab ...' installs what the engine needs, builds it and takes it in");
  }
  return page;
}

/// Pictures for readers without JavaScript: the network, and the ways of the first flows.
std::vector<page::Picture> pictures_of(const scenario::Scenario& scenario) {
  constexpr std::size_t most_flows = 6;
  std::vector<page::Picture> pictures{{"The network", viz::render(viz::topology(scenario), viz::Picture::svg)}};
  for (const trace::FlowInfo& flow : scenario::run(scenario, {.limits = page::limits}).header.flows) {
    if (pictures.size() > most_flows) break;
    viz::FlowPath path(flow.id);
    const scenario::Finished finished = scenario::run(scenario, {.sinks = {&path}, .limits = page::limits});
    pictures.push_back({"The way of " + flow.id, viz::render(path.told(scenario, finished), viz::Picture::svg)});
  }
  return pictures;
}

int lab(const Arguments& arguments) {
  const std::string_view page = template_or_fail();
  if (arguments.version) {
    print(page::sha256(page) + "  the lab page's template\n");
    return Exit::good;
  }
  if (arguments.file.empty()) throw UsageError("FILE is required", "masqsim lab scenarios/03-inbound-fails.yaml");
  const auto [path, variant] = split_file(arguments.file);
  const scenario::Loaded loaded = load_written_or_tell(path, {.variant = variant, .sets = {}, .seed = {}});
  const scenario::Scenario& scenario = *loaded.scenario;
  tell_if_too_large(arguments.file, scenario, page::limits);
  const std::string output = arguments.output.empty() ? scenario.name + ".html" : arguments.output;
  keep_apart({{"the scenario", path}}, {{"--output", output}});
  OutputFile out(output);
  try {
    out.write(page::page_of(page, {loaded.written.text, variant, pictures_of(scenario)}));
  } catch (const std::invalid_argument& error) {
    throw UsageError(arguments.file + ": " + error.what());
  }
  out.commit();
  return Exit::good;
}

}  // namespace

void add_lab(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("lab", "write a scenario as one HTML page that holds the simulator itself");
  verb->add_option("FILE", arguments->file, "the scenario, FILE or FILE@VARIANT");
  verb->add_option("-o,--output", arguments->output, "where to; without it NAME.html; - is standard output")
      ->check(need_name)
      ->type_name("FILE");
  verb->add_flag("--version", arguments->version, "print the SHA-256 of the page's template, the same for every lab");
  verb->footer("Example:\n  masqsim lab scenarios/03-inbound-fails.yaml -o inbound-fails.html");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return lab(*arguments); }; });
}

}  // namespace masqsim::cli
