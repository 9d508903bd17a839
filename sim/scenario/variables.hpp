// `vars:` and `--set`: what individualises a file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "draft.hpp"

namespace masqsim::scenario {

/// The variables of the merged file `root`, with the values that `sets` gives them. Faults are reported.
std::vector<Variable> read_variables(Report& report, const Value& root,
                                     const std::vector<std::pair<std::string, std::string>>& sets);

/// Writes the sets that are paths of scalars ("nodes.gw.nat.timeouts.udp") into `root`; those that are neither a
/// variable nor such a path are reported.
void apply_sets(Report& report, Value& root, const std::vector<Variable>& variables,
                const std::vector<std::pair<std::string, std::string>>& sets);

/// Puts the values in place of `${name}` in every scalar of `root`; `sets` are those that gave some of them their
/// values.
void substitute(Report& report, Value& root, const std::vector<Variable>& variables,
                const std::vector<std::pair<std::string, std::string>>& sets);

}  // namespace masqsim::scenario
