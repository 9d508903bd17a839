// The layer table, held against what the sources really include. A breach is named by file and line.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace masqsim {
namespace {

struct Source {
  std::string path;  // from the repository's root, such as "sim/nat/nat.cpp"
  std::string text;
};

/// A row of sim/layers.cmake.
struct Layer {
  std::string name;
  std::string folder;  // of its sources
  /// Its headers in include/masqsim are promised; its others are private, and those of a layer without a promise are
  /// read by whoever may include the layer, under their path: "sim/net/node.hpp".
  bool promise = false;
  bool system = false;
  bool clock = false;
  std::set<std::string, std::less<>> may_include;
  std::set<std::string, std::less<>> links;
  std::set<std::string, std::less<>> shares;  // of its private headers
};

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (separator != ' ' || !part.empty()) parts.push_back(part);
  }
  return parts;
}

/// The rows as CMakeLists.txt read them: name|folder|flags|layers it uses|libraries it links|headers it shares.
std::vector<Layer> read_layers(const std::string& text) {
  std::vector<Layer> read;
  for (const std::string& line : parts_of(text, '\n')) {
    std::vector<std::string> cells = parts_of(line, '|');
    cells.resize(6);
    Layer& layer = read.emplace_back();
    layer.name = cells[0];
    layer.folder = cells[1];
    for (const std::string& flag : parts_of(cells[2], ' ')) {
      (flag == "PROMISE" ? layer.promise : flag == "SYSTEM" ? layer.system : layer.clock) = true;
    }
    for (const std::string& used : parts_of(cells[3], ' ')) layer.may_include.insert(used);
    for (const std::string& library : parts_of(cells[4], ' ')) layer.links.insert(library);
    for (const std::string& header : parts_of(cells[5], ' ')) layer.shares.insert(header);
  }
  return read;
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

const std::vector<Layer> layers = read_layers(text_of(MASQSIM_BINARY_DIR "/layers.txt"));

/// Headers from outside the house, by the beginning of their name, and who may include them.
struct Door {
  std::vector<std::string_view> headers;
  bool (*open)(const Layer&);            // to the layers whose row says so; nullptr: to none
  std::vector<std::string_view> only{};  // of a layer with such sources (beginnings of their paths), to these alone
};

const std::vector<Door> doors{
    {{"boost/"}, [](const Layer& l) { return l.links.contains("Boost::boost"); }, {"sim/net/topology.cpp"}},
    {{"yaml-cpp/"}, [](const Layer& l) { return l.links.contains("yaml-cpp"); }},
    {{"CLI/"}, [](const Layer& l) { return l.links.contains("CLI11::CLI11"); }},
    {{"graphviz/", "gvc.h", "cgraph.h"},
     [](const Layer& l) { return l.links.contains("PkgConfig::GRAPHVIZ"); },
     {"viz/render"}},
    {{"pcap.h", "pcap/"}, [](const Layer& l) { return l.links.contains("PkgConfig::PCAP"); }},
    {{"fmt/"}, [](const Layer& l) { return l.links.contains("fmt::fmt"); }},
    {{"nlohmann/"}, [](const Layer& l) { return l.links.contains("nlohmann_json::nlohmann_json"); }},
    // the operating system: files, processes, and the kernel that plays the gateway
    {{"fcntl.h", "unistd.h", "poll.h", "sched.h", "spawn.h", "signal.h", "sys/", "linux/", "net/", "netinet/", "arpa/"},
     [](const Layer& l) { return l.system; },
     {"sim/base/input.cpp", "sim/base/output.cpp", "viz/render"}},
    // what would make two runs differ: distributions, the locale, the wall clock
    {{"random", "locale", "clocale"}, nullptr},
    {{"chrono", "ctime", "time.h"}, [](const Layer& l) { return l.clock; }},
};

bool may_pass(const Door& door, const Layer& layer, std::string_view path) {
  if (!door.open || !door.open(layer)) return false;
  bool narrowed = false;
  for (const std::string_view source : door.only) {
    if (path.starts_with(source)) return true;
    narrowed = narrowed || source.starts_with(layer.folder + '/');
  }
  return !narrowed;
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view b) { return text.starts_with(b); });
}

const Layer* layer_named(std::string_view name) {
  const auto found = std::find_if(layers.begin(), layers.end(), [&](const Layer& layer) { return layer.name == name; });
  return found == layers.end() ? nullptr : &*found;
}

/// The layer that the file belongs to by its folder, nullptr for none.
const Layer* layer_of(std::string_view path) {
  for (const Layer& layer : layers) {
    if (path.starts_with(layer.folder + '/')) return &layer;
    if (path.starts_with("include/masqsim/" + layer.name + '/')) return &layer;
  }
  return nullptr;
}

struct Include {
  int line;
  bool quoted;
  std::string name;
};

std::vector<std::string> lines_of(const std::string& text) { return parts_of(text, '\n'); }

std::vector<Include> includes_of(const Source& source) {
  std::vector<Include> found;
  int number = 0;
  for (const std::string& line : lines_of(source.text)) {
    ++number;
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') continue;
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || line.compare(word, 7, "include") != 0) continue;
    const std::size_t open = line.find_first_of("<\"", word);
    if (open == std::string::npos) continue;
    const std::size_t close = line.find(line[open] == '<' ? '>' : '"', open + 1);
    found.push_back({number, line[open] == '"', line.substr(open + 1, close - open - 1)});
  }
  return found;
}

/// The layer that an include leads to: through include/masqsim, or through a private header's path.
const Layer* target_of(const Include& include) {
  if (include.name.starts_with("masqsim/")) return layer_of("include/" + include.name);
  return layer_of(include.name);
}

std::string at(const Source& source, int line) { return source.path + ':' + std::to_string(line) + ": "; }

void check_include(const Source& source, const Layer& layer, const Include& include,
                   std::vector<std::string>& breaches) {
  const auto breach = [&](const std::string& what) { breaches.push_back(at(source, include.line) + what); };
  const bool is_public = source.path.starts_with("include/");
  if (!include.quoted) {
    for (const Door& door : doors) {
      if (starts_with_any(include.name, door.headers) &&
          (include.name.find_first_of("./") != std::string::npos ||
           std::find(door.headers.begin(), door.headers.end(), include.name) != door.headers.end()) &&
          !may_pass(door, layer, source.path)) {
        return breach("<" + include.name + "> has its door elsewhere");
      }
    }
    const bool standard = include.name.find_first_of("./") == std::string::npos;
    const bool known = std::any_of(doors.begin(), doors.end(),
                                   [&](const Door& door) { return starts_with_any(include.name, door.headers); });
    if (!standard && !known) return breach("<" + include.name + "> is a library that no door is named for");
    if (!standard && is_public) return breach("<" + include.name + "> is a foreign header in a public one");
    return;
  }
  if (include.name.find("..") != std::string::npos) return breach('"' + include.name + "\" climbs out of its folder");
  if (include.name.find('/') == std::string::npos) {  // a neighbour in the same folder
    if (is_public) {
      breach('"' + include.name + "\" is to be included as \"masqsim/" + layer.name + "/...\"");
    }
    return;
  }
  const Layer* target = target_of(include);
  if (!target) return breach('"' + include.name + "\" belongs to no layer");
  const bool is_promise = include.name.starts_with("masqsim/");
  if (!is_promise && is_public) return breach('"' + include.name + "\" is no part of the promise of include/");
  const bool shared = target->shares.contains(include.name.substr(include.name.rfind('/') + 1));
  if (!is_promise && !shared && target != &layer && target->promise) {
    return breach('"' + include.name + "\" is private to " + target->name);
  }
  if (target != &layer && !layer.may_include.contains(target->name)) {
    breach(layer.name + " may not include " + target->name + " (\"" + include.name + "\")");
  }
}

/// Folder = layer = namespace. A layer may also open the namespace of one that it may include (to declare, not define).
void check_namespaces(const Source& source, const Layer& layer, std::vector<std::string>& breaches) {
  const std::string own = layer.name == "base" ? "masqsim" : "masqsim::" + layer.name;
  bool opened = false;
  int number = 0;
  for (const std::string& line : lines_of(source.text)) {
    ++number;
    if (!line.starts_with("namespace masqsim")) continue;
    const std::string name = line.substr(10, line.find_first_of(" {=", 10) - 10);
    if (name == own || name.starts_with(own + "::")) {
      const Layer* other =
          layer.name == "base" && name.size() > 9 ? layer_named(name.substr(9, name.find("::", 9) - 9)) : nullptr;
      opened = opened || !other;
      if (!other || other == &layer) continue;
    }
    const Layer* other = name.size() > 9 ? layer_named(name.substr(9, name.find("::", 9) - 9)) : layer_named("base");
    if (!other || !layer.may_include.contains(other->name)) {
      breaches.push_back(at(source, number) + "namespace " + name + " is not that of its folder, " + own);
    }
  }
  if (!opened && !source.path.ends_with("/main.cpp")) {
    breaches.push_back(at(source, 1) + "does not open namespace " + own);
  }
}

std::vector<std::string> breaches_of(const std::vector<Source>& sources) {
  std::vector<std::string> breaches;
  for (const Source& source : sources) {
    const Layer* layer = layer_of(source.path);
    if (!layer) {
      breaches.push_back(at(source, 1) + "lies in no layer's folder");
      continue;
    }
    for (const Include& include : includes_of(source)) check_include(source, *layer, include, breaches);
    check_namespaces(source, *layer, breaches);
  }
  return breaches;
}

using Edges = std::map<std::string_view, std::set<std::string_view>>;

/// A way round through the edges, "a > b > a", or empty. Depth first, in the order of names.
std::string cycle_in(const Edges& edges) {
  std::vector<std::string_view> path;
  std::set<std::string_view> done;
  const auto visit = [&](const auto& self, std::string_view node) -> std::string {
    if (const auto seen = std::find(path.begin(), path.end(), node); seen != path.end()) {
      std::string text;
      for (auto n = seen; n != path.end(); ++n) text += std::string(*n) + " > ";
      return text + std::string(node);
    }
    if (!done.insert(node).second) return {};
    path.push_back(node);
    if (const auto next = edges.find(node); next != edges.end()) {
      for (const std::string_view to : next->second) {
        if (std::string found = self(self, to); !found.empty()) return found;
      }
    }
    path.pop_back();
    return {};
  };
  for (const auto& [node, to] : edges) {
    if (std::string found = visit(visit, node); !found.empty()) return found;
  }
  return {};
}

/// Which layer really includes which.
Edges edges_of(const std::vector<Source>& sources) {
  Edges edges;
  for (const Source& source : sources) {
    const Layer* from = layer_of(source.path);
    for (const Include& include : includes_of(source)) {
      const Layer* to = include.quoted ? target_of(include) : nullptr;
      if (from && to && from != to) edges[from->name].insert(to->name);
    }
  }
  return edges;
}

std::vector<Source> repository() {
  const std::filesystem::path root = MASQSIM_SOURCE_DIR;
  std::vector<std::filesystem::path> files;
  for (const char* folder : {"include", "sim", "viz"}) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".cpp" || extension == ".hpp" || extension == ".h") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Source> sources;
  for (const std::filesystem::path& file : files) {
    sources.push_back({file.lexically_relative(root).string(), text_of(file)});
  }
  return sources;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

TEST(Architecture, EveryIncludeAndNamespaceKeepsTheLayerTable) {
  const std::vector<Source> sources = repository();
  ASSERT_GT(sources.size(), 20u) << "the sources were not found under " MASQSIM_SOURCE_DIR;
  EXPECT_EQ(joined(breaches_of(sources)), "");
}

TEST(Architecture, TheLayersFormNoCycle) {
  Edges table;
  for (const Layer& layer : layers) table[layer.name] = {layer.may_include.begin(), layer.may_include.end()};
  EXPECT_EQ(cycle_in(table), "") << "in the table itself";
  EXPECT_EQ(cycle_in(edges_of(repository())), "") << "in the includes";
}

TEST(Architecture, OnlyALayerWithAPromiseHasHeadersInInclude) {
  for (const Source& source : repository()) {
    if (!source.path.starts_with("include/")) continue;
    const Layer* layer = layer_of(source.path);
    EXPECT_TRUE(layer && layer->promise) << source.path;
  }
}

TEST(ArchitectureChecker, FindsEachPlantedBreachWithFileAndLine) {
  struct Planted {
    const char* path;
    const char* text;
    const char* breach;
  };
  const Planted planted[] = {
      {"sim/nat/nat.cpp", "// c\n#include \"sim/engine/engine.hpp\"\nnamespace masqsim::nat {\n",
       "sim/nat/nat.cpp:2: nat may not include engine (\"sim/engine/engine.hpp\")\n"},
      {"include/masqsim/trace/sink.hpp", "#  include \"sim/net/node.hpp\"\nnamespace masqsim::trace {}\n",
       "include/masqsim/trace/sink.hpp:1: \"sim/net/node.hpp\" is no part of the promise of include/\n"},
      {"sim/trace/sink.cpp", "#  include \"sim/net/node.hpp\"\nnamespace masqsim::trace {}\n",
       "sim/trace/sink.cpp:1: trace may not include net (\"sim/net/node.hpp\")\n"},
      {"viz/dot.cpp", "namespace masqsim::viz {}\n#include \"masqsim/nat/nat.hpp\"\n",
       "viz/dot.cpp:2: viz may not include nat (\"masqsim/nat/nat.hpp\")\n"},
      {"sim/net/link.cpp", "#include \"sim/trace/secret.hpp\"\nnamespace masqsim::net {}\n",
       "sim/net/link.cpp:1: \"sim/trace/secret.hpp\" is private to trace\n"},
      {"include/masqsim/nat/nat.hpp", "#include \"sim/nat/secret.hpp\"\nnamespace masqsim::nat {}\n",
       "include/masqsim/nat/nat.hpp:1: \"sim/nat/secret.hpp\" is no part of the promise of include/\n"},
      {"sim/net/link.cpp", "#include \"../nat/core.hpp\"\nnamespace masqsim::net {}\n",
       "sim/net/link.cpp:1: \"../nat/core.hpp\" climbs out of its folder\n"},
      {"include/masqsim/net/link.hpp", "#include \"node.hpp\"\nnamespace masqsim::net {}\n",
       "include/masqsim/net/link.hpp:1: \"node.hpp\" is to be included as \"masqsim/net/...\"\n"},
      {"sim/net/link.cpp", "#include \"masqsim/nowhere/x.hpp\"\nnamespace masqsim::net {}\n",
       "sim/net/link.cpp:1: \"masqsim/nowhere/x.hpp\" belongs to no layer\n"},
      {"sim/net/route.cpp", "#include <boost/graph/adjacency_list.hpp>\nnamespace masqsim::net {}\n",
       "sim/net/route.cpp:1: <boost/graph/adjacency_list.hpp> has its door elsewhere\n"},
      {"sim/cli/run.cpp", "#include <yaml-cpp/yaml.h>\nnamespace masqsim::cli {}\n",
       "sim/cli/run.cpp:1: <yaml-cpp/yaml.h> has its door elsewhere\n"},
      {"sim/scenario/load.cpp", "#include <CLI/CLI.hpp>\nnamespace masqsim::scenario {}\n",
       "sim/scenario/load.cpp:1: <CLI/CLI.hpp> has its door elsewhere\n"},
      {"viz/dot.cpp", "#include <graphviz/gvc.h>\nnamespace masqsim::viz {}\n",
       "viz/dot.cpp:1: <graphviz/gvc.h> has its door elsewhere\n"},
      {"sim/net/capture.cpp", "#include <pcap.h>\nnamespace masqsim::net {}\n",
       "sim/net/capture.cpp:1: <pcap.h> has its door elsewhere\n"},
      {"sim/nat/nat.cpp", "#include <unistd.h>\nnamespace masqsim::nat {}\n",
       "sim/nat/nat.cpp:1: <unistd.h> has its door elsewhere\n"},
      {"sim/net/link.cpp", "#include <random>\nnamespace masqsim::net {}\n",
       "sim/net/link.cpp:1: <random> has its door elsewhere\n"},
      {"sim/net/link.cpp", "#include <chrono>\nnamespace masqsim::net {}\n",
       "sim/net/link.cpp:1: <chrono> has its door elsewhere\n"},
      {"sim/net/link.cpp", "#include <asio/ip.hpp>\nnamespace masqsim::net {}\n",
       "sim/net/link.cpp:1: <asio/ip.hpp> is a library that no door is named for\n"},
      {"include/masqsim/nat/nat.hpp", "#include <nlohmann/json.hpp>\nnamespace masqsim::nat {}\n",
       "include/masqsim/nat/nat.hpp:1: <nlohmann/json.hpp> has its door elsewhere\n"},
      {"sim/net/link.cpp", "namespace masqsim::app {\n}\n",
       "sim/net/link.cpp:1: namespace masqsim::app is not that of its folder, masqsim::net\n"
       "sim/net/link.cpp:1: does not open namespace masqsim::net\n"},
      {"sim/base/time.cpp", "\nnamespace masqsim::wire {\n}\nnamespace masqsim {}\n",
       "sim/base/time.cpp:2: namespace masqsim::wire is not that of its folder, masqsim\n"},
      {"sim/net/link.cpp", "int x;\n", "sim/net/link.cpp:1: does not open namespace masqsim::net\n"},
      {"sim/extra/x.cpp", "namespace masqsim::extra {}\n", "sim/extra/x.cpp:1: lies in no layer's folder\n"},
  };
  for (const Planted& p : planted) EXPECT_EQ(joined(breaches_of({{p.path, p.text}})), p.breach);
}

TEST(ArchitectureChecker, LetsThroughWhatTheTableAllows) {
  const std::vector<Source> sources{
      {"sim/net/topology.cpp",
       "#include \"masqsim/net/topology.hpp\"\n#include <boost/graph/graph.hpp>\n#include <vector>\n#include \"local.hpp\"\n"
       "#include \"masqsim/nat/nat.hpp\"\n#include \"sim/net/local.hpp\"\nnamespace masqsim::nat {\nclass Nat;\n}\n"
       "namespace masqsim::net {\n}\n"},
      {"sim/base/parse.cpp", "#include \"masqsim/base/parse.hpp\"\nnamespace masqsim::parse {}\n"},
      {"viz/render.cpp", "#include <graphviz/gvc.h>\n#include <fmt/format.h>\nnamespace masqsim::viz {}\n"},
      {"sim/cli/main.cpp", "#include \"masqsim/cli/cli.hpp\"\nint main() {}\n"},
  };
  EXPECT_EQ(joined(breaches_of(sources)), "");
}

TEST(ArchitectureChecker, FindsAPlantedCycle) {
  EXPECT_EQ(cycle_in({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}), "a > b > c > a");
  EXPECT_EQ(cycle_in({{"a", {"b", "c"}}, {"b", {"c"}}}), "");
  EXPECT_EQ(cycle_in(edges_of({{"sim/net/a.cpp", "#include \"masqsim/trace/record.hpp\"\n"},
                               {"sim/trace/b.cpp", "#include \"masqsim/net/node.hpp\"\n"}})),
            "net > trace > net");
}

}  // namespace
}  // namespace masqsim
