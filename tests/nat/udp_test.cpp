#include <gtest/gtest.h>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

TEST(Masquerade, GivesTwoHostsTheSamePortTowardsDifferentRemotesAndEachItsOwnAnswers) {
  Bench b;
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 5000), at(remote2, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.8:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(outer, 5000))),
            "in: 198.51.100.7:53 > 192.168.1.10:5000 udp len=5 ttl=64");
  EXPECT_EQ(b.from_outside(udp(at(remote2, 53), at(outer, 5000))),
            "in: 198.51.100.8:53 > 192.168.1.11:5000 udp len=5 ttl=64");
}

TEST(Masquerade, SearchesTheClassOfTheSourcePortOnAClash) {
  struct Case {
    std::uint16_t port, first, last;
  };
  for (const Case c : {Case{500, 1, 511}, Case{512, 600, 1023}, Case{5000, 1024, 65535}}) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Bench b(masquerading(), seed);
      b.from_inside(udp(at(a_host, c.port), at(remote, 53)));
      b.from_inside(udp(at(b_host, c.port), at(remote, 53)));
      const Entry second = b.nat.table(b.now).at(1);
      EXPECT_EQ(second.inside, at(b_host, c.port));
      EXPECT_NE(second.outside.port, c.port);
      EXPECT_GE(second.outside.port, c.first);
      EXPECT_LE(second.outside.port, c.last);
    }
  }
}

TEST(Masquerade, KeepsTheNewestOutsidePortOfAnInsideEndpoint) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(b_host, 5000), at(remote2, 53)));
  b.from_inside(udp(at(b_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(b_host, 5000), at(remote3, 53)));
  const auto table = b.nat.table(b.now);
  EXPECT_EQ(table.at(1).outside.port, 5000);
  EXPECT_NE(table.at(2).outside.port, 5000);
  EXPECT_EQ(table.at(3).outside.port, table.at(2).outside.port);
  EXPECT_EQ(table.at(3).mapping, table.at(2).mapping);
  EXPECT_NE(table.at(2).mapping, table.at(1).mapping);
}

TEST(Mapping, IsLookedForAmongTheNewest64FlowsOfItsInsideEndpoint) {
  for (const std::uint16_t others : {std::uint16_t{63}, std::uint16_t{64}}) {
    Config config = masquerading();
    config.source.front().random = true;
    Bench b(config);
    const auto open = [&](std::uint16_t remote_port, std::uint16_t outside_port) {
      b.nat.prefer_port(outside_port);
      b.from_inside(udp(at(a_host, 5000), at(remote, remote_port)));
      EXPECT_EQ(b.nat.table(b.now).back().outside.port, outside_port);
      return b.nat.table(b.now).back().mapping;
    };
    EXPECT_EQ(open(1, 2000), 1u);
    for (std::uint16_t n = 1; n <= others; ++n) {
      open(static_cast<std::uint16_t>(1 + n), static_cast<std::uint16_t>(2000 + n));
    }
    EXPECT_EQ(open(1000, 2000), others == 63 ? 1u : 66u);
  }
}

TEST(Masquerade, KeepsTheOutsidePortOfAnEntryThatHasExpiredUntilTheNextMinute) {
  const auto port_after = [](Duration wait, bool rfc) -> std::string {
    Config config = masquerading();
    if (rfc) config.mapping = Mapping::endpoint_independent;
    Bench b(config);
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    b.from_inside(udp(at(b_host, 5000), at(remote, 53)));
    const Entry before = b.nat.table(b.now).at(1);
    EXPECT_NE(before.outside.port, 5000);
    b.now += wait;
    EXPECT_EQ(b.nat.table(b.now).size(), 0u);
    b.from_inside(udp(at(b_host, 5000), at(remote2, 53)));
    const Entry after = b.nat.table(b.now).at(0);
    EXPECT_NE(after.mapping, before.mapping) << "for people it is another";
    return after.outside.port == 5000 ? "its own" : after.outside.port == before.outside.port ? "as before" : "another";
  };
  EXPECT_EQ(port_after(30_s, false), "as before");
  EXPECT_EQ(port_after(60_s - 1_ns, false), "as before");
  EXPECT_EQ(port_after(60_s, false), "its own");
  EXPECT_EQ(port_after(30_s, true), "its own");
}

TEST(Masquerade, ForgetsExpiredEntriesWithAFlushALostInterfaceAndOtherBehaviour) {
  const auto port_after = [](auto meanwhile) {
    Bench b;
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    b.from_inside(udp(at(b_host, 5000), at(remote, 53)));
    b.now += 31_s;
    meanwhile(b);
    b.from_inside(udp(at(b_host, 5000), at(remote2, 53)));
    return b.nat.table(b.now).at(0).outside.port;
  };
  EXPECT_NE(port_after([](Bench&) {}), 5000);
  EXPECT_NE(port_after([](Bench& b) { b.nat.configure(masquerading()); }), 5000);
  EXPECT_NE(port_after([](Bench& b) { b.nat.interface_lost(lan, b.now); }), 5000);
  EXPECT_EQ(port_after([](Bench& b) { b.nat.flush(b.now); }), 5000);
  EXPECT_EQ(port_after([](Bench& b) { b.nat.interface_lost(wan, b.now); }), 5000);
  EXPECT_EQ(port_after([](Bench& b) { b.nat.interface_lost(wan, b.now, outer); }), 5000);
  EXPECT_NE(port_after([](Bench& b) { b.nat.interface_lost(wan, b.now, remote); }), 5000);
  EXPECT_EQ(port_after([](Bench& b) {
              Config full = masquerading();
              full.filtering = Filtering::endpoint_independent;
              b.nat.configure(full);
            }),
            5000);
}

TEST(Masquerade, DropsTheFlowForWhichNoPortIsLeft) {
  Config config = masquerading();
  config.source.front().ports = PortRange{2000, 2001};
  Bench b(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))).substr(0, 17), "out: 203.0.113.1:");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 5000), at(remote, 53))).substr(0, 17), "out: 203.0.113.1:");
  EXPECT_EQ(b.from_inside(udp(at(c_host, 5000), at(remote, 53))), "X ports-exhausted");
  EXPECT_EQ(b.from_inside(udp(at(c_host, 5000), at(remote2, 53))).substr(0, 17), "out: 203.0.113.1:");
  EXPECT_EQ(b.nat.size(), 3u);
}

TEST(Masquerade, LeavesZeroChecksumsAloneAndSendsAComputedZeroAsFfff) {
  Bench b;
  Bytes plain = udp(at(a_host, 5000), at(remote, 53));
  plain[26] = plain[27] = 0;
  EXPECT_EQ(b.from_inside(plain), "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 udp-sum-none ttl=64");

  // A payload word that makes the translated checksum come out as zero.
  const Bytes zero = udp(at(a_host, 5001), at(remote, 53), std::string(2, '\0'));
  b.from_inside(zero);
  const std::uint16_t left = wire::load16(&b.packet[26]);
  const std::string data{static_cast<char>(left >> 8), static_cast<char>(left & 0xff)};
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5001), at(remote, 53), data)),
            "out: 203.0.113.1:5001 > 198.51.100.7:53 udp len=2 ttl=64");
  EXPECT_EQ(wire::load16(&b.packet[26]), 0xffff);
}

TEST(Masquerade, KeepsAWrongChecksumEquallyWrong) {
  Config config = masquerading();
  config.verify_checksums = false;
  Bench b(config);
  Bytes damaged = udp(at(a_host, 5000), at(remote, 53));
  b.from_inside(damaged);
  const std::uint16_t right = wire::load16(&b.packet[26]);
  wire::store16(&damaged[26], wire::adjust(wire::load16(&damaged[26]), 0, 0x1234));
  b.from_inside(damaged);
  EXPECT_EQ(wire::load16(&b.packet[26]), wire::adjust(right, 0, 0x1234));
}

TEST(UdpTimer, BecomesAStreamOnlyByTrafficTwoSecondsOldOnAnAnsweredFlow) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 2500_ms;
  b.from_outside(udp(at(remote, 53), at(outer, 5000)));
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 replied 30s"});
  b.from_outside(udp(at(remote, 53), at(outer, 5000)));
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 assured 2m"});
  b.now += 119_s;
  EXPECT_EQ(b.table().size(), 1u);
  b.now += 1_s;
  b.nat.expire(b.now);
  EXPECT_EQ(b.nat.size(), 0u);
}

TEST(Filtering, LeavesThirdPartiesToTheGatewayAndSaysWhy) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_EQ(b.from_outside(udp(at(remote2, 53), at(outer, 5000))),
            "self: 198.51.100.8:53 > 203.0.113.1:5000 udp len=5 ttl=64");
  EXPECT_EQ(b.nat.unowned_reason(udp(at(remote3, 53), at(outer, 5000)), wan, b.now), Reason::filtered);
  EXPECT_EQ(b.nat.unowned_reason(udp(at(remote2, 53), at(outer, 5001)), wan, b.now), Reason::no_mapping);
  EXPECT_EQ(b.nat.unowned_reason(udp(at(b_host, 1), at(outer, 5000)), lan, b.now), Reason::hairpin_off);
  b.nat.expire(b.now + 31_s);
  EXPECT_EQ(b.nat.unowned_reason(udp(at(remote3, 53), at(outer, 5000)), wan, b.now + 31_s), Reason::mapping_expired);
}

TEST(Unsolicited, AnAnsweredPacketTakesThePortAwayFromALaterFlow) {
  Bench b;
  b.from_outside(udp(at(remote, 53), at(outer, 5000)));
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_NE(b.nat.table(b.now).at(1).outside.port, 5000);
}

TEST(Unsolicited, AFilteredPacketLeavesNothingBehind) {
  Config config = masquerading();
  config.firewall.protect_input = true;
  Bench b(config);
  EXPECT_EQ(b.from_outside(udp(at(remote, 53), at(outer, 5000))), "X firewall");
  EXPECT_EQ(b.nat.size(), 0u);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(PortForward, LeadsInAndItsAnswersBack) {
  Config config = masquerading();
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  EXPECT_EQ(b.from_outside(udp(at(remote, 4000), at(outer, 8080))),
            "in: 198.51.100.7:4000 > 192.168.1.10:80 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 80), at(remote, 4000))),
            "out: 203.0.113.1:8080 > 198.51.100.7:4000 udp len=5 ttl=64");
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:80 203.0.113.1:8080 198.51.100.7:4000 replied 30s"});
}

TEST(Echo, KeepsItsIdWhereFreeAndDrawsAnotherOnAClash) {
  Bench b;
  EXPECT_EQ(b.from_inside(echo(a_host, remote, 7)),
            "out: 203.0.113.1 > 198.51.100.7 icmp echo request id=7 seq=1 ttl=64");
  EXPECT_EQ(b.from_outside(echo(remote, outer, 7, true)),
            "in: 198.51.100.7 > 192.168.1.10 icmp echo reply id=7 seq=1 ttl=64");
  b.from_inside(echo(b_host, remote, 7));
  const Entry second = b.nat.table(b.now).at(1);
  EXPECT_NE(second.outside.port, 7);
  EXPECT_EQ(b.from_outside(echo(remote, outer, second.outside.port, true)),
            "in: 198.51.100.7 > 192.168.1.11 icmp echo reply id=7 seq=1 ttl=64");
}

TEST(IcmpError, IsTranslatedTogetherWithThePacketItQuotes) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  const Bytes sent = b.packet;
  EXPECT_EQ(
      b.from_outside(error_about(sent, remote2, outer)),
      "in: 198.51.100.8 > 192.168.1.10 icmp port unreachable {192.168.1.10:5000 > 198.51.100.7:53 udp len=5 ttl=64} ttl=64");
  const Bytes answer = udp(at(remote, 53), at(a_host, 5000));
  EXPECT_EQ(
      b.from_inside(error_about(answer, wire::address(192, 168, 1, 254), remote)),
      "out: 203.0.113.1 > 198.51.100.7 icmp port unreachable {198.51.100.7:53 > 203.0.113.1:5000 udp len=5 ttl=64} ttl=64");
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 30_s);
}

TEST(Track, IsEmptyOnceItWasMoved) {
  Bench b;
  Bytes first = udp(at(a_host, 5000), at(remote, 53)), second = first;
  Track track;
  for (Bytes* bytes : {&first, &second}) {
    wire::Buffer buffer{bytes->data(), static_cast<std::uint32_t>(bytes->size()),
                        static_cast<std::uint32_t>(bytes->size())};
    b.nat.prerouting(buffer, lan, b.now, track);
    b.nat.postrouting(buffer, {wan, outer}, b.now, track);
  }
  EXPECT_EQ(track.flow(), 1u);
  EXPECT_EQ(track.mapping(), 1u);
  const Track other = std::move(track);
  EXPECT_EQ(other.flow(), 1u);
  EXPECT_EQ(other.mapping(), 1u);
  EXPECT_EQ(track.flow(), 0u);
  EXPECT_EQ(track.mapping(), 0u);
  EXPECT_EQ(track.relation(), Relation::untracked);
  EXPECT_FALSE(track.made_flow() || track.made_mapping());
}

TEST(Flow, DiesWithItsTrackUnlessItGotThrough) {
  Bench b;
  Bytes bytes = udp(at(a_host, 5000), at(remote, 53));
  wire::Buffer buffer{bytes.data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(bytes.size())};
  {
    Track track;
    EXPECT_TRUE(b.nat.prerouting(buffer, lan, b.now, track).pass);
    EXPECT_EQ(track.relation(), Relation::fresh);
  }
  EXPECT_EQ(b.nat.size(), 0u);
  EXPECT_EQ(b.nat.next_expiry(), Time::never());
}

}  // namespace
}  // namespace masqsim::nat::testing
