// The rules of a `nat:` section as the NAT core takes them: source and destination rules in the order of their match.
#pragma once

#include <vector>

#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

/// The interfaces of `node` that are not attached to one of `spec.outside`.
std::vector<nat::InterfaceId> inside_interfaces(const Node& node, const NatSpec& spec);

/// Appends to `spec.config` what the rules of `spec` mean for `node`, whose interfaces and addresses have been read.
void compile_rules(const Node& node, NatSpec& spec);

}  // namespace masqsim::scenario
