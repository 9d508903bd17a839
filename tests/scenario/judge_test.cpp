// What the judge makes of records: of runs, and (where a run hardly comes to it) of records put before it one by one.
#include "sim/scenario/judge.hpp"

#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/wire/build.hpp"
#include "sim/scenario/expectation_text.hpp"

namespace masqsim::scenario {
namespace {

using Lines = std::vector<std::string>;
using Bytes = std::vector<std::uint8_t>;
using trace::Kind;

Scenario loaded(const std::string& text, const std::string& variant = {}) {
  LoadOptions options;
  options.variant = variant;
  Loaded result = load_text(text, options, "test");
  EXPECT_TRUE(result.scenario) << print_diagnostics("test.yaml", result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

/// Each flow as "ID RESULT at PLACE (REASON)", then each expectation as "met" or what came instead.
Lines judged(const std::string& text, const std::string& variant = {}) {
  const Finished finished = run(loaded(text, variant));
  Lines lines;
  for (const FlowOutcome& flow : finished.flows) lines.push_back(flow.id + " " + phrase(flow));
  for (const Verdict& v : finished.expectations) lines.push_back(v.met ? "met" : v.instead);
  return lines;
}

/// Hosts a (192.168.1.10) and b (192.168.1.11, with `services`) on one network. `rest` is the file from `actions:` on.
std::string two_hosts(const std::string& services, const std::string& rest) {
  return "masqsim: 1\nname: test\nnetworks: {home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}}\n"
         "nodes:\n  a: {interfaces: {home: 192.168.1.10/24}}\n"
         "  b: {interfaces: {home: 192.168.1.11/24}, services: [" +
         services + "]}\n" + rest;
}

// --- delivered, or not ----------------------------------------------------------------------------------------------

TEST(Judge, CallsDeliveredWhatReachedTheOpenSocketOfAnotherAction) {
  EXPECT_EQ(judged(two_hosts("{udp: 7000}", R"(actions:
  - {at: 0s, id: ask, from: "a:6000", udp: "b:7000", send: 10B, wait: 60s}
  - {at: 1s, id: push, from: "b:7000", udp: "a:6000", send: 100B, times: 3, every: 1s}
expect:
  - {flow: push, result: delivered, seen: {a: "192.168.1.11:7000"}, arrived: 300B}
)")),
            (Lines{"ask replied", "push delivered", "met"}));
}

TEST(Judge, CallsABroadcastDeliveredThatOneListenerGot) {
  EXPECT_EQ(judged(R"(masqsim: 1
name: test
networks: {home: {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}}
nodes:
  a: {interfaces: {home: 192.168.1.10/24}}
  b: {interfaces: {home: 192.168.1.11/24}, services: [{udp: 68}]}
  c: {interfaces: {home: 192.168.1.12/24}}
actions:
  - {at: 0s, id: offer, from: "a:67", udp: "192.168.1.255:68", send: 300B}
  - {at: 1s, id: other, from: "a:67", udp: "192.168.1.255:69", send: 300B}
expect:
  - {flow: offer, result: delivered, arrived: 300B}
)"),
            (Lines{"offer delivered", "other no-answer at c (broadcast)", "met"}));
}

TEST(Judge, CallsNoAnswerWhatAServiceThatAnswersGotWhereTheAnswerIsLost) {
  EXPECT_EQ(judged(two_hosts("{udp: 7, echo: true}", R"(actions:
  - {at: 0s, id: ask, from: "a:6000", udp: "192.168.1.11:7", send: 10B}
  - {at: 1500us, id: cut, set: {network: home, node: a, link: down}}
expect: []
)"))
                .front()
                .substr(0, 13),
            "ask no-answer");
}

TEST(Judge, CallsARawPacketSentOrDeliveredForNobodyWaits) {
  EXPECT_EQ(judged(two_hosts("{udp: 9}", R"(actions:
  - {at: 0s, id: heard, from: a, raw: "4500001c000000004011f76bc0a8010ac0a8010b13880009000868e7"}
  - {at: 1s, id: damaged, from: a, raw: "4500001c000000004011ffffc0a8010ac0a8010b13880009000868e7"}
expect:
  - {flow: heard, result: delivered}
  - {flow: damaged, result: sent, at: b, reason: bad-checksum}
  - {flow: damaged, result: no-answer, at: b}
  - {flow: damaged, result: delivered}
  - {flow: damaged, at: a}
)")),
            (Lines{"heard delivered", "damaged sent at b (bad-checksum)", "met", "met", "met",
                   "sent at b (bad-checksum)", "sent at b (bad-checksum)"}));
}

// --- bytes ----------------------------------------------------------------------------------------------------------

TEST(Judge, CountsTheBytesOfADatagramInPiecesOnce) {
  EXPECT_EQ(judged(two_hosts("{udp: 53, reply: 4000B}, {udp: 54, echo: true}", R"(actions:
  - {at: 0s, id: down, from: a, udp: "b:53", send: 60B}
  - {at: 1s, id: up,   from: a, udp: "b:54", send: 4000B}
expect:
  - {flow: down, result: replied, arrived: 60B, received: 4000B, replies: 1}
  - {flow: up,   result: replied, arrived: 4000B, received: 4000B, replies: 1}
)")),
            (Lines{"down replied", "up replied", "met", "met"}));
}

TEST(StreamCount, CountsEachByteOnceInWhateverOrderItComes) {
  StreamCount count;
  count.segment(4'294'967'290u, 0, true);  // the numbers wrap within the data
  count.segment(4'294'967'291u, 10, false);
  EXPECT_EQ(count.bytes(), 10u);
  count.segment(25, 5, false);  // a gap of 20 bytes before it
  EXPECT_EQ(count.bytes(), 10u);
  count.segment(4'294'967'291u, 10, false);  // again
  count.segment(5, 20, false);
  EXPECT_EQ(count.bytes(), 35u);
}

TEST(StreamCount, KeepsTheLongerOfTwoPiecesThatBeginAlike) {
  for (const bool longer_first : {true, false}) {
    StreamCount count;
    count.segment(0, 0, true);
    count.segment(11, longer_first ? 20 : 5, false);
    count.segment(11, longer_first ? 5 : 20, false);
    count.segment(1, 10, false);
    EXPECT_EQ(count.bytes(), 30u);
  }
}

TEST(StreamCount, KnowsWhatWasAllDeliveredBefore) {
  StreamCount count;
  EXPECT_FALSE(count.knows(1, 10, false));
  count.segment(0, 0, true);
  EXPECT_TRUE(count.knows(0, 0, true));
  EXPECT_FALSE(count.knows(1, 1, false));
  count.segment(1, 10, false);
  EXPECT_TRUE(count.knows(1, 10, false));
  EXPECT_TRUE(count.knows(6, 5, false));
  EXPECT_FALSE(count.knows(6, 6, false));
  EXPECT_FALSE(count.knows(1, 0, false)) << "an acknowledgment alone is no repeat";
}

// --- seen -----------------------------------------------------------------------------------------------------------

constexpr const char* self_hairpin = R"(masqsim: 1
name: test
networks:
  bridge:   {kind: lan, subnet: 172.17.0.0/16, delay: 100us}
  internet: {kind: cloud, delay: 10ms}
nodes:
  app:
    interfaces: {bridge: 172.17.0.2/16}
    services: [{tcp: 8080, reply: 100B}, {udp: 53, echo: true}]
  gw:
    kind: gateway
    interfaces: {bridge: 172.17.0.1/16, internet: 203.0.113.5}
    nat: {masquerade: {out: internet}, forward: [{tcp: 80, to: "app:8080"}], hairpin: full}
actions:
  - {at: 0s, id: self, from: "app:40000", tcp: "203.0.113.5:80", send: 50B}
  - {at: 1s, id: own, from: "app:40001", udp: "app:53", send: 7B}
expect:
  - {flow: self, result: established, seen: {app: "203.0.113.5:40000"}, arrived: 50B, received: 100B}
  - {flow: self, seen: {app: "172.17.0.2:40000"}}
  - {flow: own, result: replied, seen: {app: "172.17.0.2:40001"}, arrived: 7B, received: 7B, replies: 1}
)";

TEST(Judge, LooksAtWhatArrivesWhereANodeCallsItself) {
  EXPECT_EQ(judged(self_hairpin),
            (Lines{"self established", "own replied", "met", "app saw 203.0.113.5:40000", "met"}));
}

TEST(Judge, HoldsAListOfSourcesAgainstAllThatANodeSeesInOrder) {
  EXPECT_EQ(
      judged(R"(masqsim: 1
name: test
networks:
  home:     {kind: lan, subnet: 192.168.1.0/24, delay: 1ms}
  internet: {kind: cloud, delay: 10ms}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}}
  gw: {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}
  sip: {interfaces: {internet: 198.51.100.10}, services: [{udp: 5060, echo: true}]}
actions:
  - {at: 0s, id: call, from: "laptop:5060", udp: "sip:5060", send: 10B, times: 4, every: 10s}
  - {at: 15s, id: new, set: {node: gw, network: internet, address: 203.0.113.9}}
expect:
  - {flow: call, seen: {sip: ["203.0.113.5:5060", "203.0.113.9:5060"]}}
  - {flow: call, seen: {sip: [203.0.113.5, 203.0.113.9]}}
  - {flow: call, seen: {sip: 203.0.113.5}}
  - {flow: call, seen: {sip: 203.0.113.9}}
  - {flow: call, seen: {sip: [203.0.113.9, 203.0.113.5]}}
  - {flow: call, seen: {sip: [203.0.113.5, 203.0.113.9, 203.0.113.5]}}
)"),
      (Lines{"call replied", "met", "met", "met", "sip saw first 203.0.113.5:5060",
             "sip saw 203.0.113.5:5060, then 203.0.113.9:5060", "sip saw 203.0.113.5:5060, then 203.0.113.9:5060"}));
}

// --- drops, record by record ----------------------------------------------------------------------------------------

/// A judge of one flow from a (node 0) to b (node 1), told of records by hand.
struct Bench {
  explicit Bench(const std::string& action)
      : scenario(loaded(two_hosts("{udp: 9}", "actions: [" + action + "]\nexpect: []\n"))),
        judge(scenario, {{0, 0, 0}}) {
    header.nodes = {{.name = "a", .kind = trace::NodeKind::host}, {.name = "b", .kind = trace::NodeKind::host}};
    header.points = {{.node = 0, .name = "a/home", .network = "home", .address = address(10)}};
    header.flows = {{.id = "flow", .from = {}, .to = {}, .verb = {}}};
    judge.begin(header);
  }

  static constexpr wire::Address address(std::uint8_t last) { return wire::address(192, 168, 1, last); }

  void tell(Kind kind, trace::NodeId node, std::uint64_t packet, std::uint64_t cause, Reason reason,
            wire::ByteView bytes, std::string_view text = {}) {
    trace::Record record;
    record.kind = kind;
    record.node = node;
    record.point = kind == Kind::drop ? 0 : trace::nowhere;
    record.flow = 1;
    record.packet = packet;
    record.cause = cause;
    record.reason = reason;
    record.bytes = bytes;
    record.text = text;
    judge.record(record);
  }
  void drop(trace::NodeId node, std::uint64_t packet, std::uint64_t cause, Reason reason) {
    tell(Kind::drop, node, packet, cause, reason, datagram);
  }
  void result(std::string_view word) { tell(Kind::result, 0, 0, 0, Reason::none, {}, word); }
  std::string outcome() const { return phrase(judge.outcomes().front()); }

  Scenario scenario;
  Judge judge;
  trace::Header header;
  Bytes datagram = wire::udp_packet({.source = address(10), .destination = address(11)}, 5000, 9, {});
};

constexpr const char* udp = R"({at: 0s, id: flow, from: a, udp: "b:9", send: 1B})";
constexpr const char* tcp = R"({at: 0s, id: flow, from: a, tcp: "b:9", send: 1B})";
constexpr const char* raw = R"({at: 0s, id: flow, from: a, raw: "4500001400000000400000000000000000000000"})";

TEST(Judge, BlamesTheLastDropBeforeTheResult) {
  Bench bench(udp);
  bench.drop(1, 1, 0, Reason::filtered);
  bench.drop(1, 2, 0, Reason::no_mapping);
  bench.result("no-answer");
  bench.drop(1, 3, 0, Reason::martian);
  EXPECT_EQ(bench.outcome(), "no-answer at b (no-mapping)");
}

TEST(Judge, BlamesWhatBecameOfARawPacketAfterItWasSent) {
  Bench bench(raw);
  bench.result("sent");
  bench.drop(1, 1, 0, Reason::martian);
  EXPECT_EQ(bench.outcome(), "sent at b (martian)");
}

TEST(Judge, BlamesNothingThatFollowsFromWhatTheInitiatorDidNotWant) {
  Bench bench(tcp);
  bench.drop(0, 5, 4, Reason::wrong_peer);
  bench.drop(1, 6, 5, Reason::stale);
  bench.result("no-answer");
  EXPECT_EQ(bench.outcome(), "no-answer at a (wrong-peer)");
}

TEST(Judge, TakesALossOnTheWireForNoRejection) {
  Bench bench(tcp);
  bench.drop(0, 5, 4, Reason::link_loss);
  bench.drop(1, 6, 5, Reason::stale);
  bench.result("no-answer");
  EXPECT_EQ(bench.outcome(), "no-answer at b (stale)");
}

TEST(Judge, NamesTheNetworkOfALossOnTheWire) {
  Bench bench(udp);
  bench.drop(0, 5, 0, Reason::queue_full);
  bench.result("no-answer");
  EXPECT_EQ(bench.outcome(), "no-answer at home (queue-full)");
}

TEST(Judge, BlamesARepeatOfWhatHadArrivedForNothing) {
  Bench bench(tcp);
  const Bytes data(10, 'x');
  const Bytes segment = wire::tcp_packet(
      {.source = Bench::address(10), .destination = Bench::address(11)},
      {.source_port = 5000, .destination_port = 9, .sequence = 100, .flags = {wire::TcpFlags::ack}}, data);
  bench.drop(1, 1, 0, Reason::filtered);
  bench.tell(Kind::deliver, 1, 2, 0, Reason::none, segment);
  bench.tell(Kind::drop, 1, 3, 0, Reason::stale, segment);
  bench.result("no-answer");
  EXPECT_EQ(bench.outcome(), "no-answer at b (filtered)");
}

}  // namespace
}  // namespace masqsim::scenario
