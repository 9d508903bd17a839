// Every file in files/good loads and its resolved form loads back to the same model; every file in files/bad gives
// exactly the diagnostics that stand beside it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "masqsim/scenario/load.hpp"

namespace masqsim::scenario {
namespace {

namespace fs = std::filesystem;

const fs::path files = fs::path(MASQSIM_SOURCE_DIR) / "tests/scenario/files";

std::vector<fs::path> yaml_in(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

/// What `check` prints for one file.
std::string check(const fs::path& path) {
  const Loaded loaded = load(path.string());
  if (loaded.found == 0) return {};
  return print_diagnostics(path.filename().string(), loaded.diagnostics) + closing_line(loaded.found);
}

class BadFile : public testing::TestWithParam<fs::path> {};

TEST_P(BadFile, GivesTheDiagnosticsThatStandBesideIt) {
  fs::path expected = GetParam();
  expected.replace_extension(".expected");
  EXPECT_EQ(check(GetParam()), read(expected));
  EXPECT_FALSE(load(GetParam().string()).scenario.has_value());
}

class GoodFile : public testing::TestWithParam<fs::path> {};

TEST_P(GoodFile, LoadsAndItsResolvedFormLoadsBackToTheSameModel) {
  const Loaded base = load(GetParam().string());
  ASSERT_TRUE(base.scenario.has_value()) << print_diagnostics(GetParam().string(), base.diagnostics);
  std::vector<std::string> variants{""};
  for (const VariantInfo& variant : base.scenario->variants) variants.push_back(variant.name);
  for (const std::string& variant : variants) {
    Loaded first = load(GetParam().string(), {.variant = variant, .sets = {}, .seed = {}});
    ASSERT_TRUE(first.scenario.has_value());
    const std::string text = resolved(*first.scenario);
    const Loaded second = load_text(text);
    ASSERT_TRUE(second.scenario.has_value()) << text << print_diagnostics("resolved", second.diagnostics);
    EXPECT_EQ(resolved(*second.scenario), text);
    first.scenario->variant.clear();
    first.scenario->vars.clear();
    first.scenario->variants.clear();
    EXPECT_TRUE(*second.scenario == *first.scenario) << "variant '" << variant << "' differs after:\n" << text;
  }
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

std::vector<fs::path> good_files() {
  std::vector<fs::path> paths = yaml_in(files / "good");
  for (const fs::path& path : yaml_in(fs::path(MASQSIM_SOURCE_DIR) / "scenarios")) paths.push_back(path);
  for (const fs::path& path : yaml_in(fs::path(MASQSIM_SOURCE_DIR) / "tests/bench")) paths.push_back(path);
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Loader, BadFile, testing::ValuesIn(yaml_in(files / "bad")), name_of);
INSTANTIATE_TEST_SUITE_P(Loader, GoodFile, testing::ValuesIn(good_files()), name_of);

TEST(ShippedScenario, IsCalledAsItsFileWithoutTheNumber) {
  for (const fs::path& path : yaml_in(fs::path(MASQSIM_SOURCE_DIR) / "scenarios")) {
    const Loaded loaded = load(path.string());
    ASSERT_TRUE(loaded.scenario.has_value()) << path;
    const std::string stem = path.stem().string();
    EXPECT_EQ(loaded.scenario->name, stem.substr(stem.find('-') + 1));
    EXPECT_FALSE(loaded.scenario->title.empty()) << path;
  }
}

}  // namespace
}  // namespace masqsim::scenario
