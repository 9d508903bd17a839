#include "masqsim/scenario/limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"

namespace masqsim::scenario {
namespace {

Scenario loaded(const std::string& text) {
  const Loaded result = load_text(text);
  EXPECT_TRUE(result.scenario) << print_diagnostics("test.yaml", result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

/// Clients behind a gateway, a server behind a cloud.
Scenario clients(unsigned count, const std::string& action) {
  return loaded(fmt::format(R"(masqsim: 1
networks:
  home: {{kind: lan, subnet: 10.0.0.0/8}}
  internet: {{kind: cloud}}
nodes:
  c: {{count: {}, interfaces: {{home: 10.1.0.1/8}}}}
  gw: {{kind: gateway, interfaces: {{home: 10.0.0.1/8, internet: 203.0.113.5}}, nat: {{masquerade: {{out: internet}}}}}}
  web: {{interfaces: {{internet: 198.51.100.10}}, services: [{{tcp: 80, reply: 10kB}}, {{udp: 7, echo: true}}]}}
actions:
  - {{at: 0s, id: x, from: c, {}}}
)",
                            count, action));
}

TEST(Estimate, CountsWhatAFileAsksFor) {
  const Estimate e = estimate(clients(1'000, "udp: \"web:7\", send: 64B, times: 10"));
  EXPECT_EQ(e.hosts, 1'002u);
  EXPECT_EQ(e.interfaces, 1'003u);
  EXPECT_EQ(e.services, 2u);
  EXPECT_EQ(e.flows, 1'000u);
  EXPECT_EQ(e.packets, 20'000u);  // ten requests and ten echoes each
  EXPECT_EQ(e.crossings, 6u);     // host, gateway, cloud, host, and room for two more
  EXPECT_EQ(events_for(e), 2'000'000u + 1'003u * 20 + 20'000u * 6 * 20);
}

TEST(Estimate, CountsLargeAnswersAsManyPackets) {
  EXPECT_EQ(estimate(clients(1, "tcp: \"web:80\", send: 1B")).packets, 1u + 11u);
  EXPECT_EQ(estimate(clients(1, "udp: \"web:7\", send: 5kB")).packets, 6u + 6u);
}

TEST(Estimate, OfABroadcastCountsEveryReceiver) {
  EXPECT_EQ(estimate(clients(1'000, "udp: \"10.255.255.255:7\"")).packets, 1'000u * 1'001u * 2u);
}

TEST(Estimate, StopsCountingWhereNumbersEnd) {
  Scenario huge = clients(1'000'000, "udp: \"web:7\", times: 1000000000");
  for (int n = 0; n < 5'000; ++n) huge.actions.push_back(huge.actions.front());
  huge.actions.front().send = 1'000'000'000;
  EXPECT_EQ(estimate(huge).packets, UINT64_MAX);
  EXPECT_EQ(breaches(estimate(huge), {}).front().substr(0, 15), "more than 10^19");
}

TEST(Limits, EachBreachIsASentenceWithBothNumbers) {
  const Estimate e = estimate(clients(1'000, "udp: \"web:7\", times: 10"));
  EXPECT_EQ(breaches(e, {}), std::vector<std::string>{});
  EXPECT_EQ(breaches(e, {.hosts = 1'001, .packets = 19'999}),
            (std::vector<std::string>{"1,002 hosts are more than --limits hosts=1001 allows",
                                      "20,000 packets (requests and answers of 1,000 flows) are more than --limits "
                                      "packets=19999 allows"}));
  EXPECT_EQ(breaches(e, {.hosts = 1'002, .packets = 20'000}), std::vector<std::string>{});
}

TEST(Limits, AreSetByTheirWord) {
  Limits limits;
  EXPECT_EQ(set_limit(limits, "hosts=3M"), "");
  EXPECT_EQ(set_limit(limits, "memory=16GB"), "");
  EXPECT_EQ(set_limit(limits, "events=12"), "");
  EXPECT_EQ(limits.hosts, 3'000'000u);
  EXPECT_EQ(limits.memory, 16'000'000'000u);
  EXPECT_EQ(limits.events, 12u);
  EXPECT_EQ(set_limit(limits, "hosts=-1"), "hosts needs a whole number such as 2M");
  EXPECT_EQ(set_limit(limits, "memory=16"), "memory needs a size such as 8GB");
  EXPECT_EQ(limits.hosts, 3'000'000u);
}

TEST(Run, IsRefusedBeforeAnythingIsBuilt) {
  RunOptions options;
  options.limits.hosts = 2;
  EXPECT_THROW((void)run(clients(1, "udp: \"web:7\""), options), TooLarge);
  options.limits.hosts = 3;
  EXPECT_TRUE(run(clients(1, "udp: \"web:7\""), options).good());
}

TEST(Run, IsBrokenOffAfterItsEventsAndJudgedAsOfThen) {
  const Scenario scenario = clients(10, "udp: \"web:7\", times: 100");
  RunOptions options;
  options.limits.events = 500;
  const Finished finished = run(scenario, options);
  ASSERT_TRUE(finished.broken_off);
  EXPECT_EQ(finished.broken_off->asked, 0);
  EXPECT_EQ(finished.broken_off->why, "500 events are all that --limits events=500 allows");
  EXPECT_FALSE(finished.good());
  const Finished again = run(scenario, options);
  EXPECT_EQ(again.end, finished.end);
  EXPECT_EQ(again.events, finished.events);
  options.limits.events = 0;
  EXPECT_FALSE(run(scenario, options).broken_off);
}

TEST(Run, EndsWhereItIsAskedTo) {
  StopRequest stop;
  stop.asked = 15;
  stop.why = [](int who) { return fmt::format("asked by {}", who); };
  RunOptions options;
  options.stop = &stop;
  const Finished finished = run(clients(1, "udp: \"web:7\""), options);
  ASSERT_TRUE(finished.broken_off);
  EXPECT_EQ(finished.broken_off->asked, 15);
  EXPECT_EQ(finished.broken_off->sentence(), "asked by 15");
  EXPECT_EQ(finished.events, 0u);
  EXPECT_FALSE(stop.heard);
}

}  // namespace
}  // namespace masqsim::scenario
