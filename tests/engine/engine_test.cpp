#include "sim/engine/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "masqsim/base/random.hpp"

namespace masqsim::engine {
namespace {

using Happened = std::vector<std::pair<std::int64_t, std::uint64_t>>;  // when, argument

/// Writes down what happens, and may do more in turn.
class Recorder final : public Handler {
 public:
  explicit Recorder(Engine& engine) : engine_(engine) {}

  void on_event(std::uint64_t argument) override {
    happened.emplace_back(engine_.now().ns, argument);
    if (then) then(argument);
  }

  Happened happened;
  std::function<void(std::uint64_t)> then;

 private:
  Engine& engine_;
};

TEST(Engine, RunsEventsInOrderOfTimeThenOfScheduling) {
  Engine engine;
  Recorder recorder(engine);
  const std::int64_t times[] = {5, 3, 5, 0, 3, 1'000'000'000'000, 5, 0};
  for (std::uint64_t n = 0; n < std::size(times); ++n) engine.schedule(Time{times[n]}, recorder, n);
  EXPECT_EQ(engine.pending(), 8u);
  EXPECT_EQ(engine.run(), 8u);
  EXPECT_EQ(recorder.happened,
            (Happened{{0, 3}, {0, 7}, {3, 1}, {3, 4}, {5, 0}, {5, 2}, {5, 6}, {1'000'000'000'000, 5}}));
  EXPECT_EQ(engine.now(), Time{1'000'000'000'000});
  EXPECT_EQ(engine.pending(), 0u);
}

TEST(Engine, AnEmptyRunLeavesTheClockAlone) {
  Engine engine;
  EXPECT_EQ(engine.run(), 0u);
  EXPECT_EQ(engine.now(), Time{0});
}

TEST(Engine, WhatAHandlerSchedulesForNowComesAfterAllThatWaitsForNow) {
  Engine engine;
  Recorder recorder(engine);
  recorder.then = [&](std::uint64_t argument) {
    if (argument == 1) engine.schedule(engine.now(), recorder, 9);
  };
  engine.schedule(Time{7}, recorder, 1);
  engine.schedule(Time{7}, recorder, 2);
  engine.schedule(Time{8}, recorder, 3);
  engine.run();
  EXPECT_EQ(recorder.happened, (Happened{{7, 1}, {7, 2}, {7, 9}, {8, 3}}));
}

TEST(Engine, ABoundedRunTakesItsBoundInAndStandsThere) {
  Engine engine;
  Recorder recorder(engine);
  for (const std::int64_t at : {10, 20, 21}) engine.schedule(Time{at}, recorder, 0);
  EXPECT_EQ(engine.run(Time{20}), 2u);
  EXPECT_EQ(engine.now(), Time{20});
  EXPECT_EQ(engine.run(Time{20}), 0u);
  EXPECT_EQ(engine.run(Time{1'000}), 1u);
  EXPECT_EQ(engine.now(), Time{1'000});
  EXPECT_EQ(recorder.happened, (Happened{{10, 0}, {20, 0}, {21, 0}}));
}

// The queue must not have moved on to the event it stopped before.
TEST(Engine, AfterABoundedRunEarlierEventsMayStillCome) {
  Engine engine;
  Recorder recorder(engine);
  engine.schedule(Time{1'000'000}, recorder, 1);
  engine.run(Time{100});
  engine.schedule(Time{500}, recorder, 2);
  engine.schedule(Time{100}, recorder, 3);
  engine.schedule(Time{1'000'000}, recorder, 4);
  engine.run();
  EXPECT_EQ(recorder.happened, (Happened{{100, 3}, {500, 2}, {1'000'000, 1}, {1'000'000, 4}}));
}

TEST(Engine, RunsInStretchesAndGoesOnWhereItStopped) {
  Engine engine;
  Recorder recorder(engine);
  for (const std::int64_t at : {10, 20, 30}) engine.schedule(Time{at}, recorder, 0);
  const std::atomic<int> nobody{0};
  Engine::Stretch stretch = engine.run(Time::never(), 2, nobody);
  EXPECT_EQ(stretch.events, 2u);
  EXPECT_EQ(stretch.pause, Pause::counted);
  EXPECT_EQ(engine.now(), Time{20});
  stretch = engine.run(Time::never(), 1, nobody);
  EXPECT_EQ(stretch.events, 1u);
  EXPECT_EQ(stretch.pause, Pause::finished);
  EXPECT_EQ(recorder.happened, (Happened{{10, 0}, {20, 0}, {30, 0}}));
}

TEST(Engine, EndsBetweenTwoEventsWhereItIsAsked) {
  struct Asker final : Handler {
    std::atomic<int> asked{0};
    int happened = 0;
    void on_event(std::uint64_t argument) override {
      ++happened;
      asked = static_cast<int>(argument);
    }
  } asker;
  Engine engine;
  for (const std::uint64_t argument : {0u, 15u, 0u}) engine.schedule(Time{5}, asker, argument);
  const Engine::Stretch stretch = engine.run(Time{100}, 1'000, asker.asked);
  EXPECT_EQ(stretch.events, 2u);
  EXPECT_EQ(stretch.pause, Pause::asked);
  EXPECT_EQ(asker.happened, 2);
  EXPECT_EQ(engine.now(), Time{5});  // not at the bound: it was not reached
  EXPECT_EQ(engine.pending(), 1u);
}

TEST(Engine, BackgroundEventsDoNotKeepAnUnboundedRunGoing) {
  Engine engine;
  Recorder recorder(engine);
  engine.schedule(Time{5}, recorder, 1, Keep::background);
  engine.schedule(Time{10}, recorder, 2);
  engine.schedule(Time{15}, recorder, 3, Keep::background);
  EXPECT_EQ(engine.run(), 2u);
  EXPECT_EQ(recorder.happened, (Happened{{5, 1}, {10, 2}}));
  EXPECT_EQ(engine.now(), Time{10});
  EXPECT_EQ(engine.pending(), 1u);
  engine.schedule(Time{20}, recorder, 4);
  engine.run();
  EXPECT_EQ(recorder.happened, (Happened{{5, 1}, {10, 2}, {15, 3}, {20, 4}}));
}

TEST(Engine, ABoundedRunLetsBackgroundEventsHappenUpToItsBound) {
  Engine engine;
  Recorder recorder(engine);
  engine.schedule(Time{5}, recorder, 1, Keep::background);
  engine.schedule(Time{50}, recorder, 2, Keep::background);
  EXPECT_EQ(engine.run(Time{20}), 1u);
  EXPECT_EQ(recorder.happened, (Happened{{5, 1}}));
  EXPECT_EQ(engine.now(), Time{20});
}

TEST(Engine, AnEventMayLieAtTheLastMomentThereIs) {
  Engine engine;
  Recorder recorder(engine);
  engine.schedule(Time{INT64_MAX - 1}, recorder, 1);
  engine.schedule(Time{0}, recorder, 0);
  engine.run();
  EXPECT_EQ(recorder.happened, (Happened{{0, 0}, {INT64_MAX - 1, 1}}));
}

TEST(Engine, TellsEachHandlerItsOwnEvents) {
  Engine engine;
  Recorder a(engine);
  Recorder b(engine);
  engine.schedule(Time{1}, b, 1);
  engine.schedule(Time{1}, a, 2);
  engine.schedule(Time{0}, a, 3);
  engine.run();
  EXPECT_EQ(a.happened, (Happened{{0, 3}, {1, 2}}));
  EXPECT_EQ(b.happened, (Happened{{1, 1}}));
}

/// The order that the contract promises, from a list that is sorted anew before each step.
class Reference {
 public:
  void schedule(std::int64_t at, std::uint64_t argument, Keep keep) { waiting_.push_back({at, argument, keep}); }

  template <typename Then>
  void run(std::int64_t until, Then then) {
    const bool bounded = until != INT64_MAX;
    while (!waiting_.empty()) {
      if (!bounded &&
          std::none_of(waiting_.begin(), waiting_.end(), [](const Event& e) { return e.keep == Keep::alive; })) {
        break;
      }
      std::stable_sort(waiting_.begin(), waiting_.end(), [](const Event& a, const Event& b) { return a.at < b.at; });
      const Event event = waiting_.front();
      if (event.at > until) break;
      waiting_.erase(waiting_.begin());
      now = event.at;
      happened.emplace_back(event.at, event.argument);
      then(event.argument);
    }
    if (bounded) now = std::max(now, until);
  }

  std::size_t pending() const { return waiting_.size(); }

  std::int64_t now = 0;
  Happened happened;

 private:
  struct Event {
    std::int64_t at;
    std::uint64_t argument;
    Keep keep;
  };
  std::vector<Event> waiting_;
};

struct Planned {
  std::int64_t after;
  std::uint64_t argument;
  Keep keep;
};

/// What the handler of `argument` schedules: up to two more, at the same time, soon or far away; a fixed function of
/// it.
std::vector<Planned> plan(std::uint64_t seed, std::uint64_t argument) {
  if (argument > 100'000) return {};
  Random stream(seed, "plan/" + std::to_string(argument));
  std::vector<Planned> planned;
  for (std::uint64_t left = stream.below(3); left > 0; --left) {
    const std::uint64_t scale = stream.below(40);
    const std::uint64_t after = scale < 8 ? 0 : stream.below(std::uint64_t{1} << scale);
    const Keep keep = stream.chance({1, 4}) ? Keep::background : Keep::alive;
    planned.push_back({static_cast<std::int64_t>(after), argument * 3 + left, keep});
  }
  return planned;
}

TEST(Engine, AgreesWithAStableSortOnRandomSchedules) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Engine engine;
    Recorder recorder(engine);
    Reference reference;
    recorder.then = [&](std::uint64_t argument) {
      for (const Planned& p : plan(seed, argument)) {
        engine.schedule(engine.now() + Duration{p.after}, recorder, p.argument, p.keep);
      }
    };
    const auto reference_then = [&](std::uint64_t argument) {
      for (const Planned& p : plan(seed, argument)) reference.schedule(reference.now + p.after, p.argument, p.keep);
    };
    Random stream(seed, "schedule");
    for (int round = 0; round < 5; ++round) {
      for (std::uint64_t left = stream.below(40); left > 0; --left) {
        const std::uint64_t wide = std::uint64_t{1} << stream.below(34);
        const auto after = static_cast<std::int64_t>(stream.below(wide));
        const std::uint64_t argument = stream.below(50) + 1;
        const Keep keep = stream.chance({1, 5}) ? Keep::background : Keep::alive;
        engine.schedule(engine.now() + Duration{after}, recorder, argument, keep);
        reference.schedule(reference.now + after, argument, keep);
      }
      const bool bounded = stream.chance({3, 4});
      const auto step = static_cast<std::int64_t>(stream.below(1'000'000'000));
      const std::int64_t until = bounded ? reference.now + step : INT64_MAX;
      const std::uint64_t count = engine.run(Time{until});
      const std::size_t before = reference.happened.size();
      reference.run(until, reference_then);
      ASSERT_EQ(recorder.happened, reference.happened) << "seed " << seed;
      ASSERT_EQ(count, reference.happened.size() - before);
      ASSERT_EQ(engine.now().ns, reference.now);
      ASSERT_EQ(engine.pending(), reference.pending());
    }
  }
}

}  // namespace
}  // namespace masqsim::engine
