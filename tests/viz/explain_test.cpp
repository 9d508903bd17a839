#include "viz/explain.hpp"

#include "tests/viz/expected.hpp"

namespace masqsim::viz {
namespace {

using viz_test::run_into;

std::string explained(const scenario::Loaded& loaded, const std::string& flow) {
  if (!loaded.scenario) return scenario::print_diagnostics("text", loaded.diagnostics);
  Explanation explanation(flow);
  const scenario::Finished finished = run_into(*loaded.scenario, explanation);
  return explanation.told(*loaded.scenario, finished,
                          scenario::remedy(loaded.written, *loaded.scenario, finished, flow), {});
}

std::string explained(const std::string& text, const std::string& flow, const scenario::LoadOptions& options = {}) {
  return explained(scenario::load_text(text, options), flow);
}

std::string shipped(const std::string& name, const std::string& flow, const std::string& variant = {}) {
  return explained(scenario::load(std::string(MASQSIM_SOURCE_DIR) + "/scenarios/" + name + ".yaml",
                                  {.variant = variant, .sets = {}, .seed = {}}),
                   flow);
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  return text.substr(text.rfind('\n', end) + 1, end - text.rfind('\n', end));
}

TEST(Explanation, AsksTheQuestionsInOrderAndNamesWhatWouldHelp) {
  viz_test::expect_file("03-public.explain", shipped("03-inbound-fails", "public"));
}

TEST(Explanation, TellsThatAPrivateAddressHasNoRouteAndWhomToCallInstead) {
  viz_test::expect_file("03-private.explain", shipped("03-inbound-fails", "private"));
}

TEST(Explanation, TellsTheWayOfAFlowThatSucceededAndTheRuleThatTookIt) {
  viz_test::expect_file("03-out.explain", shipped("03-inbound-fails", "out"));
  viz_test::expect_file("04-page.explain", shipped("04-port-forward", "page"));
}

TEST(Explanation, SaysForWhomThePortIsForwarded) {
  viz_test::expect_file("04-thief.explain", shipped("04-port-forward", "thief"));
}

constexpr const char* home =
    "masqsim: 1\n"
    "name: home\n"
    "networks: {home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}, internet: {kind: cloud}}\n"
    "nodes:\n"
    "  laptop: {interfaces: {home: 192.168.1.10/24}}\n"
    "  phone: {interfaces: {home: 192.168.1.11/24}, services: [{udp: 53, echo: true}]}\n";
constexpr const char* gateway =
    "  gw:\n"
    "    kind: gateway\n"
    "    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}\n";

TEST(Remedy, OfAHostBehindANetworkOfTheSameAddressesIsOverlap) {
  EXPECT_EQ(shipped("24-overlap", "out", "linux"),
            "packet 1: SYN 192.168.1.10:40000 > 192.168.1.66:80, laptop, 3.000000 s\n"
            "  => host-unreachable: no neighbour answered for 3 s; nobody is told; 2 more alike\n"
            "Would pass with: overlap: true   (gw; tried: the same run with it is ESTABLISHED)\n");
}

TEST(Remedy, OffersNothingThatItHasNotSeenSucceed) {
  const std::string text = explained(std::string(home) + gateway +
                                         "    nat: {masquerade: {out: internet}}\n"
                                         "  far: {interfaces: {internet: 198.51.100.66}}\n"
                                         "actions: [{at: 0s, id: call, from: far, ping: 203.0.113.77}]\n",
                                     "call");
  EXPECT_EQ(text.find("Would pass with"), std::string::npos) << text;
}

TEST(Remedy, AgainstAServerThatAnswersAnInsideCallerDirectlyIsAFullHairpin) {
  EXPECT_EQ(
      explained(std::string(home) + gateway +
                    "    nat: {masquerade: {out: internet}, hairpin: dnat-only, forward: [{udp: 53, to: phone}]}\n"
                    "actions:\n"
                    "  - {at: 0s, id: name, from: \"laptop:41000\", udp: \"203.0.113.5:53\"}\n",
                "name"),
      "packet 1: UDP 192.168.1.10:41000 > 203.0.113.5:53, gw, 0.001000 s, in: home, out: home\n"
      "  1 port forward?  yes  to 192.168.1.11:53 (10:70)\n"
      "  => goes on to 192.168.1.11:53\n"
      "packet 2: UDP 192.168.1.11:53 > 192.168.1.10:41000, laptop, 0.003000 s, in: home\n"
      "  => wrong-peer: udp:41000 talks to 203.0.113.5:53 only; laptop answers ICMP 3/3 (port unreachable)\n"
      "Would pass with: hairpin: full   (gw, 10:49; tried: the same run with it is REPLIED)\n");
}

// The file says one rule as a map, which a variant merges into: `masquerade: {out: internet}` would change nothing.
TEST(Remedy, IsLaidOverTheFileAsItsUserWroteIt) {
  const std::string file = std::string(home) + gateway +
                           "    nat: {masquerade: {out: internet, ports: 50000-50000}}\n"
                           "  web: {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80}]}\n"
                           "actions:\n"
                           "  - {at: 0s, id: one, from: laptop, tcp: \"web:80\"}\n"
                           "  - {at: 1s, id: two, from: phone, tcp: \"web:80\"}\n"
                           "variants: {advised: {nodes: {gw: {nat: {masquerade: {ports: 1024-65535}}}}}}\n";
  EXPECT_EQ(
      last_line(explained(file, "two")),
      "Would pass with: masquerade: {ports: 1024-65535}   (gw, 10:46; tried: the same run with it is ESTABLISHED)");
  EXPECT_NE(explained(file, "two", {.variant = "advised", .sets = {}, .seed = {}}).find("two: ESTABLISHED"),
            std::string::npos);
}

TEST(Remedy, IsRunAsTheUserRan) {
  const std::string file =
      std::string(home) + gateway +
      "    nat: {masquerade: {out: internet}, timeouts: {udp: 120s}}\n"
      "  web: {interfaces: {internet: 198.51.100.10}, services: [{udp: 53, reply: 1B, after: 20s}]}\n"
      "actions: [{at: 0s, id: ask, from: laptop, udp: \"web:53\", wait: 60s}]\n";
  EXPECT_NE(explained(file, "ask").find("ask: REPLIED"), std::string::npos);
  const scenario::LoadOptions quick{.variant = {}, .sets = {{"nodes.gw.nat.timeouts.udp", "5s"}}, .seed = {}};
  const std::string told = explained(file, "ask", quick);
  EXPECT_EQ(told.find("Would pass with"), std::string::npos)
      << "--set has the last word, so no change of the file helps\n"
      << told;
}

TEST(Remedy, OfADatagramThatNobodyAnswersIsOneThatDeliversIt) {
  EXPECT_EQ(last_line(explained(std::string(home) + gateway +
                                    "    nat: {masquerade: {out: internet}}\n"
                                    "  log: {interfaces: {internet: 198.51.100.10}, services: [{udp: 514}]}\n"
                                    "actions: [{at: 0s, id: say, from: laptop, udp: \"log:515\"}]\n",
                                "say")),
            "Would pass with: udp: \"log:514\"   (say, 12:48; tried: the same run with it is DELIVERED)");
}

TEST(Remedy, DoesNotHelpOneFlowByBreakingAnother) {
  const std::string text =
      explained(std::string(home) + gateway +
                    "    nat: {masquerade: {out: internet}, forward: [{udp: 53, to: \"phone:53\"}]}\n"
                    "  web: {interfaces: {internet: 198.51.100.10}}\n"
                    "actions:\n"
                    "  - {at: 0s, id: name, from: web, udp: \"203.0.113.5:53\"}\n"
                    "  - {at: 1s, id: open, from: web, tcp: \"203.0.113.5:53\"}\n",
                "open");
  EXPECT_EQ(text.find("{tcp: 53, ...}"), std::string::npos) << text;
}

}  // namespace
}  // namespace masqsim::viz
