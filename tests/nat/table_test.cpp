// The table by itself: who gets in, who is found by what, who is the newest of a group.
#include "sim/nat/table.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

using Indices = std::vector<std::uint32_t>;

Key key(wire::Endpoint from, wire::Endpoint to) { return {from.address.value, to.address.value, from.port, to.port}; }

struct Flows : ::testing::Test {
  std::uint32_t make(const Key& k, std::uint8_t protocol = proto_udp) { return table.make(k, protocol); }
  std::uint32_t make_translated(const Key& k, wire::Endpoint outside, std::uint8_t protocol = proto_udp) {
    const std::uint32_t index = make(k, protocol);
    table[index].reply = inverse({outside.address.value, k.destination, outside.port, k.destination_port}, protocol);
    table[index].set(status::source_nat);
    return index;
  }
  std::uint32_t enter(std::uint32_t index) {
    EXPECT_TRUE(table.confirm(index, Time{}));
    return index;
  }
  void end(std::uint32_t index) {
    table.remove(index);
    table.release(index);
  }
  Indices of_source(const Key& k, std::uint8_t protocol = proto_udp) const {
    Indices all;
    std::uint32_t i = table.newest_of_source(k, protocol);
    for (; i != no_flow; i = table.older_of_source(i)) all.push_back(i);
    return all;
  }
  Indices of_outside(wire::Endpoint outside, std::uint8_t protocol = proto_udp) const {
    Indices all;
    std::uint32_t i = table.newest_of_outside(outside, protocol);
    for (; i != no_flow; i = table.older_of_outside(i)) all.push_back(i);
    return all;
  }

  Table table{Mapping::linux_like};
};

TEST_F(Flows, AreFoundByEitherKeyAndOnlyThoseOfTheirProtocol) {
  const Key k = key(at(a_host, 5000), at(remote, 53)), answer = key(at(remote, 53), at(outer, 6000));
  const std::uint32_t index = make_translated(k, at(outer, 6000));
  EXPECT_FALSE(table.find(lookup_of(k, proto_udp))) << "not yet";
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.size_with_unconfirmed(), 1u);
  enter(index);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.size_with_unconfirmed(), 1u);
  EXPECT_EQ(table.find(lookup_of(k, proto_udp)).index, index);
  EXPECT_EQ(table.find(lookup_of(k, proto_udp)).direction, Direction::original);
  EXPECT_EQ(table.find(lookup_of(answer, proto_udp)).index, index);
  EXPECT_EQ(table.find(lookup_of(answer, proto_udp)).direction, Direction::reply);
  EXPECT_FALSE(table.find(lookup_of(k, proto_tcp)));
  EXPECT_FALSE(table.find(lookup_of(key(at(remote, 53), at(a_host, 5000)), proto_udp)));
  table.remove(index);
  EXPECT_FALSE(table.find(lookup_of(k, proto_udp)));
  EXPECT_FALSE(table.find(lookup_of(answer, proto_udp)));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table[index].original, k) << "readable still";
  table.release(index);
  EXPECT_EQ(table.size_with_unconfirmed(), 0u);
}

TEST_F(Flows, AreRefusedWhereEitherKeyIsTakenAndLeaveNothingBehind) {
  const std::uint32_t first = enter(make_translated(key(at(a_host, 5000), at(remote, 53)), at(outer, 6000)));
  const std::uint32_t same = make_translated(key(at(a_host, 5000), at(remote, 53)), at(outer, 6001));
  EXPECT_FALSE(table.confirm(same, Time{}));
  const Key k = key(at(b_host, 5000), at(remote, 53));
  const std::uint32_t clash = make_translated(k, at(outer, 6000));
  table[clash].deadline = 5;
  EXPECT_FALSE(table.confirm(clash, Time{7}));
  EXPECT_FALSE(table.find(lookup_of(k, proto_udp)));
  EXPECT_EQ(table.find(lookup_of(key(at(remote, 53), at(outer, 6000)), proto_udp)).index, first);
  EXPECT_EQ(of_source(k), Indices{});
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.size_with_unconfirmed(), 3u);
  end(first);
  EXPECT_TRUE(table.confirm(clash, Time{7}));
  EXPECT_EQ(table[clash].deadline, 12) << "counted from then";
  EXPECT_EQ(table.timers().next(), Time{12});
  table.release(same);
  EXPECT_EQ(table.size_with_unconfirmed(), 1u);
}

struct LingeringFlow : Flows {
  std::uint32_t enter_until(const Key& its, std::int64_t deadline) {
    const std::uint32_t index = make_translated(its, at(outer, 6000));
    table[index].deadline = deadline;
    return enter(index);
  }
  std::uint32_t expire(const Key& its, std::int64_t deadline, Time now) {
    const std::uint32_t index = enter_until(its, deadline);
    table.linger(index, now);
    return index;
  }
  static std::int64_t seconds(int n) { return (1_s * n).ns; }
  const Key k = key(at(a_host, 5000), at(remote, 53));
  const Key other = key(at(a_host, 5000), at(remote2, 53));
};

TEST_F(LingeringFlow, IsTheNewestOfItsSourceAndHoldsItsKeysButIsNotInTheTable) {
  const std::uint32_t index = expire(k, seconds(30), Time{seconds(30)});
  EXPECT_EQ(of_source(other), Indices{index});
  EXPECT_FALSE(table.confirm(make_translated(key(at(b_host, 5000), at(remote, 53)), at(outer, 6000)), Time{}));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.timers().next(), Time::never());
  EXPECT_EQ(of_outside(at(outer, 6000)), Indices{});
  EXPECT_EQ(table.victim(hash_of(k, proto_udp)), no_flow);
  table.each([](std::uint32_t, const Flow&) { ADD_FAILURE() << "it is over"; });
}

TEST_F(LingeringFlow, LeavesTheGroupOfItsOutsideEndpointAtOnce) {
  const std::uint32_t index = enter_until(k, seconds(30)), younger = enter_until(other, seconds(40));
  EXPECT_EQ(of_outside(at(outer, 6000)), (Indices{younger, index}));
  table.linger(index, Time{seconds(30)});
  EXPECT_EQ(of_outside(at(outer, 6000)), Indices{younger});
  table.collect(Time{seconds(60)});
  EXPECT_EQ(of_outside(at(outer, 6000)), Indices{younger});
}

TEST_F(LingeringFlow, GoesWhenSomebodyLooksForEitherKeyButNotForAReader) {
  expire(k, seconds(30), Time{seconds(30)});
  EXPECT_TRUE(table.look(lookup_of(k, proto_udp)));
  EXPECT_FALSE(table.find(lookup_of(key(at(remote, 53), at(outer, 6000)), proto_udp)));
  EXPECT_FALSE(table.look(lookup_of(k, proto_udp)));
  EXPECT_EQ(of_source(other), Indices{});
  const std::uint32_t again = expire(k, seconds(40), Time{seconds(40)});
  EXPECT_EQ(of_source(other), Indices{again});
  EXPECT_FALSE(table.find(lookup_of(k, proto_udp)));
  EXPECT_EQ(of_source(other), Indices{});
  table.collect(Time{seconds(60)});
  EXPECT_EQ(table.size_with_unconfirmed(), 0u);
}

TEST_F(LingeringFlow, GoesWithTheNextFullMinuteHoweverLateItsEndIsNoticed) {
  const std::uint32_t first = expire(k, seconds(60) - 1, Time{seconds(60) - 1});
  const std::uint32_t second = expire(key(at(a_host, 5000), at(remote3, 53)), seconds(60), Time{seconds(119)});
  EXPECT_EQ(of_source(k), (Indices{second, first}));
  table.collect(Time{seconds(60) - 1});
  EXPECT_EQ(of_source(k), (Indices{second, first}));
  table.collect(Time{seconds(60)});
  EXPECT_EQ(of_source(k), Indices{second});
  table.collect(Time{seconds(120)});
  EXPECT_EQ(of_source(k), Indices{});
  expire(k, seconds(150), Time{seconds(180)});
  EXPECT_EQ(of_source(k), Indices{});
}

TEST_F(LingeringFlow, StaysThoughOneBeforeItHadItsPlace) {
  const std::uint32_t first = expire(k, seconds(30), Time{seconds(30)});
  EXPECT_FALSE(table.find(lookup_of(k, proto_udp)));
  const std::uint32_t second = expire(other, seconds(70), Time{seconds(70)});
  EXPECT_EQ(second, first);
  table.collect(Time{seconds(70)});
  EXPECT_EQ(of_source(k), Indices{second});
}

TEST_F(LingeringFlow, GoesBeforeItsTimeWhere256OthersFollow) {
  const std::uint32_t first = expire(k, 1, Time{1});
  const auto another = [&](std::uint16_t port) { expire(key(at(b_host, port), at(remote, port)), 2, Time{2}); };
  for (std::uint16_t port = 1001; port < 1256; ++port) another(port);
  EXPECT_EQ(of_source(k), Indices{first});
  another(1256);
  EXPECT_EQ(of_source(k), Indices{});
  EXPECT_EQ(of_source(key(at(b_host, 1001), at(remote, 1001))).size(), 1u);
}

TEST_F(LingeringFlow, IsForgottenWhereItIsAskedFor) {
  const std::uint32_t first = expire(k, 1, Time{1});
  expire(key(at(b_host, 5000), at(remote2, 53)), 1, Time{1});
  table.forget_lingering([](const Flow& flow) { return flow.original.source == b_host.value; });
  EXPECT_EQ(of_source(k), Indices{first});
  EXPECT_EQ(of_source(key(at(b_host, 5000), at(remote2, 53))), Indices{});
}

TEST_F(LingeringFlow, DoesNotOutliveAnotherMappingBehaviour) {
  expire(k, 1, Time{1});
  table.set_mapping(Mapping::endpoint_independent);
  EXPECT_EQ(of_source(k), Indices{});
  table.collect(Time{seconds(60)});
}

TEST_F(Flows, MayBeTheirOwnAnswer) {
  const Key own = key(at(outer, 5000), at(outer, 5000));
  const std::uint32_t index = enter(make(own));
  EXPECT_EQ(table.find(lookup_of(own, proto_udp)).index, index);
  EXPECT_EQ(table.find(lookup_of(own, proto_udp)).direction, Direction::reply) << "as in Linux";
  end(index);
  EXPECT_FALSE(table.find(lookup_of(own, proto_udp)));
}

TEST_F(Flows, AreCopiedForOneWhoReadsThemLater) {
  const Key k = key(at(a_host, 5000), at(remote, 80));
  const std::uint32_t index = enter(make(k, proto_tcp)), copy = table.copy(index);
  const std::uint64_t number = table[index].number;
  end(index);
  EXPECT_EQ(table[copy].original, k);
  EXPECT_EQ(table[copy].number, number);
  EXPECT_FALSE(table.find(lookup_of(k, proto_tcp))) << "nobody else finds it";
  EXPECT_EQ(table.size_with_unconfirmed(), 0u);
  table.each([](std::uint32_t, const Flow&) { ADD_FAILURE() << "it is none of the table's"; });
  table.release(copy);
}

TEST_F(Flows, AndTheirCopiesHaveTracksOfTheirOwn) {
  for (const std::uint8_t protocol : {proto_tcp, proto_sctp}) {
    const std::uint32_t index = enter(make(key(at(a_host, 5000), at(remote, 80)), protocol)), copy = table.copy(index);
    end(index);
    table.release(copy);
    const std::uint32_t a = enter(make(key(at(a_host, 5001), at(remote, 80)), protocol));
    const std::uint32_t b = enter(make(key(at(a_host, 5002), at(remote, 80)), protocol));
    EXPECT_NE(table[a].tcp, table[b].tcp);
    EXPECT_NE(table[a].sctp, table[b].sctp);
  }
}

/// The flows are grouped by outside endpoint when the first question comes, or while they come and go after one.
class FlowsAskedFor : public Flows, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, FlowsAskedFor, ::testing::Bool());

TEST_P(FlowsAskedFor, AreKnownByTheOutsideEndpointTheyHold) {
  const auto to = [](std::uint8_t n) { return at(wire::address(198, 51, 100, n), 53); };
  if (GetParam()) {
    EXPECT_EQ(of_outside(at(outer, 5000)), Indices{});
  }
  const std::uint32_t own = enter(make(key(at(outer, 5000), to(1))));  // what is not translated holds nothing
  const std::uint32_t a = enter(make_translated(key(at(a_host, 5000), to(3)), at(outer, 5000)));
  const std::uint32_t a2 = enter(make_translated(key(at(a_host, 5000), to(4)), at(outer, 5000)));
  const std::uint32_t gone = enter(make_translated(key(at(a_host, 5000), to(5)), at(outer, 5000)));
  const std::uint32_t other_port = enter(make_translated(key(at(a_host, 5000), to(6)), at(outer, 5001)));
  const std::uint32_t tcp = enter(make_translated(key(at(a_host, 5000), to(3)), at(outer, 5000), proto_tcp));
  end(gone);
  EXPECT_EQ(of_outside(at(outer, 5000)), (Indices{a2, a}));
  end(a2);
  EXPECT_EQ(of_outside(at(outer, 5000)), Indices{a});
  for (const std::uint32_t index : {a, own, other_port, tcp}) end(index);
  EXPECT_EQ(of_outside(at(outer, 5000)), Indices{});
}

TEST_F(Flows, LetInByAMappingHoldItsOutsideEndpointAndBelongToTheInsideOne) {
  const std::uint32_t out = enter(make_translated(key(at(a_host, 5000), at(remote, 53)), at(outer, 6000)));
  const std::uint32_t in = make(key(at(remote2, 53), at(outer, 6000)));
  table[in].reply = key(at(a_host, 5000), at(remote2, 53));
  table[in].set(status::destination_nat | status::forwarded_in);
  enter(in);
  EXPECT_EQ(outside_of(table[in]), at(outer, 6000));
  EXPECT_EQ(of_outside(at(outer, 6000)), (Indices{in, out}));
  EXPECT_EQ(of_source(key(at(a_host, 5000), at(remote3, 1))), (Indices{in, out}));
  end(out);
  EXPECT_EQ(of_source(key(at(a_host, 5000), at(remote3, 1))), Indices{in});
  end(in);
  EXPECT_EQ(of_outside(at(outer, 6000)), Indices{});
}

TEST_F(Flows, OfAGroupAreLinkedNewestFirstWhicheverEnds) {
  const Key any = key(at(a_host, 5000), at(remote, 1));
  const auto enter_three = [&] {
    Indices all;
    for (std::uint16_t n = 0; n < 3; ++n) {
      const Key k = key(at(a_host, 5000), at(remote, static_cast<std::uint16_t>(n + 1)));
      all.push_back(enter(make_translated(k, at(outer, 6000))));
    }
    return all;
  };
  for (std::size_t gone = 0; gone < 3; ++gone) {
    Indices all = enter_three();
    const std::uint32_t ended = all[gone];
    end(ended);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(gone));
    const Indices left(all.rbegin(), all.rend());
    EXPECT_EQ(of_source(any), left) << gone;
    EXPECT_EQ(of_outside(at(outer, 6000)), left) << gone;
    end(all[0]);
    EXPECT_EQ(of_source(any), Indices{all[1]});
    end(all[1]);
    EXPECT_EQ(of_source(any), Indices{});
  }
}

TEST_F(Flows, AreGroupedByAsMuchOfTheRemoteAsTheMappingCounts) {
  using enum Mapping;
  const Key k = key(at(a_host, 5000), at(remote, 53));
  const Key asked[] = {k, key(at(a_host, 5000), at(remote, 54)), key(at(a_host, 5000), at(remote2, 53)),
                       key(at(a_host, 5001), at(remote, 53)), key(at(b_host, 5000), at(remote, 53))};
  const auto found = [&] {
    std::string line;
    for (const Key& q : asked) line += of_source(q).empty() ? '-' : '+';
    return line + (of_source(k, proto_tcp).empty() ? '-' : '+');
  };
  enter(make_translated(k, at(outer, 5000)));
  EXPECT_EQ(found(), "+++---");
  for (const auto& [mapping, line] :
       {std::pair(address_dependent, "++----"), std::pair(address_and_port_dependent, "+-----"),
        std::pair(endpoint_independent, "+++---"), std::pair(linux_like, "+++---")}) {
    table.set_mapping(mapping);
    EXPECT_EQ(found(), line);
  }
}

TEST_F(Flows, GroupedAnewKeepTheOrderInWhichTheyCame) {
  const std::uint32_t a = make_translated(key(at(a_host, 5000), at(remote, 1)), at(outer, 5000));
  const std::uint32_t b = make_translated(key(at(a_host, 5000), at(remote, 2)), at(outer, 5000));
  const std::uint32_t c = make_translated(key(at(a_host, 5000), at(remote, 3)), at(outer, 5000));
  const std::uint32_t unconfirmed = make_translated(key(at(a_host, 5000), at(remote, 4)), at(outer, 5000));
  for (const std::uint32_t index : {b, c, a}) enter(index);
  const Key any = key(at(a_host, 5000), at(remote, 9));
  EXPECT_EQ(of_source(any), (Indices{a, c, b}));
  table.set_mapping(Mapping::address_dependent);
  EXPECT_EQ(of_source(any), (Indices{a, c, b}));
  end(c);
  enter(unconfirmed);
  table.set_mapping(Mapping::endpoint_independent);
  EXPECT_EQ(of_source(any), (Indices{unconfirmed, a, b}));
}

// Endpoints that differ in one thing and have one hash.
TEST_F(Flows, AreNotTakenForOthersOfTheSameHash) {
  struct Pair {
    Key one, other;
  };
  const Pair source{{0x0a0217d8, 0, 5000, 0}, {0x0a084c41, 0, 5000, 0}};
  const Pair port{{0xc0a8011f, 0, 31749, 0}, {0xc0a8011f, 0, 62391, 0}};
  for (const Pair& p : {source, port}) {
    ASSERT_EQ(hash_of(p.one, proto_udp), hash_of(p.other, proto_udp));
    const auto endpoint = [](const Key& k) { return at({k.source}, k.source_port); };
    const std::uint32_t index = enter(make_translated(key(endpoint(p.one), at(remote, 53)), at(outer, 5000)));
    EXPECT_EQ(of_source(p.one), Indices{index});
    EXPECT_EQ(of_source(p.other), Indices{});
    end(index);
    const std::uint32_t held = enter(make_translated(key(at(a_host, 5000), at(remote, 53)), endpoint(p.one)));
    EXPECT_EQ(of_outside(endpoint(p.one)), Indices{held});
    EXPECT_EQ(of_outside(endpoint(p.other)), Indices{});
    end(held);
  }
  const Key to{0xc0a8010a, 0xc63ccd60, 5000, 0}, elsewhere{0xc0a8010a, 0xc6515c02, 5000, 0};
  ASSERT_EQ(hash_of(to, proto_udp), hash_of(elsewhere, proto_udp));
  table.set_mapping(Mapping::address_dependent);
  const std::uint32_t index = enter(make(to));
  EXPECT_EQ(table.find(lookup_of(to, proto_udp)).index, index);
  EXPECT_FALSE(table.find(lookup_of(elsewhere, proto_udp)));
  EXPECT_EQ(of_source(to), Indices{index});
  EXPECT_EQ(of_source(elsewhere), Indices{});
}

TEST_F(Flows, AreNumberedAsTheyEnterAndHaveNoNumberBeforeAndAfter) {
  const std::uint32_t a = make(key(at(a_host, 5000), at(remote, 53))), b = make(key(at(b_host, 5000), at(remote, 53)));
  EXPECT_EQ(table[a].number, 0u);
  enter(b);
  enter(a);
  EXPECT_EQ(table[b].number, 1u);
  EXPECT_EQ(table[a].number, 2u);
  Indices seen;
  table.each([&](std::uint32_t index, const Flow&) { seen.push_back(index); });
  EXPECT_EQ(seen, (Indices{a, b}));
  table.remove(a);
  EXPECT_EQ(table[a].number, 2u) << "until it is released";
  seen.clear();
  table.each([&](std::uint32_t index, const Flow&) { seen.push_back(index); });
  EXPECT_EQ(seen, Indices{b});
  table.release(a);
  EXPECT_EQ(table[a].number, 0u);
  EXPECT_EQ(table[a].status, 0u);
}

TEST_F(Flows, ThatExpiredLeaveTheTimersToTheOthers) {
  const std::uint32_t a = make(key(at(a_host, 5000), at(remote, 53))), b = make(key(at(b_host, 5000), at(remote, 53)));
  table[a].deadline = table[b].deadline = 30;
  enter(a);
  EXPECT_TRUE(table.confirm(b, Time{1}));
  Indices due;
  table.timers().take_due(Time{30}, due);
  EXPECT_EQ(due, Indices{a});
  table.remove(a);
  table.release(a);
  EXPECT_EQ(table.timers().next(), Time{31});
  end(b);
  EXPECT_EQ(table.timers().next(), Time::never());
}

TEST_F(Flows, StartWithAFreshTrackOfTheirProtocol) {
  const std::uint32_t tcp_flow = make(key(at(a_host, 5000), at(remote, 80)), proto_tcp);
  const std::uint32_t other = make(key(at(b_host, 5000), at(remote, 80)), proto_tcp);
  table.tcp(table[tcp_flow]).seen[0].end = 7;
  EXPECT_EQ(table.tcp(table[other]).seen[0].end, 0u);
  table.release(tcp_flow);
  EXPECT_EQ(table.tcp(table[make(key(at(c_host, 1), at(remote, 80)), proto_tcp)]).seen[0].end, 0u);
  const std::uint32_t sctp_flow = make(key(at(a_host, 5000), at(remote, 80)), proto_sctp);
  table.sctp(table[sctp_flow]).tag[0] = 7;
  EXPECT_EQ(table.sctp(table[make(key(at(b_host, 5000), at(remote, 80)), proto_sctp)]).tag[0], 0u);
  table.release(sctp_flow);
  EXPECT_EQ(table.sctp(table[make(key(at(c_host, 5000), at(remote, 80)), proto_sctp)]).tag[0], 0u);
  EXPECT_EQ(table[make(key(at(a_host, 5000), at(remote, 53)))].stream_after, 0);
}

// Linux: as many as lie in 8 buckets of a full table, 16 entries.
TEST_F(Flows, AreGivenUpOnlyAmongThe16EntriesThatLieNearest) {
  // The index has four lines of seven for so few; flows are picked so that their keys lie in the two lines named.
  std::uint16_t port = 1024;
  const auto enter_at = [&](std::uint32_t line, std::uint32_t answers_line, bool assured) {
    for (;; ++port) {
      const Key k = key(at(a_host, port), at(remote, 53));
      if (hash_of(k, proto_udp) % 4 != line || hash_of(inverse(k, proto_udp), proto_udp) % 4 != answers_line) continue;
      ++port;
      const std::uint32_t index = make(k);
      if (assured) table[index].set(status::assured);
      return enter(index);
    }
  };
  for (int n = 0; n < 3; ++n) enter_at(0, 0, true), enter_at(1, 1, true);
  enter_at(0, 1, true);
  const std::uint32_t behind_14 = enter_at(2, 2, true), behind_16 = enter_at(3, 3, false);
  EXPECT_EQ(table.victim(0), no_flow) << "the seventeenth";
  EXPECT_EQ(table.victim(1), behind_16) << "the tenth";
  EXPECT_EQ(table.victim(3), behind_16);
  end(behind_14);
  enter_at(2, 3, true);
  const std::uint32_t sixteenth = enter_at(2, 0, false);
  EXPECT_EQ(table.victim(0), sixteenth);
}

}  // namespace
}  // namespace masqsim::nat::testing
