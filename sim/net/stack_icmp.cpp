// What a stack does with ICMP: queries are answered, errors told to the program whose packet they quote.
#include <algorithm>

#include "ip_options.hpp"
#include "network.hpp"
#include "sockets.hpp"
#include "stack.hpp"

namespace masqsim::net {

namespace {

using wire::Protocol;
namespace icmp = wire::icmp;

constexpr std::uint16_t least_route_mtu = 552;
constexpr std::int64_t milliseconds_a_day = 86'400'000;

}  // namespace

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
      if (network().trace().on(trace::Kind::deliver))
        node_.say_deliver(packet, program_name(Protocol::icmp, message->id()));
      return socket->handler_.on_datagram(*socket, {.from = {ip.source(), message->id()},
                                                    .to = {ip.destination(), message->id()},
                                                    .data = message->payload(),
                                                    .sequence = message->sequence(),
                                                    .packet = packet});
    }
    case icmp::unreachable:
    case icmp::time_exceeded:
    case icmp::parameter_problem: return take_error(*message, ip.source(), packet, in);
    case icmp::redirect: refuse(packet, in, Reason::unrelated_icmp, "redirects are not followed"); return;
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
  Packet answer = network().pool().make(28 + options.size + data.size(), packet.flow(), packet.id());
  answer.marks().asked_by = packet.marks().interface;
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
    node_.say_deliver(packet, program_name(about->protocol, about->source.port));
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

}  // namespace masqsim::net
