#include "viz/report.hpp"

#include <gtest/gtest.h>

namespace masqsim::viz {
namespace {

TEST(Report, TextTellsOnlyWhatFailed) {
  scenario::Suite suite{"lab@v", "lab.yaml", {}, {}, 0};
  suite.checks.push_back({"flow out: established", true, ""});
  suite.checks.push_back({"flow <in> #1", false, "refused \"at\" gw & gone"});
  EXPECT_EQ(text({suite}, {}),
            "lab@v    2 checks  X FAILED\n"
            "    flow <in> #1\n"
            "      refused \"at\" gw & gone\n"
            "1 of 2 checks good in 1 run\n");
}

}  // namespace
}  // namespace masqsim::viz
