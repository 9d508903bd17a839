// The rules of a `nat:` section as the NAT core takes them: source and destination rules in the order of their match.
#pragma once

#include "masqsim/nat/sides.hpp"
#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

/// The sides of `node`, whose interfaces have been read: what `compile_rules` will make of the source rules of `spec`
/// says it already. `spec.config.outside` is set.
nat::Sides sides_of(const Node& node, const NatSpec& spec);

/// Appends to `spec.config` what the rules of `spec` mean for `node`, whose interfaces and addresses have been read.
void compile_rules(const Node& node, NatSpec& spec);

}  // namespace masqsim::scenario
