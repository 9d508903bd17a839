#include <algorithm>

#include "masqsim/wire/icmp.hpp"
#include "ping.hpp"
#include "say.hpp"

namespace masqsim::app {

// Events are numbered by the hop whose time they end; the first one is 0.
Traceroute::Traceroute(net::Stack& stack, const TracerouteParams& params) : stack_(stack), params_(params) {
  stack.network().engine().schedule(params.at, *this, 0);
}

void Traceroute::on_event(std::uint64_t hop) {
  if (finished_ || hop != hop_) return;
  if (hop > 0) {
    say(stack_.node(), params_.flow, "hop {} is silent", hop);
    return probe();
  }
  socket_ = params_.icmp ? stack_.open_icmp(params_.from_port, *this, params_.flow)
                         : stack_.open_udp(params_.from_port, *this, params_.flow);
  if (!socket_) {
    say(stack_.node(), params_.flow, "port {} is in use", params_.from_port);
    return finish(result::no_answer);
  }
  if (params_.icmp) socket_->connect({params_.to, 0});
  probe();
}

void Traceroute::probe() {
  if (hop_ == params_.hops) return finish(result::no_answer);
  ++hop_;
  net::Network& network = stack_.network();
  network.engine().schedule(network.now() + params_.wait, *this, hop_);
  const net::SendOptions options{.ttl = hop_};
  const wire::ByteView data = pattern(std::min<std::uint64_t>(params_.size, 65507));
  if (params_.icmp) return socket_->send(data, options, hop_);
  socket_->send_to({params_.to, static_cast<std::uint16_t>(params_.first_port + hop_ - 1)}, data, options);
}

void Traceroute::on_datagram(net::DatagramSocket&, const net::Datagram& datagram) {
  if (finished_ || datagram.from.address != params_.to) return;
  if (params_.icmp && datagram.sequence != hop_) return;
  hop_is(datagram.from.address);
  finish(result::replied);
}

void Traceroute::on_trouble(net::DatagramSocket&, const net::Trouble& trouble) {
  if (finished_) return;
  const bool late =
      params_.icmp ? trouble.sequence != hop_ : trouble.about.destination.port != params_.first_port + hop_ - 1;
  if (late) return;
  if (trouble.type == wire::icmp::time_exceeded) {
    hop_is(trouble.from);
    return probe();
  }
  if (kind_of(trouble) == net::TroubleKind::refused) {
    hop_is(trouble.from);
    return finish(result::replied);
  }
  say(stack_.node(), params_.flow, "hop {}: {}", hop_, trouble.text());
  finish(result::unreachable);
}

void Traceroute::hop_is(wire::Address who) { say(stack_.node(), params_.flow, "hop {} is {}", hop_, to_string(who)); }

void Traceroute::finish(std::string_view word) {
  finished_ = true;
  say_result(stack_.node(), params_.flow, word);
}

}  // namespace masqsim::app
