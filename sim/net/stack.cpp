#include "stack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "icmp_error.hpp"
#include "ip_options.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/udp.hpp"
#include "sockets.hpp"
#include "tcp_signature.hpp"

namespace masqsim::net {

namespace {

using wire::Protocol;
namespace icmp = wire::icmp;

/// IGMP and PIM: Linux has somebody for them, who answers nothing.
bool heard_in_silence(Protocol p) { return p == Protocol{2} || p == Protocol{103}; }

constexpr std::uint16_t first_ephemeral = 32768, ephemeral_ports = 28232;  // Linux's ip_local_port_range
constexpr std::uint16_t least_route_mtu = 552;
constexpr std::int64_t milliseconds_a_day = 86'400'000;
constexpr std::uint64_t something_later = ~std::uint64_t{0};  // no timer's number: there is no such connection

/// "tcp:80": who takes a packet, for the record of its delivery.
std::string program(Protocol protocol, std::uint16_t port) { return to_string(protocol) + ':' + std::to_string(port); }

}  // namespace

Stack::Stack(Node& node, Unowned* unowned) : node_(node), unowned_(unowned) {}
Stack::~Stack() = default;

Stack::Sockets& Stack::sockets() {
  if (!sockets_) {
    const std::string stream = "stack/" + network().name(node_.id());
    sockets_ = std::make_unique<Sockets>(network().random(stream), network().random(stream + "/sequence").next());
  }
  return *sockets_;
}

void Stack::deliver(Packet packet, InterfaceIndex in) {
  if (in != no_interface) return receive(std::move(packet), in);
  sockets().later.push_back({.packet = std::move(packet)});
  happen_later();
}

void Stack::receive(Packet packet, InterfaceIndex in) {
  const auto ip = wire::Ipv4View::parse(packet.view());
  if (!ip) return node_.say_drop(packet, Reason::bad_header, "", in);
  const std::uint64_t outer = std::exchange(cause_, packet.id());
  switch (ip->protocol()) {
    case Protocol::udp: deliver_udp(*ip, packet, in); break;
    case Protocol::tcp: deliver_tcp(*ip, packet, in); break;
    case Protocol::udplite: deliver_udplite(*ip, packet, in); break;
    case Protocol::icmp: deliver_icmp(*ip, packet, in); break;
    default:
      if (refuse(packet, in, Reason::no_protocol, to_string(ip->protocol())) && node_.owns(ip->destination()) &&
          !heard_in_silence(ip->protocol())) {
        complain(packet, ip->destination(), {.type = icmp::unreachable, .code = icmp::protocol_unreachable});
      }
  }
  cause_ = outer;
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

void Stack::complain(const Packet& about, wire::Address source, const wire::IcmpFields& error) {
  const std::uint16_t mtu = path_mtu(wire::Ipv4View::parse_quoted(about.view())->source());
  Packet answer = icmp_error(network().pool(), sockets().random, network().now(), about, source, error, mtu);
  if (answer) node_.output(std::move(answer));
}

// Records the end of a packet that no program takes; true: its sender may be told.
bool Stack::refuse(const Packet& packet, InterfaceIndex in, Reason reason, std::string_view text) {
  if (unowned_) return unowned_->on_unowned(packet, in, reason, text);
  node_.say_drop(packet, reason, text, in);
  return true;
}

// --- UDP -----------------------------------------------------------------------------------------------------------

void Stack::deliver_udp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in) {
  const auto udp = wire::UdpView::parse(ip.payload());
  if (!udp || !udp->length_ok()) return node_.say_drop(packet, Reason::malformed, "UDP length", in);
  const wire::ByteView segment = ip.payload().first(udp->length());
  if (udp->sum() != 0 && pseudo_checksum(ip.source(), ip.destination(), Protocol::udp, segment) != 0) {
    return node_.say_drop(packet, Reason::bad_checksum, "of UDP", in);
  }
  const std::uint16_t port = udp->destination_port();
  const wire::Endpoint from{ip.source(), udp->source_port()};
  if (DatagramSocket* socket = sockets_ ? sockets_->udp(port, from) : nullptr) {
    if (network().trace().on(trace::Kind::deliver)) node_.say_deliver(packet, program(Protocol::udp, port));
    return socket->handler_.on_datagram(
        *socket, {.from = from, .to = {ip.destination(), port}, .data = udp->payload(), .packet = packet});
  }
  const bool unicast = node_.owns(ip.destination());
  if (!unicast) return node_.say_drop(packet, Reason::broadcast, "no program listens", in);
  const DatagramSocket* other = sockets_ ? sockets_->by_port.find(Sockets::key(Protocol::udp, port)) : nullptr;
  const std::string text =
      !network().trace().on(trace::Kind::drop) ? std::string()
      : other ? fmt::format("{} talks to {} only", program(Protocol::udp, port), to_string(other->remote_))
              : "no program on " + program(Protocol::udp, port);
  if (!refuse(packet, in, other ? Reason::wrong_peer : Reason::refused, text)) return;
  // quoted is the datagram alone
  packet.buffer().size = static_cast<std::uint32_t>(ip.header_length() + udp->length());
  complain(packet, ip.destination(), {.type = icmp::unreachable, .code = icmp::port_unreachable});
}

namespace {

/// RFC 3828 section 3.1: the length field says how much the checksum covers, 0 all; there is always a checksum.
bool udplite_sound(wire::Ipv4View ip) {
  const wire::ByteView segment = ip.payload();
  if (segment.size() < 8) return false;
  const std::size_t field = wire::load16(&segment[4]);
  const std::size_t covered = field == 0 ? segment.size() : field;
  if (covered < 8 || covered > segment.size() || wire::load16(&segment[6]) == 0) return false;
  return wire::Sum{}
             .add32(ip.source().value)
             .add32(ip.destination().value)
             .add16(static_cast<std::uint16_t>(Protocol::udplite))
             .add32(static_cast<std::uint32_t>(segment.size()))
             .add(segment.first(covered))
             .checksum() == 0;
}

}  // namespace

/// No program here speaks it.
void Stack::deliver_udplite(wire::Ipv4View ip, const Packet& packet, InterfaceIndex in) {
  if (!udplite_sound(ip)) return node_.say_drop(packet, Reason::bad_checksum, "of UDP-Lite", in);
  if (!node_.owns(ip.destination())) return node_.say_drop(packet, Reason::broadcast, "no program listens", in);
  if (!refuse(packet, in, Reason::refused,
              "no program on " + program(Protocol::udplite, wire::load16(&ip.payload()[2])))) {
    return;
  }
  complain(packet, ip.destination(), {.type = icmp::unreachable, .code = icmp::port_unreachable});
}

// --- TCP -----------------------------------------------------------------------------------------------------------

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
    if (network().trace().on(trace::Kind::deliver)) node_.say_deliver(packet, program(Protocol::tcp, local.port));
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
                           : meant ? program(Protocol::tcp, local.port) + " called " + to_string(meant->remote())
                           : opens ? "no program on " + program(Protocol::tcp, local.port)
                                   : "no such connection";
  if (refuse(packet, in, reason, text)) send_reset(ip, *tcp, packet);
}

void Stack::let_handle(TcpSegmentHandler& handler, wire::Ipv4View ip, wire::TcpView tcp, const Packet& packet,
                       InterfaceIndex in) {
  switch (handler.on_segment(ip, tcp, packet.flow())) {
    case TcpSegmentHandler::Verdict::taken:
      if (network().trace().on(trace::Kind::deliver)) {
        node_.say_deliver(packet, program(Protocol::tcp, tcp.destination_port()));
      }
      return;
    case TcpSegmentHandler::Verdict::ignored: refuse(packet, in, Reason::stale, "it does not fit"); return;
    case TcpSegmentHandler::Verdict::refused:
      if (refuse(packet, in, Reason::stale, "no such connection")) send_reset(ip, tcp, packet);
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
  Packet answer = make(40 + options.size, packet.flow());
  const wire::IpFields head{
      .source = ip.destination(), .destination = ip.source(), .ttl = ttl_, .tos = tos, .options = options.view()};
  wire::write_tcp(answer.bytes(), head, reset, {});
  node_.output(std::move(answer));
}

void Stack::on_event(std::uint64_t argument) {
  if (argument == something_later) {
    Sockets::Later next = std::move(sockets_->later.front());
    sockets_->later.pop_front();
    if (next.packet) return receive(std::move(next.packet), no_interface);
    return tell_program(next.trouble, next.word);
  }
  TcpConnection& connection = *sockets_->connections[argument >> 32];
  if (connection.generation_ == static_cast<std::uint32_t>(argument)) connection.on_alarm();
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

// --- ICMP ----------------------------------------------------------------------------------------------------------

void Stack::deliver_icmp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in) {
  const auto message = wire::IcmpView::parse(ip.payload());
  if (!message) return node_.say_drop(packet, Reason::malformed, "ICMP header", in);
  if (!message->sum_ok()) return node_.say_drop(packet, Reason::bad_checksum, "of ICMP", in);
  switch (message->type()) {
    case icmp::echo:
    case icmp::timestamp: return answer_query(ip, *message, packet, in);
    case icmp::echo_reply: {
      DatagramSocket* socket = sockets_ ? sockets_->by_port.find(Sockets::key(Protocol::icmp, message->id())) : nullptr;
      if (!socket) break;
      if (!socket->remote_.address.is_zero() && socket->remote_.address != ip.source()) {
        refuse(packet, in, Reason::wrong_peer, "another address was asked");
        return;
      }
      if (network().trace().on(trace::Kind::deliver)) node_.say_deliver(packet, program(Protocol::icmp, message->id()));
      return socket->handler_.on_datagram(*socket, {.from = {ip.source(), message->id()},
                                                    .to = {ip.destination(), message->id()},
                                                    .data = message->payload(),
                                                    .sequence = message->sequence(),
                                                    .packet = packet});
    }
    case icmp::unreachable:
    case icmp::time_exceeded:
    case icmp::parameter_problem: return take_error(*message, ip.source(), packet, in);
    default: break;
  }
  refuse(packet, in, Reason::unrelated_icmp, "nobody asked");
}

void Stack::answer_query(wire::Ipv4View ip, wire::IcmpView query, Packet& packet, InterfaceIndex in) {
  if (!node_.owns(ip.destination())) return node_.say_drop(packet, Reason::broadcast, "ICMP to many", in);
  const bool echo = query.type() == icmp::echo;
  if (!echo && query.payload().size() < 4) return node_.say_drop(packet, Reason::malformed, "ICMP timestamp", in);
  if (network().trace().on(trace::Kind::deliver)) node_.say_deliver(packet, echo ? "icmp echo" : "icmp timestamp");

  // RFC 792: when it was sent (the asker's), received and answered, in milliseconds of the day.
  std::array<std::uint8_t, 12> times{};
  if (!echo) {
    const auto now = static_cast<std::uint32_t>(network().now().ns / 1'000'000 % milliseconds_a_day);
    std::copy_n(query.payload().begin(), 4, times.begin());
    wire::store32(&times[4], now);
    wire::store32(&times[8], now);
  }
  const wire::ByteView data = echo ? query.payload() : wire::ByteView(times);
  const AnswerOptions options = answer_options(ip, network().now(), ip.destination());
  if (!options.possible) return;
  Packet answer = make(28 + options.size + data.size(), packet.flow());
  wire::write_icmp(answer.bytes(),
                   {.source = ip.destination(),
                    .destination = ip.source(),
                    .ttl = ttl_,
                    .tos = ip.tos(),
                    .id = static_cast<std::uint16_t>(sockets().random.below(65536)),
                    .fragment_word = 0,
                    .options = options.view()},
                   {.type = echo ? icmp::echo_reply : icmp::timestamp_reply,
                    .code = echo ? query.code() : std::uint8_t{0},
                    .rest = std::uint32_t{query.id()} << 16 | query.sequence()},
                   data);
  node_.output(std::move(answer));
}

void Stack::take_error(wire::IcmpView error, wire::Address from, Packet& packet, InterfaceIndex in) {
  const auto quoted = wire::Ipv4View::parse_quoted(error.payload());
  const auto about = wire::tuple_of(error.payload());
  const bool too_big = error.type() == icmp::unreachable && error.code() == icmp::fragmentation_needed;
  if (!quoted || quoted->payload().size() < 8 || !about || !node_.owns(quoted->source())) {
    refuse(packet, in, Reason::unrelated_icmp, "it quotes nothing of this node's");
    return;
  }
  const Trouble trouble{.type = error.type(),
                        .code = error.code(),
                        .mtu = too_big ? error.next_hop_mtu() : std::uint16_t{0},
                        .from = from,
                        .about = *about};
  // Linux: nobody has to ask for what the stack answers by itself, but no route falls below ip_rt_min_pmtu.
  const bool about_answer = about->protocol == Protocol::icmp && quoted->payload()[0] == icmp::echo_reply;
  if (too_big && about_answer) learn_mtu(about->destination.address, std::max(trouble.mtu, least_route_mtu));
  if (!has_program(*about)) {
    refuse(packet, in, Reason::unrelated_icmp, "the program that it is for is gone");
    return;
  }
  if (network().trace().on(trace::Kind::deliver)) {
    node_.say_deliver(packet, program(about->protocol, about->source.port));
  }
  tell_program(trouble, wire::load32(&quoted->payload()[4]));
}

bool Stack::has_program(const wire::Tuple& about) const {
  if (!sockets_ || !about.has_ports) return false;
  if (about.protocol == Protocol::tcp) return sockets_->connection(about.source, about.destination) != nullptr;
  return sockets_->asker(about) != nullptr;
}

// `word` is the second one of the quoted transport header: TCP's sequence number, the id and sequence of an echo.
void Stack::tell_program(const Trouble& trouble, std::uint32_t word) {
  const wire::Tuple& about = trouble.about;
  if (!has_program(about)) return;
  if (kind_of(trouble) == TroubleKind::too_big) learn_mtu(about.destination.address, trouble.mtu);
  if (about.protocol == Protocol::tcp) {
    return sockets_->connection(about.source, about.destination)->on_trouble(trouble, word);
  }
  Trouble told = trouble;
  if (about.protocol == Protocol::icmp) told.sequence = static_cast<std::uint16_t>(word);
  DatagramSocket* socket = sockets_->asker(about);
  socket->handler_.on_trouble(*socket, told);
}

// --- for programs --------------------------------------------------------------------------------------------------

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

bool Stack::listen(std::uint16_t port, TcpAcceptor& acceptor, const TcpSettings& settings) {
  Sockets& s = sockets();
  const std::uint64_t key = Sockets::key(Protocol::tcp, port);
  if (s.listeners.find(key) || s.other_tcp(port)) return false;
  s.listening.push_back(std::make_unique<Listener>(Listener{port, &acceptor, settings}));
  s.listeners.insert(key, *s.listening.back());
  return true;
}

void Stack::set_tcp_segment_handler(TcpSegmentHandler* handler) { sockets().segment_handler = handler; }

void Stack::stop_listening(std::uint16_t port) {
  Sockets& s = sockets();
  const std::uint64_t key = Sockets::key(Protocol::tcp, port);
  const Listener* listener = s.listeners.find(key);
  if (!listener) return;
  s.listeners.erase(key, *listener);
  std::erase_if(s.listening, [&](const auto& one) { return one.get() == listener; });
}

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

bool Stack::serves(wire::Protocol protocol, std::uint16_t port) const {
  if (!sockets_) return false;
  const std::uint64_t key = Sockets::key(protocol, port);
  if (protocol == Protocol::tcp) return sockets_->listeners.find(key) || sockets_->other_tcp(port);
  return sockets_->by_port.find(key) != nullptr;
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
  const std::uint16_t own = interface_mtu(destination);
  if (!sockets_ || sockets_->path_mtus.empty()) return own;
  const auto learned = sockets_->path_mtus.find(destination);
  return learned == sockets_->path_mtus.end() ? own : std::min(own, learned->second);
}

// RFC 1191. A router that does not say its MTU leaves 576 as the safe guess.
void Stack::learn_mtu(wire::Address destination, std::uint16_t mtu) {
  constexpr std::uint16_t least = 68, guess = 576;
  const std::uint16_t known = path_mtu(destination);
  const std::uint16_t told = mtu >= least ? mtu : guess;
  if (told < known) sockets().path_mtus[destination] = told;
}

Packet Stack::make(std::size_t size, trace::FlowId flow) { return network().pool().make(size, flow, cause_); }

}  // namespace masqsim::net
