// What to try where no route led on, or one led astray.
#include <fmt/format.h>

#include <algorithm>

#include "proposal_search.hpp"
#include "proposals_by_cause.hpp"

namespace masqsim::scenario {

namespace {

/// A route to `to` by each router that is a neighbour of `node`.
void route_by_neighbours(ProposalSearch& search, const Node& node, const std::string& to) {
  const Path path = under(path_of(node), "routes");
  for (const Interface& i : node.interfaces) {
    if (search.scenario.networks[i.network].kind == NetworkKind::cloud) continue;
    for (const Node& other : search.scenario.nodes) {
      if (&other == &node || other.kind == NodeKind::host) continue;
      for (const Interface& theirs : other.interfaces) {
        if (theirs.network != i.network) continue;
        const std::string route =
            fmt::format("{{to: {}, via: {}}}", to, wire::to_string(theirs.addresses.front().address));
        search.propose(longer("routes", !node.routes.empty(), route), search.where(node.name, path),
                       {append(path, route)});
      }
    }
  }
}

/// The first address of the network that nobody has, or its last.
std::optional<wire::Address> free_address(ProposalSearch& search, NetworkIndex network, wire::Prefix subnet) {
  const auto taken = [&](wire::Address a) {
    return std::ranges::any_of(search.scenario.nodes, [&](const Node& n) { return is_on(n, network) && owns(n, a); });
  };
  for (std::uint32_t k = 1; k < 255 && subnet.address.value + k < subnet.broadcast().value; ++k) {
    const wire::Address a{subnet.address.value + k};
    if (!taken(a)) return a;
  }
  return std::nullopt;
}

}  // namespace

/// A node without a way: told not to have a default route, or told routes that lead elsewhere.
void for_default_route(ProposalSearch& search) {
  const Node* node = search.place();
  if (node == nullptr) return;
  const Path routes = under(path_of(*node), "routes"), no_default = under(path_of(*node), "default-route");
  if (search.has(no_default))
    search.propose("no default-route key", search.where(node->name, no_default), {erase(no_default)});
  if (!search.has(routes)) return;
  if (node->routes.empty()) search.propose("no routes key", search.where(node->name, routes), {erase(routes)});
  route_by_neighbours(search, *node, "default");
}

/// Routes of the file on the nodes that were passed: one of them may lead astray.
void for_static_routes(ProposalSearch& search) {
  std::vector<const Node*> asked{&search.caller()};
  for (const FlowFacts::Passed& way : search.facts.passed) asked.push_back(search.node_named(way.node));
  asked.push_back(search.place());
  if (const Node* target = search.owner(search.action().target.address)) asked.push_back(target);
  for (const Node* node : asked) {
    if (node == nullptr) continue;
    const Path all = under(path_of(*node), "routes");
    if (node->routes.size() == 1 && search.has(all)) {  // an empty list would take the default route away as well
      search.propose("no routes key", search.where(node->name, all), {erase(all)});
      continue;
    }
    for (std::size_t n = 0; n < node->routes.size(); ++n) {
      const Path path = under(all, std::to_string(n));
      if (search.has(path)) search.propose("routes without this one", search.where(node->name, path), {erase(path)});
    }
  }
  const Node* node = search.place();
  if (node == nullptr || !search.ended()) return;
  const wire::Address to = search.ended()->destination.address;
  for (const Network& network : search.scenario.networks) {
    if (!network.subnet || !network.subnet->contains(to)) continue;
    route_by_neighbours(search, *node, wire::to_string(*network.subnet));
  }
}

/// A gateway or router that has no interface in the network of the node that knows no way.
void for_missing_leg(ProposalSearch& search) {
  const Node* node = search.place();
  if (node == nullptr || node->kind != NodeKind::host) return;
  for (const Interface& i : node->interfaces) {
    const Network& network = search.scenario.networks[i.network];
    if (!network.subnet) continue;
    const bool led = std::ranges::any_of(
        search.scenario.nodes, [&](const Node& n) { return n.kind != NodeKind::host && is_on(n, i.network); });
    if (led) continue;
    const std::optional<wire::Address> free = free_address(search, i.network, *network.subnet);
    for (const Node& gateway : search.scenario.nodes) {
      if (gateway.kind == NodeKind::host || !free) continue;
      const Path path = under(under(path_of(gateway), "interfaces"), network.name);
      const std::string address = fmt::format("{}/{}", wire::to_string(*free), network.subnet->length);
      search.propose(fmt::format("interfaces: {{{}: {}}}", network.name, address), gateway.name, {put(path, address)});
    }
  }
}

void for_reverse_path(ProposalSearch& search) {
  if (const Node* node = search.place()) search.put_key(node->name, under(path_of(*node), "rp-filter"), "false");
}

/// RFC 4787 REQ-7: two networks of a gateway have the same addresses.
void for_overlap(ProposalSearch& search) {
  const auto has_twins = [&](const Node& gateway) {
    for (const Interface& a : gateway.interfaces) {
      for (const Interface& b : gateway.interfaces) {
        const auto& one = search.scenario.networks[a.network].subnet;
        if (&a != &b && one && one == search.scenario.networks[b.network].subnet) return true;
      }
    }
    return false;
  };
  for (const Node& gateway : search.scenario.nodes) {
    if (gateway.nat && has_twins(gateway)) search.put_nat(gateway, "overlap", "true");
  }
}

}  // namespace masqsim::scenario
