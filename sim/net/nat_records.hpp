// What a gateway records of its NAT core: each translation, each change of the table, and the table when it is asked
// for.
#pragma once

#include "ip_layer.hpp"
#include "masqsim/nat/nat.hpp"
#include "node.hpp"

namespace masqsim::net {

/// How `p` was translated, or why it was not, the questions that decided it, and the row of its flow, each where a sink
/// asks for it; `p.before` holds the packet as it came.
void record_translation(const Node& node, const PacketContext& p, const std::vector<Step>& steps,
                        const std::optional<nat::Entry>& entry);
/// One `change` record for each.
void record_changes(const Node& node, const std::vector<nat::Change>& changes);
/// One `table` record for each.
void record_table(const Node& node, const std::vector<nat::Entry>& entries);

}  // namespace masqsim::net
