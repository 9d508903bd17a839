#include "udp.hpp"

#include <algorithm>

#include "say.hpp"

namespace masqsim::app {

namespace {
constexpr std::uint64_t largest = 65507;
}

// --- server --------------------------------------------------------------------------------------------------------

UdpServer::UdpServer(net::Stack& stack, const UdpServerParams& params)
    : stack_(stack), params_(params), socket_(stack.open_udp(params.port, *this)) {}

UdpServer::~UdpServer() = default;

void UdpServer::on_datagram(net::DatagramSocket& socket, const net::Datagram& datagram) {
  if (!params_.echo && params_.reply == 0) return;
  if (params_.after.ns == 0) return socket.reply(datagram, answer_to(datagram));
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
  const wire::ByteView data = params_.echo ? wire::ByteView(thought.echo) : pattern(std::min(params_.reply, largest));
  socket_->reply_to(thought.from, thought.to, data, thought.flow, thought.cause);
}

wire::ByteView UdpServer::answer_to(const net::Datagram& datagram) const {
  return params_.echo ? datagram.data : pattern(std::min(params_.reply, largest));
}

// --- client --------------------------------------------------------------------------------------------------------

namespace {
enum Event : std::uint64_t { send_one, give_up };
}

UdpClient::UdpClient(net::Stack& stack, const UdpClientParams& params) : stack_(stack), params_(params) {
  stack.network().engine().schedule(params.at, *this, send_one);
}

void UdpClient::on_event(std::uint64_t what) {
  if (what == give_up) return finish();
  if (!socket_) {
    socket_ = stack_.open_udp_to(params_.to, params_.from_port, *this, params_.flow);
    if (!socket_) {
      say(stack_.node(), params_.flow, "port {} is in use", params_.from_port);
      return finish();
    }
  }
  send_next();
}

void UdpClient::send_next() {
  net::Network& network = stack_.network();
  ++sent_;
  if (sent_ < params_.times) {
    network.engine().schedule(network.now() + params_.every, *this, send_one);
  } else {
    network.engine().schedule(network.now() + params_.wait, *this, give_up);
  }
  socket_->send(params_.payload.empty() ? pattern(std::min(params_.size, largest)) : params_.payload, params_.options);
}

void UdpClient::on_datagram(net::DatagramSocket&, const net::Datagram& datagram) {
  ++answers_;
  if (stack_.network().trace().on(trace::Kind::event)) {  // spares the address its text
    say(stack_.node(), params_.flow, "answer {} from {}, {} bytes", answers_, to_string(datagram.from),
        datagram.data.size());
  }
  if (params_.expects_reply && answers_ + failures_ >= params_.times) finish();
}

void UdpClient::on_trouble(net::DatagramSocket&, const net::Trouble& trouble) {
  say(stack_.node(), params_.flow, "{}", trouble.text());
  ++failures_;
  failure_ = result_of(trouble);
  if (answers_ + failures_ >= params_.times) finish();
}

void UdpClient::finish() {
  if (finished_) return;
  finished_ = true;
  if (socket_ && sent_ == params_.times) socket_->lend();
  const std::string_view nothing = params_.expects_reply ? result::no_answer : result::sent;
  say_result(stack_.node(), params_.flow, answers_ > 0 ? result::replied : failure_.empty() ? nothing : failure_);
}

}  // namespace masqsim::app
