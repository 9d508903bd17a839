// The lines between masqsim and a gateway program: what is written, and what of the answers is refused with which
// words.
#include "sim/box/protocol.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "masqsim/wire/build.hpp"

namespace masqsim::box::protocol {
namespace {

const std::vector<Port> ports{
    {.name = "home", .addresses = {{wire::address(192, 168, 1, 1), 24}}, .outside = false, .neighbours = {}},
    {.name = "internet",
     .addresses = {{wire::address(203, 0, 113, 5), 32}, {wire::address(203, 0, 113, 6), 32}},
     .mtu = 1400,
     .outside = true,
     .neighbours = {}}};

std::string refusal(std::string_view line) {
  try {
    read(line, ports);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "taken";
}

std::string packet_of(std::size_t size) {
  const std::vector<std::uint8_t> text(size - 28);
  const wire::IpFields ip{.source = wire::address(203, 0, 113, 5), .destination = wire::address(8, 8, 8, 8)};
  return wire::hex(wire::udp_packet(ip, 1, 53, text));
}

TEST(Protocol, SaysHelloWithInterfacesAndWhatTheFileWantsOfTheNat) {
  nat::Config config;
  config.source = {{.out = 1, .ports = nat::PortRange{2000, 2999}}};
  config.destination = {{.to = {wire::address(203, 0, 113, 5), 32},
                         .protocol = wire::Protocol::tcp,
                         .port = nat::PortRange{22, 22},
                         .forward = wire::address(192, 168, 1, 10),
                         .forward_port = 2222}};
  EXPECT_EQ(
      hello({.name = "gw", .seed = 7, .ports = ports, .routes = {}}, config),
      R"({"hello":1,"name":"gw","seed":7,"interfaces":[)"
      R"({"name":"home","address":"192.168.1.1/24","side":"inside","mtu":1500},)"
      R"({"name":"internet","address":"203.0.113.5/32","also":["203.0.113.6/32"],"side":"outside","mtu":1400}],)"
      R"("nat":{"source":[{"action":"masquerade","out":"internet","ports":"2000-2999"}],)"
      R"("forward":[{"called":"203.0.113.5/32","protocol":"tcp","ports":"22","to":"192.168.1.10","to-port":2222}],)"
      R"("mapping":"linux","filtering":"address-and-port-dependent","hairpin":"none","unsolicited":"reject",)"
      R"("timeouts":{"udp":30000000000,"udp-stream":120000000000,"icmp":30000000000,)"
      R"("tcp-established":432000000000000}}})");
}

TEST(Protocol, WritesOneObjectALine) {
  const std::vector<std::uint8_t> bytes{0x45, 0, 0xff};
  EXPECT_EQ(in(Time{1'000'000}, "home", bytes), R"({"at":1000000,"in":"home","packet":"4500ff"})");
  EXPECT_EQ(wake(Time{5}), R"({"at":5,"wake":true})");
  EXPECT_EQ(set_addresses(Time{5}, ports[1]),
            R"({"at":5,"set":{"interface":"internet","address":"203.0.113.5/32","also":["203.0.113.6/32"]}})");
  EXPECT_EQ(set_link(Time{5}, ports[0]), R"({"at":5,"set":{"interface":"home","link":"up"}})");
  EXPECT_EQ(set_flush(Time{5}), R"({"at":5,"set":{"flush":true}})");
  EXPECT_EQ(bye(), R"({"bye":true})");
}

TEST(Protocol, ReadsTheFourAnswers) {
  const Said out = read("{\"out\": \"internet\", \"packet\": \"" + packet_of(40) + "\"}", ports);
  EXPECT_EQ(std::get<Out>(out).interface, 1);
  EXPECT_EQ(wire::hex(std::get<Out>(out).bytes), packet_of(40));
  const Drop drop = std::get<Drop>(read(R"({"drop": "no-mapping", "note": "two\nlines"})", ports));
  EXPECT_EQ(drop.reason, Reason::no_mapping);
  EXPECT_EQ(drop.note, "two lines");
  EXPECT_EQ(std::get<Drop>(read(R"({"drop": true})", ports)).reason, Reason::none);
  const auto rows = std::get<std::vector<Row>>(
      read(R"({"table": [{"protocol": "tcp", "inside": "192.168.1.10:40000", "outside": "203.0.113.5:40001",)"
           R"( "remote": "198.51.100.10:80", "state": "ESTABLISHED", "left": 5999999999}]})",
           ports));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].left, Duration{5'999'999'999});
  EXPECT_EQ(to_string(rows[0].row),
            "ipv4     2 tcp      6 0 ESTABLISHED src=192.168.1.10 dst=198.51.100.10 sport=40000 dport=80 "
            "src=198.51.100.10 dst=203.0.113.5 sport=80 dport=40001");
  EXPECT_EQ(std::get<Done>(read(R"({"done": true})", ports)).wake, std::nullopt);
  EXPECT_EQ(std::get<Done>(read(R"({"done": true, "wake": 30000000000})", ports)).wake, Time{} + 30_s);
}

TEST(Protocol, RefusesAnAnswerAndSaysWhatWouldBeRight) {
  EXPECT_EQ(refusal("hello"), "it wrote a line that is no JSON object; right would be {\"done\": true}");
  EXPECT_EQ(refusal("[1]"), "it wrote a line that is no JSON object; right would be {\"done\": true}");
  EXPECT_EQ(refusal("{\"done\": 1e999}"), "it wrote a line that is no JSON object; right would be {\"done\": true}");
  EXPECT_EQ(refusal("{}"), "it wrote an object with none of \"out\", \"drop\", \"table\" and \"done\"");
  EXPECT_EQ(refusal(R"({"out": "wan", "packet": "45"})"),
            "\"out\": no interface is called \"wan\"; there are \"home\", \"internet\"");
  EXPECT_EQ(refusal(R"({"out": "home"})"), "\"packet\" is missing");
  EXPECT_EQ(refusal(R"({"out": "home", "packet": 45})"), "\"packet\" must be a string, got 45");
  EXPECT_EQ(refusal(R"({"out": "home", "packet": "45x0"})"),
            "\"packet\": character 3 is \"x\", and must be a hex digit");
  EXPECT_EQ(refusal(R"({"out": "home", "packet": "450"})"),
            "\"packet\" has 3 hex digits, and must have two for each byte");
  EXPECT_EQ(refusal(R"({"out": "home", "packet": "60000000"})"),
            "\"packet\" is not IPv4: it must begin with a header of at least 20 bytes and with 4, got \"60000000\"");
  EXPECT_EQ(refusal("{\"out\": \"home\", \"packet\": \"" + packet_of(40) + "00\"}"),
            "\"packet\" has 41 bytes, and its IPv4 header says 40");
  EXPECT_EQ(refusal("{\"out\": \"home\", \"packet\": \"" + std::string(131072, '4') + "\"}"),
            "\"packet\" has 65536 bytes; an IPv4 datagram has 65535 at most");
  EXPECT_EQ(refusal(R"({"drop": "no-maping"})"), "\"drop\": \"no-maping\" is no reason; did you mean \"no-mapping\"");
  EXPECT_EQ(refusal(R"({"drop": "because"})"),
            "\"drop\": \"because\" is no reason; \"none\" is right where none of the list fits");
  EXPECT_EQ(refusal(R"({"drop": 3})"), "\"drop\" must be a reason such as \"no-mapping\", or true, got 3");
  EXPECT_EQ(refusal(R"({"table": [1]})"), "\"table\" must be an array of objects");
  EXPECT_EQ(refusal(R"({"table": [{"protocol": "ipx", "inside": "1.2.3.4:5"}]})"),
            "\"table\": \"protocol\" must be \"tcp\", \"udp\" or \"icmp\", got \"ipx\"");
  EXPECT_EQ(refusal(R"({"table": [{"protocol": "udp", "inside": "1.2.3.4"}]})"),
            "\"table\": \"inside\" must be such as \"192.168.1.10:40000\", got \"1.2.3.4\"");
  EXPECT_EQ(refusal(R"({"done": false})"), "\"done\" must be true");
  EXPECT_EQ(refusal(R"({"done": true, "wake": 1.5})"),
            "\"wake\" must be a whole number of nanoseconds since the start, got 1.5");
  EXPECT_EQ(refusal(R"({"done": true, "wake": -1})"),
            "\"wake\" must be a whole number of nanoseconds since the start, got -1");
}

}  // namespace
}  // namespace masqsim::box::protocol
