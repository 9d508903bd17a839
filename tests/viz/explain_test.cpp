#include "viz/explain.hpp"

#include "tests/viz/expected.hpp"

namespace masqsim::viz {
namespace {

using viz_test::run_into;
using viz_test::shipped;

std::string explained(const scenario::Scenario& scenario, const std::string& flow) {
  Explanation explanation(flow);
  const scenario::Finished finished = run_into(scenario, explanation);
  return explanation.told(scenario, finished, scenario::remedy(scenario, finished, flow), {});
}

TEST(Explanation, AsksTheQuestionsInOrderAndNamesWhatWouldHelp) {
  viz_test::expect_file("03-public.explain", explained(shipped("03-inbound-fails"), "public"));
}

TEST(Explanation, TellsThatAPrivateAddressHasNoRouteAndWhomToCallInstead) {
  viz_test::expect_file("03-private.explain", explained(shipped("03-inbound-fails"), "private"));
}

TEST(Explanation, TellsTheWayOfAFlowThatSucceeded) {
  viz_test::expect_file("03-out.explain", explained(shipped("03-inbound-fails"), "out"));
}

TEST(Remedy, OfAHostBehindANetworkOfTheSameAddressesIsOverlap) {
  EXPECT_EQ(explained(shipped("24-overlap", "linux"), "out"),
            "packet 3: SYN 192.168.1.10:40000 > 192.168.1.66:80, laptop, 3.000000 s\n"
            "  => host-unreachable: no neighbour answered for 3 s; nobody is told\n"
            "Would pass with: overlap: true   (tried: the same run with it is ESTABLISHED)\n");
}

TEST(Remedy, OffersNothingThatItHasNotSeenSucceed) {
  scenario::Scenario scenario = shipped("03-inbound-fails");
  for (scenario::Node& node : scenario.nodes) {
    if (node.name == "laptop") node.services.clear();  // a forward would lead to a closed port
  }
  EXPECT_EQ(explained(scenario, "public").find("Would pass with"), std::string::npos);
}

TEST(Remedy, AgainstAServerThatAnswersAnInsideCallerDirectlyIsAFullHairpin) {
  const scenario::Loaded loaded = scenario::load_text(
      "masqsim: 1\n"
      "name: direct\n"
      "networks: {home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}, internet: {kind: cloud}}\n"
      "nodes:\n"
      "  laptop: {interfaces: {home: 192.168.1.10/24}}\n"
      "  phone: {interfaces: {home: 192.168.1.11/24}, services: [{udp: 53, echo: true}]}\n"
      "  gw:\n"
      "    kind: gateway\n"
      "    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}\n"
      "    nat: {masquerade: {out: internet}, hairpin: dnat-only, forward: [{udp: 53, to: phone}]}\n"
      "actions:\n"
      "  - {at: 0s, id: name, from: \"laptop:41000\", udp: \"203.0.113.5:53\"}\n");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("text", loaded.diagnostics);
  EXPECT_EQ(explained(*loaded.scenario, "name"),
            "packet 2: UDP 192.168.1.11:53 > 192.168.1.10:41000, laptop, 0.003000 s, in: home\n"
            "  => wrong-peer: udp:41000 talks to 203.0.113.5:53 only; laptop answers ICMP 3/3 (port unreachable)\n"
            "Would pass with: hairpin: full   (tried: the same run with it is REPLIED)\n");
}

}  // namespace
}  // namespace masqsim::viz
