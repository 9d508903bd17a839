// What would let a failed flow pass: small changes to the file, each tried by running it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"

namespace masqsim::scenario {

struct Remedy {
  std::string change;  ///< YAML as it stands in the file: "forward: [{tcp: 22, to: \"laptop:22\"}]"
  std::string where;   ///< whose key it is, and where that stands now: "gw, 17:16"
  Result result{};     ///< what the same run with it gives the flow
};

/// The first change that makes the flow `id` of `finished` succeed and no other flow fail that did well; nothing where
/// none of those tried does. Each is made in the file as the user wrote it and run as the user ran it, with the same
/// variant, `--set` and seed. Costs a run of the scenario for each: at most `most_remedies`, and no more than are done
/// within `most_events` of the engine. Of `within` the limits and the stop hold for every run.
std::optional<Remedy> remedy(const Written& written, const Scenario& scenario, const Finished& finished,
                             std::string_view id, const RunOptions& within = {});

inline constexpr int most_remedies = 24;
inline constexpr std::uint64_t most_events = 4'000'000;

}  // namespace masqsim::scenario
