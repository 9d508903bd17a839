// The running kernel as a scenario's gateway, and what decides whether a scenario can be played on it at once.
#include "masqsim/conform/linux_node.hpp"

#include <gtest/gtest.h>

#include "masqsim/conform/timers.hpp"
#include "masqsim/kernel/linux_gateway.hpp"
#include "masqsim/scenario/load.hpp"
#include "masqsim/trace/lines.hpp"

namespace masqsim::conform {
namespace {

scenario::Scenario scenario_with(const std::string& actions) {
  scenario::Loaded loaded = scenario::load_text(R"(masqsim: 1
name: kernel
networks:
  home: {kind: lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}}
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
            (std::vector<std::string>{"name replied", "page established",
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

TEST(Timers, AreNotWaitedForInAShortScenario) { EXPECT_EQ(waits_for_timers(scenario_with(exchanges)), std::nullopt); }

TEST(Timers, AreWaitedForWhereAnEntryExpires) {
  const std::string later = "  - {at: 40s, id: again, from: \"laptop:41000\", udp: \"web:53\", send: 40B}\n";
  EXPECT_EQ(waits_for_timers(scenario_with(exchanges + later)), "the entry of 192.168.1.10:41000 to 198.51.100.10:53 expires at 30.000000000 s in gw");
}

TEST(Timers, AreWaitedForWhereUdpBecomesAStream) {
  const std::string later = "  - {at: 5s, id: again, from: \"laptop:42000\", udp: \"web:53\", send: 40B, times: 2, every: 3s}\n";
  EXPECT_EQ(waits_for_timers(scenario_with(exchanges + later)), "192.168.1.10:42000 to 198.51.100.10:53 becomes a stream at 8.000000000 s in gw");
}

}  // namespace
}  // namespace masqsim::conform
