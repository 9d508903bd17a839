#include "ping.hpp"

#include "masqsim/wire/ipv4.hpp"
#include "say.hpp"

namespace masqsim::app {

Ping::Ping(net::Stack& stack, const PingParams& params) : Asker(stack, params.requests), params_(params) {}

net::DatagramSocket* Ping::open() {
  net::DatagramSocket* socket = stack_.open_icmp(params_.id, *this, flow());
  if (!socket) {
    say(stack_.node(), flow(), "query id {} is in use", params_.id);
    return nullptr;
  }
  socket->connect({params_.to, 0});
  return socket;
}

void Ping::on_datagram(net::DatagramSocket&, const net::Datagram& datagram) {
  const auto ip = wire::Ipv4View::parse_quoted(datagram.packet.view());
  say(stack_.node(), flow(), "answer to {} from {}, {} bytes, ttl {}", datagram.sequence,
      to_string(datagram.from.address), datagram.data.size(), ip->ttl());
  answered();
}

void Ping::on_trouble(net::DatagramSocket&, const net::Trouble& trouble) {
  say(stack_.node(), flow(), "{} about {}", trouble.text(), trouble.sequence);
  failed(result::unreachable);
}

}  // namespace masqsim::app
