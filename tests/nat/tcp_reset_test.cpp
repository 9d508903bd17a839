// What the TCP tracker alone says to resets, to SYNs that it does not expect, and how long it keeps what.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "sim/nat/tcp_tracker.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, F = wire::TcpFlags::fin,
                       R = wire::TcpFlags::rst, P = wire::TcpFlags::psh, U = wire::TcpFlags::urg;
constexpr std::uint32_t far = 900'000'000;  // out of every window

/// One connection; client numbers begin with 1000, server numbers with 9000. Keeps the status as the core does.
struct TcpReset : ::testing::Test {
  Config config;
  TcpTrack track;
  TcpState state = TcpState::none;
  std::uint16_t status = 0;
  Duration left = 432'000_s;

  std::string client(const Segment& s) { return told(Direction::original, s); }
  std::string server(const Segment& s) { return told(Direction::reply, s); }
  void anew() { track = {}, state = TcpState::none, status = 0; }
  void handshake() {
    anew();
    client({S, 1000});
    server({S | A, 9000, 1001});
    client({A, 1001, 9001});
  }
  void close_wait() {
    handshake();
    client({F | A, 1001, 9001});
    server({A, 9001, 1002});
  }
  void last_ack() {
    close_wait();
    server({F | A, 9001, 1002});
  }
  void time_wait() {
    last_ack();
    client({A, 1002, 9002});
  }

  /// "accepted ESTABLISHED 120h assured", "ignored", "invalid 5m", "removed 10s", "reopened".
  std::string told(Direction direction, const Segment& s) {
    const Bytes packet = tcp(at(a_host, 5000), at(remote, 80), s);
    const TcpSegment segment = read_segment(*wire::TcpView::parse(wire::ByteView(packet).subspan(20)));
    if (state == TcpState::none) tcp_begin(track, segment, config);
    const TcpVerdict verdict = tcp_follow(track, state, status, direction, segment, 0, left, config);
    if (verdict.what != TcpVerdict::What::invalid && direction == Direction::reply) status |= status::seen_reply;
    if (verdict.assured) status |= status::assured;
    const std::array<const char*, 5> words{"accepted", "ignored", "invalid", "removed", "reopened"};
    std::string line = words.at(static_cast<std::size_t>(verdict.what));
    if (verdict.what == TcpVerdict::What::accepted) line += ' ' + to_string(state);
    if (verdict.timeout) line += ' ' + to_string(*verdict.timeout);
    return line + (verdict.assured ? " assured" : "");
  }
};

TEST_F(TcpReset, BeforeAnyAnswerRemovesTheEntryWhoeverSendsIt) {
  client({S, 1000});
  EXPECT_EQ(server({R | A, 0, 1001}), "removed 10s");
  anew();
  client({S, 1000});
  EXPECT_EQ(client({R, 1001}), "removed 10s");
}

TEST_F(TcpReset, OfSequenceZeroIsTakenForTheNumberOfTheSyn) {
  constexpr std::uint32_t high = 0xf0000000;  // zero lies ahead of it, beyond its window
  client({S, high});
  EXPECT_EQ(client({R, 1}), "invalid");
  EXPECT_EQ(client({R, 0}), "removed 10s");
  anew();
  client({S, 0x70000000});
  EXPECT_EQ(client({R, 0x70000002}), "invalid");
  EXPECT_EQ(client({R, 0x70000001}), "removed 10s");
}

TEST_F(TcpReset, ThatAcknowledgesNothingMayLeaveTheNumberOut) {
  client({S, 5000});
  EXPECT_EQ(server({R | A, 0, 0}), "removed 10s");
  anew();
  client({S, 5000});
  EXPECT_EQ(server({R | A, 0, 5003}), "invalid");  // 5002 would be the answer to a keep-alive
  const auto numbered_high = [this] {  // zero is ahead of all that was sent
    anew();
    client({S, 0xf0000000});
  };
  numbered_high();
  EXPECT_EQ(server({R | A, 0, 1}), "invalid");
  EXPECT_EQ(server({R | A, 0, 0}), "removed 10s");
  numbered_high();
  server({S | A, 9000, 0xf0000001});
  client({A, 0xf0000001, 9001});
  EXPECT_EQ(server({A, 9001, 0}), "invalid");  // nothing but a reset may
  EXPECT_EQ(server({R | A, 9001, 0}), "accepted CLOSE 10s");
}

TEST_F(TcpReset, WhileOneSideIsClosingNeedsNoNumber) {
  handshake();
  client({F | A, 1001, 9001});
  EXPECT_EQ(server({R, far}), "accepted CLOSE 10s");
  close_wait();
  EXPECT_EQ(client({R, far}), "accepted CLOSE 10s");
  last_ack();
  EXPECT_EQ(server({R, far}), "accepted CLOSE 10s");
  time_wait();
  EXPECT_EQ(client({R, far}), "accepted CLOSE 10s");
  EXPECT_EQ(server({R, far}), "accepted CLOSE 10s");
}

// The client's last acknowledgment was 9001.
TEST_F(TcpReset, OfALiveConnectionClosesItOnlyWithTheVeryNumber) {
  handshake();
  EXPECT_EQ(server({R, 9000}), "invalid");
  EXPECT_EQ(server({R, 0}), "invalid");
  EXPECT_EQ(server({R, 9002}), "accepted ESTABLISHED 10s assured");
  EXPECT_EQ(server({R, far}), "invalid");
  EXPECT_EQ(server({R, 9001}), "accepted CLOSE 10s");
}

// The client's RST has to fit 1001, which the SYN+ACK acknowledged.
TEST_F(TcpReset, OfAConnectionThatIsNotYetLiveMayBeAheadOrZero) {
  const auto half_open = [this] {
    anew();
    client({S, 1000});
    server({S | A, 9000, 1001});
  };
  half_open();
  EXPECT_EQ(client({R, 1000}), "invalid");
  EXPECT_EQ(client({R, 1}), "invalid");
  EXPECT_EQ(server({R, far}), "invalid");
  EXPECT_EQ(client({R, 1001}), "accepted CLOSE 10s");
  half_open();
  EXPECT_EQ(client({R, 1002}), "accepted CLOSE 10s");
  half_open();
  EXPECT_EQ(client({R, 0}), "accepted CLOSE 10s");
}

// 9006 is the end of the server's data, which the client has not acknowledged.
TEST_F(TcpReset, AheadClosesWhatIsAssuredButNotOpenAndWhatIsOpenButNotAssured) {
  handshake();
  client({S, 500000});
  server({S | A, 600000, 500001});
  EXPECT_EQ(client({R, 500002}), "accepted CLOSE 10s");
  anew();
  client({A, 1000, 5000});
  server({A, 5000, 1000});
  EXPECT_EQ(client({R, 1500}), "accepted CLOSE 10s");
}

TEST_F(TcpReset, BehindDataClosesOnlyRightBehindTheSendersOwnLast) {
  const auto with_data = [this] {
    handshake();
    server({P | A, 9001, 1001, 64240, "hello"});
  };
  with_data();
  EXPECT_EQ(server({R, 9006}), "accepted CLOSE 10s");
  with_data();
  EXPECT_EQ(server({R, 9005}), "accepted ESTABLISHED 10s assured");
  EXPECT_EQ(server({R, 9006}), "accepted ESTABLISHED 10s assured");  // the last was no data any more
  with_data();
  client({A, 1001, 9001});
  EXPECT_EQ(server({R, 9006}), "accepted ESTABLISHED 10s assured");
}

TEST_F(TcpReset, WithTheNumberThatTheOtherSideEndedWithDoesNotClose) {
  client({S, 9049});
  server({S | A, 9000, 9050});
  client({A, 9050, 9001});
  EXPECT_EQ(server({R, 9050}), "accepted ESTABLISHED 10s assured");
}

TEST_F(TcpReset, ThatAnswersAnIgnoredSynClosesOnlyIfItAcknowledgesThatSyn) {
  handshake();
  EXPECT_EQ(client({S, 500000}), "ignored");
  EXPECT_EQ(server({R | A, far, 500002}), "invalid");
  handshake();
  client({S, 500000});
  EXPECT_EQ(server({R | A, far, 500001}), "accepted CLOSE 10s");
}

TEST_F(TcpReset, ThatAnswersAnAckBeforeTheSynsAnswerClosesByEitherNumber) {
  const auto early_ack = [this] {
    anew();
    client({S, 1000});
    EXPECT_EQ(server({A, 77, 5555}), "ignored");
  };
  early_ack();
  EXPECT_EQ(client({R | A, far, 77}), "accepted CLOSE 10s");
  early_ack();
  EXPECT_EQ(client({R | A, far, 78}), "invalid");
  early_ack();
  EXPECT_EQ(client({R, 5555}), "accepted CLOSE 10s");
  early_ack();
  EXPECT_EQ(client({R, 5556}), "invalid");
}

TEST_F(TcpReset, OfASynWithoutAnEarlyAckHasToFitTheWindow) {
  client({S, 1000});
  EXPECT_EQ(client({R, 0x70000000, 0}), "invalid");
  EXPECT_EQ(client({R | A, 0x70000000, 0}), "invalid");
}

TEST_F(TcpReset, FromTheSameSideLetsALaterSynOpenAnew) {
  handshake();
  client({R, 1001});
  EXPECT_EQ(client({S, 500000}), "reopened");
  handshake();
  server({R, 9001});
  EXPECT_EQ(client({S, 500000}), "ignored");
  EXPECT_EQ(client({S, 500000}), "ignored");
}

TEST_F(TcpReset, OfAFinishedConnectionDoesNotKeepALaterSynOut) {
  time_wait();
  EXPECT_EQ(server({R, far}), "accepted CLOSE 10s");
  EXPECT_EQ(client({S, 500000}), "reopened");
  time_wait();
  EXPECT_EQ(server({S, 500000}), "reopened");
  last_ack();
  EXPECT_EQ(client({S, 500000}), "ignored");
  handshake();
  server({F | A, 9001, 1001});
  client({F | A, 1001, 9002});
  EXPECT_EQ(server({A, 9002, 1002}), "accepted TIME_WAIT 2m");
  EXPECT_EQ(client({S, 500000}), "reopened");
}

struct TcpAhead : TcpReset {};

TEST_F(TcpAhead, AnAnswerToAnotherSynThanTheIgnoredOneIsIgnoredAndForgetsIt) {
  handshake();
  client({S, 500000});
  EXPECT_EQ(server({S | A, 600000, 500002}), "ignored");
  EXPECT_EQ(server({S | A, 600000, 500001}), "ignored");
  EXPECT_EQ(client({S, 500000}), "ignored");
  EXPECT_EQ(server({S | A, 600000, 500001}), "accepted SYN_RECV 1m");
  EXPECT_EQ(client({A, 500001, 600001}), "accepted ESTABLISHED 120h assured");
}

TEST_F(TcpAhead, TheIgnoredSynsWindowAndOptionsHoldOnceItIsAnswered) {
  handshake();
  client({S, 500000, 0, 700, "", {3, 3, 3, 0}});
  server({S | A, 600000, 500001, 800, "", {3, 3, 2, 0}});
  EXPECT_EQ(track.seen[0].end, 500001u);
  EXPECT_EQ(track.seen[0].max_end, 500801u);
  EXPECT_EQ(track.seen[0].max_window, 700u);
  EXPECT_EQ(track.seen[0].scale, 3);
  EXPECT_EQ(track.seen[1].end, 600001u);
  EXPECT_EQ(track.seen[1].max_end, 600001u);
  EXPECT_EQ(track.seen[1].max_window, 800u);
  EXPECT_EQ(track.seen[1].scale, 2);
  client({A, 500001, 600001, 700});
  EXPECT_EQ(track.seen[0].max_ack, 600001u);
  EXPECT_EQ(track.seen[1].max_end, 605601u);
}

TEST_F(TcpAhead, AnIgnoredSynWithoutOptionsOrWindowHasNone) {
  handshake();
  client({S, 500000, 0, 0});
  server({S | A, 600000, 500001, 800, "", {3, 3, 2, 0}});
  EXPECT_EQ(track.seen[0].max_window, 1u);
  EXPECT_EQ(track.seen[0].scale, 0);
  EXPECT_EQ(track.seen[1].scale, 0);
}

TEST_F(TcpAhead, OnlyTheFirstAckBehindASynInLastAckIsAChallenge) {
  last_ack();
  client({S, 500000});
  EXPECT_EQ(server({A, 9002, 1002}), "ignored");
  EXPECT_EQ(server({A, 9002, 1002}), "accepted TIME_WAIT 2m");
}

TEST_F(TcpAhead, AnAckInLastAckIsNoChallengeWithoutASynOfTheOtherSideRightBefore) {
  last_ack();
  EXPECT_EQ(server({A, 9002, 1002}), "accepted TIME_WAIT 2m");
  last_ack();
  client({S, 500000});
  EXPECT_EQ(client({A, 1002, 9002}), "accepted TIME_WAIT 2m");
  last_ack();
  client({S, 500000});
  server({S | A, 600000, 700000});
  EXPECT_EQ(client({A, 1002, 9002}), "accepted TIME_WAIT 2m");
  close_wait();
  client({S, 500000});  // ignored in CLOSE_WAIT: the FIN of the server comes behind it
  server({F | A, 9001, 1002});
  EXPECT_EQ(client({A, 1002, 9002}), "accepted TIME_WAIT 2m");
}

TEST_F(TcpAhead, AServersAckOpensOnlyWhatBothSidesOpened) {
  client({S, 1000});
  server({S | A, 9000, 1001});
  EXPECT_EQ(server({A, 9001, 1001}), "accepted SYN_RECV 1m");
  EXPECT_EQ(client({A, 1001, 9001}), "accepted ESTABLISHED 120h assured");
  anew();
  client({S, 1000});
  server({S, 9000});
  EXPECT_EQ(server({S | A, 9000, 1001}), "accepted SYN_RECV 1m");
  EXPECT_EQ(server({A, 9001, 1001}), "accepted ESTABLISHED 120h assured");
}

TEST_F(TcpAhead, AnAckThatWasIgnoredWhileBothOpenedIsNotTheFirstOfItsRepeats) {
  client({S, 1000});
  server({S, 9000});
  EXPECT_EQ(server({A, 9001, 1001}), "ignored");
  server({S | A, 9000, 1001});
  for (int n = 0; n < 3; ++n) EXPECT_EQ(server({A, 9001, 1001}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(server({A, 9001, 1001}), "accepted ESTABLISHED 5m assured");
  handshake();
  EXPECT_EQ(server({S | A, 9000, 1001}), "ignored");  // nor is a SYN+ACK as long
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(server({A, 9000, 1001, 64240, "x"}), "accepted ESTABLISHED 120h assured");
  }
  EXPECT_EQ(server({A, 9000, 1001, 64240, "x"}), "accepted ESTABLISHED 5m assured");
}

struct TcpTimes : TcpReset {
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

struct TcpEnds : TcpReset {
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
