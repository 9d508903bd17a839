#include "sim/scenario/report.hpp"

#include <gtest/gtest.h>

namespace masqsim::scenario {
namespace {

TEST(Names, AreListedUpToFortyAndOfMoreTheFirstEight) {
  const std::vector<std::string_view> forty(40, "x"), more(41, "x");
  EXPECT_EQ(listed(forty).size(), 40u + 39 * 2);
  EXPECT_EQ(listed(more), "x, x, x, x, x, x, x, x and 33 more");
}

}  // namespace
}  // namespace masqsim::scenario
