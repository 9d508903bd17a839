// Whether a scenario tells of timers, which the running kernel counts in real time only.
#pragma once

#include <optional>
#include <string>

#include "masqsim/scenario/model.hpp"

namespace masqsim::standin {

/// The first thing in `scenario` that a gateway does because time has passed, as a sentence: an entry that expires, a
/// datagram whose pieces come too late, UDP traffic that goes on for two seconds and so becomes a stream. Found by
/// running it through this project's gateway. Nothing: the kernel can play it as fast as it likes.
std::optional<std::string> waits_for_timers(const scenario::Scenario& scenario);

}  // namespace masqsim::standin
