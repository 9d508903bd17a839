// The clock and the queue of what is still to happen, in one total order: time, then the order of scheduling.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "masqsim/base/time.hpp"

namespace masqsim::engine {

/// Whoever can be woken. Handlers outlive the engine's run.
class Handler {
 public:
  /// `argument` is what was given to `schedule`.
  virtual void on_event(std::uint64_t argument) = 0;

 protected:
  ~Handler() = default;
};

/// Background events (timers that only tidy up) happen in their place, but alone they do not keep the run going.
enum class Keep : std::uint8_t { alive, background };

/// Why the engine came back.
enum class Pause : std::uint8_t {
  finished,  ///< nothing is left to happen before the bound
  counted,   ///< as many events happened as the caller allowed
  asked      ///< the caller's flag was set
};

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Time now() const { return now_; }

  /// `handler.on_event(argument)` at `at`, after everything already scheduled for that time. `at` is not before now
  /// (asserted). There is no cancelling: a handler that changed its mind ignores the event.
  void schedule(Time at, Handler& handler, std::uint64_t argument, Keep keep = Keep::alive);

  /// Without a bound: runs until only background events are left; the clock stands at the last event. With one: runs
  /// all events up to and including `until`, background ones too; the clock stands at `until`. Returns how many
  /// happened.
  std::uint64_t run(Time until = Time::never());

  /// The same in stretches: comes back also after `most` events and, between two events, as soon as `stop` is not 0.
  /// Calling again goes on. Where it came back early the clock stands at the last event.
  struct Stretch {
    std::uint64_t events = 0;  ///< that happened
    Pause pause{};
  };
  Stretch run(Time until, std::uint64_t most, const std::atomic<int>& stop);

  /// How many events wait, background ones included.
  std::size_t pending() const;
  /// Bytes that one of them takes.
  static constexpr std::size_t event_bytes = 32;

 private:
  class Queue;
  std::unique_ptr<Queue> queue_;
  Time now_;
  std::uint64_t foreground_ = 0;
};

}  // namespace masqsim::engine
