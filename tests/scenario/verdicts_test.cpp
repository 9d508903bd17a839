#include "masqsim/scenario/verdicts.hpp"

#include <gtest/gtest.h>

namespace masqsim::scenario {
namespace {

std::vector<Suite> suites() {
  Suite suite{"lab@v", "lab.yaml", {}, {}, 0};
  suite.checks.push_back({"flow out: established", true, ""});
  suite.checks.push_back({"flow <in> #1", false, "refused \"at\" gw & gone"});
  return {suite};
}

TEST(Verdicts, JunitNamesEachCheckAndEscapesWhatItSays) {
  EXPECT_EQ(junit(suites()),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"masqsim\" tests=\"2\" failures=\"1\" skipped=\"0\">\n"
            "  <testsuite name=\"lab@v\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" file=\"lab.yaml\">\n"
            "    <testcase classname=\"lab@v\" name=\"flow out: established\"/>\n"
            "    <testcase classname=\"lab@v\" name=\"flow &lt;in&gt; #1\">\n"
            "      <failure message=\"came refused &quot;at&quot; gw &amp; gone\"/>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(Verdicts, TapCountsAndEscapesDirectives) {
  EXPECT_EQ(tap(suites()),
            "TAP version 13\n"
            "1..2\n"
            "ok 1 - lab@v: flow out: established\n"
            "not ok 2 - lab@v: flow <in> \\#1\n"
            "  ---\n"
            "  came: \"refused \\\"at\\\" gw & gone\"\n"
            "  ...\n");
}

TEST(Verdicts, TapLeavesNoDirectiveOpenBehindABackslash) {
  Suite suite{"lab", "lab.yaml", {}, {}, 0};
  suite.checks.push_back({"broken \\# TODO x", false, "nothing"});
  EXPECT_EQ(tap({suite}),
            "TAP version 13\n"
            "1..1\n"
            "not ok 1 - lab: broken \\\\\\# TODO x\n"
            "  ---\n"
            "  came: \"nothing\"\n"
            "  ...\n");
}

TEST(Verdicts, ARunThatWasSkippedIsNeitherGoodNorBadForAMachine) {
  Scenario scenario;
  scenario.name = "lab";
  scenario.variant = "v";
  const std::vector<Suite> skipped{skipped_suite(scenario, "lab.yaml", "it waits for timers")};
  EXPECT_EQ(junit(skipped),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"masqsim\" tests=\"1\" failures=\"0\" skipped=\"1\">\n"
            "  <testsuite name=\"lab@v\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\" file=\"lab.yaml\">\n"
            "    <testcase classname=\"lab@v\" name=\"run\">\n"
            "      <skipped message=\"it waits for timers\"/>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
  EXPECT_EQ(tap(skipped), "TAP version 13\n1..1\nok 1 - lab@v: run # SKIP it waits for timers\n");
  EXPECT_NE(json(skipped).find("\"skipped\": \"it waits for timers\""), std::string::npos);
}

TEST(Verdicts, ARunThatWasBrokenOffFailsACheckOfItsOwn) {
  Finished finished;
  finished.header.scenario = "lab";
  finished.broken_off = BrokenOff{.asked = 0, .why = "that is all", .loops = {"round and round"}};
  const Suite suite = suite_of(finished, "lab.yaml");
  ASSERT_EQ(suite.checks.size(), 1u);
  EXPECT_EQ(suite.checks[0].name, "the run comes to its end");
  EXPECT_EQ(suite.checks[0].instead, "that is all; round and round");
  EXPECT_FALSE(suite.good());
  EXPECT_FALSE(finished.good());
}

TEST(Verdicts, SetsWhatHasSeveralLinesInSeveralLines) {
  Suite suite{"lab", "lab.yaml", {}, {}, 0};
  suite.checks.push_back({"golden trace lab.trace", false, "same: out\nin: first difference\n- a > b\n"});
  EXPECT_EQ(junit({suite}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"masqsim\" tests=\"1\" failures=\"1\" skipped=\"0\">\n"
            "  <testsuite name=\"lab\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\" file=\"lab.yaml\">\n"
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

TEST(Verdicts, JsonSaysWhetherAllIsGood) {
  EXPECT_NE(json(suites()).find("\"good\": false"), std::string::npos);
  EXPECT_NE(json(std::vector<Suite>{}).find("\"good\": true"), std::string::npos);
}

}  // namespace
}  // namespace masqsim::scenario
