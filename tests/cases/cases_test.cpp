// The recorded behaviour of the Linux kernel, held against this project's gateway.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sim/box/own_bench.hpp"
#include "sim/cases/replay.hpp"

namespace masqsim::cases {
namespace {

Cases recorded() {
  std::ifstream file(MASQSIM_SOURCE_DIR "/tests/cases/cases.jsonl", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return read_cases(text.view(), "cases.jsonl");
}

TEST(RecordedCases, CanAllBeRead) {
  const Cases cases = recorded();
  EXPECT_EQ(cases.errors, std::vector<std::string>{});
  EXPECT_GE(cases.cases.size(), 200u);
}

TEST(RecordedCases, ThisGatewayDoesInEachWhatTheKernelDid) {
  for (const Case& c : recorded().cases) {
    box::OwnBench bench(c.setup);
    const Verdict verdict = judge(c, replay(c, bench));
    EXPECT_TRUE(verdict.same) << to_string(verdict);
  }
}

}  // namespace
}  // namespace masqsim::cases
