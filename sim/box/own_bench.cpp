#include "own_bench.hpp"

#include <algorithm>
#include <array>

#include "held_port.hpp"
#include "sim/net/gateway.hpp"
#include "sim/net/network.hpp"

namespace masqsim::box {

namespace {

using wire::address;

constexpr wire::Address lan_address = address(192, 168, 1, 1), wan_address = address(203, 0, 113, 1);
constexpr wire::Address next_router = address(203, 0, 113, 254);
constexpr std::uint8_t bench_length = 24;

/// Whom the gateway knows without asking; the first of each side is the side's own address.
constexpr std::array inside_hosts{address(192, 168, 1, 10), address(192, 168, 1, 11), address(192, 168, 1, 12),
                                  address(192, 168, 1, 13), address(192, 168, 1, 254)};
constexpr std::array outside_hosts{next_router, address(203, 0, 113, 2), address(203, 0, 113, 66)};

/// One side of the bench: all its neighbours in one, and what came out to them.
class Probe final : public net::Node {
 public:
  Probe(net::Network& network, trace::NodeId id, Side side, std::vector<Emerged>& seen)
      : Node(network, id), side_(side), seen_(seen) {}

  void receive(net::Packet packet, net::InterfaceIndex) override {
    seen_.push_back({side_, {packet.view().begin(), packet.view().end()}});
  }
  void output(net::Packet) override {}

 private:
  Side side_;
  std::vector<Emerged>& seen_;
};

/// Programs of the bench only hold their ports.
class Holder final : public net::DatagramHandler {
  void on_datagram(net::DatagramSocket&, const net::Datagram&) override {}
};

net::LinkParams wire_of(std::uint16_t mtu) {
  net::LinkParams params;
  params.mtu = mtu;
  return params;
}

}  // namespace

class OwnBench::Rig {
 public:
  Rig(const Setup& setup, std::uint64_t seed, Duration pause, Redirects redirects)
      : pause_(pause),
        network_(seed),
        gateway_(network_.add<net::Gateway>("gateway", trace::NodeKind::gateway, setup.nat)),
        inside_(network_.add<Probe>("inside", trace::NodeKind::host, Side::in, seen_)),
        outside_(network_.add<Probe>("outside", trace::NodeKind::host, Side::out, seen_)),
        held_(gateway_.stack()) {
    connect("lan0", inside_, lan_address, setup.lan_mtu, inside_hosts);
    connect("wan0", outside_, wan_address, setup.wan_mtu, outside_hosts);
    gateway_.routes().add({.to = {}, .out = wan, .via = next_router});
    for (const Addressing& command : setup.addressing) arrange(command);
    gateway_.set_reverse_path_filter(setup.reverse_path_filter != 0);
    gateway_.set_redirects(redirects == Redirects::as_always);
    gateway_.ready();
    gateway_.changed();
    for (const Service& service : setup.services) {
      if (service.protocol == wire::Protocol::udp) gateway_.stack().open_udp(service.port, holder_);
      if (service.protocol == wire::Protocol::tcp) held_.hold(service.port);
    }
  }

  std::vector<Emerged> inject(Side side, wire::ByteView packet) {
    const nat::InterfaceId in = side == Side::in ? lan : wan;
    if (gateway_.interfaces()[in].up) {
      net::Packet arriving = network_.pool().make(packet, 0);
      arriving.marks().interface = in;
      arriving.marks().forged = true;
      gateway_.receive(std::move(arriving), in);
    }
    return pass(pause_);
  }

  std::vector<Emerged> pass(Duration span) {
    network_.engine().run(network_.now() + span);
    return std::exchange(seen_, {});
  }

  void carry_out(const Action& action) {
    switch (action.kind) {
      case Action::Kind::flush_table: return gateway_.flush();
      case Action::Kind::remove_nat_rules: return gateway_.configure(nat::without_rules(gateway_.nat().config()));
      case Action::Kind::configure: return gateway_.configure(action.nat);
      case Action::Kind::readdress: return readdress(action);
      case Action::Kind::down: return down(action.interface);
      case Action::Kind::up: return up(action.interface);
      case Action::Kind::send_udp: return send_udp(action);
    }
  }

  Duration pause() const { return pause_; }

  void prefer(std::optional<std::uint16_t> port) { gateway_.prefer_port(port); }

  std::vector<TableRow> table() {
    std::vector<TableRow> rows;
    for (const nat::Entry& e : gateway_.nat().table(network_.now())) {
      rows.push_back({.protocol = e.protocol,
                      .left_s = e.left.ns / 1'000'000'000,
                      .state = e.protocol == wire::Protocol::tcp    ? nat::to_string(e.tcp)
                               : e.protocol == wire::Protocol::sctp ? nat::to_string(e.sctp)
                                                                    : std::string(),
                      .original = e.original,
                      .reply = e.reply,
                      .unreplied = !e.replied,
                      .assured = e.assured});
    }
    return rows;
  }

 private:
  template <typename Hosts>
  void connect(std::string_view name, Probe& probe, wire::Address own, std::uint16_t mtu, const Hosts& hosts) {
    const std::uint32_t segment = network_.add_segment(name, wire_of(mtu), true);
    const net::InterfaceIndex number = network_.attach(gateway_, segment, name, name, own, bench_length, mtu);
    network_.attach(probe, segment, name, name, hosts.front(), bench_length);
    for (const wire::Address other : hosts) {
      if (other != hosts.front()) network_.add_address(probe, 0, other);
    }
    gateway_.routes().add({.to = wire::prefix_of(own, bench_length), .out = number, .via = {}});
  }

  void arrange(const Addressing& command) {
    net::RouteTable& routes = gateway_.routes();
    switch (command.kind) {
      case Addressing::Kind::add_address: give_address(*command.interface, command.address, command.length); break;
      case Addressing::Kind::delete_address: take_address(*command.interface, command.address); break;
      case Addressing::Kind::add_route: {
        const net::Route* towards = command.via ? routes.find(*command.via) : nullptr;
        const net::InterfaceIndex out = command.interface ? *command.interface : towards ? towards->out : net::no_interface;
        if (out == net::no_interface) break;
        routes.add({.to = command.to, .out = out, .via = command.via.value_or(wire::Address{})});
        break;
      }
      case Addressing::Kind::add_refusal:
        routes.add({.to = command.to, .via = {}, .kind = kind_of(command.refusal)});
        break;
      case Addressing::Kind::delete_route: routes.remove(command.to); break;
      case Addressing::Kind::add_neighbour: know(*command.interface, command.address); break;
    }
  }

  static net::Route::Kind kind_of(Addressing::Refusal refusal) {
    switch (refusal) {
      case Addressing::Refusal::prohibit: return net::Route::Kind::prohibit;
      case Addressing::Refusal::blackhole: return net::Route::Kind::blackhole;
      default: return net::Route::Kind::unreachable;
    }
  }

  void give_address(nat::InterfaceId number, wire::Address address, std::uint8_t length) {
    std::vector<net::Alias> all = gateway_.interfaces()[number].addresses();
    all.push_back({address, length});
    network_.set_addresses(gateway_, number, all);
    gateway_.changed();
  }

  /// As `ip addr del`: with the first address of a subnet go the others of it, and the route there. With the last
  /// address all routes of the interface go, and all that is known of neighbours there.
  void take_address(nat::InterfaceId number, wire::Address gone) {
    const std::vector<net::Alias> all = gateway_.interfaces()[number].addresses();
    const auto place = std::ranges::find(all, gone, &net::Alias::address);
    if (place == all.end()) return;
    const wire::Prefix subnet = place->subnet();
    const bool is_first = std::ranges::find(all, subnet, &net::Alias::subnet) == place;
    std::vector<net::Alias> lost, rest;
    for (const net::Alias& one : all) {
      const bool goes = one.address == gone || (is_first && one.subnet() == subnet);
      (goes ? lost : rest).push_back(one);
    }
    network_.set_addresses(gateway_, number, rest);
    if (is_first) gateway_.forget_waiting(number, subnet);
    if (rest.empty()) {
      remove_routes(number);
      forget_neighbours(number);
    }
    for (const net::Alias& one : lost) gateway_.address_lost(number, one.address);
  }

  void readdress(const Action& action) {
    take_address(action.interface, own_[action.interface]);
    own_[action.interface] = action.address;
    give_address(action.interface, action.address, action.length);
    if (action.interface == wan) {  // as it was recorded: of the neighbours only the one that leads on is told anew
      know(wan, next_router);
      bring_default_route();
    } else {
      know_hosts(lan);
    }
  }

  void down(nat::InterfaceId number) {
    gateway_.interfaces()[number].up = false;
    remove_routes(number);
    forget_neighbours(number);
    gateway_.interface_lost(number);
  }

  void up(nat::InterfaceId number) {
    const net::Interface& interface = gateway_.interfaces()[number];
    gateway_.interfaces()[number].up = true;
    if (interface.prefix_length < 32) gateway_.routes().add_subnet(interface.subnet(), number);
    for (const net::Alias& alias : interface.also) {
      if (alias.prefix_length < 32) gateway_.routes().add_subnet(alias.subnet(), number);
    }
    know_hosts(number);
    if (number == wan) bring_default_route();
    gateway_.changed();
  }

  /// A router that is on no link leads nowhere.
  void bring_default_route() {
    const net::Route* there = gateway_.routes().find(next_router);
    if (there && there->out == wan && there->via.is_zero()) {
      gateway_.routes().add({.to = {}, .out = wan, .via = next_router});
    }
  }

  void know(nat::InterfaceId number, wire::Address neighbour) {
    network_.add_address(number == lan ? inside_ : outside_, 0, neighbour);
  }

  void know_hosts(nat::InterfaceId number) {
    const std::span<const wire::Address> hosts =
        number == lan ? std::span<const wire::Address>(inside_hosts) : outside_hosts;
    for (const wire::Address host : hosts) know(number, host);
  }

  void forget_neighbours(nat::InterfaceId number) {
    network_.set_addresses(number == lan ? inside_ : outside_, 0, {});
    gateway_.forget_waiting(number, {});
  }

  void remove_routes(nat::InterfaceId number) {
    const std::vector<net::Route> all = gateway_.routes().all();
    for (const net::Route& route : all) {
      if (route.out == number) gateway_.routes().remove(route.to);
    }
  }

  /// A program that sends one datagram and ends.
  void send_udp(const Action& action) {
    net::DatagramSocket* socket = gateway_.stack().open_udp(action.from.port, holder_);
    if (!socket) return;
    socket->reply_to(action.to, action.from.address, action.payload, 0, 0);
    gateway_.stack().close(*socket);
  }

  Duration pause_;
  std::vector<Emerged> seen_;
  Holder holder_;
  std::array<wire::Address, 2> own_{lan_address, wan_address};  // which `readdress` replaces
  net::Network network_;
  net::Gateway& gateway_;
  Probe& inside_;
  Probe& outside_;
  HeldPorts held_;
};

OwnBench::OwnBench(const Setup& setup, std::uint64_t seed, Duration pause, Redirects redirects)
    : rig_(std::make_unique<Rig>(setup, seed, pause, redirects)) {}
OwnBench::~OwnBench() = default;

std::vector<Emerged> OwnBench::inject(Side side, wire::ByteView packet) { return rig_->inject(side, packet); }
std::vector<Emerged> OwnBench::wait(Duration span) { return rig_->pass(span); }
std::vector<Emerged> OwnBench::act(const Action& action) {
  rig_->carry_out(action);
  return rig_->pass(rig_->pause());
}
std::vector<TableRow> OwnBench::table() { return rig_->table(); }
void OwnBench::prefer(std::optional<wire::Endpoint> outside) {
  rig_->prefer(outside ? std::optional(outside->port) : std::nullopt);
}

}  // namespace masqsim::box
