#include "export_nft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "sim/kernel/ruleset.hpp"

namespace masqsim::standin {
namespace {

constexpr std::size_t longest_name = 15;  // of an interface in Linux

/// The network's name, cut to what Linux takes; with its number where another interface has that already.
std::string interface_name(const std::string& network, const std::vector<std::string>& taken) {
  std::string name = network.substr(0, longest_name);
  if (std::find(taken.begin(), taken.end(), name) == taken.end()) return name;
  const std::string number = fmt::format("{}", taken.size());
  return name.substr(0, longest_name - number.size()) + number;
}

std::string section(const scenario::Scenario& scenario, const scenario::Node& gateway) {
  std::vector<std::string> names;
  std::vector<wire::Address> addresses;
  std::string interfaces;
  for (const scenario::Interface& interface : gateway.interfaces) {
    const std::string name = interface_name(scenario.networks[interface.network].name, names);
    const scenario::InterfaceAddress& address = interface.addresses.front();
    interfaces += fmt::format("{}{} ({}/{})", interfaces.empty() ? "" : ", ", name, wire::to_string(address.address),
                              address.length);
    names.push_back(name);
    addresses.push_back(address.address);
  }
  const std::string title = fmt::format("Gateway {} of scenario {}. Interfaces: {}; call them as the router does.",
                                        gateway.name, scenario.name, interfaces);
  const nat::Config& config = gateway.nat->config;
  kernel::Ruleset rules = kernel::ruleset_of(config, kernel::names_by_side(config, std::move(names), addresses));
  if (gateway.icmp_silent) rules.nft += kernel::silence_rules();
  for (const scenario::Action& action : scenario.actions) {
    const auto* set = action.set ? std::get_if<scenario::SetNat>(&*action.set) : nullptr;
    if (set == nullptr || scenario.nodes[set->node].name != gateway.name) continue;
    rules.cannot.push_back(
        fmt::format("what the scenario sets at {}: {}", to_string(action.at - Time{}), set->changes));
  }
  return kernel::export_text(rules, title);
}

}  // namespace

std::string nft_of(const scenario::Scenario& scenario) {
  std::string text;
  for (const scenario::Node& node : scenario.nodes) {
    if (!node.nat) continue;
    if (!text.empty()) text += "\n# --- Another router's, not to be loaded together with the one above ---\n";
    text += section(scenario, node);
  }
  return text;
}

}  // namespace masqsim::standin
