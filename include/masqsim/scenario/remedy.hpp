// What would let a failed flow pass: small changes to the file, each tried by running it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "masqsim/scenario/run.hpp"

namespace masqsim::scenario {

struct Remedy {
  std::string change;  ///< YAML as it stands in the file: "forward: [{tcp: 22, to: \"laptop:22\"}]"
  Result result{};     ///< what the same run with it gives the flow
};

/// The first change that makes the flow `id` of `finished` succeed; nothing where none of those tried does. Costs a run
/// of the scenario for each, at most `most_remedies`.
std::optional<Remedy> remedy(const Scenario& scenario, const Finished& finished, std::string_view id);

inline constexpr int most_remedies = 6;

}  // namespace masqsim::scenario
