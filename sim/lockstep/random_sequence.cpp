#include "random_sequence.hpp"

#include <fmt/format.h>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "random_packet.hpp"

namespace masqsim::lockstep {
namespace {

using wire::Endpoint;
using wire::Protocol;

constexpr wire::Address outside = wire::address(203, 0, 113, 1), gateway_inside = wire::address(192, 168, 1, 1),
                        inside_router = wire::address(192, 168, 1, 254), far_router = wire::address(198, 51, 100, 9);

// Few of each, so that flows collide.
constexpr std::array hosts{wire::address(192, 168, 1, 10), wire::address(192, 168, 1, 11),
                           wire::address(192, 168, 1, 12)};
constexpr std::array remotes{wire::address(198, 51, 100, 7), wire::address(198, 51, 100, 8),
                             wire::address(198, 51, 100, 9)};
constexpr std::array<std::uint16_t, 8> inside_ports{5000, 5000, 5001, 40000, 500, 700, 8080, 0};
constexpr std::uint16_t forwarded_port = 8080, ftp_port = 21, ftp_data_source = 20;
constexpr std::array<std::uint16_t, 5> remote_ports{53, 80, 443, 5000, ftp_port};

template <typename T, std::size_t N>
T pick(Random& random, const std::array<T, N>& from) {
  return from[random.below(N)];
}

Endpoint some_inside(Random& random) {
  const wire::Address address = pick(random, hosts);
  return {address, pick(random, inside_ports)};
}

Endpoint some_remote(Random& random) {
  const wire::Address address = pick(random, remotes);
  return {address, pick(random, remote_ports)};
}

/// Of the gateway's outside: the forwarded ones, or one that is not.
std::uint16_t some_called_port(Random& random) {
  if (random.below(3) == 0) return pick(random, inside_ports);
  return random.below(3) == 0 ? ftp_port : forwarded_port;
}

bool has_ports(Protocol p) {
  return p == Protocol::tcp || p == Protocol::udp || p == Protocol::sctp || p == Protocol::udplite;
}

RandomHosts::Flow make_flow(Random& random) {
  RandomHosts::Flow flow;
  constexpr std::array protocols{Protocol::tcp,  Protocol::tcp,  Protocol::tcp,    Protocol::udp,  Protocol::udp,
                                 Protocol::udp,  Protocol::icmp, Protocol::gre,    Protocol::esp,  Protocol{100},
                                 Protocol{253},  Protocol::tcp,  Protocol::udp,    Protocol::icmp, Protocol::tcp,
                                 Protocol::sctp, Protocol::sctp, Protocol::udplite};
  flow.protocol = pick(random, protocols);
  flow.icmp_type = random.below(4) == 0 ? wire::icmp::timestamp : wire::icmp::echo;
  flow.scaled = random.below(2) == 0;
  RandomHosts::End& caller = flow.ends[0];
  const std::uint64_t kind = random.below(100);
  if (kind < 70) {  // outwards
    caller.side = box::Side::in;
    caller.own = some_inside(random);
    flow.called = some_remote(random);
  } else if (kind < 80) {  // to the forwarded port, or one that is not
    caller.side = box::Side::out;
    caller.own = some_remote(random);
    flow.called = {outside, some_called_port(random)};
  } else if (kind < 87) {  // hairpin
    caller.side = box::Side::in;
    caller.own = some_inside(random);
    flow.called = {outside, some_called_port(random)};
  } else if (kind < 92) {  // to the private address, from outside
    caller.side = box::Side::out;
    caller.own = some_remote(random);
    flow.called = some_inside(random);
  } else if (kind < 93) {  // a data connection that a client or the forwarded server may have announced
    caller.side = box::Side::out;
    caller.own = {pick(random, remotes), ftp_data_source};
    const bool to_server = random.below(3) == 0;
    flow.called = {outside, ftp_data_port(to_server ? Endpoint{hosts[0], ftp_port} : some_inside(random))};
    flow.protocol = Protocol::tcp;
  } else if (kind < 95) {  // through the gateway and out again
    caller.side = box::Side::out;
    caller.own = some_remote(random);
    flow.called = {wire::address(10, 9, 9, 9), pick(random, remote_ports)};
  } else {  // to the gateway itself
    caller.side = box::Side::in;
    caller.own = some_inside(random);
    flow.called = {gateway_inside, pick(random, remote_ports)};
  }
  // The gateway's own answer to a timestamp query tells its clock.
  if (flow.called.address == outside || flow.called.address == gateway_inside) flow.icmp_type = wire::icmp::echo;
  if (flow.protocol == Protocol::icmp) flow.called.port = caller.own.port;
  if (flow.protocol != Protocol::icmp && !has_ports(flow.protocol)) caller.own.port = flow.called.port = 0;
  for (RandomHosts::End& end : flow.ends) {
    const std::uint64_t high = random.below(8) == 0 ? 0xffffff00u : random.below(0xffffffff);
    end.next_sequence = static_cast<std::uint32_t>(high);
  }
  flow.ends[1].side = box::Side::out;
  flow.ends[1].own = flow.called;
  return flow;
}

bool is_own(wire::Address a) { return a == outside || a == gateway_inside; }

}  // namespace

std::vector<Move> random_moves(std::uint64_t seed, std::size_t count) {
  Random random(seed, "moves");
  std::vector<Move> moves;
  std::uint32_t newest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (random.below(6) == 0) ++newest;
    const std::uint64_t back = random.below(random.below(4) == 0 ? 30 : 5);
    Move move;
    move.flow = newest > back ? newest - static_cast<std::uint32_t>(back) : 0;
    move.salt = random.next();
    moves.push_back(move);
  }
  return moves;
}

RandomHosts::RandomHosts(std::uint64_t seed, std::uint16_t first_id) : seed_(seed), next_id_(first_id) {}

RandomHosts::Flow& RandomHosts::flow(std::uint32_t number) {
  if (flows_.size() <= number) flows_.resize(number + 1);
  std::optional<Flow>& known = flows_[number];
  if (!known) {
    Random random(seed_, fmt::format("flow/{}", number));
    known = make_flow(random);
  }
  return *known;
}

std::vector<Injection> RandomHosts::packets(const Move& move) {
  Flow& f = flow(move.flow);
  Random random(move.salt, "move");
  const std::uint16_t id = next_id_++;
  const bool answered = f.ends[1].peer.has_value();
  f.mover = static_cast<std::uint8_t>(random.below(answered ? 2 : 6) == 0 ? 1 : 0);
  End& from = f.ends[f.mover];
  // The far end that nothing has reached yet guesses that the gateway kept the port.
  const Endpoint guess = f.ends[0].side == box::Side::in && f.ends[1].side == box::Side::out
                             ? Endpoint{outside, f.ends[0].own.port}
                             : f.ends[0].own;
  const Endpoint to = f.mover == 0 ? f.called : from.peer.value_or(guess);

  const std::uint64_t kind = random.below(100);
  if (kind == 99) return {{box::Side::in, {}}};
  // Linux damages errors about a connection whose numbers it has shifted (sim/nat/README.md).
  const bool may_be_shifted = f.protocol == Protocol::tcp && (f.called.port == ftp_port || from.own.port == ftp_port);
  if (kind < 12 && !from.arrived.empty() &&
      !may_be_shifted) {  // an error about what came, by its receiver or a router before it
    const bool router = random.below(3) == 0;
    const wire::Address sender = !router ? from.own.address : from.side == box::Side::in ? inside_router : far_router;
    return {{from.side, random_error(from.arrived, sender, id, random)}};
  }
  Bytes packet = f.protocol == Protocol::tcp ? random_tcp(f, f.mover, to, id, random)
                                             : random_datagram(f, f.mover, to, id, random);
  if (kind < 18 && packet.size() > 60) {
    // Where the gateway itself is addressed, a set that never becomes whole is answered when its time is over.
    std::vector<Injection> pieces;
    for (Bytes& piece : in_pieces(packet, !is_own(to.address), random)) pieces.push_back({from.side, std::move(piece)});
    return pieces;
  }
  if (kind < 32 && !may_be_shifted) damage(packet, random);
  return {{from.side, std::move(packet)}};
}

void RandomHosts::saw(const Move& move, const Injection& injected, const std::vector<box::Emerged>& emerged) {
  Flow& f = flow(move.flow);
  if (injected.bytes.size() < 20) return;
  for (const box::Emerged& e : emerged) {
    const auto ip = wire::Ipv4View::parse(std::span<const std::uint8_t>(e.bytes));
    // What was forwarded keeps its id; what the gateway made is nobody's answer.
    if (!ip || ip->is_fragment() || ip->id() != wire::load16(&injected.bytes[4]) || e.bytes[9] != injected.bytes[9]) {
      continue;
    }
    const std::optional<wire::Tuple> tuple = wire::tuple_of(e.bytes);
    const bool error =
        ip->protocol() == Protocol::icmp && !ip->payload().empty() && wire::icmp::is_error(ip->payload()[0]);
    if (!tuple || error || tuple->protocol != f.protocol) continue;
    End& reached = f.ends[1 - f.mover];
    if (f.mover == 0) {
      reached.side = e.side;
      reached.own = tuple->destination;
    }
    reached.peer = tuple->source;
    reached.arrived = e.bytes;
    return;
  }
}

}  // namespace masqsim::lockstep
