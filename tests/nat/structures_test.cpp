// The structures beneath, each against the plainest model of itself.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "bench.hpp"
#include "sim/nat/index.hpp"
#include "sim/nat/timers.hpp"

namespace masqsim::nat::testing {
namespace {

TEST(Index, FindsWhatAMapFindsThroughGrowthSplitsAndErasure) {
  Index index;
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
  Index index;
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
  Index index;
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
      timers.add(index);
      model.emplace(flows[index].deadline, index);
    } else if (what < 6 && !model.empty()) {
      const auto some = std::next(model.begin(), static_cast<std::ptrdiff_t>(random.below(model.size() > 50 ? 50 : model.size())));
      const std::uint32_t index = some->second;
      model.erase(some);
      if (what == 5) {
        timers.remove(index);
        flows.release(index);
      } else {
        timers.refresh(index, flows[index], now + 1 + span());
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
  EXPECT_EQ(wire::describe(answer.view()),
            "203.0.113.1 > 198.51.100.7 icmp TTL exceeded {198.51.100.7:4000 > 203.0.113.1:8080 udp len=5 ttl=64} ttl=64");
  EXPECT_EQ(b.nat.size(), 0u);
}

}  // namespace
}  // namespace masqsim::nat::testing
