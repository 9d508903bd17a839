// What ends a run from outside: signals, and the wall clock where one was set.
#pragma once

#include "masqsim/base/time.hpp"
#include "masqsim/scenario/limits.hpp"

namespace masqsim::cli {

/// From now on SIGINT, SIGTERM and SIGHUP end a run between two of its events, so that what was recorded can be
/// written. A second signal, or one that comes while nothing runs, ends the program at once; hidden files do not stay.
/// A signal that the parent process has set to be ignored (nohup) stays ignored.
void heed_signals();

/// As a signal, when this much wall time is over.
void end_after(Duration wall_time);

/// What runs look at.
scenario::StopRequest& program_stop();

/// 128 + N where signal N ended the run, else that of a limit.
int exit_code_of(const scenario::BrokenOff& broken_off);

}  // namespace masqsim::cli
