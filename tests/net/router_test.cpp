#include "sim/net/router.hpp"

#include <gtest/gtest.h>

#include "one_router.hpp"
#include "sim/net/host.hpp"

namespace masqsim::net {
namespace {

using test::udp;
using wire::address;
using wire::Endpoint;

struct RouterTest : testing::Test, test::OneRouter<Router> {
  RouterTest() : OneRouter(trace::NodeKind::router) {}
  const Endpoint from{laptop, 5000}, to{web, 53};
};

TEST_F(RouterTest, ForwardsAndTakesOneOffTheTimeToLive) {
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.000000000 gw/wan send p1 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
}

TEST_F(RouterTest, AnExpiredTimeToLiveIsTold) {
  EXPECT_EQ(after(from_inside, udp(from, to, 4, 1)),
            "0.000000000 gw/lan drop p1 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=1 | ttl-exceeded\n"
            "0.000000000 gw/lan send p2<p1 - 192.168.1.1 > 192.168.1.10 icmp TTL exceeded {192.168.1.10:5000 > "
            "198.51.100.10:53 udp len=4 ttl=1} ttl=64 tos=c0\n");
}

TEST_F(RouterTest, TooBigAndNotToBeFragmentedIsTold) {
  gw.interfaces()[1].mtu = 1400;
  EXPECT_EQ(after(from_inside, udp(from, to, 1373)),
            "0.000000000 gw/lan drop p1 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=1373 ttl=64 | too-big: "
            "1401 bytes, the link takes 1400\n"
            "0.000000000 gw/lan send p2<p1 - 192.168.1.1 > 192.168.1.10 icmp fragmentation needed mtu=1400 "
            "{192.168.1.10:5000 > 198.51.100.10:53 udp len=1373 ttl=64} ttl=64 tos=c0\n");
}

TEST_F(RouterTest, TooBigIsCutAsLinuxCuts) {
  gw.interfaces()[1].mtu = 1400;
  EXPECT_EQ(after(from_inside, udp(from, to, 1373, 64, 0)),
            "0.000000000 gw/wan send p1 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=1368 ttl=63 frag=0+\n"
            "0.000000000 gw/wan send p2 - 192.168.1.10 > 198.51.100.10 udp len=5 ttl=63 frag=1376\n");
}

TEST_F(RouterTest, EachKindOfRefusalHasItsAnswer) {
  gw.routes().add({.to = {address(10, 1, 0, 0), 16}, .via = {}, .kind = Route::Kind::unreachable});
  gw.routes().add({.to = {address(10, 2, 0, 0), 16}, .via = {}, .kind = Route::Kind::prohibit});
  gw.routes().add({.to = {address(10, 3, 0, 0), 16}, .via = {}, .kind = Route::Kind::blackhole});
  gw.routes().remove(wire::Prefix{});
  EXPECT_EQ(after(from_inside, udp(from, {address(10, 1, 0, 1), 53})),
            "0.000000000 gw/lan drop p1 - 192.168.1.10:5000 > 10.1.0.1:53 udp len=4 ttl=64 | no-route: the route "
            "to 10.1.0.0/16 refuses\n"
            "0.000000000 gw/lan send p2<p1 - 192.168.1.1 > 192.168.1.10 icmp host unreachable {192.168.1.10:5000 "
            "> 10.1.0.1:53 udp len=4 ttl=64} ttl=64 tos=c0\n");
  EXPECT_EQ(after(from_inside, udp(from, {address(10, 2, 0, 1), 53})),
            "0.001000000 gw/lan drop p3 - 192.168.1.10:5000 > 10.2.0.1:53 udp len=4 ttl=64 | firewall: the route "
            "to 10.2.0.0/16 refuses\n"
            "0.001000000 gw/lan send p4<p3 - 192.168.1.1 > 192.168.1.10 icmp administratively prohibited "
            "{192.168.1.10:5000 > 10.2.0.1:53 udp len=4 ttl=64} ttl=64 tos=c0\n");
  EXPECT_EQ(after(from_inside, udp(from, {address(10, 3, 0, 1), 53})),
            "0.002000000 gw/lan drop p5 - 192.168.1.10:5000 > 10.3.0.1:53 udp len=4 ttl=64 | no-route: the route "
            "to 10.3.0.0/16 refuses\n");
  EXPECT_EQ(after(from_inside, udp(from, to)),
            "0.003000000 gw/lan drop p6 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=64 | no-route: to "
            "198.51.100.10\n"
            "0.003000000 gw/lan send p7<p6 - 192.168.1.1 > 192.168.1.10 icmp net unreachable {192.168.1.10:5000 "
            "> 198.51.100.10:53 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

TEST_F(RouterTest, ANeighbourThatDoesNotAnswerIsGivenUpAfterThreeSeconds) {
  EXPECT_EQ(after(from_outside, udp(to, {address(192, 168, 1, 99), 5000}), Duration{2'999'000'000}), "");
  EXPECT_EQ(pass(Duration{2'000'000}),
            "3.000000000 gw/lan drop p1 - 198.51.100.10:53 > 192.168.1.99:5000 udp len=4 ttl=63 | host-unreachable\n"
            "3.000000000 gw/wan send p2<p1 - 203.0.113.5 > 198.51.100.10 icmp host unreachable {198.51.100.10:53 "
            "> 192.168.1.99:5000 udp len=4 ttl=63} ttl=64 tos=c0\n");
}

TEST_F(RouterTest, OfPiecesThatWaitForANeighbourInVainTheFirstIsTold) {
  gw.interfaces()[0].mtu = 1400;
  EXPECT_EQ(after(from_outside, udp(to, {address(192, 168, 1, 99), 5000}, 1373, 64, 0), Duration{3'001'000'000}),
            "3.000000000 gw/lan drop p1 - 198.51.100.10:53 > 192.168.1.99:5000 udp len=1368 ttl=63 frag=0+ | "
            "host-unreachable\n"
            "3.000000000 gw/wan send p3<p1 - 203.0.113.5 > 198.51.100.10 icmp host unreachable {198.51.100.10:53 > "
            "192.168.1.99:5000 udp len=1373 ttl=63 frag=0+} ttl=64 tos=c0\n"
            "3.000000000 gw/lan drop p2 - 198.51.100.10 > 192.168.1.99 udp len=5 ttl=63 frag=1376 | "
            "host-unreachable\n");
}

TEST_F(RouterTest, PacketsNoHostCanHaveSentEndHere) {
  const auto source = [&](wire::Address a) { return after(from_inside, udp({a, 5000}, to)); };
  EXPECT_EQ(source(address(127, 0, 0, 1)),
            "0.000000000 gw/lan drop p1 - 127.0.0.1:5000 > 198.51.100.10:53 udp len=4 ttl=64 | martian: a source "
            "no host can have\n");
  EXPECT_EQ(source(address(224, 0, 0, 1)),
            "0.001000000 gw/lan drop p2 - 224.0.0.1:5000 > 198.51.100.10:53 udp len=4 ttl=64 | martian: a source "
            "no host can have\n");
  EXPECT_EQ(source(address(0, 0, 0, 0)),
            "0.002000000 gw/lan drop p3 - 0.0.0.0:5000 > 198.51.100.10:53 udp len=4 ttl=64 | martian: a source "
            "no host can have\n");
  EXPECT_EQ(source(gw_outside),
            "0.003000000 gw/lan drop p4 - 203.0.113.5:5000 > 198.51.100.10:53 udp len=4 ttl=64 | martian: the "
            "source is this node's own address\n");
  const auto destination = [&](wire::Address a) { return after(from_inside, udp(from, {a, 53})); };
  EXPECT_EQ(destination(address(127, 0, 0, 1)),
            "0.004000000 gw/lan drop p5 - 192.168.1.10:5000 > 127.0.0.1:53 udp len=4 ttl=64 | martian: a "
            "destination that is on no wire\n");
  EXPECT_EQ(destination(address(224, 0, 0, 5)),
            "0.005000000 gw/lan drop p6 - 192.168.1.10:5000 > 224.0.0.5:53 udp len=4 ttl=64 | broadcast: "
            "multicast is not forwarded\n");
  EXPECT_EQ(destination(address(192, 168, 1, 255)),
            "0.006000000 gw/lan drop p7 - 192.168.1.10:5000 > 192.168.1.255:53 udp len=4 ttl=64 | broadcast: no "
            "program listens\n");
}

/// What becomes of a datagram from `source` at a node of type T: "" or the reason of its drop. The node is 192.168.1.1
/// and 203.0.113.5, and no program listens.
template <typename T>
std::string fate(wire::Address source, wire::Address destination) {
  test::OneRouter<T> lab(trace::NodeKind::router);
  const std::string text = lab.after(0, udp({source, 5000}, {destination, 53}));
  const std::size_t bar = text.find("| ");
  const std::string reason =
      bar == std::string::npos ? "forwarded" : text.substr(bar + 2, text.find_first_of(":\n", bar) - bar - 2);
  return reason == "refused" || reason == "broadcast" ? "taken" : reason;
}

// Measured in namespaces on Linux 6.18, with net.ipv4.ip_forward 0 and 1, rp_filter 0: the two agree in every row.
TEST(Sources, AreRefusedByHostsAsByRouters) {
  const wire::Address own = address(192, 168, 1, 1), all = address(255, 255, 255, 255), net = address(192, 168, 1, 255),
                      group = address(224, 0, 0, 1);
  struct Row {
    wire::Address source;
    std::string to_own, to_all, to_net, to_group;
  };
  const std::string no = "martian", yes = "taken";
  const Row rows[] = {
      {address(192, 168, 1, 10), yes, yes, yes, yes},
      {address(0, 0, 0, 0), no, yes, no, yes},
      {address(0, 1, 2, 3), yes, yes, yes, yes},
      {address(127, 0, 0, 1), no, no, no, no},
      {address(127, 5, 5, 5), no, yes, no, no},
      {address(224, 0, 0, 1), no, no, no, no},
      {address(239, 1, 1, 1), no, no, no, no},
      {address(240, 0, 0, 1), yes, yes, yes, yes},
      {address(255, 255, 255, 254), yes, yes, yes, yes},
      {all, no, no, no, no},
      {own, no, no, no, no},
      {address(203, 0, 113, 5), no, no, no, no},
      {net, yes, yes, yes, yes},
      {address(203, 0, 113, 255), yes, yes, yes, yes},
      {address(203, 0, 113, 9), yes, yes, yes, yes},
  };
  for (const Row& row : rows) {
    const auto fates = [&](auto fate_at) {
      return std::vector<std::string>{fate_at(row.source, own), fate_at(row.source, all), fate_at(row.source, net),
                                      fate_at(row.source, group)};
    };
    const std::vector<std::string> wanted{row.to_own, row.to_all, row.to_net, row.to_group};
    EXPECT_EQ(fates(fate<Host>), wanted) << "host, " << to_string(row.source);
    EXPECT_EQ(fates(fate<Router>), wanted) << "router, " << to_string(row.source);
  }
}

// Linux looks at the source once more where it looks for redirects.
TEST(Sources, ThatAreBroadcastAddressesAreForwardedButNotBackWhereTheyCame) {
  EXPECT_EQ(fate<Router>(address(192, 168, 1, 255), address(198, 51, 100, 10)), "forwarded");
  EXPECT_EQ(fate<Router>(address(192, 168, 1, 255), address(192, 168, 1, 77)), "martian");
  EXPECT_EQ(fate<Router>(address(240, 0, 0, 1), address(192, 168, 1, 10)), "forwarded");
}

TEST(Hosts, DoNotForward) { EXPECT_EQ(fate<Host>(address(192, 168, 1, 10), address(198, 51, 100, 10)), "not-for-us"); }

TEST_F(RouterTest, ReassemblesWhatIsForItself) {
  const std::vector<std::uint8_t> whole = udp(from, {gw_inside, 53}, 40, 64, 0);
  const auto piece = [&](std::size_t begin, std::size_t end) {
    const auto word = static_cast<std::uint16_t>(begin / 8 | (end < 48 ? 0x2000 : 0));
    return wire::ip_packet({.source = laptop, .destination = gw_inside, .id = 7, .fragment_word = word},
                           wire::Protocol::udp, wire::ByteView(whole).subspan(20 + begin, end - begin));
  };
  after(from_inside, piece(0, 16));
  const std::string text = after(from_inside, piece(16, 48));
  EXPECT_NE(text.find("192.168.1.10:5000 > 192.168.1.1:53 udp len=40 ttl=64 | refused: no program on udp:53"),
            std::string::npos)
      << text;
}

TEST_F(RouterTest, DamagedHeadersEndHere) {
  std::vector<std::uint8_t> packet = udp(from, to);
  packet[0] = 0x65;
  EXPECT_EQ(after(from_inside, packet),
            "0.000000000 gw/lan drop p1 - not IPv4: 32 bytes 650000200000400040114eddc0a8010ac633640a | "
            "bad-header: not version 4\n");
  packet[0] = 0x44;
  EXPECT_EQ(after(from_inside, packet),
            "0.001000000 gw/lan drop p2 - not IPv4: 32 bytes 440000200000400040114eddc0a8010ac633640a | "
            "bad-header: lengths that do not fit\n");
  packet[0] = 0x45;
  packet[3] = 200;
  EXPECT_EQ(after(from_inside, packet),
            "0.002000000 gw/lan drop p3 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=64 ip-sum-wrong "
            "length-wrong=200/32 | bad-header: lengths that do not fit\n");
  packet[3] = 32;
  packet[11] ^= 1;
  EXPECT_EQ(after(from_inside, packet),
            "0.003000000 gw/lan drop p4 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=64 ip-sum-wrong | "
            "bad-checksum: of the IP header\n");
  EXPECT_EQ(after(from_inside, wire::ByteView(packet).first(7)),
            "0.004000000 gw/lan drop p5 - not IPv4: 7 bytes 45000020000040 | bad-header: shorter than a header\n");
}

TEST_F(RouterTest, PaddingBehindThePacketIsCutOff) {
  std::vector<std::uint8_t> packet = udp(from, to);
  packet.resize(46);
  EXPECT_EQ(after(from_inside, packet),
            "0.000000000 gw/wan send p1 - 192.168.1.10:5000 > 198.51.100.10:53 udp len=4 ttl=63\n");
}

TEST_F(RouterTest, AStrictReversePathFilterDropsASpoofedSource) {
  gw.set_reverse_path_filter(true);
  EXPECT_EQ(after(from_outside, udp({laptop, 1}, {address(192, 168, 1, 11), 2})),
            "0.000000000 gw/wan drop p1 - 192.168.1.10:1 > 192.168.1.11:2 udp len=4 ttl=64 | reverse-path: it "
            "came by wan, and the way back to 192.168.1.10 is by lan\n");
}

TEST_F(RouterTest, TakesNoSourceRoute) {
  const std::vector<std::uint8_t> options{131, 7, 4, 1, 2, 3, 4, 0};
  const std::vector<std::uint8_t> packet =
      wire::ip_packet({.source = laptop, .destination = web, .options = options}, wire::Protocol::udp, {});
  EXPECT_EQ(after(from_inside, packet),
            "0.000000000 gw/lan drop p1 - 192.168.1.10 > 198.51.100.10 udp cut ttl=64 options=8307040102030400 | "
            "source-route\n");
}

TEST_F(RouterTest, AnswersForItself) {
  EXPECT_EQ(after(from_inside, udp(from, {gw_outside, 7})),
            "0.000000000 gw/lan drop p1 - 192.168.1.10:5000 > 203.0.113.5:7 udp len=4 ttl=64 | refused: no "
            "program on udp:7\n"
            "0.000000000 gw/lan send p2<p1 - 203.0.113.5 > 192.168.1.10 icmp port unreachable {192.168.1.10:5000 "
            "> 203.0.113.5:7 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

TEST(CloudRouter, HasNoWayToPrivateAndSharedSpace) {
  test::OneRouter<Router> internet(trace::NodeKind::cloud);
  internet.gw.routes().remove(wire::Prefix{});
  EXPECT_EQ(internet.after(1, udp({internet.stranger, 5000}, {address(10, 0, 0, 1), 22})),
            "0.000000000 gw/wan drop p1 - 198.51.100.66:5000 > 10.0.0.1:22 udp len=4 ttl=64 | no-route: private "
            "address (RFC 1918)\n");
  internet.gw.routes().add({.to = {address(198, 51, 100, 66), 32}, .out = 1, .via = internet.next_router});
  EXPECT_EQ(internet.after(1, udp({internet.stranger, 5000}, {address(10, 0, 0, 1), 22})),
            "0.001000000 gw/wan drop p2 - 198.51.100.66:5000 > 10.0.0.1:22 udp len=4 ttl=64 | no-route: private "
            "address (RFC 1918)\n"
            "0.001000000 gw/wan send p3<p2 - 203.0.113.5 > 198.51.100.66 icmp net unreachable "
            "{198.51.100.66:5000 > 10.0.0.1:22 udp len=4 ttl=64} ttl=64 tos=c0\n");
  EXPECT_EQ(internet.after(1, udp({internet.stranger, 5000}, {address(100, 64, 0, 1), 22})),
            "0.002000000 gw/wan drop p4 - 198.51.100.66:5000 > 100.64.0.1:22 udp len=4 ttl=64 | no-route: shared "
            "address (RFC 6598)\n"
            "0.002000000 gw/wan send p5<p4 - 203.0.113.5 > 198.51.100.66 icmp net unreachable "
            "{198.51.100.66:5000 > 100.64.0.1:22 udp len=4 ttl=64} ttl=64 tos=c0\n");
  EXPECT_EQ(internet.after(1, udp({internet.stranger, 5000}, {internet.web, 22})),
            "0.003000000 gw/wan drop p6 - 198.51.100.66:5000 > 198.51.100.10:22 udp len=4 ttl=64 | no-route: to "
            "198.51.100.10\n"
            "0.003000000 gw/wan send p7<p6 - 203.0.113.5 > 198.51.100.66 icmp net unreachable "
            "{198.51.100.66:5000 > 198.51.100.10:22 udp len=4 ttl=64} ttl=64 tos=c0\n");
}

}  // namespace
}  // namespace masqsim::net
