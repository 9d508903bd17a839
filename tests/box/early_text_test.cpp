// What is told of text that comes before its turn, or twice.
#include "sim/box/early_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace masqsim::box {
namespace {

/// Sequence numbers begin near the end of their circle, so that every test goes across.
constexpr std::uint32_t origin = 0xffffffc0;

struct Bench {
  explicit Bench(bool sack = true) : early(sack) {}

  bool add(std::uint32_t begin, std::uint32_t end, bool fin = false) {
    const Frame frame = frame_of(40 + end - begin, end - begin);
    const EarlyText::Kept kept = early.add({origin + begin, origin + end}, fin, frame, window, [this] { ++crowds; });
    if (kept == EarlyText::Kept::alone) window.keep_early(frame);
    return kept != EarlyText::Kept::not_at_all;
  }
  bool take(std::uint32_t from) {
    next = origin + from;
    const bool fin = early.take(next, window);
    early.forget_blocks_before(next);
    return fin;
  }
  /// "30-40 10-20"
  std::string told(std::size_t room = 4) {
    std::string text;
    for (const TextRange r : early.report(room))
      text += fmt::format("{}{}-{}", text.empty() ? "" : " ", r.begin - origin, r.end - origin);
    return text;
  }

  EarlyText early;
  ReceiveWindow window{first_window(1500, false), true, 536, origin};
  std::uint32_t next = origin;
  int crowds = 0;
};

TEST(EarlyText, TheNewestBlockIsToldFirstAndTheOldestOfFiveIsForgotten) {
  Bench b;
  for (const std::uint32_t n : {10u, 30u, 50u, 70u, 90u}) b.add(n, n + 10);
  EXPECT_EQ(b.told(), "90-100 70-80 50-60 30-40");
  EXPECT_EQ(b.told(3), "90-100 70-80 50-60");
  EXPECT_EQ(b.crowds, 3) << "from the third on";
}

TEST(EarlyText, ABlockThatGrowsComesToTheFrontAndTakesInWhatItReaches) {
  Bench b;
  b.add(10, 20), b.add(30, 40), b.add(20, 30);
  EXPECT_EQ(b.told(), "10-40");
}

TEST(EarlyText, WhatCameTwiceIsToldOnceAndFirst) {
  Bench b;
  b.add(10, 20), b.add(30, 40);
  EXPECT_FALSE(b.add(12, 15));
  EXPECT_EQ(b.told(), "12-15 10-20 30-40");
  EXPECT_EQ(b.told(), "10-20 30-40");
  EXPECT_TRUE(b.add(15, 35)) << "it brings what is between";
  EXPECT_EQ(b.told(), "15-20 10-40") << "of two overlaps that do not touch the first is told";
}

TEST(EarlyText, WithoutSackNothingIsTold) {
  Bench b(false);
  b.add(10, 20), b.add(12, 15);
  EXPECT_FALSE(b.early.has_report());
  EXPECT_FALSE(b.take(10));
  EXPECT_EQ(b.next, origin + 20);
}

TEST(EarlyText, TextAndAFinHaveTheirTurnWhenTheGapIsFilled) {
  Bench b;
  b.add(10, 20), b.add(20, 31, true), b.add(50, 60);
  EXPECT_TRUE(b.take(12));
  EXPECT_EQ(b.next, origin + 31);
  EXPECT_EQ(b.told(), "10-12 50-60") << "its first two bytes came again";
}

}  // namespace
}  // namespace masqsim::box
