#include <gtest/gtest.h>

#include "bench.hpp"
#include "sim/nat/tcp_tracker.hpp"

namespace masqsim::nat::testing {
namespace {

using Lines = std::vector<std::string>;
constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, F = wire::TcpFlags::fin,
                       R = wire::TcpFlags::rst, P = wire::TcpFlags::psh;

/// A connection A:5000 -> R:80 through the gateway; client numbers from 1000, server numbers from 9000.
struct Tcp : ::testing::Test {
  explicit Tcp(Config config = masquerading()) : b(std::move(config)) {}
  Bench b;

  std::string client(Segment s) { return outcome(b.from_inside(tcp(at(a_host, 5000), at(remote, 80), s))); }
  std::string server(Segment s) { return outcome(b.from_outside(tcp(at(remote, 80), at(outer, 5000), s))); }
  void handshake() {
    client({S, 1000});
    server({S | A, 9000, 1001});
    client({A, 1001, 9001});
  }
  std::string state() const {
    const auto table = b.nat.table(b.now);
    return table.empty() ? "gone"
                         : to_string(table[0].tcp) + (table[0].assured ? " assured " : " ") + to_string(table[0].left);
  }
  /// "nat": passed, translated; "leak": left untranslated; "self": stayed with the gateway.
  static std::string outcome(const std::string& line) {
    if (line.starts_with("out: 192.168.")) return "leak";
    if (line.starts_with("self")) return "self";
    return line.starts_with("X") ? line : "nat";
  }
};

TEST_F(Tcp, OpensTransfersAndCloses) {
  EXPECT_EQ(client({S, 1000}), "nat");
  EXPECT_EQ(state(), "SYN_SENT 2m");
  EXPECT_EQ(server({S | A, 9000, 1001}), "nat");
  EXPECT_EQ(state(), "SYN_RECV 1m");
  EXPECT_EQ(client({A, 1001, 9001}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
  client({P | A, 1001, 9001, 64240, "hello"});
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
  server({A, 9001, 1006});
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
  client({F | A, 1006, 9001});
  EXPECT_EQ(state(), "FIN_WAIT assured 2m");
  server({A, 9001, 1007});
  EXPECT_EQ(state(), "CLOSE_WAIT assured 1m");
  server({F | A, 9001, 1007});
  EXPECT_EQ(state(), "LAST_ACK assured 30s");
  client({A, 1007, 9002});
  EXPECT_EQ(state(), "TIME_WAIT assured 2m");
}

TEST_F(Tcp, ARepeatedSynDoesNotKeepAnUnansweredEntry) {
  client({S, 1000});
  b.now += 100_s;
  EXPECT_EQ(client({S, 1000}), "nat");
  EXPECT_EQ(state(), "SYN_SENT 20s");
}

TEST_F(Tcp, AResetThatAnswersTheSynRemovesTheEntryBehindItself) {
  client({S, 1000});
  EXPECT_EQ(server({R | A, 0, 1001}), "nat");
  EXPECT_EQ(state(), "gone");
  EXPECT_EQ(server({R | A, 0, 1001}), "self");
}

TEST_F(Tcp, AResetMustHitTheExpectedNumberToClose) {
  handshake();
  client({P | A, 1001, 9001, 64240, "hello"});
  server({P | A, 9001, 1006, 64240, "hello"});
  client({A, 1006, 9006});
  EXPECT_EQ(server({R, 9000}), "self");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
  EXPECT_EQ(server({R, 9100}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 10s");
  client({A, 1006, 9006});  // the RST's own number counts as data that nobody has acknowledged
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
  EXPECT_EQ(server({R, 9006}), "nat");
  EXPECT_EQ(state(), "CLOSE assured 10s");
}

TEST_F(Tcp, WindowsAreEnforcedToTheByte) {
  struct Edge {
    std::uint32_t beyond;
    const char* outcome;
  };
  // The handshake's SYN/ACK and ACK allow 64240 beyond 1001, and one window more for those who overshoot.
  for (const Edge edge : {Edge{129470, "nat"}, Edge{129471, "leak"}}) {
    Bench fresh;
    b.nat.flush(b.now);
    handshake();
    EXPECT_EQ(client({P | A, edge.beyond, 9001, 64240, "0123456789"}), edge.outcome) << edge.beyond;
    EXPECT_EQ(state(), "ESTABLISHED assured 120h");
  }
}

TEST_F(Tcp, OldDataAndOldAcknowledgmentsPassWithoutEffect) {
  handshake();
  client({P | A, 1001, 9001, 64240, "hello"});
  server({A, 9001, 1006});
  b.now += 10_s;
  EXPECT_EQ(client({P | A, 1001u - 70000u, 9001, 64240, "x"}), "nat");
  EXPECT_EQ(server({A, 9001, 1006u - 70000u}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 119h59m50s");
}

TEST_F(Tcp, AcknowledgingUnseenDataIsInvalid) {
  handshake();
  EXPECT_EQ(client({A, 1001, 9002}), "leak");
  EXPECT_EQ(server({A, 9001, 1002}), "self");
}

TEST_F(Tcp, InvalidSegmentsLeakUnlessAFirewallDropsThem) {
  for (const std::uint8_t flags : {R, static_cast<std::uint8_t>(F | A), static_cast<std::uint8_t>(S | A),
                                   std::uint8_t{0}, static_cast<std::uint8_t>(S | F)}) {
    EXPECT_EQ(client({flags, 1000}), "leak") << int{flags};
  }
  Config config = masquerading();
  config.firewall.drop_invalid = true;
  Bench strict(config);
  EXPECT_EQ(strict.from_inside(tcp(at(a_host, 5000), at(remote, 80), {R, 1000})), "X invalid");
}

TEST_F(Tcp, IsPickedUpInTheMiddleAndFollowedLiberally) {
  EXPECT_EQ(client({A, 1000, 5000}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED 5m");
  EXPECT_EQ(server({A, 5000, 1000}), "nat");
  EXPECT_EQ(server({P | A, 900000, 700000, 10, "far"}), "nat");
}

TEST(TcpLoose, OffMeansThatAnAckWithoutAHandshakeLeaks) {
  Config config = masquerading();
  config.tcp_loose = false;
  Bench b(config);
  EXPECT_EQ(b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {A, 1000, 5000})),
            "out: 192.168.1.10:5000 > 198.51.100.7:80 tcp ACK seq=1000 ack=5000 win=64240 len=0 ttl=64 (invalid)");
}

TEST_F(Tcp, ASynOnAClosedEntryOpensANewOne) {
  handshake();
  client({F | A, 1001, 9001});
  server({F | A, 9001, 1002});
  client({A, 1002, 9002});
  EXPECT_EQ(state(), "TIME_WAIT assured 2m");
  EXPECT_EQ(client({S, 50000}), "nat");
  EXPECT_EQ(state(), "SYN_SENT 2m");
  EXPECT_EQ(b.nat.table(b.now).at(0).flow, 2u);
}

TEST_F(Tcp, AServersSynInTimeWaitRemovesTheEntryAndStaysWithTheGateway) {
  handshake();
  client({F | A, 1001, 9001});
  server({F | A, 9001, 1002});
  client({A, 1002, 9002});
  EXPECT_EQ(server({S, 70000}), "self");
  EXPECT_EQ(b.nat.size(), 1u);
  EXPECT_EQ(b.nat.table(b.now).at(0).original.source, at(remote, 80));
}

TEST_F(Tcp, ASynInTheMiddleIsIgnoredUntilItsAnswerShowsThatTheEndsAgree) {
  handshake();
  EXPECT_EQ(client({S, 500000}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
  EXPECT_EQ(server({S | A, 600000, 500001}), "nat");
  EXPECT_EQ(state(), "SYN_RECV assured 1m");
  EXPECT_EQ(client({A, 500001, 600001}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
}

TEST_F(Tcp, OpensFromBothSidesAtOnce) {
  client({S, 1000});
  EXPECT_EQ(server({S, 9000}), "nat");
  EXPECT_EQ(state(), "SYN_SENT2 2m");
  EXPECT_EQ(client({S | A, 1000, 9001}), "nat");
  EXPECT_EQ(state(), "SYN_RECV 1m");
  EXPECT_EQ(server({A, 9001, 1001}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
}

TEST_F(Tcp, ASecondFinOfOneSideCountsAsTheOthers) {
  handshake();
  client({F | A, 1001, 9001});
  client({F | A, 1001, 9001});
  EXPECT_EQ(state(), "LAST_ACK assured 30s");
}

TEST(TcpPort, OfAnEndedConnectionIsTakenOverByALaterSequenceNumber) {
  Config config = masquerading();
  config.source.front().ports = PortRange{2000, 2000};
  Bench b(config);
  const auto a = [&](Segment s) { b.from_inside(tcp(at(a_host, 5000), at(remote, 80), s)); };
  const auto r = [&](Segment s) { b.from_outside(tcp(at(remote, 80), at(outer, 2000), s)); };
  a({S, 1000}), r({S | A, 9000, 1001}), a({A, 1001, 9001}), a({F | A, 1001, 9001}), r({F | A, 9001, 1002}),
      a({A, 1002, 9002});
  EXPECT_EQ(b.from_inside(tcp(at(b_host, 5000), at(remote, 80), {S, 500})), "X ports-exhausted");
  b.nat.watch(true);
  EXPECT_EQ(b.from_inside(tcp(at(b_host, 5000), at(remote, 80), {S, 5000})),
            "out: 203.0.113.1:2000 > 198.51.100.7:80 tcp SYN seq=5000 win=64240 len=0 ttl=64");
  const std::vector<Change> changes = b.nat.take_changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, Change::Kind::evicted);
  EXPECT_EQ(changes[0].entry.inside, at(a_host, 5000));
}

TEST_F(Tcp, WindowScalingCountsOnlyIfBothOfferIt) {
  client({S, 1000, 0, 1000, "", {3, 3, 7, 1}});
  server({S | A, 9000, 1001, 1000, "", {3, 3, 2, 1}});
  client({A, 1001, 9001, 1000});
  EXPECT_EQ(server({
                A,
                9001u + 128000,
                1001,
                1000,
            }),
            "nat");
  b.nat.flush(b.now);
  client({S, 1000, 0, 1000, "", {3, 3, 7, 1}});
  server({S | A, 9000, 1001, 1000});
  client({A, 1001, 9001, 1000});
  EXPECT_EQ(server({P | A, 9001u + 3000, 1001, 1000, "x"}), "self");
}

TEST_F(Tcp, SackedDataRaisesWhatTheOtherSideMaySend) {
  client({S, 1000, 0, 1000, "", {4, 2, 1, 1}});
  server({S | A, 9000, 1001, 1000, "", {4, 2, 1, 1}});
  client({A, 1001, 9001, 1000});
  server({P | A, 9001 + 500, 1001, 1000, "0123456789"});
  // SACK 9501-9511: right edge + window lies at 10511.
  EXPECT_EQ(client({A, 1001, 9001, 1000, "", {1, 1, 5, 10, 0, 0, 0x25, 0x1d, 0, 0, 0x25, 0x27}}), "nat");
  EXPECT_EQ(server({P | A, 10511, 1001, 1000, "x"}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
}

TEST_F(Tcp, ThreeRepeatedAcknowledgmentsShortenTheTime) {
  handshake();
  for (int n = 0; n < 3; ++n) client({A, 1001, 9001});
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
}

TEST_F(Tcp, AZeroWindowShortensTheTime) {
  handshake();
  server({A, 9001, 1001, 0});
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
}

TEST_F(Tcp, ASynThatTriesAnewWithLaterNumbersIsFollowed) {
  client({S, 1000});
  client({S, 500000});
  EXPECT_EQ(server({S | A, 9000, 500001}), "nat");
  EXPECT_EQ(client({A, 500001, 9001}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
}

TEST_F(Tcp, AServersSecondSynIsNotFollowedOnceBothHaveOpened) {
  client({S, 1000});
  server({S, 9000});
  EXPECT_EQ(server({S, 90000}), "self");
  EXPECT_EQ(client({S | A, 1000, 90001}), "leak");
  EXPECT_EQ(state(), "SYN_SENT2 2m");
}

TEST_F(Tcp, AnAckBeforeTheSynsAnswerIsLetThroughAndItsResetEndsTheAttempt) {
  client({S, 1000});
  EXPECT_EQ(server({A, 77, 5555}), "nat");
  EXPECT_EQ(state(), "SYN_SENT 2m");
  EXPECT_EQ(client({R, 5555}), "nat");
  EXPECT_EQ(state(), "CLOSE 10s");
  EXPECT_EQ(server({S | A, 9000, 1001}), "nat");
  EXPECT_EQ(state(), "CLOSE 10s");
}

TEST_F(Tcp, AResetThatAnswersAnIgnoredSynClosesWhateverItsNumber) {
  handshake();
  client({S, 500000});
  EXPECT_EQ(server({R | A, 0, 500001}), "nat");
  EXPECT_EQ(state(), "CLOSE assured 10s");
}

TEST_F(Tcp, AChallengeAckInLastAckIsNotTakenForTheFins) {
  handshake();
  client({F | A, 1001, 9001});
  server({F | A, 9001, 1002});
  EXPECT_EQ(state(), "LAST_ACK assured 30s");
  client({S, 500000});
  EXPECT_EQ(server({A, 9002, 1002}), "nat");
  EXPECT_EQ(state(), "LAST_ACK assured 30s");
  client({A, 1002, 9002});
  EXPECT_EQ(state(), "TIME_WAIT assured 2m");
}

TEST_F(Tcp, EndsOutOfTheWindowOnBothSidesShortenTheTime) {
  handshake();
  EXPECT_EQ(client({F | A, 900000, 9001}), "leak");
  EXPECT_EQ(state(), "ESTABLISHED assured 120h");
  EXPECT_EQ(server({F | A, 900000, 1001}), "self");
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
  b.now += 200_s;
  EXPECT_EQ(server({F | A, 900000, 1001}), "self");
  EXPECT_EQ(state(), "ESTABLISHED assured 1m40s");
}

TEST_F(Tcp, ASynAfterTheOtherSidesResetIsIgnored) {
  handshake();
  server({R, 9001});
  EXPECT_EQ(state(), "CLOSE assured 10s");
  EXPECT_EQ(client({S, 500000}), "nat");
  EXPECT_EQ(state(), "CLOSE assured 10s");
  EXPECT_EQ(b.nat.table(b.now).at(0).flow, 1u);
}

TEST_F(Tcp, AResetBehindItsOwnDataCloses) {
  handshake();
  server({P | A, 9001, 1001, 64240, "hello"});
  EXPECT_EQ(server({R | A, 9006, 1001}), "nat");
  EXPECT_EQ(state(), "CLOSE assured 10s");
}

TEST_F(Tcp, WithoutWindowChecksEverySegmentPasses) {
  Config config = masquerading();
  config.tcp_be_liberal = true;
  b.nat = Nat(config, Random(1, "test"));
  handshake();
  EXPECT_EQ(client({P | A, 900000, 9001, 64240, "x"}), "nat");
  EXPECT_EQ(server({A, 9001, 900001}), "nat");
}

/// SYN and SYN+ACK with options, the ACK, windows as given.
struct TcpOptions : Tcp {
  void handshake_with(const Bytes& client_options, const Bytes& server_options, std::uint16_t window = 64240) {
    client({S, 1000, 0, window, "", client_options});
    server({S | A, 9000, 1001, window, "", server_options});
    client({A, 1001, 9001, window});
  }
  static Bytes sack(std::uint32_t left, std::uint32_t right) {
    Bytes options{1, 1, 5, 10};
    for (const std::uint32_t v : {left, right}) {
      for (const int shift : {24, 16, 8, 0}) options.push_back(static_cast<std::uint8_t>(v >> shift));
    }
    return options;
  }
};

TEST_F(TcpOptions, ASelectiveAcknowledgmentOfWhatWasNeverSentIsInvalidWhereBothAgreedOnIt) {
  handshake_with({4, 2, 1, 1}, {4, 2, 1, 1});
  EXPECT_EQ(client({A, 1001, 9001, 64240, "", sack(9500, 9600)}), "leak");
  server({P | A, 9501, 1001, 64240, std::string(99, 'x')});
  EXPECT_EQ(client({A, 1001, 9001, 64240, "", sack(9500, 9600)}), "nat");
  EXPECT_EQ(client({A, 1001, 9001, 64240, "", sack(9500, 9601)}), "leak");
}

TEST_F(TcpOptions, ASelectiveAcknowledgmentCountsNothingWhereNobodyAgreedOnIt) {
  handshake_with({4, 2, 1, 1}, {});
  EXPECT_EQ(client({A, 1001, 9001, 64240, "", sack(9500, 9600)}), "nat");
}

TEST_F(TcpOptions, TheHighestOfSeveralBlocksCounts) {
  handshake_with({4, 2, 1, 1}, {4, 2, 1, 1});
  Bytes two = sack(9101, 9201);
  two[3] = 18;
  const Bytes second = sack(9500, 9600);
  two.insert(two.end(), second.begin() + 4, second.end());
  EXPECT_EQ(client({A, 1001, 9001, 64240, "", two}), "leak");
  server({P | A, 9501, 1001, 64240, std::string(99, 'x')});
  EXPECT_EQ(client({A, 1001, 9001, 64240, "", two}), "nat");
}

TEST_F(TcpOptions, AScaledWindowHoldsWhereBothScaleIt) {
  handshake_with({4, 2, 1, 3, 3, 7, 0, 0}, {1, 3, 3, 7}, 512);
  EXPECT_EQ(server({P | A, 9001 + 60000, 1001, 512, "hello"}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
}

TEST_F(TcpOptions, AScaledWindowHoldsForNobodyWhereOneDoesNotScale) {
  handshake_with({1, 3, 3, 7}, {}, 512);
  EXPECT_EQ(server({P | A, 9001 + 60000, 1001, 512, "hello"}), "self");
}

TEST_F(TcpOptions, NoScaleIsTakenForMoreThanFourteen) {
  handshake_with({1, 3, 3, 200}, {1, 3, 3, 7}, 1);
  EXPECT_EQ(server({P | A, 9001 + (1 << 14), 1001, 512, "hello"}), "nat");
  EXPECT_EQ(state(), "ESTABLISHED assured 5m");
  EXPECT_EQ(server({P | A, 9001 + (3 << 14), 1001, 512, "hello"}), "self");
}

TEST_F(TcpOptions, ADamagedListIsReadUpToTheDamage) {
  handshake_with({1, 3, 3, 7, 8, 1, 4, 2}, {1, 3, 3, 7, 8, 20, 4, 2}, 512);  // a length of 1, and one past the end
  EXPECT_EQ(server({P | A, 9001 + 60000, 1001, 512, "hello"}), "nat");
  EXPECT_EQ(client({A, 1001, 9001, 512, "", sack(9500, 9600)}), "nat");  // nobody agreed on it
}

struct QuickUnacknowledged : Tcp {
  static Config quick() {
    Config config = masquerading();
    config.timeouts.tcp_unacknowledged = 60_s;
    return config;
  }
  QuickUnacknowledged() : Tcp(quick()) {}
  /// An end of each side that the tracker cannot place.
  void end_out_of_window() {
    client({F | A, 500'000'000, 9001});
    server({R, 900'000'000, 0});
  }
};

TEST_F(QuickUnacknowledged, ConnectionsThatBothSidesEndOutOfTheWindowGoSooner) {
  handshake();
  end_out_of_window();
  EXPECT_EQ(state(), "ESTABLISHED assured 1m");
}

TEST_F(QuickUnacknowledged, WhatGoesInTwoMinutesAnywayIsLeftAlone) {
  handshake();
  b.now += 432'000_s - 119_s - 500_ms;
  end_out_of_window();
  EXPECT_EQ(state(), "ESTABLISHED assured 1m59s500ms");
}

TEST(TcpTable, IsTheReferencesForEveryStateAndKind) {
  // Reference B, one letter pair a cell; "ig" passes, "iv" is INVALID.
  const char* const original =
      "SS SS S2 ig ig ig ig ig SS SS|iv iv SR SR iv iv iv iv iv iv|iv iv iv FW FW LA LA LA TW CL|"
      "ES iv iv ES ES CW CW TW TW CL|iv CL CL CL CL CL CL CL CL CL|iv iv iv iv iv iv iv iv iv iv|";
  const char* const reply =
      "iv S2 S2 iv iv iv iv iv SS iv|iv SR SR ig ig ig ig ig ig ig|iv iv iv FW FW LA LA LA TW CL|"
      "iv ig ig SR ES CW CW TW TW CL|iv CL CL CL CL CL CL CL CL CL|iv iv iv iv iv iv iv iv iv iv|";
  const auto text = [](const TcpTable& table) {
    const std::array<const char*, 11> names{"SS", "S2", "SR", "ES", "FW", "CW", "LA", "TW", "CL", "ig", "iv"};
    std::string all;
    for (const auto& row : table) {
      for (std::size_t n = 0; n < row.size(); ++n) {
        all += names.at(static_cast<std::size_t>(row[n])) + std::string(n == 9 ? "|" : " ");
      }
    }
    return all;
  };
  EXPECT_EQ(text(tcp_original), original);
  EXPECT_EQ(text(tcp_reply), reply);
}

TEST(TcpFlagsOf, ASegmentAreValidOnlyInNineCombinations) {
  int valid = 0;
  for (int bits = 0; bits < 256; ++bits) valid += flags_valid({static_cast<std::uint8_t>(bits)}) ? 1 : 0;
  EXPECT_EQ(valid, 9 * 8);  // each with any of PSH, ECE, CWR
  EXPECT_TRUE(flags_valid({S}));
  EXPECT_FALSE(flags_valid({F}));
  EXPECT_FALSE(flags_valid({static_cast<std::uint8_t>(S | F)}));
}

}  // namespace
}  // namespace masqsim::nat::testing
