// What a run may cost. A file of a few hundred bytes can ask for billions of hosts or packets, or start a storm that
// never ends; a run is therefore estimated before it starts and counted while it goes on.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

/// The defaults are generous: two million hosts or a million clients with some requests each stay below them.
struct Limits {
  std::uint64_t hosts = 2'000'000;       ///< nodes, each member of a group counted
  std::uint64_t packets = 30'000'000;    ///< that the actions send and services answer
  std::uint64_t routes = 1'000'000'000;  ///< nodes times prefixes that route computation looks at
  std::uint64_t memory = 8'000'000'000;  ///< bytes: estimated before the run, counted during it
  std::uint64_t output = 8'000'000'000;  ///< bytes of all outputs together
  std::uint64_t events = 0;              ///< of the whole run; 0: `events_for` what the file asks for
  std::uint64_t instant = 0;             ///< events at one moment of the clock; 0: a quarter of `events`
};

/// What a scenario asks for, as far as its file tells. Counts that no machine reaches stop at 2^64 - 1.
struct Estimate {
  std::uint64_t hosts = 0;
  std::uint64_t interfaces = 0;
  std::uint64_t services = 0;  ///< programs that listen
  std::uint64_t flows = 0;     ///< actions, each member's counted
  std::uint64_t packets = 0;
  std::uint64_t routes = 0;
  std::uint64_t crossings = 0;  ///< links that a packet crosses at most, where no network sends it round in a loop
  std::uint64_t memory = 0;     ///< bytes before the first event
};
Estimate estimate(const Scenario& scenario);

/// Events that a run of this size may take: two million, and twenty for each interface and each packet and link.
std::uint64_t events_for(const Estimate& estimate);

/// A sentence for each limit that the estimate is over, "15,000,003 hosts are more than hosts=2M allows"; empty: none.
std::vector<std::string> breaches(const Estimate& estimate, const Limits& limits);

/// The scenario asks for more than a limit allows; nothing was run. `what()` is the first breach, with the advice.
class TooLarge : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Changes the limit that "hosts=2M" or "memory=8GB" names. Returns what is wrong with `text`, empty where nothing is.
std::string set_limit(Limits& limits, std::string_view text);

/// How a run is asked from outside to end between two events; a signal handler may do that.
struct StopRequest {
  std::atomic<int> asked{0};          ///< not 0: end now; the number says who asked
  std::atomic<bool> heard{false};     ///< true while a run looks at `asked`
  std::string (*why)(int) = nullptr;  ///< the sentence for a number, without its full stop
};

/// Why a run was not let run to its end.
struct BrokenOff {
  int asked = 0;                   ///< StopRequest::asked; 0: a limit
  std::string why;                 ///< "5000000 events are all that --limits events=5M allows": no full stop
  std::vector<std::string> loops;  ///< what went on: "packets go round: a -> b over net (...), since 0.000 s, flow x"

  /// All of it in one line, without a full stop.
  std::string sentence() const;
};

}  // namespace masqsim::scenario
