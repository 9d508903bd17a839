// Whole outputs held against files in tests/viz/expected. MASQSIM_UPDATE=1 in the environment writes them anew.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/fingerprint.hpp"

namespace masqsim::viz_test {

inline void expect_file(const std::string& name, const std::string& got) {
  const std::string path = std::string(MASQSIM_SOURCE_DIR) + "/tests/viz/expected/" + name;
  if (std::getenv("MASQSIM_UPDATE") != nullptr) std::ofstream(path, std::ios::binary) << got;
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << path << " is not there; it should hold:\n" << got;
  const std::string wanted(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(got, wanted) << path;
}

/// A shipped scenario, such as "03-inbound-fails".
inline scenario::Scenario shipped(const std::string& name, const std::string& variant = {}) {
  scenario::Loaded loaded = scenario::load(std::string(MASQSIM_SOURCE_DIR) + "/scenarios/" + name + ".yaml",
                                           {.variant = variant, .sets = {}, .seed = {}});
  EXPECT_TRUE(loaded.scenario) << scenario::print_diagnostics(name, loaded.diagnostics);
  return loaded.scenario.value_or(scenario::Scenario{});
}

inline scenario::Finished run_into(const scenario::Scenario& scenario, trace::Sink& sink) {
  scenario::RunOptions options;
  options.sinks.push_back(&sink);
  return scenario::run(scenario, options);
}

}  // namespace masqsim::viz_test
