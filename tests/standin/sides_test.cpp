// One file is one gateway: the own one, the kernel in its place, and the exported ruleset agree about which side is
// outside, whether or not a source rule names it.
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "sim/kernel/linux_gateway.hpp"
#include "sim/standin/box_node.hpp"
#include "sim/standin/export_nft.hpp"

namespace masqsim::standin {
namespace {

using Lines = std::vector<std::string>;

scenario::Scenario loaded(const std::string& text) {
  scenario::Loaded result = scenario::load_text(text);
  EXPECT_TRUE(result.scenario) << scenario::print_diagnostics("sides.yaml", result.diagnostics);
  return result.scenario.value_or(scenario::Scenario{});
}

/// A stranger calls port 22 of a gateway, which forwards it, then port 80, which nothing owns.
scenario::Scenario called_by_a_stranger(const std::string& nat) {
  return loaded(R"(masqsim: 1
name: sides
networks:
  home: {kind: lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}, services: [{tcp: 22}]}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat: {forward: [{tcp: 22, to: "laptop:22"}], )" +
                nat + R"(}
  stranger: {interfaces: {internet: 198.51.100.66}}
actions:
  - {at: 0s, id: forwarded, from: stranger, tcp: "203.0.113.5:22"}
  - {at: 2s, id: other, from: stranger, tcp: "203.0.113.5:80"}
expect: []
)");
}

/// A server of the dmz calls a port that is forwarded for callers from outside.
scenario::Scenario called_by_the_dmz(const std::string& nat) {
  return loaded(R"(masqsim: 1
name: sides
networks:
  home: {kind: lan, subnet: 192.168.1.0/24}
  dmz: {kind: lan, subnet: 192.168.2.0/24}
  internet: {kind: cloud}
nodes:
  server: {interfaces: {home: 192.168.1.20/24}, services: [{tcp: 80}]}
  caller: {interfaces: {dmz: 192.168.2.10/24}}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, dmz: 192.168.2.1/24, internet: 203.0.113.5}
    nat: {masquerade: {out: internet}, hairpin: none, forward: [{tcp: 8080, to: "server:80"}])" +
                nat + R"(}
actions:
  - {at: 0s, id: call, from: caller, tcp: "203.0.113.5:8080"}
expect: []
)");
}

/// What each flow came to, on the own gateway, or on the kernel.
Lines results(const scenario::Scenario& scenario, scenario::GatewayMaker* kernels = nullptr) {
  Lines lines;
  for (const scenario::FlowOutcome& flow : scenario::run(scenario, {{}, kernels}).flows) {
    lines.push_back(flow.id + ' ' + std::string(flow.result ? word(*flow.result) : "unfinished"));
  }
  return lines;
}

struct Row {
  std::string what;
  scenario::Scenario scenario;
  Lines results;
  std::string forwards_for;  ///< how the exported rule of the forward begins
};

std::vector<Row> rows() {
  const Lines refused{"forwarded established", "other refused"}, silent{"forwarded established", "other no-answer"};
  const std::string from_outside = "iifname != \"home\" ip daddr 203.0.113.5 ";
  const std::string twice = R"(, twice-nat: {inside: 10.9.0.0/24, outside: 198.51.100.0/24})";
  return {{"masquerade", called_by_a_stranger("masquerade: {out: internet}"), refused, from_outside},
          {"masquerade, silent", called_by_a_stranger("masquerade: {out: internet}, unsolicited: drop"), silent,
           from_outside},
          {"forwards only", called_by_a_stranger("masquerade: none"), refused, from_outside},
          {"forwards only, silent", called_by_a_stranger("masquerade: none, unsolicited: drop"), silent, from_outside},
          {"twice NAT", called_by_a_stranger("masquerade: {out: internet}" + twice), refused, from_outside},
          {"dmz", called_by_the_dmz(""), {"call refused"}, "iifname != { \"home\", \"dmz\" } ip daddr 203.0.113.5 "},
          {"dmz, exempt",
           called_by_the_dmz(", source: [{out: dmz, exempt: true}]"),
           {"call refused"},
           "iifname != { \"home\", \"dmz\" } ip daddr 203.0.113.5 "}};
}

TEST(Sides, AreTheSameInTheOwnGatewayAndInTheRuleset) {
  for (const Row& row : rows()) {
    EXPECT_EQ(results(row.scenario), row.results) << row.what;
    const std::string nft = nft_of(row.scenario);
    EXPECT_NE(nft.find("  " + row.forwards_for + "ip protocol tcp"), std::string::npos) << row.what << '\n' << nft;
  }
}

TEST(Sides, AreTheSameInTheKernel) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  for (const Row& row : rows()) {
    BoxGateways kernels = kernel_gateways(false, std::make_shared<std::vector<std::string>>());
    EXPECT_EQ(results(row.scenario, &kernels), row.results) << row.what;
  }
}

}  // namespace
}  // namespace masqsim::standin
