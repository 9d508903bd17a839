// The ports of a node, and which programs have them.
#include "sockets.hpp"

#include "network.hpp"
#include "stack.hpp"

namespace masqsim::net {

namespace {

using wire::Protocol;

constexpr std::uint16_t first_ephemeral = 32768, ephemeral_ports = 28232;  // Linux's ip_local_port_range

}  // namespace

std::string program_name(Protocol protocol, std::uint16_t port) {
  return to_string(protocol) + ':' + std::to_string(port);
}

std::uint16_t Stack::pick_port(wire::Protocol protocol) {
  Sockets& s = sockets();
  if (s.next_port == 0) s.next_port = static_cast<std::uint16_t>(first_ephemeral + s.random.below(ephemeral_ports));
  for (int tries = 0; tries < ephemeral_ports; ++tries) {
    const std::uint16_t port = s.next_port;
    s.next_port =
        port + 1 == first_ephemeral + ephemeral_ports ? first_ephemeral : static_cast<std::uint16_t>(port + 1);
    const std::uint64_t key = Sockets::key(protocol, port);
    if (!s.by_port.find(key) && !s.listeners.find(key) && !s.other_tcp(port)) return port;
  }
  return 0;
}

DatagramSocket* Stack::open(wire::Protocol protocol, std::uint16_t port, wire::Endpoint remote,
                            DatagramHandler& handler, trace::FlowId flow) {
  Sockets& s = sockets();
  if (port == 0) port = pick_port(protocol);
  const auto clashes = [&](const DatagramSocket& one) { return protocol != Protocol::udp || one.remote_ == remote; };
  if (port == 0) return nullptr;
  if (DatagramSocket* taken = s.by_port.find(Sockets::key(protocol, port), clashes)) {
    if (!taken->lent_) return nullptr;
    close(*taken);
  }
  s.datagram_sockets.push_back(std::make_unique<DatagramSocket>(*this, protocol, port, handler, flow));
  DatagramSocket& made = *s.datagram_sockets.back();
  s.by_port.insert(Sockets::key(protocol, port), made);
  return &made;
}

DatagramSocket* Stack::open_udp(std::uint16_t port, DatagramHandler& handler, trace::FlowId flow) {
  return open(Protocol::udp, port, {}, handler, flow);
}

DatagramSocket* Stack::open_udp_to(wire::Endpoint remote, std::uint16_t port, DatagramHandler& handler,
                                   trace::FlowId flow) {
  DatagramSocket* socket = open(Protocol::udp, port, remote, handler, flow);
  if (socket) socket->connect(remote);
  return socket;
}

DatagramSocket* Stack::open_icmp(std::uint16_t id, DatagramHandler& handler, trace::FlowId flow) {
  return open(Protocol::icmp, id, {}, handler, flow);
}

void Stack::close(DatagramSocket& socket) {
  Sockets& s = sockets();
  s.by_port.erase(Sockets::key(socket.protocol_, socket.port_), socket);
  std::erase_if(s.datagram_sockets, [&](const auto& one) { return one.get() == &socket; });
}

bool Stack::serves(wire::Protocol protocol, std::uint16_t port) const {
  if (!sockets_) return false;
  const std::uint64_t key = Sockets::key(protocol, port);
  if (protocol == Protocol::tcp) return sockets_->listeners.find(key) || sockets_->other_tcp(port);
  return sockets_->by_port.find(key) != nullptr;
}

}  // namespace masqsim::net
