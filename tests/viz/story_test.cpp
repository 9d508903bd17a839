#include "viz/story.hpp"

#include "tests/viz/expected.hpp"

namespace masqsim::viz {
namespace {

using viz_test::expect_file;
using viz_test::run_into;
using viz_test::shipped;

std::string told(const scenario::Scenario& scenario, const std::string& file, bool all = false, Paint paint = {}) {
  Story story(all);
  const scenario::Finished finished = run_into(scenario, story);
  return story.told(finished, {file, "0123456789abcdef0123456789abcdef", paint});
}

std::string without_colour(std::string text) {
  for (std::size_t at = text.find('\033'); at != std::string::npos; at = text.find('\033')) {
    text.erase(at, text.find('m', at) - at + 1);
  }
  return text;
}

std::size_t widest(const std::string& text) {
  std::size_t width = 0, start = 0;
  while (start < text.size()) {
    const std::size_t end = text.find('\n', start);
    width = std::max(width, end - start);
    start = end + 1;
  }
  return width;
}

TEST(Story, TellsEachFlowInTheLinesThatDecideIt) {
  expect_file("03-inbound-fails.story", told(shipped("03-inbound-fails"), "inbound-fails.yaml"));
}

TEST(Story, TellsEveryPacketWithAll) {
  expect_file("03-inbound-fails.all.story", told(shipped("03-inbound-fails"), "inbound-fails.yaml", true));
}

TEST(Story, TellsQueryIdsAsItTellsPorts) {
  expect_file("06-ping-ids.story", told(shipped("06-ping-ids"), "ping-ids.yaml"));
}

TEST(Story, TellsATracerouteHopByHop) {
  expect_file("22-routed-office.story", told(shipped("22-routed-office"), "routed-office.yaml"));
}

TEST(Story, SumsUpAGroupInOneLineAndOneExample) {
  expect_file("23-thousand-hosts.story", told(shipped("23-thousand-hosts"), "thousand-hosts.yaml"));
}

TEST(Story, TellsBothWaysOfAFlowBetweenTwinsOfOneAddress) {
  expect_file("24-overlap@twice-nat.story", told(shipped("24-overlap", "twice-nat"), "overlap.yaml@twice-nat"));
}

TEST(Story, IsNoWiderThanAHundredColumns) {
  for (const char* name : {"01-outbound", "03-inbound-fails", "05-same-port", "06-ping-ids", "22-routed-office"}) {
    EXPECT_LE(widest(told(shipped(name), "x.yaml")), 100u) << name;
  }
}

TEST(Story, SaysTheSameWithColourAsWithout) {
  const scenario::Scenario scenario = shipped("03-inbound-fails");
  const std::string coloured = told(scenario, "x.yaml", false, {.colour = true, .unicode = false});
  EXPECT_NE(coloured.find("\033[31m"), std::string::npos);
  EXPECT_EQ(without_colour(coloured), told(scenario, "x.yaml"));
}

TEST(Story, TellsAFailedExpectationWithItsPlaceAndWhatCameInstead) {
  const scenario::Loaded loaded = scenario::load_text(
      "masqsim: 1\n"
      "name: wrong\n"
      "title: An expectation that fails\n"
      "networks:\n"
      "  home: {kind: lan, subnet: 192.168.1.0/24}\n"
      "nodes:\n"
      "  laptop: {interfaces: {home: 192.168.1.10/24}}\n"
      "  phone: {interfaces: {home: 192.168.1.11/24}}\n"
      "actions:\n"
      "  - {at: 0s, id: call, from: \"laptop:40000\", tcp: \"phone:80\"}\n"
      "expect:\n"
      "  - {flow: call, result: established}\n");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("text", loaded.diagnostics);
  expect_file("failed-expectation.story", told(*loaded.scenario, "wrong.yaml"));
}

TEST(Story, CountsTheMembersThatFailedAndSaysWhyAFlowSentNothing) {
  const scenario::Loaded loaded = scenario::load_text(
      "masqsim: 1\n"
      "name: busy\n"
      "title: Two ports for three callers, and a port in use\n"
      "networks:\n"
      "  home: {kind: lan, subnet: 192.168.1.0/24}\n"
      "  internet: {kind: cloud}\n"
      "nodes:\n"
      "  clients: {count: 3, interfaces: {home: 192.168.1.10/24}}\n"
      "  gw:\n"
      "    kind: gateway\n"
      "    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}\n"
      "    nat: {masquerade: {out: internet, ports: 40000-40001}}\n"
      "  web: {interfaces: {internet: 198.51.100.10}, services: [{udp: 53, echo: true}]}\n"
      "actions:\n"
      "  - {at: 0s, id: all, from: \"clients:5000\", udp: \"web:53\"}\n"
      "  - {at: 0s, id: again, from: \"clients.1:5000\", udp: \"web:53\"}\n");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("text", loaded.diagnostics);
  expect_file("busy.story", told(*loaded.scenario, "busy.yaml"));
}

TEST(Story, TellsTheNewMappingAfterAChangeInMidFlow) {
  const scenario::Loaded loaded = scenario::load_text(
      "masqsim: 1\n"
      "name: moved\n"
      "title: The provider gives another address while a call is under way\n"
      "networks:\n"
      "  home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}\n"
      "  internet: {kind: cloud, delay: 10ms}\n"
      "nodes:\n"
      "  laptop: {interfaces: {home: 192.168.1.10/24}}\n"
      "  gw:\n"
      "    kind: gateway\n"
      "    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}\n"
      "    nat: {masquerade: {out: internet}}\n"
      "  web: {interfaces: {internet: 198.51.100.10}, services: [{udp: 53, echo: true}]}\n"
      "actions:\n"
      "  - {at: 0s, id: call, from: \"laptop:41000\", udp: \"web:53\", times: 4, every: 2s}\n"
      "  - {at: 1s, set: {node: gw, nat: {timeouts: {udp: 10s}}}}\n"
      "  - {at: 3s, set: {node: gw, network: internet, address: 203.0.113.6}}\n");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("text", loaded.diagnostics);
  expect_file("moved.story", told(*loaded.scenario, "moved.yaml"));
}

TEST(Story, TellsPiecesOfADatagramAsOneAndTheEndOfAnEntryAfterItsReset) {
  const scenario::Loaded loaded = scenario::load_text(
      "masqsim: 1\n"
      "name: trouble\n"
      "title: Pieces, a closed port, a neighbour who is not there, a wrong peer\n"
      "networks:\n"
      "  home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}\n"
      "  internet: {kind: cloud, delay: 10ms}\n"
      "nodes:\n"
      "  laptop: {interfaces: {home: 192.168.1.10/24}}\n"
      "  phone: {interfaces: {home: 192.168.1.11/24}, services: [{udp: 53, echo: true}]}\n"
      "  gw:\n"
      "    kind: gateway\n"
      "    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}\n"
      "    nat: {masquerade: {out: internet}, hairpin: dnat-only, forward: [{udp: 53, to: phone}]}\n"
      "  web: {interfaces: {internet: 198.51.100.10}, services: [{udp: 53, echo: true}]}\n"
      "actions:\n"
      "  - {at: 0s, id: pieces, from: \"laptop:41000\", udp: \"web:53\", send: 4000B}\n"
      "  - {at: 1s, id: closed, from: \"laptop:41001\", tcp: \"web:81\"}\n"
      "  - {at: 2s, id: absent, from: laptop, ping: 192.168.1.77}\n"
      "  - {at: 6s, id: peer, from: \"laptop:41002\", udp: \"203.0.113.5:53\"}\n");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("text", loaded.diagnostics);
  expect_file("trouble.story", told(*loaded.scenario, "trouble.yaml"));
}

TEST(Story, TellsRawPacketsTheWayOutOfSeveralAndALongChangeInAColumnOfItsOwn) {
  const scenario::Loaded loaded = scenario::load_text(
      "masqsim: 1\n"
      "name: late\n"
      "title: Raw packets, two ways out, many settings at once\n"
      "networks:\n"
      "  home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}\n"
      "  work: {kind: lan, subnet: 10.1.0.0/16, delay: 1ms}\n"
      "  internet: {kind: cloud, delay: 10ms}\n"
      "nodes:\n"
      "  laptop: {interfaces: {home: 192.168.1.10/24}}\n"
      "  gw:\n"
      "    kind: gateway\n"
      "    interfaces: {home: 192.168.1.1/24, work: 10.1.0.1/16, internet: 203.0.113.5}\n"
      "    nat: {masquerade: {out: internet}}\n"
      "  desk: {interfaces: {work: 10.1.0.10/16}, services: [{udp: 53, echo: true}]}\n"
      "  web: {interfaces: {internet: 198.51.100.10}, services: [{udp: 53, echo: true}]}\n"
      "actions:\n"
      "  - {at: 1s, set: {node: gw, nat: {timeouts: {udp: 31s, udp-stream: 121s, icmp: 32s, tcp-syn-sent: 122s,\n"
      "                   tcp-syn-recv: 61s, tcp-established: 100h, tcp-fin-wait: 123s, tcp-close-wait: 62s}}}}\n"
      "  - {at: 2s, id: sent, from: laptop, raw: {destination: web, udp: {from: 5000, to: 53}}}\n"
      "  - {at: 2s, id: lost, from: laptop, raw: {destination: 192.168.1.77, udp: {from: 5001, to: 53}}}\n"
      "  - {at: 3s, id: near, from: \"laptop:41000\", udp: \"desk:53\"}\n"
      "  - {at: 12s, id: far, from: \"laptop:41001\", udp: \"web:53\"}\n");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("text", loaded.diagnostics);
  expect_file("late.story", told(*loaded.scenario, "late.yaml"));
}

TEST(Story, ShowsNothingThatATerminalWouldObey) {
  EXPECT_EQ(printable("a\033[31mb\nc\x7f"), "a\\x1b[31mb\\x0ac\\x7f");
  EXPECT_EQ(printable("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(printable("\xe9t\xc3"), "\\xe9t\\xc3");
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "abc"),
            "\\xe2\\x80\\xae"
            "abc");                                // U+202E turns the line around
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI as one character
}

}  // namespace
}  // namespace masqsim::viz
