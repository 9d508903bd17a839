// The running kernel as a scenario's gateway, and what decides whether a scenario can be played on it at once.
#include "sim/standin/linux_node.hpp"

#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/trace/lines.hpp"
#include "sim/kernel/linux_gateway.hpp"
#include "sim/standin/timers.hpp"

namespace masqsim::standin {
namespace {

scenario::Scenario scenario_with(const std::string& actions) {
  scenario::Loaded loaded = scenario::load_text(R"(masqsim: 1
name: kernel
networks:
  home: {kind: box::lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}, services: [{tcp: 22}]}
  gw: {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}
  web: {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80, reply: 100B}, {udp: 53, reply: 100B}]}
actions:
)" + actions);
  EXPECT_TRUE(loaded.scenario) << scenario::print_diagnostics("kernel.yaml", loaded.diagnostics);
  return loaded.scenario.value();
}

const std::string exchanges = R"(
  - {at: 0s, id: name, from: "laptop:41000", udp: "web:53", send: 40B}
  - {at: 1s, id: page, from: "laptop:40000", tcp: "web:80", send: 200B}
)";

/// Table rows as they were told, and results.
std::vector<std::string> told(const trace::Lines& lines) {
  std::vector<std::string> found;
  for (const trace::Line& line : lines.lines) {
    if (line.kind == trace::Kind::result) found.push_back(line.flow + " " + line.story);
    if (line.kind == trace::Kind::table) found.push_back(line.story.substr(0, line.story.find(" left ")));
  }
  return found;
}

TEST(LinuxNode, CarriesUdpAndTcpThroughTheKernelAndShowsItsTable) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  LinuxGateways kernels(false);
  trace::LinesSink lines;
  scenario::run(scenario_with(exchanges), {{&lines}, &kernels});
  EXPECT_EQ(kernels.doubts(), std::vector<std::string>{});
  EXPECT_EQ(told(lines.lines()),
            (std::vector<std::string>{
                "name replied", "page established",
                "mapping #1 flow #1 tcp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 established",
                "mapping #2 flow #2 udp 192.168.1.10:41000 203.0.113.5:41000 198.51.100.10:53 replied"}));
}

TEST(LinuxNode, FlushesTheKernelsTable) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  LinuxGateways kernels(false);
  trace::LinesSink lines;
  scenario::run(scenario_with(exchanges + "  - {at: 3s, set: {flush: gw}}\n"), {{&lines}, &kernels});
  EXPECT_EQ(told(lines.lines()), (std::vector<std::string>{"name replied", "page established"}));
}

TEST(LinuxNode, TakesNewRulesAndTimersInMidRun) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  LinuxGateways kernels(false);
  trace::LinesSink lines;
  scenario::run(scenario_with(R"(
  - {at: 0s, id: closed, from: "web:50000", tcp: "203.0.113.5:22"}
  - {at: 1s, set: {node: gw, nat: {forward: [{tcp: 22, to: laptop}], timeouts: {udp: 500s}, mapping: address-dependent}}}
  - {at: 1s, id: open, from: "web:50001", tcp: "203.0.113.5:22"}
  - {at: 2s, id: long, from: "laptop:41000", udp: "web:53", send: 40B}
  - {at: 3s, set: {node: gw, nat: {timeouts: {udp: 30s}, mapping: linux}}}
  - {at: 4s, id: short, from: "laptop:41001", udp: "web:53", send: 40B}
)"),
                {{&lines}, &kernels});
  EXPECT_EQ(kernels.doubts(),
            std::vector<std::string>{"gw: mapping: Linux maps endpoint-dependently by right, and in no other way"});
  EXPECT_EQ(told(lines.lines()),
            (std::vector<std::string>{
                "closed refused", "open established", "long replied", "short replied",
                "mapping #1 flow #1 tcp 192.168.1.10:22 203.0.113.5:22 198.51.100.10:50001 established",
                "mapping #2 flow #2 udp 192.168.1.10:41000 203.0.113.5:41000 198.51.100.10:53 replied",
                "mapping #3 flow #3 udp 192.168.1.10:41001 203.0.113.5:41001 198.51.100.10:53 replied"}));
  std::vector<bool> long_lived;
  for (const trace::Line& line : lines.lines().lines) {
    if (line.kind == trace::Kind::table) long_lived.push_back(line.story.find(" left 8m") != std::string::npos);
  }
  EXPECT_EQ(long_lived, (std::vector<bool>{false, true, false}));
}

TEST(Timers, AreNotWaitedForInAShortScenario) { EXPECT_EQ(waits_for_timers(scenario_with(exchanges)), std::nullopt); }

TEST(Timers, AreWaitedForWhereAnEntryExpires) {
  const std::string later = "  - {at: 40s, id: again, from: \"laptop:41000\", udp: \"web:53\", send: 40B}\n";
  EXPECT_EQ(waits_for_timers(scenario_with(exchanges + later)),
            "the entry of 192.168.1.10:41000 to 198.51.100.10:53 expires at 30.000000000 s in gw");
}

TEST(Timers, AreWaitedForWhereUdpBecomesAStream) {
  const std::string later =
      "  - {at: 5s, id: again, from: \"laptop:42000\", udp: \"web:53\", send: 40B, times: 2, every: 3s}\n";
  EXPECT_EQ(waits_for_timers(scenario_with(exchanges + later)),
            "192.168.1.10:42000 to 198.51.100.10:53 becomes a stream at 8.000000000 s in gw");
}

}  // namespace
}  // namespace masqsim::standin
