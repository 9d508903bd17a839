#include "masqsim/net/gateway.hpp"

#include <gtest/gtest.h>

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
  explicit GatewayTest(const nat::Config& config = masquerade()) : OneRouter(trace::NodeKind::gateway, config) { gw.ready(); }
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
            "0.001000000 gw/wan send p2 - 203.0.113.5:5000 > 198.51.100.10:53 udp len=40 ttl=63 frag=0+\n"
            "0.001000000 gw/wan send p4 - 203.0.113.5 > 198.51.100.10 udp len=32 ttl=63 frag=16\n");
  EXPECT_EQ(after(from_inside, piece(0, 16)), "");
  EXPECT_EQ(pass(Duration{31'000'000'000}),
            "30.001000000 gw change - - expired mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 "
            "198.51.100.10:53 unreplied left 0s\n"
            "30.002000000 gw drop p5 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=40 ttl=64 frag=0+ | "
            "reassembly-timeout: 1 of its pieces came\n");
}

TEST_F(GatewayTest, NewRulesHoldAtOnceAndEntriesStay) {
  after(from_inside, udp(from, to));
  gw.set_rules({}, {});
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.001000000 gw translate p2 - UDP > 198.51.100.10:53 ttl 64 => 63, ip sum 4edd => 4fdd\n"
            "0.001000000 gw/wan send p2 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
}

TEST_F(GatewayTest, AnInterfaceThatIsLostTakesItsEntriesWithIt) {
  after(from_inside, udp(from, to));
  gw.interfaces()[1].address = address(203, 0, 113, 9);
  network.address_changed(gw, 1, gw_outside);
  gw.interface_lost(1);
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.001000000 gw change - - removed mapping #1 flow #1 udp 192.168.1.10:5000 203.0.113.5:5000 "
            "198.51.100.10:53 unreplied left 29s999ms\n"
            "0.001000000 gw translate p2 - UDP > 198.51.100.10:53 src 192.168.1.10:5000 => 203.0.113.9:5000, ttl "
            "64 => 63, ip sum 4edd => d585, udp sum 0f38 => 94e0 | new mapping #2, new flow #2\n"
            "0.001000000 gw/wan send p2 - 203.0.113.9:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
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

}  // namespace
}  // namespace masqsim::net
