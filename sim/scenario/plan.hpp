// The flows of a run.
#pragma once

#include <cstdint>

#include "masqsim/scenario/model.hpp"
#include "masqsim/trace/record.hpp"

namespace masqsim::scenario {

/// Which flow of the trace stands for which action (and member of a group, counted from 1; 0: no group).
struct FlowPlan {
  ActionIndex action = 0;
  std::uint32_t member = 0;
  trace::NodeId initiator = 0;
};

}  // namespace masqsim::scenario
