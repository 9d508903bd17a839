#include "linux_node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "masqsim/scenario/model.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "sim/box/bench.hpp"
#include "sim/kernel/linux_gateway.hpp"
#include "sim/net/network.hpp"

namespace masqsim::standin {

struct LinuxGateways::Shared {
  bool real_time = false;
  std::vector<std::string> doubts;

  void doubt(std::string sentence) {
    if (std::find(doubts.begin(), doubts.end(), sentence) == doubts.end()) doubts.push_back(std::move(sentence));
  }
};

namespace {

using Clock = std::chrono::steady_clock;
namespace icmp = wire::icmp;

std::string interface_name(const net::Network& network, const net::Interface& interface, std::size_t place) {
  const std::string& point = const_cast<net::Network&>(network).header().points[interface.point].network;
  std::string name;
  for (const char c : point) {
    if (name.size() < 12 && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) name += c;
  }
  return fmt::format("{}{}", name.empty() ? "if" : name, place);
}

/// The same datagram further on its way: what no router changes is the same.
bool is_passed_on(wire::ByteView before, wire::ByteView after) {
  const auto a = wire::Ipv4View::parse(before), b = wire::Ipv4View::parse(after);
  return a && b && a->id() == b->id() && a->protocol() == b->protocol() && b->ttl() + 1 == a->ttl();
}

Reason reason_of_answer(wire::ByteView answer) {
  const auto ip = wire::Ipv4View::parse(answer);
  if (!ip || ip->protocol() != wire::Protocol::icmp) return Reason::no_mapping;  // a reset
  const auto message = wire::IcmpView::parse(ip->payload());
  if (!message) return Reason::none;
  if (message->type() == icmp::time_exceeded) return Reason::ttl_exceeded;
  if (message->type() != icmp::unreachable) return Reason::none;
  switch (message->code()) {
    case icmp::net_unreachable: return Reason::no_route;
    case icmp::host_unreachable: return Reason::host_unreachable;
    case icmp::fragmentation_needed: return Reason::too_big;
    case icmp::admin_prohibited: return Reason::host_limit;
    default: return Reason::no_mapping;
  }
}

std::string state_word(const box::TableRow& row) {
  if (row.protocol != wire::Protocol::tcp) return row.unreplied ? "unreplied" : row.assured ? "assured" : "replied";
  std::string text;
  for (const char c : row.state) text += c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

class LinuxNode final : public net::GatewayNode {
 public:
  LinuxNode(net::Network& network, trace::NodeId id, nat::Config config, bool rp_filter,
            std::shared_ptr<LinuxGateways::Shared> shared)
      : GatewayNode(network, id), config_(std::move(config)), rp_filter_(rp_filter), shared_(std::move(shared)) {}

  // The kernel is asked only when the first packet comes: by then every node of the network is attached, so that the
  // neighbours are known.
  void ready() override {}

  void receive(net::Packet packet, net::InterfaceIndex in) override {
    if (!kernel_) begin();
    keep_pace();
    outs_.clear();
    kernel_->inject(in, packet.view(), outs_);
    pass_on(std::move(packet), in);
  }

  void output(net::Packet packet) override {
    say_drop(packet, Reason::none, "a kernel gateway sends what it likes, not what a file says");
  }

  void flush() override {
    if (kernel_) kernel_->flush();
  }

  void configure(nat::Config config) override {
    const nat::Config before = std::exchange(config_, std::move(config));
    if (!kernel_) return;
    const kernel::Ruleset rules = told_rules(before);
    kernel_->nft("flush ruleset\n" + rules.nft);
    for (const kernel::Sysctl& sysctl : rules.sysctls) kernel_->set(sysctl);
  }

  void interface_lost(net::InterfaceIndex interface) override {
    if (!kernel_) return;
    const std::string& name = names_[interface];
    std::string commands = fmt::format("addr flush dev {}\n", name);
    if (interfaces_[interface].up) commands += addresses(interface);
    kernel_->ip(commands + (interfaces_[interface].up ? routes_text() + neighbours_text(interface) : std::string()));
    // Entries of the lost address go by a worker of the kernel's.
    kernel_->wait(200_ms, outs_);
    outs_.clear();
  }

  void changed() override {
    if (!kernel_) return;
    for (net::InterfaceIndex i = 0; i < interfaces_.size(); ++i) {
      kernel_->ip(fmt::format("link set {} {}\n", names_[i], interfaces_[i].up ? "up" : "down"));
      if (interfaces_[i].up) kernel_->ip(neighbours_text(i));
    }
    kernel_->ip(routes_text());
  }

  void say_table() override {
    if (!network_.trace().on() || !kernel_) return;
    std::vector<box::TableRow> rows;
    for (const std::string& line : kernel_->table()) {
      if (std::optional<box::TableRow> row = box::read_table_row(line)) rows.push_back(std::move(*row));
    }
    const auto timeless = [](box::TableRow row) { return row.left_s = 0, to_string(row); };
    std::ranges::sort(rows, {}, timeless);
    std::uint64_t number = 0;
    for (const box::TableRow& row : rows) {
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
  void begin() {
    first_packet_ = network_.now();
    kernel::GatewaySetup setup;
    for (net::InterfaceIndex i = 0; i < interfaces_.size(); ++i) {
      const net::Interface& interface = interfaces_[i];
      names_.push_back(interface_name(network_, interface, i));
      kernel::Interface made{
          names_.back(), {{interface.address, interface.prefix_length}}, interface.mtu, neighbours(i)};
      for (const net::Alias& alias : interface.also) made.addresses.push_back({alias.address, alias.prefix_length});
      setup.interfaces.push_back(std::move(made));
    }
    // `replace` one by one: a route may be one that the addresses brought.
    setup.addressing.push_back(routes_text());
    const kernel::Ruleset rules = told_rules({});
    setup.ruleset = rules.nft;
    setup.sysctls = rules.sysctls;
    if (rp_filter_) {
      for (const std::string& name : names_) setup.sysctls.push_back({"net.ipv4.conf." + name + ".rp_filter", "1"});
    }
    kernel_.emplace(setup);
    began_ = Clock::now();
  }

  /// The rules, and the sysctls where they are other than `before`.
  kernel::Ruleset told_rules(const nat::Config& before) const {
    kernel::Ruleset rules = kernel::ruleset_of(config_, names(), before);
    for (const std::string& sentence : rules.cannot) shared_->doubt(network_.name(id_) + ": " + sentence);
    return rules;
  }

  // A two-ended link has only the other end, whatever its address: the kernel gets a name for it (RFC 2544's range).
  static wire::Address other_end(net::InterfaceIndex i) { return {wire::address(198, 18, 254, 0).value + i}; }

  std::vector<wire::Address> neighbours(net::InterfaceIndex i) const {
    std::vector<wire::Address> found{other_end(i)};
    const net::Segment& segment = network_.segment(interfaces_[i].segment);
    for (const net::Segment::Port& port : segment.ports) {
      if (port.node == this || port.node == nullptr) continue;
      const net::Interface& other = port.node->interfaces()[port.interface];
      found.push_back(other.address);
      for (const net::Alias& alias : other.also) found.push_back(alias.address);
    }
    for (const net::Route& route : routes_.all()) {  // a two-ended link takes everything, whoever is named
      if (route.out == i && !route.via.is_zero()) found.push_back(route.via);
    }
    std::erase_if(found, [](wire::Address a) { return a.is_zero(); });
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  std::string neighbours_text(net::InterfaceIndex i) const {
    std::string text;
    for (const wire::Address a : neighbours(i)) {
      text += fmt::format("neigh replace {} lladdr {} dev {}\n", wire::to_string(a),
                          kernel::LinuxGateway::peer_link_address(i), names_[i]);
    }
    return text;
  }

  std::string addresses(net::InterfaceIndex i) const {
    const net::Interface& interface = interfaces_[i];
    std::string text =
        fmt::format("addr add {}/{} dev {}\n", wire::to_string(interface.address), interface.prefix_length, names_[i]);
    for (const net::Alias& alias : interface.also) {
      text += fmt::format("addr add {}/{} dev {}\n", wire::to_string(alias.address), alias.prefix_length, names_[i]);
    }
    return text;
  }

  std::string routes_text() const {
    constexpr std::string_view kinds[] = {"", "unreachable ", "prohibit ", "blackhole "};
    std::string text;
    for (const net::Route& route : routes_.all()) {
      const std::string to = route.to.length == 0 ? "default" : wire::to_string(route.to);
      if (route.kind != net::Route::Kind::forward) {
        text += fmt::format("route replace {}{}\n", kinds[static_cast<std::size_t>(route.kind)], to);
      } else if (!interfaces_[route.out].up) {
        continue;
      } else if (route.via.is_zero() && !network_.segment(interfaces_[route.out].segment).shared) {
        text += fmt::format("route replace {} via {} dev {} onlink\n", to, wire::to_string(other_end(route.out)),
                            names_[route.out]);
      } else if (route.via.is_zero()) {
        text += fmt::format("route replace {} dev {}\n", to, names_[route.out]);
      } else {
        text +=
            fmt::format("route replace {} via {} dev {} onlink\n", to, wire::to_string(route.via), names_[route.out]);
      }
    }
    return text;
  }

  kernel::Names names() const {
    std::vector<wire::Address> addresses;
    for (const net::Interface& interface : interfaces_) addresses.push_back(interface.address);
    return kernel::names_by_side(config_, names_, addresses);
  }

  void keep_pace() {
    if (!shared_->real_time || !kernel_) return;
    const auto due = began_ + std::chrono::nanoseconds(network_.now().ns - first_packet_.ns);
    const auto left = due - Clock::now();
    if (left > Clock::duration::zero()) {
      kernel_->wait({std::chrono::duration_cast<std::chrono::nanoseconds>(left).count()}, outs_);
      net::Packet none;
      pass_on(std::move(none), net::no_interface);
    }
  }

  void pass_on(net::Packet packet, net::InterfaceIndex in) {
    std::vector<std::uint8_t> before;
    if (packet) before.assign(packet.view().begin(), packet.view().end());
    const std::uint64_t came = packet ? packet.id() : 0;
    const trace::FlowId flow = packet ? packet.flow() : 0;
    bool gone = !packet;
    if (packet && (outs_.empty() || !is_passed_on(before, outs_.front().bytes))) {
      end(packet, in);
      gone = true;
    }
    for (const kernel::Out& out : outs_) {
      if (!gone && out.bytes.size() <= packet.buffer().room) {
        std::ranges::copy(out.bytes, packet.buffer().data);
        packet.buffer().size = static_cast<std::uint32_t>(out.bytes.size());
        say_translation(packet, before);
        gone = true;
        send(std::move(packet), out.interface);
        continue;
      }
      gone = true;
      send(network_.pool().make(out.bytes, flow, came), out.interface);
    }
  }

  // The packet did not come out again: whom it reached, or why it ended, as far as the kernel's answer tells.
  void end(const net::Packet& packet, net::InterfaceIndex in) {
    const auto ip = wire::Ipv4View::parse(packet.view());
    const bool to_itself = ip && owns(ip->destination());
    if (outs_.empty()) {
      return say_drop(packet, to_itself ? Reason::unsolicited : Reason::none, "the kernel gave nothing out", in);
    }
    const auto answer = wire::Ipv4View::parse(std::span<const std::uint8_t>(outs_.front().bytes));
    const bool query = answer && answer->protocol() == wire::Protocol::icmp && !answer->payload().empty() &&
                       wire::icmp::is_query(answer->payload()[0]);
    if (query) return say_deliver(packet, "kernel");
    say_drop(packet, reason_of_answer(outs_.front().bytes), "the kernel answered", in);
  }

  void send(net::Packet packet, net::InterfaceIndex out) {
    const auto ip = wire::Ipv4View::parse(packet.view());
    if (!ip) return;
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

  trace::Row row_of(const box::TableRow& row) const {
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
    return said;
  }

  nat::Config config_;
  bool rp_filter_;
  std::shared_ptr<LinuxGateways::Shared> shared_;
  std::optional<kernel::LinuxGateway> kernel_;
  std::vector<std::string> names_;
  std::vector<kernel::Out> outs_;
  Clock::time_point began_;
  Time first_packet_;
};

}  // namespace

LinuxGateways::LinuxGateways(bool real_time) : shared_(std::make_shared<Shared>()) { shared_->real_time = real_time; }
LinuxGateways::~LinuxGateways() = default;

net::GatewayNode& LinuxGateways::make(net::Network& network, const scenario::Node& gateway) {
  return network.add<LinuxNode>(gateway.name, trace::NodeKind::gateway, gateway.nat->config, gateway.rp_filter,
                                shared_);
}

const std::vector<std::string>& LinuxGateways::doubts() const { return shared_->doubts; }

}  // namespace masqsim::standin
