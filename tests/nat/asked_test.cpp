// Which rules a flow was held against, and what of a packet makes the tracker call it INVALID.
#include "masqsim/nat/asked.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

std::string text(const std::vector<RuleAsked>& asked) {
  std::string line;
  for (const RuleAsked& a : asked) {
    line += (line.empty() ? "" : " ") + std::to_string(a.number) + ':' + std::to_string(static_cast<int>(a.unmet));
  }
  return line;
}

SourceRule rule(InterfaceId out) {
  SourceRule made;
  made.out = out;
  return made;
}

TEST(RulesAsked, NameTheFirstMatchOfEachSourceRuleThatDoesNotHold) {
  Config config;
  config.source = {rule(lan), rule(wan), rule(wan), rule(wan), rule(wan), rule(wan)};
  config.source[1].protocol = wire::Protocol::tcp;
  config.source[2].from = wire::Prefix{b_host, 32};
  config.source[3].to = wire::Prefix{remote2, 32};
  config.source[4].only_port_forwarded = true;
  const Bytes packet = udp(at(a_host, 5000), at(remote, 53));
  using enum Unmet;
  const std::vector<RuleAsked> asked = source_rules_asked(config, packet, packet, lan, wan);
  EXPECT_EQ(asked, (std::vector<RuleAsked>{{0, out}, {1, protocol}, {2, from}, {3, to}, {4, forwarded}, {5, none}}))
      << text(asked);
  const Bytes elsewhere = udp(at(a_host, 5000), at(remote2, 53));
  EXPECT_EQ(source_rules_asked(config, packet, elsewhere, lan, wan).size(), 4u)
      << "the first that takes it is the last";
  EXPECT_TRUE(source_rules_asked(config, Bytes{1}, packet, lan, wan).empty());
}

TEST(RulesAsked, NameWhomAForwardIsFor) {
  Config config = masquerading();
  config.destination = {forward(wire::Protocol::udp, 22, a_host, 22), forward(wire::Protocol::tcp, 23, a_host, 23),
                        forward(wire::Protocol::tcp, 22, a_host, 22), forward(wire::Protocol::tcp, 22, b_host, 22)};
  config.destination[2].from = wire::Prefix{remote2, 32};
  using enum Unmet;
  const Bytes call = tcp(at(remote, 50000), at(outer, 22), {});
  EXPECT_EQ(destination_rules_asked(config, call, wan),
            (std::vector<RuleAsked>{{0, protocol}, {1, port}, {2, from}, {3, none}}));
  EXPECT_EQ(destination_rules_asked(config, tcp(at(b_host, 1), at(outer, 22), {}), lan).back(),
            (RuleAsked{3, hairpin}));
  EXPECT_EQ(destination_rules_asked(config, tcp(at(remote, 1), at(remote2, 22), {}), wan).front(), (RuleAsked{0, to}));
  EXPECT_TRUE(destination_rules_asked(config, Bytes{}, wan).empty());
}

TEST(RulesAsked, AreNamedByTheWordsOfTheFile) {
  EXPECT_EQ(word(Unmet::out), "out");
  EXPECT_EQ(word(Unmet::from), "from");
  EXPECT_EQ(word(Unmet::to), "to");
  EXPECT_EQ(word(Unmet::protocol), "protocol");
  EXPECT_EQ(word(Unmet::hairpin), "");
}

TEST(Invalid, IsWhatTheTrackerSawWrongWithThePacket) {
  Bench b;
  b.from_inside(tcp(at(a_host, 40000), at(remote, 80), {}));
  b.from_outside(tcp(at(remote, 80), at(outer, 40000),
                     {.flags = wire::TcpFlags::syn | wire::TcpFlags::ack, .sequence = 5000, .acknowledgment = 1001}));
  b.from_inside(
      tcp(at(a_host, 40000), at(remote, 80), {.flags = wire::TcpFlags::ack, .sequence = 1001, .acknowledgment = 5001}));
  const auto why = [&](const Bytes& packet) { return b.nat.invalid_because(packet, b.now); };
  const Segment data{.flags = wire::TcpFlags::ack, .sequence = 5001, .acknowledgment = 1001, .data = "x"};
  EXPECT_EQ(why(tcp(at(remote, 80), at(outer, 40000), data)), "");
  Segment far = data;
  far.sequence += 1'000'000;
  EXPECT_EQ(why(tcp(at(remote, 80), at(outer, 40000), far)), "its data lie beyond the receiver's window");
  Segment unsent = data;
  unsent.acknowledgment = 9000;
  EXPECT_EQ(why(tcp(at(remote, 80), at(outer, 40000), unsent)), "it acknowledges what was never sent");
  EXPECT_EQ(why(tcp(at(remote, 80), at(outer, 40000), {.flags = wire::TcpFlags::rst, .sequence = 4000})),
            "an RST that lies before what was acknowledged");
  EXPECT_EQ(why(tcp(at(remote, 80), at(outer, 40000), {.flags = 0})), "no TCP sends such flags together");
  EXPECT_EQ(why(tcp(at(remote2, 80), at(outer, 40000), {.flags = wire::TcpFlags::rst})),
            "it belongs to no entry, and no connection begins with it");
  Bytes broken = tcp(at(remote, 80), at(outer, 40000), data);
  broken.back() ^= 1;
  EXPECT_EQ(why(broken), "its checksum is wrong");
  EXPECT_EQ(why(echo(remote, outer, 9, true)), "it answers a query that is in no entry");
  EXPECT_EQ(why(error_about(udp(at(outer, 1), at(remote, 2)), remote, outer)),
            "it quotes a packet that belongs to no entry");
}

}  // namespace
}  // namespace masqsim::nat::testing
