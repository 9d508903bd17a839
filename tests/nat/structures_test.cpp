// The structures beneath, each against the plainest model of itself.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

#include "bench.hpp"
#include "sim/nat/index.hpp"
#include "sim/nat/timers.hpp"

namespace masqsim::nat::testing {
namespace {

/// Numbers under hashes that it remembers, as a table knows the hashes of its flows.
struct Hashed {
  void insert(std::uint32_t hash, std::uint32_t value) {
    hashes[value] = hash;
    index.insert(hash, value, hash_of);
  }
  template <typename Same>
  std::uint32_t* find_or_insert(std::uint32_t hash, std::uint32_t value, Same same) {
    hashes.emplace(value, hash);
    return index.find_or_insert(hash, value, same, hash_of);
  }
  /// Asked of all that may be it; the number alone tells.
  template <typename Same>
  std::uint32_t* find(std::uint32_t hash, Same same) {
    return index.find(hash, [&](std::uint32_t v) { return hashes.at(v) == hash && same(v); });
  }
  void erase(std::uint32_t hash, std::uint32_t value) { index.erase(hash, value); }
  template <typename Visit>
  bool near(std::uint32_t hash, unsigned count, Visit visit) const {
    return index.near(hash, count, visit);
  }

  Index index;
  std::map<std::uint32_t, std::uint32_t> hashes;
  std::function<std::uint32_t(std::uint32_t)> hash_of = [this](std::uint32_t value) { return hashes.at(value); };
};

TEST(Index, FindsWhatAMapFindsThroughGrowthSplitsAndErasure) {
  Hashed index;
  std::multimap<std::uint32_t, std::uint32_t> model;
  Random random(1, "index");
  const auto check = [&](std::uint32_t hash, std::uint32_t value) {
    const std::uint32_t* found = index.find(hash, [&](std::uint32_t v) { return v == value; });
    return found != nullptr && *found == value;
  };
  for (std::uint32_t n = 0; n < 30000; ++n) {
    // Few different low bits and few different high bits, so that runs are long and splits uneven.
    const auto hash = static_cast<std::uint32_t>(random.next()) & (n % 3 == 0 ? 0xff0000ffu : 0xffffffffu);
    index.insert(hash, n);
    model.emplace(hash, n);
    if (n % 4 == 3) {
      const auto victim = model.lower_bound(static_cast<std::uint32_t>(random.next()));
      if (victim == model.end()) continue;
      index.erase(victim->first, victim->second);
      ASSERT_FALSE(check(victim->first, victim->second));
      model.erase(victim);
    }
  }
  for (const auto& [hash, value] : model) ASSERT_TRUE(check(hash, value)) << value;
}

TEST(Index, KeepsManyOfOneHashApartAndForgetsThemAll) {
  Hashed index;
  constexpr std::uint32_t hash = 0x12345678, many = 2000;
  const auto is = [](std::uint32_t value) { return [value](std::uint32_t v) { return v == value; }; };
  index.insert(hash + 1, many);
  for (std::uint32_t n = 0; n < many; ++n) index.insert(hash, n);
  for (std::uint32_t n = 0; n < many; ++n) {
    const std::uint32_t* found = index.find(hash, is(n));
    ASSERT_TRUE(found != nullptr && *found == n) << n;
  }
  for (std::uint32_t n = 0; n < many; n += 2) index.erase(hash, n);
  for (std::uint32_t n = 1; n < many; n += 2) index.erase(hash, n);
  for (std::uint32_t n = 0; n < many; ++n) ASSERT_EQ(index.find(hash, is(n)), nullptr) << n;
  const std::uint32_t* other = index.find(hash + 1, is(many));
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(*other, many);
}

TEST(Index, LooksAtSoManyNeighboursOnce) {
  Hashed index;
  for (std::uint32_t n = 0; n < 8; ++n) index.insert(n, n);
  const auto seen_near = [&](std::uint32_t hash, unsigned count) {
    std::multiset<std::uint32_t> seen;
    EXPECT_FALSE(index.near(hash, count, [&](std::uint32_t v) { return seen.insert(v), false; }));
    return seen;
  };
  EXPECT_EQ(seen_near(3, 100), (std::multiset<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(seen_near(3, 5).size(), 5u);
  EXPECT_EQ(seen_near(3, 0).size(), 0u);
  EXPECT_TRUE(index.near(3, 100, [](std::uint32_t v) { return v == 6; }));
  EXPECT_EQ(seen_near(3, 1), (std::multiset<std::uint32_t>{1})) << "its own bucket first";
}

TEST(Index, LooksAtEachNeighbourOnceHoweverFullItsPlaceIs) {
  Hashed index;
  std::multiset<std::uint32_t> model;
  Random random(3, "near");
  std::vector<std::uint32_t> hashes;
  for (std::uint32_t n = 0; n < 2000; ++n) {
    hashes.push_back(static_cast<std::uint32_t>(random.next()) & (n % 2 == 0 ? 0xffffffff : 0xfffff003));
    index.insert(hashes.back(), n);
    model.insert(n);
    if (n % 5 == 4) {  // another moves here, too
      index.erase(hashes[n / 2], n / 2);
      hashes[n / 2] = hashes.back();
      index.insert(hashes[n / 2], n / 2);
    }
    if (n % 100 != 99) continue;
    std::multiset<std::uint32_t> seen;
    EXPECT_FALSE(index.near(n, 5000, [&](std::uint32_t v) { return seen.insert(v), false; }));
    ASSERT_EQ(seen, model);
  }
  for (std::uint32_t n = 0; n < 2000; ++n) {
    const std::uint32_t* found = index.find(hashes[n], [&](std::uint32_t v) { return v == n; });
    ASSERT_TRUE(found != nullptr && *found == n) << n;
    index.erase(hashes[n], n);
  }
  EXPECT_FALSE(index.near(0, 5000, [](std::uint32_t) { return true; })) << "nothing is left";
}

TEST(Index, InsertsOnlyWhatItDoesNotFind) {
  Hashed index;
  const auto is = [](std::uint32_t value) { return [value](std::uint32_t v) { return v == value; }; };
  EXPECT_EQ(index.find_or_insert(7, 1, is(1)), nullptr);
  std::uint32_t* found = index.find_or_insert(7, 2, is(1));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, 1u);
  *found = 3;
  index.hashes[3] = 7;
  EXPECT_EQ(index.find(7, is(1)), nullptr);
  EXPECT_EQ(index.find(7, is(2)), nullptr);
  EXPECT_NE(index.find(7, is(3)), nullptr);
  EXPECT_EQ(index.find(8, is(3)), nullptr);
}

TEST(Index, FindsAgainWhatLiesFarFromItsFullPlaceWhileOthersComeAndGo) {
  Hashed index;
  const auto is = [](std::uint32_t value) { return [value](std::uint32_t v) { return v == value; }; };
  // 400 of one hash fill many places in a row; what comes last lies beyond all of them.
  constexpr std::uint32_t hash = 5, many = 400;
  for (std::uint32_t n = 0; n < many; ++n) index.insert(hash, n);
  for (int turn = 0; turn < 3; ++turn) {
    for (std::uint32_t n = 0; n < many - 1; ++n) index.erase(hash, n);
    ASSERT_NE(index.find(hash, is(many - 1)), nullptr) << turn;
    for (std::uint32_t n = 0; n < many - 1; ++n) index.insert(hash, n);
    for (std::uint32_t n = 0; n < many; ++n) ASSERT_NE(index.find(hash, is(n)), nullptr) << n;
  }
}

TEST(Timers, ExpireInOrderAtTheVeryNanosecondWhateverIsMovedMeanwhile) {
  Pool<Flow> flows;
  Timers timers(flows);
  std::set<std::pair<std::int64_t, std::uint32_t>> model;
  Random random(2, "timers");
  std::int64_t now = 0;
  const auto span = [&] { return static_cast<std::int64_t>(random.next() >> (20 + random.below(40))); };
  std::uint32_t number = 0;
  for (int step = 0; step < 20000; ++step) {
    const std::uint64_t what = random.below(8);
    if (what < 3) {
      const std::uint32_t index = flows.take();
      flows[index].number = ++number;
      flows[index].deadline = now + 1 + span();
      timers.add(index, now);
      model.emplace(flows[index].deadline, index);
    } else if (what < 6 && !model.empty()) {
      const auto some =
          std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size() > 50 ? 50 : model.size())));
      const std::uint32_t index = some->second;
      model.erase(some);
      if (what == 5) {
        timers.remove(index);
        flows.release(index);
      } else {
        timers.refresh(index, flows[index], now + 1 + span(), now);
        model.emplace(flows[index].deadline, index);
      }
    } else {
      ASSERT_LE(timers.next().ns, model.empty() ? INT64_MAX : model.begin()->first);
      now += what == 6 && !model.empty() ? model.begin()->first - now : span();
      std::vector<std::uint32_t> due;
      timers.take_due(Time{now}, due);
      std::vector<std::int64_t> got, wanted;
      for (const std::uint32_t index : due) got.push_back(flows[index].deadline);
      while (!model.empty() && model.begin()->first <= now) {
        wanted.push_back(model.begin()->first);
        model.erase(model.begin());
      }
      ASSERT_EQ(got, wanted) << "at " << now;
      for (const std::uint32_t index : due) flows.release(index);
    }
  }
}

/// Timers alone; a flow is known by its number.
struct Clock {
  std::uint32_t file(std::int64_t deadline, std::uint32_t number = 1) {
    const std::uint32_t index = flows.take();
    flows[index].deadline = deadline;
    flows[index].number = number;
    timers.add(index, now);
    return index;
  }
  void refresh(std::uint32_t index, std::int64_t deadline) { timers.refresh(index, flows[index], deadline, now); }
  std::vector<std::uint32_t> take(std::int64_t at) {
    std::vector<std::uint32_t> due;
    timers.take_due(Time{now = at}, due);
    for (std::uint32_t& index : due) index = flows[index].number;
    return due;
  }
  bool due(std::int64_t at) const { return timers.due(Time{at}); }

  Pool<Flow> flows;
  Timers timers{flows};
  std::int64_t now = 0;
};
using Numbers = std::vector<std::uint32_t>;
constexpr std::int64_t end_of_time = INT64_MAX - 1;
constexpr std::int64_t ten_minutes = (600_s).ns;

TEST(Timers, TakeOutWhatIsDueInOrderOfDeadlineThenNumber) {
  Clock c;
  for (const std::uint32_t number : {4u, 2u, 6u, 1u}) c.file(100, number);
  c.file(101, 3);
  c.file(99, 5);
  c.file(102, 7);
  EXPECT_EQ(c.take(101), (Numbers{5, 1, 2, 4, 6, 3}));
  EXPECT_EQ(c.take(102), Numbers{7});
  for (const std::uint32_t number : {3u, 1u, 2u}) c.file(200, number);
  EXPECT_EQ(c.take(200), (Numbers{1, 2, 3}));
}

TEST(Timers, KnowThatNothingIsDueBeforeTheSoonestWhereverItIsFiled) {
  for (unsigned level = 0; level < 11; ++level) {
    for (const std::int64_t digit : {1, 2, 5, 7, 33, 63}) {
      if (level == 10 && digit > 7) continue;  // there is no such time
      const std::int64_t at = digit << 6 * level;
      Clock c;
      c.file(at);
      EXPECT_EQ(c.timers.next(), Time{at});
      EXPECT_FALSE(c.due(std::min(at, ten_minutes) - 1)) << at;
      EXPECT_EQ(c.take(at - 1), Numbers{}) << at;
      EXPECT_EQ(c.take(at), Numbers{1}) << at;
      EXPECT_FALSE(c.due(end_of_time)) << at;

      Clock after_another;
      after_another.file(at, 2);
      after_another.file(at == 1 ? 0 : 1);
      EXPECT_EQ(after_another.take(at == 1 ? 0 : 1), Numbers{1});
      EXPECT_FALSE(after_another.due(std::min(at, ten_minutes) - 1)) << at;
      EXPECT_EQ(after_another.take(at), Numbers{2}) << at;
      EXPECT_FALSE(after_another.due(end_of_time)) << at;
    }
  }
}

TEST(Timers, FindADeadlineThatHasPassedDueAtOnce) {
  for (const std::int64_t now : {0, 1, 63, 64, 128, 4096, 4097}) {
    Clock c;
    c.file(now, 9);
    EXPECT_EQ(c.take(now), Numbers{9});
    c.file(now, 1);
    c.file(now + 1, 2);
    c.file(now - 1, 3);
    EXPECT_TRUE(c.due(now));
    EXPECT_EQ(c.take(now), (Numbers{3, 1}));
    EXPECT_FALSE(c.due(now));
    EXPECT_EQ(c.take(now + 1), Numbers{2});
  }
}

TEST(Timers, LeaveNothingDueOfWhatLivesOn) {
  Clock c;
  const std::uint32_t index = c.file(130);
  c.refresh(index, 180);
  EXPECT_EQ(c.take(130), Numbers{});
  EXPECT_FALSE(c.due(179));
  EXPECT_EQ(c.timers.next(), Time{180});
  EXPECT_EQ(c.take(180), Numbers{1});
}

TEST(Timers, ExpireEarlierWhatIsCutShort) {
  Clock c;
  c.file(2000, 2);
  const std::uint32_t index = c.file(1'000'000);
  c.refresh(index, 1500);
  EXPECT_EQ(c.timers.next(), Time{1500});
  c.refresh(index, 1501);
  c.refresh(index, 1499);
  EXPECT_EQ(c.take(1498), Numbers{});
  EXPECT_EQ(c.take(1499), Numbers{1});
  EXPECT_EQ(c.take(2000), Numbers{2});
}

TEST(Timers, ForgetWhatIsRemovedWhereverItLies) {
  for (unsigned level = 0; level < 11; ++level) {
    const std::int64_t at = std::int64_t{1} << 6 * level;
    for (std::size_t gone = 0; gone < 3; ++gone) {
      Clock c;
      const Numbers held{c.file(at, 0), c.file(at, 1), c.file(at, 2)};
      c.timers.remove(held[gone]);
      Numbers left{0, 1, 2};
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(gone));
      EXPECT_EQ(c.take(at), left) << at;
    }
    Clock c;
    c.timers.remove(c.file(at));
    EXPECT_EQ(c.timers.next(), Time::never());
    EXPECT_EQ(c.take(at), Numbers{});
    EXPECT_FALSE(c.due(end_of_time)) << at;
  }
}

TEST(Timers, LookAt64FlowsForTheNextAndElseSayWhenAnAlarmRings) {
  Clock c;
  std::uint32_t number = 0;
  const auto file_and_prolong = [&](std::int64_t at) { c.refresh(c.file(at, ++number), 9000); };
  for (int n = 0; n < 64; ++n) file_and_prolong(4100);
  EXPECT_EQ(c.timers.next(), Time{9000});
  file_and_prolong(4150);
  EXPECT_EQ(c.timers.next(), Time{4150});
}

TEST(Timers, KeepTheirOrderWhereAlarmsDoNotComeInOrder) {
  Clock c;
  std::vector<std::uint32_t> indices;
  for (std::uint32_t n = 1; n <= 40; ++n) indices.push_back(c.file(1000 - 10 * n, n));
  Numbers prolonged;
  for (std::uint32_t n = 40; n > 1; --n) {
    EXPECT_EQ(c.timers.next(), Time{1000 - 10 * n}) << n;
    c.refresh(indices[n - 1], 2000 - n);
    prolonged.push_back(n);
  }
  EXPECT_EQ(c.take(990), Numbers{1});
  EXPECT_EQ(c.take(2000), prolonged);
}

TEST(Timers, ForeseeWhoseAlarmRingsNext) {
  Clock c;
  EXPECT_EQ(c.timers.likely_next(), no_flow);
  c.file(100, 1);
  const std::uint32_t later = c.file(200, 2);
  EXPECT_EQ(c.take(100), Numbers{1});
  EXPECT_EQ(c.timers.likely_next(), later);
  EXPECT_EQ(c.take(200), Numbers{2});
  EXPECT_EQ(c.timers.likely_next(), no_flow);
}

TEST(Timers, LookEveryTenMinutesAtWhatLivesLong) {
  Clock c;
  c.timers.remove(c.file((432'000_s).ns));
  EXPECT_EQ(c.timers.next(), Time::never());
  EXPECT_EQ(c.take(ten_minutes), Numbers{});
  EXPECT_FALSE(c.due(end_of_time)) << "it is forgotten";
}

TEST(Timers, SayExactlyWhenTheNextOfAFewExpires) {
  Bench b;
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  b.now += 7_s;
  b.from_inside(udp(at(b_host, 5000), at(remote2, 53)));
  EXPECT_EQ(b.nat.next_expiry(), Time{} + 30_s);
  b.from_inside(udp(at(a_host, 5000), at(remote, 53)));
  EXPECT_EQ(b.nat.next_expiry(), Time{} + 37_s);
}

TEST(Table, HoldsManyFlowsEachFoundByItsAnswer) {
  Bench b;
  for (std::uint32_t n = 0; n < 6000; ++n) {
    b.from_inside(udp({{a_host.value + n % 3}, static_cast<std::uint16_t>(1024 + n)}, at(remote, 53)));
  }
  for (std::uint32_t n = 0; n < 6000; n += 7) {
    const wire::Endpoint host{{a_host.value + n % 3}, static_cast<std::uint16_t>(1024 + n)};
    ASSERT_EQ(b.from_outside(udp(at(remote, 53), at(outer, host.port))),
              "in: 198.51.100.7:53 > " + to_string(host) + " udp len=5 ttl=64");
  }
  EXPECT_EQ(b.nat.entry(77, b.now)->flow, 77u);
  EXPECT_FALSE(b.nat.entry(7000, b.now));
  b.nat.expire(b.now + 30_s);
  EXPECT_EQ(b.nat.size(), 0u);
}

TEST(Nat, CanBeMovedWithItsTable) {
  Nat first(masquerading(), Random(1, "test"));
  Bytes bytes = udp(at(a_host, 5000), at(remote, 53));
  wire::Buffer buffer{bytes.data(), static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(bytes.size())};
  Track track;
  first.prerouting(buffer, lan, Time{}, track);
  Nat second = std::move(first);
  Track moved(std::move(track));
  EXPECT_TRUE(second.postrouting(buffer, {wan, outer}, Time{}, moved).pass);
  EXPECT_EQ(second.size(), 1u);
  Nat third(masquerading(), Random(1, "test"));
  third = std::move(second);
  EXPECT_EQ(third.size(), 1u);
}

TEST(OwnErrors, AboutAPacketOnItsWayAreTranslatedWithItsUnconfirmedFlow) {
  Config config = masquerading();
  config.destination.push_back(forward(wire::Protocol::udp, 8080, a_host, 80));
  Bench b(config);
  Bytes call = udp(at(remote, 4000), at(outer, 8080));
  wire::Buffer buffer{call.data(), static_cast<std::uint32_t>(call.size()), static_cast<std::uint32_t>(call.size())};
  Track about, track;
  ASSERT_TRUE(b.nat.prerouting(buffer, wan, b.now, about).pass);
  Bytes error = error_about(call, outer, remote, 28, wire::icmp::time_exceeded, 0);
  wire::Buffer answer{error.data(), static_cast<std::uint32_t>(error.size()), static_cast<std::uint32_t>(error.size())};
  ASSERT_TRUE(b.nat.output(answer, b.now, track, &about).pass);
  ASSERT_TRUE(b.nat.postrouting(answer, {wan, outer}, b.now, track).pass);
  EXPECT_EQ(
      wire::describe(answer.view()),
      "203.0.113.1 > 198.51.100.7 icmp TTL exceeded {198.51.100.7:4000 > 203.0.113.1:8080 udp len=5 ttl=64} ttl=64");
  EXPECT_EQ(b.nat.size(), 0u);
}

}  // namespace
}  // namespace masqsim::nat::testing
