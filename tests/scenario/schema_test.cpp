// The published JSON Schema agrees with the loader on every file, but for the faults that no schema can express.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "masqsim/scenario/load.hpp"
#include "sim/scenario/sections.hpp"

namespace masqsim::scenario {
namespace {

namespace fs = std::filesystem;

const fs::path source = MASQSIM_SOURCE_DIR;

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> chunk{};
  for (std::size_t n = 0; pipe && (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) {
    out.append(chunk.data(), n);
  }
  if (pipe) ::pclose(pipe);
  return out;
}

std::vector<fs::path> all_files() {
  std::vector<fs::path> paths;
  for (const char* folder : {"tests/scenario/files/good", "tests/scenario/files/bad", "scenarios", "tests/bench"}) {
    for (const auto& entry : fs::directory_iterator(source / folder)) {
      if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Stem and reason of each file that only the loader can refuse.
std::map<std::string, std::string> beyond_schema() {
  std::map<std::string, std::string> reasons;
  std::ifstream in(source / "tests/scenario/files/beyond-schema.txt");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (!line.starts_with('#') && colon != std::string::npos) reasons[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return reasons;
}

bool can_check() { return output_of("/usr/bin/python3 -c 'import jsonschema, yaml; print(1)' 2>/dev/null") == "1\n"; }
constexpr const char* cannot_check =
    "NOT TESTED: /usr/bin/python3 with jsonschema and yaml is missing (.ci/install-deps installs it)";

TEST(Schema, AgreesWithTheLoaderOnEveryFile) {
  if (!can_check()) GTEST_SKIP() << cannot_check;
  std::string command = "/usr/bin/python3 '" + (source / "tests/scenario/schema_check.py").string() + "' '" +
                        (source / "scenarios/masqsim.schema.json").string() + "'";
  for (const fs::path& path : all_files()) command += " '" + path.string() + "'";
  std::istringstream lines(output_of(command));
  const auto reasons = beyond_schema();
  std::size_t seen = 0;
  for (std::string verdict, path; lines >> verdict && std::getline(lines >> std::ws, path); ++seen) {
    const bool loads = load(path).scenario.has_value();
    const bool only_loader =
        reasons.contains(fs::path(path).stem().string()) && path.find("/bad/") != std::string::npos;
    EXPECT_EQ(verdict == "accepts", loads || only_loader)
        << path << ": the schema " << verdict << " it; the loader " << (loads ? "accepts" : "rejects") << " it";
  }
  EXPECT_EQ(seen, all_files().size());
}

/// A value that `type` takes, and values that it does not; none where a single value says nothing about it.
std::string right_value(const Type& type) {
  switch (type.kind) {
    case Type::Kind::boolean: return "true";
    case Type::Kind::whole: return std::to_string(type.least);
    case Type::Kind::word: return std::string(type.words[0].text);
    case Type::Kind::duration: return type.step > 1 ? "2s" : type.least > 0 ? "5ms" : "0s";
    case Type::Kind::rate: return "10Mbps";
    case Type::Kind::size: return "8B";
    case Type::Kind::percent: return "0.5%";
    case Type::Kind::either: return right_value(type.of.back());
    default: return {};
  }
}
std::vector<std::string> wrong_values(const Type& type) {
  switch (type.kind) {
    case Type::Kind::boolean: return {"maybe", "1", "[true]"};
    case Type::Kind::whole: {
      std::vector<std::string> wrong{"many", "1.5", "-1", "{}",
                                     fmt::format("{}", type.most + (type.most < UINT64_MAX ? 1 : 0)) + "0"};
      if (type.least > 0) wrong.push_back(std::to_string(type.least - 1));
      return wrong;
    }
    case Type::Kind::word: return {"nonsense", "7", "[]"};
    case Type::Kind::duration:
      return type.least > 0 ? std::vector<std::string>{"5", "soon", "0s", "-1s", "[]"}
                            : std::vector<std::string>{"5", "soon", "-1s", "5 s", "{}"};
    case Type::Kind::rate: return {"fast", "10", "10MBps"};
    case Type::Kind::size: return {"10", "big", "10Mbps"};
    case Type::Kind::percent: return {"1", "101%", "-1%", "%"};
    case Type::Kind::either: return wrong_values(type.of.back());
    default: return {};
  }
}

/// A whole file in which `pair` stands in the section called `section`.
std::string file_with(std::string_view section, const KeyRow& row, const std::string& pair) {
  std::string network, node, service, nat, action = "udp: \"web:9\"", more;
  if (section == "network") network = pair;
  if (section == "node") node = ", " + pair;
  if (section == "service") service = ", " + pair;
  if (section == "nat") nat = pair;
  for (const std::string_view group : {"timeouts", "limits", "firewall"}) {
    if (section == group) nat = fmt::format("{}: {{{}}}", group, pair);
  }
  if (section == "action") {
    if ((row.verbs >> static_cast<int>(Verb::udp) & 1) == 0 && row.verbs != 0) {
      const bool tcp = (row.verbs >> static_cast<int>(Verb::tcp) & 1) != 0;
      action = tcp ? "tcp: \"web:80\"" : "traceroute: web";
    }
    action += ", " + pair;
  }
  if (section == "set") more = fmt::format("  - {{at: 1s, set: {{network: home, {}}}}}\n", pair);
  return fmt::format(R"(masqsim: 1
networks: {{home: {{{}}}, internet: {{kind: cloud}}}}
nodes:
  pc: {{interfaces: {{home: 192.168.1.2/24}}{}}}
  gw: {{kind: gateway, interfaces: {{home: 192.168.1.1/24, internet: 203.0.113.5}}, nat: {{{}}}}}
  web: {{interfaces: {{internet: 198.51.100.10}}, services: [{{tcp: 80{}}}]}}
actions:
  - {{id: a, from: pc, {}}}
{})",
                     network, node, nat, service, action, more);
}

TEST(Schema, TakesAndRefusesTheValuesOfEachKeyAsTheLoaderDoes) {
  if (!can_check()) GTEST_SKIP() << cannot_check;
  std::string folder = (fs::temp_directory_path() / "masqsim-schema-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::string command = "/usr/bin/python3 '" + (source / "tests/scenario/schema_check.py").string() + "' '" +
                        (source / "scenarios/masqsim.schema.json").string() + "'";
  std::map<std::string, bool> loads;
  const auto add = [&](std::string_view section, const KeyRow& row, const std::string& value, bool right) {
    const std::string text = file_with(section, row, fmt::format("{}: {}", row.name, value));
    const std::string path = fmt::format("{}/{}.yaml", folder, loads.size());
    std::ofstream(path) << text;
    command += " " + path;
    const bool loaded = load_text(text).scenario.has_value();
    EXPECT_EQ(loaded, right) << section << "." << row.name << ": " << value;
    loads[path] = loaded;
  };
  const std::vector<const Section*> sections{
      &network_keys().section,  &node_keys().section,   &service_keys().section,
      &action_keys().section,   &set_keys().section,    &nat_section(""),
      &nat_section("timeouts"), &nat_section("limits"), &nat_section("firewall")};
  for (const Section* section : sections) {
    for (const KeyRow& row : section->rows) {
      const bool apart = row.name == "kind" || row.name == "link" || row.name == "tcp" || row.name == "udp";
      const std::string right = right_value(row.type);
      if (right.empty() || (apart && section->name != "network" && section->name != "timeouts")) continue;
      if (row.name != "rp-filter" && row.name != "stagger") add(section->name, row, right, true);
      for (const std::string& wrong : wrong_values(row.type)) add(section->name, row, wrong, false);
    }
  }
  std::istringstream lines(output_of(command));
  std::size_t seen = 0;
  for (std::string verdict, path; lines >> verdict && std::getline(lines >> std::ws, path); ++seen) {
    std::ifstream in(path);
    EXPECT_EQ(verdict == "accepts", loads[path]) << std::string(std::istreambuf_iterator<char>(in), {});
  }
  EXPECT_EQ(seen, loads.size());
  EXPECT_GT(seen, 300u);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace masqsim::scenario
