// Another configuration in mid run: what holds at once, what with the next packet, and what stays as it was.
#include <gtest/gtest.h>

#include "tests/nat/bench.hpp"

namespace masqsim::nat::testing {
namespace {

const std::string stranger_gets_in = "in: 198.51.100.8:9 > 192.168.1.10:5000 udp len=5 ttl=64";
const std::string stranger_is_left_outside = "self: 198.51.100.8:9 > 203.0.113.1:5000 udp len=5 ttl=64";

TEST(Configure, GivesEntriesTheNewTimeoutsWithTheirNextPacket) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  Config config = b.nat.config();
  config.timeouts.udp = 5_s;
  b.nat.configure(config);
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 unreplied 30s"});
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 unreplied 5s"});
}

TEST(Configure, OpensAndClosesTheFilteringOfMappingsThatAreThere) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 5000))), stranger_is_left_outside);
  b.nat.flush(b.now);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  Config config = b.nat.config();
  config.filtering = Filtering::endpoint_independent;
  b.nat.configure(config);
  EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 5000))), stranger_gets_in);
  config.filtering = Filtering::address_and_port_dependent;
  b.nat.configure(config);
  EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 5000))), stranger_gets_in)
      << "it has a flow of its own by now";
  EXPECT_EQ(b.from_outside(udp(at(remote3, 9), at(outer, 5000))),
            "self: 198.51.100.9:9 > 203.0.113.1:5000 udp len=5 ttl=64");
}

TEST(Configure, RemembersWhomAMappingHasCalledWhenFilteringBecomesByAddress) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5000), at(remote, 54)));
  Config config = b.nat.config();
  config.filtering = Filtering::address_dependent;
  b.nat.configure(config);
  EXPECT_EQ(b.from_outside(udp(at(remote, 99), at(outer, 5000))),
            "in: 198.51.100.7:99 > 192.168.1.10:5000 udp len=5 ttl=64");
  EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 5000))), stranger_is_left_outside);
  b.now += 31_s;
  b.nat.expire(b.now);
  EXPECT_EQ(b.nat.size(), 0u);
}

TEST(Configure, CountsTheFlowsBehindAPermissionAnewHoweverOftenItComes) {
  Config config = masquerading();
  config.filtering = Filtering::address_dependent;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5000), at(remote2, 53)));
  b.nat.configure(config);
  b.nat.configure(config);
  b.now += 20_s;
  b.from_inside(udp(at(a_host, 5000), at(remote2, 53)));
  b.now += 20_s;
  EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 5000))), stranger_gets_in);
  EXPECT_EQ(b.from_outside(udp(at(remote, 9), at(outer, 5000))),
            "self: 198.51.100.7:9 > 203.0.113.1:5000 udp len=5 ttl=64");
}

TEST(Configure, KeepsThePortsOfEntriesFromOthersWhenMappingsBecomeExclusive) {
  Config config = masquerading();
  config.source[0].ports = PortRange{5000, 5001};
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(b_host, 5000), at(remote2, 53)));  // another remote: Linux lets it have the same port
  config.mapping = Mapping::endpoint_independent;
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(c_host, 5000), at(remote3, 53))),
            "out: 203.0.113.1:5001 > 198.51.100.9:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(c_host, 6000), at(remote3, 53))), "X ports-exhausted");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote3, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.9:53 udp len=5 ttl=64");
  b.now += 20_s;
  b.from_inside(udp(at(b_host, 5000), at(remote2, 53)));
  b.from_inside(udp(at(c_host, 5000), at(remote3, 53)));
  b.now += 20_s;
  EXPECT_EQ(b.from_inside(udp(at(c_host, 6000), at(remote3, 53))), "X ports-exhausted")
      << "one of its two flows is still there";
  b.from_inside(udp(at(c_host, 5000), at(remote3, 53)));
  b.now += 20_s;
  EXPECT_EQ(b.from_inside(udp(at(c_host, 6000), at(remote3, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.9:53 udp len=5 ttl=64");
}

TEST(Configure, GroupsFlowsByWhatTheNewMappingTellsApart) {
  Config config = masquerading();
  config.mapping = Mapping::address_and_port_dependent;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  config.mapping = Mapping::endpoint_independent;
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote2, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.8:53 udp len=5 ttl=64");
  config.mapping = Mapping::address_and_port_dependent;
  b.nat.configure(config);
  const std::string other = b.from_inside(udp(at(a_host, 5000), at(remote3, 53)));
  EXPECT_NE(other, "out: 203.0.113.1:5000 > 198.51.100.9:53 udp len=5 ttl=64")
      << "a remote of its own, a port of its own";
  EXPECT_EQ(other.substr(0, 17), "out: 203.0.113.1:");
}

TEST(Configure, CountsTheFlowsThatAHostAsksForFromNowOnAgainstANewLimit) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5001), at(remote, 53)));
  Config config = b.nat.config();
  config.limits.flows_per_host = 1;
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5002), at(remote, 53))),
            "out: 203.0.113.1:5002 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5003), at(remote, 53))), "X host-limit 3/13");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 5003), at(remote, 53))),
            "out: 203.0.113.1:5003 > 198.51.100.7:53 udp len=5 ttl=64");
  config.timeouts.udp = 20_s;
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5004), at(remote, 53))),
            "out: 203.0.113.1:5004 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5005), at(remote, 53))), "X host-limit 3/13");
  config.limits.flows_per_host.reset();
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5006), at(remote, 53))),
            "out: 203.0.113.1:5006 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(Configure, TakesAFlowThatIsThereAlreadyForOneOfAsManyAsItsHostMayHave) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  Config config = b.nat.config();
  config.limits.flows_per_host = 1;
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5001), at(remote, 53))), "X host-limit 3/13");
}

TEST(Configure, WithoutRulesNothingIsTrackedWhateverWasAskedBefore) {
  Config config = masquerading();
  config.limits.flows_per_host = 1;
  config.alg_ftp = true;
  config.firewall.protect_input = true;
  config.unsolicited = Unsolicited::drop;
  Bench b(without_rules(config));
  EXPECT_FALSE(b.nat.tracks());
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
            "out: 192.168.1.10:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5001), at(remote, 53))),
            "out: 192.168.1.10:5001 > 198.51.100.7:53 udp len=5 ttl=64");
}

TEST(Configure, WhateverLooksAtFlowsAsksForTracking) {
  const auto tracks = [](auto change) {
    Config config;
    change(config);
    return nat::Nat(config, Random(1, "nat")).tracks();
  };
  EXPECT_FALSE(tracks([](Config&) {}));
  EXPECT_FALSE(tracks([](Config& c) { c.source = {{.action = SourceRule::Action::exempt}}; }));
  EXPECT_TRUE(
      tracks([](Config& c) { c.source = {{.only_port_forwarded = true, .action = SourceRule::Action::exempt}}; }));
  EXPECT_TRUE(tracks([](Config& c) { c.source = {{.out = wan}}; }));
  EXPECT_TRUE(tracks([](Config& c) { c.destination = {{}}; }));
  EXPECT_TRUE(tracks([](Config& c) { c.alg_ftp = true; }));
  EXPECT_TRUE(tracks([](Config& c) { c.firewall.drop_invalid = true; }));
  EXPECT_TRUE(tracks([](Config& c) { c.firewall.protect_input = true; }));
  EXPECT_TRUE(tracks([](Config& c) { c.firewall.protect_forward = true; }));
  EXPECT_TRUE(tracks([](Config& c) { c.limits.flows_per_host = 1; }));
  EXPECT_TRUE(tracks([](Config& c) { c.unsolicited = Unsolicited::drop; }));
}

TEST(Configure, LetsTheFirewallHoldAtOnce) {
  Bench b;
  EXPECT_EQ(b.from_outside(udp(at(remote, 9), at(outer, 5000))),
            "self: 198.51.100.7:9 > 203.0.113.1:5000 udp len=5 ttl=64");
  Config config = b.nat.config();
  config.firewall.protect_input = true;
  b.nat.configure(config);
  EXPECT_EQ(b.from_outside(udp(at(remote2, 9), at(outer, 5000))), "X firewall");
}

TEST(Configure, LetsAForwardThatStaysKeepItsMapping) {
  Config config = masquerading();
  config.destination = {forward(wire::Protocol::udp, 8080, a_host, 80)};
  Bench b(config);
  b.from_outside(udp(at(remote, 4000), at(outer, 8080)));
  config.destination.insert(config.destination.begin(), forward(wire::Protocol::udp, 8081, b_host, 80));
  b.nat.configure(config);
  b.from_outside(udp(at(remote2, 4000), at(outer, 8080)));
  b.from_outside(udp(at(remote2, 4000), at(outer, 8081)));
  b.nat.configure(config);
  b.from_outside(udp(at(remote3, 4000), at(outer, 8081)));
  Lines mappings;
  for (const Entry& e : b.nat.table(b.now)) mappings.push_back(to_string(e.outside) + " #" + std::to_string(e.mapping));
  EXPECT_EQ(mappings,
            (Lines{"203.0.113.1:8080 #1", "203.0.113.1:8080 #1", "203.0.113.1:8081 #2", "203.0.113.1:8081 #2"}));
}

}  // namespace
}  // namespace masqsim::nat::testing
