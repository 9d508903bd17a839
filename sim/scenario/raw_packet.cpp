#include "raw_packet.hpp"

#include <algorithm>
#include <array>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::scenario {

namespace {

struct Flag {
  std::string_view name;
  char letter;
  std::uint8_t bit;
};
constexpr std::array<Flag, 8> all_flags{{{"FIN", 'F', wire::TcpFlags::fin},
                                         {"SYN", 'S', wire::TcpFlags::syn},
                                         {"RST", 'R', wire::TcpFlags::rst},
                                         {"PSH", 'P', wire::TcpFlags::psh},
                                         {"ACK", 'A', wire::TcpFlags::ack},
                                         {"URG", 'U', wire::TcpFlags::urg},
                                         {"ECE", 'E', wire::TcpFlags::ece},
                                         {"CWR", 'C', wire::TcpFlags::cwr}}};

/// One name, or letters, each of which stands for a flag.
std::optional<std::uint8_t> flags_in(std::string_view part) {
  const auto named = std::ranges::find(all_flags, part, &Flag::name);
  if (named != all_flags.end()) return named->bit;
  std::uint8_t bits = 0;
  for (const char c : part) {
    const auto flag = std::ranges::find(all_flags, c, &Flag::letter);
    if (flag == all_flags.end()) return std::nullopt;
    bits |= flag->bit;
  }
  return part.empty() ? std::nullopt : std::optional(bits);
}

std::uint32_t counted_from(std::uint32_t base, RawNumber number) {
  return number.relative ? base + number.value : number.value;
}

void store_sum(const RawPacket& packet, wire::ByteEdit segment, std::size_t at) {
  if (packet.checksum) wire::store16(&segment[at], *packet.checksum);
  if (!packet.bad_checksum) return;
  const auto wrong = static_cast<std::uint16_t>(wire::load16(&segment[at]) + 1);
  wire::store16(&segment[at], wrong == 0 ? std::uint16_t{1} : wrong);
}

std::vector<std::uint8_t> tcp_bytes(const RawPacket& packet, const wire::IpFields& ip, const RawEnds& ends) {
  std::vector<std::uint8_t> options;
  if (packet.mss) {
    options = {2, 4, static_cast<std::uint8_t>(*packet.mss >> 8), static_cast<std::uint8_t>(*packet.mss)};
  }
  const wire::TcpFields tcp{.source_port = ends.source.port,
                            .destination_port = ends.destination.port,
                            .sequence = counted_from(ends.next_to_send, packet.seq),
                            .acknowledgment = counted_from(ends.next_to_receive, packet.ack),
                            .flags = {packet.flags},
                            .window = packet.window,
                            .options = options};
  std::vector<std::uint8_t> bytes = wire::tcp_packet(ip, tcp, packet.payload);
  const wire::ByteEdit segment = wire::ByteEdit(bytes).subspan(20);
  if (packet.urgent != 0) {
    wire::store16(&segment[18], packet.urgent);
    wire::store16(&segment[16], 0);
    wire::store16(&segment[16], wire::pseudo_checksum(ip.source, ip.destination, wire::Protocol::tcp, segment));
  }
  store_sum(packet, segment, 16);
  return bytes;
}

std::vector<std::uint8_t> udp_bytes(const RawPacket& packet, const wire::IpFields& ip, const RawEnds& ends) {
  std::vector<std::uint8_t> bytes = wire::udp_packet(ip, ends.source.port, ends.destination.port, packet.payload);
  store_sum(packet, wire::ByteEdit(bytes).subspan(20), 6);
  return bytes;
}

std::vector<std::uint8_t> icmp_bytes(const RawPacket& packet, const wire::IpFields& ip) {
  std::vector<std::uint8_t> data = packet.payload;
  if (!packet.quoting.empty()) {
    const RawPacket& quoted = packet.quoting.front();
    data = bytes_of(quoted, {.source = {quoted.source.value_or(wire::Address{}), 0},
                             .destination = {quoted.destination.value_or(wire::Address{}), 0}});
  }
  std::uint32_t rest = 0;
  if (packet.mtu) rest = *packet.mtu;
  if (wire::icmp::is_query(packet.type)) rest = std::uint32_t{packet.query_id} << 16 | packet.query_sequence;
  std::vector<std::uint8_t> bytes =
      wire::icmp_packet(ip, {.type = packet.type, .code = packet.code, .rest = rest}, data);
  store_sum(packet, wire::ByteEdit(bytes).subspan(20), 2);
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> bytes_of(const RawPacket& packet, const RawEnds& ends) {
  const RawEnds meant{
      .source = {packet.source.value_or(ends.source.address), packet.from_port.value_or(ends.source.port)},
      .destination = {packet.destination.value_or(ends.destination.address),
                      packet.to_port.value_or(ends.destination.port)},
      .next_to_send = ends.next_to_send,
      .next_to_receive = ends.next_to_receive};
  const wire::IpFields ip{.source = meant.source.address,
                          .destination = meant.destination.address,
                          .ttl = packet.ttl,
                          .tos = packet.tos,
                          .id = packet.id,
                          .fragment_word = packet.df ? wire::Ipv4View::dont_fragment : std::uint16_t{0}};
  switch (packet.protocol) {
    case wire::Protocol::tcp: return tcp_bytes(packet, ip, meant);
    case wire::Protocol::udp: return udp_bytes(packet, ip, meant);
    default: return icmp_bytes(packet, ip);
  }
}

bool is_relative(const RawPacket& packet) { return packet.seq.relative || packet.ack.relative; }

std::optional<std::uint8_t> flags_of(std::string_view text) {
  if (text == "none") return std::uint8_t{0};
  std::uint8_t bits = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('+', begin), text.size());
    const auto part = flags_in(text.substr(begin, end - begin));
    if (!part) return std::nullopt;
    bits |= *part;
    begin = end + 1;
  }
  return bits;
}

std::string flags_text(std::uint8_t flags) {
  std::string text;
  for (const Flag& flag : all_flags) {
    if ((flags & flag.bit) != 0) text += (text.empty() ? "" : "+") + std::string(flag.name);
  }
  return text.empty() ? "none" : text;
}

}  // namespace masqsim::scenario
