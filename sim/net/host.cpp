#include "host.hpp"

#include <fmt/format.h>

#include "cutting.hpp"
#include "masqsim/nat/fragments.hpp"
#include "masqsim/wire/icmp.hpp"
#include "neighbours.hpp"
#include "network.hpp"

namespace masqsim::net {

namespace icmp = wire::icmp;

namespace {
constexpr Duration reassembly_time = 30_s;  // Linux's ipfrag_time
}

struct Host::Rare final : Neighbours::Owner, engine::Handler {
  explicit Rare(Host& owner) : host(owner), neighbours(owner, *this) {}

  /// Pieces whose time ran out. Only where the first of them came is there somebody to tell (RFC 792).
  void on_event(std::uint64_t) override {
    for (const nat::Reassembler::Expired& expired : reassembler.expire(host.network().now())) {
      if (expired.first.empty()) continue;
      const Packet first = host.network().pool().make(expired.first, 0);
      host.say_drop(first, Reason::reassembly_timeout, fmt::format("{} pieces came", expired.pieces));
      const auto ip = *wire::Ipv4View::parse_quoted(first.view());
      host.stack_.complain(first, ip.destination(), {.type = icmp::time_exceeded, .code = 1});
    }
  }
  void on_no_neighbour(Neighbours::Waiting waiting, InterfaceIndex out) override {
    host.say_drop(waiting.packet, Reason::host_unreachable, "no neighbour answered for 3 s", out);
    host.stack_.undeliverable(waiting.packet, {.type = icmp::unreachable, .code = icmp::host_unreachable});
  }

  Host& host;
  Neighbours neighbours;
  nat::Reassembler reassembler{reassembly_time};
};

Host::Host(Network& network, trace::NodeId id) : Node(network, id), stack_(*this) {}
Host::~Host() = default;

void Host::receive(Packet packet, InterfaceIndex in) {
  if (!sound(packet, in) || !for_us(packet, in)) return;
  if (wire::Ipv4View::parse(packet.view())->is_fragment() && !take_piece(packet, in)) return;
  stack_.deliver(std::move(packet), in);
}

/// True: it was the last one missing, and `packet` is the whole datagram now.
bool Host::take_piece(Packet& packet, InterfaceIndex in) {
  using What = nat::Reassembler::Outcome::What;
  const Time now = network_.now();
  nat::Reassembler& pieces = rare().reassembler;
  nat::Reassembler::Outcome outcome = pieces.add(packet.view(), now);
  if (outcome.what == What::discarded) return say_drop(packet, outcome.reason, "", in), false;
  if (network_.trace().on(trace::Kind::deliver)) say_deliver(packet, "a piece of a datagram");
  if (outcome.what != What::complete) {
    network_.engine().schedule(now + reassembly_time, rare(), 0);
    return false;
  }
  const std::uint64_t id = packet.id();
  packet = network_.pool().make(outcome.whole.bytes, packet.flow(), packet.marks().cause);
  packet.marks().id = id;
  return true;
}

Host::Rare& Host::rare() {
  if (!rare_) rare_ = std::make_unique<Rare>(*this);
  return *rare_;
}

bool Host::sound(Packet& packet, InterfaceIndex in) const {
  const auto ip = wire::Ipv4View::parse(packet.view());
  if (!ip) return say_drop(packet, Reason::bad_header, "", in), false;
  if (!ip->sum_ok()) return say_drop(packet, Reason::bad_checksum, "of the IP header", in), false;
  packet.buffer().size = ip->total_length();  // what lies behind is the link's padding
  return true;
}

bool Host::for_us(const Packet& packet, InterfaceIndex in) const {
  const auto ip = *wire::Ipv4View::parse(packet.view());
  const wire::Address source = ip.source(), destination = ip.destination();
  const bool many = destination.is_limited_broadcast() || destination.is_multicast() ||
                    (interfaces_[in].prefix_length < 31 && destination == interfaces_[in].subnet().broadcast());
  if (!many && !owns(destination)) return say_drop(packet, Reason::not_for_us, "", in), false;
  const bool nobody = source.is_loopback() || source.is_multicast() || source.is_limited_broadcast() ||
                      (source.value >> 24 == 0 && !many);
  if (nobody) return say_drop(packet, Reason::martian, "a source no host can have", in), false;
  if (owns(source)) return say_drop(packet, Reason::martian, "the source is this node's own address", in), false;
  return true;
}

void Host::output(Packet packet) {
  const auto ip = *wire::Ipv4View::parse(packet.view());
  const wire::Address destination = ip.destination();
  if (owns(destination)) return stack_.deliver(std::move(packet), no_interface);
  const Route* route = routes_.find(destination);
  if (!route || route->kind != Route::Kind::forward) {
    say_drop(packet, Reason::no_route, network_.trace().on(trace::Kind::drop) ? "to " + to_string(destination) : "");
    return stack_.undeliverable(packet, {.type = icmp::unreachable, .code = icmp::net_unreachable});
  }
  const InterfaceIndex out = route->out;
  const wire::Address next_hop = route->via.is_zero() ? destination : route->via;
  const std::uint16_t mtu = interfaces_[out].mtu;
  if (packet.size() <= mtu) return transmit(std::move(packet), out, next_hop);
  if (ip.has_df()) {
    say_drop(packet, Reason::too_big, fmt::format("{} bytes, the link takes {}", packet.size(), mtu), out);
    return stack_.undeliverable(packet, {.type = icmp::unreachable, .code = icmp::fragmentation_needed, .rest = mtu});
  }
  for (Packet& piece : cut(std::move(packet), mtu, {})) transmit(std::move(piece), out, next_hop);
}

void Host::transmit(Packet packet, InterfaceIndex out, wire::Address next_hop) {
  if (network_.transmit(*this, out, packet, next_hop) != Sent::no_neighbour) return;
  rare().neighbours.wait_for(next_hop, out, {std::move(packet), {}});
}

}  // namespace masqsim::net
