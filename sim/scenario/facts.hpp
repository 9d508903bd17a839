// What expectations and lab questions look up alike.
#pragma once

#include "draft.hpp"

namespace masqsim::scenario {

struct FlowRef {
  ActionIndex action = 0;
  std::uint32_t member = 0;
};

/// "out", "echo", "echo.7".
std::optional<FlowRef> find_flow(Draft& draft, const Value& value);

/// A node that translates.
std::optional<NodeIndex> find_gateway(Draft& draft, const Value& value);

}  // namespace masqsim::scenario
