#include "zones.hpp"

#include <algorithm>
#include <deque>

namespace masqsim::viz {

namespace {

using scenario::NetworkIndex;
using scenario::Node;
using scenario::Scenario;

/// Marks `from` and all that is reached from it through nodes that do not translate.
void spread(const Scenario& scenario, NetworkIndex from, std::vector<bool>& marked) {
  std::deque<NetworkIndex> next{from};
  while (!next.empty()) {
    const NetworkIndex network = next.front();
    next.pop_front();
    if (marked[network]) continue;
    marked[network] = true;
    for (const Node& node : scenario.nodes) {
      if (node.nat || node.interfaces.size() < 2) continue;
      const bool on = std::ranges::any_of(node.interfaces, [&](const auto& i) { return i.network == network; });
      if (!on) continue;
      for (const auto& interface : node.interfaces) next.push_back(interface.network);
    }
  }
}

/// Networks a cloud is among, else those translated towards, else the first.
std::vector<NetworkIndex> outermost(const Scenario& scenario, const std::vector<Side>& sides) {
  std::vector<NetworkIndex> found;
  for (NetworkIndex n = 0; n < scenario.networks.size(); ++n) {
    if (scenario.networks[n].kind == scenario::NetworkKind::cloud) found.push_back(n);
  }
  for (NetworkIndex n = 0; found.empty() && n < sides.size(); ++n) {
    if (sides[n] == Side::outside) found.push_back(n);
  }
  if (found.empty() && !scenario.networks.empty()) found.push_back(0);
  return found;
}

std::vector<std::uint32_t> distances(const Scenario& scenario, const std::vector<Side>& sides) {
  constexpr std::uint32_t far = 0xffffffff;
  std::vector<std::uint32_t> distance(scenario.networks.size(), far);
  std::deque<NetworkIndex> next;
  for (const NetworkIndex n : outermost(scenario, sides)) {
    distance[n] = 0;
    next.push_back(n);
  }
  while (!next.empty()) {
    const NetworkIndex network = next.front();
    next.pop_front();
    for (const Node& node : scenario.nodes) {
      const bool on = std::ranges::any_of(node.interfaces, [&](const auto& i) { return i.network == network; });
      if (!on) continue;
      for (const auto& interface : node.interfaces) {
        if (distance[interface.network] != far) continue;
        distance[interface.network] = distance[network] + 1;
        next.push_back(interface.network);
      }
    }
  }
  return distance;
}

}  // namespace

Zones zones_of(const Scenario& scenario) {
  std::vector<bool> inside(scenario.networks.size()), outside(scenario.networks.size());
  for (const Node& node : scenario.nodes) {
    if (!node.nat) continue;
    for (const auto& interface : node.interfaces) {
      const bool out = std::ranges::find(node.nat->outside, interface.network) != node.nat->outside.end();
      spread(scenario, interface.network, out ? outside : inside);
    }
  }
  Zones zones;
  for (std::size_t n = 0; n < scenario.networks.size(); ++n) {
    zones.networks.push_back(inside[n] && outside[n] ? Side::between
                             : inside[n]             ? Side::inside
                             : outside[n]            ? Side::outside
                                                     : Side::neither);
  }
  zones.distance = distances(scenario, zones.networks);
  for (const Node& node : scenario.nodes) {
    const bool alone = node.interfaces.size() == 1 &&
                       scenario.networks[node.interfaces.front().network].kind != scenario::NetworkKind::link;
    zones.homes.push_back(alone ? std::optional(node.interfaces.front().network) : std::nullopt);
  }
  return zones;
}

}  // namespace masqsim::viz
