// masqsim list: the labs that come with the program. masqsim new FILE: a scenario to begin with.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "masqsim/base/output.hpp"
#include "program.hpp"
#include "sim/course/shipped.hpp"
#include "sim/course/starter.hpp"

namespace masqsim::cli {

namespace {

int list() {
  std::string text;
  for (const course::Shipped& lab : course::shipped()) {
    const scenario::Loaded loaded = scenario::load_text(lab.text, {}, lab.stem);
    if (!loaded.scenario) throw MachineError("the lab " + std::string(lab.stem) + " of this program is broken");
    const scenario::Scenario& s = *loaded.scenario;
    text += std::string(lab.number()) + "  " + std::string(lab.name()) + ": " + s.title;
    if (!s.lab.empty())
      text += " (" + std::to_string(s.lab.size()) + (s.lab.size() == 1 ? " question)" : " questions)");
    text += '\n';
    for (const scenario::VariantInfo& v : s.variants) {
      text += "      @" + v.name + (v.title.empty() ? "" : ": " + v.title) + '\n';
    }
  }
  print(text + "\nmasqsim run 03, run 03@forwarded, explain 03 public, quiz 03, lab 03 -o 03.html\n");
  return Exit::good;
}

struct NewArguments {
  std::string file;
  std::vector<std::string> nodes, forwards;
};

/// "tcp:2222=laptop:22", or "22" for the first host.
course::StarterForward forward_of(std::string text, const course::Starter& starter) {
  const std::string whole = text;
  const std::string example = "--forward tcp:2222=" + starter.hosts.front() + ":22, or --forward 22";
  course::StarterForward forward;
  if (const std::size_t colon = text.find(':'); colon != std::string::npos && colon < text.find('=')) {
    forward.protocol = text.substr(0, colon);
    text.erase(0, colon + 1);
  }
  if (forward.protocol != "tcp" && forward.protocol != "udp") {
    throw UsageError("--forward " + whole + ": the protocol is tcp or udp", example);
  }
  const auto port = [&](const std::string& word) {
    const std::uint64_t number = whole_option("--forward", word, 1);
    if (number > 65535) throw UsageError("--forward " + whole + ": a port is 65535 at most", example);
    return static_cast<std::uint16_t>(number);
  };
  const std::size_t equals = text.find('=');
  forward.port = port(text.substr(0, equals));
  forward.to = forward.port;
  forward.host = starter.hosts.front();
  if (equals == std::string::npos) return forward;
  const std::string target = text.substr(equals + 1);
  const std::size_t colon = target.rfind(':');
  forward.host = target.substr(0, colon);
  if (colon != std::string::npos) forward.to = port(target.substr(colon + 1));
  if (std::ranges::find(starter.hosts, forward.host) == starter.hosts.end()) {
    throw UsageError("--forward " + whole + ": no node is called '" + forward.host + "'", "--nodes names them");
  }
  return forward;
}

int begin(const NewArguments& arguments) {
  std::error_code error;
  if (arguments.file != "-" && std::filesystem::exists(std::filesystem::symlink_status(arguments.file, error))) {
    throw UsageError(arguments.file + ": is there already");
  }
  course::Starter starter;
  const std::string stem = std::filesystem::path(arguments.file).stem().string();
  if (arguments.file != "-") starter.name = stem;
  if (!arguments.nodes.empty()) starter.hosts = arguments.nodes;
  if (starter.hosts.size() > 200) throw UsageError("--nodes: 200 at most");
  for (const std::string& text : arguments.forwards) starter.forwards.push_back(forward_of(text, starter));
  const std::string text = course::text_of(starter);
  const scenario::Loaded loaded = scenario::load_text(text);
  if (!loaded.scenario) {  // a name that no node or file may have
    throw UsageError("these names make no scenario: " + loaded.diagnostics.front().message);
  }
  OutputFile out(arguments.file);
  out.write(text);
  out.commit();
  return Exit::good;
}

}  // namespace

void add_list(CLI::App& app, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("list", "name the labs that come with the program");
  verb->footer("Example:\n  masqsim list");
  verb->callback([&chosen] { chosen = list; });
}

void add_new(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<NewArguments>();
  CLI::App* verb = app.add_subcommand("new", "write a scenario to begin with");
  verb->add_option("file", arguments->file, "where to; - is standard output")->required();
  verb->add_option("--nodes", arguments->nodes, "the hosts behind the gateway (laptop)")->type_name("NAME ...");
  verb->add_option("--forward", arguments->forwards, "a port forward: PORT, or PROTOCOL:PORT=HOST:PORT")
      ->type_name("FORWARD ...");
  verb->footer("Example:\n  masqsim new my-lab.yaml --nodes laptop printer --forward tcp:2222=laptop:22");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return begin(*arguments); }; });
}

}  // namespace masqsim::cli
