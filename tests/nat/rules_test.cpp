// Rules, limits, firewall, INVALID packets and ICMP errors, reports.
#include <gtest/gtest.h>

#include "bench.hpp"
#include "sim/nat/rules.hpp"

namespace masqsim::nat::testing {
namespace {

TEST(SourceRule, FirstMatchDecides) {
  Config config;
  SourceRule rule;
  rule.out = wan;
  rule.to = wire::Prefix{remote2, 32};
  rule.action = SourceRule::Action::exempt;
  config.source.push_back(rule);
  rule = {};
  rule.out = wan;
  rule.protocol = wire::Protocol::tcp;
  rule.from = wire::Prefix{a_host, 32};
  rule.action = SourceRule::Action::source_nat;
  rule.addresses = {wire::address(203, 0, 113, 9), wire::address(203, 0, 113, 9)};
  config.source.push_back(rule);
  rule = {};
  rule.out = wan;
  config.source.push_back(rule);
  Bench b(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote2, 53))),
            "out: 192.168.1.10:5000 > 198.51.100.8:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {})),
            "out: 203.0.113.9:5000 > 198.51.100.7:80 tcp SYN seq=1000 win=64240 len=0 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(SourceRule, APoolAddressFollowsTheHostsAsLinuxHashesThem) {
  Config config = masquerading();
  SourceRule& rule = config.source.front();
  rule.action = SourceRule::Action::source_nat;
  rule.addresses = {wire::address(203, 0, 113, 10), wire::address(203, 0, 113, 13)};
  Bench spread(config);
  rule.persistent = true;
  Bench paired(config);
  Lines seen, kept;
  for (std::uint32_t n = 7; n <= 9; ++n) {
    for (Bench* b : {&spread, &paired}) {
      b->from_inside(udp(at(a_host, static_cast<std::uint16_t>(5000 + n)), at(wire::address(198, 51, 100, n), 53)));
      (b == &spread ? seen : kept).push_back(to_string(b->nat.table(b->now).back().outside.address));
    }
  }
  EXPECT_EQ(kept[0], kept[1]);
  EXPECT_EQ(kept[0], kept[2]);
  EXPECT_NE(seen, kept);
}

TEST(SourceRule, RandomNeverKeepsThePort) {
  Config config = masquerading();
  config.source.front().random = true;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5000), at(remote2, 53)));
  EXPECT_NE(b.nat.table(b.now).at(0).outside.port, b.nat.table(b.now).at(1).outside.port);
}

TEST(NetMap, KeepsHostBitsBothWays) {
  Config config;
  SourceRule source;
  source.out = wan;
  source.from = wire::Prefix{wire::address(192, 168, 1, 8), 30};
  source.action = SourceRule::Action::source_nat;
  source.addresses = {wire::address(203, 0, 113, 16), wire::address(203, 0, 113, 19)};
  source.keep_host_bits = true;
  config.source.push_back(source);
  DestinationRule destination;
  destination.to = {wire::address(203, 0, 113, 16), 30};
  destination.forward = wire::address(192, 168, 1, 8);
  destination.keep_host_bits = true;
  config.destination.push_back(destination);
  Bench b(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.18:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_outside(echo(remote2, wire::address(203, 0, 113, 19), 9)),
            "in: 198.51.100.8 > 192.168.1.11 icmp echo request id=9 seq=1 ttl=64");
}

TEST(PortForward, BlocksThePortTowardsThatRemoteOnly) {
  Config config = masquerading();
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  b.from_outside(udp(at(remote, 4000), at(outer, 8080)));
  b.from_inside(udp(at(b_host, 8080), at(remote, 4000)));
  EXPECT_NE(b.nat.table(b.now).at(1).outside.port, 8080);
  EXPECT_EQ(b.from_inside(udp(at(b_host, 8080), at(remote2, 4000))).substr(0, 17), "out: 203.0.113.1:");
}

TEST(PortForward, SharesOneMappingNumberAmongItsCallers) {
  Config config = masquerading();
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  b.from_outside(udp(at(remote, 4000), at(outer, 8080)));
  b.from_outside(udp(at(remote2, 4000), at(outer, 8080)));
  EXPECT_EQ(b.nat.table(b.now).at(0).mapping, b.nat.table(b.now).at(1).mapping);
}

TEST(PortForward, TranslatesErrorsBothWays) {
  Config config = masquerading();
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  b.from_outside(udp(at(remote, 4000), at(outer, 8080)));
  const Bytes request = b.packet;
  EXPECT_EQ(
      b.from_inside(error_about(request, a_host, remote)),
      "out: 203.0.113.1 > 198.51.100.7 icmp port unreachable {198.51.100.7:4000 > 203.0.113.1:8080 udp len=5 ttl=64} ttl=64");
  b.from_inside(udp(at(a_host, 80), at(remote, 4000)));
  const Bytes answer = b.packet;
  EXPECT_EQ(
      b.from_outside(error_about(answer, remote2, outer)),
      "in: 198.51.100.8 > 192.168.1.10 icmp port unreachable {192.168.1.10:80 > 198.51.100.7:4000 udp len=5 ttl=64} ttl=64");
}

TEST(Rules, TakenAwayStopTranslationAtOnceWhileEntriesStay) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.configure({});
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 192.168.1.10:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.nat.size(), 1u);
}

TEST(Limits, EarlyDropLooksBeyondFlowsThatAreAssured) {
  Config config = masquerading();
  config.limits.table = 6;
  Bench b(config);
  for (std::uint16_t port = 5000; port < 5005; ++port) {
    b.from_inside(udp(at(a_host, port), at(remote, 53)));
    b.from_outside(udp(at(remote, 53), at(outer, port)));
  }
  b.now += 3_s;
  for (std::uint16_t port = 5000; port < 5005; ++port) b.from_inside(udp(at(a_host, port), at(remote, 53)));
  b.from_inside(udp(at(b_host, 6000), at(remote, 53)));
  EXPECT_EQ(b.from_inside(udp(at(c_host, 6001), at(remote, 53))),
            "out: 203.0.113.1:6001 > 198.51.100.7:53 udp len=5 ttl=64");
  const auto table = b.table();
  ASSERT_EQ(table.size(), 6u);
  EXPECT_EQ(table.back(), "udp 192.168.1.12:6001 203.0.113.1:6001 198.51.100.7:53 unreplied 30s");
  EXPECT_EQ(table.front(), "udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 assured 2m");
}

TEST(Invalid, IsWhatConntrackCannotMakeSenseOf) {
  const auto fate = [](const Bytes& bytes) {
    Bench b;
    const std::string line = b.from_inside(bytes);
    return line.ends_with("(invalid)") && line.starts_with("out: 192.168.1.10");
  };
  Bytes wrong_sum = udp(at(a_host, 5000), at(remote, 53));
  wrong_sum[26] ^= 1;
  EXPECT_TRUE(fate(wrong_sum));
  EXPECT_TRUE(fate(raw(a_host, remote, 17, {0x13, 0x88, 0, 53})));
  EXPECT_TRUE(fate(raw(a_host, remote, 6, {0x13, 0x88, 0, 53})));
  EXPECT_TRUE(fate(raw(a_host, remote, 17, {0x13})));
  EXPECT_TRUE(fate(raw(a_host, remote, 1, {8, 0, 0xf7, 0xff})));
  EXPECT_TRUE(fate(echo(a_host, remote, 7, true)));
  EXPECT_TRUE(fate(icmp(a_host, remote, 10, 0, 0)));
  EXPECT_TRUE(fate(icmp(a_host, remote, 40, 0, 0)));
  EXPECT_TRUE(fate(error_about(udp(at(remote, 53), at(a_host, 5000)), a_host, remote)));
  EXPECT_TRUE(fate(icmp(a_host, remote, 3, 3, 0, {0x45, 0, 0})));
  EXPECT_TRUE(fate(error_about(raw(remote, a_host, 17, {0x13}), a_host, remote)));
  Bytes cut = udp(at(a_host, 5000), at(remote, 53));
  cut[3] = 10;
  Bench b;
  EXPECT_EQ(b.from_inside(cut), "X bad-header");
}

TEST(IcmpError, ThatLiesAboutItsReceiverIsUnrelated) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  const Bytes sent = b.packet;
  EXPECT_EQ(b.from_outside(error_about(sent, remote2, inner)).substr(0, 5), "self:");
}

TEST(IcmpError, TooShortToTranslateIsDropped) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  const Bytes sent = b.packet;
  EXPECT_EQ(b.from_outside(error_about(sent, remote2, outer, 24)), "X malformed");
  EXPECT_EQ(b.from_outside(error_about(sent, remote2, outer, 28, wire::icmp::redirect, 1)), "X unrelated-icmp");
}

TEST(IcmpError, WithAWrongSumIsNoMatchInboundAndDroppedWhereSumsAreNotVerified) {
  Config config = masquerading();
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  Bytes error = error_about(b.packet, remote2, outer);
  error[22] ^= 1;
  EXPECT_EQ(b.from_outside(error).substr(0, 5), "self:");
  config.verify_checksums = false;
  Bench lax(config);
  lax.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_EQ(lax.from_outside(error), "X bad-checksum");
}

TEST(IcmpError, QuotingWholeTcpAndEchoHasEverySumRepaired) {
  Bench b;
  b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {}));
  const Bytes syn = b.packet;
  b.from_outside(error_about(syn, remote2, outer, 40));
  const auto inside = *wire::Ipv4View::parse(wire::ByteView(b.packet).subspan(28));
  EXPECT_TRUE(inside.sum_ok());
  EXPECT_EQ(wire::pseudo_checksum(inside.source(), inside.destination(), inside.protocol(), inside.payload()), 0);
  b.from_inside(echo(a_host, remote, 7));
  const Bytes request = b.packet;
  EXPECT_EQ(
      b.from_outside(error_about(request, remote2, outer, 32)),
      "in: 198.51.100.8 > 192.168.1.10 icmp port unreachable {192.168.1.10 > 198.51.100.7 icmp echo request id=7 seq=1 ttl=64} ttl=64");
}

TEST(OwnPackets, KeepTheirPortIfFreeAndHoldItAgainstOthers) {
  Bench b;
  EXPECT_EQ(b.own(udp(at(outer, 5000), at(remote, 53))), "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_NE(b.nat.table(b.now).at(1).outside.port, 5000);
  EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(outer, 5000))).substr(0, 5), "self:");
}

TEST(OwnPackets, MeetATakenPortByMoving) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.own(udp(at(outer, 5000), at(remote, 53)));
  const Entry own = b.nat.table(b.now).at(1);
  EXPECT_EQ(own.original.source, at(outer, 5000));
  EXPECT_NE(own.outside.port, 5000);
}

TEST(Limits, AFullTableGivesUpAnUnassuredFlowElseDropsTheNew) {
  Config config = masquerading();
  config.limits.table = 4;
  Bench b(config);
  b.nat.watch(true);
  for (std::uint16_t n = 0; n < 5; ++n) {
    EXPECT_TRUE(
        b.from_inside(udp(at(a_host, static_cast<std::uint16_t>(5000 + n)), at(remote, 53))).starts_with("out"));
  }
  EXPECT_EQ(b.nat.size(), 4u);
  ASSERT_EQ(b.nat.take_changes().size(), 1u);
  Bench full(config);
  for (std::uint16_t n = 0; n < 4; ++n) {
    full.from_inside(udp(at(a_host, static_cast<std::uint16_t>(5000 + n)), at(remote, 53)));
    full.from_outside(udp(at(remote, 53), at(outer, static_cast<std::uint16_t>(5000 + n))));
  }
  full.now += 3_s;
  for (std::uint16_t n = 0; n < 4; ++n) {
    full.from_inside(udp(at(a_host, static_cast<std::uint16_t>(5000 + n)), at(remote, 53)));
  }
  EXPECT_EQ(full.from_inside(udp(at(a_host, 6000), at(remote, 53))), "X table-full");
}

TEST(Limits, WithoutEarlyDropAFullTableKeepsWhatItHasAndTellsInsideCallersOnly) {
  Config config = masquerading();
  config.limits.table = 2;
  config.limits.early_drop = false;
  config.limits.reject_exhausted = true;
  Bench b(config);
  for (std::uint16_t n = 0; n < 2; ++n) {
    b.from_inside(udp(at(a_host, static_cast<std::uint16_t>(5000 + n)), at(remote, 53)));
  }
  const std::vector<std::string> before = b.table();
  EXPECT_EQ(b.from_inside(udp(at(b_host, 5000), at(remote, 53))), "X table-full 3/1");
  EXPECT_EQ(b.from_outside(udp(at(remote2, 53), at(outer, 9))), "X table-full");
  EXPECT_EQ(b.table(), before);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(Limits, WhoFindsNoOutsidePortIsToldIfToBe) {
  Config config = masquerading();
  config.source.front().ports = PortRange{2000, 2000};
  for (const Mapping mapping : {Mapping::linux_like, Mapping::endpoint_independent}) {
    config.mapping = mapping;
    for (const bool told : {false, true}) {
      config.limits.reject_exhausted = told;
      Bench b(config);
      b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
      EXPECT_EQ(b.from_inside(udp(at(b_host, 5000), at(remote, 53))),
                told ? "X ports-exhausted 3/1" : "X ports-exhausted");
    }
  }
}

TEST(Limits, AnInsideHostMayHoldSoManyFlows) {
  Config config = masquerading();
  config.limits.flows_per_host = 2;
  Bench b(config);
  const auto open = [&](wire::Address host, std::uint16_t port) {
    return b.from_inside(tcp(at(host, port), at(remote, 80), {}));
  };
  EXPECT_TRUE(open(a_host, 1).starts_with("out"));
  EXPECT_TRUE(open(a_host, 2).starts_with("out"));
  EXPECT_EQ(open(a_host, 3), "X host-limit 3/13");
  EXPECT_TRUE(open(b_host, 3).starts_with("out"));
  EXPECT_EQ(open(a_host, 1), "X host-limit 3/13");  // what was refused counts until the next new flow is looked at,
  b.now += 1_s;
  EXPECT_TRUE(open(a_host, 1).starts_with("out"));  // or the list was cleaned
  b.from_outside(tcp(at(remote, 80), at(outer, 1), {wire::TcpFlags::rst | wire::TcpFlags::ack, 0, 1001}));
  EXPECT_TRUE(open(a_host, 3).starts_with("out"));
  EXPECT_EQ(open(a_host, 4), "X host-limit 3/13");
  b.nat.expire(b.now + 200_s);
  b.now += 200_s;
  EXPECT_TRUE(open(a_host, 4).starts_with("out"));
}

TEST(Limits, ConnectionsThatHaveEndedAreNotCounted) {
  Config config = masquerading();
  config.limits.flows_per_host = 1;
  config.limits.reject_excess = false;
  Bench b(config);
  constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, F = wire::TcpFlags::fin;
  const auto a = [&](Segment s) { b.from_inside(tcp(at(a_host, 5000), at(remote, 80), s)); };
  const auto r = [&](Segment s) { b.from_outside(tcp(at(remote, 80), at(outer, 5000), s)); };
  a({S, 1000}), r({S | A, 9000, 1001}), a({A, 1001, 9001});
  EXPECT_EQ(b.from_inside(tcp(at(a_host, 5001), at(remote, 80), {})), "X host-limit");
  a({F | A, 1001, 9001}), r({F | A, 9001, 1002}), a({A, 1002, 9002});
  EXPECT_TRUE(b.from_inside(tcp(at(a_host, 5001), at(remote, 80), {})).starts_with("out"));
}

TEST(Limits, AreLookedAtBeforeTheFilterIs) {
  Config config = masquerading();
  config.limits.flows_per_host = 0;
  config.firewall.protect_forward = true;
  EXPECT_EQ(Bench(config).from_inside(udp(at(a_host, 5000), at(b_host, 53))), "X host-limit 3/13");
}

TEST(Firewall, ProtectsForwardingAndDropsInvalid) {
  Config config = masquerading();
  config.firewall.protect_forward = true;
  config.firewall.drop_invalid = true;
  Bench b(config);
  EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(a_host, 5000))), "X firewall");
  EXPECT_TRUE(b.from_inside(udp(at(a_host, 5000), at(remote, 53))).starts_with("out"));
  EXPECT_TRUE(b.from_outside(udp(at(remote, 53), at(outer, 5000))).starts_with("in"));
  EXPECT_EQ(b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {wire::TcpFlags::rst})), "X invalid");
  EXPECT_EQ(b.from_outside(tcp(at(remote, 80), at(outer, 5000), {wire::TcpFlags::rst})), "X invalid");
}

TEST(Firewall, ProtectsForwardingButForWhatAForwardLetsInUnlessToldNotTo) {
  for (const bool admits : {true, false}) {
    Config config = masquerading();
    config.firewall.protect_forward = true;
    config.firewall.admit_forwarded = admits;
    config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
    Bench b(config);
    EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(outer, 8080))),
              admits ? "in: 198.51.100.7:53 > 192.168.1.10:80 udp len=5 ttl=64" : "X firewall");
    EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(a_host, 5000))), "X firewall");
  }
}

TEST(Firewall, LetsNobodyOutsideCallAnInsideAddressItself) {
  for (const bool on : {false, true}) {
    Config config = masquerading();
    config.firewall.drop_direct = on;
    config.filtering = Filtering::endpoint_independent;
    config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
    Bench b(config);
    EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(a_host, 5000))),
              on ? "X firewall" : "in: 198.51.100.7:53 > 192.168.1.10:5000 udp len=5 ttl=64");
    EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(outer, 8080))),
              "in: 198.51.100.7:53 > 192.168.1.10:80 udp len=5 ttl=64");
    b.from_inside(udp(at(a_host, 6000), at(remote, 53)));
    EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 6000))),
              "in: 198.51.100.8:9 > 192.168.1.10:6000 udp len=5 ttl=64");
  }
}

TEST(Interface, LostTakesItsMasqueradedFlowsAlong) {
  Bench b;
  b.nat.watch(true);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5001), at(remote, 53)));
  b.nat.interface_lost(lan, b.now);
  EXPECT_EQ(b.nat.size(), 2u);
  b.nat.interface_lost(wan, b.now);
  EXPECT_EQ(b.nat.size(), 0u);
  const std::vector<Change> changes = b.nat.take_changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].kind, Change::Kind::removed);
  EXPECT_EQ(changes[0].entry.flow, 1u);
  EXPECT_EQ(changes[1].entry.flow, 2u);
  b.masquerade = wire::address(203, 0, 113, 2);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.2:5000 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(Interface, LostAfterTheirTimeTakesNoFlowsAlong) {
  Bench b;
  b.nat.watch(true);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.interface_lost(wan, b.now + 30_s);
  const std::vector<Change> changes = b.nat.take_changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, Change::Kind::expired);
}

TEST(Interface, LosesAnAddressAndOnlyTheFlowsThatWereGivenIt) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.masquerade = wire::address(203, 0, 114, 1);
  b.from_inside(udp(at(a_host, 5001), at(remote, 53)));
  b.nat.interface_lost(wan, b.now, outer);
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:5001 203.0.114.1:5001 198.51.100.7:53 unreplied 30s"});
}

TEST(Interface, AnotherWayOutEndsAMasqueradedFlow) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  Bytes bytes = udp(at(a_host, 5000), at(remote, 53));
  wire::Buffer buffer{bytes.data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(bytes.size())};
  Track track;
  b.nat.prerouting(buffer, lan, b.now, track);
  EXPECT_EQ(b.nat.postrouting(buffer, {7, outer}, b.now, track).reason, Reason::stale);
  EXPECT_EQ(b.nat.size(), 0u);
}

TEST(Interface, WithoutAnAddressCannotMasquerade) {
  Bench b;
  b.masquerade = {};
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))), "X no-route");
}

TEST(Changes, AreToldOldestFirstAndOnlyWhileWatched) {
  Bench b;
  b.from_inside(udp(at(b_host, 5001), at(remote, 53)));
  b.now += 1_s;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.watch(true);
  b.nat.expire(Time{} + 40_s);
  const std::vector<Change> changes = b.nat.take_changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].kind, Change::Kind::expired);
  EXPECT_EQ(changes[0].entry.inside, at(b_host, 5001));
  EXPECT_EQ(changes[1].entry.inside, at(a_host, 5000));
  b.now = Time{} + 40_s;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.flush(Time{} + 41_s);
  EXPECT_EQ(b.nat.take_changes().at(0).kind, Change::Kind::flushed);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.flush(Time{} + 41_s);
  b.nat.watch(true);
  EXPECT_EQ(b.nat.take_changes().size(), 1u) << "as before";
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.nat.flush(Time{} + 41_s);
  b.nat.watch(false);
  EXPECT_TRUE(b.nat.take_changes().empty());
}

TEST(Explain, CountsWhatHasNotExpired) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(tcp(at(a_host, 5001), at(remote, 80), {}));
  const auto detail = [&](Duration later) {
    return b.nat.explain(tcp(at(remote3, 1), at(outer, 22), {}), wan, b.now + later).at(1).detail;
  };
  EXPECT_EQ(detail(29_s), "2 entries, none with outside port 22");
  EXPECT_EQ(detail(30_s), "one entry, outside port 5001");
  EXPECT_EQ(detail(120_s), "the table is empty");
}

TEST(Explain, AsksTheQuestionsInOrder) {
  const auto text = [](const std::vector<Step>& steps) {
    Lines lines;
    for (const Step& s : steps) lines.push_back(s.question + (s.yes ? " yes " : " no ") + s.detail);
    return lines;
  };
  Bench b;
  const Bytes call = tcp(at(remote3, 50001), at(outer, 22), {});
  EXPECT_EQ(text(b.nat.explain(call, wan, b.now)),
            (Lines{"addressed to the gateway? yes ", "existing mapping? no the table is empty",
                   "port forward? no nat.forward is empty"}));
  b.from_inside(tcp(at(a_host, 40000), at(remote, 80), {}));
  EXPECT_EQ(text(b.nat.explain(call, wan, b.now)),
            (Lines{"addressed to the gateway? yes ", "existing mapping? no one entry, outside port 40000",
                   "port forward? no nat.forward is empty"}));
  b.from_inside(tcp(at(a_host, 40001), at(remote, 80), {}));
  EXPECT_EQ(text(b.nat.explain(call, wan, b.now)).at(1), "existing mapping? no 2 entries, none with outside port 22");
  EXPECT_EQ(text(b.nat.explain(tcp(at(remote3, 1), at(outer, 40000), {}), wan, b.now)),
            (Lines{"addressed to the gateway? yes ", "existing mapping? yes mapping 1, of 192.168.1.10:40000",
                   "does its filtering admit the remote? no 198.51.100.9:1 was not called through it",
                   "port forward? no nat.forward is empty"}));
  EXPECT_EQ(text(b.nat.explain(tcp(at(remote, 80), at(outer, 40000), {}), wan, b.now)).at(1),
            "existing flow? yes entry 1, 192.168.1.10:40000 with 198.51.100.7:80, syn-sent");
  EXPECT_EQ(text(b.nat.explain(tcp(at(b_host, 1), at(outer, 40000), {}), lan, b.now)).back(),
            "hairpin? no an inside host calls the outside address");
  EXPECT_EQ(text(b.nat.explain(icmp(remote, a_host, 40, 0, 0), wan, b.now)),
            (Lines{"addressed to the gateway? no to 192.168.1.10", "a port or id to look up? no the packet has none",
                   "valid? no conntrack knows no such type of ICMP"}));
  EXPECT_EQ(text(b.nat.explain(Bytes{1, 2}, wan, b.now)), Lines{"an IPv4 packet? no its header is damaged"});
  Config forwarding = b.nat.config();
  forwarding.destination = {forward(wire::Protocol::tcp, 2222, a_host, 22)};
  b.nat.configure(forwarding);
  EXPECT_EQ(text(b.nat.explain(call, wan, b.now)).back(), "port forward? no no forward for tcp port 22");
  EXPECT_EQ(text(b.nat.explain(tcp(at(remote3, 1), at(outer, 2222), {}), wan, b.now)).back(),
            "port forward? yes to 192.168.1.10");
  forwarding.destination.front().from = wire::Prefix{remote2, 32};
  b.nat.configure(forwarding);
  EXPECT_EQ(text(b.nat.explain(tcp(at(remote3, 1), at(outer, 2222), {}), wan, b.now)).back(),
            "port forward? no tcp 2222 is forwarded for 198.51.100.8 only");
}

TEST(Explain, TellsAnInsideCallerOfTheOutsideAddressWhetherHairpinHelps) {
  struct Asked {
    Hairpin hairpin;
    std::uint16_t port;
    const char* answer;
  };
  constexpr const char* off = "no an inside host calls the outside address";
  for (const Asked& asked :
       {Asked{Hairpin::none, 2222, off}, Asked{Hairpin::none, 22, off}, Asked{Hairpin::dnat_only, 2222, "yes "},
        Asked{Hairpin::dnat_only, 22, off}, Asked{Hairpin::full, 2222, "yes "}, Asked{Hairpin::full, 22, "yes "}}) {
    Config config = masquerading();
    config.hairpin = asked.hairpin;
    config.destination = {forward(wire::Protocol::tcp, 2222, a_host, 22)};
    Bench b(config);
    const Step last = b.nat.explain(tcp(at(b_host, 1), at(outer, asked.port), {}), lan, b.now).back();
    EXPECT_EQ(last.question + (last.yes ? " yes " : " no ") + last.detail, std::string("hairpin? ") + asked.answer);
    const Step inner_call = b.nat.explain(tcp(at(b_host, 1), at(inner, asked.port), {}), lan, b.now).back();
    EXPECT_EQ(inner_call.question, "port forward?");
  }
}

TEST(States, HaveTheirNames) {
  Lines names;
  for (int s = 0; s < 10; ++s) {
    Entry e;
    e.protocol = wire::Protocol::tcp;
    e.tcp = static_cast<TcpState>(s);
    names.push_back(to_string(e.tcp) + ' ' + state_word(e));
  }
  EXPECT_EQ(names, (Lines{"NONE none", "SYN_SENT syn-sent", "SYN_SENT2 syn-sent2", "SYN_RECV syn-recv",
                          "ESTABLISHED established", "FIN_WAIT fin-wait", "CLOSE_WAIT close-wait", "LAST_ACK last-ack",
                          "TIME_WAIT time-wait", "CLOSE close"}));
}

}  // namespace
}  // namespace masqsim::nat::testing
