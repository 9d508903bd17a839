#include "masqsim/scenario/run.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "masqsim/trace/lines.hpp"
#include "sim/scenario/expectation_text.hpp"

namespace masqsim::scenario {
namespace {

using Lines = std::vector<std::string>;

/// laptop (192.168.1.10) - gw (203.0.113.5) - internet - web (tcp 80, udp 7), stranger. `rest` is the file from
/// `actions:` on.
std::string home(const std::string& rest, const std::string& nat = "{masquerade: {out: internet}}") {
  return fmt::format(R"(masqsim: 1
name: test
title: A test
networks:
  home:     {{kind: lan, subnet: 192.168.1.0/24, delay: 1ms}}
  internet: {{kind: cloud, delay: 10ms}}
nodes:
  laptop:
    interfaces: {{home: 192.168.1.10/24}}
    services: [{{tcp: 22}}, {{udp: 9}}]
  gw:
    kind: gateway
    interfaces: {{home: 192.168.1.1/24, internet: 203.0.113.5}}
    nat: {}
  web:
    interfaces: {{internet: 198.51.100.10}}
    services: [{{tcp: 80, reply: 200B}}, {{udp: 7, echo: true}}, {{udp: 9}}]
  stranger:
    interfaces: {{internet: 198.51.100.66}}
{})",
                     nat, rest);
}

Scenario loaded(const std::string& text, const LoadOptions& options = {}) {
  Loaded result = load_text(text, options, "test");
  EXPECT_TRUE(result.scenario) << print_diagnostics("test.yaml", result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

Lines verdicts(const std::vector<Verdict>& all) {
  Lines lines;
  for (const Verdict& v : all) lines.push_back((v.met ? "met: " : "not: ") + v.what + (v.met ? "" : " | " + v.instead));
  return lines;
}

Lines judged(const std::string& text) { return verdicts(run(loaded(text)).expectations); }

/// Each flow as "ID RESULT at PLACE (REASON)".
Lines outcomes(const std::string& text) {
  Lines lines;
  for (const FlowOutcome& flow : run(loaded(text)).flows) lines.push_back(flow.id + " " + phrase(flow));
  return lines;
}

TEST(Run, SaysOfEachFlowHowItEndedWhereAndWhy) {
  EXPECT_EQ(outcomes(home(R"(actions:
  - {at: 0s, id: out,     from: "laptop:40000",   tcp: "web:80", send: 100B}
  - {at: 1s, id: closed,  from: laptop,           tcp: "web:81"}
  - {at: 2s, id: private, from: stranger,         tcp: "192.168.1.10:22"}
  - {at: 3s, id: public,  from: stranger,         udp: "203.0.113.5:22", send: 1B}
  - {at: 4s, id: echo,    from: laptop,           udp: "web:7", send: 10B}
  - {at: 5s, id: silent,  from: laptop,           udp: "web:9", send: 10B}
  - {at: 6s, id: nobody,  from: laptop,           ping: 192.168.1.99}
  - {at: 12s, id: short,  from: laptop,           ping: web, ttl: 2}
expect: []
)")),
            (Lines{"out established", "closed refused at web (refused)", "private unreachable at internet (no-route)",
                   "public refused at gw (no-mapping)", "echo replied", "silent delivered",
                   "nobody unreachable at laptop (host-unreachable)", "short unreachable at internet (ttl-exceeded)"}));
}

TEST(Judge, SaysWhatCameInsteadOfWhatWasExpected) {
  EXPECT_EQ(
      judged(home(R"(actions:
  - {at: 0s, id: out, from: "laptop:40000", tcp: "web:80", send: 100B}
  - {at: 1s, id: in,  from: "stranger:50000", tcp: "203.0.113.5:22"}
expect:
  - {flow: out, result: refused}
  - {flow: out, result: established, seen: {web: "192.168.1.10:40000"}, received: 200B}
  - {flow: out, result: established, seen: {web: "203.0.113.5:40000"}, arrived: 100B, received: 201B}
  - {flow: in, result: refused, at: gw, reason: filtered}
  - {flow: in, not: refused}
  - {nat: gw, count: 2, has: {tcp: "192.168.1.10:40000", as: "203.0.113.5:40001"}}
  - {nat: gw, at: 5s, count: 1, has: {tcp: "192.168.1.10:40000", as: "203.0.113.5:40000"}, not: {udp: "192.168.1.10:1"}}
)")),
      (Lines{
          "not: flow out: refused | established",
          "not: flow out: established, web sees 192.168.1.10:40000, 200 bytes are received | web saw 203.0.113.5:40000",
          "not: flow out: established, web sees 203.0.113.5:40000, 100 bytes arrive, 201 bytes are received | 200 "
          "bytes were received",
          "not: flow in: refused at gw (filtered) | refused at gw (no-mapping)",
          "not: flow in: not refused | refused at gw (no-mapping)",
          "not: table of gw at the end: 2 entries, tcp inside 192.168.1.10:40000 as 203.0.113.5:40001 | one entry: tcp "
          "inside 192.168.1.10:40000 as 203.0.113.5:40000 remote 198.51.100.10:80 established",
          "met: table of gw at 5s: 1 entry, tcp inside 192.168.1.10:40000 as 203.0.113.5:40000, not udp inside "
          "192.168.1.10:1"}));
}

TEST(Judge, BlamesAWrongPeersAnswerAndNotWhatBecameOfTheReset) {
  // Called through gw, answered through exit: the answer comes from an address that stranger has not called.
  EXPECT_EQ(outcomes(R"(masqsim: 1
name: test
networks:
  home:     {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}
  internet: {kind: cloud, delay: 10ms}
nodes:
  laptop:
    interfaces: {home: 192.168.1.10/24}
    services: [{tcp: 22}, {udp: 9, echo: true}]
    routes: [{to: default, via: 192.168.1.2}]
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat: {masquerade: {out: internet}, forward: [{tcp: 22, to: laptop}, {udp: 9, to: laptop}]}
  exit:
    kind: gateway
    interfaces: {home: 192.168.1.2/24, internet: 203.0.113.6}
    nat: {masquerade: {out: internet}}
  stranger:
    interfaces: {internet: 198.51.100.66}
actions:
  - {at: 0s, id: tcp, from: "stranger:50000", tcp: "203.0.113.5:22", wait: 10s}
  - {at: 20s, id: udp, from: "stranger:50000", udp: "203.0.113.5:9"}
)"),
            (Lines{"tcp no-answer at stranger (wrong-peer)", "udp no-answer at stranger (wrong-peer)"}));
}

TEST(Judge, HoldsLabAnswersAgainstTheRun) {
  const Finished finished = run(loaded(home(R"(actions:
  - {at: 0s, id: out, from: "laptop:40000", tcp: "web:80", send: 100B}
expect: [{flow: out, result: established}]
lab:
  - {ask: "What does web see?", when: {flow: out, at: web}, answer: "203.0.113.5:40000"}
  - {ask: "Where does the answer go?", when: {flow: out, at: laptop, what: destination, way: back}, answer: "192.168.1.10:1"}
  - {ask: "How many entries?", when: {nat: gw, what: count}, answer: 1}
)")));
  EXPECT_EQ(verdicts(finished.lab),
            (Lines{"met: question 'What does web see?': 203.0.113.5:40000",
                   "not: question 'Where does the answer go?': 192.168.1.10:1 | 192.168.1.10:40000",
                   "met: question 'How many entries?': 1"}));
  EXPECT_FALSE(finished.good());
}

TEST(Run, CarriesOutWhatIsSetBeforeWhatIsSentAtThatTime) {
  EXPECT_EQ(outcomes(home(R"(actions:
  - {at: 0s, id: before, from: laptop, ping: web}
  - {at: 1s, set: {network: home, link: down}}
  - {at: 1s, id: down,   from: laptop, ping: web, wait: 1s}
  - {at: 3s, set: {network: home, link: up}}
  - {at: 3s, id: up,     from: laptop, ping: web}
  - {at: 4s, set: {network: home, loss: 100%}}
  - {at: 4s, id: lossy,  from: laptop, ping: web, wait: 1s}
expect: []
)")),
            (Lines{"before replied", "down no-answer at laptop (link-down)", "up replied",
                   "lossy no-answer at home (link-loss)"}));
}

TEST(Run, ANewOutsideAddressEndsOldMappingsAndServesNewOnes) {
  EXPECT_EQ(
      judged(home(R"(actions:
  - {at: 0s, id: old, from: "laptop:40000", udp: "web:7", send: 10B}
  - {at: 1s, set: {node: gw, network: internet, address: 203.0.113.6}}
  - {at: 2s, id: new, from: "laptop:40000", udp: "web:7", send: 10B}
expect:
  - {flow: old, result: replied, seen: {web: "203.0.113.5:40000"}}
  - {flow: new, result: replied, seen: {web: "203.0.113.6:40000"}}
  - {nat: gw, count: 1, has: {udp: "192.168.1.10:40000", as: "203.0.113.6:40000"}}
)")),
      (Lines{"met: flow old: replied, web sees 203.0.113.5:40000", "met: flow new: replied, web sees 203.0.113.6:40000",
             "met: table of gw at the end: 1 entry, udp inside 192.168.1.10:40000 as 203.0.113.6:40000"}));
}

TEST(Run, ForwardsFollowTheGatewaysAddress) {
  EXPECT_EQ(
      outcomes(home(R"(actions:
  - {at: 0s, id: before, from: stranger, tcp: "203.0.113.5:22"}
  - {at: 1s, set: {node: gw, network: internet, address: 203.0.113.6}}
  - {at: 2s, id: new,    from: stranger, tcp: "203.0.113.6:22"}
  - {at: 3s, id: old,    from: stranger, tcp: "203.0.113.5:22"}
  - {at: 4s, set: {node: gw, nat: {forward: [{tcp: 2222, to: "laptop:22"}]}}}
  - {at: 5s, id: moved,  from: stranger, tcp: "203.0.113.6:2222"}
)",
                    "{masquerade: {out: internet}, forward: [{tcp: 22, to: laptop}]}")),
      (Lines{"before established", "new established", "old unreachable at internet (no-route)", "moved established"}));
}

// Which side is outside does not hang on a source rule (service addresses, load balancers).
TEST(Sides, AGatewayThatOnlyForwardsServesStrangersAndFollowsUnsolicited) {
  const auto called = [](const std::string& unsolicited) {
    return outcomes(
        home(R"(actions:
  - {at: 0s, id: forwarded, from: stranger, tcp: "203.0.113.5:22"}
  - {at: 2s, id: other, from: stranger, tcp: "203.0.113.5:80"}
expect: []
)",
             "{masquerade: none, forward: [{tcp: 22, to: \"laptop:22\"}], unsolicited: " + unsolicited + "}"));
  };
  EXPECT_EQ(called("reject"), (Lines{"forwarded established", "other refused at gw (no-mapping)"}));
  EXPECT_EQ(called("drop"), (Lines{"forwarded established", "other no-answer at gw (no-mapping)"}));
  EXPECT_EQ(called("icmp-after-6s"), (Lines{"forwarded established", "other refused at gw (no-mapping)"}))
      << "port unreachable refuses a connection (RFC 9293 section 3.9.2.2)";
}

/// Two LANs and a gateway with `nat`; the caller calls the gateway's address on its own LAN.
std::string two_lans(const std::string& nat) {
  return fmt::format(R"(masqsim: 1
name: test
networks:
  pods: {{kind: lan, subnet: 10.1.0.0/24}}
  services: {{kind: lan, subnet: 10.2.0.0/24}}
nodes:
  pod: {{interfaces: {{pods: 10.1.0.10/24}}}}
  dns: {{interfaces: {{services: 10.2.0.53/24}}, services: [{{udp: 53, reply: 10B}}]}}
  gw: {{kind: gateway, interfaces: {{pods: 10.1.0.1/24, services: 10.2.0.1/24}}, nat: {}}}
actions:
  - {{at: 0s, id: ask, from: pod, udp: "10.1.0.1:53", send: 4B}}
  - {{at: 1s, id: direct, from: pod, udp: "dns:53", send: 4B}}
expect: []
)",
                     nat);
}

TEST(Sides, WhereNothingTellsThemApartForwardsAreCalledByEveryOwnAddress) {
  EXPECT_EQ(outcomes(two_lans("{forward: [{udp: 53, to: \"dns:53\"}]}")), (Lines{"ask replied", "direct replied"}));
}

TEST(Sides, WhatIsInsideForTheFirewallTellsThemApartToo) {
  EXPECT_EQ(outcomes(two_lans("{forward: [{udp: 53, to: \"dns:53\"}], firewall: {inside: [services]}}")),
            (Lines{"ask replied", "direct replied"}));
  EXPECT_EQ(outcomes(two_lans("{forward: [{udp: 53, to: \"dns:53\"}], firewall: {inside: [pods]}}")),
            (Lines{"ask refused at gw (refused)", "direct replied"}));
}

TEST(Sides, APairOfAddressesNeedsThemToBeKnown) {
  const Loaded result = load_text(two_lans("{one-to-one: {inside: 10.2.0.53, outside: 10.1.0.53}}"), {}, "test");
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].message,
            "which network is outside? No rule of 'gw' translates towards one, and none is a cloud (write 'firewall: "
            "{inside: [...]}' with the networks that are inside)");
}

TEST(Sides, AnExemptionChangesNothingOfWhoIsOutside) {
  for (const char* exempt : {"", ", source: [{out: dmz, exempt: true}]"}) {
    EXPECT_EQ(outcomes(fmt::format(R"(masqsim: 1
name: test
networks:
  home: {{kind: lan, subnet: 192.168.1.0/24}}
  dmz: {{kind: lan, subnet: 192.168.2.0/24}}
  internet: {{kind: cloud}}
nodes:
  server: {{interfaces: {{home: 192.168.1.20/24}}, services: [{{tcp: 80}}]}}
  caller: {{interfaces: {{dmz: 192.168.2.10/24}}}}
  gw:
    kind: gateway
    interfaces: {{home: 192.168.1.1/24, dmz: 192.168.2.1/24, internet: 203.0.113.5}}
    nat: {{masquerade: {{out: internet}}, hairpin: none, forward: [{{tcp: 8080, to: "server:80"}}]{}}}
actions:
  - {{at: 0s, id: call, from: caller, tcp: "203.0.113.5:8080"}}
expect: []
)",
                                   exempt)),
              Lines{"call refused at gw (hairpin-off)"});
  }
}

TEST(Run, ASourcePoolLargerThan65536AddressesIsRoutedBack) {
  EXPECT_EQ(outcomes(home(R"(actions:
  - {at: 0s, id: out, from: laptop, tcp: "web:80", send: 4B}
expect: []
)",
                          "{source: {out: internet, address: 44.0.0.0/8, pick: random}}")),
            Lines{"out established"});
}

TEST(Run, AnAddressThatWasTakenOverIsItsFirstOwnersAgain) {
  EXPECT_EQ(outcomes(home(R"(  phone: {interfaces: {home: 192.168.1.11/24}}
actions:
  - {at: 1s, set: {node: phone, network: home, address: 192.168.1.10/24}}
  - {at: 2s, set: {node: phone, network: home, address: 192.168.1.12/24}}
  - {at: 3s, id: after, from: laptop, udp: "web:7", send: 4B}
  - {at: 4s, set: {node: stranger, network: internet, address: 198.51.100.10}}
  - {at: 5s, set: {node: stranger, network: internet, address: 198.51.100.77}}
  - {at: 6s, id: cloud, from: laptop, udp: "web:7", send: 4B}
expect: []
)")),
            (Lines{"after replied", "cloud replied"}));
}

TEST(Run, FurtherAddressesGoWithTheFirst) {
  EXPECT_EQ(outcomes(home(R"(  phone: {interfaces: {home: [192.168.1.11/24, 192.168.1.12/24]}}
actions:
  - {at: 0s, id: before, from: laptop, ping: 192.168.1.12}
  - {at: 5s, set: {node: phone, network: home, address: 192.168.1.13/24}}
  - {at: 6s, id: first, from: laptop, ping: 192.168.1.11}
  - {at: 12s, id: further, from: laptop, ping: 192.168.1.12}
  - {at: 18s, id: new, from: laptop, ping: 192.168.1.13}
expect: []
)")),
            (Lines{"before replied", "first unreachable at laptop (host-unreachable)",
                   "further unreachable at laptop (host-unreachable)", "new replied"}));
}

TEST(Run, AProgramThatIsBoundToALostAddressHearsThatNoRouteLeads) {
  EXPECT_EQ(outcomes(home(R"(actions:
  - {at: 0s, id: bound, from: "laptop:5000", udp: "web:7", send: 4B, times: 3, every: 2s}
  - {at: 1s, set: {node: laptop, network: home, address: 192.168.1.77/24}}
  - {at: 8s, id: fresh, from: "laptop:5001", udp: "web:7", send: 4B}
expect: []
)"))
                .back(),
            "fresh replied");
}

// A route into a cloud names no next hop: its router is the neighbour, the hosts behind it are none.
TEST(Run, NobodyBehindACloudIsSentARedirect) {
  const Loaded result = load_text(home(R"(actions:
  - {at: 0s, id: back, from: web, raw: "45000028123440000506fcdbc633640acb0071820035005000000001000000025012faf04d990000"}
expect: []
)",
                                       "{masquerade: {out: internet}, one-to-one: [{inside: 192.168.1.8/29, outside: "
                                       "203.0.113.128/29}]}"),
                                  {}, "test");
  ASSERT_TRUE(result.scenario);
  trace::LinesSink lines;
  run(*result.scenario, {{&lines}});
  for (const trace::Line& line : lines.lines().lines) EXPECT_EQ(line.story.find("redirect"), std::string::npos);
}

TEST(Run, ChangesAnyPartOfNatAtATimeOnTopOfWhatWasChangedBefore) {
  const std::string text = home(R"(until: 100s
actions:
  - {at: 0s, id: before, from: "laptop:40000", udp: "web:9", send: 10B}
  - {at: 3s, set: {node: gw, nat: {unsolicited: drop, timeouts: {udp: 20s}}}}
  - {at: 1s, set: {node: gw, nat: {forward: [{tcp: 22, to: "laptop:22"}], timeouts: {udp: 5s}}}}
  - {at: 2s, id: after,  from: "laptop:40001", udp: "web:9", send: 10B}
  - {at: 2s, id: closed, from: stranger, tcp: "203.0.113.5:23"}
  - {at: 4s, id: silent, from: stranger, tcp: "203.0.113.5:23", wait: 1s}
  - {at: 4s, id: open,   from: stranger, tcp: "203.0.113.5:22"}
  - {at: 5s, id: longer, from: "laptop:40002", udp: "web:9", send: 10B}
  - {at: 6s, set: {node: gw, nat: {unsolicited: drop}}}
expect: []
)");
  EXPECT_EQ(outcomes(text), (Lines{"before delivered", "after delivered", "closed refused at gw (no-mapping)",
                                   "silent no-answer at gw (no-mapping)", "open established", "longer delivered"}));
  trace::LinesSink lines;
  run(loaded(text), {.sinks = {&lines}});
  Lines changes;
  for (const trace::Line& line : lines.lines().lines) {
    if (line.kind == trace::Kind::action || line.kind == trace::Kind::change) {
      changes.push_back(seconds(line.at, 3) + " " + line.story);
    }
  }
  EXPECT_EQ(
      changes,
      (Lines{
          "1.000 gw: nat changes: forward (1 rule), timeouts.udp 5s",
          "2.020 removed mapping #0 flow #3 tcp 198.51.100.66:43190 198.51.100.66:43190 203.0.113.5:23 close left 2m",
          "3.000 gw: nat changes: unsolicited drop, timeouts.udp 20s", "6.000 gw: nat stays as it is",
          "7.001 expired mapping #2 flow #2 udp 192.168.1.10:40001 203.0.113.5:40001 198.51.100.10:9 unreplied left 0s",
          "25.001 expired mapping #4 flow #5 udp 192.168.1.10:40002 203.0.113.5:40002 198.51.100.10:9 unreplied left 0s",
          "30.001 expired mapping #1 flow #1 udp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:9 unreplied left 0s"}));
  EXPECT_EQ(outcomes(resolved(loaded(text))), outcomes(text));
}

TEST(Run, SaysWhenAnEntryExpires) {
  trace::LinesSink lines;
  run(loaded(home(R"(until: 60s
actions:
  - {at: 0s, id: one, from: "laptop:40000", udp: "web:9", send: 10B}
expect: []
)")),
      {.sinks = {&lines}});
  Lines changes;
  for (const trace::Line& line : lines.lines().lines) {
    if (line.kind == trace::Kind::change) changes.push_back(seconds(line.at, 3) + " " + line.story);
  }
  EXPECT_EQ(changes, Lines{"30.001 expired mapping #1 flow #1 udp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:9 "
                           "unreplied left 0s"});
}

TEST(Run, IsTheSameWhetherOrNotSomebodyListens) {
  const Scenario scenario = loaded(home(R"(actions:
  - {at: 0s, id: out, from: laptop, tcp: "web:80", send: 100kB}
expect: [{flow: out, result: established, arrived: 100kB}]
)"));
  trace::FingerprintSink fingerprint;
  const Finished quiet = run(scenario), told = run(scenario, {.sinks = {&fingerprint}});
  EXPECT_EQ(quiet.end, told.end);
  EXPECT_EQ(quiet.hops, told.hops);
  EXPECT_EQ(quiet.packets, told.packets);
  EXPECT_EQ(verdicts(quiet.expectations), verdicts(told.expectations));
}

}  // namespace
}  // namespace masqsim::scenario
