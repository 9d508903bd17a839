// Windows, as the TCP tracker alone learns and checks them.
#include "tcp_tracker_test.hpp"

namespace masqsim::nat::testing {
namespace {

TEST_F(TcpTracker, LearnsBothWindowsFromTheHandshake) {
  EXPECT_EQ(client({S, 1000, 0, 500}), "accepted SYN_SENT 2m");
  EXPECT_EQ(sides(), "1001/1001/500/0/0 0/500/0/0/0");
  EXPECT_EQ(client({S, 1000, 0, 500}), "accepted SYN_SENT");
  EXPECT_EQ(server({S | A, 9000, 1001, 2000}), "accepted SYN_RECV 1m");
  EXPECT_EQ(sides(), "1001/3001/500/0/0 9001/9001/2000/1001/0");
  EXPECT_EQ(client({A, 1001, 9001, 600}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1001/3001/600/9001/0 9001/9601/2000/1001/0");
  EXPECT_EQ(client({P | A, 1001, 9001, 600, "hello"}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(sides(), "1006/3001/600/9001/0 9001/9601/2000/1001/0");
  EXPECT_EQ(server({A, 9001, 1006, 1500}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1006/3001/600/9001/0 9001/9601/2000/1006/0");  // a window that shrinks takes nothing back
  EXPECT_EQ(server({A, 9001, 1006, 1994}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1006/3001/600/9001/0 9001/9601/2000/1006/0");
  EXPECT_EQ(server({A, 9001, 1006, 1996}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1006/3002/600/9001/0 9001/9601/2000/1006/0");
}

TEST_F(TcpTracker, AWindowOfZeroStillAllowsOneByteToProbeIt) {
  EXPECT_EQ(client({S, 1000, 0, 0}), "accepted SYN_SENT 2m");
  EXPECT_EQ(sides(), "1001/1001/1/0/0 0/1/0/0/0");
  server({S | A, 9000, 1001, 0});
  EXPECT_EQ(sides(), "1001/1002/1/0/0 9001/9001/1/1001/0");
  client({A, 1001, 9001, 1});
  EXPECT_EQ(sides(), "1001/1002/1/9001/0 9001/9002/1/1001/0");
  EXPECT_EQ(client({A, 999, 9001, 1}), "ignored");
  EXPECT_EQ(client({A, 1000, 9001, 1}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(client({P | A, 1001, 9001, 1, "xx"}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(sides(), "1003/1002/1/9001/0 9001/9002/2/1001/0");
}

TEST_F(TcpTracker, AWindowThatIsUsedUpAllowsOneByteToProbeIt) {
  handshake(600, 600);
  server({P | A, 9001, 1001, 600, std::string(600, 'x')});
  client({A, 1001, 9601, 0});
  EXPECT_EQ(sides(), "1001/1601/600/9601/0 9601/9602/600/1001/0");
}

TEST_F(TcpTracker, WhatWasAcknowledgedStaysSo) {
  handshake();
  server({P | A, 9001, 1001, 64240, std::string(100, 'x')});
  client({A, 1001, 9101});
  EXPECT_EQ(sides(), "1001/65241/64240/9101/0 9101/73341/64240/1001/0");
  client({A, 1001, 9051});
  EXPECT_EQ(sides(), "1001/65241/64240/9101/0 9101/73341/64240/1001/0");
  anew();
  client({S, 1000});
  server({S | A, 0xf0000000, 1001});
  client({A, 1001, 0xf0000001});
  EXPECT_EQ(track.seen[0].max_ack, 0xf0000001);
}

TEST_F(TcpTracker, DataThatWaitsForItsAcknowledgmentShortensTheTimeUntilAllIsAcknowledged) {
  handshake();
  EXPECT_EQ(client({P | A, 1001, 9001, 64240, "hello"}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(server({A, 9001, 1005}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(client({A, 1006, 9001}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(server({A, 9001, 1006}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(server({P | A, 9001, 1006, 64240, "hello"}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(client({A, 1006, 9006}), "accepted ESTABLISHED 120h assured");
}

// The client's numbers end with 1501, its receiver's largest window is 1000.
TEST_F(TcpTracker, DataMoreThanAWindowOldIsIgnored) {
  for (const auto& [end, line] : {std::pair{501u, "accepted ESTABLISHED 120h assured"}, std::pair{500u, "ignored"}}) {
    anew();
    handshake(64240, 1000);
    client({P | A, 1001, 9001, 64240, std::string(500, 'x')});
    server({A, 9001, 1501, 1000});
    EXPECT_EQ(client({A, end, 9001}), line) << end;
    EXPECT_EQ(sides(), "1501/2501/64240/9001/0 9001/73241/1000/1501/0");
  }
}

TEST_F(TcpTracker, AnAcknowledgmentMayBe66000OldOrAWholeWindowIfThatIsMore) {
  handshake();
  EXPECT_EQ(client({A, 1001, 9001u - 66000}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(client({A, 1001, 9001u - 66001}), "ignored");
  anew();
  handshake(1000, 1000, {3, 3, 7, 0}, {3, 3, 7, 0});
  EXPECT_EQ(client({A, 1001, 9001u - 128000, 1000}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(client({A, 1001, 9001u - 128001, 1000}), "ignored");
}

// The client may send up to 2001.
TEST_F(TcpTracker, DataThatBeginsInTheWindowMayOverrunItAndWidensWhatTheReceiverTakes) {
  handshake(64240, 1000);
  EXPECT_EQ(client({P | A, 2001, 9001, 64240, "0123456789"}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(sides(), "2011/2001/64240/9001/0 9001/73241/1010/1001/0");
}

TEST_F(TcpTracker, DataBehindTheWindowIsIgnoredUpToOneMoreWindow) {
  handshake(64240, 1000);
  EXPECT_EQ(client({P | A, 2002, 9001, 64240, std::string(1000, 'x')}), "invalid");
  EXPECT_EQ(client({P | A, 2002, 9001, 64240, std::string(999, 'x')}), "invalid");
  EXPECT_EQ(sides(), "1001/2001/64240/9001/0 9001/73241/1000/1001/0");
  EXPECT_EQ(client({P | A, 2002, 9001, 64240, std::string(998, 'x')}), "ignored");
  EXPECT_EQ(sides(), "3000/2001/64240/9001/0 9001/73241/1000/1001/0");
  EXPECT_EQ(server({A, 9001, 3000, 1000}), "accepted ESTABLISHED 120h assured");  // it may be acknowledged
}

// The server has overshot by most of a window; then the client opens anew, and takes ten bytes at once.
TEST_F(TcpTracker, DataBehindTheWindowThatIsMoreThanAWindowOldIsInvalid) {
  client({S, 1000, 0, 1000});
  server({S, 9000, 0, 1000});
  client({S | A, 1000, 9001, 1000});
  EXPECT_EQ(server({P | A, 10002, 1001, 1000, std::string(990, 'x')}), "ignored");
  EXPECT_EQ(client({S | A, 1500, 9001, 10}), "accepted SYN_RECV 1m");
  EXPECT_EQ(sides(), "1501/1501/10/9001/0 10992/10001/1000/0/0");
  EXPECT_EQ(server({P | A, 10002, 1501, 1000, "x"}), "invalid");
}

TEST_F(TcpTracker, DataBehindTheWindowWaitsForItsAcknowledgmentToo) {
  handshake(64240, 1000);
  EXPECT_EQ(client({P | A, 2002, 9001, 64240, "x"}), "ignored");
  EXPECT_EQ(client({A, 1003, 9001}), "accepted ESTABLISHED 5m assured");
}

TEST_F(TcpTracker, DataBehindTheWindowWithAnAcknowledgmentOutOfBoundsIsInvalid) {
  handshake(64240, 1000);
  EXPECT_EQ(client({P | A, 2002, 9002, 64240, "x"}), "invalid");
  EXPECT_EQ(client({P | A, 2002, 9001u - 66001, 64240, "x"}), "invalid");
  EXPECT_EQ(sides(), "1001/2001/64240/9001/0 9001/73241/1000/1001/0");
  EXPECT_EQ(client({P | A, 2002, 9001u - 66000, 64240, "x"}), "ignored");
}

TEST_F(TcpTracker, ShiftedSequenceNumbersAreTakenOffTheAcknowledgment) {
  handshake(64240, 64240, {4, 2, 0, 0}, {4, 2, 0, 0});
  server({P | A, 9001, 1001, 64240, std::string(600, 'x')});
  offset = 10;
  EXPECT_EQ(client({A, 1001, 9612}), "invalid");
  EXPECT_EQ(client({A, 1001, 9111}), "accepted ESTABLISHED 5m assured");
  EXPECT_EQ(sides(), "1001/65241/64240/9101/0 9601/73341/64240/1001/0");
  EXPECT_EQ(client({A, 1001, 9111, 64240, "", {5, 10, 0, 0, 0x25, 0x1d, 0, 0, 0x25, 0x27, 0, 0}}),
            "accepted ESTABLISHED 5m assured");  // 9501 to 9511: that is 9501 at the server
  EXPECT_EQ(sides(), "1001/65241/64640/9101/0 9601/73741/64240/1001/0");
}

TEST_F(TcpTracker, IsPickedUpInTheMiddleByItsFirstAcknowledgmentOnly) {
  EXPECT_EQ(client({F | A, 1000, 5000}), "refused");
  EXPECT_EQ(client({R, 1000, 5000}), "refused");
  EXPECT_EQ(client({S | A, 1000, 5000}), "refused");
  EXPECT_EQ(client({P | A, 1000, 5000, 700, "hello"}), "accepted ESTABLISHED 5m");
  EXPECT_EQ(sides(), "1005/1705/700/0/0 0/0/0/0/0");
  EXPECT_EQ(client({A, 1005, 5000, 700}), "accepted ESTABLISHED 5m");
  EXPECT_EQ(server({A, 5000, 1005, 800}), "accepted ESTABLISHED 5m");
  EXPECT_EQ(sides(), "1005/1805/700/0/0 5000/5800/800/1005/0");
  EXPECT_EQ(client({A, 1005, 5000, 700}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1005/1805/700/5000/0 5000/5800/800/1005/0");
}

TEST_F(TcpTracker, PickedUpWithAKeepAliveItTakesTheAnswersByte) {
  client({A, 1000, 5000, 700});
  EXPECT_EQ(server({A, 5000, 1001, 800}), "accepted ESTABLISHED 5m");
  EXPECT_EQ(sides(), "1001/1801/700/0/0 5000/5800/800/1001/0");
  anew();
  client({A, 1000, 5000, 700});
  EXPECT_EQ(server({A, 5000, 1002, 800}), "accepted ESTABLISHED 5m");
  EXPECT_EQ(sides(), "1000/1700/700/0/0 5000/5800/800/0/0");  // acknowledges what nobody saw: passes, teaches nothing
}

TEST_F(TcpTracker, PickedUpWithAZeroWindowItStillAllowsAByte) {
  client({A, 1000, 5000, 0});
  EXPECT_EQ(sides(), "1000/1001/1/0/0 0/0/0/0/0");
  server({A, 5000, 990, 0});
  EXPECT_EQ(sides(), "1000/1001/1/0/0 5000/5001/1/990/0");
}

TEST_F(TcpTracker, LooseOffPicksUpNothingButTakesASyn) {
  config.tcp_loose = false;
  EXPECT_EQ(client({A, 1000, 5000}), "refused");
  EXPECT_EQ(client({S, 1000}), "accepted SYN_SENT 2m");
}

TEST_F(TcpTracker, ASynThatTriesAnewReplacesWhatTheFirstSaid) {
  client({S, 1000, 0, 500, "", {3, 3, 7, 0}});
  EXPECT_EQ(client({S, 2000, 0, 400, "", {3, 3, 2, 0}}), "accepted SYN_SENT");
  EXPECT_EQ(sides(), "2001/2001/400/0/2 0/500/0/0/0");
  EXPECT_EQ(client({S, 1500, 0, 450, "", {3, 3, 5, 0}}), "accepted SYN_SENT");  // older numbers replace nothing
  EXPECT_EQ(sides(), "2001/2001/450/0/2 0/500/0/0/0");
  EXPECT_EQ(client({S, 3000, 0, 700}), "accepted SYN_SENT");
  EXPECT_EQ(sides(), "3001/3001/700/0/2 0/700/0/0/0");  // without options, those of before hold
}

TEST_F(TcpTracker, AResetOutOfTheWindowDoesNotSpoilTheAnswerToTheSyn) {
  const auto refused = [this] {
    anew();
    client({S, 5000, 0, 500});
    EXPECT_EQ(server({R | A, 0, 5003, 300}), "invalid");
  };
  refused();
  EXPECT_EQ(server({S | A, 9000, 5001, 2000}), "accepted SYN_RECV 1m");
  EXPECT_EQ(sides(), "5001/7001/500/0/0 9001/9001/2000/5001/0");
  refused();
  EXPECT_EQ(server({S, 9000, 0, 2000}), "accepted SYN_SENT2");
  EXPECT_EQ(sides(), "5001/5001/500/0/0 9001/9001/2000/0/0");
}

TEST_F(TcpTracker, AnAnswerThatTriesAnewReplacesWhatTheFirstSaid) {
  client({S, 1000, 0, 500});
  server({S | A, 9000, 1001, 2000});
  EXPECT_EQ(server({S | A, 20000, 1001, 300}), "ignored");  // a second SYN+ACK in SYN_RECV moves nothing
  anew();
  client({S, 1000, 0, 500, "", {3, 3, 1, 0}});
  EXPECT_EQ(server({S, 9000, 0, 600, "", {3, 3, 2, 0}}), "accepted SYN_SENT2");
  EXPECT_EQ(sides(), "1001/1001/500/0/1 9001/9001/600/0/2");
  EXPECT_EQ(client({S | A, 1000, 9001, 500}), "accepted SYN_RECV 1m");
  EXPECT_EQ(sides(), "1001/1001/500/9001/1 9001/9501/600/0/2");
  EXPECT_EQ(client({S | A, 1500, 9001, 700, "", {2, 4, 5, 180}}), "accepted SYN_RECV 1m");
  EXPECT_EQ(sides(), "1501/1501/700/9001/0 9001/9701/600/0/2");  // it scales nothing any more
}

TEST_F(TcpTracker, ScalingIsLostForBothWhereTheAnswerOffersNone) {
  client({S, 1000, 0, 500, "", {3, 3, 7, 0}});
  EXPECT_EQ(sides(), "1001/1001/500/0/7 0/500/0/0/0");
  server({S | A, 9000, 1001, 2000, "", {2, 4, 5, 180}});
  EXPECT_EQ(sides(), "1001/3001/500/0/0 9001/9001/2000/1001/0");
  anew();
  client({S, 1000, 0, 500, "", {2, 4, 5, 180}});
  server({S | A, 9000, 1001, 2000, "", {3, 3, 7, 0}});
  EXPECT_EQ(sides(), "1001/3001/500/0/0 9001/9001/2000/1001/0");
}

TEST_F(TcpTracker, ScalesTheWindowsOfAllButSyns) {
  client({S, 1000, 0, 500, "", {3, 3, 1, 0}});
  server({S | A, 9000, 1001, 2000, "", {3, 3, 2, 0}});
  EXPECT_EQ(sides(), "1001/3001/500/0/1 9001/9001/2000/1001/2");
  EXPECT_EQ(client({A, 1001, 9001, 500}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1001/3001/1000/9001/1 9001/10001/2000/1001/2");
  EXPECT_EQ(server({A, 9001, 1001, 2000}), "accepted ESTABLISHED 120h assured");
  EXPECT_EQ(sides(), "1001/9001/1000/9001/1 9001/10001/8000/1001/2");
}

}  // namespace
}  // namespace masqsim::nat::testing
