// The arithmetic of a TCP sender, number by number: segments of 1000 bytes, data from sequence number 1 on.
#include "sim/net/tcp_congestion.hpp"

#include <gtest/gtest.h>

namespace masqsim::net {
namespace {

using Resend = TcpCongestion::Resend;

TcpCongestion opened(std::uint32_t mss = 1000) {
  TcpCongestion made;
  made.open(mss, 1);
  return made;
}

/// Twenty segments on their way; the first is lost and three repeats of the acknowledgment have come.
TcpCongestion recovering() {
  TcpCongestion c = opened();
  EXPECT_EQ(c.duplicate({1, 20001}), Resend::nothing);
  EXPECT_EQ(c.duplicate({1, 20001}), Resend::nothing);
  EXPECT_EQ(c.duplicate({1, 20001}), Resend::first);
  return c;
}

TEST(TcpWindow, BeginsWithTenSegmentsOrWhatRfc6928AllowsOfLargeOnes) {
  EXPECT_EQ(opened(1000).window(), 10'000u);
  EXPECT_EQ(opened(1460).window(), 14'600u);
  EXPECT_EQ(opened(1461).window(), 14'600u);
  EXPECT_EQ(opened(8960).window(), 17'920u);
}

TEST(TcpWindow, GrowsByWhatIsAcknowledgedButNotBySeveralSegmentsInSlowStart) {
  TcpCongestion c = opened();
  EXPECT_EQ(c.acknowledged(1000, {1001, 10001}, true), Resend::nothing);
  EXPECT_EQ(c.window(), 11'000u);
  c.acknowledged(300, {1301, 10001}, true);
  EXPECT_EQ(c.window(), 11'300u);
  c.acknowledged(5000, {6301, 10001}, true);
  EXPECT_EQ(c.window(), 12'300u);
}

TEST(TcpWindow, GrowsByASegmentARoundTripBeyondTheThreshold) {
  TcpCongestion c = recovering();  // threshold 10,000
  c.acknowledged(20'000, {20'001, 20'001}, true);
  EXPECT_EQ(c.window(), 2000u);
  for (std::uint32_t una = 21'001; una <= 28'001; una += 1000) c.acknowledged(1000, {una, una + 10'000}, true);
  EXPECT_EQ(c.window(), 10'000u) << "slow start up to it";
  c.acknowledged(1000, {29'001, 39'001}, true);
  EXPECT_EQ(c.window(), 10'100u) << "1000 * 1000 / 10,000";
  c.acknowledged(1000, {30'001, 40'001}, true);
  EXPECT_EQ(c.window(), 10'199u) << "1000 * 1000 / 10,100";
}

TEST(TcpRecovery, BeginsAtTheThirdRepeatWithHalfOfWhatWasOnItsWay) {
  const TcpCongestion c = recovering();
  EXPECT_EQ(c.threshold(), 10'000u);
  EXPECT_EQ(c.window(), 13'000u) << "threshold + 3 segments that have left";
}

TEST(TcpRecovery, LeavesTwoSegmentsAtLeast) {
  TcpCongestion c = opened();
  for (int n = 0; n < 3; ++n) c.duplicate({1, 3001});
  EXPECT_EQ(c.threshold(), 2000u);
}

TEST(TcpRecovery, LetsASegmentGoForEachFurtherRepeat) {
  TcpCongestion c = recovering();
  EXPECT_EQ(c.duplicate({1, 20'001}), Resend::nothing);
  EXPECT_EQ(c.duplicate({1, 20'001}), Resend::nothing);
  EXPECT_EQ(c.window(), 15'000u);
}

TEST(TcpRecovery, FillsOneHoleAfterTheOtherUntilAllIsAcknowledgedThatWasSentBefore) {
  TcpCongestion c = recovering();
  EXPECT_EQ(c.acknowledged(4000, {4001, 22'001}, true), Resend::first);
  EXPECT_EQ(c.window(), 10'000u) << "13,000 - 4000 + 1000";
  EXPECT_EQ(c.acknowledged(15'999, {20'000, 22'001}, true), Resend::first) << "one byte is left of it";
  EXPECT_EQ(c.window(), 1000u) << "never less than a segment";
  EXPECT_EQ(c.acknowledged(1, {20'001, 22'001}, true), Resend::nothing);
  EXPECT_EQ(c.window(), 3000u) << "RFC 6582: min(threshold, what is on its way + 1 segment)";
}

TEST(TcpRecovery, GivesNothingBackForLessThanASegment) {
  TcpCongestion c = recovering();
  EXPECT_EQ(c.acknowledged(999, {1000, 20'001}, true), Resend::first);
  EXPECT_EQ(c.window(), 12'001u) << "13,000 - 999";
}

TEST(TcpRecovery, EndsWithTheThresholdWhereMuchIsOnItsWay) {
  TcpCongestion c = recovering();
  c.acknowledged(20'000, {20'001, 35'001}, true);
  EXPECT_EQ(c.window(), 10'000u);
}

TEST(TcpRecovery, DoesNotBeginAgainForRepeatsOfTheLossBefore) {
  TcpCongestion c = recovering();
  c.acknowledged(20'000, {20'001, 30'001}, true);
  for (int n = 0; n < 3; ++n) EXPECT_EQ(c.duplicate({20'001, 30'001}), Resend::nothing) << "RFC 6582, step 2";
  c.acknowledged(1000, {21'001, 30'001}, true);
  EXPECT_EQ(c.duplicate({21'001, 30'001}), Resend::nothing);
  EXPECT_EQ(c.duplicate({21'001, 30'001}), Resend::nothing);
  EXPECT_EQ(c.duplicate({21'001, 30'001}), Resend::first) << "something beyond it was acknowledged";
}

TEST(TcpTimeout, LeavesOneSegmentAndHalfTheThreshold) {
  TcpCongestion c = opened();
  EXPECT_EQ(c.timed_out({1, 20'001}, 1001, false), Resend::nothing) << "but the first, which the timer sends again";
  EXPECT_EQ(c.window(), 1000u);
  EXPECT_EQ(c.threshold(), 10'000u);
}

TEST(TcpTimeout, HoldsTheThresholdWhereTheTimerExpiresAgainForTheSameSegment) {
  TcpCongestion c = opened();
  c.timed_out({1, 20'001}, 1001, false);
  c.timed_out({1, 8001}, 1001, true);
  EXPECT_EQ(c.threshold(), 10'000u);
}

TEST(TcpTimeout, IsNoLossWhereTwoAcknowledgmentsComeAfterIt) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  EXPECT_EQ(c.acknowledged(1000, {1001, 10'001}, true), Resend::nothing);
  EXPECT_EQ(c.window(), 11'000u) << "two segments that were never sent may go";
  EXPECT_FALSE(c.take_spurious());
  EXPECT_EQ(c.acknowledged(1000, {2001, 12'001}, true), Resend::nothing);
  EXPECT_TRUE(c.take_spurious());
  EXPECT_FALSE(c.take_spurious()) << "told once";
  EXPECT_EQ(c.window(), 10'000u) << "as before";
  EXPECT_EQ(c.threshold(), 1u << 30);
  c.acknowledged(1000, {3001, 12'001}, true);
  for (int n = 0; n < 2; ++n) EXPECT_EQ(c.duplicate({3001, 12'001}), Resend::nothing);
  EXPECT_EQ(c.duplicate({3001, 12'001}), Resend::first) << "a real loss is seen at once again";
}

TEST(TcpTimeout, IsALossWhereARepeatComesFirst) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  EXPECT_EQ(c.duplicate({1, 10'001}), Resend::everything);
  EXPECT_EQ(c.resume_at(1), 1001u) << "behind what the timer sent again";
  EXPECT_EQ(c.window(), 1000u);
}

TEST(TcpTimeout, IsALossWhereARepeatComesSecond) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  c.acknowledged(1000, {1001, 10'001}, true);
  EXPECT_EQ(c.duplicate({1001, 12'001}), Resend::everything);
  EXPECT_EQ(c.resume_at(1001), 1001u);
  EXPECT_EQ(c.window(), 3000u);
  EXPECT_EQ(c.threshold(), 5000u);
  EXPECT_FALSE(c.take_spurious());
}

TEST(TcpTimeout, IsTakenForALossWhereNothingNewMayBeSent) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  EXPECT_EQ(c.acknowledged(1000, {1001, 10'001}, false), Resend::everything);
  EXPECT_EQ(c.window(), 2000u) << "slow start";
}

TEST(TcpTimeout, IsTakenForALossWhereOnlyPartOfWhatWasSentAgainIsAcknowledged) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  EXPECT_EQ(c.acknowledged(500, {501, 10'001}, true), Resend::everything);
  EXPECT_EQ(c.resume_at(501), 1001u);
}

TEST(TcpTimeout, IsOverWhereEverythingIsAcknowledgedAtOnce) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  EXPECT_EQ(c.acknowledged(10'000, {10'001, 10'001}, true), Resend::everything) << "of which nothing is left";
  EXPECT_EQ(c.timed_out({10'001, 20'001}, 11'001, false), Resend::nothing) << "the next one is looked at anew";
}

TEST(TcpTimeout, InTheMiddleOfARecoverySendsEverythingAgain) {
  TcpCongestion fast = recovering();
  EXPECT_EQ(fast.timed_out({1, 20'001}, 1001, false), Resend::everything);
  TcpCongestion slow = opened();
  slow.timed_out({1, 10'001}, 1001, false);
  slow.duplicate({1, 10'001});
  slow.acknowledged(2000, {2001, 10'001}, true);
  EXPECT_EQ(slow.timed_out({2001, 10'001}, 3001, false), Resend::everything);
  EXPECT_EQ(slow.timed_out({2001, 10'001}, 3001, true), Resend::nothing) << "as Linux: again for the same segment";
}

TEST(TcpTimeout, KeepsRepeatsOfWhatWasSentBeforeItFromBeginningARecovery) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  c.duplicate({1, 10'001});
  c.acknowledged(5000, {5001, 10'001}, true);
  for (int n = 0; n < 4; ++n) EXPECT_EQ(c.duplicate({5001, 10'001}), Resend::nothing);
}

TEST(TcpTimeout, IsNotLookedAtFurtherWhereThePathTurnsOutNarrower) {
  TcpCongestion c = opened();
  c.timed_out({1, 10'001}, 1001, false);
  c.narrow(500);
  EXPECT_EQ(c.acknowledged(1000, {1001, 10'001}, true), Resend::nothing);
  EXPECT_EQ(c.window(), 1500u) << "slow start in the smaller segments";
}

}  // namespace
}  // namespace masqsim::net
