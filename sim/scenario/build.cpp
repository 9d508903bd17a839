#include "build.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/net/gateway.hpp"
#include "sim/net/host.hpp"
#include "sim/net/router.hpp"
#include "sim/net/topology.hpp"

namespace masqsim::scenario {

namespace {

/// Where the routers of clouds have their address: RFC 2544's benchmarking network, which no file uses.
constexpr wire::Address first_cloud_address = wire::address(198, 18, 0, 1);

wire::Address moved(wire::Address first, std::size_t by) { return {first.value + static_cast<std::uint32_t>(by)}; }

net::LinkParams params_of(const Channel& channel) {
  return {.delay = channel.delay,
          .rate = channel.rate,
          .queue = channel.queue,
          .loss = channel.loss,
          .jitter = channel.jitter,
          .duplicate = channel.duplicate,
          .reorder = channel.reorder,
          .mtu = static_cast<std::uint16_t>(channel.mtu)};
}

class Builder {
 public:
  Builder(const Scenario& scenario, net::Network& network, GatewayMaker* gateways)
      : scenario_(scenario), network_(network), maker_(gateways) {}

  Built build() {
    network_.header().scenario = scenario_.name;
    network_.header().title = scenario_.title;
    network_.header().variant = scenario_.variant;
    for (const Network& spec : scenario_.networks) add_network(spec);
    for (const Node& spec : scenario_.nodes) add_node(spec);
    for (NodeIndex n = 0; n < scenario_.nodes.size(); ++n) attach(n);
    add_routes();
    for (ActionIndex n = 0; n < scenario_.actions.size(); ++n) plan_flows(n);
    return std::move(built_);
  }

 private:
  void add_network(const Network& spec) {
    built_.segments.emplace_back();
    built_.clouds.push_back(nullptr);
    if (spec.kind == NetworkKind::cloud) {
      built_.clouds.back() = &network_.add<net::Router>(spec.name, trace::NodeKind::cloud);
      return;
    }
    const bool shared = spec.kind == NetworkKind::lan;
    built_.segments.back().push_back(network_.add_segment(spec.name, params_of(spec.channel), shared));
  }

  void add_node(const Node& spec) {
    std::vector<Built::Member>& members = built_.nodes.emplace_back();
    built_.gateways.push_back(nullptr);
    for (std::uint32_t n = 0; n < spec.count; ++n) {
      const std::string name = spec.group ? fmt::format("{}.{}", spec.name, n + 1) : spec.name;
      members.push_back(make(spec, name));
    }
  }

  Built::Member make(const Node& spec, const std::string& name) {
    if (spec.kind == NodeKind::host) {
      auto& host = network_.add<net::Host>(name, trace::NodeKind::host);
      host.stack().set_ttl(spec.ttl);
      host.stack().set_silent(spec.icmp_silent);
      return {&host, &host.stack()};
    }
    if (spec.kind == NodeKind::router || !spec.nat) {
      const auto kind = spec.kind == NodeKind::router ? trace::NodeKind::router : trace::NodeKind::gateway;
      auto& router = network_.add<net::Router>(name, kind);
      router.stack().set_ttl(spec.ttl);
      router.stack().set_silent(spec.icmp_silent);
      router.set_reverse_path_filter(spec.rp_filter);
      return {&router, &router.stack()};
    }
    if (maker_) {
      net::GatewayNode& gateway = maker_->make(network_, spec);
      built_.gateways.back() = &gateway;
      return {&gateway, nullptr};
    }
    auto& gateway = network_.add<net::Gateway>(name, trace::NodeKind::gateway, spec.nat->config);
    gateway.stack().set_ttl(spec.ttl);
    gateway.stack().set_silent(spec.icmp_silent);
    gateway.set_reverse_path_filter(spec.rp_filter);
    built_.gateways.back() = &gateway;
    return {&gateway, &gateway.stack()};
  }

  void attach(NodeIndex index) {
    const Node& spec = scenario_.nodes[index];
    for (std::size_t member = 0; member < built_.nodes[index].size(); ++member) {
      net::Node& node = *built_.nodes[index][member].node;
      for (const Interface& interface : spec.interfaces) {
        const Network& network = scenario_.networks[interface.network];
        const InterfaceAddress& first = interface.addresses.front();
        const auto mtu = static_cast<std::uint16_t>(interface.mtu);
        const net::InterfaceIndex number =
            network_.attach(node, segment_for(interface.network, node), network.name, network.name,
                            moved(first.address, member), first.length, mtu);
        if (network.kind == NetworkKind::cloud) attach_cloud(interface.network, node, number);
        for (std::size_t n = 1; n < interface.addresses.size(); ++n) {
          const InterfaceAddress& also = interface.addresses[n];
          network_.add_address(node, number, moved(also.address, member), also.length);
        }
      }
    }
  }

  /// The segment that `node` is plugged into: of a cloud one of its own.
  std::uint32_t segment_for(NetworkIndex network, const net::Node& node) {
    const Network& spec = scenario_.networks[network];
    if (spec.kind != NetworkKind::cloud) return built_.segments[network].front();
    const std::string name = spec.name + "/" + network_.name(node.id());
    built_.segments[network].push_back(network_.add_segment(name, params_of(spec.channel), false));
    return built_.segments[network].back();
  }

  void attach_cloud(NetworkIndex network, net::Node& node, net::InterfaceIndex number) {
    const std::string& name = scenario_.networks[network].name;
    network_.attach(*built_.clouds[network], node.interfaces()[number].segment, network_.name(node.id()), name,
                    moved(first_cloud_address, network), 32);
  }

  void add_routes() {
    net::Topology topology = net::topology_of(network_);
    for (NodeIndex n = 0; n < scenario_.nodes.size(); ++n) {
      const Node& spec = scenario_.nodes[n];
      for (const Built::Member& member : built_.nodes[n]) {
        const trace::NodeId id = member.node->id();
        topology.nodes[id].learns_default = spec.default_route;
        topology.nodes[id].learns_others = spec.other_routes;
        for (const Route& route : spec.routes) {
          const auto out = route.network ? interface_to(spec, *route.network) : net::no_interface;
          topology.statics.push_back({id, route.to, route.via, out});
        }
        if (spec.nat) tell_translation(spec, topology.nodes[id]);
      }
    }
    std::vector<net::RouteTable> tables = net::compute(topology);
    for (trace::NodeId id = 0; id < network_.node_count(); ++id) network_.node(id).routes() = std::move(tables[id]);
  }

  static net::InterfaceIndex interface_to(const Node& spec, NetworkIndex network) {
    for (std::size_t n = 0; n < spec.interfaces.size(); ++n) {
      if (spec.interfaces[n].network == network) return static_cast<net::InterfaceIndex>(n);
    }
    return net::no_interface;
  }

  /// What the internet has to know of a gateway, and what it must not.
  static void tell_translation(const Node& spec, net::Topology::NodeAt& node) {
    const std::vector<NetworkIndex>& outside = spec.nat->outside;
    for (std::size_t n = 0; n < spec.interfaces.size(); ++n) {
      const bool is_outside = std::find(outside.begin(), outside.end(), spec.interfaces[n].network) != outside.end();
      node.attachments[n].outside = is_outside;
    }
    for (const nat::DestinationRule& rule : spec.nat->config.destination) {
      if (rule.in == nat::any_interface) node.pools.push_back(rule.to);
    }
    for (const nat::SourceRule& rule : spec.nat->config.source) {
      if (rule.action != nat::SourceRule::Action::source_nat || rule.in != nat::any_interface) continue;
      for (const wire::Prefix part : net::prefixes_of(rule.addresses.first, rule.addresses.last)) {
        node.pools.push_back(part);
      }
    }
  }

  void plan_flows(ActionIndex index) {
    const Action& action = scenario_.actions[index];
    if (action.verb == Verb::set) return;
    const bool group = scenario_.nodes[action.from.node].group && action.from.member == 0;
    const std::uint32_t first = group ? 1 : action.from.member;
    const std::uint32_t last = group ? scenario_.nodes[action.from.node].count : action.from.member;
    const std::string port = action.from_port ? fmt::format(":{}", *action.from_port) : "";
    for (std::uint32_t member = first; member <= last; ++member) {
      const NodeRef from{action.from.node, member};
      built_.plans.push_back({index, group ? member : 0, built_.member(from).node->id()});
      network_.header().flows.push_back({.id = group ? fmt::format("{}.{}", action.id, member) : action.id,
                                         .from = scenario_.name_of(from) + port,
                                         .to = action.target.text,
                                         .verb = std::string(word(action.verb))});
    }
  }

  const Scenario& scenario_;
  net::Network& network_;
  GatewayMaker* maker_;
  Built built_;
};

bool owns(const Node& node, wire::Address a) {
  for (const Interface& interface : node.interfaces) {
    for (const InterfaceAddress& own : interface.addresses) {
      if (a.value >= own.address.value && a.value < own.address.value + node.count) return true;
    }
  }
  return false;
}

const Service* service_of(const Node& node, wire::Protocol protocol, std::uint16_t port) {
  for (const Service& service : node.services) {
    if (service.protocol == protocol && service.port == port) return &service;
  }
  return nullptr;
}

/// Where a gateway's port forward leads that takes `to`; nothing if none does.
std::optional<wire::Endpoint> forwarded(const Node& node, wire::Protocol protocol, wire::Endpoint to) {
  if (!node.nat) return std::nullopt;
  for (const nat::DestinationRule& rule : node.nat->config.destination) {
    if (!rule.to.contains(to.address) || (rule.protocol && *rule.protocol != protocol)) continue;
    if (rule.port && (to.port < rule.port->first || to.port > rule.port->last)) continue;
    const std::uint32_t host_bits = rule.keep_host_bits ? to.address.value & ~rule.to.mask() : 0;
    return wire::Endpoint{{rule.forward.value + host_bits}, rule.forward_port.value_or(to.port)};
  }
  return std::nullopt;
}

}  // namespace

Built build(const Scenario& scenario, net::Network& network, GatewayMaker* gateways) {
  return Builder(scenario, network, gateways).build();
}

const Service* service_at(const Scenario& scenario, wire::Protocol protocol, wire::Endpoint endpoint) {
  for (std::size_t hops = 0; hops <= scenario.nodes.size(); ++hops) {  // forwards may lead to the next gateway
    std::optional<wire::Endpoint> next;
    for (const Node& node : scenario.nodes) {
      next = forwarded(node, protocol, endpoint);
      if (next) break;
      if (!owns(node, endpoint.address)) continue;
      if (const Service* service = service_of(node, protocol, endpoint.port)) return service;
    }
    if (!next || *next == endpoint) return nullptr;
    endpoint = *next;
  }
  return nullptr;
}

}  // namespace masqsim::scenario
