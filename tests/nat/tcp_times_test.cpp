// How long the TCP tracker alone keeps what; which flags it knows.
#include "tcp_tracker_test.hpp"

namespace masqsim::nat::testing {
namespace {

struct TcpTimes : TcpTracker {
  TcpTimes() {
    Timeouts& t = config.timeouts;
    t.tcp_syn_sent = 11_s, t.tcp_syn_recv = 12_s, t.tcp_established = 13_s, t.tcp_fin_wait = 14_s;
    t.tcp_close_wait = 15_s, t.tcp_last_ack = 16_s, t.tcp_time_wait = 17_s, t.tcp_close = 18_s;
    t.tcp_unacknowledged = t.tcp_max_retrans = 1000_s;
  }
};

TEST_F(TcpTimes, EachStateHasItsOwn) {
  EXPECT_EQ(client({S, 1000}), "accepted SYN_SENT 11s");
  EXPECT_EQ(server({S, 9000}), "accepted SYN_SENT2");
  EXPECT_EQ(client({S, 1000}), "accepted SYN_SENT2 11s");
  EXPECT_EQ(client({S | A, 1000, 9001}), "accepted SYN_RECV 12s");
  EXPECT_EQ(server({A, 9001, 1001}), "accepted ESTABLISHED 13s assured");
  EXPECT_EQ(client({F | A, 1001, 9001}), "accepted FIN_WAIT 14s");
  EXPECT_EQ(server({A, 9001, 1002}), "accepted CLOSE_WAIT 15s");
  EXPECT_EQ(server({F | A, 9001, 1002}), "accepted LAST_ACK 16s");
  EXPECT_EQ(client({A, 1002, 9002}), "accepted TIME_WAIT 17s");
  EXPECT_EQ(client({R, 1002}), "accepted CLOSE 18s");
  EXPECT_EQ(client({A, 1002, 9002}), "accepted CLOSE 18s");
}

TEST_F(TcpTimes, OfACappedKindApplyOnlyWhereTheStatesIsLonger) {
  config.timeouts.tcp_unacknowledged = 13_s;
  config.timeouts.tcp_max_retrans = 5_s;
  handshake();
  EXPECT_EQ(client({P | A, 1001, 9001, 0, "x"}), "accepted ESTABLISHED 5s assured");  // for the window
  config.timeouts.tcp_established = 14_s;
  EXPECT_EQ(client({P | A, 1002, 9001, 0, "x"}), "accepted ESTABLISHED 13s assured");
  EXPECT_EQ(server({A, 9001, 1003, 0}), "accepted ESTABLISHED 5s assured");
  EXPECT_EQ(server({A, 9001, 1003, 1}), "accepted ESTABLISHED 14s assured");
}

TEST_F(TcpTimes, AfterThreeRepeatedAcknowledgmentsAreThoseOfRetransmissions) {
  config.timeouts.tcp_max_retrans = 5_s;
  config.timeouts.tcp_close = 4_s;
  handshake();
  EXPECT_EQ(client({A, 1001, 9001}), "accepted ESTABLISHED 13s assured");
  EXPECT_EQ(client({A, 1001, 9001}), "accepted ESTABLISHED 13s assured");
  EXPECT_EQ(client({A, 1001, 9001}), "accepted ESTABLISHED 5s assured");
  EXPECT_EQ(client({A, 1001, 9001}), "accepted ESTABLISHED 5s assured");
  EXPECT_EQ(client({F | A, 1001, 9001}), "accepted FIN_WAIT 5s");
  config.timeouts.tcp_last_ack = 3_s;
  EXPECT_EQ(server({F | A, 9001, 1002}), "accepted LAST_ACK 3s");
  EXPECT_EQ(server({R, 9002}), "accepted CLOSE 4s");
}

TEST_F(TcpTimes, OfTheStateAsLongAsThoseOfRetransmissionsStillGiveWayToShorterOnes) {
  config.timeouts.tcp_max_retrans = 13_s;
  config.timeouts.tcp_unacknowledged = 7_s;
  handshake();
  client({P | A, 1001, 9001, 64240, "x"});
  for (int n = 0; n < 4; ++n) EXPECT_EQ(client({A, 1002, 9001}), "accepted ESTABLISHED 7s assured");
  EXPECT_EQ(server({R, 9002}), "accepted ESTABLISHED 18s assured");
  config.timeouts.tcp_max_retrans = 12_s;
  EXPECT_EQ(server({R, 9003}), "accepted ESTABLISHED 12s assured");
}

// Both sides number alike, so that only the direction tells their segments apart.
TEST_F(TcpTimes, ARepeatedAcknowledgmentIsEqualInAllItsNumbersAndItsDirection) {
  config.timeouts.tcp_max_retrans = 5_s;
  const Segment same{A, 1102, 1101, 500};
  const auto after_two_repeats = [&](Direction direction, const Segment& other) {
    anew();
    client({S, 1000, 0, 500});
    server({S | A, 1000, 1001, 500});
    client({P | A, 1001, 1001, 500, std::string(101, 'x')});
    server({P | A, 1001, 1102, 500, std::string(101, 'x')});
    for (int n = 0; n < 3; ++n) EXPECT_EQ(client(same), "accepted ESTABLISHED 13s assured");
    const std::string line = told(direction, other);
    EXPECT_EQ(client(same), line == "accepted ESTABLISHED 5s assured" ? line : "accepted ESTABLISHED 13s assured");
    return line;
  };
  EXPECT_EQ(after_two_repeats(Direction::original, same), "accepted ESTABLISHED 5s assured");
  for (const Segment& other : {Segment{A, 1102, 1101, 501}, Segment{A, 1102, 1102, 500}, Segment{A, 1101, 1101, 500},
                               Segment{A, 1101, 1101, 500, "x"}, Segment{A, 1102, 1101, 500, "x"}}) {
    EXPECT_EQ(after_two_repeats(Direction::original, other), "accepted ESTABLISHED 13s assured");
  }
  EXPECT_EQ(after_two_repeats(Direction::reply, {A, 1102, 1101, 500}), "accepted ESTABLISHED 13s assured");
}

struct TcpEnds : TcpTracker {
  TcpEnds() { config.timeouts.tcp_unacknowledged = 60_s; }
};

TEST_F(TcpEnds, OfBothSidesOutOfTheWindowShortenTheTimeWhicheverTheyAre) {
  for (const std::uint8_t one : {std::uint8_t{F | A}, R}) {
    for (const std::uint8_t other : {std::uint8_t{F | A}, R}) {
      handshake();
      EXPECT_EQ(client({one, far, 9001}), "invalid");
      EXPECT_EQ(client({one, far, 9001}), "invalid");
      EXPECT_EQ(server({other, far, 1001}), "invalid 1m");
      EXPECT_EQ(server({other, far, 1001}), "invalid 1m");  // the client's is still the last that counted
    }
  }
}

TEST_F(TcpEnds, AreNotWhatElseIsOutOfTheWindow) {
  handshake();
  client({F | A, far, 9001});
  EXPECT_EQ(server({A, far, 1001}), "invalid");
  EXPECT_EQ(server({F | A, far, 1001}), "invalid 1m");
  handshake();
  client({A, far, 9001});
  EXPECT_EQ(server({F | A, far, 1001}), "invalid");
}

TEST_F(TcpEnds, ShortenNothingThatGoesInTwoMinutesOrInLessThanTheyWouldLeave) {
  const auto with = [this](Duration remains) {
    left = remains;
    handshake();
    client({F | A, far, 9001});
    return server({F | A, far, 1001});
  };
  EXPECT_EQ(with(120_s), "invalid 1m");
  EXPECT_EQ(with(Duration{(120_s).ns - 1}), "invalid");
  config.timeouts.tcp_unacknowledged = 300_s;
  EXPECT_EQ(with(300_s), "invalid");
  EXPECT_EQ(with(301_s), "invalid 5m");
}

TEST_F(TcpEnds, OfWhatWasNeverLiveShortenNothing) {
  client({S, 1000});
  server({S | A, 9000, 1001});
  EXPECT_EQ(client({F | A, far, 9001}), "invalid");
  EXPECT_EQ(server({F | A, far, 1001}), "invalid");
}

TEST(TcpKinds, AreRstBeforeSynBeforeFinBeforeAck) {
  const auto kinds = [](std::uint8_t more) {
    std::string all;
    for (int n = 0; n < 16; ++n) {  // R, S, F, A from the highest bit on
      int flags = more;
      if ((n & 8) != 0) flags |= R;
      if ((n & 4) != 0) flags |= S;
      if ((n & 2) != 0) flags |= F;
      if ((n & 1) != 0) flags |= A;
      const std::array<const char*, 6> names{"S", "SA", "F", "A", "R", "-"};
      all += names.at(static_cast<std::size_t>(kind_of({static_cast<std::uint8_t>(flags)}))) + std::string(" ");
    }
    return all;
  };
  EXPECT_EQ(kinds(0), "- A F F S SA S SA R R R R R R R R ");
  EXPECT_EQ(kinds(P | U), "- A F F S SA S SA R R R R R R R R ");
}

TEST(TcpKinds, ThatATcpSendsAreTheseNine) {
  std::vector<int> valid;
  for (int flags = 0; flags < 64; ++flags) {
    if ((flags & P) == 0 && flags_valid({static_cast<std::uint8_t>(flags)})) valid.push_back(flags);
  }
  EXPECT_EQ(valid, (std::vector<int>{S, R, A, F | A, S | A, R | A, S | U, A | U, F | A | U}));
}

}  // namespace
}  // namespace masqsim::nat::testing
