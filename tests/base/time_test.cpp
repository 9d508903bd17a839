#include "masqsim/base/time.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace masqsim {
namespace {

TEST(Time, SecondsAreCutOffAndNeverRounded) {
  EXPECT_EQ(seconds(Time{1'003'527}, 6), "0.001003");
  EXPECT_EQ(seconds(Time{1'999'999'999}, 6), "1.999999");
  EXPECT_EQ(seconds(Time{1'999'999'999}, 0), "1");
  EXPECT_EQ(seconds(Time{1'999'999'999}), "1.999999999");
  EXPECT_EQ(seconds(Time{0}, 3), "0.000");
}

TEST(Time, SecondsOfNegativeTimesKeepTheirSign) {
  EXPECT_EQ(seconds(Time{-1}), "-0.000000001");
  EXPECT_EQ(seconds(Time{-1'500'000'000}, 1), "-1.5");
}

TEST(Time, TheWholeRangeIsPrintedExactly) {
  EXPECT_EQ(seconds(Time{INT64_MAX}), "9223372036.854775807");
  EXPECT_EQ(seconds(Time{INT64_MIN}), "-9223372036.854775808");
}

TEST(Time, NeverIsLaterThanEverything) {
  EXPECT_GT(Time::never(), Time{} + 2'000'000_h);
  EXPECT_EQ(Time::never(), Time{INT64_MAX});
}

TEST(Time, MomentsAndSpansDoNotMix) {
  const Time t{5};
  EXPECT_EQ(t + 3_ns, Time{8});
  EXPECT_EQ(t - 3_ns, Time{2});
  EXPECT_EQ(Time{8} - t, 3_ns);
  EXPECT_EQ(3_ms / 3, 1_ms);
  EXPECT_EQ(2 * 3_us, 3_us * 2);
  EXPECT_EQ(-(1_s), Duration{-1'000'000'000});
  Duration d = 1_s;
  d += 1_ms;
  d -= 2_ms;
  EXPECT_EQ(d, Duration{999'000'000});
}

TEST(Time, LiteralsAreNanoseconds) {
  EXPECT_EQ((1_ns).ns, 1);
  EXPECT_EQ((1_us).ns, 1'000);
  EXPECT_EQ((1_ms).ns, 1'000'000);
  EXPECT_EQ((1_s).ns, 1'000'000'000);
  EXPECT_EQ((1_min).ns, 60'000'000'000);
  EXPECT_EQ((1_h).ns, 3'600'000'000'000);
}

TEST(Duration, IsWrittenInUnitsAsAPersonWould) {
  EXPECT_EQ(to_string(0_s), "0s");
  EXPECT_EQ(to_string(5_ms), "5ms");
  EXPECT_EQ(to_string(2_h + 4_min), "2h4m");
  EXPECT_EQ(to_string(1_s + 500_ms), "1s500ms");
  EXPECT_EQ(to_string(120_h - 11_s), "119h59m49s");
  EXPECT_EQ(to_string(1_h + 1_min + 1_s + 1_ms + 1_us + 1_ns), "1h1m1s1ms1us1ns");
  EXPECT_EQ(to_string(-(90_s)), "-1m30s");
  EXPECT_EQ(to_string(Duration{INT64_MIN}), "-2562047h47m16s854ms775us808ns");
}

}  // namespace
}  // namespace masqsim
