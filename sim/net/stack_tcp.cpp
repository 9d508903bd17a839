// Which TCP connection a segment belongs to, and what becomes of one that belongs to none.
#include <fmt/format.h>

#include "ip_options.hpp"
#include "masqsim/wire/checksum.hpp"
#include "network.hpp"
#include "sockets.hpp"
#include "stack.hpp"
#include "tcp_signature.hpp"

namespace masqsim::net {

namespace {

using wire::Protocol;

}  // namespace

void Stack::deliver_tcp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in) {
  using wire::TcpFlags;
  const auto tcp = wire::TcpView::parse(ip.payload());
  if (!tcp) return node_.say_drop(packet, Reason::malformed, "TCP header", in);
  if (pseudo_checksum(ip.source(), ip.destination(), Protocol::tcp, ip.payload()) != 0) {
    return node_.say_drop(packet, Reason::bad_checksum, "of TCP", in);
  }
  if (!node_.owns(ip.destination())) return node_.say_drop(packet, Reason::broadcast, "TCP to many", in);

  if (TcpSegmentHandler* other = sockets_ ? sockets_->other_tcp(tcp->destination_port()) : nullptr) {
    return let_handle(*other, ip, *tcp, packet, in);
  }
  const wire::Endpoint local{ip.destination(), tcp->destination_port()}, remote{ip.source(), tcp->source_port()};
  const wire::TcpFlags flags = tcp->flags();
  const bool opens = flags.has(TcpFlags::syn) && !flags.any(TcpFlags::ack | TcpFlags::rst | TcpFlags::fin);
  TcpConnection* connection = sockets_ ? sockets_->connection(local, remote) : nullptr;
  Listener* listener = sockets_ ? sockets_->listeners.find(Sockets::key(Protocol::tcp, local.port)) : nullptr;
  if (connection && connection->may_be_replaced(*tcp) && opens && listener) {  // RFC 9293 section 3.6.1
    connection->forget();
    connection = nullptr;
  }
  if (connection) return connection->on_segment(*tcp, packet, in);
  if (listener && opens) {
    if (network().trace().on(trace::Kind::deliver)) node_.say_deliver(packet, program_name(Protocol::tcp, local.port));
    connection = new_connection(local, remote);
    connection->settings_ = listener->settings;
    connection->flow_ = packet.flow();
    connection->handler_ = &listener->acceptor->on_connection(*connection);
    return connection->begin_passive(*tcp);
  }
  if (flags.any(TcpFlags::rst) || (listener && !flags.any(TcpFlags::ack))) {
    refuse(packet, in, Reason::stale, "no such connection");
    return;
  }
  const TcpConnection* meant = flags.has(TcpFlags::syn | TcpFlags::ack) ? calling(local, remote.port) : nullptr;
  const Reason reason = meant ? Reason::wrong_peer : opens ? Reason::refused : Reason::stale;
  const std::string text = !network().trace().on(trace::Kind::drop) ? std::string()
                           : meant ? program_name(Protocol::tcp, local.port) + " called " + to_string(meant->remote())
                           : opens ? "no program on " + program_name(Protocol::tcp, local.port)
                                   : "no such connection";
  refuse(packet, in, reason, text);
  send_reset(ip, *tcp, packet);
}

void Stack::let_handle(TcpSegmentHandler& handler, wire::Ipv4View ip, wire::TcpView tcp, const Packet& packet,
                       InterfaceIndex in) {
  switch (handler.on_segment(ip, tcp, packet.flow())) {
    case TcpSegmentHandler::Verdict::taken:
      if (network().trace().on(trace::Kind::deliver)) {
        node_.say_deliver(packet, program_name(Protocol::tcp, tcp.destination_port()));
      }
      return;
    case TcpSegmentHandler::Verdict::ignored: refuse(packet, in, Reason::stale, "it does not fit"); return;
    case TcpSegmentHandler::Verdict::refused:
      refuse(packet, in, Reason::stale, "no such connection");
      send_reset(ip, tcp, packet);
  }
}

// A connection that calls the same port of somebody else, and so may be whom an answer was meant for.
const TcpConnection* Stack::calling(wire::Endpoint local, std::uint16_t remote_port) const {
  if (!sockets_) return nullptr;
  for (const auto& connection : sockets_->connections) {
    if (connection->state() == TcpState::syn_sent && connection->local() == local &&
        connection->remote().port == remote_port) {
      return connection.get();
    }
  }
  return nullptr;
}

// RFC 9293 section 3.10.7.1, in the header that Linux gives it (tcp_v4_send_reset).
void Stack::send_reset(wire::Ipv4View ip, wire::TcpView tcp, const Packet& packet) {
  using wire::TcpFlags;
  if (signature_of(tcp) != Signature::none) return;
  const wire::TcpFlags flags = tcp.flags();
  wire::TcpFields reset{.source_port = tcp.destination_port(),
                        .destination_port = tcp.source_port(),
                        .flags = {TcpFlags::rst},
                        .window = 0};
  if (flags.any(TcpFlags::ack)) {
    reset.sequence = tcp.acknowledgment();
  } else {
    reset.flags = {TcpFlags::rst | TcpFlags::ack};
    reset.acknowledgment = tcp.sequence() + static_cast<std::uint32_t>(tcp.payload().size()) +
                           (flags.any(TcpFlags::syn) ? 1 : 0) + (flags.any(TcpFlags::fin) ? 1 : 0);
  }
  const auto tos = static_cast<std::uint8_t>(ip.tos() & ~3);  // without the ECN bits
  const AnswerOptions options = answer_options(ip, network().now(), ip.destination());
  if (!options.possible) return;
  Packet answer = network().pool().make(40 + options.size, packet.flow(), packet.id());
  answer.marks().asked_by = packet.marks().interface;
  const wire::IpFields head{
      .source = ip.destination(), .destination = ip.source(), .ttl = ttl_, .tos = tos, .options = options.view()};
  wire::write_tcp(answer.bytes(), head, reset, {});
  node_.output(std::move(answer));
}

TcpConnection* Stack::new_connection(wire::Endpoint local, wire::Endpoint remote) {
  Sockets& s = sockets();
  if (s.rested < s.resting.size() && s.resting[s.rested].since < network().now()) {
    const std::uint32_t index = s.resting[s.rested++].index;
    if (s.rested == s.resting.size()) s.resting.clear(), s.rested = 0;
    TcpConnection& old = *s.connections[index];
    const std::uint32_t generation = old.generation_ + 1;
    old = TcpConnection(*this, index);
    old.generation_ = generation;
    old.local_ = local, old.remote_ = remote;
    s.by_tuple.insert(Sockets::key(local, remote), old);
    return &old;
  }
  const auto index = static_cast<std::uint32_t>(s.connections.size());
  s.connections.push_back(std::make_unique<TcpConnection>(*this, index));
  TcpConnection& made = *s.connections.back();
  made.local_ = local, made.remote_ = remote;
  s.by_tuple.insert(Sockets::key(local, remote), made);
  return &made;
}

void Stack::release(TcpConnection& connection) {
  sockets_->by_tuple.erase(Sockets::key(connection.local_, connection.remote_), connection);
  sockets_->resting.push_back({connection.index_, network().now()});
}

// --- for programs ---

bool Stack::listen(std::uint16_t port, TcpAcceptor& acceptor, const TcpSettings& settings) {
  Sockets& s = sockets();
  const std::uint64_t key = Sockets::key(Protocol::tcp, port);
  if (s.listeners.find(key) || s.other_tcp(port)) return false;
  s.listening.push_back(std::make_unique<Listener>(Listener{port, &acceptor, settings}));
  s.listeners.insert(key, *s.listening.back());
  return true;
}

void Stack::set_tcp_segment_handler(TcpSegmentHandler* handler) { sockets().segment_handler = handler; }

TcpConnection* Stack::connect(wire::Endpoint remote, std::uint16_t port, TcpHandler& handler,
                              const TcpSettings& settings, trace::FlowId flow) {
  if (port == 0) port = pick_port(Protocol::tcp);
  const wire::Endpoint local{source_for(remote.address), port};
  if (port == 0 || sockets().connection(local, remote)) return nullptr;
  TcpConnection* connection = new_connection(local, remote);
  connection->settings_ = settings;
  connection->flow_ = flow;
  connection->handler_ = &handler;
  connection->begin_active();
  return connection;
}

const TcpConnection* Stack::connection(wire::Endpoint local, wire::Endpoint remote) const {
  return sockets_ ? sockets_->connection(local, remote) : nullptr;
}

const TcpConnection* Stack::connection_of(trace::FlowId flow) const {
  if (!sockets_) return nullptr;
  const TcpConnection* found = nullptr;
  for (const auto& connection : sockets_->connections) {
    if (connection->flow() == flow && connection->state() != TcpState::closed) found = connection.get();
  }
  return found;
}

}  // namespace masqsim::net
