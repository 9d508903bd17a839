#include "stack.hpp"

#include <algorithm>

#include "icmp_error.hpp"
#include "network.hpp"
#include "sockets.hpp"

namespace masqsim::net {

namespace {

using wire::Protocol;
namespace icmp = wire::icmp;

/// IGMP and PIM: Linux accepts these protocols silently, so no protocol-unreachable is sent.
bool is_accepted_silently(Protocol p) { return p == Protocol{2} || p == Protocol{103}; }

constexpr std::uint64_t something_later = ~std::uint64_t{0};  // no timer's number: there is no such connection

}  // namespace

Stack::Stack(Node& node) : node_(node) {}
Stack::~Stack() = default;

Sockets& Stack::sockets() {
  if (!sockets_) {
    const std::string stream = "stack/" + network().name(node_.id());
    sockets_ = std::make_unique<Sockets>(network().random(stream), network().random(stream + "/sequence").next());
  }
  return *sockets_;
}

void Stack::deliver(Packet packet, InterfaceIndex in, const UnclaimedReason* unclaimed) {
  if (in != no_interface) return receive(std::move(packet), in, unclaimed);
  sockets().later.push_back({.packet = std::move(packet)});
  happen_later();
}

void Stack::receive(Packet packet, InterfaceIndex in, const UnclaimedReason* unclaimed) {
  const auto ip = wire::Ipv4View::parse(packet.view());
  if (!ip) return node_.say_drop(packet, Reason::bad_header, "", in);
  const Delivering outer = std::exchange(delivering_, {packet.id(), in, unclaimed});
  switch (ip->protocol()) {
    case Protocol::udp: deliver_udp(*ip, packet, in); break;
    case Protocol::tcp: deliver_tcp(*ip, packet, in); break;
    case Protocol::udplite: deliver_udplite(*ip, packet, in); break;
    case Protocol::icmp: deliver_icmp(*ip, packet, in); break;
    default:
      refuse(packet, in, Reason::no_protocol, to_string(ip->protocol()));
      if (node_.owns(ip->destination()) && !is_accepted_silently(ip->protocol())) {
        complain(packet, ip->destination(), {.type = icmp::unreachable, .code = icmp::protocol_unreachable});
      }
  }
  delivering_ = outer;
}

void Stack::undeliverable(const Packet& packet, const wire::IcmpFields& error) {
  const auto ip = wire::Ipv4View::parse_quoted(packet.view());
  const auto about = wire::tuple_of(packet.view());
  if (!ip || !about || ip->payload().size() < 8) return;
  sockets().later.push_back({.packet = {},
                             .trouble = {.type = error.type,
                                         .code = error.code,
                                         .mtu = static_cast<std::uint16_t>(error.rest),
                                         .from = ip->source(),
                                         .about = *about},
                             .word = wire::load32(&ip->payload()[4])});
  happen_later();
}

void Stack::happen_later() { network().engine().schedule(network().now(), *this, something_later); }

Packet Stack::icmp_error(const Packet& about, wire::Address source, const wire::IcmpFields& error) {
  if (silent_) return {};
  const std::uint16_t mtu = path_mtu(wire::Ipv4View::parse_quoted(about.view())->source());
  Packet message = net::icmp_error(network().pool(), sockets().random, network().now(), about, source, error, mtu);
  if (message) message.marks().asked_by = about.marks().interface;
  return message;
}

void Stack::complain(const Packet& about, wire::Address source, const wire::IcmpFields& error) {
  Packet message = icmp_error(about, source, error);
  if (message) node_.output(std::move(message));
}

/// Records the end of a packet that no program takes.
void Stack::refuse(const Packet& packet, InterfaceIndex in, Reason reason, std::string_view text) {
  const UnclaimedReason* known = delivering_.unclaimed;
  if (known == nullptr) return node_.say_drop(packet, reason, text, in);
  node_.say_drop(packet, known->reason, known->text, in, known->before, known->steps);
}

void Stack::on_event(std::uint64_t argument) {
  if (argument == something_later) {
    Sockets::Later next = std::move(sockets_->later.front());
    sockets_->later.pop_front();
    if (next.packet) return receive(std::move(next.packet), no_interface, nullptr);
    return tell_program(next.trouble, next.word);
  }
  TcpConnection& connection = *sockets_->connections[argument >> 32];
  if (connection.generation_ == static_cast<std::uint32_t>(argument)) connection.on_alarm();
}

wire::Address Stack::source_for(wire::Address destination) const {
  const std::vector<Interface>& interfaces = node_.interfaces();
  if (node_.owns(destination)) return destination;
  const Route* route = node_.routes().find(destination);
  if (route && route->out < interfaces.size()) return interfaces[route->out].address;
  return interfaces.empty() ? wire::Address{} : interfaces.front().address;
}

std::uint16_t Stack::interface_mtu(wire::Address destination) const {
  const std::vector<Interface>& interfaces = node_.interfaces();
  if (interfaces.size() == 1) return interfaces.front().mtu;
  const Route* route = node_.routes().find(destination);
  return route && route->out < interfaces.size() ? interfaces[route->out].mtu : std::uint16_t{65535};
}

std::uint16_t Stack::path_mtu(wire::Address destination) const {
  return std::min(interface_mtu(destination), learned_mtu(destination));
}

// RFC 1191. A router that does not say its MTU leaves 576 as the safe guess.
void Stack::learn_mtu(wire::Address destination, std::uint16_t mtu) {
  constexpr std::uint16_t least = 68, guess = 576;
  const std::uint16_t known = path_mtu(destination);
  const std::uint16_t told = mtu >= least ? mtu : guess;
  if (told < known) sockets().path_mtus[destination] = told;
}

std::uint16_t Stack::learned_mtu(wire::Address destination) const {
  if (!sockets_ || sockets_->path_mtus.empty()) return 65535;
  const auto learned = sockets_->path_mtus.find(destination);
  return learned == sockets_->path_mtus.end() ? std::uint16_t{65535} : learned->second;
}

Packet Stack::make(std::size_t size, trace::FlowId flow) {
  Packet packet = network().pool().make(size, flow, delivering_.packet);
  packet.marks().asked_by = delivering_.in;
  return packet;
}

}  // namespace masqsim::net
