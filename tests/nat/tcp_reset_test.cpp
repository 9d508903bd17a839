// What the TCP tracker alone says to resets, and to SYNs that it does not expect.
#include "tcp_tracker_test.hpp"

namespace masqsim::nat::testing {
namespace {

struct TcpReset : TcpTracker {};

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
  const auto numbered_high = [this] {              // zero is ahead of all that was sent
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

struct TcpAhead : TcpTracker {};

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

TEST_F(TcpAhead, AnIgnoredSynThatIsAnsweredIsNotChallengedAnyMore) {
  last_ack();
  client({S, 500000});
  EXPECT_NE(track.last_flags, 0);
  EXPECT_EQ(server({S | A, 600000, 500001}), "accepted SYN_RECV 1m");
  EXPECT_EQ(track.last_flags, 0);
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

}  // namespace
}  // namespace masqsim::nat::testing
