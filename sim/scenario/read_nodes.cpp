#include <algorithm>

#include <fmt/format.h>

#include "draft.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

/// The addresses that a node (or the members of a group) holds on one network.
struct Claim {
  NetworkIndex network;
  wire::Address first;
  wire::Address last;
  Span where;
};

void check_usable(Draft& draft, const Network& network, wire::Address a, Span where) {
  const std::string text = wire::to_string(a);
  if (a.value >> 24 == 0 || a.is_loopback() || a.value >> 28 >= 0xe) {
    draft.report.error(where, fmt::format("'{}' cannot be the address of a host", text));
    return;
  }
  if (network.kind != NetworkKind::cloud) return;
  if (a.is_private()) {
    draft.report.error(where, fmt::format("'{}' is private (RFC 1918); a cloud does not route it", text));
  }
  if (a.is_shared()) {
    draft.report.error(where, fmt::format("'{}' is shared (RFC 6598); a cloud does not route it", text));
  }
}

/// One address of an interface, with its prefix on LANs and links, bare on clouds. A `further` one may be of another
/// subnet than the network's; so may a single address, whose prefix is 32.
std::optional<InterfaceAddress> read_interface_address(Draft& draft, Network& network, std::uint32_t members,
                                                       bool further, const Value& value) {
  const std::string* text = plain_text(draft.report, value, "address");
  if (!text) return std::nullopt;
  const std::size_t slash = text->find('/');
  const auto address = read_address(draft.report, value.span, std::string_view(*text).substr(0, slash));
  if (!address) return std::nullopt;
  const auto say = [&](std::string message) { draft.report.error(value.span, std::move(message)); };
  if (network.kind == NetworkKind::cloud) {
    if (slash != std::string::npos) {
      say(fmt::format("{} must be bare: '{}' is a cloud", quoted(*text), network.name));
      return std::nullopt;
    }
    check_usable(draft, network, *address, value.span);
    const std::uint64_t last = std::uint64_t{address->value} + members - 1;
    if (members > 1) {
      check_usable(draft, network, {static_cast<std::uint32_t>(std::min<std::uint64_t>(last, UINT32_MAX))}, value.span);
    }
    return InterfaceAddress{*address, 32};
  }
  if (slash == std::string::npos) {
    const int length = network.subnet ? network.subnet->length : 24;
    draft.report.error(value.span, fmt::format("{} needs its prefix length on '{}'", quoted(*text), network.name),
                       fmt::format("write {}/{}", *text, length));
    return std::nullopt;
  }
  const auto length = parse::whole(std::string_view(*text).substr(slash + 1), 1, 32);
  if (const auto* problem = std::get_if<parse::Problem>(&length)) {
    say("prefix length " + problem->text);
    return std::nullopt;
  }
  const InterfaceAddress got{*address, static_cast<std::uint8_t>(std::get<std::uint64_t>(length))};
  const wire::Prefix subnet = wire::prefix_of(got.address, got.length);
  if (!network.subnet && !further && got.length < 32) network.subnet = subnet;
  const bool elsewhere = !network.subnet || !network.subnet->contains(got.address);
  if (got.length == 32 || (further && elsewhere)) {
    check_usable(draft, network, got.address, value.span);
    return got;
  }
  if (elsewhere) {
    say(fmt::format("{} is not in the subnet {} of '{}'", quoted(*text), wire::to_string(*network.subnet),
                    network.name));
    return std::nullopt;
  }
  if (subnet != *network.subnet) {
    say(fmt::format("{} must have the prefix length of '{}' ({})", quoted(*text), network.name,
                    wire::to_string(*network.subnet)));
    return std::nullopt;
  }
  check_usable(draft, network, got.address, value.span);
  const std::uint64_t last = std::uint64_t{got.address.value} + members - 1;
  const bool has_ends = got.length < 31;
  if (has_ends && got.address == subnet.address) say(fmt::format("{} is the network's own address", quoted(*text)));
  if (has_ends && got.address == subnet.broadcast()) say(fmt::format("{} is the broadcast address", quoted(*text)));
  if (members > 1 && last >= std::uint64_t{subnet.broadcast().value} + (has_ends ? 0 : 1)) {
    say(fmt::format("{} addresses from {} do not fit into {}", members, wire::to_string(got.address),
                    wire::to_string(subnet)));
  }
  return got;
}

void read_interface(Draft& draft, Node& node, const Key& key, const Value& value, std::vector<Claim>& claims) {
  const auto found = draft.networks.find(key.text);
  if (found == draft.networks.end()) {
    if (draft.lost_networks.has(key.text)) return;
    draft.lost_networks.names.insert(key.text);
    std::vector<std::string_view> names;
    for (const auto& [name, index] : draft.networks) names.push_back(name);
    draft.report.error(key.span, fmt::format("{} refers to unknown network {}{}", node.name, quoted(key.text),
                                             suggestion(draft.report, key.text, "networks", names)));
    return;
  }
  Network& network = draft.scenario.networks[found->second];
  Interface interface;
  interface.position = position_of(draft, key.span);
  interface.network = found->second;
  interface.mtu = network.channel.mtu;
  std::vector<const Value*> written;
  if (value.is_map()) {
    const Fields fields(draft.report, value, fmt::format("nodes.{}.interfaces.{}", node.name, key.text), key.span,
                        interface_section());
    if (const Value* address = fields.need("address")) written.push_back(address);
    if (const auto* also = fields.list("also")) {
      for (const Value& more : *also) written.push_back(&more);
    }
    fields.whole("mtu", 68, network.channel.mtu, interface.mtu);
  } else if (value.is_list()) {
    for (const Value& one : value.items) written.push_back(&one);
    if (written.empty()) draft.report.error(key.span, fmt::format("{} has no address on '{}'", node.name, key.text));
  } else if (value.kind == Value::Kind::null) {
    draft.report.error(key.span, fmt::format("{} has no address on '{}'", node.name, key.text));
  } else {
    written.push_back(&value);
  }
  for (const Value* one : written) {
    const auto address = read_interface_address(draft, network, node.count, one != written.front(), *one);
    if (!address) continue;
    interface.addresses.push_back(*address);
    claims.push_back({interface.network, address->address, {address->address.value + node.count - 1}, one->span});
  }
  if (!interface.addresses.empty()) node.interfaces.push_back(std::move(interface));
}

void refuse_duplicate_addresses(Draft& draft, std::vector<Claim>& claims) {
  std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
    return std::pair(a.network, a.first) < std::pair(b.network, b.first);
  });
  const Claim* widest = nullptr;  // of those before, the one that reaches furthest
  for (const Claim& claim : claims) {
    const bool clash = widest && widest->network == claim.network && claim.first <= widest->last;
    if (clash) {
      const bool later = widest->where.offset < claim.where.offset;
      const Span second = later ? claim.where : widest->where;
      const Span first = later ? widest->where : claim.where;
      draft.report.error(second, fmt::format("duplicate address '{}' (first used on line {})",
                                             wire::to_string(claim.first), draft.report.position(first).line));
    }
    if (!clash || widest->last < claim.last) widest = &claim;
  }
}

void read_bytes(const Fields& fields, std::string_view key, std::vector<std::uint8_t>& out) {
  std::string text;
  if (fields.text(key, text)) out.assign(text.begin(), text.end());
}

void read_services(Draft& draft, const Fields& fields, Node& node) {
  const auto* services = fields.list("services");
  if (!services) return;
  std::map<std::pair<wire::Protocol, std::uint16_t>, Span> taken;
  for (const Value& value : *services) {
    if (value.is_scalar()) {
      draft.report.error(value.span, fmt::format("a service is a map, got {}", quoted(value.text)),
                         "write {tcp: 80} or {udp: 53}");
      continue;
    }
    const Fields service(draft.report, value, fields.path() + ".services", value.span, service_keys().section);
    if (!service.ok()) continue;
    Service made;
    made.position = position_of(draft, value.span);
    if (service.has("tcp") == service.has("udp")) {
      draft.report.error(value.span, "a service needs one of 'tcp' and 'udp', and a port");
      continue;
    }
    const std::string_view protocol = service.has("tcp") ? "tcp" : "udp";
    made.protocol = protocol == "tcp" ? wire::Protocol::tcp : wire::Protocol::udp;
    if (const Value* port = service.get(protocol)) {
      const auto number = port->is_scalar() ? read_port(draft.report, port->span, port->text) : std::nullopt;
      if (!port->is_scalar()) {
        draft.report.error(port->span, fmt::format("port must be a number, got {}", kind_word(*port)));
      }
      made.port = number.value_or(0);
    }
    service_keys().read(service, made);
    read_bytes(service, "text", made.text);
    read_bytes(service, "say", made.greeting);
    const int answers = (made.echo ? 1 : 0) + (service.has("reply") ? 1 : 0) + (service.has("text") ? 1 : 0);
    if (answers > 1) draft.report.error(value.span, "a service answers with one of 'reply', 'text' and 'echo'");
    if (!made.text.empty()) made.reply = made.text.size();
    if (!made.greeting.empty() && made.protocol == wire::Protocol::udp) {
      draft.report.error(service.key_span("say"), "'say' is for tcp services: it greets who has connected");
    }
    if (made.protocol == wire::Protocol::udp && made.reply > 65507) {
      draft.report.error(service.key_span(service.has("text") ? "text" : "reply"),
                         "reply of a udp service is at most 65507B");
    }
    if (made.close && made.protocol == wire::Protocol::udp) {
      draft.report.error(service.key_span("close"), "'close' is for tcp services");
    }
    if (made.port == 0) continue;
    const auto [first, fresh] = taken.emplace(std::pair(made.protocol, made.port), value.span);
    if (!fresh) {
      draft.report.error(value.span, fmt::format("duplicate service {} {} (first defined on line {})", protocol,
                                                 made.port, draft.report.position(first->second).line));
      continue;
    }
    node.services.push_back(made);
  }
}

/// The address of `other` that `node` can hand packets to: on a network that both are on.
std::optional<wire::Address> shared_address(const Draft& draft, const Node& node, NodeRef other) {
  const Node& peer = draft.scenario.nodes[other.node];
  const std::uint32_t offset = other.member > 0 ? other.member - 1 : 0;
  for (const Interface& mine : node.interfaces) {
    const auto theirs = interface_on(peer, mine.network);
    if (theirs) return wire::Address{peer.interfaces[*theirs].addresses[0].address.value + offset};
  }
  return std::nullopt;
}

/// One of the addresses of a group's interface on one network, or of a single node's.
bool holds(const Interface& interface, std::uint32_t members, wire::Address a) {
  return std::ranges::any_of(interface.addresses, [&](const InterfaceAddress& own) {
    return a >= own.address && a.value - own.address.value < members;
  });
}

/// True for an address in a subnet of `node`, and for one of somebody else who is attached to a cloud or link of its.
bool is_reachable(const Draft& draft, const Node& node, wire::Address hop) {
  const auto in_subnet = [&](const Interface& mine) {
    const Network& network = draft.scenario.networks[mine.network];
    if (network.kind != NetworkKind::cloud && network.subnet && network.subnet->contains(hop)) return true;
    return std::ranges::any_of(mine.addresses, [&](const InterfaceAddress& own) {
      return own.length < 32 && wire::prefix_of(own.address, own.length).contains(hop);
    });
  };
  if (std::ranges::any_of(node.interfaces, in_subnet)) return true;
  return std::ranges::any_of(draft.scenario.nodes, [&](const Node& other) {
    if (&other == &node) return false;
    return std::ranges::any_of(other.interfaces, [&](const Interface& theirs) {
      return interface_on(node, theirs.network) && holds(theirs, other.count, hop);
    });
  });
}

/// What `via` names: a node or an address that `node` can hand packets to, or one of its networks.
bool read_next_hop(Draft& draft, const Node& node, const Value& via, Route& route) {
  const std::string* text = plain_text(draft.report, via, "via");
  if (!text) return false;
  const auto network = draft.networks.find(*text);
  if (network != draft.networks.end()) {
    route.network = network->second;
    if (interface_on(node, network->second)) return true;
    draft.report.error(via.span, fmt::format("'{}' has no interface on '{}'", node.name, *text));
    return false;
  }
  std::optional<wire::Address> hop;
  if (looks_like_address(*text)) {
    hop = read_address(draft.report, via.span, *text);
  } else if (const auto router = find_node(draft, node.name, via)) {
    hop = shared_address(draft, node, *router);
    if (!hop) draft.report.error(via.span, fmt::format("{} and {} are on no common network", node.name, *text));
  }
  if (!hop) return false;
  route.via = *hop;
  if (node.interfaces.empty() || is_reachable(draft, node, *hop)) return true;
  draft.report.error(via.span, fmt::format("'{}' is on no network of {}", wire::to_string(*hop), node.name));
  return false;
}

/// `routes: []` takes every computed route away; a list with entries all of them but the default route.
void read_routes(Draft& draft, const Fields& fields, NodeIndex index) {
  Node& owner = draft.scenario.nodes[index];
  const auto* routes = fields.list("routes");
  if (!routes) return;
  owner.other_routes = false;
  if (routes->empty()) owner.default_route = false;
  for (const Value& value : *routes) {
    const Fields entry(draft.report, value, fields.path() + ".routes", value.span, route_section());
    if (!entry.ok()) continue;
    Node& node = draft.scenario.nodes[index];
    Route route;
    route.position = position_of(draft, value.span);
    const Value* to = entry.need("to");
    const bool is_default = to && to->is_scalar() && to->text == "default";
    const bool to_good = is_default || (to && entry.prefix("to", route.to));
    const Value* via = entry.need("via");
    if (!to_good || !via) continue;
    if (!read_next_hop(draft, node, *via, route)) continue;
    node.routes.push_back(route);
  }
}

/// Name, kind, members and addresses: what the other nodes may refer to.
void read_node_head(Draft& draft, const Key& key, const Value& value, std::vector<Claim>& claims) {
  Node node;
  node.position = position_of(draft, key.span);
  node.name = key.text;
  const Fields fields(draft.report, value, "nodes." + key.text, key.span, node_keys().section);
  node_keys().read(fields, node);
  const Value* kind = fields.has("kind") ? value.find("kind") : nullptr;
  const bool known_kind = !kind || kind->text == word(node.kind);
  if (!known_kind) node.kind = fields.has("nat") ? NodeKind::gateway : NodeKind::host;  // what nothing follows from
  node.group = fields.has("count");
  if (node.group && node.kind != NodeKind::host) {
    draft.report.error(fields.key_span("count"), "only hosts come in groups");
  }
  if (node.rp_filter && node.kind == NodeKind::host) {
    draft.report.error(fields.key_span("rp-filter"), "'rp-filter' is for routers and gateways");
  }
  const Value* interfaces = fields.ok() ? fields.need("interfaces") : nullptr;
  if (interfaces && !interfaces->is_map()) {
    draft.report.error(interfaces->span, fmt::format("'interfaces' must be a map of networks and addresses, got {}",
                                                     kind_word(*interfaces)));
  } else if (interfaces) {
    for (std::size_t n = 0; n < interfaces->keys.size(); ++n) {
      read_interface(draft, node, interfaces->keys[n], interfaces->items[n], claims);
    }
    if (interfaces->keys.empty()) draft.report.error(interfaces->span, fmt::format("{} is on no network", key.text));
  }
  draft.scenario.nodes.push_back(std::move(node));
}

/// What a node says of itself that may refer to others.
void read_node_rest(Draft& draft, NodeIndex index, const Key& key, const Value& value) {
  if (!value.is_map()) return;
  // The keys were held against the list before; the second reading adds no faults of that kind.
  const Fields fields(draft.report, value, "nodes." + key.text, key.span, node_keys().section);
  read_services(draft, fields, draft.scenario.nodes[index]);
  read_routes(draft, fields, index);
  const bool gateway = draft.scenario.nodes[index].kind == NodeKind::gateway;
  if (gateway && !fields.has("nat")) {
    draft.report.error(key.span, fmt::format("gateway '{}' needs 'nat'", key.text),
                       "write nat: {masquerade: {out: NETWORK}}, or nat: none");
  }
  const Value* nat = fields.get("nat");
  if (!nat) return;
  if (!gateway) {
    draft.report.error(fields.key_span("nat"), fmt::format("only a gateway has 'nat'; '{}' is a {}", key.text,
                                                           word(draft.scenario.nodes[index].kind)));
    return;
  }
  draft.nat_sections[index] = nat;
  std::optional<NatSpec> spec = read_nat(draft, index, *nat, fields.key_span("nat"));
  draft.scenario.nodes[index].nat = std::move(spec);
}

void check_links(Draft& draft) {
  std::vector<std::uint64_t> ends(draft.scenario.networks.size());
  for (const Node& node : draft.scenario.nodes) {
    for (const Interface& interface : node.interfaces) ends[interface.network] += node.count;
  }
  for (const auto& [name, index] : draft.networks) {
    const Network& network = draft.scenario.networks[index];
    if (network.kind != NetworkKind::link || ends[index] == 2) continue;
    draft.report.error(draft.network_spans.at(index),
                       fmt::format("link '{}' needs two ends, got {}", name, ends[index]));
  }
}

}  // namespace

void read_nodes(Draft& draft, const Fields& root) {
  const Value* nodes = root.need("nodes");
  draft.lost_nodes.all = !nodes || !nodes->is_map();
  if (!nodes) return;
  if (!nodes->is_map()) {
    draft.report.error(nodes->span, fmt::format("'nodes' must be a map of names, got {}", kind_word(*nodes)));
    return;
  }
  std::vector<Claim> claims;
  std::vector<std::size_t> read;  // places in `nodes` of those that have a good name
  for (std::size_t n = 0; n < nodes->keys.size(); ++n) {
    const Key& key = nodes->keys[n];
    if (!check_name(draft.report, "node", key.text, key.span, key.plain)) {
      draft.lost_nodes.names.insert(key.text);
      continue;
    }
    if (draft.networks.contains(key.text)) {
      draft.lost_nodes.names.insert(key.text);
      draft.report.error(key.span, fmt::format("{} is a network; a node needs a name of its own", quoted(key.text)));
      continue;
    }
    if (!draft.nodes.emplace(key.text, static_cast<NodeIndex>(draft.scenario.nodes.size())).second) continue;
    read.push_back(n);
    read_node_head(draft, key, nodes->items[n], claims);
  }
  refuse_duplicate_addresses(draft, claims);
  draft.nat_sections.assign(draft.scenario.nodes.size(), nullptr);
  for (NodeIndex index = 0; index < read.size(); ++index) {
    const Key& key = nodes->keys[read[index]];
    const std::size_t dot = key.text.rfind('.');
    const auto group = dot == std::string::npos ? draft.nodes.end() : draft.nodes.find(key.text.substr(0, dot));
    if (group != draft.nodes.end() && draft.scenario.nodes[group->second].group &&
        key.text.find_first_not_of("0123456789", dot + 1) == std::string::npos) {
      draft.report.error(key.span,
                         fmt::format("{} could be a member of the group '{}'", quoted(key.text), group->first));
    }
    read_node_rest(draft, index, key, nodes->items[read[index]]);
  }
  check_links(draft);
}

}  // namespace masqsim::scenario
