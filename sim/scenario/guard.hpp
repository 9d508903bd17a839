// Lets the engine run within the limits, and says what went on where they end it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/limits.hpp"
#include "masqsim/scenario/model.hpp"
#include "sim/net/network.hpp"

namespace masqsim::scenario {

/// "events=10M", as `--limits` takes it.
std::string limit_text(std::string_view word, std::uint64_t value);

class Guard {
 public:
  /// `stop` may be null. All outlive the guard.
  Guard(net::Network& network, const Scenario& scenario, const Limits& limits, const Estimate& estimate,
        StopRequest* stop);
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Runs to `until` (see Engine::run), or until a limit or the stop ends it: then says why. Deterministic but for the
  /// stop: what is counted is equal on every machine.
  std::optional<BrokenOff> run(Time until);

  std::uint64_t events() const { return events_; }

 private:
  std::string breach() const;
  /// Watches a few thousand more events.
  std::vector<std::string> what_went_on(Time until);

  net::Network& network_;
  const Scenario& scenario_;
  const Limits& limits_;
  const std::uint64_t built_;  // bytes of nodes, links and programs
  const std::uint64_t most_events_;
  const std::uint64_t most_at_once_;
  StopRequest* stop_;
  std::uint64_t events_ = 0;
  std::uint64_t at_once_ = 0;  // events since the clock last moved, counted in whole stretches
};

}  // namespace masqsim::scenario
