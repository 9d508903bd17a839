#include "datagram.hpp"

#include <algorithm>

#include "network.hpp"
#include "sockets.hpp"
#include "stack.hpp"

namespace masqsim::net {

namespace {
constexpr std::size_t largest = 65535 - 28;
}

void DatagramSocket::connect(wire::Endpoint remote) {
  remote_ = remote;
  source_ = stack_.source_for(remote.address);
  next_id_ = static_cast<std::uint16_t>(stack_.sockets().random.below(65536));
}

void DatagramSocket::send(wire::ByteView data, const SendOptions& options, std::uint16_t sequence) {
  stack_.send_datagram(*this, source_, remote_, data, options,
                       {.id = next_id_++, .sequence = sequence, .flow = flow_, .cause = stack_.delivering_.packet});
}

void DatagramSocket::send_to(wire::Endpoint remote, wire::ByteView data, const SendOptions& options) {
  stack_.send_datagram(*this, stack_.source_for(remote.address), remote, data, options,
                       {.flow = flow_, .cause = stack_.delivering_.packet});
}

void DatagramSocket::reply(const Datagram& datagram, wire::ByteView data) {
  reply_to(datagram.from, datagram.to.address, data, datagram.packet.flow(), datagram.packet.id());
}

void DatagramSocket::reply_to(wire::Endpoint from, wire::Address to, wire::ByteView data, trace::FlowId flow,
                              std::uint64_t cause) {
  const wire::Address source = stack_.node().owns(to) ? to : stack_.source_for(from.address);
  stack_.send_datagram(*this, source, from, data, {}, {.flow = flow, .cause = cause});
}

void Stack::send_datagram(const DatagramSocket& socket, wire::Address source, wire::Endpoint to, wire::ByteView data,
                          const SendOptions& options, const DatagramMarks& marks) {
  data = data.first(std::min(data.size(), largest));
  const std::size_t size = 28 + data.size();
  const bool df = options.df.value_or(size <= path_mtu(to.address));
  // RFC 6864: only what may be cut needs an id of its own.
  const std::uint16_t id = df ? marks.id : static_cast<std::uint16_t>(sockets().random.below(65536));
  Packet packet = network().pool().make(size, marks.flow, marks.cause);
  packet.marks().asked_by = delivering_.in;
  packet.marks().bound_to = options.out;
  if (options.out != no_interface) source = node_.interfaces()[options.out].address;
  const wire::IpFields ip{.source = source,
                          .destination = to.address,
                          .ttl = options.ttl != 0 ? options.ttl : ttl_,
                          .tos = options.tos,
                          .id = id,
                          .fragment_word = df ? wire::Ipv4View::dont_fragment : std::uint16_t{0}};
  if (socket.protocol_ == wire::Protocol::udp) {
    wire::write_udp(packet.bytes(), ip, socket.port_, to.port, data);
  } else {
    const std::uint32_t rest = std::uint32_t{socket.port_} << 16 | marks.sequence;
    wire::write_icmp(packet.bytes(), ip, {.type = wire::icmp::echo, .rest = rest}, data);
  }
  node_.output(std::move(packet));
}

}  // namespace masqsim::net
