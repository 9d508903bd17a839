#include "masqsim/wire/ipv4.hpp"
#include "ping.hpp"
#include "say.hpp"

namespace masqsim::app {

Raw::Raw(net::Node& node, const RawParams& params) : node_(node), params_(params) {
  node.network().engine().schedule(params.at, *this, 0);
}

// Bytes that are no IPv4 header name no destination: they go to the router, as whatever has no better way.
void Raw::on_event(std::uint64_t) {
  net::Network& network = node_.network();
  if (++sent_ < params_.times) network.engine().schedule(network.now() + params_.every, *this, 0);
  const std::vector<std::uint8_t> made = params_.made ? params_.made() : std::vector<std::uint8_t>{};
  const wire::ByteView bytes = params_.made ? wire::ByteView(made) : params_.bytes;
  net::Packet packet = network.pool().make(bytes, params_.flow);
  packet.marks().forged = true;
  const auto ip = wire::Ipv4View::parse_quoted(bytes);
  const wire::Address destination = ip ? ip->destination() : wire::Address{};
  const net::Route* route = node_.routes().find(destination);
  const bool routed = route && route->kind == net::Route::Kind::forward;
  if (!routed && params_.out == net::no_interface) {
    node_.say_drop(packet, Reason::no_route);
    return say_result(node_, params_.flow, result::unreachable);
  }
  const net::InterfaceIndex out = params_.out == net::no_interface ? route->out : params_.out;
  const bool by_router = routed && route->out == out && !route->via.is_zero();
  if (network.transmit(node_, out, packet, by_router ? route->via : destination) == net::Sent::no_neighbour) {
    node_.say_drop(packet, Reason::host_unreachable, "no neighbour has that address", out);
    return say_result(node_, params_.flow, result::unreachable);
  }
  say_result(node_, params_.flow, result::sent);
}

}  // namespace masqsim::app
