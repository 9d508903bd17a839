#include "loops.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>

#include "masqsim/base/parse.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t most_legs = 4;  // told of a loop
constexpr std::uint64_t rare = 20;    // a leg with a twentieth of the busiest one's packets is beside the matter

std::string packets_text(const wire::Tuple& tuple) {
  const bool ports = tuple.has_ports && tuple.protocol != wire::Protocol::icmp;
  const auto end = [&](const wire::Endpoint& e) { return ports ? to_string(e) : to_string(e.address); };
  return end(tuple.source) + " > " + end(tuple.destination) + ' ' + to_string(tuple.protocol);
}

}  // namespace

LoopFinder::LoopFinder(net::Network& network, const Scenario& scenario) : network_(network), scenario_(scenario) {}

void LoopFinder::record(const trace::Record& record) {
  if (record.kind == trace::Kind::send) note_send(record);
  if (record.kind == trace::Kind::receive) note_receive(record);
}

void LoopFinder::note_send(const trace::Record& r) {
  Flow& flow = flows_[r.flow];
  const auto [seen, first] = sent_.try_emplace(r.packet, Seen{r.node, r.point});
  if (!first) {
    flow.goes_round = flow.goes_round || seen->second.point == r.point;
    seen->second = {r.node, r.point};
  }
  ++flow.sends;
  flow.answers += r.cause != 0 ? 1 : 0;
}

void LoopFinder::note_receive(const trace::Record& r) {
  ++flows_[r.flow].crossings;
  const std::optional<wire::Tuple> tuple = wire::tuple_of(r.bytes);
  Seen from{trace::nowhere, r.point};
  if (const auto sent = sent_.find(r.packet); sent != sent_.end()) {
    from = sent->second;
  } else {
    from.node = presumed_sender(r, tuple ? tuple->source.address : wire::Address{});
  }
  if (from.node == trace::nowhere) return;
  const std::string packets = tuple ? packets_text(*tuple) : wire::kind_of(r.bytes);
  const std::string key = fmt::format("{} {} {} {}", r.flow, from.node, r.node, packets);
  const auto [place, first] = places_.try_emplace(key, legs_.size());
  if (first) {
    const net::Node& to = network_.node(r.node);
    const wire::Address destination = tuple ? tuple->destination.address : wire::Address{};
    const auto is_broadcast = [&](const net::Interface& i) {
      return i.prefix_length < 31 && i.subnet().broadcast() == destination;
    };
    const bool broadcast = destination.is_limited_broadcast() || destination.is_multicast() ||
                           std::ranges::any_of(to.interfaces(), is_broadcast);
    legs_.push_back({r.flow, from.node, r.node, from.point, packets, destination.value, 0, broadcast});
  }
  ++legs_[place->second].count;
}

/// Of a packet that was on its way before the watch began: who is at the other end, or on a LAN has its source address.
trace::NodeId LoopFinder::presumed_sender(const trace::Record& r, wire::Address source) const {
  for (const net::Interface& interface : network_.node(r.node).interfaces()) {
    if (interface.point != r.point) continue;
    const std::vector<net::Segment::Port>& ports = network_.segment(interface.segment).ports;
    for (const net::Segment::Port& port : ports) {
      const net::Node& node = *port.node;
      if (node.id() != r.node && (ports.size() == 2 || node.owns(source))) return node.id();
    }
  }
  return trace::nowhere;
}

std::vector<const LoopFinder::Leg*> LoopFinder::busiest_legs(trace::FlowId flow) const {
  std::vector<const Leg*> found;
  for (const Leg& leg : legs_) {
    if (leg.flow == flow) found.push_back(&leg);
  }
  std::ranges::stable_sort(found, std::greater<>(), &Leg::count);
  std::erase_if(found, [&](const Leg* leg) { return leg->count * rare < found.front()->count; });
  return found;
}

/// The neighbour that `node` sends packets for `destination` to; null where they end there.
const net::Node* LoopFinder::next_hop(const net::Node& node, wire::Address destination) const {
  if (network_.header().nodes[node.id()].kind == trace::NodeKind::host || node.owns(destination)) return nullptr;
  const net::Route* route = node.routes().find(destination);
  if (!route || route->kind != net::Route::Kind::forward) return nullptr;
  const wire::Address next = route->via.is_zero() ? destination : route->via;
  const net::Segment& segment = network_.segment(node.interfaces()[route->out].segment);
  for (const net::Segment::Port& port : segment.ports) {
    if (port.node != &node && (!segment.shared || port.node->owns(next))) return port.node;
  }
  return nullptr;
}

/// The routes lead packets for the leg's destination back to a node that had them. Tells of a loop whose packets are
/// too many for one of them to come round during the watch.
bool LoopFinder::routes_lead_round(const Leg& leg) const {
  std::set<trace::NodeId> passed;
  for (const net::Node* at = &network_.node(leg.to); at; at = next_hop(*at, {leg.destination})) {
    if (!passed.insert(at->id()).second) return true;
  }
  return false;
}

/// Packets for one destination come back to where they were: no answers, the same packets.
bool LoopFinder::is_circle(const std::vector<const Leg*>& legs) const {
  for (const Leg* start : legs) {
    std::set<trace::NodeId> reached{start->to};
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const Leg* leg : legs) {
        if (leg->destination == start->destination && reached.contains(leg->from)) reached.insert(leg->to);
      }
    }
    if (reached.contains(start->from)) return true;
  }
  return false;
}

std::string LoopFinder::text(const Leg& leg) const {
  return fmt::format("{} -> {} over {} ({})", network_.name(leg.from), network_.name(leg.to),
                     network_.header().points[leg.by].network, leg.packets);
}

/// ", since 1.000 s: begun by flow x".
std::string LoopFinder::origin(trace::FlowId flow) const {
  if (flow == 0) return "";
  const std::string& id = network_.header().flows[flow - 1].id;
  std::optional<ActionIndex> action = scenario_.action_with_id(id);
  std::int64_t turn = 0;
  if (!action) {
    const std::size_t dot = id.rfind('.');
    action = scenario_.action_with_id(id.substr(0, dot));
    turn = std::atoll(id.c_str() + dot + 1) - 1;
  }
  if (!action) return "";
  const Action& begun = scenario_.actions[*action];
  return fmt::format(", begun by flow {} at {} s", id, seconds(begun.at + turn * begun.stagger, 3));
}

/// "m copies packets (duplicate: 100%)"; empty where no network of the legs does.
std::string LoopFinder::copies(const std::vector<const Leg*>& legs) const {
  std::set<std::string> told;
  for (const Leg* leg : legs) {
    const std::optional<NetworkIndex> network = scenario_.network_named(network_.header().points[leg->by].network);
    if (!network || scenario_.networks[*network].channel.duplicate.is_zero()) continue;
    const Network& copying = scenario_.networks[*network];
    told.insert(
        fmt::format("{} copies packets (duplicate: {})", copying.name, parse::percent_text(copying.channel.duplicate)));
  }
  return fmt::format("{}", fmt::join(told, ", "));
}

std::vector<std::string> LoopFinder::sentences() const {
  const auto busier = [](const auto& a, const auto& b) { return a.second.crossings < b.second.crossings; };
  const auto busiest = std::ranges::max_element(flows_, busier);
  if (busiest == flows_.end() || busiest->second.crossings == 0) return {"no packet crossed a link meanwhile"};
  const auto& [id, flow] = *busiest;
  std::vector<const Leg*> legs = busiest_legs(id);
  const bool circle = flow.goes_round || is_circle(legs) ||
                      std::ranges::any_of(legs, [&](const Leg* leg) { return routes_lead_round(*leg); });
  const bool broadcast = std::ranges::any_of(legs, &Leg::broadcast);
  std::string what = "no loop was found; the busiest";
  if (circle) {
    what = "packets go round (routing loop)";
  } else if (flow.answers * 4 > flow.sends * 3) {  // of requests and their answers it is half
    const bool tcp = !legs.empty() && legs.front()->packets.ends_with("tcp");
    what = std::string("each packet answers another (") + (broadcast ? "broadcast" : tcp ? "ACK" : "echo") + " storm)";
  } else if (broadcast) {
    what = "packets for everybody (broadcast storm)";
  }
  if (legs.size() > most_legs) legs.resize(most_legs);
  std::ranges::sort(legs, {}, [&](const Leg* leg) { return leg - legs_.data(); });  // as they were first seen
  std::string line = what + origin(id) + (legs.empty() ? "" : ": ");
  for (const Leg* leg : legs) line += (leg == legs.front() ? "" : ", ") + text(*leg);
  std::vector<std::string> told{line};
  if (const std::string also = copies(legs); !also.empty()) told.push_back(also);
  return told;
}

}  // namespace masqsim::scenario
