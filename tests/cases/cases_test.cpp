// The recorded behaviour of the Linux kernel, held against this project's gateway: each case is a test of its name.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "sim/box/own_bench.hpp"
#include "sim/cases/replay.hpp"

namespace masqsim::cases {
namespace {

/// A case as its line of the file; it is read in its own test, so that naming all of them costs little.
struct Recorded {
  int line = 0;
  std::string name;
  std::string text;
};
void PrintTo(const Recorded& recorded, std::ostream* out) { *out << "cases.jsonl:" << recorded.line; }

/// Every line begins with its name, which is a word of letters, digits and '_': {"name": "udp_zero_checksum", ...
std::string name_of(const std::string& line) {
  const std::string_view before = "{\"name\": \"";
  return line.starts_with(before) ? line.substr(before.size(), line.find('"', before.size()) - before.size()) : "";
}

const std::vector<Recorded>& recorded() {
  static const std::vector<Recorded> all = [] {
    std::vector<Recorded> list;
    std::ifstream file(MASQSIM_SOURCE_DIR "/tests/cases/cases.jsonl", std::ios::binary);
    int number = 0;
    for (std::string line; std::getline(file, line);) list.push_back({++number, name_of(line), line});
    return list;
  }();
  return all;
}

class RecordedCase : public testing::TestWithParam<Recorded> {};

TEST_P(RecordedCase, ThisGatewayDoesWhatTheKernelDid) {
  const Cases read = read_cases(GetParam().text, "cases.jsonl");
  ASSERT_EQ(read.errors, std::vector<std::string>{});
  ASSERT_EQ(read.cases.size(), 1u);
  const Case& c = read.cases.front();
  EXPECT_EQ(c.name, GetParam().name);
  box::OwnBench bench(c.setup);
  const Verdict verdict = judge(c, replay(c, bench));
  EXPECT_TRUE(verdict.same) << to_string(verdict);
}

INSTANTIATE_TEST_SUITE_P(Linux, RecordedCase, testing::ValuesIn(recorded()),
                         [](const auto& one) { return one.param.name; });

TEST(RecordedCases, AreManyAndEachHasAName) {
  EXPECT_GE(recorded().size(), 400u);
  for (const Recorded& one : recorded()) EXPECT_NE(one.name, "") << "line " << one.line;
}

}  // namespace
}  // namespace masqsim::cases
