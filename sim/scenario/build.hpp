// From the model of a file to a network that can run: nodes, links, addresses, routes, and the list of its flows.
#pragma once

#include <memory>
#include <vector>

#include "masqsim/scenario/gateway_maker.hpp"
#include "masqsim/scenario/model.hpp"
#include "plan.hpp"
#include "sim/net/gateway_node.hpp"
#include "sim/net/network.hpp"
#include "sim/net/stack.hpp"

namespace masqsim::scenario {

/// What became of the nodes of the file.
struct Built {
  struct Member {
    net::Node* node = nullptr;
    net::Stack* stack = nullptr;
  };
  std::vector<std::vector<Member>> nodes;            ///< by NodeIndex; more than one member only in groups
  std::vector<net::GatewayNode*> gateways;           ///< by NodeIndex; null for what is no gateway
  std::vector<net::Node*> clouds;                    ///< by NetworkIndex; null for what is no cloud
  std::vector<std::vector<std::uint32_t>> segments;  ///< by NetworkIndex; a cloud has one an attachment
  std::vector<FlowPlan> plans;                       ///< the flow with FlowId n + 1

  const Member& member(NodeRef ref) const { return nodes[ref.node][ref.member == 0 ? 0 : ref.member - 1]; }
};

Built build(const Scenario& scenario, net::Network& network, GatewayMaker* gateways);

/// What a program of the file listens with at `endpoint`, found through the gateways' port forwards; null if nothing
/// does.
const Service* service_at(const Scenario& scenario, wire::Protocol protocol, wire::Endpoint endpoint);

}  // namespace masqsim::scenario
