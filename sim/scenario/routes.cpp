#include <algorithm>

#include "build.hpp"
#include "masqsim/scenario/model.hpp"
#include "sim/net/network.hpp"

namespace masqsim::scenario {

namespace {

/// A route of the run as a file would say it. `member` is the first of its node.
Route spelled(const Node& node, const net::Route& used) {
  Route route;
  route.to = used.to;
  route.via = used.via;
  if (used.via.is_zero()) route.network = node.interfaces[used.out].network;
  return route;
}

bool is_own_subnet(const Node& node, const net::Route& used) {
  return used.via.is_zero() &&
         std::ranges::any_of(node.interfaces[used.out].addresses, [&](const InterfaceAddress& own) {
           return used.to == wire::prefix_of(own.address, own.length);
         });
}

}  // namespace

Scenario with_routes(const Scenario& scenario) {
  Scenario one_each = scenario;  // all members of a group have the same routes
  for (Node& node : one_each.nodes) node.count = 1;
  one_each.actions.clear();
  net::Network network(scenario.seed);
  const Built built = build(one_each, network, nullptr);
  Scenario spelled_out = scenario;
  for (NodeIndex n = 0; n < scenario.nodes.size(); ++n) {
    Node& node = spelled_out.nodes[n];
    node.routes.clear();
    for (const net::Route& used : built.nodes[n].front().node->routes().all()) {
      if (!is_own_subnet(node, used)) node.routes.push_back(spelled(node, used));
    }
    node.other_routes = false;
    node.default_route = std::ranges::any_of(node.routes, [](const Route& r) { return r.to.length == 0; });
  }
  return spelled_out;
}

}  // namespace masqsim::scenario
