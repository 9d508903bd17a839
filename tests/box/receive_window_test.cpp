// The window of a buffer that nobody empties.
#include "sim/box/receive_window.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace masqsim::box {
namespace {

TEST(ReceiveWindow, BeginsWithTheWholeSegmentsThatHalfTheBufferHolds) {
  struct Row {
    std::uint16_t mtu;
    bool timestamps;
    std::uint16_t mss;
    std::uint32_t window;
  };
  constexpr Row measured[] = {{1500, false, 1460, 64240}, {1500, true, 1448 + 12, 65160}, {576, false, 536, 65392},
                              {576, true, 536, 65500},    {9000, true, 8960, 62636},      {200, false, 256, 65535}};
  for (const Row& row : measured) {
    const FirstWindow first = first_window(row.mtu, row.timestamps);
    EXPECT_EQ(first.mss, row.mss) << row.mtu;
    EXPECT_EQ(first.window, row.window) << row.mtu;
  }
}

/// The window fields that acknowledge full segments, one each, from a kernel.
TEST(ReceiveWindow, GrowsWithFullSegmentsUntilTheirMemoryIsUsedThenOnlyCloses) {
  constexpr std::uint32_t text = 1448;
  ReceiveWindow window(first_window(1500, true), true, 536, 0);
  const Frame frame = frame_of(52 + text, text);
  std::vector<int> fields;
  bool scarce = false;
  std::uint32_t next = 0;
  for (int n = 0; n < 21; ++n) {
    window.queue(frame, true);
    next += text;
    window.measure(frame, 32, 32, true);
    window.grow(frame);
    fields.push_back(window.offer(next, scarce));
  }
  EXPECT_EQ(fields,
            (std::vector<int>{67, 70, 73, 75, 78, 78, 77, 76, 75, 74, 73, 72, 71, 70, 69, 68, 67, 66, 65, 64, 63}));
  EXPECT_FALSE(scarce);
  while (window.offer(next, scarce) > 1) window.queue(frame, true), next += text;
  EXPECT_TRUE(scarce);
  EXPECT_LT(next, 131072u) << "more than the buffer holds";
}

TEST(ReceiveWindow, ItsEdgeNeverMovesBack) {
  ReceiveWindow window(first_window(1500, false), false, 536, 100);
  bool scarce = false;
  EXPECT_EQ(window.offer(100, scarce), 64240);
  EXPECT_EQ(window.offer(110, scarce), 64230);
  EXPECT_EQ(window.edge(), 100u + 64240);
  EXPECT_EQ(window.left(100 + 64241), 0u);
}

}  // namespace
}  // namespace masqsim::box
