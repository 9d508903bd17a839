// What services and clients say, byte for byte, and by which interface datagrams leave.
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "masqsim/wire/udp.hpp"
#include "sim/scenario/expectation_text.hpp"

namespace masqsim::scenario {
namespace {

using Lines = std::vector<std::string>;

Scenario loaded(const std::string& text) {
  Loaded result = load_text(text);
  EXPECT_TRUE(result.scenario) << print_diagnostics("f", result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

/// What each node's programs sent, in order: "b: 220 hi".
struct Speech final : trace::Sink {
  void begin(const trace::Header& h) override { header = h; }
  void record(const trace::Record& r) override {
    if (r.kind != trace::Kind::send) return;
    const auto ip = wire::Ipv4View::parse(r.bytes);
    wire::ByteView said;
    if (ip->protocol() == wire::Protocol::tcp) said = wire::TcpView::parse(ip->payload())->payload();
    if (ip->protocol() == wire::Protocol::udp) said = wire::UdpView::parse(ip->payload())->payload();
    if (!said.empty()) lines.push_back(header.nodes[r.node].name + ": " + std::string(said.begin(), said.end()));
  }
  trace::Header header;
  Lines lines;
};

Lines speech(const std::string& services, const std::string& action) {
  Speech sink;
  const Finished finished = run(loaded("masqsim: 1\nnetworks: {lan: {kind: lan, subnet: 10.0.0.0/24}}\nnodes:\n"
                                       "  a: {interfaces: {lan: 10.0.0.1/24}}\n"
                                       "  b: {interfaces: {lan: 10.0.0.2/24}, services: [" +
                                       services + "]}\nactions: [{at: 0s, id: x, from: a, " + action + "}]\n"),
                                {.sinks = {&sink}});
  for (const FlowOutcome& flow : finished.flows) sink.lines.push_back(phrase(flow));
  return sink.lines;
}

TEST(Services, HttpCanBeTyped) {
  EXPECT_EQ(speech(R"({tcp: 80, text: "HTTP/1.0 200 OK\r\n\r\n<p>\thi", close: true})",
                   R"(tcp: "b:80", text: "GET / HTTP/1.0\r\n\r\n")"),
            (Lines{"a: GET / HTTP/1.0\r\n\r\n", "b: HTTP/1.0 200 OK\r\n\r\n<p>\thi", "established"}));
}

TEST(Services, AServiceMayGreetWhoHasConnected) {
  EXPECT_EQ(speech(R"({tcp: 21, say: "220 hi\r\n", text: "331 who?\r\n"})", R"(tcp: "b:21", text: "USER me\r\n")"),
            (Lines{"a: USER me\r\n", "b: 220 hi\r\n", "b: 331 who?\r\n", "established"}));
}

TEST(Services, ADatagramIsAnsweredWithTheTextGiven) {
  EXPECT_EQ(speech("{udp: 53, text: yes-sir}", R"(udp: "b:53", text: "who?")"),
            (Lines{"a: who?", "b: yes-sir", "replied"}));
}

TEST(Services, OneAnswerIsEnough) {
  const Loaded loaded = load_text(
      "masqsim: 1\nnetworks: {lan: {}}\nnodes: {b: {interfaces: {lan: 10.0.0.2/24}, services: "
      "[{tcp: 80, text: hi, reply: 5B}, {udp: 53, say: hi}]}}\n");
  ASSERT_EQ(loaded.diagnostics.size(), 2u);
  EXPECT_EQ(loaded.diagnostics[0].message, "a service answers with one of 'reply', 'text' and 'echo'");
  EXPECT_EQ(loaded.diagnostics[1].message, "'say' is for tcp services: it greets who has connected");
}

TEST(Services, OtherControlCharactersAreGivenAsHex) {
  const Loaded loaded = load_text(
      "masqsim: 1\nnetworks: {lan: {}}\nnodes: {b: {interfaces: {lan: 10.0.0.2/24}}}\n"
      "actions: [{at: 0s, id: x, from: b, udp: \"10.0.0.3:9\", text: \"a\\x01\"}]\n"
      "title: \"two\\r\\nlines\"\n");
  ASSERT_EQ(loaded.diagnostics.size(), 2u);
  EXPECT_EQ(loaded.diagnostics[0].message, "control character U+0001 in a string");
  EXPECT_EQ(loaded.diagnostics[0].hint, "an action sends any bytes as 'hex'");
  EXPECT_EQ(loaded.diagnostics[1].message, "control character U+000D in a string");
  EXPECT_EQ(loaded.diagnostics[1].hint, "");
}

TEST(Services, ADatagramLeavesByTheNetworkThatItsActionNames) {
  const std::string text = R"(masqsim: 1
networks: {virbr: {kind: lan, subnet: 192.168.122.0/24}, uplink: {kind: cloud}}
nodes:
  vm: {interfaces: {virbr: 192.168.122.10/24}, services: [{udp: 68}]}
  gw: {kind: router, interfaces: {virbr: 192.168.122.1/24, uplink: 203.0.113.5}}
actions:
  - {at: 0s, id: offer, from: "gw:67", udp: "255.255.255.255:68", network: virbr, send: 300B}
expect:
  - {flow: offer, seen: {vm: "192.168.122.1:67"}, arrived: 300B}
)";
  Lines unmet;
  for (const Verdict& v : run(loaded(text)).expectations) {
    if (!v.met) unmet.push_back(v.what + " | " + v.instead);
  }
  EXPECT_EQ(unmet, Lines{});
}

}  // namespace
}  // namespace masqsim::scenario
