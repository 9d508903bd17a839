#include "ping.hpp"

#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "say.hpp"

namespace masqsim::app {

namespace {

enum Event : std::uint64_t { send_one, give_up };
constexpr std::uint64_t largest = 65507;

}  // namespace

// --- ping ----------------------------------------------------------------------------------------------------------

Ping::Ping(net::Stack& stack, const PingParams& params) : stack_(stack), params_(params) {
  stack.network().engine().schedule(params.at, *this, send_one);
}

void Ping::on_event(std::uint64_t what) {
  if (what == give_up) return finish();
  if (!socket_) {
    socket_ = stack_.open_icmp(params_.id, *this, params_.flow);
    if (!socket_) {
      say(stack_.node(), params_.flow, "query id {} is in use", params_.id);
      return finish();
    }
    socket_->connect({params_.to, 0});
  }
  send_next();
}

void Ping::send_next() {
  net::Network& network = stack_.network();
  ++sent_;
  if (sent_ < params_.times) {
    network.engine().schedule(network.now() + params_.every, *this, send_one);
  } else {
    network.engine().schedule(network.now() + params_.wait, *this, give_up);
  }
  socket_->send(params_.payload.empty() ? pattern(std::min(params_.size, largest)) : params_.payload, params_.options,
                static_cast<std::uint16_t>(sent_));
}

void Ping::on_datagram(net::DatagramSocket&, const net::Datagram& datagram) {
  ++answers_;
  const auto ip = wire::Ipv4View::parse_quoted(datagram.packet.view());
  say(stack_.node(), params_.flow, "answer to {} from {}, {} bytes, ttl {}", datagram.sequence,
      to_string(datagram.from.address), datagram.data.size(), ip->ttl());
  if (answers_ + failures_ >= params_.times) finish();
}

void Ping::on_trouble(net::DatagramSocket&, const net::Trouble& trouble) {
  say(stack_.node(), params_.flow, "{} about {}", trouble.text(), trouble.sequence);
  ++failures_;
  if (answers_ + failures_ >= params_.times) finish();
}

void Ping::finish() {
  if (finished_) return;
  finished_ = true;
  say_result(stack_.node(), params_.flow,
             answers_ > 0    ? result::replied
             : failures_ > 0 ? result::unreachable
                             : result::no_answer);
}

}  // namespace masqsim::app
