#include "udp.hpp"

#include <algorithm>

#include "say.hpp"

namespace masqsim::app {

// --- server --------------------------------------------------------------------------------------------------------

UdpServer::UdpServer(net::Stack& stack, const UdpServerParams& params)
    : stack_(stack), params_(params), socket_(stack.open_udp(params.port, *this)) {}

UdpServer::~UdpServer() = default;

void UdpServer::on_datagram(net::DatagramSocket& socket, const net::Datagram& datagram) {
  if (!params_.echo && params_.reply == 0) return;
  if (params_.after.ns == 0) return socket.reply(datagram, answer_to(datagram.data));
  Thought thought{.from = datagram.from,
                  .to = datagram.to.address,
                  .flow = datagram.packet.flow(),
                  .cause = datagram.packet.id(),
                  .echo = {}};
  if (params_.echo) thought.echo.assign(datagram.data.begin(), datagram.data.end());
  thoughts_.push_back(std::move(thought));
  net::Network& network = stack_.network();
  network.engine().schedule(network.now() + params_.after, *this, 0);
}

// All think equally long, so the oldest thought is the next to be ready.
void UdpServer::on_event(std::uint64_t) {
  const Thought thought = std::move(thoughts_.front());
  thoughts_.pop_front();
  socket_->reply_to(thought.from, thought.to, answer_to(thought.echo), thought.flow, thought.cause);
}

wire::ByteView UdpServer::answer_to(wire::ByteView datagram) const {
  if (params_.echo) return datagram;
  return params_.text.empty() ? pattern(std::min(params_.reply, largest_datagram)) : params_.text;
}

// --- client --------------------------------------------------------------------------------------------------------

UdpClient::UdpClient(net::Stack& stack, const UdpClientParams& params)
    : Asker(stack, params.requests), params_(params) {}

net::DatagramSocket* UdpClient::open() {
  net::DatagramSocket* socket = stack_.open_udp_to(params_.to, params_.from_port, *this, flow());
  if (!socket) say(stack_.node(), flow(), "port {} is in use", params_.from_port);
  return socket;
}

void UdpClient::on_datagram(net::DatagramSocket&, const net::Datagram& datagram) {
  if (stack_.network().trace().on(trace::Kind::event)) {  // spares the address its text
    say(stack_.node(), flow(), "answer {} from {}, {} bytes", next_answer(), to_string(datagram.from),
        datagram.data.size());
  }
  answered();
}

void UdpClient::on_trouble(net::DatagramSocket&, const net::Trouble& trouble) {
  say(stack_.node(), flow(), "{}", trouble.text());
  failed(result_of(trouble));
}

}  // namespace masqsim::app
