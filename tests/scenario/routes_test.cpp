// Which routes nodes have: given, computed, and none.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "sim/scenario/expectation_text.hpp"

namespace masqsim::scenario {
namespace {

using Lines = std::vector<std::string>;

/// vm1 - sw1 - gw - sw2 - vm3, with `vm3` and `gw` as given.
std::string lab(const std::string& vm3, const std::string& gw = "") {
  return fmt::format(R"(masqsim: 1
networks:
  sw1: {{kind: lan, subnet: 192.168.0.0/24}}
  sw2: {{kind: lan, subnet: 192.168.1.0/24}}
  internet: {{kind: cloud, delay: 10ms}}
nodes:
  vm1: {{interfaces: {{sw1: 192.168.0.100/24}}}}
  gw: {{kind: router, interfaces: {{sw1: 192.168.0.10/24, sw2: 192.168.1.254/24, internet: 203.0.113.5}}{}}}
  vm3: {{interfaces: {{sw2: 192.168.1.1/24}}{}, services: [{{tcp: 23, reply: 20B}}]}}
actions:
  - {{at: 0s, id: over, from: "vm1:7", ping: vm3}}
)",
                     gw, vm3);
}

Scenario loaded(const std::string& text) {
  Loaded result = load_text(text);
  EXPECT_TRUE(result.scenario) << print_diagnostics("f", result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

Lines outcomes(const std::string& text) {
  Lines lines;
  for (const FlowOutcome& flow : run(loaded(text)).flows) lines.push_back(flow.id + " " + phrase(flow));
  return lines;
}

/// What `show` says of the routes of `node`: those lines of its section.
std::string shown(const std::string& text, const std::string& node) {
  std::istringstream lines(resolved(with_routes(loaded(text))));
  std::string found;
  bool in_node = false, in_routes = false;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == 2) in_node = line == "  " + node + ":";
    if (indent == 4) in_routes = line.starts_with("    default-route") || line.starts_with("    routes");
    if (in_node && in_routes && indent >= 4) found += line + '\n';
  }
  return found;
}

TEST(Routes, AnEmptyListTakesTheDefaultRouteAway) {
  EXPECT_EQ(outcomes(lab("")), Lines{"over replied"});
  EXPECT_EQ(outcomes(lab(", routes: []")), Lines{"over no-answer at vm3 (no-route)"});
  EXPECT_EQ(outcomes(lab(", default-route: none")), Lines{"over no-answer at vm3 (no-route)"});
}

TEST(Routes, AListWithoutADefaultKeepsTheComputedOneUnlessNoneIsWanted) {
  const std::string other = ", routes: [{to: 10.0.0.0/8, via: gw}]";
  EXPECT_EQ(outcomes(lab(other)), Lines{"over replied"});
  EXPECT_EQ(outcomes(lab(other + ", default-route: none")), Lines{"over no-answer at vm3 (no-route)"});
}

TEST(Routes, ShowSaysWhatTheRunUses) {
  EXPECT_EQ(shown(lab(""), "vm3"), "    routes:\n      - to: default\n        via: 192.168.1.254\n");
  EXPECT_EQ(shown(lab(", routes: []"), "vm3"), "    routes: []\n");
  EXPECT_EQ(shown(lab(", default-route: none"), "vm3"), "    routes: []\n");
  EXPECT_EQ(shown(lab(", routes: [{to: 10.0.0.0/8, via: gw}], default-route: none"), "vm3"),
            "    default-route: none\n    routes:\n      - to: 10.0.0.0/8\n        via: 192.168.1.254\n");
  EXPECT_EQ(shown(lab(""), "gw"), "    routes:\n      - to: default\n        via: internet\n");
}

TEST(Routes, WhatIsShownLoadsAndRunsAsTheFileDoes) {
  for (const char* vm3 : {"", ", routes: []", ", default-route: none", ", routes: [{to: 10.0.0.0/8, via: gw}]"}) {
    const Scenario spelled = with_routes(loaded(lab(vm3)));
    const std::string text = resolved(spelled);
    EXPECT_EQ(outcomes(text), outcomes(lab(vm3)));
    EXPECT_EQ(resolved(with_routes(loaded(text))), text);
  }
}

/// gw with two uplinks over one cloud; r1 and r2 attached to it.
constexpr const char* over_cloud = R"(masqsim: 1
networks:
  internet: {kind: cloud, delay: 10ms}
  behind: {kind: lan, subnet: 10.20.0.0/24}
nodes:
  r1: {kind: router, interfaces: {internet: 203.0.113.11}, routes: [{to: 10.20.0.0/24, via: VIA}, {to: default, via: internet}]}
  r2: {kind: router, interfaces: {internet: 203.0.113.12, behind: 10.20.0.1/24}}
  server: {interfaces: {behind: 10.20.0.2/24}}
  web: {interfaces: {internet: 198.51.100.10}}
actions:
  - {at: 0s, id: near, from: r1, ping: 10.20.0.2}
  - {at: 1s, id: far, from: r1, ping: web}
)";

std::string over_cloud_via(const std::string& via) {
  std::string text = over_cloud;
  return text.replace(text.find("VIA"), 3, via);
}

TEST(Routes, ANextHopMayBeAnybodyAttachedToTheSameCloud) {
  // The server's answer to r1's outside address takes r2's default route.
  for (const char* via : {"r2", "203.0.113.12"}) {
    EXPECT_EQ(outcomes(over_cloud_via(via)), (Lines{"near replied", "far replied"})) << via;
  }
  EXPECT_EQ(outcomes(over_cloud_via("internet")), (Lines{"near unreachable at internet (no-route)", "far replied"}));
}

TEST(Routes, ANextHopThatNobodyHasIsAnError) {
  const Loaded loaded = load_text(over_cloud_via("203.0.113.99"));
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].message, "'203.0.113.99' is on no network of r1");
}

TEST(Routes, AnInterfaceMayHaveAServiceAddressAndASecondSubnet) {
  const std::string text = R"(masqsim: 1
networks:
  pods: {kind: lan, subnet: 10.244.0.0/24}
  services: {kind: lan, subnet: 10.244.1.0/24}
nodes:
  pod: {interfaces: {pods: 10.244.0.10/24}}
  old: {interfaces: {pods: [10.244.0.11/24, 10.9.0.11/24]}}
  balancer: {interfaces: {services: [10.244.1.5/24, 10.97.0.1/32]}, services: [{udp: 53, echo: true}]}
  dns: {interfaces: {services: 10.244.1.11/24}, services: [{udp: 53, reply: 100B}]}
  gw:
    kind: gateway
    interfaces: {pods: [10.244.0.1/24, 10.9.0.1/24, 10.96.0.10/32], services: 10.244.1.1/24}
    nat: {hairpin: dnat-only, forward: [{udp: 53, to: "dns:53", outside: 10.96.0.10}]}
actions:
  - {at: 0s, id: service, from: pod, udp: "10.96.0.10:53"}
  - {at: 1s, id: second, from: pod, ping: 10.9.0.11}
  - {at: 2s, id: alias, from: pod, udp: "10.97.0.1:53"}
)";
  EXPECT_EQ(outcomes(text), (Lines{"service replied", "second replied", "alias replied"}));
}

TEST(Routes, AnInterfaceMayHaveASingleAddressAlone) {
  const std::string text = R"(masqsim: 1
networks:
  lan: {kind: lan, subnet: 10.0.0.0/24}
nodes:
  a: {interfaces: {lan: 10.0.0.2/32}}
  gw: {kind: router, interfaces: {lan: 10.0.0.1/24}}
  b: {interfaces: {lan: 10.0.0.3/24}}
actions: [{at: 0s, id: out, from: a, ping: b}, {at: 1s, id: back, from: b, ping: a}]
)";
  EXPECT_EQ(outcomes(text), (Lines{"out replied", "back replied"}));
}

}  // namespace
}  // namespace masqsim::scenario
