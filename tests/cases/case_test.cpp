#include "sim/cases/case.hpp"

#include <gtest/gtest.h>

#include "masqsim/wire/build.hpp"
#include "sim/box/own_bench.hpp"
#include "sim/cases/replay.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::cases {
namespace {

std::string first_error(std::string_view line) {
  const Cases cases = read_cases(line, "x.jsonl");
  return cases.errors.empty() ? "none" : cases.errors.front();
}

constexpr std::string_view plain =
    R"({"name": "one", "gateway": {"source": [{"out": "wan0", "action": "masquerade"}]}, )"
    R"("steps": [{"dir": "in", "hex": "45000021123440004011)"
    R"(3cabc0a8010ac633640713880035000dbc5768656c6c6f"}], )";
constexpr std::string_view answer = R"("observed": [{"step": 0, "side": "out", "hex": "45000021123440003f11)"
                                    R"(c35bcb007101c633640713880035000d420868656c6c6f"}], )";
constexpr std::string_view table =
    R"("ct": ["ipv4     2 udp      17 29 src=192.168.1.10 dst=198.51.100.7 sport=5000 dport=53 [UNREPLIED] )"
    R"(src=198.51.100.7 dst=203.0.113.1 sport=53 dport=5000 mark=0 zone=0 use=2"]})";

std::string with(std::string_view observed, std::string_view rows) {
  return std::string(plain) + std::string(observed) + std::string(rows);
}

Verdict verdict_of(const std::string& line) {
  const Case c = read_cases(line, "x.jsonl").cases.at(0);
  box::OwnBench bench(c.setup);
  return judge(c, replay(c, bench));
}

TEST(CaseFile, SaysWhichLineIsWrongAndWhy) {
  const auto gateway = [](std::string_view words) {
    return first_error("\n{\"name\": \"x\", \"gateway\": " + std::string(words) + ", \"steps\": []}");
  };
  EXPECT_EQ(first_error(""), "x.jsonl:1: no case in it");
  EXPECT_EQ(first_error("{"), "x.jsonl:1: not JSON (at byte 2)");
  EXPECT_EQ(first_error("\n\n7"), "x.jsonl:3: a case must be an object");
  EXPECT_EQ(first_error("{}"), "x.jsonl:1: a case needs 'name'");
  EXPECT_EQ(first_error(R"({"name": "a\nb"})"), "x.jsonl:1: name must be printable ASCII");
  EXPECT_EQ(gateway("[]"), "x.jsonl:2: gateway must be an object");
  EXPECT_EQ(gateway(R"({"sources": []})"), "x.jsonl:2: gateway: unknown word 'sources'");
  EXPECT_EQ(gateway(R"({"source": [{"action": "nat"}]})"),
            "x.jsonl:2: unknown action 'nat'; write masquerade, source-nat or exempt");
  EXPECT_EQ(gateway(R"({"source": [{"action": "masquerade", "out": "eth0"}]})"),
            "x.jsonl:2: out: no interface is called 'eth0'; they are lan0 and wan0");
  EXPECT_EQ(gateway(R"({"source": [{"action": "masquerade", "ports": [2, 1]}]})"), "x.jsonl:2: ports: 2 is after 1");
  EXPECT_EQ(gateway(R"({"wan-mtu": 65536})"), "x.jsonl:2: wan-mtu must be a whole number from 0 to 65535, got 65536");
  EXPECT_EQ(gateway(R"({"wan-mtu": 1e3})"), "x.jsonl:2: wan-mtu must be a whole number from 0 to 65535, got 1000.0");
  EXPECT_EQ(gateway(R"({"destination": [{"to": "203.0.113.256", "forward": "1.2.3.4"}]})"),
            "x.jsonl:2: to: '203.0.113.256' is not an IPv4 address (octet 4 is over 255)");
}

TEST(CaseFile, SaysWhatIsWrongWithAStep) {
  const auto step = [](std::string_view words) {
    return first_error(R"({"name": "x", "gateway": {}, "steps": [)" + std::string(words) + "]}");
  };
  EXPECT_EQ(step(R"({"dir": "up", "hex": "00"})"), "x.jsonl:1: dir must be \"in\" or \"out\", got \"up\"");
  EXPECT_EQ(step(R"({"dir": "in", "hex": "4"})"), "x.jsonl:1: hex: an odd number of hexadecimal digits");
  EXPECT_EQ(step(R"({"dir": "in", "hex": "4x"})"), "x.jsonl:1: hex: not a hexadecimal digit in '4x'");
  EXPECT_EQ(step(R"({"sh": "reboot"})"), "x.jsonl:1: a step is {dir, hex}, {wait_ms} or {sh, do}");
  EXPECT_EQ(
      step(R"({"do": "reboot"})"),
      "x.jsonl:1: do: cannot read 'reboot'; known are: flush-table, remove-nat-rules, readdress IF A/N, IF down, IF up, "
      "send udp from A:P to B:Q payload HEX; or words of the gateway as an object");
}

TEST(CaseFile, ADatagramOfTheGatewayMayBeEmpty) {
  const auto payload = [](std::string_view words) {
    const std::string line =
        R"({"name": "x", "gateway": {}, "steps": [{"do": "send udp from 192.168.1.1:5000 to 192.168.1.10:53)" +
        std::string(words) + R"("}]})";
    return std::get<box::Action>(read_cases(line, "x.jsonl").cases.at(0).steps.at(0)).payload;
  };
  EXPECT_EQ(payload(" payload 7879"), (std::vector<std::uint8_t>{0x78, 0x79}));
  EXPECT_TRUE(payload(" payload ").empty());
  EXPECT_TRUE(payload("").empty());
}

TEST(CaseFile, AnExcessOfFlowsIsRejectedOnlyIfItSaysSo) {
  const auto rejects = [](std::string_view words) {
    const std::string line = R"({"name": "x", "gateway": {"firewall": {"flows-per-inside-host": 2)" +
                             std::string(words) + R"(}}, "steps": []})";
    return read_cases(line, "x.jsonl").cases.at(0).setup.nat.limits.reject_excess;
  };
  EXPECT_TRUE(rejects(R"(, "excess": "reject admin-prohibited")"));
  EXPECT_FALSE(rejects(R"(, "excess": "drop")"));
  EXPECT_FALSE(rejects(""));
}

box::Setup setup_of(const std::string& words) {
  const Cases cases = read_cases(R"({"name": "x", "gateway": )" + words + R"(, "steps": []})", "x.jsonl");
  EXPECT_EQ(cases.errors, std::vector<std::string>{});
  return cases.cases.empty() ? box::Setup{} : cases.cases.front().setup;
}

/// A value of the key other than `standard`, as a case says it.
std::string another(const nat::ConfigKey& key, nat::KeyValue standard) {
  switch (key.kind) {
    case nat::KeyKind::boolean: return standard == 1 ? "false" : "true";
    case nat::KeyKind::word:
      return '"' + std::string(key.words[key.words.front().value == standard ? 1 : 0].text) + '"';
    case nat::KeyKind::words: return "[\"" + std::string(key.words.front().text) + "\"]";
    case nat::KeyKind::duration: return "\"3m20s\"";
    case nat::KeyKind::number: break;
  }
  return "1300";
}

TEST(CaseFile, CanSayEveryKeyThatAScenarioCan) {
  for (const nat::ConfigKey& key : nat::config_keys()) {
    const nat::Config standard = setup_of("{}").nat;
    const std::string value = another(key, key.get(standard));
    const std::string leaf = '"' + std::string(key.leaf()) + "\": " + value;
    const std::string group(key.group());
    const nat::Config told = setup_of(group.empty() ? '{' + leaf + '}' : "{\"" + group + "\": {" + leaf + "}}").nat;
    EXPECT_FALSE(key.same(standard, told)) << key.name;
    for (const nat::ConfigKey& other : nat::config_keys()) {
      const bool by_firewall = key.group() == "firewall" && other.name == "limits.excess";
      EXPECT_TRUE(&other == &key || by_firewall || other.same(standard, told)) << key.name << " changed " << other.name;
    }
  }
}

TEST(CaseFile, KnowsTheWordsOfTheFirstRecordedCasesForKeys) {
  const nat::Config told = setup_of(R"({"udp-timeout-s": 3, "reassembly-timeout-s": 1, "firewall": {)"
                                    R"("input": "drop unless established, related or from lan0",)"
                                    R"("forward": "drop unless established, related, or new from lan0 to wan0",)"
                                    R"("flows-per-inside-host": 2, "excess": "reject admin-prohibited"}})")
                               .nat;
  EXPECT_EQ(told.timeouts.udp, 3_s);
  EXPECT_EQ(told.timeouts.fragment, 1_s);
  EXPECT_TRUE(told.firewall.protect_input && told.firewall.protect_forward && !told.firewall.admit_forwarded);
  EXPECT_EQ(told.limits.flows_per_host, 2u);
  EXPECT_TRUE(told.limits.reject_excess);
}

TEST(CaseFile, SaysWhatIsWrongWithASetting) {
  const auto gateway = [](std::string_view words) {
    return first_error("{\"name\": \"x\", \"gateway\": " + std::string(words) + ", \"steps\": []}");
  };
  EXPECT_EQ(gateway(R"({"hairpin": "on"})"), "x.jsonl:1: unknown hairpin 'on'; known: none, dnat-only, full");
  EXPECT_EQ(gateway(R"({"timeouts": {"udpstream": 3}})"), "x.jsonl:1: gateway: unknown word 'timeouts.udpstream'");
  EXPECT_EQ(gateway(R"({"timeouts": {"udp": "3"}})"), "x.jsonl:1: udp needs a unit (ns, us, ms, s, m, h), got '3'");
  EXPECT_EQ(gateway(R"({"timeouts": {"udp": 0}})"), "x.jsonl:1: udp must not be 0s");
  EXPECT_EQ(gateway(R"({"limits": {"table": 0}})"), "x.jsonl:1: table must be 1 or more, got 0");
  EXPECT_EQ(gateway(R"({"alg": ["sip"]})"), "x.jsonl:1: unknown alg 'sip'; known: ftp");
}

TEST(CaseFile, DestinationRulesSayWhereTheCallerComesFromAndMapNetworks) {
  const box::Setup setup = setup_of(
      R"({"destination": [{"in": "wan0", "from": "198.51.100.0/24", "to": "203.0.113.128/28",)"
      R"( "forward": "192.168.1.16/28"}, {"to": "203.0.113.1", "protocol": "tcp", "port": 80, "forward": "192.168.1.10:8080"}]})");
  nat::DestinationRule network, port;
  network.in = box::wan;
  network.from = wire::Prefix{wire::address(198, 51, 100, 0), 24};
  network.to = wire::Prefix{wire::address(203, 0, 113, 128), 28};
  network.forward = wire::address(192, 168, 1, 16);
  network.keep_host_bits = true;
  port.to = wire::Prefix{wire::address(203, 0, 113, 1), 32};
  port.protocol = wire::Protocol::tcp;
  port.port = nat::PortRange{80, 80};
  port.forward = wire::address(192, 168, 1, 10);
  port.forward_port = 8080;
  EXPECT_EQ(setup.nat.destination, (std::vector{network, port}));
}

TEST(CaseFile, AStepChangesRulesAndSettingsAndLeavesTheRest) {
  const Cases cases = read_cases(
      R"({"name": "x", "gateway": {"source": [{"out": "wan0", "action": "masquerade"}], "timeouts": {"udp": 5}}, )"
      R"("steps": [{"do": {"timeouts": {"icmp": 7}}, "sh": "sysctl"}, {"do": {"source": []}}]})",
      "x.jsonl");
  ASSERT_EQ(cases.errors, std::vector<std::string>{});
  const Case& c = cases.cases.front();
  const auto config = [&](std::size_t n) { return std::get<box::Action>(c.steps[n]).nat; };
  EXPECT_EQ(c.setup.nat.timeouts.icmp, nat::Config{}.timeouts.icmp);
  EXPECT_EQ(config(0).timeouts.icmp, 7_s);
  EXPECT_EQ(config(0).timeouts.udp, 5_s);
  EXPECT_EQ(config(0).source.size(), 1u);
  EXPECT_EQ(config(1).timeouts.icmp, 7_s);
  EXPECT_EQ(config(1).source.size(), 0u);
  EXPECT_EQ(first_error(R"({"name": "x", "gateway": {}, "steps": [{"do": {"wan-mtu": 1400}}]})"),
            "x.jsonl:1: gateway: 'wan-mtu' cannot change while a case runs");
}

TEST(CaseFile, EveryWrongLineIsTold) {
  EXPECT_EQ(read_cases("{\n7\n" + with(answer, table) + "\n[]\n", "x.jsonl").errors,
            (std::vector<std::string>{"x.jsonl:1: not JSON (at byte 2)", "x.jsonl:2: a case must be an object",
                                      "x.jsonl:4: a case must be an object"}));
}

TEST(CaseFile, DeepNestingIsRefusedNotFollowed) {
  EXPECT_EQ(first_error(std::string(100'000, '{')), "x.jsonl:1: not JSON (at byte 2)");
  EXPECT_EQ(first_error("{\"name\": " + std::string(100'000, '[')), "x.jsonl:1: nested deeper than 16 levels");
}

TEST(Conformance, TheSameBytesAndTableAreOk) { EXPECT_EQ(to_string(verdict_of(with(answer, table))), "ok one\n"); }

TEST(Conformance, OneWrongByteIsShownDecodedSideBySide) {
  std::string changed(answer);
  changed.replace(changed.find("c35b"), 4, "c35c");
  EXPECT_EQ(to_string(verdict_of(with(changed, table))),
            "DIFF one\n"
            "  step 0 (in 192.168.1.10:5000 > 198.51.100.7:53 udp len=5 ttl=64), out side: bytes 11\n"
            "    recorded 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=63 ip-sum-wrong\n"
            "    gateway  203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=63\n");
}

TEST(Conformance, APacketTooManyAndAMissingRowAreShown) {
  EXPECT_EQ(to_string(verdict_of(with("", R"("ct": []})"))),
            "DIFF one\n"
            "  step 0 (in 192.168.1.10:5000 > 198.51.100.7:53 udp len=5 ttl=64), out side: one more came\n"
            "    recorded nothing\n"
            "    gateway  203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=63\n"
            "  the table afterwards\n"
            "    gateway  ipv4     2 udp      17 29 src=192.168.1.10 dst=198.51.100.7 sport=5000 dport=53 [UNREPLIED] "
            "src=198.51.100.7 dst=203.0.113.1 sport=53 dport=5000\n");
}

TEST(Conformance, SecondsLeftMayDifferByTwo) {
  const auto with_left = [](std::string_view seconds) {
    std::string rows(table);
    rows.replace(rows.find("17 29"), 5, "17 " + std::string(seconds));
    return verdict_of(with(answer, rows)).same;
  };
  EXPECT_TRUE(with_left("31"));
  EXPECT_TRUE(with_left("27"));
  EXPECT_FALSE(with_left("32"));
  EXPECT_FALSE(with_left("26"));
}

TEST(Conformance, ARandomPortMustBeOfTheKernelsRange) {
  // As if the recording had found port 550 taken: Linux then searches 600 to 1023.
  std::string line = with(answer, R"("ct": []})");
  line.replace(line.find("\"}], \"ct\""), 2, "\", \"varies\": [20, 21, 26, 27]}");
  line.replace(line.find("13880035000dbc57"), 16, "02260035000dcdb9");
  EXPECT_EQ(
      verdict_of(line).differences.front(),
      "step 0 (in 192.168.1.10:550 > 198.51.100.7:53 udp len=5 ttl=64), out side: port 550 is not from 600 to 1023");
}

// The last piece makes the datagram whole; what may be chosen for it hangs on the port that the first one has.
TEST(Conformance, ADatagramInPiecesMayGetAPortOfTheClassThatItsFirstPieceNames) {
  Case c = read_cases(with("", R"("ct": []})"), "x.jsonl").cases.at(0);
  const wire::IpFields ip{
      .source = wire::address(192, 168, 1, 11), .destination = wire::address(198, 51, 100, 7), .id = 7};
  const auto whole = wire::udp_packet(ip, 5000, 53, std::vector<std::uint8_t>(16));
  const auto inject = [&](std::size_t begin, std::size_t end, std::uint16_t fragment_word) {
    wire::IpFields of_piece = ip;
    of_piece.fragment_word = fragment_word;
    c.steps.emplace_back(
        Inject{box::Side::in,
               wire::ip_packet(of_piece, wire::Protocol::udp, wire::ByteView(whole).subspan(20 + begin, end - begin))});
  };
  inject(0, 16, 0x2000);
  inject(16, 24, 2);
  box::OwnBench bench(c.setup);
  const Replay done = replay(c, bench);
  ASSERT_EQ(done.observed.size(), 3u);
  c.observed = done.observed;
  c.table = done.table;
  c.observed[1].varies = {20, 21, 26, 27};
  EXPECT_EQ(to_string(judge(c, done)), "ok one\n");
}

TEST(Conformance, ARecordedCaseReadsBackAsWhatTheGatewayDid) {
  const Case c = read_cases(with("", R"("ct": []})"), "x.jsonl").cases.at(0);
  box::OwnBench bench(c.setup);
  const Replay done = replay(c, bench);
  EXPECT_EQ(to_string(verdict_of(record_line(c, done.observed, done.table))), "ok one\n");
}

TEST(CaseFile, SaysThatANumberIsOutOfRangeAndReadsOn) {
  EXPECT_EQ(
      read_cases("{\"name\": \"x\", \"n\": 1e999}\n7\n", "x.jsonl").errors,
      (std::vector<std::string>{"x.jsonl:1: a number in it is out of range", "x.jsonl:2: a case must be an object"}));
  EXPECT_EQ(first_error("[1e999]"), "x.jsonl:1: case 1: a number in it is out of range");
}

TEST(CaseFile, SaysHowLongItsRecorderWaitedAfterEachStep) {
  const Case usual = read_cases(with("", R"("ct": []})"), "x.jsonl").cases.at(0);
  const Case quick = read_cases(with("", R"("config": {"settle_ms": 12}})"), "x.jsonl").cases.at(0);
  EXPECT_EQ(usual.settle, 30_ms);
  EXPECT_EQ(quick.settle, 12_ms);
  EXPECT_EQ(first_error(with("", R"("config": {"settle_ms": 60001}})")),
            "x.jsonl:1: settle_ms must be a whole number from 0 to 60000, got 60001");
}

/// Seconds left of the only entry after a case of `count` equal steps, each followed by `settle`.
std::int64_t left_after(std::size_t count, Duration settle) {
  Case c = read_cases(with("", R"("ct": []})"), "x.jsonl").cases.at(0);
  c.steps.resize(1);
  for (std::size_t n = 1; n < count; ++n) c.steps.push_back(box::Action{.kind = box::Action::Kind::up});
  box::OwnBench bench(c.setup, 1, settle);
  return replay(c, bench).table.at(0).left_s;
}

TEST(Conformance, EachStepTakesTheTimeThatTheRecorderWaited) {
  EXPECT_EQ(left_after(100, 30_ms), 27);
  EXPECT_EQ(left_after(100, 12_ms), 28);
}

TEST(Conformance, FlowsThatDrawTheirPortsAtRandomMayDrawOnePortTwiceInTheRecordingOnly) {
  // Of one inside endpoint towards two remotes; the recording's two draws were equal by chance.
  const std::string line =
      R"({"name": "draws", "gateway": {"source": [{"out": "wan0", "action": "masquerade", "protocol": "udp", )"
      R"("ports": [2000, 2002], "pick": "random"}]}, "steps": [)"
      R"({"dir": "in", "hex": "450000211234400040113cabc0a8010ac633640713880035000dbc5768656c6c6f"}, )"
      R"({"dir": "in", "hex": "450000211234400040113ca9c0a8010ac633640913880035000dbc5568656c6c6f"}], "observed": [)"
      R"({"step": 0, "side": "out", "hex": "45000021123440003f11c35bcb007101c633640707d10035000d4dbf68656c6c6f", )"
      R"("varies": [20, 21, 26, 27]}, )"
      R"({"step": 1, "side": "out", "hex": "45000021123440003f11c359cb007101c633640907d10035000d4dbd68656c6c6f", )"
      R"("varies": [20, 21, 26, 27]}], "ct": []})";
  Case c = read_cases(line, "x.jsonl").cases.at(0);
  Replay done{c.observed, {}};
  done.observed[0].bytes[21] = 0xd2;  // 2002, and its checksum
  done.observed[0].bytes[27] = 0xbe;
  EXPECT_EQ(to_string(judge(c, done)), "ok draws\n");

  c.setup.nat.source[0].random = false;  // an endpoint that only evades a clash keeps its port for all remotes
  EXPECT_EQ(to_string(judge(c, done)).substr(0, 10), "DIFF draws");
}

TEST(TableRow, IsPrintedAsTheKernelPrintsItButForWhatTheGatewayDoesNotKeep) {
  for (
      const std::string line :
      {"ipv4     2 gre      47 29 src=192.168.1.10 dst=198.51.100.7 srckey=0x0 dstkey=0x7 [UNREPLIED] src=198.51.100.7 "
       "dst=203.0.113.1 srckey=0x7 dstkey=0x0",
       "ipv4     2 tcp      6 119 TIME_WAIT src=192.168.1.10 dst=198.51.100.7 sport=4000 dport=80 src=198.51.100.7 "
       "dst=203.0.113.1 sport=80 dport=4000 [ASSURED]",
       "ipv4     2 icmp     1 29 src=192.168.1.10 dst=198.51.100.7 type=8 code=0 id=7 [UNREPLIED] src=198.51.100.7 "
       "dst=203.0.113.1 type=0 code=0 id=7",
       "ipv4     2 unknown  99 599 src=192.168.1.10 dst=198.51.100.7 [UNREPLIED] src=198.51.100.7 dst=203.0.113.1"}) {
    const auto row = box::read_table_row(line);
    ASSERT_TRUE(row) << line;
    EXPECT_EQ(to_string(*row), line);
  }
}

}  // namespace
}  // namespace masqsim::cases
