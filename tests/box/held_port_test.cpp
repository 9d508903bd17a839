// A port on which a program listens without ever accepting. What it answers to whole conversations lies in
// tests/cases/cases.jsonl; here is what a recording does not show.
#include "sim/box/held_port.hpp"

#include <gtest/gtest.h>

#include "masqsim/wire/build.hpp"
#include "tests/net/two_hosts.hpp"

namespace masqsim::box {
namespace {

using net::Host;
using net::InterfaceIndex;
using net::Network;
using net::Node;
using net::Packet;
using test::TwoHosts;
using trace::Kind;
using wire::TcpFlags;
using Strings = std::vector<std::string>;
using Bytes = std::vector<std::uint8_t>;

Bytes segment(std::uint16_t port, std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment,
              wire::ByteView options = {}) {
  return wire::tcp_packet({.source = TwoHosts::a_address, .destination = TwoHosts::b_address},
                          {.source_port = port,
                           .destination_port = 80,
                           .sequence = sequence,
                           .acknowledgment = acknowledgment,
                           .flags = {flags},
                           .options = options},
                          {});
}

/// A caller who hears everything and answers nothing, and b, which holds port 80.
struct Lab {
  struct Caller final : Node {
    using Node::Node;
    void receive(Packet, InterfaceIndex) override {}
    void output(Packet) override {}
  };

  Lab()
      : network(1),
        a(network.add<Caller>("a", trace::NodeKind::host)),
        b(network.add<Host>("b", trace::NodeKind::host)),
        held(b.stack()) {
    const std::uint32_t wire = network.add_segment("wire", {}, true);
    network.attach(a, wire, "eth0", "wire", TwoHosts::a_address, 24);
    network.attach(b, wire, "eth0", "wire", TwoHosts::b_address, 24);
    b.routes().add({.to = {wire::address(10, 0, 0, 0), 24}, .out = 0, .via = {}});
    network.trace().add(lines);
    network.trace().begin(network.header());
    held.hold(80);
  }
  void inject(wire::ByteView bytes) { b.receive(network.pool().make(bytes, 7), 0); }
  void run(Time until = Time::never()) { network.engine().run(until); }

  Network network;
  Caller& a;
  Host& b;
  HeldPorts held;
  test::Lines lines;
};

struct Silent final : net::TcpAcceptor {
  net::TcpHandler& on_connection(net::TcpConnection&) override { throw std::logic_error("the port is held"); }
};

TEST(HeldPort, IsTakenAndServes) {
  Lab lab;
  Silent program;
  EXPECT_FALSE(lab.held.hold(80));
  EXPECT_FALSE(lab.b.stack().listen(80, program));
  EXPECT_TRUE(lab.b.stack().serves(wire::Protocol::tcp, 80));
  EXPECT_TRUE(lab.b.stack().listen(81, program));
  EXPECT_FALSE(lab.held.hold(81));
}

TEST(HeldPort, RecordsWhatItTookAndWhatDidNotFit) {
  Lab lab;
  lab.inject(segment(1000, TcpFlags::syn, 1, 0));
  lab.inject(segment(1000, TcpFlags::psh, 2, 0));
  lab.inject(segment(1000, TcpFlags::ack, 2, 99));
  lab.run(Time{} + 500_ms);
  Strings lines = lab.lines.of({Kind::deliver, Kind::drop});
  std::erase_if(lines, [](const std::string& line) { return line.find(" b ") == std::string::npos; });
  EXPECT_EQ(
      lines,
      (Strings{"0.000 b deliver tcp:80 | 10.0.0.1:1000 > 10.0.0.2:80 tcp SYN seq=1 win=64240 len=0 ttl=64",
               "0.000 b drop stale it does not fit | 10.0.0.1:1000 > 10.0.0.2:80 tcp PSH seq=2 win=64240 len=0 ttl=64",
               "0.000 b drop stale no such connection | 10.0.0.1:1000 > 10.0.0.2:80 tcp ACK seq=2 ack=99 win=64240 "
               "len=0 ttl=64"}));
}

TEST(HeldPort, RepeatsItsSynAckFiveTimesAndThenForgets) {
  Lab lab;
  lab.inject(segment(1000, TcpFlags::syn, 1, 0));
  lab.run();
  Strings times;
  for (const std::string& line : lab.lines.of({Kind::send})) {
    if (line.find("S+A") != std::string::npos) times.push_back(line.substr(0, line.find(' ')));
  }
  EXPECT_EQ(times, (Strings{"0.000", "1.000", "3.000", "7.000", "15.000", "31.000"}));
}

TEST(HeldPort, WhereManyWaitTheOldGiveUpAfterTwoTries) {
  Lab lab;
  for (std::uint16_t n = 0; n < 9; ++n) lab.inject(segment(static_cast<std::uint16_t>(1000 + n), TcpFlags::syn, 1, 0));
  lab.run();
  std::size_t first = 0, last = 0;
  for (const std::string& packet : lab.lines.sent) {
    first += packet.find("> 10.0.0.1:1000 tcp S+A") != std::string::npos;
    last += packet.find("> 10.0.0.1:1008 tcp S+A") != std::string::npos;
  }
  EXPECT_EQ(first, 3u) << "at 0, 1 and 3 s";
  EXPECT_EQ(last, 6u) << "then it has room";
}

TEST(HeldPort, TheClockOfItsTimestampsIsOneForAPairOfAddresses) {
  Lab lab;
  constexpr std::uint8_t stamps[] = {1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 0};
  lab.inject(segment(1000, TcpFlags::syn, 1, 0, stamps));
  lab.run(Time{} + 250_ms);
  lab.inject(segment(1001, TcpFlags::syn, 1, 0, stamps));
  lab.run(Time{} + 500_ms);
  std::vector<std::uint32_t> values;
  for (const Bytes& packet : lab.lines.packets) {
    const auto tcp = wire::TcpView::parse(wire::Ipv4View::parse(wire::ByteView(packet))->payload());
    if (const auto told = wire::read_options(*tcp).timestamps; told && told->echo == 5) values.push_back(told->value);
  }
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(values[1] - values[0], 250u);
}

}  // namespace
}  // namespace masqsim::box
