// Which questions a gateway says it asked of a packet, and what it answered: what `explain` shows.
#include "sim/net/gateway_words.hpp"

#include <gtest/gtest.h>

#include "one_router.hpp"

namespace masqsim::net {
namespace {

using test::syn;
using test::udp;
using wire::address;
using wire::Endpoint;
using Strings = std::vector<std::string>;

/// The steps of each record as "QUESTION yes, DETAIL (KEY)".
struct Steps final : trace::Sink {
  void record(const trace::Record& r) override {
    for (const Step& step : r.steps) {
      all.push_back(step.question + (step.yes ? " yes, " : " no, ") + step.detail + " (" + step.key + ")");
    }
  }
  bool wants_steps() const override { return true; }
  Strings all;
};

struct Asked : test::OneRouter<Gateway> {
  explicit Asked(const nat::Config& config) : OneRouter(trace::NodeKind::gateway, config) {
    network.trace().add(steps);
    gw.ready();
  }
  Strings of(InterfaceIndex in, wire::ByteView packet) {
    after(in, packet);
    return std::exchange(steps.all, {});
  }
  Steps steps;
};

constexpr Endpoint host{Asked::laptop, 5000}, far{Asked::web, 53}, stranger{Asked::stranger, 9};

nat::SourceRule rule(nat::SourceRule::Action action = nat::SourceRule::Action::masquerade) {
  nat::SourceRule made;
  made.out = 1;
  made.action = action;
  return made;
}

nat::Config sources(const std::vector<nat::SourceRule>& rules) {
  nat::Config config;
  config.source = rules;
  return config;
}

nat::DestinationRule port_22() {
  nat::DestinationRule made;
  made.to = {Asked::gw_outside, 32};
  made.protocol = wire::Protocol::udp;
  made.port = nat::PortRange{22, 22};
  made.forward = Asked::laptop;
  return made;
}

TEST(GatewayWords, NameTheRuleThatGaveASourceAndOnlyForTheFirstOfAFlow) {
  Asked lab(sources({rule()}));
  EXPECT_EQ(lab.of(0, udp(host, far)), Strings{"masquerade? yes, it leaves by wan (nat.source-rule.0)"});
  EXPECT_EQ(lab.of(0, udp(host, far)), Strings{});
}

TEST(GatewayWords, NameEachKindOfSourceRule) {
  nat::SourceRule pool = rule(nat::SourceRule::Action::source_nat);
  pool.addresses = {address(203, 0, 113, 9), address(203, 0, 113, 9)};
  EXPECT_EQ(Asked(sources({pool})).of(0, udp(host, far)),
            Strings{"source NAT? yes, it leaves by wan (nat.source-rule.0)"});
  EXPECT_EQ(Asked(sources({rule(nat::SourceRule::Action::exempt), rule()})).of(0, udp(host, far)),
            Strings{"exempt? yes, its source stays as it is (nat.source-rule.0)"});
}

TEST(GatewayWords, SayWhatOfEachRuleDidNotFit) {
  std::vector<nat::SourceRule> rules(4, rule());
  rules[0].out = 0;
  rules[1].protocol = wire::Protocol::tcp;
  rules[2].from = {address(10, 0, 0, 0), 8};
  rules[3].to = {address(198, 51, 100, 64), 26};
  EXPECT_EQ(
      Asked(sources(rules)).of(0, udp(host, far)),
      (Strings{"masquerade? no, out is lan, this packet leaves by wan (nat.source-rule.0.out)",
               "masquerade? no, protocol is tcp, this packet is udp (nat.source-rule.1.protocol)",
               "masquerade? no, from is 10.0.0.0/8, this packet comes from 192.168.1.10 (nat.source-rule.2.from)",
               "masquerade? no, to is 198.51.100.64/26, this packet goes to 198.51.100.10 (nat.source-rule.3.to)"}));
}

TEST(GatewayWords, SayOfEightRulesAtMostThatTheyDidNotFit) {
  std::vector<nat::SourceRule> rules(10, rule());
  for (nat::SourceRule& one : rules) one.out = 0;
  const Strings said = Asked(sources(rules)).of(0, udp(host, far));
  ASSERT_EQ(said.size(), 8u);
  EXPECT_EQ(said.back(), "masquerade? no, out is lan, this packet leaves by wan (nat.source-rule.7.out)");
}

TEST(GatewayWords, SayThatThereIsNoRuleForASource) {
  nat::Config config;
  config.outside = {1};
  config.destination = {port_22()};
  EXPECT_EQ(Asked(config).of(0, udp(host, far)), Strings{"a rule for its source? no, nat has none (nat)"});
}

TEST(GatewayWords, NameTheForwardThatLetSomebodyInAndAskNothingOfItsSource) {
  nat::Config config = sources({rule()});
  config.destination = {port_22()};
  EXPECT_EQ(Asked(config).of(1, udp(stranger, {Asked::gw_outside, 22})),
            Strings{"port forward? yes, to 192.168.1.10:22 (nat.destination-rule.0)"});
  config.destination[0].protocol = {};
  config.destination[0].port = {};
  const std::vector<std::uint8_t> gre = wire::ip_packet({.source = Asked::stranger, .destination = Asked::gw_outside},
                                                        wire::Protocol::gre, std::vector<std::uint8_t>(8, 0));
  EXPECT_EQ(Asked(config).of(1, gre), Strings{"port forward? yes, to 192.168.1.10 (nat.destination-rule.0)"})
      << "without ports";
  const std::vector<std::uint8_t> echo = wire::icmp_packet(
      {.source = Asked::stranger, .destination = Asked::gw_outside}, {.type = 8, .rest = 7u << 16}, {});
  EXPECT_EQ(Asked(config).of(1, echo), Strings{"port forward? yes, to 192.168.1.10 (nat.destination-rule.0)"})
      << "an identifier is no port";
}

TEST(GatewayWords, NameTheMappingThatLetSomebodyIn) {
  nat::Config config = sources({rule()});
  config.mapping = nat::Mapping::endpoint_independent;
  config.filtering = nat::Filtering::endpoint_independent;
  Asked lab(config);
  lab.of(0, udp(host, far));
  EXPECT_EQ(lab.of(1, udp(stranger, {Asked::gw_outside, 5000})),
            Strings{"existing mapping? yes, it lets this remote in, too (nat.filtering)"});
}

TEST(GatewayWords, SayThatAHairpinGaveASourceThatNoRuleGives) {
  nat::Config config = sources({rule()});
  config.destination = {port_22()};
  config.hairpin = nat::Hairpin::full;
  EXPECT_EQ(Asked(config).of(0, udp({address(192, 168, 1, 11), 9}, {Asked::gw_outside, 22})),
            (Strings{"port forward? yes, to 192.168.1.10:22 (nat.destination-rule.0)",
                     "hairpin? yes, the server sees the outside address (nat.hairpin)"}));
}

nat::Config guarded() {
  nat::Config config = sources({rule()});
  config.firewall.protect_input = config.firewall.protect_forward = true;
  config.firewall.inside = {0};
  return config;
}

TEST(GatewayWords, NameTheFirewallsPartThatEndedAPacket) {
  EXPECT_EQ(Asked(guarded()).of(1, udp(stranger, {Asked::gw_outside, 22})),
            Strings{"may it reach the gateway itself? no, input: protect takes answers and what comes from inside "
                    "(lan); this came from wan (nat.firewall.input)"});
  EXPECT_EQ(Asked(guarded()).of(1, udp(stranger, {Asked::laptop, 22})),
            Strings{"may it pass to the other side? no, forward: protect passes answers and what is new from inside "
                    "(lan); this goes from wan to lan (nat.firewall.forward)"});
  nat::Config direct = guarded();
  direct.firewall.drop_direct = true;
  EXPECT_EQ(Asked(direct).of(1, udp(stranger, {Asked::laptop, 22})),
            Strings{"does a forward or a mapping let it in? no, direct: drop refuses who calls an inside address "
                    "itself (nat.firewall.direct)"});
}

TEST(GatewayWords, NameAllInsideNetworksOrNone) {
  nat::Config both = guarded();
  both.firewall.inside = {};
  EXPECT_EQ(Asked(both).of(0, udp(host, far)),
            Strings{"may it pass to the other side? no, forward: protect passes answers and what is new from inside "
                    "(no network); this goes from lan to wan (nat.firewall.forward)"});
}

}  // namespace
}  // namespace masqsim::net
