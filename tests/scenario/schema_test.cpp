// The published JSON Schema agrees with the loader on every file, but for the faults that no schema can express.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "masqsim/scenario/load.hpp"

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

TEST(Schema, AgreesWithTheLoaderOnEveryFile) {
  if (output_of("/usr/bin/python3 -c 'import jsonschema, yaml; print(1)' 2>/dev/null") != "1\n") {
    GTEST_SKIP() << "NOT TESTED: /usr/bin/python3 with jsonschema and yaml is missing (.ci/install-deps installs it)";
  }
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

}  // namespace
}  // namespace masqsim::scenario
