#include "viz/report.hpp"

#include <gtest/gtest.h>

namespace masqsim::viz {
namespace {

std::vector<Suite> suites() {
  Suite suite{"lab@v", "lab.yaml", {}, {}, 0};
  suite.checks.push_back({"flow out: established", true, ""});
  suite.checks.push_back({"flow <in> #1", false, "refused \"at\" gw & gone"});
  return {suite};
}

TEST(Report, JunitNamesEachCheckAndEscapesWhatItSays) {
  EXPECT_EQ(junit(suites()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"masqsim\" tests=\"2\" failures=\"1\">\n"
            "  <testsuite name=\"lab@v\" tests=\"2\" failures=\"1\" errors=\"0\" file=\"lab.yaml\">\n"
            "    <testcase classname=\"lab@v\" name=\"flow out: established\"/>\n"
            "    <testcase classname=\"lab@v\" name=\"flow &lt;in&gt; #1\">\n"
            "      <failure message=\"came refused &quot;at&quot; gw &amp; gone\"/>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(Report, TapCountsAndEscapesDirectives) {
  EXPECT_EQ(tap(suites()),
            "TAP version 13\n"
            "1..2\n"
            "ok 1 - lab@v: flow out: established\n"
            "not ok 2 - lab@v: flow <in> \\#1\n"
            "  ---\n"
            "  came: \"refused \\\"at\\\" gw & gone\"\n"
            "  ...\n");
}

TEST(Report, SetsWhatHasSeveralLinesInSeveralLines) {
  Suite suite{"lab", "lab.yaml", {}, {}, 0};
  suite.checks.push_back({"golden trace lab.trace", false, "same: out\nin: first difference\n- a > b\n"});
  EXPECT_EQ(junit({suite}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"masqsim\" tests=\"1\" failures=\"1\">\n"
            "  <testsuite name=\"lab\" tests=\"1\" failures=\"1\" errors=\"0\" file=\"lab.yaml\">\n"
            "    <testcase classname=\"lab\" name=\"golden trace lab.trace\">\n"
            "      <failure message=\"came same: out\">\n"
            "same: out\n"
            "in: first difference\n"
            "- a &gt; b\n"
            "</failure>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
  EXPECT_EQ(tap({suite}),
            "TAP version 13\n"
            "1..1\n"
            "not ok 1 - lab: golden trace lab.trace\n"
            "  ---\n"
            "  came: |\n"
            "    same: out\n"
            "    in: first difference\n"
            "    - a > b\n"
            "  ...\n");
}

TEST(Report, TextTellsOnlyWhatFailed) {
  EXPECT_EQ(text(suites(), {}),
            "lab@v    2 checks  X FAILED\n"
            "    flow <in> #1\n"
            "      refused \"at\" gw & gone\n"
            "1 of 2 checks good in 1 run\n");
}

TEST(Report, JsonSaysWhetherAllIsGood) {
  EXPECT_NE(json(suites()).find("\"good\": false"), std::string::npos);
  EXPECT_NE(json(std::vector<Suite>{}).find("\"good\": true"), std::string::npos);
}

}  // namespace
}  // namespace masqsim::viz
