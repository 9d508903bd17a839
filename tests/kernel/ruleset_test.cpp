#include "sim/kernel/ruleset.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/linux_gateway.hpp"

namespace masqsim::kernel {
namespace {

const Names home{{"lan0", "wan0"}, {0}, wire::address(203, 0, 113, 1)};

nat::SourceRule masquerade_out() {
  nat::SourceRule rule;
  rule.out = 1;
  return rule;
}

nat::Config masquerade() {
  nat::Config config;
  config.source = {masquerade_out()};
  return config;
}

TEST(Ruleset, AfterAnotherHasOnlyTheSysctlsThatDifferFromIt) {
  nat::Config before = masquerade(), after = masquerade();
  before.timeouts.udp = 5_s;
  before.timeouts.icmp = 7_s;
  before.tcp_be_liberal = true;
  after.timeouts.icmp = 7_s;
  after.tcp_loose = false;
  EXPECT_EQ(ruleset_of(after, home, before).sysctls,
            (std::vector<Sysctl>{{"net.netfilter.nf_conntrack_udp_timeout", "30"},
                                 {"net.netfilter.nf_conntrack_tcp_loose", "0"},
                                 {"net.netfilter.nf_conntrack_tcp_be_liberal", "0"}}));
}

TEST(Ruleset, OfPlainMasqueradeIsOneRule) {
  const Ruleset set = ruleset_of(masquerade(), home);
  EXPECT_EQ(set.nft,
            "table ip nat {\n chain post {\n  type nat hook postrouting priority 100; policy accept;\n"
            "  oifname \"wan0\" masquerade\n }\n}\n");
  EXPECT_EQ(set.sysctls, std::vector<Sysctl>{});
  EXPECT_EQ(set.cannot, std::vector<std::string>{});
}

TEST(Ruleset, SaysPortsPoolsAndExemptions) {
  nat::Config config;
  nat::SourceRule exempt = masquerade_out();
  exempt.action = nat::SourceRule::Action::exempt;
  exempt.to = wire::parse_prefix("10.0.0.0/8");
  nat::SourceRule pool = masquerade_out();
  pool.action = nat::SourceRule::Action::source_nat;
  pool.from = wire::parse_prefix("192.168.1.0/24");
  pool.addresses = {wire::address(203, 0, 113, 10), wire::address(203, 0, 113, 13)};
  pool.persistent = true;
  nat::SourceRule ports = masquerade_out();
  ports.ports = nat::PortRange{2000, 2001};
  ports.random = true;
  config.source = {exempt, pool, ports};
  EXPECT_EQ(ruleset_of(config, home).nft,
            "table ip nat {\n chain post {\n  type nat hook postrouting priority 100; policy accept;\n"
            "  oifname \"wan0\" ip daddr 10.0.0.0/8 accept\n"
            "  oifname \"wan0\" ip saddr 192.168.1.0/24 snat to 203.0.113.10-203.0.113.13 persistent\n"
            "  oifname \"wan0\" meta l4proto { tcp, udp, udplite, sctp, icmp, gre } masquerade to :2000-2001 random\n"
            "  oifname \"wan0\" meta l4proto != { tcp, udp, udplite, sctp, icmp, gre } masquerade random\n }\n}\n");
}

TEST(Ruleset, LetsForwardsInFromOutsideOnlyUnlessTheyHairpin) {
  nat::Config config = masquerade();
  nat::DestinationRule forward;
  forward.to = {wire::address(203, 0, 113, 1), 32};
  forward.protocol = wire::Protocol::tcp;
  forward.port = nat::PortRange{8080, 8080};
  forward.forward = wire::address(192, 168, 1, 10);
  forward.forward_port = 80;
  config.destination = {forward};
  EXPECT_NE(
      ruleset_of(config, home)
          .nft.find(
              "  iifname != \"lan0\" ip daddr 203.0.113.1 ip protocol tcp th dport 8080 dnat to 192.168.1.10:80\n"),
      std::string::npos);
  config.hairpin = nat::Hairpin::full;
  const std::string full = ruleset_of(config, home).nft;
  EXPECT_NE(full.find("  ip daddr 203.0.113.1 ip protocol tcp th dport 8080 dnat to 192.168.1.10:80\n"),
            std::string::npos);
  EXPECT_NE(full.find("  iifname \"lan0\" oifname \"lan0\" ct status dnat snat to 203.0.113.1\n"), std::string::npos);
}

TEST(Ruleset, LetsNobodyOutsideCallAnInsideAddressItselfIfItIsNotToBe) {
  nat::Config config = masquerade();
  config.firewall.drop_direct = true;
  EXPECT_NE(ruleset_of(config, home)
                .nft.find(" chain forward {\n  type filter hook forward priority 0; policy accept;\n"
                          "  iifname != \"lan0\" ct status dnat accept\n"
                          "  iifname != \"lan0\" ct state new drop\n }\n"),
            std::string::npos);
}

TEST(Ruleset, ClampsTheMssBeforeItFiltersAnything) {
  nat::Config config = masquerade();
  config.firewall.drop_invalid = true;
  config.mss_clamp = nat::MssClamp{};
  const std::string head = " chain forward {\n  type filter hook forward priority 0; policy accept;\n";
  const auto says = [&](const std::string& rules) {
    return ruleset_of(config, home).nft.find(head + rules) != std::string::npos;
  };
  EXPECT_TRUE(says("  tcp flags syn tcp option maxseg size set rt mtu\n  ct state invalid drop\n }\n"));
  config.mss_clamp->to = 1400;
  EXPECT_TRUE(says("  tcp flags syn tcp option maxseg size set 1400\n  ct state invalid drop\n }\n"));
}

TEST(Ruleset, TellsTimersAsSysctlsAndWhatLinuxHasNoWordsFor) {
  nat::Config config = masquerade();
  config.timeouts.udp = 120_s;
  config.timeouts.icmp = 60_s + 500_ms;
  config.tcp_loose = false;
  config.filtering = nat::Filtering::endpoint_independent;
  const Ruleset set = ruleset_of(config, home);
  EXPECT_EQ(set.sysctls, (std::vector<Sysctl>{{"net.netfilter.nf_conntrack_udp_timeout", "120"},
                                              {"net.netfilter.nf_conntrack_icmp_timeout", "60"},
                                              {"net.netfilter.nf_conntrack_tcp_loose", "0"}}));
  EXPECT_EQ(set.cannot,
            (std::vector<std::string>{
                "net.netfilter.nf_conntrack_icmp_timeout of 1m500ms: Linux counts whole seconds, the rest is cut off",
                "filtering: Linux admits the very remote that was called, and no other"}));
  EXPECT_EQ(export_text(set, "home").substr(0, 19), "#!/usr/sbin/nft -f\n");
}

// Every word that a configuration can say, each taken by nft and by the kernel.
TEST(Ruleset, IsTakenByTheKernelInAllItsWords) {
  if (missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *missing();
  nat::Config config = masquerade();
  const wire::Prefix some{wire::address(192, 168, 1, 8), 30};
  const nat::AddressRange pool{wire::address(203, 0, 113, 8), wire::address(203, 0, 113, 11)};
  for (const auto action :
       {nat::SourceRule::Action::masquerade, nat::SourceRule::Action::source_nat, nat::SourceRule::Action::exempt}) {
    for (const std::optional<wire::Protocol> protocol :
         {std::optional<wire::Protocol>{}, std::optional(wire::Protocol::tcp), std::optional(wire::Protocol::icmp)}) {
      for (const bool ports : {false, true}) {
        nat::SourceRule rule;
        rule.out = 1;
        rule.in = 0;
        rule.from = some;
        rule.to = some;
        rule.action = action;
        rule.protocol = protocol;
        rule.addresses = pool;
        rule.random = ports;
        rule.persistent = true;
        if (ports && protocol != wire::Protocol::icmp) rule.ports = nat::PortRange{2000, 2999};
        config.source.push_back(rule);
      }
    }
  }
  nat::SourceRule netmap = masquerade_out();
  netmap.action = nat::SourceRule::Action::source_nat;
  netmap.from = some;
  netmap.addresses = pool;
  netmap.keep_host_bits = true;
  config.source.push_back(netmap);
  nat::DestinationRule one;
  one.in = 1;
  one.from = some;
  one.to = {pool.first, 30};
  one.forward = some.address;
  one.keep_host_bits = true;
  nat::DestinationRule two;
  two.to = {pool.first, 32};
  two.forward = some.address;
  nat::DestinationRule three = two;
  three.port = nat::PortRange{80, 90};
  three.forward_port = 8080;
  config.destination = {one, two, three};
  config.hairpin = nat::Hairpin::full;
  config.firewall = {
      .drop_invalid = true, .drop_direct = true, .protect_input = true, .protect_forward = true, .inside = {0}};
  config.limits.flows_per_host = 3;
  config.mss_clamp = nat::MssClamp{};
  config.alg_ftp = true;
  config.tcp_be_liberal = true;
  nat::Timeouts& t = config.timeouts;
  for (Duration* d : {&t.tcp_syn_sent, &t.tcp_syn_recv, &t.tcp_established, &t.tcp_fin_wait, &t.tcp_close_wait,
                      &t.tcp_last_ack, &t.tcp_time_wait, &t.tcp_close, &t.tcp_unacknowledged, &t.tcp_max_retrans,
                      &t.udp, &t.udp_stream, &t.icmp, &t.gre, &t.gre_stream, &t.generic, &t.fragment}) {
    *d = 77_s;
  }
  GatewaySetup setup;
  setup.interfaces = {{"lan0", {{wire::address(192, 168, 1, 1), 24}}, 1500, {}},
                      {"wan0", {{wire::address(203, 0, 113, 1), 24}}, 1500, {}}};
  const Ruleset set = ruleset_of(config, home);
  setup.ruleset = export_text(set, "every word") + silence_rules();
  setup.sysctls = set.sysctls;
  EXPECT_EQ(set.sysctls.size(), 18u);
  EXPECT_NO_THROW(LinuxGateway{setup}) << setup.ruleset;
}

}  // namespace
}  // namespace masqsim::kernel
