#include "masqsim/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

namespace masqsim {
namespace {

std::vector<std::uint64_t> first(Random stream, int count) {
  std::vector<std::uint64_t> values;
  for (int n = 0; n < count; ++n) values.push_back(stream.next());
  return values;
}

// The numbers were computed by another implementation (in another language) of xoshiro256**, SplitMix64 and FNV-1a.
TEST(Random, GivesTheSameKnownNumbersOnEveryMachine) {
  EXPECT_EQ(
      first(Random(1, "link/home/loss"), 4),
      (std::vector<std::uint64_t>{0xf5e1d02ade6e518a, 0xb5933fee4f9498de, 0x78e61cf57dbf6468, 0xb5593bafd464a822}));
  EXPECT_EQ(
      first(Random(1, "link/home/jitter"), 4),
      (std::vector<std::uint64_t>{0x24e53c39c561c2a4, 0x0dc726bc3e90f753, 0xb06fb1443bdcc6a9, 0x581e8a3f5bad20b4}));
  EXPECT_EQ(
      first(Random(2, "link/home/loss"), 4),
      (std::vector<std::uint64_t>{0xb36d147c55cce4a8, 0x84a8462b02b852c1, 0x73696bcafcb560e8, 0xec7de7263e01b618}));
  EXPECT_EQ(first(Random(0, ""), 2), (std::vector<std::uint64_t>{0x333dde4fed605406, 0x7bbeca8ffaa40354}));
}

TEST(Random, BoundedDrawsAreKnownToo) {
  Random dice(1, "dice");
  std::vector<std::uint64_t> rolls;
  for (int n = 0; n < 24; ++n) rolls.push_back(dice.below(6));
  EXPECT_EQ(rolls,
            (std::vector<std::uint64_t>{4, 0, 0, 5, 2, 5, 3, 0, 3, 1, 4, 0, 2, 3, 5, 5, 5, 4, 0, 2, 1, 5, 2, 4}));

  Random big(7, "big");  // a bound just over half of all values rejects about every second draw
  const std::uint64_t bound = (std::uint64_t{1} << 63) + 1;
  std::vector<std::uint64_t> values;
  for (int n = 0; n < 4; ++n) values.push_back(big.below(bound));
  EXPECT_EQ(values, (std::vector<std::uint64_t>{0x70b1c40b2767b6f1, 0x11eddfbe7083e2f0, 0x1bcb5f9eaf2de588,
                                                0x4fbb43f521d5aeca}));
}

TEST(Random, TwoStreamsDoNotDisturbEachOther) {
  const std::vector<std::uint64_t> alone = first(Random(1, "link/home/loss"), 100);
  Random stream(1, "link/home/loss");
  Random other(1, "link/home/jitter");
  std::vector<std::uint64_t> beside;
  for (int n = 0; n < 100; ++n) {
    (void)other.next();
    beside.push_back(stream.next());
    (void)other.below(10);
  }
  EXPECT_EQ(beside, alone);
}

// 64 pairs of neighbouring values; each differs from the other in 32 bits +- 4 standard deviations over all pairs.
TEST(Random, NamesAndSeedsThatDifferByOneGiveUnrelatedStreams) {
  int bits = 0;
  for (std::uint64_t n = 0; n < 64; ++n) {
    const std::uint64_t by_name =
        Random(1, "n" + std::to_string(n)).next() ^ Random(1, "n" + std::to_string(n + 1)).next();
    const std::uint64_t by_seed = Random(n, "n").next() ^ Random(n + 1, "n").next();
    bits += std::popcount(by_name) + std::popcount(by_seed);
  }
  EXPECT_NEAR(bits, 64 * 64, 4 * 46);
}

TEST(Random, BelowStaysBelowItsBound) {
  Random stream(3, "bounds");
  for (std::uint64_t bound = 1; bound < 2'000; ++bound) ASSERT_LT(stream.below(bound), bound);
  for (int n = 0; n < 1'000; ++n) ASSERT_LT(stream.below(UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(stream.below(1), 0u);
}

// Pearson's chi-square over 63,000 draws; 20 degrees of freedom exceed 45.3 once in a thousand streams. The stream is
// fixed.
TEST(Random, BelowIsUniform) {
  constexpr std::size_t faces = 21;
  std::array<int, faces> seen{};
  Random stream(1, "uniform");
  constexpr int draws = 63'000;
  for (int n = 0; n < draws; ++n) ++seen[stream.below(faces)];
  double chi = 0;
  for (const int count : seen) chi += (count - draws / 21.0) * (count - draws / 21.0) / (draws / 21.0);
  EXPECT_LT(chi, 45.3);
  EXPECT_GT(chi, 5.9) << "more even than chance";
}

TEST(Random, EveryBitIsSetHalfOfTheTime) {
  std::array<int, 64> set{};
  Random stream(1, "bits");
  for (int n = 0; n < 10'000; ++n) {
    const std::uint64_t value = stream.next();
    for (std::size_t bit = 0; bit < 64; ++bit) set[bit] += static_cast<int>(value >> bit & 1);
  }
  for (const int count : set) EXPECT_NEAR(count, 5'000, 250);
}

TEST(Random, ChanceFollowsItsRatio) {
  Random stream(1, "chance");
  int yes = 0;
  for (int n = 0; n < 100'000; ++n) yes += stream.chance({15, 1'000}) ? 1 : 0;
  EXPECT_NEAR(yes, 1'500, 154);  // four standard deviations
}

TEST(Random, CertainOutcomesDrawNothing) {
  Random stream(1, "certain");
  EXPECT_FALSE(stream.chance({0, 1'000}));
  EXPECT_TRUE(stream.chance({1'000, 1'000}));
  EXPECT_EQ(stream.next(), Random(1, "certain").next());
}

TEST(Random, HashesAreTheKnownOnes) {
  EXPECT_EQ(mix(0x9e3779b97f4a7c15), 0xe220a8397b1dcdafu) << "SplitMix64's published first output of seed 0";
  EXPECT_EQ(hash_text(""), 0xf52a15e9a9b5e89bu);
  EXPECT_EQ(hash_text("masqsim"), 0xbc0125946a45a292u);
}

}  // namespace
}  // namespace masqsim
