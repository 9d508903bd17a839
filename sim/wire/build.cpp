#include "masqsim/wire/build.hpp"

#include <algorithm>
#include <cassert>

#include "masqsim/wire/checksum.hpp"

namespace masqsim::wire {

namespace {

std::size_t header_length(const IpFields& ip) {
  assert(ip.options.size() % 4 == 0 && ip.options.size() <= 40);
  return 20 + ip.options.size();
}

/// Writes the header for `payload` bytes that follow it; returns the whole length.
std::size_t write_header(ByteEdit out, const IpFields& ip, Protocol protocol, std::size_t payload) {
  const std::size_t header = header_length(ip);
  const std::size_t total = header + payload;
  assert(total <= out.size() && total <= 65535);
  out[0] = static_cast<std::uint8_t>(0x40 | header / 4);
  out[1] = ip.tos;
  store16(&out[2], static_cast<std::uint16_t>(total));
  store16(&out[4], ip.id);
  store16(&out[6], ip.fragment_word);
  out[8] = ip.ttl;
  out[9] = static_cast<std::uint8_t>(protocol);
  store16(&out[10], 0);
  store32(&out[12], ip.source.value);
  store32(&out[16], ip.destination.value);
  std::copy(ip.options.begin(), ip.options.end(), out.begin() + 20);
  store16(&out[10], checksum(out.first(header)));
  return total;
}

void place(ByteEdit out, std::size_t at, ByteView data) {
  assert(at + data.size() <= out.size());
  if (!data.empty()) std::memmove(out.data() + at, data.data(), data.size());
}

template <typename Write>
std::vector<std::uint8_t> packet(std::size_t room, Write write) {
  std::vector<std::uint8_t> bytes(room);
  bytes.resize(write(ByteEdit(bytes)));
  return bytes;
}

}  // namespace

std::size_t write_udp(ByteEdit out, const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                      ByteView data) {
  const std::size_t start = header_length(ip);
  place(out, start + 8, data);
  const ByteEdit segment = out.subspan(start, 8 + data.size());
  store16(&segment[0], source_port);
  store16(&segment[2], destination_port);
  store16(&segment[4], static_cast<std::uint16_t>(segment.size()));
  store16(&segment[6], 0);
  store16(&segment[6], udp_sum(pseudo_checksum(ip.source, ip.destination, Protocol::udp, segment)));
  return write_header(out, ip, Protocol::udp, segment.size());
}

std::size_t write_tcp(ByteEdit out, const IpFields& ip, const TcpFields& tcp, ByteView data) {
  assert(tcp.options.size() % 4 == 0 && tcp.options.size() <= 40);
  const std::size_t start = header_length(ip);
  const std::size_t header = 20 + tcp.options.size();
  place(out, start + header, data);
  const ByteEdit segment = out.subspan(start, header + data.size());
  store16(&segment[0], tcp.source_port);
  store16(&segment[2], tcp.destination_port);
  store32(&segment[4], tcp.sequence);
  store32(&segment[8], tcp.acknowledgment);
  segment[12] = static_cast<std::uint8_t>(header / 4 << 4);
  segment[13] = tcp.flags.bits;
  store16(&segment[14], tcp.window);
  store32(&segment[16], 0);
  std::copy(tcp.options.begin(), tcp.options.end(), segment.begin() + 20);
  store16(&segment[16], pseudo_checksum(ip.source, ip.destination, Protocol::tcp, segment));
  return write_header(out, ip, Protocol::tcp, segment.size());
}

std::size_t write_icmp(ByteEdit out, const IpFields& ip, const IcmpFields& icmp, ByteView data) {
  const std::size_t start = header_length(ip);
  place(out, start + 8, data);
  const ByteEdit message = out.subspan(start, 8 + data.size());
  message[0] = icmp.type;
  message[1] = icmp.code;
  store16(&message[2], 0);
  store32(&message[4], icmp.rest);
  store16(&message[2], checksum(message));
  return write_header(out, ip, Protocol::icmp, message.size());
}

std::size_t write_ip(ByteEdit out, const IpFields& ip, Protocol protocol, ByteView payload) {
  place(out, header_length(ip), payload);
  return write_header(out, ip, protocol, payload.size());
}

std::vector<std::uint8_t> udp_packet(const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                                     ByteView data) {
  return packet(header_length(ip) + 8 + data.size(),
                [&](ByteEdit out) { return write_udp(out, ip, source_port, destination_port, data); });
}

std::vector<std::uint8_t> tcp_packet(const IpFields& ip, const TcpFields& tcp, ByteView data) {
  return packet(header_length(ip) + 20 + tcp.options.size() + data.size(),
                [&](ByteEdit out) { return write_tcp(out, ip, tcp, data); });
}

std::vector<std::uint8_t> icmp_packet(const IpFields& ip, const IcmpFields& icmp, ByteView data) {
  return packet(header_length(ip) + 8 + data.size(), [&](ByteEdit out) { return write_icmp(out, ip, icmp, data); });
}

std::vector<std::uint8_t> ip_packet(const IpFields& ip, Protocol protocol, ByteView payload) {
  return packet(header_length(ip) + payload.size(), [&](ByteEdit out) { return write_ip(out, ip, protocol, payload); });
}

}  // namespace masqsim::wire
