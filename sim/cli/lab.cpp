// masqsim lab FILE: the scenario as one HTML page that holds the simulator itself. masqsim lab --course: a folder of
// them.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

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
  std::string course;  ///< a folder of scenarios
  bool version = false;
};

/// The engine for browsers is built apart from this program, by another compiler.
std::string_view template_or_fail() {
  const std::string_view page = page::page_template();
  if (page.empty()) {
    throw MachineError(
        "this masqsim was built without the engine for browsers, so lab has none to put into the page; "
        "'./.ci/masqsim lab ...' installs what the engine needs, builds it and takes it in");
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

/// The page of `loaded`, which the command line calls `file`, into `out`.
void write_page(std::string_view page, const std::string& file, const scenario::Loaded& loaded, OutputFile& out) {
  tell_if_too_large(file, *loaded.scenario, page::limits);
  try {
    out.write(page::page_of(page, {loaded.written.text, loaded.scenario->variant, pictures_of(*loaded.scenario)}));
  } catch (const std::invalid_argument& error) {
    throw UsageError(file + ": " + error.what());
  }
}

page::Entry entry_of(const scenario::Scenario& scenario, const std::string& page) {
  page::Entry entry{
      .page = page, .name = scenario.name, .title = scenario.title, .variants = {}, .questions = scenario.lab.size()};
  for (const scenario::VariantInfo& v : scenario.variants) entry.variants.push_back(v.title.empty() ? v.name : v.title);
  return entry;
}

/// A page for each scenario of the folder, and an index. All are written, or none takes the place of an old one.
int course(std::string_view page, const Arguments& arguments) {
  namespace fs = std::filesystem;
  if (arguments.output.empty() || arguments.output == "-") {
    throw UsageError("--course needs a folder to write to", "masqsim lab --course scenarios/ -o course/");
  }
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(arguments.course, error)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  if (error) throw UsageError(arguments.course + ": cannot read: " + error.message());
  if (files.empty()) throw UsageError(arguments.course + ": no scenario (*.yaml) in it");
  std::ranges::sort(files);
  fs::create_directories(arguments.output, error);
  if (error) throw MachineError(arguments.output + ": cannot make this folder: " + error.message());
  std::vector<page::Entry> entries;
  std::vector<std::unique_ptr<OutputFile>> outs;
  for (const fs::path& file : files) {
    const scenario::Loaded loaded = load_written_or_tell(file.string());
    const std::string name = file.stem().string() + ".html";
    outs.push_back(std::make_unique<OutputFile>((fs::path(arguments.output) / name).string()));
    write_page(page, file.string(), loaded, *outs.back());
    entries.push_back(entry_of(*loaded.scenario, name));
  }
  outs.push_back(std::make_unique<OutputFile>((fs::path(arguments.output) / "index.html").string()));
  outs.back()->write(page::index_of(page, "The labs", entries));
  for (const auto& out : outs) out->commit();
  return Exit::good;
}

int lab(const Arguments& arguments) {
  const std::string_view page = template_or_fail();
  if (arguments.version) {
    print(page::sha256(page) + "  the lab page's template\n");
    return Exit::good;
  }
  if (!arguments.course.empty()) return course(page, arguments);
  if (arguments.file.empty()) throw UsageError("FILE is required", "masqsim lab scenarios/03-inbound-fails.yaml");
  const scenario::Loaded loaded = load_written_or_tell(arguments.file);
  const std::string output = arguments.output.empty() ? loaded.scenario->name + ".html" : arguments.output;
  keep_apart({{"the scenario", split_file(arguments.file).first}}, {{"--output", output}});
  OutputFile out(output);
  write_page(page, arguments.file, loaded, out);
  out.commit();
  return Exit::good;
}

}  // namespace

void add_lab(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("lab", "write a scenario as one HTML page that holds the simulator itself");
  verb->add_option("FILE", arguments->file, "the scenario, FILE or FILE@VARIANT, or a lab that masqsim list names");
  verb->add_option("-o,--output", arguments->output, "where to; without it NAME.html; - is standard output")
      ->check(need_name)
      ->type_name("FILE");
  verb->add_option("--course", arguments->course,
                   "a page for each scenario of this folder, and an index; -o names theirs")
      ->check(need_name)
      ->type_name("FOLDER");
  verb->add_flag("--version", arguments->version, "print the SHA-256 of the page's template, the same for every lab");
  verb->footer(
      "Examples:\n  masqsim lab scenarios/03-inbound-fails.yaml -o inbound-fails.html\n  masqsim lab --course scenarios/ -o course/");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return lab(*arguments); }; });
}

}  // namespace masqsim::cli
