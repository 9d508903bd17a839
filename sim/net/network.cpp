#include "network.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace masqsim::net {

namespace {

/// Time on the wire for `bytes`, rounded up to the nanosecond.
Duration serialisation(std::size_t bytes, parse::Rate rate) {
  const std::uint64_t bits_ns = std::uint64_t{bytes} * 8 * 1'000'000'000;
  return {static_cast<std::int64_t>((bits_ns + rate.bits_per_second - 1) / rate.bits_per_second)};
}

/// Bytes that wait before a wire which is busy for `busy` more.
std::uint64_t backlog(Duration busy, parse::Rate rate) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{static_cast<std::uint64_t>(busy.ns)} * rate.bits_per_second / 8'000'000'000);
}

bool is_broadcast(wire::Address a, const Interface& interface) {
  return a.is_limited_broadcast() || a.is_multicast() ||
         (interface.prefix_length < 31 && a == interface.subnet().broadcast());
}

}  // namespace

Network::Network(std::uint64_t seed) : seed_(seed) { header_.seed = seed; }
Network::~Network() = default;

trace::NodeId Network::name_node(std::string_view name, trace::NodeKind kind) {
  header_.nodes.push_back({std::string(name), kind});
  return static_cast<trace::NodeId>(header_.nodes.size() - 1);
}

std::uint32_t Network::add_segment(std::string_view name, const LinkParams& params, bool shared) {
  const std::string stream = "link/" + std::string(name);
  segments_.push_back(std::make_unique<Segment>(Segment{.name = std::string(name),
                                                        .params = params,
                                                        .shared = shared,
                                                        .loss = random(stream + "/loss"),
                                                        .jitter = random(stream + "/jitter"),
                                                        .duplicate = random(stream + "/duplicate"),
                                                        .reorder = random(stream + "/reorder"),
                                                        .ports = {},
                                                        .neighbours = {}}));
  return static_cast<std::uint32_t>(segments_.size() - 1);
}

InterfaceIndex Network::attach(Node& node, std::uint32_t index, std::string_view label, std::string_view network,
                               wire::Address address, std::uint8_t prefix_length, std::optional<std::uint16_t> mtu) {
  Segment& link = segment(index);
  assert(link.shared || link.ports.size() < 2);
  const auto number = static_cast<InterfaceIndex>(node.interfaces().size());
  const auto port = static_cast<std::uint32_t>(link.ports.size());
  const auto point = static_cast<trace::PointId>(header_.points.size());
  const std::uint16_t bytes = mtu.value_or(link.params.mtu);
  header_.points.push_back(
      {node.id(), name(node.id()) + '/' + std::string(label), std::string(network), address, prefix_length, bytes});
  node.interfaces().push_back({.address = address,
                               .prefix_length = prefix_length,
                               .mtu = bytes,
                               .segment = index,
                               .port = port,
                               .point = point});
  link.ports.push_back({&node, number, {}, {}});
  link.neighbours.add(address, port);
  return number;
}

void Network::set_addresses(Node& node, InterfaceIndex number, const std::vector<Alias>& addresses) {
  Interface& interface = node.interfaces()[number];
  const std::vector<Alias> before = interface.addresses();
  interface.address = addresses.empty() ? wire::Address{} : addresses.front().address;
  if (!addresses.empty()) interface.prefix_length = addresses.front().prefix_length;
  interface.also.assign(addresses.begin() + (addresses.empty() ? 0 : 1), addresses.end());

  const auto has = [](const std::vector<Alias>& all, wire::Address a) {
    return std::ranges::any_of(all, [&](const Alias& one) { return one.address == a; });
  };
  const auto is_in = [](const std::vector<Alias>& all, wire::Prefix subnet) {
    return std::ranges::any_of(all, [&](const Alias& one) { return one.subnet() == subnet; });
  };
  Segment& link = segment(interface.segment);
  for (const Alias& gone : before) {
    if (!has(addresses, gone.address)) {
      link.neighbours.remove(gone.address, interface.port);
      tell_cloud(interface, gone.address, false);
    }
    const bool leaves = gone.prefix_length < 32 && !is_in(addresses, gone.subnet());
    if (leaves) node.routes().remove_subnet(gone.subnet(), number);
  }
  for (const Alias& one : addresses) {
    if (!has(before, one.address)) {
      link.neighbours.add(one.address, interface.port);
      tell_cloud(interface, one.address, true);
    }
    if (one.prefix_length < 32 && !is_in(before, one.subnet())) node.routes().add_subnet(one.subnet(), number);
  }
}

/// The router of a cloud learns where an attached address is, and that it is there no longer, as the internet does by
/// routing.
void Network::tell_cloud(const Interface& attached, wire::Address address, bool is_there) {
  const Segment& link = segment(attached.segment);
  if (link.shared || link.ports.size() < 2) return;
  const Segment::Port& end = link.ports[1 - attached.port];
  if (header_.nodes[end.node->id()].kind != trace::NodeKind::cloud) return;
  const Route route{.to = {address, 32}, .out = end.interface};
  if (is_there) {
    end.node->routes().add_before(route);
  } else {
    end.node->routes().remove(route);
  }
  end.node->changed();
}

void Network::add_address(Node& node, InterfaceIndex number, wire::Address address,
                          std::optional<std::uint8_t> length) {
  Interface& interface = node.interfaces()[number];
  interface.also.push_back({address, length.value_or(interface.prefix_length)});
  segment(interface.segment).neighbours.add(address, interface.port);
}

void Network::proxy_arp(const Node& node, InterfaceIndex interface, std::vector<wire::Prefix> for_whom) {
  const Interface& answering = node.interfaces()[interface];
  std::vector<Segment::Proxy>& proxies = segment(answering.segment).proxies;
  std::erase_if(proxies, [&](const Segment::Proxy& proxy) { return proxy.port == answering.port; });
  if (!for_whom.empty()) proxies.push_back({answering.port, std::move(for_whom)});
}

/// The port of the segment that takes what is for `next_hop`: whose address it is, else who answers for it.
std::optional<std::uint32_t> Network::taker(const Segment& link, wire::Address next_hop, std::uint32_t sender) {
  if (const auto owner = link.neighbours.find(next_hop)) return owner;
  for (const Segment::Proxy& proxy : link.proxies) {
    const auto holds = [&](wire::Prefix prefix) { return prefix.contains(next_hop); };
    if (proxy.port != sender && std::ranges::any_of(proxy.for_whom, holds)) return proxy.port;
  }
  return std::nullopt;
}

Sent Network::transmit(Node& from, InterfaceIndex out, Packet& packet, wire::Address next_hop) {
  const Interface& interface = from.interfaces()[out];
  Segment& link = segment(interface.segment);
  Segment::Port& port = link.ports[interface.port];
  if (!interface.up || link.down) {
    if (trace_.on(trace::Kind::drop)) say(trace::Kind::drop, from.id(), interface.point, packet, Reason::link_down);
    packet = {};
    return Sent::down;
  }
  if (!link.shared) {
    const Segment::Port& other = link.ports[1 - interface.port];
    packet.marks().next_hop = next_hop;
    depart(from, interface, link, port, std::move(packet), *other.node, other.interface);
    return Sent::yes;
  }
  if (is_broadcast(next_hop, interface)) {
    for (std::uint32_t n = 0; n < link.ports.size(); ++n) {
      if (n == interface.port) continue;
      depart(from, interface, link, port, packet.duplicate(), *link.ports[n].node, link.ports[n].interface);
    }
    packet = {};
    return Sent::yes;
  }
  const std::optional<std::uint32_t> neighbour = taker(link, next_hop, interface.port);
  if (!neighbour) return Sent::no_neighbour;
  const Segment::Port& to = link.ports[*neighbour];
  depart(from, interface, link, port, std::move(packet), *to.node, to.interface);
  return Sent::yes;
}

void Network::depart(Node& from, const Interface& out, Segment& link, Segment::Port& port, Packet packet,
                     Node& receiver, InterfaceIndex in) {
  const LinkParams& params = link.params;
  const Time start = std::max(now(), port.free_at);
  const bool paced = params.rate.bits_per_second > 0;
  if (params.queue && paced && backlog(start - now(), params.rate) > *params.queue) {
    if (trace_.on(trace::Kind::drop)) say(trace::Kind::drop, from.id(), out.point, packet, Reason::queue_full);
    return;
  }
  if (trace_.on(trace::Kind::send)) say(trace::Kind::send, from.id(), out.point, packet);
  if (paced) port.free_at = start + serialisation(packet.size(), params.rate);
  if (link.loss.chance(params.loss)) {
    if (trace_.on(trace::Kind::drop)) say(trace::Kind::drop, from.id(), out.point, packet, Reason::link_loss);
    return;
  }
  const Time left = paced ? port.free_at : now();
  Time arrival = left + params.delay;
  if (link.reorder.chance(params.reorder)) {
    arrival = left + params.delay / 2;
  } else {
    if (params.jitter.ns > 0) {
      const auto spread = static_cast<std::uint64_t>(params.jitter.ns) * 2 + 1;
      arrival += Duration{static_cast<std::int64_t>(link.jitter.below(spread))} - params.jitter;
    }
    arrival = std::max(arrival, port.last_arrival);
    port.last_arrival = arrival;
  }
  packet.marks().bound_to = no_interface;
  packet.marks().receiver = &receiver;
  packet.marks().interface = in;
  if (link.duplicate.chance(params.duplicate)) {
    Packet copy = packet.duplicate();
    copy.marks().receiver = &receiver;
    copy.marks().interface = in;
    copy.marks().next_hop = packet.marks().next_hop;
    engine_.schedule(arrival, *this, packet.release());
    engine_.schedule(arrival, *this, copy.release());
    return;
  }
  engine_.schedule(arrival, *this, packet.release());
}

void Network::on_event(std::uint64_t argument) {
  Packet packet = Packet::adopt(argument);
  Node& receiver = *packet.marks().receiver;
  const InterfaceIndex in = packet.marks().interface;
  const Interface& interface = receiver.interfaces()[in];
  ++hops_;
  if (!interface.up) {
    if (trace_.on(trace::Kind::drop)) say(trace::Kind::drop, receiver.id(), interface.point, packet, Reason::link_down);
    return;
  }
  if (trace_.on(trace::Kind::receive)) say(trace::Kind::receive, receiver.id(), interface.point, packet);
  receiver.receive(std::move(packet), in);
}

void Network::say(trace::Kind kind, trace::NodeId node, trace::PointId point, const Packet& packet, Reason reason) {
  trace::Record record;
  record.kind = kind;
  record.reason = reason;
  record.node = node;
  record.point = point;
  record.flow = packet.flow();
  record.packet = packet.id();
  record.cause = packet.marks().cause;
  record.bytes = packet.view();
  emit(record);
}

void Network::say_event(trace::NodeId node, trace::FlowId flow, std::string_view text) {
  if (!trace_.on(trace::Kind::event)) return;
  trace::Record record;
  record.kind = trace::Kind::event;
  record.node = node;
  record.flow = flow;
  record.text = text;
  emit(record);
}

}  // namespace masqsim::net
