// What a change of `nat:` changes, in the words of the file.
#pragma once

#include <string>

#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

/// "timeouts.udp 5s, forward (2 rules), filtering endpoint-independent"; empty where nothing differs.
std::string changes_of(const NatSpec& before, const NatSpec& after);

}  // namespace masqsim::scenario
