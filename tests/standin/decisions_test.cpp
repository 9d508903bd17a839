// Two runs of one scenario in common terms: through this project's gateway and through the kernel they are equal where
// the gateways decide alike, and differ where one decides otherwise.
#include "sim/standin/decisions.hpp"

#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/diff.hpp"
#include "sim/kernel/linux_gateway.hpp"
#include "sim/standin/box_node.hpp"

namespace masqsim::standin {
namespace {

/// `nat` is what the gateway does beside masquerading.
scenario::Scenario home(const std::string& nat, const std::string& actions) {
  scenario::Loaded loaded = scenario::load_text(R"(masqsim: 1
name: home
networks:
  home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}
  internet: {kind: cloud, delay: 10ms}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}, services: [{udp: 7, echo: true}]}
  phone: {interfaces: {home: 192.168.1.11/24}}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat: {masquerade: {out: internet}, )" + nat +
                                                R"(}
  web: {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80, reply: 100B}, {udp: 53, echo: true}]}
expect: []
actions:
)" + actions);
  EXPECT_TRUE(loaded.scenario) << scenario::print_diagnostics("home.yaml", loaded.diagnostics);
  return loaded.scenario.value_or(scenario::Scenario{});
}

trace::Lines decisions_of(const scenario::Scenario& scenario, scenario::GatewayMaker* gateways = nullptr) {
  DecisionsSink sink;
  scenario::run(scenario, {.sinks = {&sink}, .gateways = gateways});
  return sink.take();
}

/// What `masqsim diff --gateway own,linux` says; the kernel's part is skipped where the machine cannot play it.
std::string difference(const scenario::Scenario& scenario) {
  const Doubts doubts = std::make_shared<std::vector<std::string>>();
  BoxGateways kernels = kernel_gateways(false, doubts);
  trace::Lines own = decisions_of(scenario), kernel = decisions_of(scenario, &kernels);
  unify_choices(own, kernel);
  return to_text(trace::diff(own, kernel));
}

class OwnAndKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  }
};

TEST_F(OwnAndKernel, AgreeAboutWhatTheFirewallDropsBehindTheRoutingDecision) {
  EXPECT_EQ(difference(home("firewall: {invalid: drop}", R"(
  - {at: 0s, id: stray, from: laptop, raw: {destination: web, tcp: {from: 40000, to: 80, flags: RST, seq: 1}}}
)")),
            "same: stray (1 packet)\n");
}

TEST_F(OwnAndKernel, AgreeAboutAPacketWhoseTimeEndsBehindAForward) {
  EXPECT_EQ(difference(home("forward: [{udp: 7, to: \"laptop:7\"}]", R"(
  - {at: 0s, id: short, from: "web:5000", udp: "203.0.113.5:7", ttl: 2}
  - {at: 1s, id: long, from: "web:5001", udp: "203.0.113.5:7"}
)")),
            "same: short, long (4 packets)\n");
}

TEST_F(OwnAndKernel, AgreeAboutDatagramsInFragments) {
  EXPECT_EQ(difference(home("forward: []", R"(
  - {at: 0s, id: big, from: "laptop:5000", udp: "web:53", send: 4000B}
)")),
            "same: big (10 packets)\n");
}

TEST_F(OwnAndKernel, AgreeAboutConnectionsWhosePortsTheyChoseFreely) {
  EXPECT_EQ(difference(home("forward: []", R"(
  - {at: 0s, id: one, from: "laptop:40000", tcp: "web:80", send: 10B}
  - {at: 1s, id: other, from: "phone:40000", tcp: "web:80", send: 10B}
)")),
            "same: one, other (12 packets)\n");
}

// Two runs through our own gateway, so that no kernel is needed: what differs is what the file asks for.
TEST(Decisions, DifferWhereOneGatewayPassesWhatTheOtherDrops) {
  const std::string stray =
      "  - {at: 0s, id: stray, from: laptop, raw: {destination: web, tcp: {from: 40000, to: 80, flags: RST, seq: 1}}}\n";
  const trace::Lines drops = decisions_of(home("firewall: {invalid: drop}", stray));
  const trace::Lines passes = decisions_of(home("firewall: {invalid: pass}", stray));
  EXPECT_TRUE(trace::diff(drops, drops).same());
  EXPECT_FALSE(trace::diff(drops, passes).same());
}

TEST(Decisions, ShowADroppedPacketAsItCame) {
  const trace::Lines lines = decisions_of(home("firewall: {invalid: drop}", R"(
  - {at: 0s, id: stray, from: laptop, raw: {destination: web, tcp: {from: 40000, to: 80, flags: RST, seq: 1}}}
)"));
  std::vector<std::string> dropped;
  for (const trace::Line& line : lines.lines) {
    if (line.kind == trace::Kind::drop) dropped.push_back(line.place + " " + line.story);
  }
  EXPECT_EQ(dropped, (std::vector<std::string>{
                         "gw 192.168.1.10:40000 > 198.51.100.10:80 tcp RST seq=1 win=64240 len=0 ttl=64 | none"}));
}

TEST(Decisions, CountSequenceNumbersFromEachSidesFirst) {
  const trace::Lines lines = decisions_of(home("forward: []", R"(
  - {at: 0s, id: page, from: "laptop:40000", tcp: "web:80", send: 10B}
)"));
  std::vector<std::string> sent;
  for (const trace::Line& line : lines.lines) {
    const std::size_t seq = line.story.find("seq=");
    if (line.kind != trace::Kind::send || (line.place != "laptop/home" && line.place != "web/internet")) continue;
    sent.push_back(line.place + " " + line.story.substr(seq, line.story.find(" win=") - seq));
  }
  EXPECT_EQ(sent, (std::vector<std::string>{"laptop/home seq=0", "web/internet seq=0 ack=1", "laptop/home seq=1 ack=1",
                                            "laptop/home seq=1 ack=1", "web/internet seq=1 ack=11",
                                            "laptop/home seq=11 ack=101"}));
}

}  // namespace
}  // namespace masqsim::standin
