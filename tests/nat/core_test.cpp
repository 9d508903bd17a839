// The hooks one by one, with time passing between them; what a track tells; what becomes of entries.
#include <gtest/gtest.h>

#include "tests/nat/bench.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, R = wire::TcpFlags::rst;

/// A packet between the hooks.
struct Halfway {
  explicit Halfway(Bytes b) : bytes(std::move(b)) {}
  wire::Buffer buffer() {
    return {bytes.data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(bytes.size())};
  }
  Bytes bytes;
  Track track;
};

Lines told(Nat& nat) {
  Lines lines;
  for (const Change& c : nat.take_changes()) {
    lines.push_back((c.kind == Change::Kind::expired ? "expired " : "gone ") + to_string(c.entry.inside));
  }
  return lines;
}

TEST(Hooks, EachLetsGoFirstOfWhatIsDue) {
  for (int hook = 0; hook < 5; ++hook) {
    Bench b;
    b.nat.watch(true);
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    Halfway p(udp(at(b_host, 5001), at(hook == 2 ? inner : remote, 53)));
    wire::Buffer buffer = p.buffer();
    const Time later = b.now + 30_s;
    if (hook > 0 && hook < 4) b.nat.prerouting(buffer, lan, b.now, p.track);
    if (hook == 0) b.nat.prerouting(buffer, lan, later, p.track);
    if (hook == 1) b.nat.forward(buffer, lan, wan, later, p.track);
    if (hook == 2) b.nat.input(buffer, lan, later, p.track);
    if (hook == 3) b.nat.postrouting(buffer, {wan, outer}, later, p.track);
    if (hook == 4) b.nat.output(buffer, later, p.track);
    EXPECT_EQ(told(b.nat), Lines{"expired 192.168.1.10:5000"}) << hook;
  }
}

TEST(Track, TellsWhatItsPacketMade) {
  Bench b;
  const auto sent = [&](wire::Endpoint from, wire::Endpoint to) {
    Halfway p(udp(from, to));
    wire::Buffer buffer = p.buffer();
    b.nat.prerouting(buffer, lan, b.now, p.track);
    b.nat.forward(buffer, lan, wan, b.now, p.track);
    EXPECT_FALSE(p.track.made_flow() || p.track.made_mapping()) << "not before it got through";
    b.nat.postrouting(buffer, {wan, outer}, b.now, p.track);
    return "flow " + std::to_string(p.track.flow()) + (p.track.made_flow() ? " new" : "") + " mapping " +
           std::to_string(p.track.mapping()) + (p.track.made_mapping() ? " new" : "");
  };
  EXPECT_EQ(sent(at(a_host, 5000), at(remote, 53)), "flow 1 new mapping 1 new");
  EXPECT_EQ(sent(at(a_host, 5000), at(remote, 53)), "flow 1 mapping 1");
  EXPECT_EQ(sent(at(a_host, 5000), at(remote2, 53)), "flow 2 new mapping 1");
  EXPECT_EQ(sent(at(b_host, 5000), at(remote3, 53)), "flow 3 new mapping 2 new");
  EXPECT_EQ(sent(at(a_host, 5000), at(remote3, 54)), "flow 4 new mapping 1");
}

TEST(Track, CarriesItsDirectionWhereItIsMoved) {
  Config config = masquerading();
  config.destination = {forward(wire::Protocol::udp, 8080, a_host, 80)};
  Bench b(config);
  b.from_outside(udp(at(remote, 4000), at(outer, 8080)));
  Halfway p(udp(at(a_host, 80), at(remote, 4000)));
  wire::Buffer buffer = p.buffer();
  b.nat.prerouting(buffer, lan, b.now, p.track);
  EXPECT_EQ(p.track.direction(), Direction::reply);
  Track moved = std::move(p.track);
  EXPECT_EQ(moved.direction(), Direction::reply);
  EXPECT_EQ(p.track.direction(), Direction::original);
  b.nat.postrouting(buffer, {wan, outer}, b.now, moved);
  EXPECT_EQ(wire::describe(buffer.view()), "203.0.113.1:8080 > 198.51.100.7:4000 udp len=5 ttl=64");
}

/// Flows from 5001, then 5002, which has the place that an earlier one from 5000 had.
Bench with_a_place_used_again() {
  Bench b;
  b.nat.watch(true);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.from_inside(udp(at(a_host, 5001), at(remote, 53)));
  b.now += 20_s;
  b.from_inside(udp(at(a_host, 5001), at(remote, 53)));
  b.now += 20_s;
  b.from_inside(udp(at(a_host, 5002), at(remote, 53)));
  EXPECT_EQ(told(b.nat), Lines{"expired 192.168.1.10:5000"});
  return b;
}

TEST(Changes, OfAFlushAreToldInTheOrderInWhichTheFlowsBegan) {
  Bench b = with_a_place_used_again();
  b.nat.flush(b.now);
  EXPECT_EQ(told(b.nat), (Lines{"gone 192.168.1.10:5001", "gone 192.168.1.10:5002"}));
  EXPECT_EQ(b.nat.size(), 0u);
}

TEST(Changes, OfALostInterfaceAreToldInTheOrderInWhichTheFlowsBegan) {
  Bench b = with_a_place_used_again();
  b.nat.interface_lost(lan, b.now);
  EXPECT_EQ(told(b.nat), Lines{});
  b.nat.interface_lost(wan, b.now);
  EXPECT_EQ(told(b.nat), (Lines{"gone 192.168.1.10:5001", "gone 192.168.1.10:5002"}));
}

TEST(Table, ShowsNothingWhoseTimeIsUp) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 30_s - 1_ns;
  EXPECT_EQ(b.nat.table(b.now).size(), 1u);
  EXPECT_TRUE(b.nat.entry(1, b.now).has_value());
  EXPECT_FALSE(b.nat.entry(2, b.now).has_value());
  b.now += 1_ns;
  EXPECT_EQ(b.nat.table(b.now).size(), 0u);
  EXPECT_FALSE(b.nat.entry(1, b.now).has_value());
  EXPECT_EQ(b.nat.size(), 1u) << "no packet has come since";
}

TEST(Unowned, IsSaidToHaveExpiredFromTheVeryNanosecondOn) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  const Bytes stranger = udp(at(remote2, 9), at(outer, 5000));
  EXPECT_EQ(b.nat.unowned_reason(stranger, wan, b.now + 30_s - 1_ns), Reason::filtered);
  EXPECT_EQ(b.nat.unowned_reason(stranger, wan, b.now + 30_s), Reason::mapping_expired);
}

TEST(Table, ShowsTheCalledHostAsTheInsideOfWhatWasForwarded) {
  Config config = masquerading();
  config.destination = {forward(wire::Protocol::udp, 8080, b_host, 80)};
  config.hairpin = Hairpin::dnat_only;
  Bench b(config);
  b.from_outside(udp(at(remote, 4000), at(outer, 8080)));
  b.from_inside(udp(at(a_host, 5000), at(outer, 8080)));
  EXPECT_EQ(b.table(), (Lines{"udp 192.168.1.11:80 203.0.113.1:8080 198.51.100.7:4000 unreplied 30s",
                              "udp 192.168.1.11:80 203.0.113.1:8080 192.168.1.10:5000 unreplied 30s"}));
}

TEST(Table, ShowsTheCallerAsTheInsideOfAHairpin) {
  Config config = masquerading();
  config.destination = {forward(wire::Protocol::udp, 8080, b_host, 80)};
  config.hairpin = Hairpin::full;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(outer, 8080)));
  EXPECT_EQ(b.table(), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 203.0.113.1:8080 unreplied 30s"});
}

TEST(UdpTimer, CountsTheTwoSecondsToTheNanosecond) {
  const auto state_after = [](Duration age) {
    Bench b;
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    b.from_outside(udp(at(remote, 53), at(outer, 5000)));
    b.now += age;
    b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
    return b.table();
  };
  EXPECT_EQ(state_after(2_s), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 replied 30s"});
  EXPECT_EQ(state_after(2_s + 1_ns), Lines{"udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 assured 2m"});
}

// RFC 7857 section 2.2 by itself: with Linux's time-outs an entry would go 10 s after a reset.
TEST(Reset, KeepsAnEntryFourMinutesWhereStateIsToBeKept) {
  for (const bool kept : {false, true}) {
    Config config = masquerading();
    config.rst_keeps_state = kept;
    Bench b(config);
    b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {S, 1000}));
    b.from_outside(tcp(at(remote, 80), at(outer, 5000), {S | A, 9000, 1001}));
    b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {A, 1001, 9001}));
    EXPECT_EQ(b.from_outside(tcp(at(remote, 80), at(outer, 5000), {R, 9001})),
              "in: 198.51.100.7:80 > 192.168.1.10:5000 tcp RST seq=9001 win=64240 len=0 ttl=64");
    EXPECT_EQ(b.table(), Lines{std::string("tcp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:80 close assured ") +
                               (kept ? "4m" : "10s")});
  }
}

TEST(Reset, OfAConnectionThatNobodyAnsweredEndsItAtOnceUnlessStateIsToBeKept) {
  for (const bool kept : {false, true}) {
    Config config = masquerading();
    config.rst_keeps_state = kept;
    Bench b(config);
    b.nat.watch(true);
    b.from_inside(tcp(at(a_host, 5000), at(remote, 80), {S, 1000}));
    b.from_outside(tcp(at(remote, 80), at(outer, 5000), {R | A, 0, 1001}));
    EXPECT_EQ(b.nat.size(), kept ? 1u : 0u);
    EXPECT_EQ(told(b.nat), kept ? Lines{} : Lines{"gone 192.168.1.10:5000"});
  }
}

TEST(IcmpError, GetsAnIdOfItsOwnOnlyWhereItsSourceIsTranslated) {
  Config config = masquerading();
  config.unique_ids = true;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  const auto with_id = [](Bytes error) {
    const auto ip = *wire::Ipv4Edit::parse(error);
    ip.set_id(99);
    ip.set_fragment_word(0);
    ip.fix_sum();
    return error;
  };
  const auto id_of = [&] { return wire::Ipv4View::parse(b.packet)->id(); };
  EXPECT_TRUE(b.from_outside(with_id(error_about(b.packet, remote, outer))).starts_with("in: "));
  EXPECT_EQ(id_of(), 99);
  EXPECT_TRUE(
      b.from_inside(with_id(error_about(udp(at(remote, 53), at(a_host, 5000)), a_host, remote))).starts_with("out: "));
  EXPECT_EQ(id_of(), 1);
}

/// A client of 192.168.1.10:5000 that has announced port 2000 to the server.
struct FtpBench : Bench {
  explicit FtpBench(bool helper) : Bench(with_helper(helper)) {
    from_inside(tcp(client, server, {S, 1000}));
    from_outside(tcp(server, at(outer, 5000), {S | A, 9000, 1001}));
    from_inside(tcp(client, server, {A, 1001, 9001, 64240, "NOOP\r\n"}));
    from_inside(tcp(client, server, {A, 1007, 9001, 64240, "PORT 192,168,1,10,7,208\r\n"}));
  }
  static Config with_helper(bool helper) {
    Config config = masquerading();
    config.alg_ftp = helper;
    return config;
  }
  const wire::Endpoint client = at(a_host, 5000), server = at(remote, 21);
};

TEST(FtpSwitch, LetsAnnouncementsBeReadOverTcpOnly) {
  for (const bool on : {false, true}) {
    FtpBench b(on);
    EXPECT_EQ(std::string(b.packet.begin() + 40, b.packet.end()),
              on ? "PORT 203,0,113,1,7,208\r\n" : "PORT 192,168,1,10,7,208\r\n");
    for (const char* data : {"PORT 192,168,1,10,7,208\r\n", "second"}) {
      EXPECT_TRUE(
          b.from_inside(udp(b.client, b.server, data)).starts_with("out: 203.0.113.1:5000 > 198.51.100.7:21 udp"))
          << data;
      EXPECT_EQ(std::string(b.packet.begin() + 28, b.packet.end()), data);
      b.from_outside(udp(b.server, at(outer, 5000)));
    }
  }
}

TEST(FtpSwitch, TakesTheHeadOfAnErrorForThatOfASegmentWhereItGoesTheClientsWay) {
  FtpBench b(true);
  EXPECT_EQ(
      b.from_outside(error_about(tcp(at(outer, 5000), b.server, {A, 1031, 9001}), remote2, outer, 40)),
      "in: 198.51.100.8 > 192.168.1.10 icmp port unreachable {192.168.1.10:5000 > 198.51.100.7:21 tcp ACK seq=1031 "
      "ack=9001 win=64240 ttl=64} ttl=64");
  const auto error = [&](std::uint32_t rest, std::uint16_t id) {
    Bytes quoted = tcp(b.server, b.client, {A, 9001, 1032});
    wire::Ipv4Edit::parse(quoted)->set_id(id);
    wire::Ipv4Edit::parse(quoted)->fix_sum();
    return b.from_inside(icmp(a_host, remote, 3, 4, rest, quoted));
  };
  EXPECT_EQ(error(1000, 1),
            "out: 203.0.113.1 > 198.51.100.7 icmp fragmentation needed mtu=1000 {198.51.100.7:21 > "
            "203.0.113.1:5000 tcp ACK seq=9001 ack=1032 win=64240 ttl=64} ttl=64");
  EXPECT_EQ(error(1400, 1),
            "out: 203.0.113.1 > 198.51.100.7 icmp fragmentation needed mtu=1399 {198.51.100.7 > "
            "203.0.113.1 proto-7 len=20 ttl=64 ip-sum-wrong} ttl=64");
  EXPECT_EQ(error(1000, 0xf010), "X malformed") << "a header of sixty bytes and an acknowledgment";
}

TEST(Limits, TheLastFlowThatIsAllowedMaySayItAgain) {
  Config config = masquerading();
  config.limits.flows_per_host = 1;
  Bench b(config);
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
              "out: 203.0.113.1:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  }
}

TEST(Configure, ForgetsWhatFlowsWereCountedBefore) {
  Config config = masquerading();
  config.limits.flows_per_host = 1;
  Bench b(config);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 10_s;
  b.nat.configure(config);
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5001), at(remote, 53))),
            "out: 203.0.113.1:5001 > 198.51.100.7:53 udp len=5 ttl=64");
  b.now += 21_s;
  EXPECT_EQ(b.from_inside(udp(at(a_host, 5002), at(remote, 53))), "X host-limit 3/13")
      << "5001 counts, though 5000 ended";
}

}  // namespace
}  // namespace masqsim::nat::testing
