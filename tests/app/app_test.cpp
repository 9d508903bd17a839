#include <fmt/format.h>
#include <gtest/gtest.h>

#include "masqsim/wire/build.hpp"
#include "sim/app/ping.hpp"
#include "sim/app/tcp.hpp"
#include "sim/app/udp.hpp"
#include "sim/net/router.hpp"
#include "tests/net/two_hosts.hpp"

namespace masqsim::app {
namespace {

using test::TwoHosts;
using trace::Kind;
using Strings = std::vector<std::string>;

std::uint32_t sequence_of(wire::ByteView packet) {
  return wire::TcpView::parse(wire::Ipv4View::parse(packet)->payload())->sequence();
}

TEST(TcpClient, NeedsSixPacketsToAskAndBeAnswered) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 200});
  TcpClient client(lab.a.stack(),
                   {.flow = 1, .from_port = 40000, .to = {lab.b_address, 80}, .size = 100, .reply = 200});
  lab.run();
  const std::uint32_t a = sequence_of(lab.lines.packets.at(0)), b = sequence_of(lab.lines.packets.at(1));
  const std::string there = "a: 10.0.0.1:40000 > 10.0.0.2:80 tcp ", back = "b: 10.0.0.2:80 > 10.0.0.1:40000 tcp ";
  const auto text = [](std::uint32_t seq, std::uint32_t ack, int length) {
    return fmt::format("seq={} ack={} win=64240 len={} ttl=64", seq, ack, length);
  };
  EXPECT_EQ(lab.lines.sent, (Strings{there + fmt::format("SYN seq={} win=64240 len=0 ttl=64", a),  //
                                     back + "S+A " + text(b, a + 1, 0),                            //
                                     there + "ACK " + text(a + 1, b + 1, 0),                       //
                                     there + "PSH+A " + text(a + 1, b + 1, 100),                   //
                                     back + "PSH+A " + text(b + 1, a + 101, 200),                  //
                                     there + "ACK " + text(a + 101, b + 201, 0)}));
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.003 b event received 100 bytes",
                     "0.004 a event received 200 bytes", "0.004 a result established"}));
}

TEST(UdpClient, SaysEachAnswerAndThatItWasReplied) {
  TwoHosts lab;
  UdpServer server(lab.b.stack(), {.port = 53, .echo = true});
  UdpClient client(lab.a.stack(),
                   {.requests = {.flow = 1, .size = 64, .times = 2}, .from_port = 5000, .to = {lab.b_address, 53}});
  lab.run();
  EXPECT_EQ(lab.lines.sent, (Strings{"a: 10.0.0.1:5000 > 10.0.0.2:53 udp len=64 ttl=64",
                                     "b: 10.0.0.2:53 > 10.0.0.1:5000 udp len=64 ttl=64",
                                     "a: 10.0.0.1:5000 > 10.0.0.2:53 udp len=64 ttl=64",
                                     "b: 10.0.0.2:53 > 10.0.0.1:5000 udp len=64 ttl=64"}));
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event answer 1 from 10.0.0.2:53, 64 bytes",
                     "1.002 a event answer 2 from 10.0.0.2:53, 64 bytes", "1.002 a result replied"}));
}

TEST(UdpClient, SharesItsPortWithAServiceAndWithClientsOfOtherRemotes) {
  TwoHosts lab;
  UdpServer first(lab.b.stack(), {.port = 53, .reply = 1});
  UdpServer second(lab.b.stack(), {.port = 54, .reply = 2});
  UdpServer own(lab.a.stack(), {.port = 5000, .reply = 3});
  UdpClient one(lab.a.stack(), {.requests = {.flow = 1, .size = 64}, .from_port = 5000, .to = {lab.b_address, 53}});
  UdpClient other(lab.a.stack(), {.requests = {.flow = 2, .size = 64}, .from_port = 5000, .to = {lab.b_address, 54}});
  UdpClient third(lab.b.stack(), {.requests = {.flow = 3, .size = 64}, .from_port = 55, .to = {lab.a_address, 5000}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event answer 1 from 10.0.0.2:53, 1 bytes", "0.002 a result replied",
                     "0.002 a event answer 1 from 10.0.0.2:54, 2 bytes", "0.002 a result replied",
                     "0.002 b event answer 1 from 10.0.0.1:5000, 3 bytes", "0.002 b result replied"}));
}

TEST(UdpClient, SaysThatAnotherAsksTheSameRemoteFromItsPort) {
  TwoHosts lab;
  UdpServer server(lab.b.stack(), {.port = 53, .reply = 1});
  UdpClient one(lab.a.stack(), {.requests = {.flow = 1, .size = 64}, .from_port = 5000, .to = {lab.b_address, 53}});
  UdpClient same(lab.a.stack(), {.requests = {.flow = 2, .size = 64}, .from_port = 5000, .to = {lab.b_address, 53}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.000 a event port 5000 is in use", "0.000 a result no-answer",
                     "0.002 a event answer 1 from 10.0.0.2:53, 1 bytes", "0.002 a result replied"}));
}

TEST(UdpClient, KeepsItsPortUntilItHasSentAllThoughItsAnswersAreComplete) {
  TwoHosts lab({.delay = 1_ms, .duplicate = {1, 1}});
  UdpServer server(lab.b.stack(), {.port = 53, .reply = 1});
  UdpClient one(lab.a.stack(),
                {.requests = {.flow = 1, .size = 64, .times = 2}, .from_port = 5000, .to = {lab.b_address, 53}});
  UdpClient same(
      lab.a.stack(),
      {.requests = {.flow = 2, .at = Time{} + 500_ms, .size = 64}, .from_port = 5000, .to = {lab.b_address, 53}});
  lab.run(Time{} + 900_ms);
  EXPECT_EQ(lab.lines.of({Kind::result}), (Strings{"0.002 a result replied", "0.500 a result no-answer"}));
  lab.run();
  EXPECT_EQ(lab.lines.sent.back(), "b: 10.0.0.2:53 > 10.0.0.1:5000 udp len=1 ttl=64");
}

TEST(Ping, SaysWhoAnsweredWhich) {
  TwoHosts lab;
  Ping ping(lab.a.stack(), {.requests = {.flow = 1, .size = 56}, .id = 7, .to = lab.b_address});
  lab.run();
  EXPECT_EQ(lab.lines.sent, (Strings{"a: 10.0.0.1 > 10.0.0.2 icmp echo request id=7 seq=1 ttl=64",
                                     "b: 10.0.0.2 > 10.0.0.1 icmp echo reply id=7 seq=1 ttl=64"}));
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event answer to 1 from 10.0.0.2, 56 bytes, ttl 64", "0.002 a result replied"}));
}

TEST(UdpClient, IsRefusedByAClosedPort) {
  TwoHosts lab;
  UdpClient client(lab.a.stack(), {.requests = {.flow = 1, .size = 4}, .from_port = 5000, .to = {lab.b_address, 53}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event port unreachable from 10.0.0.2", "0.002 a result refused"}));
}

TEST(UdpClient, SaysSentWhereNoAnswerIsExpected) {
  TwoHosts lab;
  UdpServer server(lab.b.stack(), {.port = 53});
  UdpClient client(
      lab.a.stack(),
      {.requests = {.flow = 1, .size = 4, .expects_reply = false}, .from_port = 5000, .to = {lab.b_address, 53}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::result}), Strings{"5.000 a result sent"});
}

TEST(UdpClient, GivesUpFiveSecondsAfterItsLastDatagram) {
  TwoHosts lab({.delay = 1_ms, .loss = {1, 1}});
  UdpClient client(lab.a.stack(), {.requests = {.flow = 1, .size = 4, .times = 3}, .to = {lab.b_address, 53}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::result}), Strings{"7.000 a result no-answer"});
}

TEST(UdpServer, AnswersLaterIfItHasToThink) {
  TwoHosts lab;
  UdpServer server(lab.b.stack(), {.port = 53, .reply = 9, .after = 500_ms});
  UdpClient client(lab.a.stack(), {.requests = {.flow = 1, .size = 4}, .from_port = 5000, .to = {lab.b_address, 53}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.502 a event answer 1 from 10.0.0.2:53, 9 bytes", "0.502 a result replied"}));
  EXPECT_EQ(lab.lines.causes.at(1).second, lab.lines.causes.at(0).first);
}

TEST(TcpClient, IsRefusedByAClosedPort) {
  TwoHosts lab;
  TcpClient client(lab.a.stack(), {.flow = 1, .from_port = 40000, .to = {lab.b_address, 22}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}), Strings{"0.002 a result refused"});
}

TEST(TcpClient, FindsNobodyAtHome) {
  TwoHosts lab;
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {wire::address(10, 0, 0, 9), 22}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::result}), Strings{"3.000 a result unreachable"});
}

TEST(TcpClient, HasNoRoute) {
  TwoHosts lab;
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {wire::address(192, 0, 2, 1), 22}});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.000 a event net unreachable from 10.0.0.1", "0.000 a result unreachable"}));
}

TEST(TcpClient, GetsNoAnswerWithinSevenSeconds) {
  TwoHosts lab({.delay = 1_ms, .loss = {1, 1}});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 22}});
  lab.run();
  EXPECT_EQ(
      lab.lines.of({Kind::event, Kind::result}),
      (Strings{"1.000 a event retransmits SYN (2)", "3.000 a event retransmits SYN (3)", "7.000 a result no-answer"}));
}

TEST(TcpClient, AsksAgainOnTheSameConnection) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 5});
  TcpClient client(lab.a.stack(), {.flow = 1,
                                   .to = {lab.b_address, 80},
                                   .size = 10,
                                   .reply = 5,
                                   .times = 3,
                                   .every = 60_s,
                                   .after = AfterExchange::close});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.003 b event received 10 bytes", "0.004 a event received 5 bytes",
                     "60.003 b event received 10 bytes", "60.004 a event received 5 bytes",
                     "120.003 b event received 10 bytes", "120.004 a event received 5 bytes",
                     "120.004 a result established", "120.006 a event the peer closed", "120.006 a event closed"}));
}

TEST(TcpClient, BeginsBehindItsLastConnectionWhereItUsesItsPortAgain) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    TwoHosts lab({.delay = 1_ms}, seed);
    TcpServer server(lab.b.stack(), {.port = 80, .reply = 100, .close = true});
    TcpClientParams params{.flow = 1, .from_port = 40000, .to = {lab.b_address, 80}, .size = 50, .reply = 100};
    TcpClient first(lab.a.stack(), params);
    params.flow = 2, params.at = Time{} + 3_s;
    TcpClient again(lab.a.stack(), params);
    lab.run(Time{} + 2_s);
    const std::size_t of_first = lab.lines.packets.size();
    lab.run();
    EXPECT_EQ(lab.lines.packets.size(), 2 * of_first) << "the server, in TIME-WAIT, takes the SYN at once";
    EXPECT_EQ(sequence_of(lab.lines.packets[of_first]) - sequence_of(lab.lines.packets[0]), 3'000'000u / 4);
    EXPECT_EQ(lab.lines.of({Kind::result}), (Strings{"0.004 a result established", "3.004 a result established"}));
  }
}

TEST(TcpClient, SaysResetWhenTheConnectionIsBrokenOffLater) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 5});
  TcpClient client(lab.a.stack(), {.flow = 1, .from_port = 4000, .to = {lab.b_address, 80}, .size = 10, .reply = 5});
  lab.run(Time{} + 10_ms);
  const auto last = *wire::TcpView::parse(wire::Ipv4View::parse(lab.lines.packets.back())->payload());
  lab.a.receive(lab.network.pool().make(wire::tcp_packet({.source = lab.b_address, .destination = lab.a_address},
                                                         {.source_port = 80,
                                                          .destination_port = 4000,
                                                          .sequence = last.acknowledgment(),
                                                          .flags = {wire::TcpFlags::rst}},
                                                         {}),
                                        1),
                0);
  EXPECT_EQ(lab.lines.of({Kind::result}), (Strings{"0.004 a result established", "0.010 a result reset"}));
}

TEST(TcpClient, IsLeftWithoutAnAnswerToItsRequest) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 80}, .size = 10, .reply = 5});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.003 b event received 10 bytes",
                     "5.004 a event no answer to request 1", "5.004 a result no-answer"}))
      << "5 s after the request was acknowledged";
}

TEST(TcpClient, WaitsAsLongAsTheAnswerGoesOnComing) {
  TwoHosts lab({.delay = 1_ms, .rate = {1'000'000}});
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 1'000'000});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 80}, .size = 10, .reply = 1'000'000});
  lab.run();
  EXPECT_EQ(client.bytes_received(), 1'000'000u);
  ASSERT_EQ(lab.lines.of({Kind::result}).size(), 1u);
  EXPECT_EQ(lab.lines.of({Kind::result}).front().substr(0, 2), "8.") << "8 Mbit by 1 Mbps";
  EXPECT_EQ(lab.lines.of({Kind::result}).front().substr(6), "a result established");
}

/// What a says of `params` where the wire breaks at 1 s.
Strings told_of_a_broken_wire(TcpClientParams params) {
  TwoHosts lab({.delay = 1_ms, .rate = {1'000'000}});
  TcpServer server(lab.b.stack(), {.port = 80, .reply = params.reply});
  params.flow = 1, params.to = {lab.b_address, 80};
  TcpClient client(lab.a.stack(), params);
  lab.run(Time{} + 1_s);
  for (net::Host* host : {&lab.a, &lab.b}) host->interfaces()[0].up = false;
  lab.run(Time{} + 10_s);
  Strings told;
  for (const std::string& line : lab.lines.of({Kind::event, Kind::result})) {
    if (line.find(" a ") != std::string::npos && line.find("retransmits") == std::string::npos) told.push_back(line);
  }
  return told;
}

TEST(TcpClient, SaysHowMuchOfAnAnswerCameWhenItGivesUp) {
  const Strings told = told_of_a_broken_wire({.size = 10, .reply = 1'000'000});
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[1].front(), '5') << "the last byte came before the wire broke at 1 s";
  EXPECT_EQ(told[1].substr(6),
            "a event answer incomplete: 119556 of 1000000 bytes when the program gave up after 5s "
            "without progress");
  EXPECT_EQ(told[2].substr(6), "a result incomplete");
}

TEST(TcpClient, SaysHowMuchOfARequestWasAcknowledgedWhenItGivesUp) {
  EXPECT_EQ(told_of_a_broken_wire({.size = 1'000'000}),
            (Strings{"0.002 a event established", "1.591 a event net unreachable from 10.0.0.1, goes on trying",
                     "2.822 a event net unreachable from 10.0.0.1, goes on trying",
                     "5.283 a event net unreachable from 10.0.0.1, goes on trying",
                     "5.976 a event request incomplete: 118096 of 1000000 bytes when the program gave up after 5s "
                     "without progress",
                     "5.976 a result incomplete"}));
}

TEST(TcpClient, SaysHowMuchOfAnAnswerCameWhenThePeerCloses) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 100, .close = true});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 80}, .size = 10, .reply = 200});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.003 b event received 10 bytes", "0.004 a event the peer closed",
                     "0.004 a event answer incomplete: 100 of 200 bytes when the peer closed",
                     "0.004 a result incomplete", "0.006 a event closed"}));
}

TEST(TcpClient, MissesEvenASingleByteWhenThePeerCloses) {
  TwoHosts lab;
  struct Closer final : net::TcpAcceptor, net::TcpHandler {
    net::TcpHandler& on_connection(net::TcpConnection&) override { return *this; }
    void on_data(net::TcpConnection& c, wire::ByteView, bool) override { c.close(); }
    void on_closed(net::TcpConnection&, net::TcpEnd, const net::Trouble*) override {}
  } closer;
  lab.b.stack().listen(81, closer);
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 81}, .size = 10, .reply = 1});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.004 a event the peer closed",
                     "0.004 a event no answer to request 1", "0.004 a result no-answer", "0.006 a event closed"}));
}

/// The times and kinds of what crosses the wire after the first `spared` packets.
Strings packets_after(const test::Lines& lines, std::size_t spared) {
  Strings told;
  for (const std::string& line : lines.of({Kind::send})) {
    if (spared > 0) {
      --spared;
      continue;
    }
    told.push_back(line.substr(0, line.find(" |")) + line.substr(line.find(" tcp ")).substr(4, 6));
  }
  return told;
}

TEST(TcpClient, AsksASilentPeerWhetherItLives) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 5});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 80}, .size = 10, .reply = 5, .keepalive = 60_s});
  lab.run(Time{} + 130_s);
  EXPECT_EQ(packets_after(lab.lines, 6),
            (Strings{"60.004 a send ACK s", "60.005 b send ACK s", "120.006 a send ACK s", "120.007 b send ACK s"}));
}

TEST(TcpClient, GivesUpAPeerThatAnswersNoKeepalive) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 5});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 80}, .size = 10, .reply = 5, .keepalive = 60_s});
  lab.run(Time{} + 1_s);
  lab.b.interfaces()[0].up = false;
  lab.run(Time{} + 1000_s);
  const Strings told = lab.lines.of({Kind::event, Kind::result});
  EXPECT_EQ(Strings(told.end() - 3, told.end()), (Strings{"600.004 a event no answer to 9 keepalives",
                                                          "600.004 a result reset", "600.004 a event broke it off"}))
      << "60 s, and 9 times as much";
}

TEST(TcpServer, ClosesWhenItHasAnsweredIfThatIsAgreed) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 3'000'000, .close = true});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 80}, .size = 100'000, .reply = 3'000'000});
  lab.run();
  EXPECT_EQ(client.bytes_received(), 3'000'000u);
  const Strings said = lab.lines.of({Kind::event, Kind::result});
  EXPECT_EQ(Strings(said.begin(), said.begin() + 2).at(1).substr(6), "b event received 100000 bytes");
  EXPECT_EQ(said.back().substr(6), "a event closed");
}

/// A caller that does by hand what no client program does, and counts what it hears.
struct Caller final : net::TcpHandler {
  Caller(TwoHosts& lab, std::uint16_t port) {
    connection = lab.a.stack().connect({lab.b_address, 80}, port, *this, {});
  }
  void on_data(net::TcpConnection&, wire::ByteView data, bool) override { heard += data.size(); }
  void on_closed(net::TcpConnection&, net::TcpEnd, const net::Trouble*) override { connection = nullptr; }
  net::TcpConnection* connection = nullptr;
  std::size_t heard = 0;
};

TEST(TcpServer, AnswersEachGuestWhenItHasThought) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 200, .after = 50_ms});
  TcpClient one(lab.a.stack(), {.flow = 1, .from_port = 4000, .to = {lab.b_address, 80}, .size = 10, .reply = 200});
  TcpClient two(lab.a.stack(), {.flow = 2, .from_port = 4001, .to = {lab.b_address, 80}, .size = 20, .reply = 200});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event established", "0.002 a event established", "0.003 b event received 10 bytes",
                     "0.003 b event received 20 bytes", "0.054 a event received 200 bytes",
                     "0.054 a result established", "0.054 a event received 200 bytes", "0.054 a result established"}));
}

TEST(TcpServer, DoesNotTellAGuestWhatItThoughtForTheOneBefore) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 200, .after = 50_ms});
  Caller first(lab, 4000);
  lab.run(Time{} + 2_ms);
  const std::uint8_t word[] = {'h', 'i'};
  first.connection->send(word);
  lab.run(Time{} + 10_ms);
  first.connection->abort();
  lab.run(Time{} + 20_ms);
  Caller second(lab, 4001);
  lab.run(Time{} + 100_ms);
  EXPECT_EQ(second.heard, 0u) << "it has asked nothing yet";
  second.connection->send(word);
  lab.run(Time{} + 200_ms);
  EXPECT_EQ(second.heard, 200u);
}

TEST(TcpServer, AnswersAGuestThatSaysNoMoreWhileItThinks) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 80, .reply = 200, .after = 50_ms});
  Caller guest(lab, 4000);
  lab.run(Time{} + 2_ms);
  const std::uint8_t word[] = {'h', 'i'};
  guest.connection->send(word);
  guest.connection->close();
  lab.run();
  EXPECT_EQ(guest.heard, 200u);
  EXPECT_EQ(guest.connection, nullptr) << "and then closes, too";
}

TEST(TcpServer, EchoesWhatComes) {
  TwoHosts lab;
  TcpServer server(lab.b.stack(), {.port = 7, .echo = true});
  TcpClient client(lab.a.stack(), {.flow = 1, .to = {lab.b_address, 7}, .size = 500'000, .reply = 500'000});
  lab.run();
  EXPECT_EQ(client.bytes_received(), 500'000u);
}

TEST(Ping, IsToldThatTheHostIsUnreachable) {
  TwoHosts lab;
  Ping ping(lab.a.stack(), {.requests = {.flow = 1, .size = 56}, .id = 7, .to = wire::address(10, 0, 0, 9)});
  lab.run();
  EXPECT_EQ(lab.lines.of({Kind::event, Kind::result}),
            (Strings{"3.000 a event host unreachable from 10.0.0.1 about 1", "3.000 a result unreachable"}));
}

TEST(Raw, PutsTheBytesOnTheWireAsTheyAre) {
  TwoHosts lab;
  std::vector<std::uint8_t> bytes =
      wire::udp_packet({.source = wire::address(1, 2, 3, 4), .destination = lab.b_address}, 1, 2, {});
  bytes[10] ^= 0xff;
  Raw raw(lab.a, {.flow = 1, .bytes = bytes});
  lab.run();
  EXPECT_EQ(lab.lines.packets.at(0), bytes);
  EXPECT_EQ(lab.lines.of({Kind::result, Kind::drop}),
            (Strings{"0.000 a result sent",
                     "0.001 b drop bad-checksum of the IP header | 1.2.3.4:1 > 10.0.0.2:2 udp "
                     "len=0 ttl=64 ip-sum-wrong"}));
}

TEST(Raw, IsUnreachableWhereNoRouteLeadsOrOneThatRefuses) {
  TwoHosts lab;
  lab.a.routes().add({.to = {wire::address(192, 0, 2, 0), 24}, .via = {}, .kind = net::Route::Kind::blackhole});
  const std::vector<std::uint8_t> refused =
      wire::udp_packet({.source = lab.a_address, .destination = wire::address(192, 0, 2, 1)}, 1, 2, {});
  const std::vector<std::uint8_t> nowhere =
      wire::udp_packet({.source = lab.a_address, .destination = wire::address(198, 51, 100, 1)}, 1, 2, {});
  Raw one(lab.a, {.flow = 1, .bytes = refused}), two(lab.a, {.flow = 2, .bytes = nowhere});
  lab.run();
  EXPECT_EQ(
      lab.lines.of({Kind::send, Kind::drop, Kind::result}),
      (Strings{"0.000 a drop no-route | 10.0.0.1:1 > 192.0.2.1:2 udp len=0 ttl=64", "0.000 a result unreachable",
               "0.000 a drop no-route | 10.0.0.1:1 > 198.51.100.1:2 udp len=0 ttl=64", "0.000 a result unreachable"}));
}

/// a - r1 - r2 - b, each link its own network.
struct Chain {
  Chain() {
    const std::uint32_t links[] = {network.add_segment("l1", {.delay = 1_ms}, true),
                                   network.add_segment("l2", {.delay = 1_ms}, true),
                                   network.add_segment("l3", {.delay = 1_ms}, true)};
    net::Node* nodes[] = {&a, &r1, &r2, &b};
    for (unsigned n = 0; n < 3; ++n) {
      network.attach(*nodes[n], links[n], "right", "l", wire::address(10, 0, n, 1), 24);
      network.attach(*nodes[n + 1], links[n], "left", "l", wire::address(10, 0, n, 2), 24);
    }
    const auto route = [](net::Node& node, net::InterfaceIndex out, wire::Address via) {
      node.routes().add({.to = {}, .out = out, .via = via});
    };
    for (net::Node* node : nodes) {
      for (net::InterfaceIndex n = 0; n < node->interfaces().size(); ++n) {
        node->routes().add({.to = node->interfaces()[n].subnet(), .out = n, .via = {}});
      }
    }
    route(a, 0, wire::address(10, 0, 0, 2));
    route(r1, 1, wire::address(10, 0, 1, 2));
    r2.routes().add({.to = {wire::address(10, 0, 0, 0), 24}, .out = 0, .via = wire::address(10, 0, 1, 1)});
    route(b, 0, wire::address(10, 0, 2, 1));
    network.trace().add(lines);
    network.trace().begin(network.header());
  }

  net::Network network{1};
  net::Host& a = network.add<net::Host>("a", trace::NodeKind::host);
  net::Router& r1 = network.add<net::Router>("r1", trace::NodeKind::router);
  net::Router& r2 = network.add<net::Router>("r2", trace::NodeKind::router);
  net::Host& b = network.add<net::Host>("b", trace::NodeKind::host);
  test::Lines lines;
};

TEST(Traceroute, NamesEachRouterAndTheDestination) {
  for (const bool icmp : {false, true}) {
    Chain chain;
    Traceroute traceroute(chain.a.stack(), {.flow = 1, .to = wire::address(10, 0, 2, 2), .icmp = icmp});
    chain.network.engine().run();
    EXPECT_EQ(chain.lines.of({Kind::event, Kind::result}),
              (Strings{"0.002 a event hop 1 is 10.0.0.2", "0.006 a event hop 2 is 10.0.1.2",
                       "0.012 a event hop 3 is 10.0.2.2", "0.012 a result replied"}))
        << (icmp ? "icmp" : "udp");
  }
}

TEST(Traceroute, SaysWhichHopIsSilent) {
  Chain chain;
  chain.b.interfaces()[0].up = false;
  Traceroute traceroute(chain.a.stack(), {.flow = 1, .to = wire::address(10, 0, 2, 2), .hops = 4, .wait = 1_s});
  chain.network.engine().run();
  EXPECT_EQ(chain.lines.of({Kind::event, Kind::result}),
            (Strings{"0.002 a event hop 1 is 10.0.0.2", "0.006 a event hop 2 is 10.0.1.2",
                     "1.006 a event hop 3 is silent", "2.006 a event hop 4 is silent", "2.006 a result no-answer"}));
}

}  // namespace
}  // namespace masqsim::app
