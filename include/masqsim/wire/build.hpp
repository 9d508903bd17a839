// Building packets from nothing, checksums included. What exists already is edited through the views instead.
#pragma once

#include <cstdint>
#include <vector>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::wire {

/// The IPv4 header fields a sender chooses; length, protocol and checksum follow from the rest.
struct IpFields {
  Address source;
  Address destination;
  std::uint8_t ttl = 64;
  std::uint8_t tos = 0;
  std::uint16_t id = 0;
  std::uint16_t fragment_word = 0x4000;  // DF, as Linux sends
  ByteView options = {};                 // a multiple of 4 bytes, at most 40
};

struct TcpFields {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  TcpFlags flags;
  std::uint16_t window = 64240;
  ByteView options = {};  // a multiple of 4 bytes, at most 40
};

struct IcmpFields {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  // the second word: id and sequence, MTU, pointer
};

// Each writes a whole packet to `out` and returns its length. The caller makes `out` large enough (asserted):
// 20 + options + transport header + data. `data` may already lie at its place in `out`.
std::size_t write_udp(ByteEdit out, const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                      ByteView data);
std::size_t write_tcp(ByteEdit out, const IpFields& ip, const TcpFields& tcp, ByteView data);
std::size_t write_icmp(ByteEdit out, const IpFields& ip, const IcmpFields& icmp, ByteView data);
std::size_t write_ip(ByteEdit out, const IpFields& ip, Protocol protocol, ByteView payload);

// The same as vectors, for tests and rare packets.
std::vector<std::uint8_t> udp_packet(const IpFields& ip, std::uint16_t source_port, std::uint16_t destination_port,
                                     ByteView data);
std::vector<std::uint8_t> tcp_packet(const IpFields& ip, const TcpFields& tcp, ByteView data);
std::vector<std::uint8_t> icmp_packet(const IpFields& ip, const IcmpFields& icmp, ByteView data);
std::vector<std::uint8_t> ip_packet(const IpFields& ip, Protocol protocol, ByteView payload);

}  // namespace masqsim::wire
