#include "settings.hpp"

#include <fmt/format.h>

#include "sections.hpp"

namespace masqsim::scenario {

namespace {

/// Carries out one setting and gives the sentence for the record.
class Carrier {
 public:
  Carrier(const Scenario& scenario, const Built& built, net::Network& network)
      : scenario_(scenario), built_(built), network_(network) {}

  std::string operator()(const SetAddress& set) const {
    net::Node& node = *built_.member(set.node).node;
    const auto index = static_cast<net::InterfaceIndex>(set.interface);
    const net::Interface& interface = node.interfaces()[index];
    const wire::Address before = interface.address;
    std::vector<net::Alias> addresses;
    for (const InterfaceAddress& one : set.addresses) addresses.push_back({one.address, one.length});
    network_.set_addresses(node, index, addresses);
    if (net::GatewayNode* gateway = built_.gateways[set.node.node]) {
      if (set.nat) gateway->configure(*set.nat);
      gateway->interface_lost(index);
    }
    node.changed();
    return fmt::format("{}: address {} => {}", network_.header().points[interface.point].name, wire::to_string(before),
                       wire::to_string(interface.address));
  }

  std::string operator()(const SetLink& set) const {
    const std::string_view state = set.up ? "up" : "down";
    if (!set.node) {
      for (const std::uint32_t segment : built_.segments[set.network]) network_.segment(segment).down = !set.up;
      return fmt::format("{}: link {}", scenario_.networks[set.network].name, state);
    }
    const Node& spec = scenario_.nodes[set.node->node];
    net::Node& node = *built_.member(*set.node).node;
    for (std::size_t n = 0; n < spec.interfaces.size(); ++n) {
      if (spec.interfaces[n].network != set.network) continue;
      const auto index = static_cast<net::InterfaceIndex>(n);
      node.interfaces()[n].up = set.up;
      net::GatewayNode* gateway = built_.gateways[set.node->node];
      if (gateway && !set.up) gateway->interface_lost(index);
    }
    node.changed();
    return fmt::format("{}/{}: interface {}", scenario_.name_of(*set.node), scenario_.networks[set.network].name,
                       state);
  }

  std::string operator()(const SetChannel& set) const {
    for (const std::uint32_t index : built_.segments[set.network]) {
      net::LinkParams& params = network_.segment(index).params;
      if (set.delay) params.delay = *set.delay;
      if (set.jitter) params.jitter = *set.jitter;
      if (set.rate) params.rate = *set.rate;
      if (set.loss) params.loss = *set.loss;
      if (set.duplicate) params.duplicate = *set.duplicate;
      if (set.reorder) params.reorder = *set.reorder;
    }
    std::string text = scenario_.networks[set.network].name + ":";
    for (const Row<SetChannel>& row : set_keys().rows) {
      const auto value = row.text ? row.text(set) : std::nullopt;
      if (value) text += fmt::format(" {} {}", row.key.name, *value);
    }
    return text;
  }

  std::string operator()(const SetNat& set) const {
    built_.gateways[set.node]->configure(set.nat.config);
    return scenario_.nodes[set.node].name + ": nat " +
           (set.changes.empty() ? "stays as it is" : "changes: " + set.changes);
  }

  std::string operator()(const Flush& set) const {
    built_.gateways[set.node]->flush();
    return scenario_.nodes[set.node].name + ": table flushed";
  }

 private:
  const Scenario& scenario_;
  const Built& built_;
  net::Network& network_;
};

}  // namespace

void carry_out(const Action& action, const Scenario& scenario, const Built& built, net::Network& network) {
  const std::string text = std::visit(Carrier(scenario, built, network), *action.set);
  if (!network.trace().on(trace::Kind::action)) return;
  trace::Record record;
  record.kind = trace::Kind::action;
  record.text = text;
  network.emit(record);
}

}  // namespace masqsim::scenario
