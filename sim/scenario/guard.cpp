#include "guard.hpp"

#include <algorithm>

#include "loops.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::uint64_t stretch = 4'096;          // events between two looks at the limits
constexpr std::uint64_t watched_events = 20'000;  // enough to see every link of a loop many times

}  // namespace

Guard::Guard(net::Network& network, const Scenario& scenario, const Limits& limits, const Estimate& estimate,
             StopRequest* stop)
    : network_(network),
      scenario_(scenario),
      limits_(limits),
      built_(estimate.memory),
      most_events_(limits.events > 0 ? limits.events : events_for(estimate)),
      most_at_once_(limits.instant > 0 ? limits.instant : most_events_ / 4),
      stop_(stop) {
  if (stop_) stop_->heard = true;
}

Guard::~Guard() {
  if (stop_) stop_->heard = false;
}

std::optional<BrokenOff> Guard::run(Time until) {
  static const std::atomic<int> never{0};
  const std::atomic<int>& asked = stop_ ? stop_->asked : never;
  for (;;) {
    const Time before = network_.now();
    const auto [happened, pause] = network_.engine().run(until, std::min(stretch, most_events_ - events_), asked);
    events_ += happened;
    at_once_ = network_.now() == before ? at_once_ + happened : 0;
    if (pause == engine::Pause::finished) return std::nullopt;
    if (pause == engine::Pause::asked) {
      const int who = asked.load();
      return BrokenOff{who, stop_->why ? stop_->why(who) : "the run was asked to end", {}};
    }
    if (std::string why = breach(); !why.empty()) return BrokenOff{0, std::move(why), what_went_on(until)};
  }
}

std::string Guard::breach() const {
  const auto reached = [](const std::string& what, std::string_view word, std::uint64_t limit) {
    return what + " are all that --limits " + limit_text(word, limit) + " allows";
  };
  if (at_once_ >= most_at_once_) {
    return reached(std::to_string(at_once_) + " events at one moment", "instant", most_at_once_);
  }
  if (events_ >= most_events_) return reached(std::to_string(events_) + " events", "events", most_events_);
  const std::uint64_t memory = built_ + network_.memory();
  if (memory > limits_.memory) {
    return reached(std::to_string(memory / 1'000'000) + " MB of memory", "memory", limits_.memory);
  }
  const std::uint64_t output = network_.trace().size();
  if (output > limits_.output) {
    return reached(std::to_string(output / 1'000'000) + " MB of output", "output", limits_.output);
  }
  return "";
}

std::vector<std::string> Guard::what_went_on(Time until) {
  static const std::atomic<int> never{0};
  LoopFinder finder(network_, scenario_);
  network_.trace().add(finder);
  events_ += network_.engine().run(until, watched_events, never).events;
  network_.trace().remove(finder);
  return finder.sentences();
}

}  // namespace masqsim::scenario
