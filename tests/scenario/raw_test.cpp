// Packets given by their fields.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "sim/scenario/judge.hpp"

namespace masqsim::scenario {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Lines = std::vector<std::string>;

std::string home(const std::string& actions) {
  return fmt::format(R"(masqsim: 1
networks:
  home: {{kind: lan, subnet: 192.168.1.0/24, delay: 1ms}}
  internet: {{kind: cloud, delay: 10ms}}
nodes:
  laptop: {{interfaces: {{home: 192.168.1.10/24}}}}
  gw:
    kind: gateway
    interfaces: {{home: 192.168.1.1/24, internet: 203.0.113.5}}
    nat: {{masquerade: {{out: internet}}}}
  web: {{interfaces: {{internet: 198.51.100.10}}, services: [{{tcp: 80, reply: 200B}}]}}
  stranger: {{interfaces: {{internet: 198.51.100.66}}}}
actions:
{})",
                     actions);
}

/// The first packet of the flow `id`, as its sender put it on the wire.
struct First final : trace::Sink {
  explicit First(std::string wanted) : id(std::move(wanted)) {}
  void begin(const trace::Header& header) override {
    for (std::size_t n = 0; n < header.flows.size(); ++n) {
      if (header.flows[n].id == id) flow = static_cast<trace::FlowId>(n + 1);
    }
  }
  void record(const trace::Record& r) override {
    if (r.kind == trace::Kind::send && r.flow == flow && bytes.empty()) bytes.assign(r.bytes.begin(), r.bytes.end());
  }
  std::string id;
  trace::FlowId flow = 0;
  Bytes bytes;
};

Bytes sent(const std::string& actions, const std::string& id) {
  const Loaded loaded = load_text(home(actions));
  EXPECT_TRUE(loaded.scenario) << print_diagnostics("f", loaded.diagnostics);
  First first(id);
  if (loaded.scenario) run(*loaded.scenario, {.sinks = {&first}});
  return first.bytes;
}

wire::IpFields ip(const char* from, const char* to) {
  return {.source = *wire::parse_address(from), .destination = *wire::parse_address(to), .fragment_word = 0};
}

TEST(Raw, ATcpSegmentIsBuiltFromItsFields) {
  const Bytes got = sent(
      "  - {at: 0s, id: x, from: laptop, raw: {destination: web, ttl: 7, id: 9, tos: 16, df: true, tcp: {from: 40000, to: "
      "80, flags: SYN+ACK, seq: 4294967295, ack: 5, window: 0, mss: 1400, text: \"hi\"}}}\n",
      "x");
  wire::IpFields fields = ip("192.168.1.10", "198.51.100.10");
  fields.ttl = 7;
  fields.id = 9;
  fields.tos = 16;
  fields.fragment_word = 0x4000;
  const Bytes options{2, 4, 5, 120}, data{'h', 'i'};
  EXPECT_EQ(got, wire::tcp_packet(fields,
                                  {.source_port = 40000,
                                   .destination_port = 80,
                                   .sequence = 4294967295,
                                   .acknowledgment = 5,
                                   .flags = {0x12},
                                   .window = 0,
                                   .options = options},
                                  data));
}

TEST(Raw, AnUrgentPointerIsSummedToo) {
  const Bytes got =
      sent("  - {at: 0s, id: x, from: laptop, raw: {destination: web, tcp: {from: 1, to: 2, flags: U, urgent: 513}}}\n",
           "x");
  const auto view = *wire::Ipv4View::parse(got);
  EXPECT_EQ(wire::TcpView::parse(view.payload())->urgent_pointer(), 513);
  EXPECT_EQ(wire::pseudo_checksum(view.source(), view.destination(), wire::Protocol::tcp, view.payload()), 0);
}

TEST(Raw, ADatagramAndAnEchoRequestAreBuiltFromTheirFields) {
  const Bytes data{0xff};
  EXPECT_EQ(
      sent("  - {at: 0s, id: x, from: stranger, raw: {source: 192.0.2.7, destination: 203.0.113.5, udp: {from: 53, "
           "to: 40000, hex: ff}}}\n",
           "x"),
      wire::udp_packet(ip("192.0.2.7", "203.0.113.5"), 53, 40000, data));
  EXPECT_EQ(
      sent("  - {at: 0s, id: x, from: stranger, raw: {destination: gw, icmp: {type: echo, id: 7, seq: 3, hex: ff}}}\n",
           "x"),
      wire::icmp_packet(ip("198.51.100.66", "203.0.113.5"), {.type = 8, .rest = 7 << 16 | 3}, data));
}

TEST(Raw, AnIcmpErrorQuotesAPacketGivenByItsFields) {
  const Bytes quoted = wire::udp_packet(ip("203.0.113.5", "198.51.100.10"), 40000, 53, {});
  EXPECT_EQ(
      sent("  - {at: 0s, id: x, from: stranger, raw: {destination: gw, icmp: {type: unreachable, code: 4, mtu: 1400, "
           "quoting: {source: 203.0.113.5, destination: web, udp: {from: 40000, to: 53}}}}}\n",
           "x"),
      wire::icmp_packet(ip("198.51.100.66", "203.0.113.5"), {.type = 3, .code = 4, .rest = 1400}, quoted));
}

TEST(Raw, ASumMayBeWrongOnPurpose) {
  const auto sum_of = [](const std::string& checksum) {
    const Bytes got =
        sent(fmt::format("  - {{at: 0s, id: x, from: laptop, raw: {{destination: web, tcp: {{from: 1, to: 2, "
                         "flags: S{}}}}}}}\n",
                         checksum),
             "x");
    return wire::load16(&got[36]);
  };
  EXPECT_EQ(sum_of(", checksum: bad"), sum_of("") + 1);
  EXPECT_EQ(sum_of(", checksum: 4660"), 4660);
}

constexpr const char* call = "  - {at: 0s, id: call, from: \"laptop:40000\", tcp: \"web:80\", send: 50B}\n";

/// The initial sequence numbers of client and server.
std::pair<std::uint32_t, std::uint32_t> isns(const std::string& actions) {
  struct Isns final : trace::Sink {
    void record(const trace::Record& r) override {
      const auto view = r.kind == trace::Kind::send ? wire::Ipv4View::parse(r.bytes) : std::nullopt;
      const auto tcp =
          view && view->protocol() == wire::Protocol::tcp ? wire::TcpView::parse(view->payload()) : std::nullopt;
      if (!tcp || !tcp->flags().has(wire::TcpFlags::syn)) return;
      (tcp->flags().has(wire::TcpFlags::ack) ? server : client) = tcp->sequence();
    }
    std::uint32_t client = 0, server = 0;
  } sink;
  run(*load_text(home(actions)).scenario, {.sinks = {&sink}});
  return {sink.client, sink.server};
}

/// The ends of a segment, and its numbers counted from the initial ones.
std::string relative(const Bytes& bytes, const std::string& actions) {
  const auto [client, server] = isns(actions);
  const auto view = *wire::Ipv4View::parse(bytes);
  const auto tcp = *wire::TcpView::parse(view.payload());
  const bool by_client = tcp.destination_port() == 80;
  return fmt::format("{}:{} => {}:{} seq {} ack {}", wire::to_string(view.source()), tcp.source_port(),
                     wire::to_string(view.destination()), tcp.destination_port(),
                     tcp.sequence() - (by_client ? client : server),
                     tcp.acknowledgment() - (by_client ? server : client));
}

TEST(Raw, OneOfTheTwoEndsContinuesItsSideOfAConnection) {
  const std::string by_server =
      std::string(call) + "  - {at: 5s, id: x, from: web, raw: {of: call, tcp: {flags: FA, seq: +1000}}}\n";
  EXPECT_EQ(relative(sent(by_server, "x"), by_server), "198.51.100.10:80 => 203.0.113.5:40000 seq 1201 ack 51");
  const std::string by_client =
      std::string(call) + "  - {at: 5s, id: x, from: laptop, raw: {of: call, tcp: {flags: A, seq: -1, ack: +7}}}\n";
  EXPECT_EQ(relative(sent(by_client, "x"), by_client), "192.168.1.10:40000 => 198.51.100.10:80 seq 50 ack 208");
}

TEST(Raw, WithTheEndsGivenTheNumbersAreThoseOfTheConnectionBetweenThem) {
  const std::string actions =
      std::string(call) +
      "  - {at: 5s, id: x, from: web, raw: {destination: gw, tcp: {from: 80, to: 40000, flags: A, seq: +0, ack: +0}}}\n";
  EXPECT_EQ(relative(sent(actions, "x"), actions), "198.51.100.10:80 => 203.0.113.5:40000 seq 201 ack 51");
}

TEST(Raw, AThirdNodeSpeaksForTheCalledEnd) {
  const std::string actions =
      std::string(call) + "  - {at: 5s, id: x, from: stranger, raw: {of: call, destination: gw, tcp: {flags: R}}}\n";
  EXPECT_EQ(relative(sent(actions, "x"), actions), "198.51.100.10:80 => 203.0.113.5:40000 seq 201 ack 51");
}

TEST(Raw, AnActionIsRepeatedAsOftenAsItSays) {
  const Loaded loaded = load_text(
      home("  - {at: 0s, id: x, from: laptop, raw: {destination: web, udp: {from: 1, to: 9}}, times: 3, every: 2s}\n"));
  struct Times final : trace::Sink {
    void record(const trace::Record& r) override {
      if (r.kind == trace::Kind::send && r.node == 1) at.push_back(to_string(r.at - Time{}));
    }
    Lines at;
  } sink;
  run(*loaded.scenario, {.sinks = {&sink}});
  EXPECT_EQ(sink.at, (Lines{"0s", "2s", "4s"}));
}

TEST(Raw, WhatIsMissingOrWrongIsSaid) {
  const auto first = [](const std::string& raw) {
    const Loaded loaded = load_text(home("  - {at: 0s, id: x, from: laptop, raw: " + raw + "}\n"));
    return loaded.diagnostics.empty() ? "" : loaded.diagnostics[0].message;
  };
  EXPECT_EQ(first("{tcp: {from: 1, to: 2, flags: S}}"),
            "'raw' needs 'destination', or 'of' with the id of a tcp action");
  EXPECT_EQ(first("{destination: web, tcp: {to: 2, flags: S}}"), "'raw.tcp' needs 'from'");
  EXPECT_EQ(first("{destination: web, tcp: {from: 1, to: 2, flags: SYNACK}}"), "unknown flags 'SYNACK'");
  EXPECT_EQ(first("{destination: web}"), "a packet is one of 'tcp', 'udp' and 'icmp'");
  EXPECT_EQ(first("{of: x, tcp: {flags: S}}"), "'x' is a raw; only a tcp action has a connection");
  EXPECT_EQ(first("{of: w, tcp: {flags: S}}"), "unknown flow 'w'; known flows: x");
  EXPECT_EQ(first("{of: x, udp: {from: 1, to: 2}, destination: web}"),
            "'of' goes with 'tcp': only a connection has numbers");
}

TEST(Raw, WhatIsShownLoadsBack) {
  const Loaded loaded = load_text(home(std::string(call) + R"(
  - {at: 5s, id: x, from: web, raw: {of: call, tcp: {flags: FA, seq: +1000, ack: -3, mss: 9, checksum: bad, hex: "00"}}}
  - {at: 5s, id: w, from: web, raw: {destination: gw, icmp: {type: 11, quoting: {source: gw, destination: web, udp: {from: 1, to: 2}}}}}
  - {at: 5s, id: z, from: web, raw: {destination: gw, icmp: {type: echo, id: 4, seq: 5, checksum: 12}}}
)"));
  ASSERT_TRUE(loaded.scenario) << print_diagnostics("f", loaded.diagnostics);
  const Loaded again = load_text(resolved(*loaded.scenario));
  ASSERT_TRUE(again.scenario) << print_diagnostics("again", again.diagnostics);
  EXPECT_TRUE(*again.scenario == *loaded.scenario) << resolved(*again.scenario);
}

}  // namespace
}  // namespace masqsim::scenario
