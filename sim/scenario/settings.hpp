// Carrying out the file's `set` actions while the network runs.
#pragma once

#include "build.hpp"

namespace masqsim::scenario {

/// Changes the network now, and writes one `action` record that says what was done.
void carry_out(const Action& action, const Scenario& scenario, const Built& built, net::Network& network);

}  // namespace masqsim::scenario
