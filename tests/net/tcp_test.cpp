// TCP segment by segment: what is put before a connection, and what it answers.
#include "sim/net/tcp.hpp"

#include <gtest/gtest.h>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/icmp.hpp"
#include "tests/net/two_hosts.hpp"

namespace masqsim::net {
namespace {

using wire::TcpFlags;
using Strings = std::vector<std::string>;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t syn = TcpFlags::syn, ack = TcpFlags::ack, fin = TcpFlags::fin, rst = TcpFlags::rst;

/// Takes what comes and says nothing.
struct Silent final : Node {
  using Node::Node;
  void receive(Packet, InterfaceIndex) override {}
  void output(Packet) override {}
};

/// A host b (10.0.0.2) with one TCP connection, and a peer (10.0.0.1) that says what the test says. Sequence numbers
/// are told relative to both beginnings: the peer's is 1000, the host's is whatever it chose.
struct Script final : TcpHandler, TcpAcceptor {
  Script() : b(network.add<Host>("b", trace::NodeKind::host)) {
    auto& peer = network.add<Silent>("peer", trace::NodeKind::host);
    const std::uint32_t wire = network.add_segment("wire", {}, true);
    network.attach(peer, wire, "eth0", "wire", wire::address(10, 0, 0, 1), 24);
    network.attach(b, wire, "eth0", "wire", wire::address(10, 0, 0, 2), 24);
    b.routes().add({.to = {wire::address(10, 0, 0, 0), 24}, .out = 0, .via = {}});
    network.trace().add(lines);
    network.trace().begin(network.header());
  }

  void listen(const TcpSettings& settings = {}) { b.stack().listen(80, *this, settings); }
  void connect(const TcpSettings& settings = {}) {
    connection = b.stack().connect({wire::address(10, 0, 0, 1), 80}, 4000, *this, settings);
  }
  void wait(Duration d) { network.engine().run(network.now() + d); }

  /// The peer says; the answer to it, if any, is on the wire when this returns.
  void say(std::uint8_t flags, std::uint32_t seq, std::uint32_t acked, std::string_view data = {},
           std::uint16_t window = 1000, wire::ByteView options = {}) {
    const bool passive = !connection || connection->local().port == 80;
    const std::uint16_t own = passive ? 80 : 4000, other = passive ? 4000 : 80;
    const Bytes packet =
        wire::tcp_packet({.source = wire::address(10, 0, 0, 1), .destination = wire::address(10, 0, 0, 2)},
                         {.source_port = other,
                          .destination_port = own,
                          .sequence = 1000 + seq,
                          .acknowledgment = (flags & ack) != 0 ? base + acked : 0,
                          .flags = {flags},
                          .window = window,
                          .options = options},
                         {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()});
    b.receive(network.pool().make(packet, 0), 0);
    wait({});
  }

  /// What the host sent since it was last asked: "S+A 0:1 win 64240", with relative numbers.
  Strings sent() {
    Strings words;
    for (; read < lines.packets.size(); ++read) {
      const auto ip = *wire::Ipv4View::parse(lines.packets[read]);
      if (ip.protocol() != wire::Protocol::tcp) continue;
      const auto tcp = *wire::TcpView::parse(ip.payload());
      const bool opens = tcp.flags().any(syn);
      if (opens) base = tcp.sequence();
      std::string word = to_string(tcp.flags()) + ' ' + std::to_string(tcp.sequence() - base);
      if (tcp.flags().any(ack)) word += ':' + std::to_string(tcp.acknowledgment() - 1000);
      if (!tcp.payload().empty()) word += ' ' + std::to_string(tcp.payload().size());
      if (tcp.window() != 64240 && !tcp.flags().any(rst)) word += " win " + std::to_string(tcp.window());
      words.push_back(word);
    }
    return words;
  }

  /// Handshake done, nothing said yet.
  void open_passive(const TcpSettings& settings = {}, std::uint16_t window = 1000) {
    listen(settings);
    say(syn, 0, 0, {}, window);
    sent();
    say(ack, 1, 1, {}, window);
  }

  TcpHandler& on_connection(TcpConnection& c) override { return connection = &c, *this; }
  void on_established(TcpConnection&) override { heard.push_back("established"); }
  void on_data(TcpConnection& c, wire::ByteView data, bool push) override {
    heard.push_back(std::string(data.begin(), data.end()) + (push ? "." : ""));
    if (echo) c.send(data);
  }
  void on_end(TcpConnection&) override { heard.push_back("end"); }
  void on_closed(TcpConnection&, TcpEnd end, const Trouble*) override {
    static constexpr const char* words[] = {"finished", "aborted", "refused", "unreachable", "no answer", "reset"};
    heard.push_back(words[static_cast<int>(end)]);
    connection = nullptr;
  }

  Network network{1};
  Host& b;
  test::Lines lines;
  TcpConnection* connection = nullptr;
  std::uint32_t base = 0;
  std::size_t read = 0;
  Strings heard;
  bool echo = false;
};

TEST(TcpHandshake, PassiveOpensOnTheThirdSegment) {
  Script s;
  s.listen();
  s.say(syn, 0, 0);
  EXPECT_EQ(s.sent(), Strings{"S+A 0:1"});
  EXPECT_EQ(s.heard, Strings{});
  s.say(ack, 1, 1);
  EXPECT_EQ(s.heard, Strings{"established"});
  EXPECT_EQ(s.sent(), Strings{});
}

TEST(TcpHandshake, TheSynOffersTheMssOfTheLinkAndNothingElse) {
  Script s;
  s.connect();
  EXPECT_EQ(wire::hex(wire::ByteView(s.lines.packets.at(0)).subspan(40)), "020405b4");
}

TEST(TcpHandshake, ASynIsTriedThreeTimesAndGivenUpAfterSevenSeconds) {
  Script s;
  s.connect();
  s.wait(6999_ms);
  EXPECT_EQ(s.sent(), (Strings{"SYN 0", "SYN 0", "SYN 0"}));
  EXPECT_EQ(s.heard, Strings{});
  s.wait(1_ms);
  EXPECT_EQ(s.heard, Strings{"no answer"});
  EXPECT_EQ(s.lines.of({trace::Kind::event}),
            (Strings{"1.000 b event retransmits SYN (2)", "3.000 b event retransmits SYN (3)"}));
}

TEST(TcpHandshake, EachConnectionHasATimerOfItsOwn) {
  Script s;
  s.connect();
  s.b.stack().connect({wire::address(10, 0, 0, 1), 81}, 4001, s, {});
  s.wait(1_s);
  Strings ports;
  for (const std::string& line : s.lines.sent) ports.push_back(line.substr(0, line.find(" tcp")));
  EXPECT_EQ(ports, (Strings{"b: 10.0.0.2:4000 > 10.0.0.1:80", "b: 10.0.0.2:4001 > 10.0.0.1:81",
                            "b: 10.0.0.2:4000 > 10.0.0.1:80", "b: 10.0.0.2:4001 > 10.0.0.1:81"}));
}

// Linux: tcp_rcv_state_process.
TEST(TcpHandshake, ASynThatIsAResetOrAnEndAsWellOpensNothingAndGetsNoAnswer) {
  Script s;
  s.listen();
  s.say(syn | rst, 0, 0);
  s.say(syn | fin, 0, 0);
  s.say(fin, 0, 0);
  s.say(0, 0, 0);
  EXPECT_EQ(s.sent(), Strings{});
  EXPECT_EQ(s.connection, nullptr);
  s.say(syn | ack, 0, 1);
  EXPECT_EQ(s.lines.sent, Strings{"b: 10.0.0.2:80 > 10.0.0.1:4000 tcp RST seq=1 win=0 len=0 ttl=64"});
}

TEST(TcpHandshake, OneProgramListensOnAPort) {
  Script s;
  EXPECT_TRUE(s.b.stack().listen(80, s));
  EXPECT_FALSE(s.b.stack().listen(80, s));
  EXPECT_TRUE(s.b.stack().listen(81, s));
}

TEST(TcpHandshake, ARepeatedSynIsAnsweredAgain) {
  Script s;
  s.listen();
  s.say(syn, 0, 0);
  s.say(syn, 0, 0);
  EXPECT_EQ(s.sent(), (Strings{"S+A 0:1", "S+A 0:1"}));
}

TEST(TcpHandshake, BothSidesMayOpenAtOnce) {
  Script s;
  s.connect();
  EXPECT_EQ(s.sent(), Strings{"SYN 0"});
  s.say(syn, 0, 0);
  EXPECT_EQ(s.sent(), Strings{"S+A 0:1"});
  s.say(syn | ack, 0, 1);
  EXPECT_EQ(s.heard, Strings{"established"});
  EXPECT_EQ(s.connection->state(), TcpState::established);
}

TEST(TcpHandshake, AnAnswerToAnotherSynIsReset) {
  Script s;
  s.connect();
  s.sent();
  s.say(syn | ack, 0, 77);
  EXPECT_EQ(
      wire::tcp_packet(
          {.source = wire::address(10, 0, 0, 2), .destination = wire::address(10, 0, 0, 1)},
          {.source_port = 4000, .destination_port = 80, .sequence = s.base + 77, .flags = {rst}, .window = 0}, {}),
      s.lines.packets.back())
      << s.lines.sent.back();
  EXPECT_EQ(s.sent(), Strings{"RST 77"});
  EXPECT_EQ(s.heard, Strings{});
}

TEST(TcpHandshake, AnAnswerFromSomebodyElseNamesWhomThePortCalled) {
  Script s;
  s.connect();
  const Bytes answer =
      wire::tcp_packet({.source = wire::address(10, 0, 0, 9), .destination = wire::address(10, 0, 0, 2)},
                       {.source_port = 80, .destination_port = 4000, .sequence = 5, .flags = {syn | ack}}, {});
  s.b.receive(s.network.pool().make(answer, 0), 0);
  EXPECT_EQ(s.lines.of({trace::Kind::drop}),
            Strings{"0.000 b drop wrong-peer tcp:4000 called 10.0.0.1:80 | 10.0.0.9:80 > 10.0.0.2:4000 tcp S+A seq=5 "
                    "ack=0 win=64240 len=0 ttl=64"});
}

TEST(TcpHandshake, ANarrowPathOfTheSynMakesLaterSegmentsSmallerAndTheSynIsTriedOn) {
  Script s;
  s.connect();
  s.sent();
  const Bytes quoted(s.lines.packets[0].begin(), s.lines.packets[0].begin() + 28);
  s.b.receive(s.network.pool().make(
                  wire::icmp_packet({.source = wire::address(10, 0, 0, 1), .destination = wire::address(10, 0, 0, 2)},
                                    {.type = 3, .code = 4, .rest = 440}, quoted),
                  0),
              0);
  s.wait(1_s);
  EXPECT_EQ(s.sent(), Strings{"SYN 0"});
  const Bytes mss{2, 4, 5, 180};
  s.say(syn | ack, 0, 1, {}, 5000, mss);
  s.connection->send(Bytes(1000, 'x'));
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:1", "ACK 1:1 400", "ACK 401:1 400", "PSH+A 801:1 200"}));
}

TEST(TcpHandshake, AResetRefusesOnlyIfItAcknowledgesTheSyn) {
  Script s;
  s.connect();
  s.sent();
  s.say(rst, 0, 0);
  s.say(rst | ack, 0, 5);
  EXPECT_EQ(s.heard, Strings{});
  s.say(rst | ack, 0, 1);
  EXPECT_EQ(s.heard, Strings{"refused"});
  EXPECT_EQ(s.sent(), Strings{});
}

TEST(TcpHandshake, AnIcmpErrorEndsItOnlyBeforeItIsOpen) {
  Script s;
  s.connect();
  s.sent();
  const Bytes quoted(s.lines.packets[0].begin(), s.lines.packets[0].begin() + 28);
  const wire::IpFields ip{.source = wire::address(10, 0, 0, 1), .destination = wire::address(10, 0, 0, 2)};
  s.b.receive(s.network.pool().make(wire::icmp_packet(ip, {.type = 3, .code = 1}, quoted), 0), 0);
  EXPECT_EQ(s.heard, Strings{"unreachable"});

  Script open;
  open.connect();
  open.sent();
  open.say(syn | ack, 0, 1);
  open.connection->send(Bytes(10, 'x'));
  const Bytes data(open.lines.packets.back().begin(), open.lines.packets.back().begin() + 28);
  open.b.receive(open.network.pool().make(wire::icmp_packet(ip, {.type = 3, .code = 1}, data), 0), 0);
  EXPECT_EQ(open.heard, Strings{"established"});
}

TEST(TcpData, IsAcknowledgedByTheAnswerWhereThereIsOne) {
  Script s;
  s.open_passive();
  s.say(ack, 1, 1, "abc");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:4"});
  s.echo = true;
  s.say(ack | TcpFlags::psh, 4, 1, "de");
  EXPECT_EQ(s.sent(), Strings{"PSH+A 1:6 2"});
  EXPECT_EQ(s.heard, (Strings{"established", "abc", "de."}));
}

TEST(TcpData, EverySecondSegmentOfFullSizeIsAcknowledgedAtOnce) {
  Script s;
  s.open_passive({.mss = 100});
  const std::string full(100, 'x');
  s.say(ack, 1, 1, full);
  EXPECT_EQ(s.sent(), Strings{});
  s.say(ack, 101, 1, full);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:201"});
  s.say(ack, 201, 1, full);
  s.wait(39_ms);
  EXPECT_EQ(s.sent(), Strings{});
  s.wait(1_ms);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:301"}) << "Linux's TCP_DELACK_MIN";
  s.say(ack | TcpFlags::psh, 301, 1, full);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:401"}) << "the write ends here: nothing more is waited for";
  s.say(ack, 401, 1, "short");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:406"});
  s.wait(1_s);
  EXPECT_EQ(s.sent(), Strings{});
}

TEST(TcpData, WhatFillsAGapIsAcknowledgedAtOnce) {
  Script s;
  s.open_passive({.mss = 100});
  const std::string full(100, 'x');
  s.say(ack, 101, 1, full);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1"});
  s.say(ack, 1, 1, full);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:201"});
}

TEST(TcpData, AnAnswerTakesAWaitingAcknowledgmentAlong) {
  Script s;
  s.open_passive({.mss = 100});
  s.say(ack, 1, 1, std::string(100, 'x'));
  s.connection->send(Bytes(10, 'y'));
  EXPECT_EQ(s.sent(), Strings{"PSH+A 1:101 10"});
  s.say(ack, 101, 11);
  s.wait(1_s);
  EXPECT_EQ(s.sent(), Strings{});
}

TEST(TcpData, OutOfOrderIsKeptAndHandedOverOnce) {
  Script s;
  s.open_passive();
  s.say(ack, 4, 1, "def");
  s.say(ack, 9, 1, "ij");
  s.say(ack, 5, 1, "efgh");
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:1", "ACK 1:1", "ACK 1:1"}));
  s.say(ack, 1, 1, "abc");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:11"});
  std::string all;
  for (std::size_t n = 1; n < s.heard.size(); ++n) all += s.heard[n];
  EXPECT_EQ(all, "abcdefghij");
}

TEST(TcpData, WhatReachesBeyondAKeptPieceOnBothSidesFillsBothGaps) {
  Script s;
  s.open_passive();
  s.say(ack, 5, 1, "ef");
  s.say(ack, 3, 1, "cdefgh");
  s.say(ack, 1, 1, "ab");
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:1", "ACK 1:1", "ACK 1:9"}));
  std::string all;
  for (std::size_t n = 1; n < s.heard.size(); ++n) all += s.heard[n];
  EXPECT_EQ(all, "abcdefgh");
}

TEST(TcpData, OldSegmentsAreAnsweredAndNotHandedOver) {
  Script s;
  s.open_passive();
  s.say(ack, 1, 1, "abc");
  s.say(ack, 1, 1, "abc");
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:4", "ACK 1:4"}));
  EXPECT_EQ(s.heard, (Strings{"established", "abc"}));
}

TEST(TcpData, ThatComesWithAnAcknowledgmentOfWhatWasNeverSentIsNotTaken) {
  Script s;
  s.open_passive();
  s.say(ack, 1, 2, "abc");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1"}) << "RFC 9293 section 3.10.7.4";
  EXPECT_EQ(s.heard, Strings{"established"});
}

TEST(TcpData, StaysWithinThePeersWindow) {
  Script s;
  s.open_passive({}, 100);
  s.connection->send(Bytes(250, 'x'));
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1 100"});
  s.say(ack, 1, 101, {}, 200);
  EXPECT_EQ(s.sent(), Strings{"PSH+A 101:1 150"});
}

TEST(TcpData, AClosedWindowIsProbedWithAnOldSequenceNumber) {
  Script s;
  s.open_passive({}, 0);
  s.connection->send(Bytes(10, 'x'));
  EXPECT_EQ(s.sent(), Strings{});
  s.wait(4_s);
  EXPECT_EQ(s.sent().at(0), "ACK 0:1");
  s.say(ack, 1, 1, {}, 500);
  EXPECT_EQ(s.sent(), Strings{"PSH+A 1:1 10"});
}

TEST(TcpData, ThreeRepeatedAcknowledgmentsBringTheLostSegmentAtOnce) {
  Script s;
  s.open_passive({.mss = 100}, 5000);
  s.connection->send(Bytes(500, 'x'));
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:1 100", "ACK 101:1 100", "ACK 201:1 100", "ACK 301:1 100", "PSH+A 401:1 100"}));
  s.say(ack, 1, 101, {}, 5000);
  s.say(ack, 1, 101, {}, 5000);
  s.say(ack, 1, 101, {}, 5000);
  EXPECT_EQ(s.sent(), Strings{});
  s.say(ack, 1, 101, {}, 5000);
  EXPECT_EQ(s.sent(), Strings{"ACK 101:1 100"});
}

TEST(TcpData, UnansweredIsSentAgainAfterTwiceTheTimeEachTime) {
  Script s;
  s.open_passive();
  s.connection->send(Bytes(10, 'x'));
  s.wait(60_s);
  Strings times;
  for (const std::string& line : s.lines.of({trace::Kind::event})) times.push_back(line.substr(0, line.find(' ')));
  EXPECT_EQ(times, (Strings{"0.200", "0.600", "1.400", "3.000", "6.200", "12.600", "25.400", "51.000"}));
}

TEST(TcpData, TriesAreCountedAnewForWhatFollowsAnAcknowledgment) {
  Script s;
  s.open_passive();
  s.connection->send(Bytes(10, 'x'));
  s.wait(200_ms);
  s.say(ack, 1, 11);
  s.connection->send(Bytes(10, 'x'));
  s.wait(400_ms);
  EXPECT_EQ(s.lines.of({trace::Kind::event}),
            (Strings{"0.200 b event retransmits (1)", "0.600 b event retransmits (1)"}));
}

TEST(TcpData, ALateAcknowledgmentBringsNothingAgainButTheFirstSegment) {
  Script s;
  s.open_passive({.mss = 100}, 5000);
  s.connection->send(Bytes(3000, 'x'));
  EXPECT_EQ(s.sent().size(), 10u) << "the first window";
  s.wait(200_ms);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1 100"});
  s.say(ack, 1, 101, {}, 5000);
  EXPECT_EQ(s.sent(), (Strings{"ACK 1001:1 100", "ACK 1101:1 100"})) << "RFC 5682: what was never sent";
  s.say(ack, 1, 201, {}, 5000);
  EXPECT_EQ(s.sent(), Strings{}) << "ten segments are on their way, as before";
  s.say(ack, 1, 301, {}, 5000);
  EXPECT_EQ(s.sent(), (Strings{"ACK 1201:1 100", "ACK 1301:1 100"}));
  EXPECT_EQ(s.lines.of({trace::Kind::event}),
            (Strings{"0.200 b event retransmits (1)", "0.200 b event nothing was lost: the acknowledgment was late"}));
}

TEST(TcpData, ALateAcknowledgmentBringsEverythingAgainWhereTheWindowHasNoRoomForAWholeNewSegment) {
  Script s;
  s.open_passive({.mss = 100}, 1000);
  s.connection->send(Bytes(3000, 'x'));
  EXPECT_EQ(s.sent().size(), 10u);
  s.wait(200_ms);
  s.sent();
  s.say(ack, 1, 101, {}, 950);
  EXPECT_EQ(s.sent(), (Strings{"ACK 101:1 100", "ACK 201:1 100"})) << "RFC 5682 section 2.1, step 2b";
}

TEST(TcpData, ARepeatedAcknowledgmentAfterTheTimeoutBringsEverythingAgainInSlowStart) {
  Script s;
  s.open_passive({.mss = 100}, 5000);
  s.connection->send(Bytes(1000, 'x'));
  s.wait(200_ms);
  s.sent();
  s.say(ack, 1, 1, {}, 5000);
  EXPECT_EQ(s.sent(), Strings{}) << "the window is one segment, and that is on its way";
  s.say(ack, 1, 101, {}, 5000);
  EXPECT_EQ(s.sent(), (Strings{"ACK 101:1 100", "ACK 201:1 100"}));
  s.say(ack, 1, 301, {}, 5000);
  EXPECT_EQ(s.sent(), (Strings{"ACK 301:1 100", "ACK 401:1 100", "ACK 501:1 100"}));
  s.say(ack, 1, 1001, {}, 5000);
  EXPECT_EQ(s.sent(), Strings{}) << "the rest had come";
}

TEST(TcpData, ASecondTimeoutStillCountsAllThatWasSentAsLost) {
  Script s;
  s.open_passive({.mss = 100}, 5000);
  s.connection->send(Bytes(1000, 'x'));
  s.wait(200_ms);
  s.wait(400_ms);
  EXPECT_EQ(s.sent().size(), 12u);
  s.say(ack, 1, 1, {}, 5000);
  s.say(ack, 1, 501, {}, 5000);
  s.sent();
  for (int n = 0; n < 3; ++n) s.say(ack, 1, 501, {}, 5000);
  EXPECT_EQ(s.sent(), Strings{}) << "repeats of what was sent before the timeout begin no recovery";
}

TEST(TcpData, TheTimerIsMeasuredByWhatWasSentOnceAndNotByWhatWasSentAgain) {
  Script s;
  s.open_passive();
  EXPECT_EQ(s.connection->timeout().value(), 200_ms) << "the handshake took no time";
  s.connection->send(Bytes(10, 'x'));
  s.wait(300_ms);
  s.say(ack, 1, 11);
  EXPECT_EQ(s.connection->timeout().value(), 400_ms) << "Karn: backed off, and nothing measured";
  s.connection->send(Bytes(10, 'x'));
  s.wait(100_ms);
  s.say(ack, 1, 21);
  EXPECT_EQ(s.connection->timeout().smoothed(), 12'500_us) << "100 ms by an eighth";
}

TEST(TcpData, ANarrowPathMakesTheSegmentsSmaller) {
  Script s;
  s.open_passive({}, 5000);
  s.connection->send(Bytes(1000, 'x'));
  EXPECT_EQ(s.sent().size(), 2u) << "the peer offered no MSS, so 536";
  const Bytes quoted(s.lines.packets.back().begin(), s.lines.packets.back().begin() + 28);
  s.b.receive(s.network.pool().make(
                  wire::icmp_packet({.source = wire::address(10, 0, 0, 1), .destination = wire::address(10, 0, 0, 2)},
                                    {.type = 3, .code = 4, .rest = 440}, quoted),
                  0),
              0);
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:1 400", "ACK 401:1 400", "PSH+A 801:1 200"}));
}

TEST(TcpClose, TheCloserWaitsInTimeWait) {
  Script s;
  s.open_passive();
  s.connection->close();
  EXPECT_EQ(s.sent(), Strings{"FIN+A 1:1"});
  s.say(ack, 1, 2);
  EXPECT_EQ(s.connection->state(), TcpState::fin_wait_2);
  s.say(ack, 1, 2, "late");
  s.say(fin | ack, 5, 2);
  EXPECT_EQ(s.sent(), (Strings{"ACK 2:5", "ACK 2:6"}));
  EXPECT_EQ(s.heard, (Strings{"established", "late", "end", "finished"}));
  s.say(fin | ack, 5, 2);
  EXPECT_EQ(s.sent(), Strings{"ACK 2:6"}) << "a FIN that is repeated in TIME-WAIT";
  s.wait(61_s);
  s.say(ack, 6, 2);
  EXPECT_EQ(s.sent(), Strings{"RST 2"}) << "TIME-WAIT is over";
}

// As Linux, where the end takes no room of the window.
TEST(TcpClose, AnEndBehindTextThatFillsTheWindowIsTaken) {
  Script s;
  s.open_passive({.window = 10});
  s.say(fin | ack, 1, 1, "abcdefghij");
  EXPECT_EQ(s.heard, (Strings{"established", "abcdefghij.", "end"}));
  EXPECT_EQ(s.sent(), Strings{"ACK 1:12 win 10"});
}

TEST(TcpClose, AnEndBehindMoreThanTheWindowTakesIsNot) {
  Script s;
  s.open_passive({.window = 10});
  s.say(fin | ack, 1, 1, "abcdefghijk");
  EXPECT_EQ(s.heard, (Strings{"established", "abcdefghij"}));
  EXPECT_EQ(s.sent(), Strings{"ACK 1:11 win 10"});
}

TEST(TcpClose, TheOtherMaySendOnBeforeItClosesToo) {
  Script s;
  s.open_passive();
  s.say(fin | ack, 1, 1);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:2"});
  s.connection->send(Bytes(10, 'x'));
  s.connection->close();
  EXPECT_EQ(s.sent(), (Strings{"PSH+A 1:2 10", "FIN+A 11:2"}));
  s.say(ack, 2, 12);
  EXPECT_EQ(s.heard, (Strings{"established", "end", "finished"}));
}

TEST(TcpClose, BothMayCloseAtOnce) {
  Script s;
  s.open_passive();
  s.connection->close();
  s.sent();
  s.say(fin | ack, 1, 1);
  EXPECT_EQ(s.connection->state(), TcpState::closing);
  EXPECT_EQ(s.sent(), Strings{"ACK 2:2"});
  s.say(ack, 2, 2);
  EXPECT_EQ(s.heard, (Strings{"established", "end", "finished"}));
}

TEST(TcpClose, ANewSynReplacesAConnectionInTimeWait) {
  Script s;
  s.open_passive();
  s.connection->close();
  s.say(fin | ack, 1, 2);
  s.sent();
  s.say(syn, 5000, 0);
  EXPECT_EQ(s.sent(), Strings{"S+A 0:5001"});
}

TEST(TcpReset, EndsTheConnectionOnlyAtTheNextSequenceNumber) {
  Script s;
  s.open_passive();
  s.say(rst, 5, 0);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1"}) << "RFC 5961";
  EXPECT_EQ(s.heard, Strings{"established"});
  s.say(rst, 1, 0);
  EXPECT_EQ(s.heard, (Strings{"established", "reset"}));
}

TEST(TcpReset, ASynWithinAConnectionIsChallenged) {
  Script s;
  s.open_passive();
  s.say(syn, 5, 0);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1"});
  EXPECT_EQ(s.connection->state(), TcpState::established);
}

TEST(TcpReset, AbortingACallThatIsNotAnsweredYetSaysNothing) {
  Script s;
  s.connect();
  s.sent();
  s.connection->abort();
  EXPECT_EQ(s.sent(), Strings{}) << "RFC 9293 section 3.10.5";
  EXPECT_EQ(s.heard, Strings{"aborted"});
}

TEST(TcpReset, AbortingSaysItToThePeer) {
  Script s;
  s.open_passive();
  s.connection->abort();
  EXPECT_EQ(s.sent(), Strings{"RST+A 1:1"});
  EXPECT_EQ(s.heard, (Strings{"established", "aborted"}));
}

TEST(TcpPause, ShrinksTheWindowUntilTheProgramReadsOn) {
  Script s;
  s.open_passive({.window = 10});
  s.sent();
  s.connection->pause();
  s.say(ack, 1, 1, "abcdefgh");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:9 win 2"});
  s.say(ack, 9, 1, "ijkl");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:11 win 0"});
  EXPECT_EQ(s.heard, Strings{"established"});
  s.connection->resume();
  EXPECT_EQ(s.heard, (Strings{"established", "abcdefghij."}));
  EXPECT_EQ(s.sent(), Strings{"ACK 1:11 win 10"});
}

TEST(TcpPause, NothingIsToldOfTheWindowBehindThePeersEnd) {
  Script s;
  s.open_passive({.window = 10});
  s.connection->pause();
  s.say(fin | ack, 1, 1, "abcdefgh");
  EXPECT_EQ(s.sent(), Strings{"ACK 1:10 win 2"});
  s.connection->resume();
  EXPECT_EQ(s.heard, (Strings{"established", "abcdefgh.", "end"}));
  EXPECT_EQ(s.sent(), Strings{});
}

TEST(TcpPause, CountsWhatTheProgramWasGiven) {
  Script s;
  s.open_passive();
  s.say(ack, 1, 1, "abc");
  s.say(ack, 4, 1, "de");
  EXPECT_EQ(s.connection->bytes_received(), 5u);
  s.connection->pause();
  s.say(ack, 6, 1, "f");
  EXPECT_EQ(s.connection->bytes_received(), 5u);
  s.connection->resume();
  EXPECT_EQ(s.connection->bytes_received(), 6u);
}

TEST(TcpWindow, BeyondSixtyFourKilobytesIsScaledIfBothOfferIt) {
  Script s;
  s.connect({.window = 1 << 20});
  EXPECT_EQ(wire::hex(wire::ByteView(s.lines.packets.at(0)).subspan(40)), "020405b401030305");
  s.sent();
  const Bytes scale{1, 3, 3, 7};
  s.say(syn | ack, 0, 1, {}, 1000, scale);
  EXPECT_EQ(s.sent(), Strings{"ACK 1:1 win 32768"});
}

TEST(TcpWindow, IsNotScaledWhereItWasNotOffered) {
  Script s;
  s.connect({.window = 65535});
  EXPECT_EQ(wire::hex(wire::ByteView(s.lines.packets.at(0)).subspan(40)), "020405b4");
  s.sent();
  const Bytes scale{1, 3, 3, 7};
  s.say(syn | ack, 0, 1, {}, 100, scale);
  s.connection->send(Bytes(500, 'x'));
  s.say(ack, 1, 1, {}, 100);
  EXPECT_EQ(s.sent(), (Strings{"ACK 1:1 win 65535", "ACK 1:1 100 win 65535"}));
}

/// Tells of room as "room N".
struct Roomy final : TcpHandler {
  void on_data(TcpConnection&, wire::ByteView, bool) override {}
  void on_room(TcpConnection& c) override { heard.push_back("room " + std::to_string(c.room())); }
  void on_closed(TcpConnection&, TcpEnd, const Trouble*) override {}
  Strings heard;
};

TEST(TcpRoom, IsToldOnceHalfTheBufferIsFreeOfASenderThatFoundTooLittleAndWhenAllIsAcknowledged) {
  Script s;
  Roomy program;
  TcpConnection* c = s.b.stack().connect({wire::address(10, 0, 0, 1), 80}, 4000, program, {.send_buffer = 1000});
  s.connection = c;
  s.sent();
  s.say(syn | ack, 0, 1, {}, 5000);
  EXPECT_EQ(c->send(Bytes(1200, 'x')), 1000u);
  s.say(ack, 1, 500, {}, 5000);
  EXPECT_EQ(program.heard, Strings{}) << "499 bytes are free";
  s.say(ack, 1, 501, {}, 5000);
  EXPECT_EQ(program.heard, Strings{"room 500"});
  s.say(ack, 1, 701, {}, 5000);
  EXPECT_EQ(program.heard, Strings{"room 500"}) << "told once";
  s.say(ack, 1, 1001, {}, 5000);
  EXPECT_EQ(program.heard, (Strings{"room 500", "room 1000"}));
  EXPECT_EQ(c->send(Bytes(1000, 'x')), 1000u);
  s.say(ack, 1, 1701, {}, 5000);
  EXPECT_EQ(program.heard, (Strings{"room 500", "room 1000"})) << "it found enough";
}

}  // namespace
}  // namespace masqsim::net
