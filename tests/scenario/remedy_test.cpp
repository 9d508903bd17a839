#include "masqsim/scenario/remedy.hpp"

#include <gtest/gtest.h>

#include "sim/scenario/proposal_search.hpp"

namespace masqsim::scenario {
namespace {

/// The remedy for a flow as "CHANGE (WHERE) => RESULT"; "none" where there is none. laptop (192.168.1.10, udp 9 that
/// only listens, tcp 22) - gw (203.0.113.5) - internet - web, stranger.
std::string remedied(const std::string& actions, const std::string& flow) {
  const Loaded loaded = load_text(R"(masqsim: 1
name: test
networks:
  home:     {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}
  internet: {kind: cloud, delay: 10ms}
nodes:
  laptop:
    interfaces: {home: 192.168.1.10/24}
    services: [{tcp: 22}, {udp: 9}]
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat: {masquerade: {out: internet}}
  web:      {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80}]}
  stranger: {interfaces: {internet: 198.51.100.66}}
actions:
)" + actions + "expect: []\n",
                                  {}, "test");
  EXPECT_TRUE(loaded.scenario) << print_diagnostics("test.yaml", loaded.diagnostics);
  if (!loaded.scenario) return "none";
  const std::optional<Remedy> found = remedy(loaded.written, *loaded.scenario, run(*loaded.scenario), flow);
  if (!found) return "none";
  return found->change + " (" + found->where + ") => " + std::string(word(found->result));
}

TEST(Remedy, TakesADatagramThatAListenerGotForASuccess) {
  EXPECT_EQ(remedied("  - {at: 0s, id: in, from: stranger, udp: \"203.0.113.5:9\", send: 10B}\n", "in"),
            "forward: [{udp: 9, to: \"laptop:9\"}] (gw) => delivered");
}

TEST(Remedy, OfATimeIsTheNextRoundOne) {
  std::string times;
  for (const Duration idle : {1_s, 30_s, 60_s, 120_s, 180_s, 300_s, 600_s, 900_s, 1800_s, 3600_s, 7200_s, 18000_s,
                              86400_s, 432000_s, 2592000_s}) {
    times += longer_than(idle) + ' ';
  }
  EXPECT_EQ(times, "30s 1m 2m 3m 5m 10m 15m 30m 1h 2h 5h 24h 120h 720h 720h ");
}

TEST(Remedy, IsNotSoughtForAFlowThatDidWell) {
  EXPECT_EQ(remedied("  - {at: 0s, id: out, from: laptop, tcp: \"web:80\"}\n", "out"), "none");
  EXPECT_EQ(remedied("  - {at: 0s, id: out, from: laptop, tcp: \"web:80\"}\n", "other"), "none");
}

}  // namespace
}  // namespace masqsim::scenario
