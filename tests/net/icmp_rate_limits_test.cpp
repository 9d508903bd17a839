// How often a node tells a sender of routes (recorded: no_route_patience, lan_redirects).
#include "sim/net/icmp_rate_limits.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace masqsim::net {
namespace {

constexpr wire::Address a = wire::address(192, 168, 1, 10), b = wire::address(192, 168, 1, 11);

Time at(Duration d) { return Time{} + d; }

TEST(IcmpRateLimits, ARefusalIsToldFiveTimesAtOnceThenOnceASecond) {
  IcmpRateLimits limits;
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(limits.may_send_route_error(a, at(1_s)));
  EXPECT_FALSE(limits.may_send_route_error(a, at(1_s)));
  EXPECT_TRUE(limits.may_send_route_error(b, at(1_s)));
  EXPECT_FALSE(limits.may_send_route_error(a, at(1900_ms)));
  EXPECT_TRUE(limits.may_send_route_error(a, at(2_s)));
  EXPECT_FALSE(limits.may_send_route_error(a, at(2_s)));
}

TEST(IcmpRateLimits, AnotherErrorSpendsWhatASenderHadSaved) {
  IcmpRateLimits limits;
  EXPECT_TRUE(limits.may_send_route_error(a, at(1_s)));
  limits.charge(a, at(1_s));  // the refusal itself
  EXPECT_TRUE(limits.may_send_route_error(a, at(1_s)));
  limits.charge(a, at(1100_ms));
  EXPECT_FALSE(limits.may_send_route_error(a, at(1200_ms)));
  EXPECT_TRUE(limits.may_send_route_error(a, at(2100_ms)));
}

TEST(IcmpRateLimits, RedirectsComeEverMoreRarelyAndNineTimesInAll) {
  IcmpRateLimits limits;
  std::vector<std::int64_t> told;
  Time now = at(1_s);
  for (; now < at(15_s); now = now + 20_ms) {
    if (limits.may_send_redirect(a, now)) told.push_back((now - at(1_s)).ns / 1'000'000);
  }
  EXPECT_EQ(told, (std::vector<std::int64_t>{0, 60, 160, 340, 680, 1340, 2640, 5220, 10360}));
  EXPECT_FALSE(limits.may_send_redirect(a, now + 20_s));
  EXPECT_TRUE(limits.may_send_redirect(a, now + 41_s));
}

}  // namespace
}  // namespace masqsim::net
