// The FTP helper alone: where lines begin, and how the numbers of both sides follow what was written.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "masqsim/wire/checksum.hpp"
#include "sim/nat/alg_ftp.hpp"
#include "sim/nat/packet.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t A = wire::TcpFlags::ack, P = wire::TcpFlags::psh, R = wire::TcpFlags::rst;
constexpr Direction ours = Direction::original, theirs = Direction::reply;
constexpr std::string_view port_line = "PORT 192,168,1,10,7,208\r\n";     // outside it has one byte less
constexpr std::string_view padded_line = "PORT 192,168,1,010,7,208\r\n";  // and this two

/// A control connection A:5000 -> R:21 with the outside address 203.0.113.1.
struct FtpNumbers : ::testing::Test {
  void SetUp() override { begin(outer); }
  void begin(wire::Address outside) {
    index = table.make({a_host.value, remote.value, 5000, 21}, proto_tcp);
    table[index].reply = {remote.value, outside.value, 21, 5000};
    table[index].set(status::source_nat);
    helper.begin(index);
  }
  /// False if the segment is dropped.
  bool says(Direction d, std::uint32_t sequence, std::string_view text) {
    Bytes bytes = made(d, {P | A, sequence, 1, 64240, std::string(text)});
    const auto size = static_cast<std::uint32_t>(bytes.size());
    bytes.resize(size + 64);
    wire::Buffer buffer{bytes.data(), size, size + 64};
    return helper.read(buffer, table, random, index, d, Time{0}) != FtpHelper::Fate::dropped;
  }
  Bytes made(Direction d, const Segment& s) const {
    return d == ours ? tcp(at(outer, 5000), at(remote, 21), s) : tcp(at(remote, 21), at(a_host, 5000), s);
  }
  /// A line begins there: half an announcement is dropped, and changes nothing else.
  bool line_at(Direction d, std::uint32_t sequence) { return !says(d, sequence, d == ours ? "PORT" : "227"); }
  /// A segment as it is after its numbers were corrected.
  Bytes adjusted(Direction d, const Segment& s) const {
    Bytes bytes = made(d, s);
    helper.adjust(read_packet(bytes)->segment(), index, d);
    return bytes;
  }
  /// What a server that acknowledges `outside` acknowledges inside.
  std::uint32_t acknowledged(std::uint32_t outside) const {
    return wire::load32(&adjusted(theirs, {A, 9001, outside})[28]);
  }

  Table table{Mapping::linux_like};
  Random random{1, "ftp"};
  FtpHelper helper;
  std::uint32_t index = no_flow;
};

Bytes sack(std::vector<std::uint32_t> edges, Bytes before = {1, 1}, Bytes behind = {}) {
  Bytes options = std::move(before);
  options.push_back(5);
  options.push_back(static_cast<std::uint8_t>(2 + 4 * edges.size()));
  for (const std::uint32_t edge : edges) {
    for (const int bits : {24, 16, 8, 0}) options.push_back(static_cast<std::uint8_t>(edge >> bits));
  }
  options.insert(options.end(), behind.begin(), behind.end());
  return options;
}

TEST_F(FtpNumbers, ALineBeginsWhereAnotherEndedInItsDirection) {
  EXPECT_FALSE(line_at(ours, 1000)) << "nothing has ended yet";
  EXPECT_FALSE(line_at(ours, 0));
  says(ours, 1000, "USER\r\n");
  EXPECT_TRUE(line_at(ours, 1006));
  EXPECT_FALSE(line_at(ours, 1005));
  EXPECT_FALSE(line_at(ours, 1007));
  EXPECT_FALSE(line_at(theirs, 1006));
  says(theirs, 9000, "220 hi\n");
  EXPECT_TRUE(line_at(theirs, 9007));
  EXPECT_FALSE(line_at(ours, 9007));
  says(ours, 1006, "STOR");
  says(ours, 1010, "\r");
  EXPECT_FALSE(line_at(ours, 1010));
  EXPECT_FALSE(line_at(ours, 1011));
  says(ours, 1011, "\n");
  EXPECT_TRUE(line_at(ours, 1012));
}

TEST_F(FtpNumbers, TheLatestTwoLineEndsAreKnown) {
  const auto known = [&] {
    std::vector<std::uint32_t> ends;
    for (std::uint32_t n = 100; n <= 700; n += 100) {
      if (line_at(ours, n)) ends.push_back(n);
    }
    return ends;
  };
  const auto ends_at = [&](std::uint32_t sequence) { says(ours, sequence - 2, "x\n"); };
  using Ends = std::vector<std::uint32_t>;
  ends_at(300);
  EXPECT_EQ(known(), Ends({300}));
  ends_at(300);
  ends_at(400);
  EXPECT_EQ(known(), Ends({300, 400}));
  ends_at(400);
  EXPECT_EQ(known(), Ends({300, 400})) << "sent again";
  ends_at(200);
  EXPECT_EQ(known(), Ends({300, 400})) << "older than both";
  ends_at(500);
  EXPECT_EQ(known(), Ends({400, 500})) << "in the first one's place";
  ends_at(300);
  EXPECT_EQ(known(), Ends({400, 500}));
  ends_at(700);
  EXPECT_EQ(known(), Ends({500, 700})) << "in the second one's place";
  ends_at(600);
  EXPECT_EQ(known(), Ends({600, 700})) << "between them: the older one gives way";
}

TEST_F(FtpNumbers, LineEndsAreOrderedThroughTheWrapOfSequenceNumbers) {
  says(ours, 0xffffff00, "x\n");
  says(ours, 0xfffffffe, "x\n");
  says(ours, 0x00000100, "x\n");
  EXPECT_FALSE(line_at(ours, 0xffffff02));
  EXPECT_TRUE(line_at(ours, 0x00000000));
  EXPECT_TRUE(line_at(ours, 0x00000102));
  says(ours, 0xffffff00, "x\n");
  EXPECT_TRUE(line_at(ours, 0x00000000)) << "an older one does not take its place";
}

TEST_F(FtpNumbers, TheLineBehindAnAnnouncementBeginsAtItsInsideNumber) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  EXPECT_TRUE(line_at(ours, 1025));
  EXPECT_FALSE(line_at(ours, 1024));
}

TEST_F(FtpNumbers, NumbersBeyondAnAnnouncementAreShiftedByWhatItGrew) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  for (const auto& [inside, by] : {std::pair{999u, 0}, {1000u, 0}, {1001u, -1}, {1025u, -1}}) {
    EXPECT_EQ(helper.offset(index, ours, inside), by) << inside;
    EXPECT_EQ(helper.offset(index, theirs, inside), 0) << inside;
    EXPECT_EQ(adjusted(ours, {P | A, inside, 9001, 64240, "x"}),
              made(ours, {P | A, inside + static_cast<std::uint32_t>(by), 9001, 64240, "x"}));
  }
  for (const auto& [outside, inside] : {std::pair{999u, 999u}, {1000u, 1000u}, {1001u, 1002u}, {1024u, 1025u}}) {
    EXPECT_EQ(adjusted(theirs, {A, 9001, outside}), made(theirs, {A, 9001, inside}));
  }
}

TEST_F(FtpNumbers, TheLatestAnnouncementDividesTheNumbersThatTwoHaveShifted) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  says(ours, 1025, padded_line);
  for (const auto& [inside, by] : {std::pair{1001u, -1}, {1025u, -1}, {1026u, -3}, {1051u, -3}}) {
    EXPECT_EQ(helper.offset(index, ours, inside), by) << inside;
  }
  for (const auto& [outside, inside] :
       {std::pair{1023u, 1024u}, {1024u, 1025u}, {1025u, 1028u}, {1026u, 1029u}, {1048u, 1051u}}) {
    EXPECT_EQ(acknowledged(outside), inside);
  }
}

TEST_F(FtpNumbers, AnAnnouncementThatIsSentAgainShiftsNoFurther) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  says(ours, 1000, port_line);
  EXPECT_EQ(helper.offset(index, ours, 1025), -1);
  says(ours, 1025, padded_line);
  says(ours, 1000, port_line);
  says(ours, 1025, padded_line);
  EXPECT_EQ(helper.offset(index, ours, 1025), -1);
  EXPECT_EQ(helper.offset(index, ours, 1051), -3);
}

TEST_F(FtpNumbers, TheFirstAnnouncementShiftsWhateverItsNumber) {
  for (const std::uint32_t sequence : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xfffffff0u}) {
    helper.end(index);
    helper.begin(index);
    EXPECT_EQ(helper.offset(index, ours, sequence + 25), 0);
    says(ours, sequence - 2, "x\n");
    says(ours, sequence, port_line);
    says(theirs, 9000, "200 ok\r\n");
    EXPECT_EQ(helper.offset(index, ours, sequence), 0) << sequence;
    EXPECT_EQ(helper.offset(index, ours, sequence + 1), -1) << sequence;
    EXPECT_EQ(helper.offset(index, ours, sequence + 25), -1) << sequence;
    EXPECT_EQ(acknowledged(sequence + 24), sequence + 25) << sequence;
  }
}

TEST_F(FtpNumbers, AnAddressOfTheSameLengthShiftsNothingAndALongerOneOnwards) {
  const auto after_port = [&](wire::Address outside) {
    begin(outside);
    says(ours, 998, "x\n");
    EXPECT_TRUE(says(ours, 1000, port_line));
    return helper.offset(index, ours, 1025);
  };
  EXPECT_EQ(after_port(wire::address(203, 0, 113, 10)), 0);
  EXPECT_FALSE(table[index].any(status::adjusts_sequence));
  EXPECT_EQ(after_port(wire::address(203, 100, 113, 111)), 3);
  EXPECT_TRUE(table[index].any(status::adjusts_sequence));
  EXPECT_EQ(acknowledged(1000), 1000u);
  EXPECT_EQ(acknowledged(1028), 1025u);
}

TEST_F(FtpNumbers, EachDirectionHasItsOwnShift) {
  table[index].reply = {remote.value, outer.value, 21, 5000};
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  says(theirs, 8998, "x\n");
  ASSERT_TRUE(says(theirs, 9000, "229 (|||02000|)\r\n"));  // from the server, which is not translated: one zero less
  EXPECT_EQ(adjusted(ours, {A, 1025, 9016}), made(ours, {A, 1024, 9017}));
  EXPECT_EQ(adjusted(theirs, {A, 9017, 1024}), made(theirs, {A, 9016, 1025}));
}

TEST_F(FtpNumbers, WithoutTheFlagTheAcknowledgmentStaysAsItIs) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  const Segment reset{R, 9001, 1024, 0, "", sack({1024, 1030})};
  EXPECT_EQ(adjusted(theirs, reset), made(theirs, reset));
  EXPECT_EQ(adjusted(ours, {R, 1025, 0}), made(ours, {R, 1024, 0}));
}

TEST_F(FtpNumbers, NothingOfAConnectionWithoutSessionOrOfHalfASegmentIsAdjusted) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  Bytes cut = made(ours, {A, 1025, 9001});
  cut.resize(36);
  wire::store16(&cut[2], 36);
  wire::Ipv4Edit::parse(cut)->fix_sum();
  const Bytes before = cut;
  EXPECT_FALSE(helper.adjust(read_packet(cut)->segment(), index, ours));
  EXPECT_EQ(cut, before);
  wire::Buffer buffer{cut.data(), 36, 36};
  EXPECT_EQ(helper.read(buffer, table, random, index, ours, Time{0}), FtpHelper::Fate::kept);
  EXPECT_EQ(cut, before);
  helper.end(index);
  EXPECT_EQ(adjusted(ours, {A, 1025, 9001}), made(ours, {A, 1025, 9001}));
  EXPECT_EQ(helper.offset(index, ours, 1025), 0);
}

TEST_F(FtpNumbers, EveryEdgeOfEverySelectiveAcknowledgmentIsShifted) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  const std::vector<std::uint32_t> outside{999, 1000, 1001, 1024, 1030, 1040, 1050, 1060};
  const std::vector<std::uint32_t> inside{999, 1000, 1002, 1025, 1031, 1041, 1051, 1061};
  for (const std::size_t edges : {2u, 4u, 6u, 8u}) {
    const auto end = static_cast<std::ptrdiff_t>(edges);
    const Bytes said = sack({outside.begin(), outside.begin() + end});
    const Bytes heard = sack({inside.begin(), inside.begin() + end});
    EXPECT_EQ(adjusted(theirs, {A, 9001, 1000, 64240, "150\r\n", said}),
              made(theirs, {A, 9001, 1000, 64240, "150\r\n", heard}));
  }
}

TEST_F(FtpNumbers, SelectiveAcknowledgmentsAreFoundBehindOtherOptions) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  for (const Bytes& before : {Bytes{}, Bytes{4, 2}, Bytes{1, 1, 1, 1}, Bytes{3, 3, 7, 1}, Bytes{2, 4, 5, 180, 1, 1},
                              Bytes{8, 10, 0, 0, 0, 1, 5, 10, 0, 2}, Bytes{5, 6, 0, 0, 4, 0}, Bytes{5, 2},
                              Bytes{4, 10, 0, 0, 4, 0, 0, 0, 4, 6}, Bytes{6, 10, 0, 0, 4, 0, 0, 0, 4, 6}}) {
    const Bytes behind((4 - (before.size() + 10) % 4) % 4, 0);
    EXPECT_EQ(adjusted(theirs, {A, 9001, 1000, 64240, "", sack({1024, 1030}, before, behind)}),
              made(theirs, {A, 9001, 1000, 64240, "", sack({1025, 1031}, before, behind)}));
  }
}

TEST_F(FtpNumbers, BehindTheEndOfTheOptionsNothingIsShiftedAndDamagedOnesEndTheSegment) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  const auto kept = [&](const Bytes& options) {
    const Bytes bytes = adjusted(theirs, {A, 9001, 1000, 64240, "", options});
    return Bytes(bytes.begin() + 40, bytes.begin() + 40 + static_cast<std::ptrdiff_t>(options.size())) == options;
  };
  const auto refused = [&](const Bytes& options) {
    Bytes bytes = made(theirs, {A, 9001, 1000, 64240, "", options});
    return !helper.adjust(read_packet(bytes)->segment(), index, theirs);
  };
  EXPECT_TRUE(kept(sack({1024, 1030}, {0, 1})) && !refused(sack({1024, 1030}, {0, 1})));  // the end of the list
  EXPECT_TRUE(kept(sack({1024, 1030}, {0, 2})) && !refused(sack({1024, 1030}, {0, 2})));
  EXPECT_TRUE(kept(sack({1024, 1030}, {8, 0})) && refused(sack({1024, 1030}, {8, 0})));  // shorter than itself
  EXPECT_TRUE(kept(sack({1024, 1030}, {8, 1})) && refused(sack({1024, 1030}, {8, 1})));
  EXPECT_TRUE(kept(sack({1024, 1030}, {8, 13})) && refused(sack({1024, 1030}, {8, 13})));  // longer than what is left
  EXPECT_TRUE(kept({5, 10, 0, 0, 4, 0, 0, 0}) && refused({5, 10, 0, 0, 4, 0, 0, 0}));
  EXPECT_TRUE(kept({5, 18, 0, 0, 4, 0, 0, 0, 4, 6, 1, 1}) && refused({5, 18, 0, 0, 4, 0, 0, 0, 4, 6, 1, 1}));
  EXPECT_TRUE(kept({5, 11, 0, 0, 4, 0, 0, 0, 4, 6, 0, 0}) &&
              !refused({5, 11, 0, 0, 4, 0, 0, 0, 4, 6, 0, 0}));  // no whole blocks
  EXPECT_TRUE(kept({1, 1, 1, 5}) && refused({1, 1, 1, 5}));      // no length
  EXPECT_TRUE(kept({1, 1, 5, 2}) && !refused({1, 1, 5, 2}));     // no blocks
}

TEST_F(FtpNumbers, EdgesAtOddPlacesAreShiftedButSummedAsIfTheyWereNot) {
  says(ours, 998, "x\n");
  says(ours, 1000, port_line);
  const Segment sent{A, 9001, 1000, 64240, "", sack({1024, 1030}, {1}, {0})};
  Bytes expected = made(theirs, sent);
  const auto segment = wire::TcpEdit::parse(wire::Ipv4Edit::parse(expected)->payload());
  segment->set_sum(wire::adjust32(wire::adjust32(segment->sum(), 1024, 1025), 1030, 1031));
  wire::store32(&expected[43], 1025);
  wire::store32(&expected[47], 1031);
  EXPECT_EQ(adjusted(theirs, sent), expected);
}

}  // namespace
}  // namespace masqsim::nat::testing
