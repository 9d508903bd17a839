#include "box_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "masqsim/nat/sides.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "sim/box/kernel_box.hpp"
#include "sim/net/gateway_node.hpp"
#include "sim/net/network.hpp"

namespace masqsim::standin {

namespace {

std::string state_word(const box::TableRow& row) {
  if (row.protocol != wire::Protocol::tcp) return row.unreplied ? "unreplied" : row.assured ? "assured" : "replied";
  std::string text;
  for (const char c : row.state) text += c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

trace::Row row_of(const box::TableRow& row) {
  trace::Row said;
  said.protocol = row.protocol;
  // A port forward turned its destination. An ICMP query's id stands at both ends, so that there only addresses tell.
  const bool inwards = row.protocol == wire::Protocol::icmp
                           ? row.original.destination.address != row.reply.source.address
                           : row.original.destination != row.reply.source;
  said.inside = inwards ? row.reply.source : row.original.source;
  said.outside = inwards ? row.original.destination : row.reply.destination;
  said.remote = inwards ? row.original.source : row.original.destination;
  said.state = state_word(row);
  said.left = row.left_s * 1_s;
  said.original = row.original;
  said.reply = row.reply;
  said.unreplied = row.unreplied;
  said.assured = row.assured;
  return said;
}

bool is_query(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  return ip && ip->protocol() == wire::Protocol::icmp && !ip->payload().empty() &&
         wire::icmp::is_query(ip->payload()[0]);
}

class BoxNode final : public net::GatewayNode, private engine::Handler {
 public:
  BoxNode(net::Network& network, trace::NodeId id, const scenario::Node& spec, std::unique_ptr<box::Box> box)
      : GatewayNode(network, id), config_(spec.nat->config), box_(std::move(box)) {
    place_.name = spec.name;
    place_.seed = network.seed();
    place_.reverse_path_filter = spec.rp_filter;
    place_.icmp_silent = spec.icmp_silent;
  }

  void ready() override {
    look_around();
    take(box_->begin(place_, config_, network_.now()));
  }

  void receive(net::Packet packet, net::InterfaceIndex in) override {
    take(box_->catch_up(network_.now()));
    const box::Answer answer = box_->receive(in, packet.view(), network_.now());
    const box::Out* itself = box::passed_on(packet.view(), answer.outs);
    const std::uint64_t came = packet.id();
    const trace::FlowId flow = packet.flow();
    if (!itself) end(packet, in, answer);
    for (const box::Out& out : answer.outs) {
      if (&out == itself && out.bytes.size() <= packet.buffer().room) {
        go_on(std::move(packet), out);
      } else {
        send(network_.pool().make(out.bytes, flow, came), out.interface);
      }
    }
    plan_waking();
  }

  /// Nothing here sends by itself: `needs_own_gateway` refuses scenarios with programs on this node.
  void output(net::Packet packet) override { say_drop(packet, Reason::none, "no program runs on this gateway"); }

  void flush() override { take(box_->flush(network_.now())); }

  void configure(nat::Config config) override {
    config_ = std::move(config);
    take(box_->configure(config_, network_.now()));
  }

  void interface_lost(net::InterfaceIndex interface) override {
    look_around();
    take(box_->readdress(place_, interface, network_.now()));
  }

  void changed() override {
    look_around();
    take(box_->adapt(place_, network_.now()));
  }

  void say_table() override {
    if (!network_.trace().on()) return;
    std::uint64_t number = 0;
    for (const box::TableRow& row : box_->table(network_.now())) {
      trace::Row said = row_of(row);
      said.number = said.flow = ++number;
      trace::Record record;
      record.kind = trace::Kind::table;
      record.node = id_;
      record.nat_flow = record.mapping = number;
      record.row = &said;
      network_.emit(record);
    }
  }

 private:
  void on_event(std::uint64_t) override {
    if (box_->wakes_at() != network_.now()) return;  // it has asked for another time since
    take(box_->wake(network_.now()));
  }

  /// What the box gave out by itself: of no flow, and answering nothing.
  void take(const box::Answer& answer) {
    for (const box::Out& out : answer.outs) send(network_.pool().make(out.bytes, 0), out.interface);
    plan_waking();
  }

  void plan_waking() {
    const Time due = box_->wakes_at();
    if (due == Time::never() || due == planned_) return;
    planned_ = due;
    network_.engine().schedule(due, *this, 0);
  }

  void look_around() {
    const nat::Sides sides(config_);
    place_.ports.clear();
    for (net::InterfaceIndex i = 0; i < interfaces_.size(); ++i) {
      const net::Interface& interface = interfaces_[i];
      box::Port port;
      port.name = network_.header().points[interface.point].network;
      port.addresses.push_back({interface.address, interface.prefix_length});
      for (const net::Alias& alias : interface.also) port.addresses.push_back({alias.address, alias.prefix_length});
      port.mtu = interface.mtu;
      port.outside = sides.is_outside(i);
      port.up = interface.up;
      port.shared = network_.segment(interface.segment).shared;
      port.neighbours = neighbours(i);
      place_.ports.push_back(std::move(port));
    }
    place_.routes = routes_.all();
  }

  std::vector<wire::Address> neighbours(net::InterfaceIndex i) const {
    std::vector<wire::Address> found;
    for (const net::Segment::Port& port : network_.segment(interfaces_[i].segment).ports) {
      if (port.node == this || port.node == nullptr) continue;
      const net::Interface& other = port.node->interfaces()[port.interface];
      found.push_back(other.address);
      for (const net::Alias& alias : other.also) found.push_back(alias.address);
    }
    for (const net::Route& route : routes_.all()) {  // a two-ended link takes everything, whoever is named
      if (route.out == i && !route.via.is_zero()) found.push_back(route.via);
    }
    std::erase_if(found, [](wire::Address a) { return a.is_zero(); });
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  void go_on(net::Packet packet, const box::Out& out) {
    const std::vector<std::uint8_t> before(packet.view().begin(), packet.view().end());
    std::ranges::copy(out.bytes, packet.buffer().data);
    packet.buffer().size = static_cast<std::uint32_t>(out.bytes.size());
    say_translation(packet, before);
    send(std::move(packet), out.interface);
  }

  /// The packet did not come out again: whom it reached, or why it ended, as far as the box tells.
  void end(const net::Packet& packet, net::InterfaceIndex in, const box::Answer& answer) const {
    if (!answer.outs.empty() && is_query(answer.outs.front().bytes)) return say_deliver(packet, box_->kind());
    if (answer.drop) return say_drop(packet, answer.drop->reason, answer.drop->note, in);
    say_drop(packet, Reason::none,
             fmt::format("the {} {}", box_->kind(), answer.outs.empty() ? "gave nothing out" : "answered"), in);
  }

  void send(net::Packet packet, net::InterfaceIndex out) {
    const auto ip = wire::Ipv4View::parse(packet.view());
    if (!ip) return;
    if (packet.view().size() > interfaces_[out].mtu) {
      return say_drop(packet, Reason::too_big, fmt::format("the {} cut it into no fragments", box_->kind()), out);
    }
    const net::Route* route = routes_.find(ip->destination());
    const wire::Address next_hop = route && route->out == out && !route->via.is_zero() ? route->via : ip->destination();
    if (network_.transmit(*this, out, packet, next_hop) == net::Sent::no_neighbour) {
      say_drop(packet, Reason::host_unreachable, "", out);
    }
  }

  void say_translation(const net::Packet& packet, wire::ByteView before) const {
    if (!network_.trace().on()) return;
    trace::Record record;
    record.kind = trace::Kind::translate;
    record.node = id_;
    record.flow = packet.flow();
    record.packet = packet.id();
    record.cause = packet.marks().cause;
    record.bytes = packet.view();
    record.before = before;
    network_.emit(record);
  }

  nat::Config config_;
  std::unique_ptr<box::Box> box_;
  box::Place place_;
  Time planned_ = Time::never();
};

}  // namespace

net::GatewayNode& BoxGateways::make(net::Network& network, const scenario::Node& gateway) {
  return network.add<BoxNode>(gateway.name, trace::NodeKind::gateway, gateway, make_());
}

BoxGateways kernel_gateways(bool real_time, const Doubts& doubts) {
  const auto doubt = [doubts](const std::string& sentence) {
    if (std::ranges::find(*doubts, sentence) == doubts->end()) doubts->push_back(sentence);
  };
  return BoxGateways([=] { return std::make_unique<box::KernelBox>(real_time, doubt); });
}

BoxGateways program_gateways(const box::ProgramCommand& command) {
  return BoxGateways([=] { return std::make_unique<box::ProgramBox>(command); });
}

std::string needs_own_gateway(const scenario::Scenario& scenario) {
  for (const scenario::Node& node : scenario.nodes) {
    if (node.nat && !node.services.empty()) return fmt::format("{} has a service", node.name);
  }
  for (const scenario::Action& action : scenario.actions) {
    if (action.verb == scenario::Verb::set) continue;
    const scenario::Node& from = scenario.nodes[action.from.node];
    if (from.nat) return fmt::format("action {} runs on {}", action.id, from.name);
  }
  return {};
}

}  // namespace masqsim::standin
