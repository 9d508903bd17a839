#include "sim/net/tcp_rto.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace masqsim::net {
namespace {

TEST(RetransmissionTimeout, IsASecondBeforeAnythingIsMeasured) { EXPECT_EQ(RetransmissionTimeout{}.value(), 1_s); }

TEST(RetransmissionTimeout, IsThreeTimesTheFirstRoundTrip) {
  RetransmissionTimeout rto;
  rto.measure(100_ms);
  EXPECT_EQ(rto.smoothed(), 100_ms);
  EXPECT_EQ(rto.variation(), 50_ms);
  EXPECT_EQ(rto.value(), 300_ms);
}

TEST(RetransmissionTimeout, LiesTwoHundredMillisecondsAboveTheRoundTripAtLeast) {
  RetransmissionTimeout rto;
  rto.measure(10_ms);
  EXPECT_EQ(rto.value(), 210_ms) << "4 * 5 ms would be less";
  rto.measure(10_ms);
  EXPECT_EQ(rto.value(), 210_ms);
}

TEST(RetransmissionTimeout, FollowsWhatIsMeasuredByAnEighthAndItsVariationByAQuarter) {
  RetransmissionTimeout longer, shorter;
  longer.measure(100_ms);
  longer.measure(180_ms);  // 80 ms off: (3 * 50 + 80) / 4, (7 * 100 + 180) / 8
  EXPECT_EQ(longer.variation(), 57'500_us);
  EXPECT_EQ(longer.smoothed(), 110_ms);
  EXPECT_EQ(longer.value(), 340_ms);
  shorter.measure(100_ms);
  shorter.measure(20_ms);
  EXPECT_EQ(shorter.variation(), 57'500_us);
  EXPECT_EQ(shorter.smoothed(), 90_ms);
  EXPECT_EQ(shorter.value(), 320_ms);
}

TEST(RetransmissionTimeout, DoublesUpToTwoMinutes) {
  RetransmissionTimeout rto;
  std::vector<Duration> values;
  for (int n = 0; n < 8; ++n) rto.back_off(), values.push_back(rto.value());
  EXPECT_EQ(values, (std::vector<Duration>{2_s, 4_s, 8_s, 16_s, 32_s, 64_s, 120_s, 120_s}));
  rto.measure(200_s);
  EXPECT_EQ(rto.value(), 120_s);
}

TEST(RetransmissionTimeout, IsComputedAnewFromTheNextMeasurement) {
  RetransmissionTimeout rto;
  rto.measure(100_ms);
  rto.back_off();
  rto.back_off();
  EXPECT_EQ(rto.value(), 1200_ms);
  rto.measure(100_ms);
  EXPECT_EQ(rto.variation(), 37'500_us);
  EXPECT_EQ(rto.value(), 300_ms) << "100 + max(150, 200) ms";
}

TEST(RetransmissionTimeout, IsThreeSecondsBehindALostSyn) {
  RetransmissionTimeout rto;
  rto.back_off();
  rto.lost_syn();
  EXPECT_EQ(rto.value(), 3_s);
}

}  // namespace
}  // namespace masqsim::net
