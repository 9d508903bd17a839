// Which outside tuple a new flow gets, tried on a table of its own: nf_nat_core.c's get_unique_tuple() and
// nf_nat_l4proto_unique_tuple() say what is right.
#include "sim/nat/tuple_choice.hpp"

#include <gtest/gtest.h>

#include <set>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

/// The offset that a search of a random start begins at.
std::uint16_t draw(Random& random) { return static_cast<std::uint16_t>(random.next() >> 48); }

struct TupleChoice : ::testing::Test {
  static Key key(wire::Endpoint from, wire::Endpoint to) {
    return {from.address.value, to.address.value, from.port, to.port};
  }

  /// An unconfirmed flow.
  std::uint32_t fresh(const Key& k, std::uint8_t protocol = proto_udp) {
    const std::uint32_t index = table.make(k, protocol);
    if (protocol == proto_tcp) table[index].state = TcpState::syn_sent;
    return index;
  }
  /// A flow in the table that leaves from `outside`.
  std::uint32_t hold(const Key& k, wire::Endpoint outside, std::uint8_t protocol = proto_udp) {
    const std::uint32_t index = fresh(k, protocol);
    table[index].reply = inverse({outside.address.value, k.destination, outside.port, k.destination_port}, protocol);
    table[index].set(status::source_nat);
    EXPECT_TRUE(table.confirm(index, Time{})) << outside.port;
    return index;
  }
  /// Another host's flow to `to`, which holds that outside port of `outer`.
  std::uint32_t take(std::uint16_t port, wire::Endpoint to = at(remote, 53), std::uint8_t protocol = proto_udp) {
    return hold(key(at(c_host, ++last_port), to), at(outer, port), protocol);
  }
  /// An ended connection of another host.
  std::uint32_t take_closed(std::uint16_t port, TcpState state = TcpState::time_wait, std::uint32_t end = 1000) {
    const std::uint32_t index = take(port, at(remote, 80), proto_tcp);
    table[index].state = state;
    table.tcp(table[index]).seen[0].end = end;
    return index;
  }
  /// A SYN whose first sequence number is beyond those of the ended connections.
  std::uint32_t syn(std::uint32_t end = 1001) {
    const std::uint32_t index = fresh(key(at(a_host, 5000), at(remote, 80)), proto_tcp);
    table.tcp(table[index]).seen[0].end = end;
    return index;
  }

  void start_anew() { place.emplace(Mapping::linux_like); }

  Choice choose(std::uint32_t index, const Range& range, Side side = Side::source) {
    return choose_tuple(table, random, index, range, side);
  }
  wire::Endpoint outside(const Key& k, const Range& range, std::uint8_t protocol = proto_udp) {
    const Choice choice = choose(fresh(k, protocol), range);
    EXPECT_EQ(choice.key.destination, k.destination);
    EXPECT_EQ(choice.key.destination_port, k.destination_port);
    return at({choice.key.source}, choice.key.source_port);
  }
  /// True if nothing was drawn since the last call of this.
  bool drew_nothing() {
    Random copy = random;
    const bool same = copy.next() == twin.next();
    random = twin = copy;
    return same;
  }

  std::optional<Table> place{Mapping::linux_like};
  Table& table = *place;
  Random random{1, "test"};
  Random twin = random;
  std::uint16_t last_port = 10000;
  Range to_outer{{outer, outer}, std::nullopt};
};

TEST_F(TupleChoice, KeepsAFreePortWithoutADraw) {
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), to_outer), at(outer, 5000));
  EXPECT_TRUE(drew_nothing());
}

TEST_F(TupleChoice, SearchesInRoundsOf128AndHalfAsManyEachTimeDownTo8) {
  std::vector<std::uint16_t> tried;
  std::vector<Random> after;
  Random draws = random;
  for (const std::uint32_t round : {128u, 64u, 32u, 16u, 8u}) {
    std::uint16_t offset = draw(draws);
    for (std::uint32_t n = 0; n < round; ++n, ++offset) {
      tried.push_back(static_cast<std::uint16_t>(1024 + offset % 64512));
      after.push_back(draws);
    }
  }
  ASSERT_EQ(std::set<std::uint16_t>(tried.begin(), tried.end()).size(), tried.size()) << "the rounds must not meet";
  take(5000);
  const std::uint32_t flow = fresh(key(at(a_host, 5000), at(remote, 53)));
  const Random before = random;
  for (std::size_t n = 0; n < tried.size(); ++n) {
    random = before;
    ASSERT_EQ(choose(flow, to_outer).key, key(at(outer, tried[n]), at(remote, 53))) << n;
    ASSERT_EQ(random.next(), after[n].next()) << "one draw a round: " << n;
    take(tried[n]);
  }
  random = before;
  const Choice last = choose(flow, to_outer);
  EXPECT_EQ(last.key, key(at(outer, tried.back()), at(remote, 53))) << "taken, as the confirmation will find out";
  EXPECT_FALSE(last.evicted);
}

TEST_F(TupleChoice, SearchesAClassByTheSourcePortAndNoFurtherThanItsEnds) {
  struct Case {
    std::uint16_t port, first, last;
  };
  for (const Case c : {Case{1, 1, 511}, Case{511, 1, 511}, Case{512, 600, 1023}, Case{1023, 600, 1023},
                       Case{1024, 1024, 65535}, Case{65535, 1024, 65535}}) {
    start_anew();
    const Key k = key(at(a_host, c.port), at(remote, 53));
    const auto from = [&](std::uint16_t start) {
      return outside(k, {to_outer.addresses, std::nullopt, false, false, start});
    };
    const auto hold_port = [&](std::uint16_t port) {
      if (!table.find(lookup_of(inverse(key(at(outer, port), at(remote, 53)), proto_udp), proto_udp))) take(port);
    };
    hold_port(c.port);
    for (const std::uint16_t end : {c.first, c.last}) {
      if (c.port != end) {
        EXPECT_EQ(from(end), at(outer, end));
      }
    }
    hold_port(c.last);
    if (c.port != c.first) {
      EXPECT_EQ(from(c.last), at(outer, c.first)) << "behind the last comes the first";
    }
    for (const int beyond : {c.first - 1, c.last + 1}) {
      if (beyond > 65535) continue;
      Random draws = random;
      const int expected = c.first + draw(draws) % (c.last - c.first + 1);
      EXPECT_EQ(from(static_cast<std::uint16_t>(beyond)), at(outer, static_cast<std::uint16_t>(expected))) << beyond;
    }
  }
}

TEST_F(TupleChoice, SearchesFromTheWishedStartInTheFirstRoundOnly) {
  take(5000);
  Range range = to_outer;
  range.start = 7000;
  for (std::uint16_t port = 7000; port < 7128; ++port) take(port);
  Random draws = random;
  draw(draws);
  const auto expected = static_cast<std::uint16_t>(1024 + draw(draws) % 64512);
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), range), at(outer, expected));
}

TEST_F(TupleChoice, TriesEveryPortOfASmallRangeOnceAndTakesTheLastTriedIfNoneIsFree) {
  const Range range{{outer, outer}, PortRange{2000, 2099}};
  Random draws = random;
  const int start = draw(draws) % 100;
  for (int n = 0; n < 100; ++n) {
    if (n != (start + 99) % 100) take(static_cast<std::uint16_t>(2000 + n));
  }
  const auto last = static_cast<std::uint16_t>(2000 + (start + 99) % 100);
  const Random before = random;
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), range), at(outer, last));
  take(last);
  random = before;
  EXPECT_EQ(outside(key(at(a_host, 5001), at(remote, 53)), range), at(outer, last));
  EXPECT_EQ(draw(random), draw(draws)) << "one round";
}

TEST_F(TupleChoice, SearchesARangeOfOneWithoutADrawAndOfTwoWithOne) {
  const Range one{{outer, outer}, PortRange{2000, 2000}, true}, two{{outer, outer}, PortRange{2000, 2001}, true};
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), one), at(outer, 2000));
  EXPECT_TRUE(drew_nothing());
  std::set<std::uint16_t> seen;
  for (int n = 0; n < 20; ++n) {
    Random draws = random;
    const auto expected = static_cast<std::uint16_t>(2000 + draw(draws) % 2);
    EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), two), at(outer, expected));
    seen.insert(expected);
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(TupleChoice, KeepsAPortOfTheRangeItsEndsIncluded) {
  const Range range{{outer, outer}, PortRange{2000, 2009}};
  for (const std::uint8_t protocol : {proto_tcp, proto_udp, proto_udplite, proto_sctp}) {
    for (const int port : {1999, 2000, 2005, 2009, 2010}) {
      const bool in = port >= 2000 && port <= 2009;
      const Key k = key(at(a_host, static_cast<std::uint16_t>(port)), at(remote, 53));
      const wire::Endpoint got = outside(k, range, protocol);
      EXPECT_TRUE(got.port >= 2000 && got.port <= 2009) << port;
      EXPECT_EQ(got.port == port, in) << port;
      EXPECT_EQ(drew_nothing(), in) << int{protocol} << ' ' << port;
    }
  }
}

TEST_F(TupleChoice, TreatsAnIcmpIdAsThePortOfEitherSide) {
  const Key request{a_host.value, remote.value, 7, wire::icmp::echo << 8};
  const Range range{{outer, outer}, PortRange{2000, 2000}};
  EXPECT_EQ(choose(fresh(request, proto_icmp), to_outer).key,
            (Key{outer.value, remote.value, 7, wire::icmp::echo << 8}));
  EXPECT_EQ(choose(fresh(request, proto_icmp), range).key,
            (Key{outer.value, remote.value, 2000, wire::icmp::echo << 8}));
  const Range inwards{{b_host, b_host}, std::nullopt};
  EXPECT_EQ(choose(fresh(request, proto_icmp), inwards, Side::destination).key,
            (Key{a_host.value, b_host.value, 7, wire::icmp::echo << 8}));
  EXPECT_EQ(choose(fresh(request, proto_icmp), {{b_host, b_host}, PortRange{9, 9}}, Side::destination).key,
            (Key{a_host.value, b_host.value, 9, wire::icmp::echo << 8}));
  EXPECT_TRUE(drew_nothing());
}

TEST_F(TupleChoice, SearchesAllIcmpIds) {
  const auto request = [](wire::Address from, std::uint16_t id) {
    return Key{from.value, remote.value, id, wire::icmp::echo << 8};
  };
  const auto occupy = [&](std::uint16_t id) { hold(request(c_host, id), at(outer, id), proto_icmp); };
  const auto from = [&](std::uint16_t start) {
    const Range range{{outer, outer}, std::nullopt, false, false, start};
    return choose(fresh(request(a_host, 7), proto_icmp), range).key.source_port;
  };
  occupy(7);
  EXPECT_EQ(from(0), 0);
  EXPECT_EQ(from(65535), 65535);
  occupy(65535);
  EXPECT_EQ(from(65535), 0);
  EXPECT_EQ(from(6), 6);
  occupy(6);
  EXPECT_EQ(from(6), 8) << "7 is taken, too";
}

TEST_F(TupleChoice, NeverChangesNumbersThatAreNone) {
  constexpr std::uint8_t esp = 50;
  for (const std::uint8_t protocol : {proto_gre, esp}) {
    hold({c_host.value, remote.value, 0, 0}, at(outer, 0), protocol);
    const Key k{a_host.value, remote.value, 0, 0};
    EXPECT_EQ(outside(k, to_outer, protocol), at(outer, 0)) << "taken, and nothing to be done";
    EXPECT_EQ(outside(k, {{outer, outer}, PortRange{2000, 2009}, true}, protocol), at(outer, 0));
  }
  EXPECT_TRUE(drew_nothing());
}

// Linux: ports of a rule count for GRE, whose key has none at the source, not for protocols that it knows no ports of.
TEST_F(TupleChoice, ARuleWithPortsFindsNoEarlierOutsideOfGreButOfUnknownProtocols) {
  constexpr std::uint8_t esp = 50;
  const wire::Address last{outer.value + 15};
  const Range range{{outer, last}, PortRange{2000, 2009}};
  const Key k{a_host.value, remote.value, 0, 0}, earlier{a_host.value, remote2.value, 0, 0};
  const wire::Address hashed{pool_address(k, range)};
  const wire::Address another{hashed == outer ? last : outer};
  for (const std::uint8_t protocol : {proto_gre, esp}) {
    hold(earlier, at(another, 0), protocol);
    EXPECT_EQ(outside(k, range, protocol), at(protocol == esp ? another : hashed, 0)) << int{protocol};
    EXPECT_EQ(outside(k, {range.addresses, std::nullopt}, protocol), at(another, 0)) << int{protocol};
  }
}

TEST_F(TupleChoice, FollowsTheNewestEarlierOutsideThatTheRuleAllows) {
  const wire::Address p0{outer.value + 1}, p1{outer.value + 2}, p3{outer.value + 4}, beyond{outer.value + 5};
  const Key k = key(at(a_host, 5000), at(remote, 53));
  const auto earlier = [&](wire::Address to, wire::Endpoint as) { hold(key(at(a_host, 5000), at(to, 53)), as); };
  const Range range{{p0, p3}, PortRange{3000, 3009}};
  const wire::Address any = remote2;
  earlier(any, at(p1, 3005));
  EXPECT_EQ(outside(k, range), at(p1, 3005));
  earlier(remote3, at(p0, 3000));
  EXPECT_EQ(outside(k, range), at(p0, 3000)) << "the first of each";
  earlier({any.value + 10}, at(p3, 3009));
  EXPECT_EQ(outside(k, range), at(p3, 3009)) << "the last of each";
  for (const wire::Endpoint bad : {at(outer, 3001), at(beyond, 3001), at(p1, 2999), at(p1, 3010)}) {
    earlier({any.value + 20 + last_port++ % 100}, bad);
    EXPECT_EQ(outside(k, range), at(p3, 3009)) << to_string(bad);
  }
  EXPECT_TRUE(drew_nothing());
  const Range addresses{range.addresses, std::nullopt};
  EXPECT_EQ(outside(key(at(b_host, 5000), at(remote, 53)), addresses).port, 5000) << "another host";
}

TEST_F(TupleChoice, LooksForAnotherWhereTheEarlierOutsideIsTakenTowardsThatRemote) {
  hold(key(at(a_host, 5000), at(remote2, 53)), at(outer, 6000));
  hold(key(at(b_host, 6000), at(remote, 53)), at(outer, 6000));
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), to_outer), at(outer, 5000)) << "its own port";
  EXPECT_TRUE(drew_nothing());
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote3, 53)), to_outer), at(outer, 6000));
}

// The numbers are jhash2() of the kernel's include/linux/jhash.h over {source, 0, 0, 0}, with the destination or 0 to
// begin with, scaled to the pool's size.
TEST_F(TupleChoice, APoolAddressIsWhatLinuxHashesThePairOfHostsTo) {
  struct Case {
    std::uint8_t host;
    std::uint32_t of_2, of_200, towards_another, persistent;
  };
  for (const Case& c :
       {Case{10, 1, 115, 56, 182}, Case{11, 1, 122, 16, 190}, Case{12, 0, 22, 5, 34}, Case{13, 0, 37, 46, 9},
        Case{14, 0, 85, 101, 31}, Case{15, 1, 171, 50, 39}, Case{16, 1, 163, 20, 82}}) {
    const Key k = key(at(wire::address(192, 168, 1, c.host), 5000), at(remote, 53));
    const Key another = key(at(wire::address(192, 168, 1, c.host), 5001), at(remote2, 80));
    const Range two{{outer, {outer.value + 1}}, std::nullopt};
    Range many{{outer, {outer.value + 199}}, std::nullopt};
    EXPECT_EQ(pool_address(k, to_outer), outer.value);
    EXPECT_EQ(pool_address(k, two), outer.value + c.of_2);
    EXPECT_EQ(pool_address(k, many), outer.value + c.of_200);
    EXPECT_EQ(pool_address(another, many), outer.value + c.towards_another);
    many.persistent = true;
    EXPECT_EQ(pool_address(k, many), outer.value + c.persistent);
    EXPECT_EQ(pool_address(another, many), outer.value + c.persistent);
  }
}

TEST_F(TupleChoice, NeitherKeepsNorFollowsAnythingForARandomRule) {
  hold(key(at(a_host, 5000), at(remote2, 53)), at(outer, 6000));
  Random draws = random;
  const auto expected = static_cast<std::uint16_t>(1024 + draw(draws) % 64512);
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), {{outer, outer}, std::nullopt, true}), at(outer, expected));
}

TEST_F(TupleChoice, AnAddressThatFitsAlreadyStaysUnlessItsPortIsTaken) {
  const Range own{{a_host, b_host}, std::nullopt};
  EXPECT_EQ(outside(key(at(a_host, 5000), at(remote, 53)), own), at(a_host, 5000));
  EXPECT_EQ(outside(key(at(b_host, 5000), at(remote, 53)), own), at(b_host, 5000));
  const Key stranger = key(at(c_host, 5000), at(remote, 53));
  EXPECT_EQ(outside(stranger, own), at({pool_address(stranger, own)}, 5000));
  hold(key(at(c_host, 5001), at(remote, 53)), at(a_host, 5000));
  hold(key(at(c_host, 5002), at(remote, 53)), at(b_host, 5000));
  EXPECT_TRUE(drew_nothing());
  const wire::Endpoint moved = outside(key(at(a_host, 5000), at(remote, 53)), own);
  EXPECT_GE(moved.port, 1024);
  EXPECT_NE(moved.port, 5000);
  EXPECT_FALSE(drew_nothing());
}

TEST_F(TupleChoice, ADestinationGetsAddressAndPortEvenIfTaken) {
  const Key k = key(at(remote, 4000), at(outer, 8080));
  const Range to_server{{a_host, a_host}, PortRange{80, 80}}, to_host{{a_host, a_host}, std::nullopt};
  hold(key(at(remote, 4000), at(a_host, 80)), at(remote, 4000));
  hold(key(at(remote, 4000), at(a_host, 8080)), at(remote, 4000));
  EXPECT_EQ(choose(fresh(k), to_server, Side::destination).key, key(at(remote, 4000), at(a_host, 80)));
  EXPECT_EQ(choose(fresh(k), to_host, Side::destination).key, key(at(remote, 4000), at(a_host, 8080)));
  EXPECT_EQ(choose(fresh(key(at(remote, 4000), at(outer, 80))), to_server, Side::destination).key,
            key(at(remote, 4000), at(a_host, 80)));
  EXPECT_TRUE(drew_nothing());
}

TEST_F(TupleChoice, ADestinationWithinARangeOfPortsStaysWhileFree) {
  const Range range{{a_host, a_host}, PortRange{80, 89}};
  const Key k = key(at(remote, 4000), at(outer, 85));
  EXPECT_EQ(choose(fresh(k), range, Side::destination).key, key(at(remote, 4000), at(a_host, 85)));
  EXPECT_TRUE(drew_nothing());
  hold(key(at(remote, 4000), at(a_host, 85)), at(remote, 4000));
  const Key other = choose(fresh(k), range, Side::destination).key;
  EXPECT_EQ(other.source_port, 4000);
  EXPECT_TRUE(other.destination_port >= 80 && other.destination_port <= 89) << other.destination_port;
  EXPECT_NE(other.destination_port, 85);
}

TEST_F(TupleChoice, EndedConnectionsGiveWayInTheLast32TriesOfARound) {
  std::vector<std::uint32_t> held;
  for (std::uint16_t port = 2000; port <= 2032; ++port) held.push_back(take_closed(port));
  const auto choose_from = [&](std::uint16_t first, std::uint16_t last) {
    return choose(syn(), {{outer, outer}, PortRange{first, last}, false, false, first});
  };
  const Choice of33 = choose_from(2000, 2032), of32 = choose_from(2000, 2031);
  EXPECT_EQ(of33.key, key(at(outer, 2001), at(remote, 80)));
  EXPECT_EQ(of33.evicted, held[1]);
  EXPECT_EQ(of32.key, key(at(outer, 2000), at(remote, 80)));
  EXPECT_EQ(of32.evicted, held[0]);
}

TEST_F(TupleChoice, OnlyEndedTranslatedConnectionsGiveWay) {
  using enum TcpState;
  const auto gives_way = [&](auto change) {
    start_anew();
    const std::uint32_t first = take_closed(2000), second = take_closed(2001);
    for (const std::uint32_t index : {first, second}) change(table[index]);
    const Choice choice = choose(syn(), {{outer, outer}, PortRange{2000, 2001}, false, false, 2000});
    EXPECT_EQ(choice.evicted.value_or(first), first);
    return choice.evicted.has_value();
  };
  for (const TcpState state :
       {none, syn_sent, syn_sent2, syn_recv, established, fin_wait, close_wait, last_ack, time_wait, close}) {
    const bool ended = state == time_wait || state == close || state == syn_sent2;  // which Linux counts behind CLOSE
    EXPECT_EQ(gives_way([&](Flow& f) { f.state = state; }), ended) << static_cast<int>(state);
  }
  EXPECT_FALSE(gives_way([](Flow& f) { f.clear(status::source_nat); }));
  EXPECT_FALSE(gives_way([](Flow& f) { f.clear(status::source_nat), f.set(status::destination_nat); }));
  EXPECT_FALSE(gives_way([](Flow& f) { f.clear(status::source_nat), f.state = established; }));
}

TEST_F(TupleChoice, ConnectionsFromOutsideNeverGiveWay) {
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{2000, 2001}) {
    const std::uint32_t index = hold(key(at(remote, 80), at(outer, port)), at(remote3, 80), proto_tcp);
    table[index].state = TcpState::time_wait;
  }
  EXPECT_FALSE(choose(syn(), {{outer, outer}, PortRange{2000, 2001}, false, false, 2000}).evicted);
}

TEST_F(TupleChoice, OnlyASynBeyondTheOldSequenceNumbersTakesOver) {
  const Range range{{outer, outer}, PortRange{2000, 2001}};
  const auto takes_over = [&](std::uint32_t old_end, std::uint32_t new_end) {
    start_anew();
    take_closed(2000, TcpState::time_wait, old_end);
    take_closed(2001, TcpState::time_wait, old_end);
    return choose(syn(new_end), range).evicted.has_value();
  };
  EXPECT_FALSE(takes_over(1000, 999));
  EXPECT_FALSE(takes_over(1000, 1000));
  EXPECT_TRUE(takes_over(1000, 1001));
  EXPECT_TRUE(takes_over(1000, 1000 + 0x7fffffffu));
  EXPECT_FALSE(takes_over(1000, 1000 + 0x80000000u)) << "half of all numbers lie behind";
  EXPECT_TRUE(takes_over(0xfffffff0, 5)) << "they wrap";
  EXPECT_FALSE(takes_over(5, 0xfffffff0));

  start_anew();
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{2000, 2001}) {
    const std::uint32_t index = take_closed(port);
    table.tcp(table[index]).seen[1].end = 0x70000000;
  }
  EXPECT_TRUE(choose(syn(), range).evicted) << "the other side's do not count";
  const std::uint32_t picked_up = syn();
  table[picked_up].state = TcpState::established;
  EXPECT_FALSE(choose(picked_up, range).evicted) << "no SYN";
  const std::uint32_t reversed = syn(1000);
  table.tcp(table[reversed]).seen[1].end = 2000;
  EXPECT_FALSE(choose(reversed, range).evicted);
}

}  // namespace
}  // namespace masqsim::nat::testing
