#include "setup.hpp"

#include <nlohmann/json.hpp>

#include "viz/setup_words.hpp"
#include "viz/zones.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

std::string_view word(viz::Side side) {
  switch (side) {
    case viz::Side::inside: return "inside";
    case viz::Side::outside: return "outside";
    case viz::Side::between: return "between";
    case viz::Side::neither: break;
  }
  return "neither";
}

Json network_of(const scenario::Network& network, viz::Side side, std::uint32_t distance) {
  Json json{{"name", network.name}, {"kind", word(network.kind)}};
  if (network.subnet) json["subnet"] = wire::to_string(*network.subnet);
  json["side"] = word(side);
  json["distance"] = distance;
  json["words"] = viz::channel_words(network.channel);
  return json;
}

Json interface_of(const scenario::Scenario& scenario, const scenario::Node& node,
                  const scenario::Interface& interface) {
  Json addresses = Json::array();
  for (const scenario::InterfaceAddress& a : interface.addresses) addresses.push_back(viz::range_text(node, a, true));
  return {{"network", scenario.networks[interface.network].name}, {"addresses", std::move(addresses)}};
}

Json node_of(const scenario::Scenario& scenario, const scenario::Node& node,
             const std::optional<scenario::NetworkIndex>& home) {
  Json json{{"name", node.name}, {"kind", word(node.kind)}, {"count", node.count}, {"line", node.position.line}};
  if (home) json["home"] = scenario.networks[*home].name;
  json["services"] = Json::array();
  for (const scenario::Service& service : node.services) {
    json["services"].push_back(wire::to_string(service.protocol) + " " + std::to_string(service.port));
  }
  json["rules"] = viz::nat_lines(scenario, node);
  json["interfaces"] = Json::array();
  for (const scenario::Interface& interface : node.interfaces) {
    json["interfaces"].push_back(interface_of(scenario, node, interface));
  }
  return json;
}

}  // namespace

Json setup_of(const scenario::Scenario& scenario) {
  const viz::Zones zones = viz::zones_of(scenario);
  Json json{{"name", scenario.name}, {"title", scenario.title}, {"variant", scenario.variant}, {"seed", scenario.seed}};
  json["variants"] = Json::array();
  for (const scenario::VariantInfo& variant : scenario.variants) {
    json["variants"].push_back({{"name", variant.name}, {"title", variant.title}});
  }
  json["networks"] = Json::array();
  for (std::size_t n = 0; n < scenario.networks.size(); ++n) {
    json["networks"].push_back(network_of(scenario.networks[n], zones.networks[n], zones.distance[n]));
  }
  json["nodes"] = Json::array();
  for (std::size_t n = 0; n < scenario.nodes.size(); ++n) {
    json["nodes"].push_back(node_of(scenario, scenario.nodes[n], zones.homes[n]));
  }
  return json;
}

}  // namespace masqsim::page
