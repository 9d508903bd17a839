// RFC 4787's words: mapping, filtering, hairpinning, and what the `rfc` preset stands for.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

Config behaving(Mapping mapping, Filtering filtering) {
  Config config = masquerading();
  config.mapping = mapping;
  config.filtering = filtering;
  return config;
}

bool passed_in(const std::string& line) { return line.starts_with("in: "); }

struct Combination : ::testing::TestWithParam<std::tuple<Mapping, Filtering>> {
  Mapping mapping = std::get<0>(GetParam());
  Filtering filtering = std::get<1>(GetParam());
};

INSTANTIATE_TEST_SUITE_P(AllNine, Combination,
                         ::testing::Combine(::testing::Values(Mapping::endpoint_independent, Mapping::address_dependent,
                                                              Mapping::address_and_port_dependent),
                                            ::testing::Values(Filtering::endpoint_independent,
                                                              Filtering::address_dependent,
                                                              Filtering::address_and_port_dependent)));

TEST_P(Combination, AnOutsidePortIsSharedByWhatTheMappingDoesNotTellApart) {
  Bench b(behaving(mapping, filtering));
  const auto outside_port = [&](wire::Endpoint to) {
    EXPECT_TRUE(b.from_inside(udp(at(a_host, 5000), to)).starts_with("out: 203.0.113.1:"));
    return b.nat.table(b.now).back().outside.port;
  };
  const std::uint16_t first = outside_port(at(remote, 53));
  EXPECT_EQ(first, 5000);
  EXPECT_EQ(outside_port(at(remote, 54)) == first, mapping != Mapping::address_and_port_dependent);
  EXPECT_EQ(outside_port(at(remote2, 53)) == first, mapping == Mapping::endpoint_independent);
}

TEST_P(Combination, RemotesAreLetInAsTheFilteringSays) {
  Bench b(behaving(mapping, filtering));
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_TRUE(passed_in(b.from_outside(udp(at(remote, 53), at(outer, 5000)))));
  const std::string other_port = b.from_outside(udp(at(remote, 99), at(outer, 5000)));
  const std::string other_host = b.from_outside(udp(at(remote2, 53), at(outer, 5000)));
  EXPECT_EQ(passed_in(other_port), filtering != Filtering::address_and_port_dependent) << other_port;
  EXPECT_EQ(passed_in(other_host), filtering == Filtering::endpoint_independent) << other_host;
  if (passed_in(other_port)) {
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 99))),
              "out: 203.0.113.1:5000 > 198.51.100.7:99 udp len=5 ttl=64");
  }
  EXPECT_FALSE(passed_in(b.from_outside(udp(at(remote, 53), at(outer, 5001)))));
}

TEST_P(Combination, NoOutsidePortEverServesTwoInsideEndpoints) {
  Config config = behaving(mapping, filtering);
  config.source.front().ports = PortRange{2000, 2040};
  Bench b(config);
  Random random(7, "flows");
  for (int n = 0; n < 500; ++n) {
    const wire::Address host{a_host.value + static_cast<std::uint32_t>(random.below(4))};
    const auto port = static_cast<std::uint16_t>(2000 + random.below(12));
    const wire::Address to{remote.value + static_cast<std::uint32_t>(random.below(3))};
    b.now += Duration{static_cast<std::int64_t>(random.below(3'000'000'000))};
    const std::string line = b.from_inside(udp(at(host, port), at(to, 53)));
    EXPECT_TRUE(line.starts_with("out: 203.0.113.1:") || line == "X ports-exhausted") << line;
    std::map<wire::Endpoint, wire::Endpoint> owner;
    for (const Entry& e : b.nat.table(b.now)) {
      const auto [at_port, fresh] = owner.try_emplace(e.outside, e.inside);
      ASSERT_EQ(at_port->second, e.inside) << to_string(e.outside) << " at step " << n;
    }
  }
}

TEST(LinuxMapping, MayLetOthersInToo) {
  Bench b(behaving(Mapping::linux_like, Filtering::endpoint_independent));
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_TRUE(passed_in(b.from_outside(udp(at(remote2, 9), at(outer, 5000)))));
}

TEST(Filtering, ByAddressForgetsARemoteWithTheLastFlowThatCalledIt) {
  Bench b(behaving(Mapping::endpoint_independent, Filtering::address_dependent));
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 20_s;
  b.from_inside(udp(at(a_host, 5000), at(remote2, 53)));
  EXPECT_TRUE(passed_in(b.from_outside(udp(at(remote, 99), at(outer, 5000)))));
  b.now += 11_s;
  EXPECT_FALSE(passed_in(b.from_outside(udp(at(remote, 98), at(outer, 5000)))));
  EXPECT_TRUE(passed_in(b.from_outside(udp(at(remote2, 98), at(outer, 5000)))));
}

TEST(Mapping, StaysWhileARemoteThatWasLetInUsesIt) {
  Bench b(behaving(Mapping::endpoint_independent, Filtering::endpoint_independent));
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 29_s;
  EXPECT_TRUE(passed_in(b.from_outside(udp(at(remote2, 9), at(outer, 5000)))));
  b.now += 2_s;
  b.nat.expire(b.now);
  EXPECT_EQ(b.nat.size(), 1u);
  EXPECT_EQ(b.nat.table(b.now).at(0).inside, at(a_host, 5000));
  b.from_inside(udp(at(b_host, 5000), at(remote, 53)));
  EXPECT_NE(b.nat.table(b.now).back().outside.port, 5000);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote3, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.9:53 udp len=5 ttl=64");
}

TEST(Mapping, HasOneNumberForAllItsFlows) {
  Bench b(behaving(Mapping::endpoint_independent, Filtering::endpoint_independent));
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5000), at(remote2, 53)));
  b.from_outside(udp(at(remote3, 9), at(outer, 5000)));
  b.from_inside(udp(at(b_host, 6000), at(remote, 53)));
  std::vector<std::uint64_t> numbers;
  for (const Entry& e : b.nat.table(b.now)) numbers.push_back(e.mapping);
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 1, 1, 2}));
}

TEST(Mapping, KeepsParityWhileItCanAndRefusesWhenNoPortIsFree) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::endpoint_independent);
  config.keep_parity = true;
  config.source.front().ports = PortRange{2000, 2003};
  Bench b(config);
  const auto outside_port = [&](std::uint16_t port) {
    b.from_inside(udp(at(a_host, port), at(remote, 53)));
    return b.nat.table(b.now).back().outside.port;
  };
  EXPECT_EQ((std::set<int>{outside_port(3000), outside_port(3002)}), (std::set<int>{2000, 2002}));
  EXPECT_EQ(outside_port(3004) % 2, 1) << "no even one is left";
  EXPECT_EQ(outside_port(3001) % 2, 1);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 3006), at(remote, 53))), "X ports-exhausted");
}

TEST(Mapping, KeepsToTheClassOfTheInsidePortAtItsVeryEdge) {
  for (const std::uint16_t port : {std::uint16_t{1023}, std::uint16_t{1024}}) {
    Config config = masquerading();
    config.mapping = Mapping::endpoint_independent;
    for (std::uint64_t seed = 1; seed < 8; ++seed) {
      Bench b(config, seed);
      b.from_inside(udp(at(a_host, port), at(remote, 53)));
      b.from_inside(udp(at(b_host, port), at(remote, 53)));
      const std::uint16_t chosen = b.nat.table(b.now).back().outside.port;
      EXPECT_NE(chosen, port);
      EXPECT_EQ(chosen < 1024, port < 1024) << port << " became " << chosen;
    }
  }
}

TEST(Mapping, LetsAFreedPortRest) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::endpoint_independent);
  config.source.front().ports = PortRange{2000, 2000};
  config.port_rest_s = 120;
  Bench b(config);
  b.from_inside(udp(at(a_host, 3000), at(remote, 53)));
  b.now += 31_s;
  b.nat.expire(b.now);
  EXPECT_EQ(b.from_inside(udp(at(b_host, 3000), at(remote, 53))), "X ports-exhausted");
  b.now += 120_s;
  EXPECT_EQ(b.from_inside(udp(at(b_host, 3000), at(remote, 53))),
            "out: 203.0.113.1:2000 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(Mapping, LetsAPortRestFromTheMomentOfItsEndHoweverLateThatIsNoticed) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::endpoint_independent);
  config.port_rest_s = 120;
  Bench b(config);
  b.from_inside(udp(at(a_host, 3000), at(remote, 53)));
  b.now += 151_s;
  EXPECT_EQ(b.from_inside(udp(at(b_host, 3000), at(remote, 53))),
            "out: 203.0.113.1:3000 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(Mapping, LetsNoPortRestOfTcpNorMoreThanItMay) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::endpoint_independent);
  config.port_rest_s = 120;
  config.limits.resting = 1;
  Bench b(config);
  for (const std::uint16_t port : {std::uint16_t{3000}, std::uint16_t{3001}}) {
    b.from_inside(udp(at(a_host, port), at(remote, 53)));
  }
  b.from_inside(tcp(at(a_host, 3000), at(remote, 80), {}));
  b.now += 121_s;
  b.nat.expire(b.now);
  ASSERT_EQ(b.nat.size(), 0u);
  EXPECT_EQ(b.from_inside(udp(at(b_host, 3000), at(remote, 53))),
            "out: 203.0.113.1:3000 > 198.51.100.7:53 udp len=5 ttl=64")
      << "the older of two where one may rest";
  EXPECT_FALSE(b.from_inside(udp(at(b_host, 3001), at(remote, 53))).starts_with("out: 203.0.113.1:3001 "));
  EXPECT_TRUE(b.from_inside(tcp(at(b_host, 3000), at(remote, 80), {})).starts_with("out: 203.0.113.1:3000 "));
}

TEST(Mapping, IsPairedWithOneAddressOfThePool) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::endpoint_independent);
  config.source.front().action = SourceRule::Action::source_nat;
  config.source.front().addresses = {wire::address(203, 0, 113, 10), wire::address(203, 0, 113, 13)};
  Bench b(config);
  std::set<wire::Address> seen;
  for (std::uint32_t n = 0; n < 20; ++n) {
    b.from_inside(udp(at(a_host, static_cast<std::uint16_t>(5000 + n)), at({remote.value + n}, 53)));
    seen.insert(b.nat.table(b.now).back().outside.address);
  }
  EXPECT_EQ(seen.size(), 1u);
}

TEST(Mapping, OfPortsAndIdsWithoutPortsKeepTheirs) {
  Bench b(behaving(Mapping::endpoint_independent, Filtering::endpoint_independent));
  EXPECT_EQ(b.from_inside(echo(a_host, remote, 7)),
            "out: 203.0.113.1 > 198.51.100.7 icmp echo request id=7 seq=1 ttl=64");
  const Bytes esp = wire::ip_packet({.source = a_host, .destination = remote}, wire::Protocol::esp, Bytes(8));
  EXPECT_EQ(b.from_inside(esp), "out: 203.0.113.1 > 198.51.100.7 esp len=8 ttl=64");
}

TEST(InboundRefresh, CanBeOffSoThatOnlyTheInsideKeepsAMapping) {
  Config config = masquerading();
  config.inbound_refreshes = false;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 20_s;
  b.from_outside(udp(at(remote, 53), at(outer, 5000)));
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 10_s);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_GT(b.nat.table(b.now).at(0).left, 10_s);
}

TEST(Hairpin, OffLeavesDynamicMappingsAndForwardsToOutsiders) {
  Config config = masquerading();
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_EQ(b.from_inside(udp(at(b_host, 6000), at(outer, 5000))),
            "self: 192.168.1.11:6000 > 203.0.113.1:5000 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 6000), at(outer, 8080))),
            "self: 192.168.1.11:6000 > 203.0.113.1:8080 udp len=5 ttl=64");
  EXPECT_EQ(b.nat.unowned_reason(udp(at(b_host, 6001), at(outer, 8080)), lan, b.now), Reason::hairpin_off);
}

TEST(Hairpin, DnatOnlyShowsTheServerTheInsideClient) {
  Config config = masquerading();
  config.hairpin = Hairpin::dnat_only;
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  EXPECT_EQ(b.from_inside(udp(at(b_host, 6000), at(outer, 8080))),
            "in: 192.168.1.11:6000 > 192.168.1.10:80 udp len=5 ttl=64");
}

TEST(Hairpin, FullShowsTheServerTheOutsideEndpoint) {
  for (const Mapping mapping : {Mapping::linux_like, Mapping::endpoint_independent}) {
    Config config = behaving(mapping, Filtering::endpoint_independent);
    config.hairpin = Hairpin::full;
    config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
    Bench b(config);
    EXPECT_EQ(b.from_inside(udp(at(b_host, 6000), at(outer, 8080))),
              "in: 203.0.113.1:6000 > 192.168.1.10:80 udp len=5 ttl=64");
    EXPECT_EQ(b.from_inside(udp(at(a_host, 80), at(outer, 6000))),
              "in: 203.0.113.1:8080 > 192.168.1.11:6000 udp len=5 ttl=64");
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    EXPECT_EQ(b.from_inside(udp(at(b_host, 7000), at(outer, 5000))),
              "in: 203.0.113.1:7000 > 192.168.1.10:5000 udp len=5 ttl=64");
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(outer, 7000))),
              "in: 203.0.113.1:5000 > 192.168.1.11:7000 udp len=5 ttl=64");
  }
}

TEST(Hairpin, OfOneToOneShowsTheCallersOwnOutsideAddress) {
  Config config = masquerading();
  config.hairpin = Hairpin::full;
  SourceRule& out = config.source.front();
  out.action = SourceRule::Action::source_nat;
  out.from = wire::prefix_of(a_host, 29);
  out.addresses = {wire::address(203, 0, 113, 8), wire::address(203, 0, 113, 15)};
  out.keep_host_bits = true;
  config.destination.push_back({.from = {},
                                .to = {out.addresses.first, 29},
                                .protocol = {},
                                .port = {},
                                .forward = wire::address(192, 168, 1, 8),
                                .forward_port = {},
                                .keep_host_bits = true});
  for (const Mapping mapping : {Mapping::linux_like, Mapping::endpoint_independent}) {
    config.mapping = mapping;
    Bench b(config);
    const wire::Address a_outside = wire::address(203, 0, 113, 10), b_outside = wire::address(203, 0, 113, 11);
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(b_outside, 80))),
              "in: 203.0.113.10:5000 > 192.168.1.11:80 udp len=5 ttl=64");
    EXPECT_EQ(b.from_inside(udp(at(b_host, 80), at(a_outside, 5000))),
              "in: 203.0.113.11:80 > 192.168.1.10:5000 udp len=5 ttl=64");
  }
}

TEST(Hairpin, ObeysTheFilteringOfTheMappingCalled) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::address_dependent);
  config.hairpin = Hairpin::full;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_TRUE(b.from_inside(udp(at(b_host, 7000), at(outer, 5000))).starts_with("self"));
}

TEST(Hairpin, UnderAddressFilteringLetsInWhoSharesTheAddressThatWasCalled) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::address_dependent);
  config.hairpin = Hairpin::full;
  config.destination = {forward(wire::Protocol::udp, 8080, b_host, 80)};
  Bench b(config);
  b.from_inside(udp(at(b_host, 7000), at(remote, 53)));
  b.from_inside(udp(at(c_host, 6000), at(remote, 53)));
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(outer, 8080))),
            "in: 203.0.113.1:5000 > 192.168.1.11:80 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 7000), at(outer, 5000))),
            "in: 203.0.113.1:7000 > 192.168.1.10:5000 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 7000), at(outer, 6000))),
            "self: 192.168.1.11:7000 > 203.0.113.1:6000 udp len=5 ttl=64");
  EXPECT_EQ(b.from_outside(udp(at(remote, 9), at(outer, 5000))),
            "self: 198.51.100.7:9 > 203.0.113.1:5000 udp len=5 ttl=64");
}

TEST(Hairpin, UnderPortFilteringWantsTheCallersEndpointToHaveBeenCalled) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::address_and_port_dependent);
  config.hairpin = Hairpin::full;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(b_host, 7000), at(remote, 53)));
  EXPECT_TRUE(b.from_inside(udp(at(b_host, 7000), at(outer, 5000))).starts_with("self"));
}

TEST(Mapping, StepsOverPortsThatTheGatewayItselfUses) {
  Config config = behaving(Mapping::endpoint_independent, Filtering::endpoint_independent);
  config.source.front().ports = PortRange{2000, 2001};
  Bench b(config);
  b.own(udp(at(outer, 2000), at(remote, 53)));
  for (const wire::Address host : {a_host, b_host}) b.from_inside(udp(at(host, 2000), at(remote, 53)));
  EXPECT_EQ(b.nat.table(b.now).at(1).outside, at(outer, 2001));
  EXPECT_EQ(b.nat.size(), 2u);
}

TEST(RfcPreset, MeetsTheNumbersOfTheRfcs) {
  Config base = masquerading();
  base.limits.table = 77;
  const Config c = rfc_preset(base);
  EXPECT_EQ(c.source.size(), 1u);
  EXPECT_EQ(c.limits.table, 77u);
  EXPECT_EQ(c.mapping, Mapping::endpoint_independent);
  EXPECT_EQ(c.hairpin, Hairpin::full);
  EXPECT_EQ(c.timeouts.udp, 5_min);  // RFC 4787 REQ-5
  EXPECT_EQ(c.timeouts.udp_stream, 5_min);
  for (const Duration idle : {c.timeouts.tcp_established, c.timeouts.tcp_unacknowledged, c.timeouts.tcp_max_retrans}) {
    EXPECT_EQ(idle, 2_h + 4_min);  // RFC 5382 REQ-5
  }
  for (const Duration transitory :
       {c.timeouts.tcp_syn_sent, c.timeouts.tcp_syn_recv, c.timeouts.tcp_fin_wait, c.timeouts.tcp_close_wait,
        c.timeouts.tcp_last_ack, c.timeouts.tcp_time_wait, c.timeouts.tcp_close}) {
    EXPECT_EQ(transitory, 4_min);  // RFC 7857 section 2.1
  }
  EXPECT_EQ(c.timeouts.icmp, 60_s);  // RFC 5508 REQ-2
  EXPECT_EQ(c.port_rest_s, 120u);    // RFC 6888 REQ-8
  EXPECT_TRUE(c.firewall.drop_invalid);
}

TEST(RfcPreset, AResetFromInsideNeverLengthensALife) {
  constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, R = wire::TcpFlags::rst;
  Bench b(rfc_preset(masquerading()));
  b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {S, 1000}));
  b.from_outside(tcp(at(remote, 80), at(outer, 5000), {S | A, 9000, 1001}));
  b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {A, 1001, 9001}));
  b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {R, 1001}));
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 4_min);
  b.now += 1_min;
  EXPECT_TRUE(b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {R, 1001})).starts_with("out"));
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 3_min);
}

TEST(RfcPreset, DatagramsThatMayBeInPiecesGetIdsOfTheirOwn) {
  Bench b(rfc_preset(masquerading()));
  const auto id_behind = [&](wire::Address from, std::uint16_t fragment_word) {
    b.from_inside(wire::udp_packet({.source = from, .destination = remote, .id = 99, .fragment_word = fragment_word},
                                   5000, 53, Bytes(8)));
    const auto ip = *wire::Ipv4View::parse(b.packet);
    EXPECT_TRUE(ip.sum_ok());
    return ip.id();
  };
  EXPECT_EQ(id_behind(a_host, 0), 1);
  EXPECT_EQ(id_behind(b_host, 0), 2);
  EXPECT_EQ(id_behind(b_host, wire::Ipv4View::dont_fragment), 99);
  b.from_outside(
      wire::udp_packet({.source = remote, .destination = outer, .id = 98, .fragment_word = 0}, 53, 5000, Bytes(8)));
  EXPECT_EQ(wire::Ipv4View::parse(b.packet)->id(), 98) << "its source is not translated";
}

TEST(RfcPreset, ErrorsThatQuoteADamagedHeaderAndKindsNobodyUsesAnyMoreEndHere) {
  for (const bool preset : {false, true}) {
    Bench b(preset ? rfc_preset(masquerading()) : masquerading());
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    Bytes about = udp(at(outer, 5000), at(remote, 53));
    EXPECT_EQ(b.from_outside(error_about(about, remote3, outer, 28, wire::icmp::source_quench, 0)).substr(0, 4),
              preset ? "X in" : "in: ");
    about[10] ^= 0xff;
    EXPECT_EQ(b.from_outside(error_about(about, remote3, outer)).substr(0, 14),
              preset ? "X bad-checksum" : "in: 198.51.100");
    EXPECT_EQ(b.from_inside(icmp(a_host, remote, wire::icmp::information, 0, 77u << 16)).substr(0, 4),
              preset ? "X in" : "out:");
  }
}

TEST(RfcPreset, KeepsAConnectionFourMinutesAfterAReset) {
  Bench b(rfc_preset(masquerading()));
  b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {}));
  EXPECT_TRUE(passed_in(
      b.from_outside(tcp(at(remote, 80), at(outer, 5000), {wire::TcpFlags::rst | wire::TcpFlags::ack, 0, 1001}))));
  ASSERT_EQ(b.nat.size(), 1u);
  EXPECT_EQ(b.nat.table(b.now).at(0).left, 4_min);
}

}  // namespace
}  // namespace masqsim::nat::testing
