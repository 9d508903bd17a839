// Replaying a recorded case on a bench, and holding what came out against the recording.
#pragma once

#include <string>
#include <vector>

#include "case.hpp"

namespace masqsim::cases {

/// What a bench did with a case's steps.
struct Replay {
  std::vector<Observed> observed;  ///< `varies` empty
  std::vector<box::TableRow> table;
};

Replay replay(const Case& c, box::Bench& bench);

/// Whether a gateway did what the recording says.
struct Verdict {
  std::string name;
  bool same = true;
  std::vector<std::string> differences;  ///< one line or more each, the first ones; empty where same
};

/// Packets byte for byte, in their order at each side; bytes that varied in the recording are masked. What was random
/// there is checked for what the kernel guarantees of it: checksums as sound as the recorded ones, a port of the
/// right range (reference: `<512 -> 1..511`, `512..1023 -> 600..1023`, else 1024 and above; a given range as given),
/// one outside port for one inside endpoint (where the rule draws at random: for one flow) wherever the recording has
/// one, and no outside port twice towards
/// one remote. Then the table: states, tuples, flags, seconds left within 2.
Verdict judge(const Case& c, const Replay& done);

/// "ok NAME", or "DIFF NAME" with its differences on lines of their own.
std::string to_string(const Verdict& verdict);

}  // namespace masqsim::cases
