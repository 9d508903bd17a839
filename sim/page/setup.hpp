// The set-up of a scenario for the page: networks, nodes, rules, and which side of the gateways each lies on.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "masqsim/scenario/model.hpp"

namespace masqsim::page {

/// {"name","title","variant","seed","until_ns","variants":[{"name","title"}],
///  "networks":[{"name","kind","subnet","side","distance","words":["1ms","100Mbps"]}],
///  "nodes":[{"name","kind","count","line","home","services":["tcp 22"],"rules":["masquerades to internet"],
///            "interfaces":[{"network","addresses":["192.168.1.10/24"]}]}]}
/// `side`: inside, outside, between (inside of one gateway, outside of another) or neither. `distance`: nodes between
/// the network and the outermost one. `home`: the one network that a node belongs to; absent for nodes between
/// networks.
nlohmann::ordered_json setup_of(const scenario::Scenario& scenario);

}  // namespace masqsim::page
