#include "sim/net/gateway.hpp"

#include <gtest/gtest.h>

#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "one_router.hpp"

namespace masqsim::net {
namespace {

using test::syn;
using test::udp;
using wire::address;
using wire::Endpoint;

nat::Config masquerade() {
  nat::Config config;
  config.source.push_back({.out = 1, .protocol = {}, .from = {}, .to = {}, .addresses = {}, .ports = {}});
  return config;
}

struct GatewayTest : testing::Test, test::OneRouter<Gateway> {
  explicit GatewayTest(const nat::Config& config = masquerade()) : OneRouter(trace::NodeKind::gateway, config) {
    gw.ready();
  }
  const Endpoint from{laptop, 5000}, to{web, 53}, seen{gw_outside, 5000};
};

TEST_F(GatewayTest, TellsEveryRewriteAndWhatItMade) {
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.000000000 gw translate p1 - UDP > 198.51.100.10:53 src 192.168.1.10:5000 => 203.0.113.5:5000, ttl "
            "64 => 63, ip sum 4edd => d589, udp sum 0f38 => 94e4 | new mapping #1, new flow #1\n"
            "0.000000000 gw/wan send p1 - 203.0.113.5:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_outside, udp(to, seen)),
            "0.001000000 gw translate p2 - UDP > 192.168.1.10:5000 dst 203.0.113.5:5000 => 192.168.1.10:5000, "
            "ttl 64 => 63, ip sum d489 => 4fdd, udp sum 94e4 => 0f38 | mapping #1, flow #1\n"
            "0.001000000 gw/lan send p2 - 198.51.100.10:53 > 192.168.1.10:5000 udp len=4 ttl=63\n");
}

TEST_F(GatewayTest, AnswersForItselfToWhatNothingOwns) {
  EXPECT_EQ(after(from_outside, syn({stranger, 50001}, {gw_outside, 22})),
            "0.000000000 gw/wan drop p1 - 198.51.100.66:50001 > 203.0.113.5:22 tcp SYN seq=1000 win=64240 len=0 "
            "ttl=64 | no-mapping: nothing owns 203.0.113.5:22/tcp\n"
            "0.000000000 gw change - - removed mapping #0 flow #1 tcp 198.51.100.66:50001 198.51.100.66:50001 "
            "203.0.113.5:22 close left 2m\n"
            "0.000000000 gw/wan send p2<p1 - 203.0.113.5:22 > 198.51.100.66:50001 tcp RST+A seq=0 ack=1001 win=0 "
            "len=0 ttl=64\n");
}

TEST_F(GatewayTest, SaysWhyAThirdPartyDoesNotGetIn) {
  after(from_inside, udp(from, to));
  EXPECT_EQ(after(from_outside, udp({stranger, 53}, seen)),
            "0.001000000 gw/wan drop p2 - 198.51.100.66:53 > 203.0.113.5:5000 udp len=4 ttl=64 | filtered: "
            "203.0.113.5:5000/udp is mapped, but not for 198.51.100.66:53\n"
            "0.001000000 gw/wan send p3<p2 - 203.0.113.5 > 198.51.100.66 icmp port unreachable {198.51.100.66:53 "
            "> 203.0.113.5:5000 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

TEST_F(GatewayTest, SaysThatAMappingHasExpired) {
  after(from_inside, udp(from, to));
  EXPECT_EQ(pass(Duration{30'000'000'000}),
            "30.000000000 gw change - - expired mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 "
            "198.51.100.10:53 unreplied left 0s\n");
  EXPECT_EQ(after(from_outside, udp(to, seen)),
            "30.001000000 gw/wan drop p2 - 198.51.100.10:53 > 203.0.113.5:5000 udp len=4 ttl=64 | "
            "mapping-expired: nothing owns 203.0.113.5:5000/udp any more\n"
            "30.001000000 gw/wan send p3<p2 - 203.0.113.5 > 198.51.100.10 icmp port unreachable "
            "{198.51.100.10:53 > 203.0.113.5:5000 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

TEST_F(GatewayTest, AnInsideHostThatCallsAMappingIsToldOfHairpin) {
  after(from_inside, udp(from, to));
  EXPECT_EQ(after(from_inside, udp({address(192, 168, 1, 10), 6000}, seen)),
            "0.001000000 gw/lan drop p2 - 192.168.1.10:6000 > 203.0.113.5:5000 udp len=4 ttl=64 | hairpin-off: "
            "203.0.113.5:5000/udp called from inside\n"
            "0.001000000 gw/lan send p3<p2 - 203.0.113.5 > 192.168.1.10 icmp port unreachable {192.168.1.10:6000 "
            "> 203.0.113.5:5000 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

TEST_F(GatewayTest, AnEntryDoesNotKeepTheRunGoing) {
  after(from_inside, udp(from, to));
  network.engine().run();
  EXPECT_EQ(network.now(), Time{1'000'000});
}

TEST_F(GatewayTest, SaysThatAProtocolWithoutPortsHasRoomForOneFlowWithARemote) {
  const auto gre = [&](wire::Address source) {
    return wire::ip_packet({.source = source, .destination = web}, wire::Protocol::gre,
                           std::vector<std::uint8_t>(8, 0));
  };
  after(from_inside, gre(laptop));
  EXPECT_EQ(after(from_inside, gre(address(192, 168, 1, 11))),
            "0.001000000 gw/lan drop p2 - 203.0.113.5 > 198.51.100.10 gre len=8 ttl=63 | ports-exhausted: gre has no "
            "ports, and another flow with 198.51.100.10 has the outside address\n");
}

/// The packet of each drop as it came, where it was another then.
struct AsItCame final : trace::Sink {
  void record(const trace::Record& r) override {
    if (r.kind == trace::Kind::drop) all.push_back(r.before.empty() ? "as it is" : wire::describe(r.before));
  }
  std::vector<std::string> all;
};

nat::Config clamped() {
  nat::Config config = masquerade();
  config.mss_clamp = nat::MssClamp{};
  return config;
}
struct ClampingGateway : GatewayTest {
  ClampingGateway() : GatewayTest(clamped()) {}
};
TEST_F(ClampingGateway, LeavesRoomForTheNarrowerOfTheWayOnAndTheWayBack) {
  const std::vector<std::uint8_t> mss{2, 4, 5, 0xb4};
  const auto announced = [&](std::uint16_t port) {
    const std::string text = after(
        from_inside, wire::tcp_packet({.source = laptop, .destination = web},
                                      {.source_port = port, .destination_port = 80, .flags = {2}, .options = mss}, {}));
    const std::size_t at = text.find("tcp options ");
    return at == std::string::npos ? "as it was" : text.substr(at, text.find(',', at) - at);
  };
  EXPECT_EQ(announced(1), "as it was");
  gw.interfaces()[0].mtu = 1400;
  EXPECT_EQ(announced(2), "tcp options 020405b4 => 02040550") << "1400 - 40";
  gw.interfaces()[1].mtu = 1300;
  EXPECT_EQ(announced(3), "tcp options 020405b4 => 020404ec") << "1300 - 40";
}

TEST_F(GatewayTest, SaysItsTable) {
  after(from_inside, udp(from, to));
  gw.say_table();
  EXPECT_EQ(pass({}),
            "0.001000000 gw table - - mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 198.51.100.10:53 "
            "unreplied left 29s999ms\n");
  gw.flush();
  gw.say_table();
  EXPECT_EQ(pass({}),
            "0.001000000 gw change - - flushed mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 "
            "198.51.100.10:53 unreplied left 29s999ms\n");
}

TEST_F(GatewayTest, PiecesAreTranslatedTogetherAndLeaveAsTheyCame) {
  const std::vector<std::uint8_t> whole = udp(from, to, 40, 64, 0);
  auto piece = [&](std::size_t begin, std::size_t end) {
    const auto word = static_cast<std::uint16_t>(begin / 8 | (end < 48 ? 0x2000 : 0));
    return wire::ip_packet({.source = laptop, .destination = web, .id = 7, .fragment_word = word}, wire::Protocol::udp,
                           wire::ByteView(whole).subspan(20 + begin, end - begin));
  };
  EXPECT_EQ(after(from_inside, piece(16, 48)), "");
  EXPECT_EQ(after(from_inside, piece(0, 16)),
            "0.001000000 gw translate p2 - UDP > 198.51.100.10:53 src 192.168.1.10:5000 => 203.0.113.5:5000, ttl "
            "64 => 63, ip sum 8eb2 => 155f, udp sum 9677 => 1c24 | new mapping #1, new flow #1\n"
            "0.001000000 gw/wan send p2 - 203.0.113.5:5000 > 198.51.100.10:53 udp len=8 ttl=63 frag=0+\n"
            "0.001000000 gw/wan send p4 - 203.0.113.5 > 198.51.100.10 udp len=32 ttl=63 frag=16\n");
  EXPECT_EQ(after(from_inside, piece(0, 16)), "");
  EXPECT_EQ(pass(Duration{31'000'000'000}),
            "30.001000000 gw change - - expired mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 "
            "198.51.100.10:53 unreplied left 0s\n"
            "30.002000000 gw drop p5 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=8 ttl=64 frag=0+ | "
            "reassembly-timeout: 1 of its pieces came\n");
}

TEST_F(GatewayTest, NewRulesHoldAtOnceAndEntriesStay) {
  after(from_inside, udp(from, to));
  gw.configure({});
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.001000000 gw translate p2 - UDP > 198.51.100.10:53 ttl 64 => 63, ip sum 4edd => 4fdd\n"
            "0.001000000 gw/wan send p2 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
}

TEST_F(GatewayTest, AnInterfaceThatIsLostTakesItsEntriesWithIt) {
  after(from_inside, udp(from, to));
  network.set_addresses(gw, 1, {{address(203, 0, 113, 9), 24}});
  gw.interface_lost(1);
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.001000000 gw change - - removed mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 "
            "198.51.100.10:53 unreplied left 29s999ms\n"
            "0.001000000 gw translate p2 - UDP > 198.51.100.10:53 src 192.168.1.10:5000 => 203.0.113.9:5000, ttl "
            "64 => 63, ip sum 4edd => d585, udp sum 0f38 => 94e0 | new mapping #2, new flow #2\n"
            "0.001000000 gw/wan send p2 - 203.0.113.9:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
}

TEST_F(GatewayTest, AnAddressThatIsLostTakesOnlyItsOwnEntriesWithIt) {
  after(from_inside, udp(from, to));
  gw.address_lost(1, address(203, 0, 113, 6));
  EXPECT_EQ(gw.nat().size(), 1u);
  gw.address_lost(1, gw_outside);
  EXPECT_EQ(gw.nat().size(), 0u);
}

TEST_F(GatewayTest, TellsOfANeighbourThatDoesNotAnswerThoughTheEntryIsGone) {
  after(from_inside, udp(from, {address(203, 0, 113, 99), 53}));
  gw.flush();
  lines.text.clear();
  EXPECT_EQ(
      pass(Duration{3'000'000'000}),
      "3.000000000 gw/wan drop p1 - 203.0.113.5:5000 > 203.0.113.99:53 udp len=4 ttl=63 | host-unreachable\n"
      "3.000000000 gw translate p2<p1 - host unreachable > 192.168.1.10 dst 203.0.113.5 => 192.168.1.10, ip sum 696c => "
      "e3bf, icmp sum 7586 => fb32, quoted src 203.0.113.5:5000 => 192.168.1.10:5000, quoted ip sum c363 => 3db7, quoted "
      "udp sum 82be => fd11 | mapping #1, flow #1\n"
      "3.000000000 gw/lan send p2<p1 - 203.0.113.5 > 192.168.1.10 icmp host unreachable {192.168.1.10:5000 > "
      "203.0.113.99:53 udp len=4 ttl=63} ttl=64 tos=c0\n");
}

TEST_F(GatewayTest, WhatWaitsForANeighbourEndsWithTheInterfaceWithoutAWord) {
  after(from_inside, udp(from, {address(203, 0, 113, 99), 53}));
  gw.interface_lost(1);
  EXPECT_EQ(
      pass(Duration{4'000'000'000}),
      "0.001000000 gw/wan drop p1 - 203.0.113.5:5000 > 203.0.113.99:53 udp len=4 ttl=63 | link-down: its neighbour had not "
      "answered yet\n"
      "0.001000000 gw change - - removed mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 203.0.113.99:53 "
      "unreplied left 29s999ms\n");
}

TEST_F(GatewayTest, ABroadcastAddressIsNoneWhileTheInterfaceIsDown) {
  const Endpoint all{address(203, 0, 113, 255), 53};
  EXPECT_EQ(
      after(from_inside, udp(from, all)),
      "0.000000000 gw/lan drop p1 - 192.168.1.10:5000 > 203.0.113.255:53 udp len=4 ttl=64 | broadcast: no program listens\n");
  gw.interfaces()[1].up = false;
  gw.interface_lost(1);
  lines.text.clear();
  EXPECT_EQ(
      after(from_inside, udp(from, all)),
      "0.001000000 gw/lan drop p2 - 192.168.1.10:5000 > 203.0.113.255:53 udp len=4 ttl=64 | no-route: to 203.0.113.255\n"
      "0.001000000 gw/lan send p3<p2 - 192.168.1.1 > 192.168.1.10 icmp net unreachable {192.168.1.10:5000 > "
      "203.0.113.255:53 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

// Linux: what it answers by itself knows of the path by errors about echo replies alone, and never less than 552 bytes.
TEST_F(GatewayTest, LearnsThePathOfItsAnswersFromErrorsAboutThem) {
  const wire::IpFields asked{.source = laptop, .destination = gw_inside},
      answered{.source = gw_inside, .destination = laptop};
  const auto answer_after = [&](std::uint8_t quoted, std::uint32_t told) {
    const std::vector<std::uint8_t> about = wire::icmp_packet(answered, {.type = quoted}, {});
    after(from_inside,
          wire::icmp_packet(
              asked, {.type = wire::icmp::unreachable, .code = wire::icmp::fragmentation_needed, .rest = told}, about));
    return after(from_inside, wire::icmp_packet(asked, {.type = wire::icmp::echo}, std::vector<std::uint8_t>(1000)));
  };
  EXPECT_TRUE(answer_after(wire::icmp::echo, 700).ends_with("icmp echo reply id=0 seq=0 ttl=64\n"));
  EXPECT_TRUE(
      answer_after(wire::icmp::echo_reply, 700).ends_with("192.168.1.1 > 192.168.1.10 icmp len=328 ttl=64 frag=680\n"));
  EXPECT_TRUE(
      answer_after(wire::icmp::echo_reply, 500).ends_with("192.168.1.1 > 192.168.1.10 icmp len=480 ttl=64 frag=528\n"));
}

nat::Config with(nat::Unsolicited unsolicited) {
  nat::Config config = masquerade();
  config.unsolicited = unsolicited;
  return config;
}

struct SilentGateway : GatewayTest {
  SilentGateway() : GatewayTest(with(nat::Unsolicited::drop)) {}
};
TEST_F(SilentGateway, DropsWhatNothingOwnsAndLeavesNoEntry) {
  EXPECT_EQ(after(from_outside, udp(to, seen)),
            "0.000000000 gw/wan drop p1 - 198.51.100.10:53 > 203.0.113.5:5000 udp len=4 ttl=64 | no-mapping: "
            "nothing owns 203.0.113.5:5000/udp\n");
  EXPECT_EQ(gw.nat().size(), 0u);
}

/// No source rule: the configuration says which interface is outside.
nat::Config forwards_only(nat::Unsolicited unsolicited) {
  nat::Config config;
  config.outside = {1};
  config.unsolicited = unsolicited;
  nat::DestinationRule rule;
  rule.to = {wire::address(203, 0, 113, 5), 32};
  rule.protocol = wire::Protocol::udp;
  rule.port = nat::PortRange{22, 22};
  rule.forward = wire::address(192, 168, 1, 10);
  config.destination.push_back(rule);
  return config;
}

struct ForwardsOnly : GatewayTest {
  ForwardsOnly() : GatewayTest(forwards_only(nat::Unsolicited::reject)) {}
};
TEST_F(ForwardsOnly, LetsTheForwardedPortInAndSaysOfOthersThatNothingOwnsThem) {
  const std::string forwarded = after(from_outside, udp({stranger, 9}, {gw_outside, 22}));
  EXPECT_NE(forwarded.find("gw/lan send p1 - 198.51.100.66:9 > 192.168.1.10:22"), std::string::npos) << forwarded;
  EXPECT_EQ(after(from_outside, udp({stranger, 9}, {gw_outside, 80})),
            "0.001000000 gw/wan drop p2 - 198.51.100.66:9 > 203.0.113.5:80 udp len=4 ttl=64 | no-mapping: nothing "
            "owns 203.0.113.5:80/udp\n"
            "0.001000000 gw/wan send p3<p2 - 203.0.113.5 > 198.51.100.66 icmp port unreachable {198.51.100.66:9 > "
            "203.0.113.5:80 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

nat::Config forwards_to_nobody() {
  nat::Config config = forwards_only(nat::Unsolicited::reject);
  config.firewall.protect_forward = true;
  config.firewall.admit_forwarded = false;
  return config;
}
struct ForwardsToNobody : GatewayTest {
  ForwardsToNobody() : GatewayTest(forwards_to_nobody()) {}
};
TEST_F(ForwardsToNobody, TellsThePacketThatItEndsAsItCame) {
  AsItCame dropped;
  network.trace().add(dropped);
  after(from_outside, udp({stranger, 9}, {gw_outside, 22}));
  EXPECT_EQ(dropped.all, std::vector<std::string>{"198.51.100.66:9 > 203.0.113.5:22 udp len=4 ttl=64"});
}

struct SilentForwardsOnly : GatewayTest {
  SilentForwardsOnly() : GatewayTest(forwards_only(nat::Unsolicited::drop)) {}
};
TEST_F(SilentForwardsOnly, DropsWhatStrangersCallAndAnswersInsideHosts) {
  EXPECT_EQ(after(from_outside, udp({stranger, 9}, {gw_outside, 80})),
            "0.000000000 gw/wan drop p1 - 198.51.100.66:9 > 203.0.113.5:80 udp len=4 ttl=64 | no-mapping: nothing "
            "owns 203.0.113.5:80/udp\n");
  EXPECT_EQ(after(from_outside, udp({stranger, 9}, {gw_inside, 80})),
            "0.001000000 gw/wan drop p2 - 198.51.100.66:9 > 192.168.1.1:80 udp len=4 ttl=64 | no-mapping: nothing "
            "owns 192.168.1.1:80/udp\n");
  EXPECT_EQ(after(from_inside, udp(from, {gw_inside, 80})),
            "0.002000000 gw/lan drop p3 - 192.168.1.10:5000 > 192.168.1.1:80 udp len=4 ttl=64 | refused: no program on "
            "udp:80\n"
            "0.002000000 gw/lan send p4<p3 - 192.168.1.1 > 192.168.1.10 icmp port unreachable {192.168.1.10:5000 > "
            "192.168.1.1:80 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

nat::Config with_firewall(bool drop_invalid) {
  nat::Config config;
  config.firewall.drop_invalid = drop_invalid;
  return config;
}

/// 10.2.0.0/16 lies behind a neighbour of laptop's.
struct SideGateway : GatewayTest {
  explicit SideGateway(bool drop_invalid = false) : GatewayTest(with_firewall(drop_invalid)) {
    network.add_address(inside, 0, address(192, 168, 1, 2));
    gw.routes().add({.to = {address(10, 2, 0, 0), 16}, .out = 0, .via = address(192, 168, 1, 2)});
  }
  std::string sent_on() { return after(from_inside, udp(from, {address(10, 2, 0, 1), 53}), Duration{50'000'000}); }
};
const std::string redirect = "icmp redirect";

TEST_F(SideGateway, SendsRedirectsWhileNothingTracksConnections) {
  EXPECT_NE(sent_on().find(redirect), std::string::npos);
}

struct GuardedSideGateway : SideGateway {
  GuardedSideGateway() : SideGateway(true) {}
};
// Linux, in namespaces: the redirect about a packet whose flow NAT has not finished with is dropped (nf_nat_core).
TEST_F(GuardedSideGateway, SendsNoneAboutAPacketWhoseFlowIsNotYetKnownToKeepItsAddresses) {
  const std::string first = sent_on(), second = sent_on();
  EXPECT_EQ(first.find(redirect), std::string::npos) << first;
  EXPECT_NE(second.find(redirect), std::string::npos) << second;
}

struct PatientGateway : GatewayTest {
  PatientGateway() : GatewayTest(with(nat::Unsolicited::icmp_after_6s)) {}
};
TEST_F(PatientGateway, AnswersASynAfterSixSeconds) {
  EXPECT_EQ(after(from_outside, syn(to, seen), Duration{5'999'000'000}),
            "0.000000000 gw/wan drop p1 - 198.51.100.10:53 > 203.0.113.5:5000 tcp SYN seq=1000 win=64240 len=0 "
            "ttl=64 | no-mapping: nothing owns 203.0.113.5:5000/tcp\n");
  EXPECT_EQ(pass(Duration{2'000'000}),
            "6.000000000 gw/wan send p2<p1 - 203.0.113.5 > 198.51.100.10 icmp port unreachable {198.51.100.10:53 "
            "> 203.0.113.5:5000 tcp SYN seq=1000 win=64240 ttl=64} ttl=64 tos=c0\n");
}
TEST_F(PatientGateway, DoesNotAnswerASynThatAnOutboundOneMet) {
  after(from_outside, syn(to, seen));
  after(from_inside, syn(from, to));
  EXPECT_EQ(pass(Duration{7'000'000'000}), "");
}

// The outside has the inside's subnet, too: RFC 4787 REQ-7.

constexpr wire::Prefix subnet{address(192, 168, 1, 0), 24}, alias{address(10, 9, 1, 0), 24};
constexpr wire::Address uplink = address(192, 168, 1, 77);

nat::Config overlapping(bool on, bool twice = false) {
  nat::Config config = masquerade();
  config.overlap = on;
  config.destination.push_back({.in = 1,
                                .from = {},
                                .to = {uplink, 32},
                                .protocol = wire::Protocol::udp,
                                .port = nat::PortRange{8080, 8080},
                                .forward = address(192, 168, 1, 10),
                                .forward_port = std::uint16_t{80}});
  if (!twice) return config;
  config.destination.push_back({.in = 0,
                                .from = {},
                                .to = alias,
                                .protocol = {},
                                .port = {},
                                .forward = subnet.address,
                                .forward_port = {},
                                .keep_host_bits = true});
  config.source.push_back({.out = 0,
                           .in = 1,
                           .protocol = {},
                           .from = subnet,
                           .to = {},
                           .only_port_forwarded = true,
                           .action = nat::SourceRule::Action::source_nat,
                           .addresses = {alias.address, alias.broadcast()},
                           .ports = {},
                           .keep_host_bits = true});
  return config;
}

struct Overlap : testing::Test, test::OneRouter<Gateway> {
  explicit Overlap(const nat::Config& config = overlapping(true)) : OneRouter(trace::NodeKind::gateway, config) {
    network.add_address(gw, from_outside, uplink);
    for (const wire::Address a : {far, twin, gw_inside}) network.add_address(outside, 0, a);
    gw.routes().add_subnet(subnet, from_outside);
    gw.ready();
  }
  static constexpr wire::Address far = address(192, 168, 1, 66), twin = laptop;
};
struct LinuxOverlap : Overlap {
  LinuxOverlap() : Overlap(overlapping(false)) {}
};
struct TwiceNat : Overlap {
  TwiceNat() : Overlap(overlapping(true, true)) {}
};

TEST_F(Overlap, WhatTheInsideCallsGoesOutAndItsAnswersComeIn) {
  EXPECT_EQ(after(from_inside, udp({laptop, 5000}, {far, 53})),
            "0.000000000 gw translate p1 - UDP > 192.168.1.66:53 src 192.168.1.10:5000 => 192.168.1.77:5000, ttl 64 "
            "=> 63, ip sum b730 => b7ed, udp sum 778b => 7748 | new mapping #1, new flow #1\n"
            "0.000000000 gw/wan send p1 - 192.168.1.77:5000 > 192.168.1.66:53 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_outside, udp({far, 53}, {uplink, 5000})),
            "0.001000000 gw translate p2 - UDP > 192.168.1.10:5000 dst 192.168.1.77:5000 => 192.168.1.10:5000, ttl "
            "64 => 63, ip sum b6ed => b830, udp sum 7748 => 778b | mapping #1, flow #1\n"
            "0.001000000 gw/lan send p2 - 192.168.1.66:53 > 192.168.1.10:5000 udp len=4 ttl=63\n");
}

TEST_F(Overlap, WhatIsForwardedComesInAndItsAnswersGoOut) {
  EXPECT_EQ(after(from_outside, udp({far, 9}, {uplink, 8080})),
            "0.000000000 gw translate p1 - UDP > 192.168.1.10:80 dst 192.168.1.77:8080 => 192.168.1.10:80, ttl 64 => "
            "63, ip sum b6ed => b830, udp sum 6b6c => 8aef | new mapping #1, new flow #1\n"
            "0.000000000 gw/lan send p1 - 192.168.1.66:9 > 192.168.1.10:80 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_inside, udp({laptop, 80}, {far, 9})),
            "0.001000000 gw translate p2 - UDP > 192.168.1.66:9 src 192.168.1.10:80 => 192.168.1.77:8080, ttl 64 => "
            "63, ip sum b730 => b7ed, udp sum 8aef => 6b6c | mapping #1, flow #1\n"
            "0.001000000 gw/wan send p2 - 192.168.1.77:8080 > 192.168.1.66:9 udp len=4 ttl=63\n");
}

TEST_F(Overlap, TheGatewayAnswersWhereItWasAsked) {
  EXPECT_EQ(after(from_outside, syn({far, 9}, {uplink, 22})),
            "0.000000000 gw/wan drop p1 - 192.168.1.66:9 > 192.168.1.77:22 tcp SYN seq=1000 win=64240 len=0 ttl=64 | "
            "no-mapping: nothing owns 192.168.1.77:22/tcp\n"
            "0.000000000 gw change - - removed mapping #0 flow #1 tcp 192.168.1.66:9 192.168.1.66:9 192.168.1.77:22 "
            "close left 2m\n"
            "0.000000000 gw/wan send p2<p1 - 192.168.1.77:22 > 192.168.1.66:9 tcp RST+A seq=0 ack=1001 win=0 len=0 "
            "ttl=64\n");
  EXPECT_EQ(after(from_inside, syn({laptop, 9}, {gw_inside, 22})),
            "0.001000000 gw/lan drop p3 - 192.168.1.10:9 > 192.168.1.1:22 tcp SYN seq=1000 win=64240 len=0 ttl=64 | "
            "refused: no program on tcp:22\n"
            "0.001000000 gw change - - removed mapping #0 flow #2 tcp 192.168.1.10:9 192.168.1.10:9 192.168.1.1:22 "
            "close left 2m\n"
            "0.001000000 gw/lan send p4<p3 - 192.168.1.1:22 > 192.168.1.10:9 tcp RST+A seq=0 ack=1001 win=0 len=0 "
            "ttl=64\n");
}

struct PatientOverlap : Overlap {
  static nat::Config patient() {
    nat::Config config = overlapping(true);
    config.unsolicited = nat::Unsolicited::icmp_after_6s;
    return config;
  }
  PatientOverlap() : Overlap(patient()) {}
};

TEST_F(PatientOverlap, TheGatewayAnswersWhereItWasAskedEvenSixSecondsLater) {
  after(from_outside, syn({far, 9}, {uplink, 22}));
  EXPECT_EQ(pass(Duration{7'000'000'000}),
            "6.000000000 gw/wan send p2<p1 - 192.168.1.77 > 192.168.1.66 icmp port unreachable {192.168.1.66:9 > "
            "192.168.1.77:22 tcp SYN seq=1000 win=64240 ttl=64} ttl=64 tos=c0\n");
}

TEST_F(Overlap, OnTheInsideTheGatewayStandsForTheFarHosts) {
  Packet packet = network.pool().make(udp({laptop, 5000}, {far, 53}), 0);
  EXPECT_EQ(network.transmit(inside, 0, packet, far), Sent::yes);
  EXPECT_EQ(pass(Duration{1'000'000}),
            "0.000000000 gw translate p1 - UDP > 192.168.1.66:53 src 192.168.1.10:5000 => 192.168.1.77:5000, ttl 64 "
            "=> 63, ip sum b730 => b7ed, udp sum 778b => 7748 | new mapping #1, new flow #1\n"
            "0.000000000 gw/wan send p1 - 192.168.1.77:5000 > 192.168.1.66:53 udp len=4 ttl=63\n");
}

TEST_F(LinuxOverlap, TheFirstRouteIsTakenAndNobodyStandsForTheFarHosts) {
  Packet packet = network.pool().make(udp({laptop, 5000}, {far, 53}), 0);
  EXPECT_EQ(network.transmit(inside, 0, packet, far), Sent::no_neighbour);
  EXPECT_EQ(after(from_inside, udp({laptop, 5000}, {far, 53}), Duration{4'000'000'000}),
            "0.000000000 gw translate p2 - UDP > 192.168.1.66:53 ttl 64 => 63, ip sum b730 => b830 | new flow #1\n"
            "3.000000000 gw/lan drop p2 - 192.168.1.10:5000 > 192.168.1.66:53 udp len=4 ttl=63 | host-unreachable\n"
            "3.000000000 gw/lan send p3<p2 - 192.168.1.1 > 192.168.1.10 icmp host unreachable {192.168.1.10:5000 > "
            "192.168.1.66:53 udp len=4 ttl=63} ttl=64 tos=c0\n");
}

TEST_F(LinuxOverlap, NewRulesMayMakeItStandForTheFarHosts) {
  gw.configure(overlapping(true));
  Packet packet = network.pool().make(udp({laptop, 5000}, {far, 53}), 0);
  EXPECT_EQ(network.transmit(inside, 0, packet, far), Sent::yes);
  EXPECT_EQ(pass(Duration{1'000'000}),
            "0.000000000 gw translate p1 - UDP > 192.168.1.66:53 src 192.168.1.10:5000 => 192.168.1.77:5000, ttl 64 "
            "=> 63, ip sum b730 => b7ed, udp sum 778b => 7748 | new mapping #1, new flow #1\n"
            "0.000000000 gw/wan send p1 - 192.168.1.77:5000 > 192.168.1.66:53 udp len=4 ttl=63\n");
}

TEST_F(Overlap, NewRulesMayMakeItStandForNobodyAndTakeTheFirstRoute) {
  gw.configure(overlapping(false));
  Packet packet = network.pool().make(udp({laptop, 5000}, {far, 53}), 0);
  EXPECT_EQ(network.transmit(inside, 0, packet, far), Sent::no_neighbour);
  EXPECT_EQ(after(from_inside, udp({laptop, 5000}, {far, 53})),
            "0.000000000 gw translate p2 - UDP > 192.168.1.66:53 ttl 64 => 63, ip sum b730 => b830 | new flow #1\n");
}

TEST_F(TwiceNat, AHostReachesTheOneThatHasItsOwnAddress) {
  EXPECT_EQ(after(from_inside, udp({laptop, 5000}, {address(10, 9, 1, 10), 53})),
            "0.000000000 gw translate p1 - UDP > 192.168.1.10:53 src 192.168.1.10:5000 => 192.168.1.77:5000, dst "
            "10.9.1.10:53 => 192.168.1.10:53, ttl 64 => 63, ip sum 6e08 => b825, udp sum 2e63 => 7780 | new mapping "
            "#1, new flow #1\n"
            "0.000000000 gw/wan send p1 - 192.168.1.77:5000 > 192.168.1.10:53 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_outside, udp({twin, 53}, {uplink, 5000})),
            "0.001000000 gw translate p2 - UDP > 192.168.1.10:5000 src 192.168.1.10:53 => 10.9.1.10:53, dst "
            "192.168.1.77:5000 => 192.168.1.10:5000, ttl 64 => 63, ip sum b725 => 6f08, udp sum 7780 => 2e63 | "
            "mapping #1, flow #1\n"
            "0.001000000 gw/lan send p2 - 10.9.1.10:53 > 192.168.1.10:5000 udp len=4 ttl=63\n");
}

TEST_F(TwiceNat, AndIsReachedByIt) {
  EXPECT_EQ(after(from_outside, udp({twin, 9}, {uplink, 8080})),
            "0.000000000 gw translate p1 - UDP > 192.168.1.10:80 src 192.168.1.10:9 => 10.9.1.10:9, dst "
            "192.168.1.77:8080 => 192.168.1.10:80, ttl 64 => 63, ip sum b725 => 6f08, udp sum 6ba4 => 41c7 | new "
            "mapping #1, new flow #1\n"
            "0.000000000 gw/lan send p1 - 10.9.1.10:9 > 192.168.1.10:80 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_inside, udp({laptop, 80}, {address(10, 9, 1, 10), 9})),
            "0.001000000 gw translate p2 - UDP > 192.168.1.10:9 src 192.168.1.10:80 => 192.168.1.77:8080, dst "
            "10.9.1.10:9 => 192.168.1.10:9, ttl 64 => 63, ip sum 6e08 => b825, udp sum 41c7 => 6ba4 | mapping #1, "
            "flow #1\n"
            "0.001000000 gw/wan send p2 - 192.168.1.77:8080 > 192.168.1.10:9 udp len=4 ttl=63\n");
}

TEST_F(TwiceNat, TheGatewaysOwnTwinIsReachedAndReachesIn) {
  EXPECT_EQ(after(from_inside, udp({laptop, 5000}, {address(10, 9, 1, 1), 53})),
            "0.000000000 gw translate p1 - UDP > 192.168.1.1:53 src 192.168.1.10:5000 => 192.168.1.77:5000, dst "
            "10.9.1.1:53 => 192.168.1.1:53, ttl 64 => 63, ip sum 6e11 => b82e, udp sum 2e6c => 7789 | new mapping "
            "#1, new flow #1\n"
            "0.000000000 gw/wan send p1 - 192.168.1.77:5000 > 192.168.1.1:53 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_outside, udp({gw_inside, 53}, {uplink, 5000})),
            "0.001000000 gw translate p2 - UDP > 192.168.1.10:5000 src 192.168.1.1:53 => 10.9.1.1:53, dst "
            "192.168.1.77:5000 => 192.168.1.10:5000, ttl 64 => 63, ip sum b72e => 6f11, udp sum 7789 => 2e6c | "
            "mapping #1, flow #1\n"
            "0.001000000 gw/lan send p2 - 10.9.1.1:53 > 192.168.1.10:5000 udp len=4 ttl=63\n");
  EXPECT_EQ(after(from_outside, udp({gw_inside, 9}, {uplink, 8080})),
            "0.002000000 gw translate p3 - UDP > 192.168.1.10:80 src 192.168.1.1:9 => 10.9.1.1:9, dst "
            "192.168.1.77:8080 => 192.168.1.10:80, ttl 64 => 63, ip sum b72e => 6f11, udp sum 6bad => 41d0 | new "
            "mapping #2, new flow #2\n"
            "0.002000000 gw/lan send p3 - 10.9.1.1:9 > 192.168.1.10:80 udp len=4 ttl=63\n");
}

TEST_F(LinuxOverlap, TheGatewaysAddressIsNobodyElsesAnywhere) {
  EXPECT_EQ(after(from_outside, udp({gw_inside, 9}, {uplink, 8080})),
            "0.000000000 gw/wan drop p1 - 192.168.1.1:9 > 192.168.1.10:80 udp len=4 ttl=64 | martian: the source is "
            "this node's own address\n");
}

TEST_F(Overlap, FromTheInsideTheGatewaysAddressIsNobodyElses) {
  EXPECT_EQ(after(from_inside, udp({gw_inside, 9}, {far, 53})),
            "0.000000000 gw/lan drop p1 - 192.168.1.1:9 > 192.168.1.66:53 udp len=4 ttl=64 | martian: the source is "
            "this node's own address\n");
}

struct FullOfPieces : GatewayTest {
  static nat::Config giving_way(bool on) {
    nat::Config config = masquerade();
    config.oldest_pieces_go = on;
    return config;
  }
  explicit FullOfPieces(bool on = true) : GatewayTest(giving_way(on)) {}

  std::string next_piece() {
    const wire::IpFields ip{.source = stranger, .destination = gw_outside, .id = ++id, .fragment_word = 0x2000};
    return after(from_outside, wire::ip_packet(ip, wire::Protocol::udp, std::vector<std::uint8_t>(8192, 'x')));
  }
  /// What is told first, as new datagrams begin.
  std::string fill() {
    std::string told;
    while (told.empty() && id < 600) told = next_piece();
    return told;
  }
  std::uint16_t id = 0;
};
struct FullOfOldPieces : FullOfPieces {
  FullOfOldPieces() : FullOfPieces(false) {}
};

TEST_F(FullOfPieces, TheOldestGiveWayAndAreTold) {
  EXPECT_EQ(fill(),
            "0.496000000 gw drop p1 - 198.51.100.66:30840 > 203.0.113.5:30840 udp len=8184 ttl=64 frag=0+ | "
            "queue-full: its pieces gave way to newer ones\n");
  EXPECT_EQ(id, 497);
}

TEST_F(FullOfOldPieces, GiveWayFromTheNextDatagramOnIfNewRulesSaySo) {
  EXPECT_EQ(fill(),
            "0.496000000 gw/wan drop p497 - 198.51.100.66:30840 > 203.0.113.5:30840 udp len=8184 ttl=64 frag=0+ | "
            "queue-full\n");
  gw.configure(giving_way(true));
  EXPECT_EQ(next_piece(),
            "0.497000000 gw drop p1 - 198.51.100.66:30840 > 203.0.113.5:30840 udp len=8184 ttl=64 frag=0+ | "
            "queue-full: its pieces gave way to newer ones\n");
}

}  // namespace
}  // namespace masqsim::net
