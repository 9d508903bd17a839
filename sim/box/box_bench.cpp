#include "box_bench.hpp"

#include <utility>

namespace masqsim::box {

namespace {

Place place_of(const Setup& setup, std::uint64_t seed) {
  Place place{.name = "gateway", .seed = seed, .ports = {}, .routes = {}};
  place.ports.push_back({.name = "lan0",
                         .addresses = {{wire::address(192, 168, 1, 1), 24}},
                         .mtu = setup.lan_mtu,
                         .outside = false,
                         .neighbours = {}});
  place.ports.push_back({.name = "wan0",
                         .addresses = {{wire::address(203, 0, 113, 1), 24}},
                         .mtu = setup.wan_mtu,
                         .outside = true,
                         .neighbours = {}});
  for (const Addressing& command : setup.addressing) {
    if (!command.interface) continue;
    std::vector<PortAddress>& addresses = place.ports[*command.interface].addresses;
    if (command.kind == Addressing::Kind::add_address) addresses.push_back({command.address, command.length});
    if (command.kind == Addressing::Kind::delete_address) {
      std::erase_if(addresses, [&](const PortAddress& a) { return a.address == command.address; });
    }
  }
  return place;
}

}  // namespace

BoxBench::BoxBench(std::unique_ptr<Box> box, const Setup& setup, std::uint64_t seed, Duration pause)
    : box_(std::move(box)), place_(place_of(setup, seed)), config_(setup.nat), pause_(pause) {
  box_->begin(place_, config_, now_);
}

std::vector<Emerged> BoxBench::inject(Side side, wire::ByteView packet) {
  const nat::InterfaceId in = side == Side::in ? lan : wan;
  return pass(place_.ports[in].up ? box_->receive(in, packet, now_) : Answer{}, pause_);
}

std::vector<Emerged> BoxBench::wait(Duration span) { return pass({}, span); }

std::vector<Emerged> BoxBench::act(const Action& action) { return pass(carry_out(action), pause_); }

/// What came out at first, and what comes out in the `span` after it.
std::vector<Emerged> BoxBench::pass(Answer first, Duration span) {
  std::vector<Emerged> seen;
  const auto see = [&](Answer answer) {
    for (Out& out : answer.outs) {
      if (out.bytes.size() > place_.ports[out.interface].mtu) continue;  // no wire carries it
      seen.push_back({out.interface == lan ? Side::in : Side::out, std::move(out.bytes)});
    }
  };
  see(std::move(first));
  const Time end = now_ + span;
  while (box_->wakes_at() <= end) {
    now_ = box_->wakes_at();
    see(box_->wake(now_));
  }
  now_ = end;
  return seen;
}

Answer BoxBench::carry_out(const Action& action) {
  Port& port = place_.ports[action.interface];
  switch (action.kind) {
    case Action::Kind::flush_table: return box_->flush(now_);
    case Action::Kind::remove_nat_rules: config_ = nat::without_rules(config_); return box_->configure(config_, now_);
    case Action::Kind::configure: config_ = action.nat; return box_->configure(config_, now_);
    case Action::Kind::readdress:
      port.addresses = {{action.address, action.length}};
      return box_->readdress(place_, action.interface, now_);
    case Action::Kind::down:
    case Action::Kind::up: port.up = action.kind == Action::Kind::up; return box_->adapt(place_, now_);
    case Action::Kind::send_udp: break;  // a box has no sockets for others
  }
  return {};
}

}  // namespace masqsim::box
