// Options and SACK lists, as the TCP tracker alone reads them.
#include "tcp_tracker_test.hpp"

namespace masqsim::nat::testing {
namespace {

/// What the options of a SYN say: its scale, and whether a SACK from the other side then counts.
struct TcpSynOptions : TcpTracker {
  std::string read(const Bytes& options) {
    anew();
    client({S, 1000, 0, 500, "", options});
    const std::string scale = std::to_string(track.seen[0].scale);
    server({S | A, 9000, 1001, 500, "", {4, 2, 0, 0}});
    client({A, 1001, 9001, 500});
    const Bytes far{5, 10, 0, 0, 0x10, 0, 0, 0, 0x10, 1, 0, 0};
    return scale + (server({A, 9001, 1001, 500, "", far}) == "invalid" ? " sack" : "");
  }
};

TEST_F(TcpSynOptions, AreReadInAnyOrderBetweenFillersUpToTheEndOfTheList) {
  EXPECT_EQ(read({}), "0");
  EXPECT_EQ(read({4, 2, 3, 3, 7, 0, 0, 0}), "7 sack");
  EXPECT_EQ(read({1, 3, 3, 7, 1, 1, 4, 2}), "7 sack");
  EXPECT_EQ(read({2, 4, 5, 180, 4, 2, 1, 1}), "0 sack");
  EXPECT_EQ(read({3, 3, 7, 0, 4, 2, 1, 1}), "7");
  EXPECT_EQ(read({3, 3, 7, 4, 2, 0, 0, 0}), "7 sack");
  EXPECT_EQ(read({4, 2, 0, 2, 3, 3, 7, 0}), "0 sack");
}

TEST_F(TcpSynOptions, ScaleByFourteenAtMost) {
  EXPECT_EQ(read({3, 3, 13, 0}), "13");
  EXPECT_EQ(read({3, 3, 14, 0}), "14");
  EXPECT_EQ(read({3, 3, 15, 0}), "14");
}

TEST_F(TcpSynOptions, OfAnotherLengthThanTheirOwnSayNothing) {
  EXPECT_EQ(read({4, 3, 7, 0}), "0");
  EXPECT_EQ(read({3, 2, 7, 0}), "0");
  EXPECT_EQ(read({3, 4, 7, 7}), "0");
  EXPECT_EQ(read({3, 4, 7, 7, 4, 2, 1, 1}), "0 sack");
  EXPECT_EQ(read({8, 3, 7, 0}), "0");
  EXPECT_EQ(read({8, 2, 1, 1}), "0");
}

TEST_F(TcpSynOptions, EndWithADamagedLength) {
  EXPECT_EQ(read({4, 2, 8, 0, 3, 3, 7, 0}), "0 sack");
  EXPECT_EQ(read({3, 3, 7, 8, 1, 4, 2, 0}), "7");
  EXPECT_EQ(read({3, 3, 7, 8, 6, 4, 2, 0}), "7");  // one more than is there
  EXPECT_EQ(read({3, 3, 7, 8, 5, 4, 2, 0}), "7");  // all that is there
  EXPECT_EQ(read({8, 4, 9, 9, 1, 1, 4, 2}), "0 sack");
  EXPECT_EQ(read({4, 2, 1, 3}), "0 sack");  // a last kind without a length
  EXPECT_EQ(read({4, 2, 1, 1, 1, 3, 3, 9}), "9 sack");
  EXPECT_EQ(read({4, 2, 1, 1, 1, 1, 3, 3}), "0 sack");
}

/// Both sides agreed on SACK; the server has sent up to 9101, and the client acknowledges 9001.
struct TcpSack : TcpTracker {
  static Bytes edges(std::initializer_list<std::uint32_t> numbers) {
    Bytes bytes(numbers.size() * 4);
    std::size_t at = 0;
    for (const std::uint32_t n : numbers) wire::store32(&bytes[at], n), at += 4;
    return bytes;
  }
  static Bytes option(std::uint8_t kind, const Bytes& body) {
    Bytes bytes{kind, static_cast<std::uint8_t>(body.size() + 2)};
    bytes.insert(bytes.end(), body.begin(), body.end());
    return bytes;
  }
  /// Is that much acknowledged, or more than was sent?
  std::string read(std::initializer_list<Bytes> parts) {
    anew();
    handshake(64240, 64240, {4, 2, 0, 0}, {4, 2, 0, 0});
    server({P | A, 9001, 1001, 64240, std::string(100, 'x')});
    Bytes options;
    for (const Bytes& part : parts) options.insert(options.end(), part.begin(), part.end());
    while (options.size() % 4 != 0) options.push_back(1);
    if (client({A, 1001, 9001, 64240, "", options}) == "invalid") return "more";
    return std::to_string(track.seen[1].max_end - 64240);
  }
};

TEST_F(TcpSack, TheHighestRightEdgeCountsWhereverItStands) {
  EXPECT_EQ(read({}), "9001");
  EXPECT_EQ(read({option(5, edges({9011, 9101}))}), "9101");
  EXPECT_EQ(read({option(5, edges({9011, 9102}))}), "more");
  EXPECT_EQ(read({option(5, edges({9051, 9061, 9021, 9031}))}), "9061");
  EXPECT_EQ(read({option(5, edges({9021, 9031, 9051, 9061}))}), "9061");
  EXPECT_EQ(read({option(5, edges({9021, 9031, 9051, 9061, 9081, 9091}))}), "9091");
  EXPECT_EQ(read({option(5, edges({9021, 9031, 9051, 9102}))}), "more");
  EXPECT_EQ(read({option(5, edges({9021, 9031, 9200, 9061}))}), "9061");  // left edges count nothing
  EXPECT_EQ(read({option(5, edges({8000, 8100}))}), "9001");
}

TEST_F(TcpSack, TheFirstWholeListCounts) {
  EXPECT_EQ(read({option(5, edges({9011, 9021})), option(5, edges({9031, 9041}))}), "9021");
  EXPECT_EQ(read({option(5, edges({9011})), option(5, edges({9031, 9041}))}), "9041");
  EXPECT_EQ(read({option(8, edges({9011, 9021})), option(5, edges({9031, 9041}))}), "9041");
}

TEST_F(TcpSack, ListsThatAreNotWholeBlocksCountNothing) {
  EXPECT_EQ(read({option(5, {})}), "9001");
  EXPECT_EQ(read({option(5, edges({9011}))}), "9001");
  EXPECT_EQ(read({option(5, {0, 0, 0x23, 0x30, 0, 0, 0x23})}), "9001");
  EXPECT_EQ(read({option(5, edges({9011, 9021, 9031}))}), "9001");
  EXPECT_EQ(read({option(5, {0, 0, 0x23, 0x30, 0, 0, 0x23, 0x40, 1})}), "9001");
  EXPECT_EQ(read({option(4, edges({9011, 9021}))}), "9001");
  EXPECT_EQ(read({option(6, edges({9011, 9021}))}), "9001");
}

TEST_F(TcpTracker, EachFactAboutASideHasItsOwnBit) {
  const auto facts = [this] { return static_cast<unsigned>(track.seen[0].flags); };
  const auto one = [](unsigned bits) { return bits != 0 && (bits & (bits - 1)) == 0; };
  std::vector<unsigned> seen;
  client({S, 1000, 0, 500, "", {3, 3, 7, 0}});
  seen.push_back(facts());
  anew();
  client({S, 1000, 0, 500, "", {4, 2, 0, 0}});
  seen.push_back(facts());
  anew();
  client({S, 1000});
  EXPECT_EQ(facts(), 0u);
  server({S | A, 9000, 1001});
  client({A, 1001, 9001});
  const unsigned acknowledged = facts();
  seen.push_back(acknowledged);
  client({P | A, 1001, 9001, 64240, "x"});
  seen.push_back(facts() & ~acknowledged);
  server({A, 9001, 1002});
  EXPECT_EQ(facts(), acknowledged);
  client({F | A, 1002, 9001});
  server({A, 9001, 1003});
  seen.push_back(facts() & ~acknowledged);
  anew();
  client({A, 1000, 5000});
  seen.push_back(facts() & ~seen[1]);  // followed liberally, and as if SACK were agreed on
  EXPECT_EQ(facts() & seen[1], seen[1]);
  anew();
  client({S, 1000});
  server({S, 9000});
  seen.push_back(track.last_flags);  // both opened
  anew();
  handshake();
  client({F | A, 1001, 9001});
  server({F | A, 9001, 1002});
  client({S, 5000});
  seen.push_back(track.last_flags);  // the SYN may be challenged
  unsigned all = 0;
  for (const unsigned bits : seen) {
    EXPECT_TRUE(one(bits)) << bits;
    EXPECT_EQ(all & bits, 0u) << bits;
    all |= bits;
  }
}

}  // namespace
}  // namespace masqsim::nat::testing
