// The verdicts of several runs for people.
#pragma once

#include <string>
#include <vector>

#include "masqsim/scenario/verdicts.hpp"
#include "paint.hpp"

namespace masqsim::viz {

/// A line a run, each failed check or the reason for a skip under it, and a last line that counts.
std::string text(const std::vector<scenario::Suite>& suites, const Paint& paint);

}  // namespace masqsim::viz
