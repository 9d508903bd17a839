#include <gtest/gtest.h>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

TEST(PreferredPort, IsWhereTheSearchBeginsIfTheClassHoldsIt) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.prefer_port(7777);
  EXPECT_EQ(b.from_inside(udp(at(b_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:7777 > 198.51.100.7:53 udp len=5 ttl=64");
  // Taken now, so the search goes on from there.
  EXPECT_EQ(b.from_inside(udp(at(c_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:7778 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(PreferredPort, OutsideTheClassIsNotHeard) {
  Bench b;
  b.from_inside(udp(at(a_host, 500), at(remote, 53)));
  b.nat.prefer_port(7777);
  b.from_inside(udp(at(b_host, 500), at(remote, 53)));
  EXPECT_LE(b.nat.table(b.now).at(1).outside.port, 511);
}

TEST(PreferredPort, NeverReplacesAPortThatNeedsNoSearch) {
  Bench b;
  b.nat.prefer_port(7777);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
}

}  // namespace
}  // namespace masqsim::nat::testing
