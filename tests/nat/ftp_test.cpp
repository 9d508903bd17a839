#include <gtest/gtest.h>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, P = wire::TcpFlags::psh;

Config with_ftp() {
  Config config = masquerading();
  config.alg_ftp = true;
  return config;
}

/// A control connection A:5000 -> R:21 after its greeting, each side having ended one line.
struct Ftp : ::testing::Test {
  Bench b{with_ftp()};
  std::uint32_t client_at = 1001, server_at = 9001;

  void SetUp() override {
    client({S, 1000});
    server({S | A, 9000, 1001});
    client({A, 1001, 9001});
    server_says("220 hi\r\n");
    client_says("USER x\r\n");
  }
  std::string client(Segment s) { return b.from_inside(tcp(at(a_host, 5000), at(remote, 21), s)); }
  std::string server(Segment s) { return b.from_outside(tcp(at(remote, 21), at(outer, 5000), s)); }
  /// What the other side gets: payload, or the line.
  std::string heard(const std::string& line) const {
    if (!line.starts_with("out") && !line.starts_with("in")) return line;
    const auto ip = *wire::Ipv4View::parse(b.packet);
    const wire::ByteView data = wire::TcpView::parse(ip.payload())->payload();
    EXPECT_TRUE(ip.sum_ok());
    EXPECT_EQ(wire::pseudo_checksum(ip.source(), ip.destination(), ip.protocol(), ip.payload()), 0);
    return std::string(data.begin(), data.end());
  }
  std::string client_says(const std::string& text) {
    const std::string got = heard(client({P | A, client_at, server_at, 64240, text}));
    client_at += static_cast<std::uint32_t>(text.size());
    return got;
  }
  std::string server_says(const std::string& text, std::uint32_t client_shift = 0) {
    const std::string got = heard(server({P | A, server_at, client_at + client_shift, 64240, text}));
    server_at += static_cast<std::uint32_t>(text.size());
    return got;
  }
};

TEST_F(Ftp, PortNamesTheOutsideAddressAndTheDataConnectionComesIn) {
  EXPECT_EQ(client_says("PORT 192,168,1,10,7,208\r\n"), "PORT 203,0,113,1,7,208\r\n");
  EXPECT_EQ(b.from_outside(tcp(at(remote, 20), at(outer, 2000), {S, 1})),
            "in: 198.51.100.7:20 > 192.168.1.10:2000 tcp SYN seq=1 win=64240 len=0 ttl=64");
  EXPECT_EQ(b.from_inside(tcp(at(a_host, 2000), at(remote, 20), {S | A, 1, 2})),
            "out: 203.0.113.1:2000 > 198.51.100.7:20 tcp S+A seq=1 ack=2 win=64240 len=0 ttl=64");
  // The announcement is used up.
  EXPECT_EQ(b.from_outside(tcp(at(remote, 19), at(outer, 2000), {S, 1})),
            "self: 198.51.100.7:19 > 203.0.113.1:2000 tcp SYN seq=1 win=64240 len=0 ttl=64");
}

TEST_F(Ftp, OnlyTheServerMayOpenTheDataConnection) {
  client_says("PORT 192,168,1,10,7,208\r\n");
  EXPECT_EQ(b.from_outside(tcp(at(remote2, 20), at(outer, 2000), {S, 1})),
            "self: 198.51.100.8:20 > 203.0.113.1:2000 tcp SYN seq=1 win=64240 len=0 ttl=64");
}

TEST_F(Ftp, SequenceNumbersFollowTheChangedLength) {
  client_says("PORT 192,168,1,10,7,208\r\n");  // one byte shorter outside
  EXPECT_EQ(server_says("200 ok\r\n", static_cast<std::uint32_t>(-1)), "200 ok\r\n");
  EXPECT_EQ(wire::describe(b.packet),
            "198.51.100.7:21 > 192.168.1.10:5000 tcp PSH+A seq=9009 ack=1034 win=64240 len=8 ttl=64");
  EXPECT_EQ(client_says("LIST\r\n"), "LIST\r\n");
  EXPECT_EQ(wire::describe(b.packet),
            "203.0.113.1:5000 > 198.51.100.7:21 tcp PSH+A seq=1033 ack=9017 win=64240 len=6 ttl=64");
  // A second announcement adds to the shift.
  EXPECT_EQ(client_says("PORT 192,168,1,10,100,208\r\n"), "PORT 203,0,113,1,100,208\r\n");
  client_says("NOOP\r\n");
  EXPECT_EQ(wire::load32(&b.packet[24]), client_at - 6 - 2);
}

TEST_F(Ftp, SelectiveAcknowledgmentsAreShiftedWithTheRest) {
  client_says("PORT 192,168,1,10,7,208\r\n");
  client_says("LIST\r\n");
  const auto outside = [](std::uint32_t v) {
    return Bytes{static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16),
                 static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)};
  };
  Bytes options{1, 1, 5, 10};
  for (const std::uint32_t v : {1033u, 1039u}) {
    const Bytes bytes = outside(v);
    options.insert(options.end(), bytes.begin(), bytes.end());
  }
  EXPECT_EQ(heard(server({A, server_at, 1033, 64240, "", options})), "");
  EXPECT_EQ(wire::load32(&b.packet[44]), 1034u);
  EXPECT_EQ(wire::load32(&b.packet[48]), 1040u);
}

TEST_F(Ftp, ExtendedAndPassiveFormsAreUnderstood) {
  EXPECT_EQ(client_says("eprt |1|192.168.1.10|2001|\r\n"), "eprt |1|203.0.113.1|2001|\r\n");
  const auto shorter = static_cast<std::uint32_t>(-1);
  EXPECT_EQ(server_says("227 Entering Passive Mode (198,51,100,7,8,1)\r\n", shorter),
            "227 Entering Passive Mode (198,51,100,7,8,1)\r\n");
  EXPECT_EQ(b.from_inside(tcp(at(a_host, 6000), at(remote, 2049), {S, 1})),
            "out: 203.0.113.1:6000 > 198.51.100.7:2049 tcp SYN seq=1 win=64240 len=0 ttl=64");
  EXPECT_EQ(server_says("229 Extended (|||3000|)\r\n", shorter), "229 Extended (|||3000|)\r\n");
}

TEST_F(Ftp, AServerBehindAForwardAnnouncesTheOutsideAddress) {
  Config config = with_ftp();
  config.destination.push_back(forward(wire::Protocol::tcp, 21, a_host, 21));
  Bench in(config);
  const auto client = [&](Segment s) { in.from_outside(tcp(at(remote, 5000), at(outer, 21), s)); };
  const auto server = [&](Segment s) { in.from_inside(tcp(at(a_host, 21), at(remote, 5000), s)); };
  client({S, 1000}), server({S | A, 9000, 1001}), client({A, 1001, 9001});
  server({P | A, 9001, 1001, 64240, "220\r\n"});
  server({P | A, 9006, 1001, 64240, "227 (192,168,1,10,8,1)\r\n"});
  const auto data = wire::TcpView::parse(wire::Ipv4View::parse(in.packet)->payload())->payload();
  EXPECT_EQ(std::string(data.begin(), data.end()), "227 (203,0,113,1,8,1)\r\n");
  EXPECT_EQ(in.from_outside(tcp(at(remote, 7000), at(outer, 2049), {S, 1})),
            "in: 198.51.100.7:7000 > 192.168.1.10:2049 tcp SYN seq=1 win=64240 len=0 ttl=64");
}

TEST_F(Ftp, WhatIsNoWholeAnnouncementIsDroppedOrLeftAlone) {
  EXPECT_EQ(client_says("PORT 10,0,0,1,7,208\r\n"), "PORT 10,0,0,1,7,208\r\n");  // somebody else's address
  EXPECT_EQ(client_says("PORT"), "X malformed");
  client_at -= 4;
  EXPECT_EQ(client_says("PORT 1,2,x\r\n"), "X malformed");
  client_at -= 12;
  EXPECT_EQ(client_says("EPRT |2|::1|2000|\r\n"), "X malformed");
  EXPECT_EQ(server_says("229 none (x)\r\n"), "X malformed");
}

TEST_F(Ftp, InTheMiddleOfALineNothingIsRead) {
  EXPECT_EQ(client_says("STOR "), "STOR ");
  EXPECT_EQ(client_says("PORT 192,168,1,10,7,208\r\n"), "PORT 192,168,1,10,7,208\r\n");
}

TEST_F(Ftp, WithoutRoomForALongerAddressTheSegmentIsDropped) {
  Config config = with_ftp();
  config.source.front().action = SourceRule::Action::source_nat;
  config.source.front().addresses = {wire::address(203, 100, 113, 111), wire::address(203, 100, 113, 111)};
  Bench longer(config);
  longer.from_inside(tcp(at(a_host, 5000), at(remote, 21), {A, 1001, 9001}));
  longer.from_outside(tcp(at(remote, 21), {wire::address(203, 100, 113, 111), 5000}, {A, 9001, 1001}));
  longer.from_inside(tcp(at(a_host, 5000), at(remote, 21), {A, 1001, 9001, 64240, "x\r\n"}));
  Bytes port = tcp(at(a_host, 5000), at(remote, 21), {P | A, 1004, 9001, 64240, "PORT 192,168,1,10,7,208\r\n"});
  const auto size = static_cast<std::uint32_t>(port.size());
  wire::Buffer tight{port.data(), size, size};
  Track track;
  ASSERT_TRUE(longer.nat.prerouting(tight, lan, longer.now, track).pass);
  EXPECT_EQ(longer.nat.postrouting(tight, {wan, outer}, longer.now, track).reason, Reason::malformed);
}

TEST_F(Ftp, TwoClientsAnnouncingOnePortGetTwo) {
  client_says("PORT 192,168,1,10,7,208\r\n");
  const auto second = [&](Segment s) { return b.from_inside(tcp(at(b_host, 5001), at(remote, 21), s)); };
  second({S, 1000});
  b.from_outside(tcp(at(remote, 21), at(outer, 5001), {S | A, 9000, 1001}));
  second({P | A, 1001, 9001, 64240, "USER\r\n"});
  const std::string said = heard(second({P | A, 1007, 9001, 64240, "PORT 192,168,1,11,7,208\r\n"}));
  unsigned high = 0, low = 0;
  ASSERT_EQ(std::sscanf(said.c_str(), "PORT 203,0,113,1,%u,%u", &high, &low), 2) << said;
  const auto port = static_cast<std::uint16_t>(high << 8 | low);
  EXPECT_GT(port, 2000);
  EXPECT_EQ(b.from_outside(tcp(at(remote, 20), at(outer, port), {S, 1})),
            "in: 198.51.100.7:20 > 192.168.1.11:2000 tcp SYN seq=1 win=64240 len=0 ttl=64");
}

TEST_F(Ftp, AnAnnouncementLastsFiveMinutesToTheSecond) {
  for (const Duration span : {299_s, 300_s}) {
    client_says("PORT 192,168,1,10,7,208\r\n");
    // what is acknowledged does not hurry the entry
    server({A, server_at, client_at - (span == 299_s ? 1 : 2), 64240});
    b.now += span;
    const std::string line = b.from_outside(tcp(at(remote, 20), at(outer, 2000), {S, 1}));
    EXPECT_EQ(line.starts_with("in"), span == 299_s) << line;
  }
}

TEST_F(Ftp, AnAnnouncementEndsWithItsTimeOrItsConnection) {
  client_says("PORT 192,168,1,10,7,208\r\n");
  b.now += 300_s;
  EXPECT_TRUE(b.from_outside(tcp(at(remote, 20), at(outer, 2000), {S, 1})).starts_with("self"));
  client_says("PORT 192,168,1,10,7,208\r\n");
  b.nat.flush(b.now);
  EXPECT_TRUE(b.from_outside(tcp(at(remote, 20), at(outer, 2000), {S, 1})).starts_with("self"));
}

}  // namespace
}  // namespace masqsim::nat::testing
