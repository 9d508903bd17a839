#include "masqsim/base/closest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace masqsim {
namespace {

TEST(Closest, IsTheWordFewestSlipsAway) {
  const std::vector<std::string_view> words{"run", "graph", "explain", "--pcap", "--pcap-dir"};
  EXPECT_EQ(closest("rnu", words), "run") << "two letters changed places";
  EXPECT_EQ(closest("grph", words), "graph") << "one is missing";
  EXPECT_EQ(closest("explian", words), "explain");
  EXPECT_EQ(closest("--pcapdir", words), "--pcap-dir");
  EXPECT_EQ(closest("--pcpa", words), "--pcap");
}

TEST(Closest, IsNothingWhereNoWordIsNear) {
  const std::vector<std::string_view> words{"run", "graph"};
  EXPECT_EQ(closest("bogus", words), "");
  EXPECT_EQ(closest("", words), "");
  EXPECT_EQ(closest("run", {}), "");
  EXPECT_EQ(closest(std::string(65, 'r'), {"run"}), "");
}

}  // namespace
}  // namespace masqsim
