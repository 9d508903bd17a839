// A view of an ICMP message (RFC 792, RFC 1191, RFC 1812).
#pragma once

#include <optional>
#include <string>

#include "masqsim/wire/bytes.hpp"

namespace masqsim::wire {

namespace icmp {
inline constexpr std::uint8_t echo_reply = 0, unreachable = 3, source_quench = 4, redirect = 5, echo = 8,
                              router_advertisement = 9, router_solicitation = 10, time_exceeded = 11,
                              parameter_problem = 12, timestamp = 13, timestamp_reply = 14, information = 15,
                              information_reply = 16, mask = 17, mask_reply = 18;
// codes of `unreachable`
inline constexpr std::uint8_t net_unreachable = 0, host_unreachable = 1, protocol_unreachable = 2, port_unreachable = 3,
                              fragmentation_needed = 4, source_route_failed = 5, admin_prohibited = 13;
inline constexpr std::uint8_t redirect_host = 1;  // the code of a redirect for one host

/// Types that quote the packet they complain of.
constexpr bool is_error(std::uint8_t type) {
  return type == unreachable || type == source_quench || type == redirect || type == time_exceeded ||
         type == parameter_problem;
}
/// Types with an id that tells sessions apart: echo, timestamp, information, mask; requests and replies.
constexpr bool is_query(std::uint8_t type) {
  return type == echo || type == echo_reply || (type >= timestamp && type <= mask_reply);
}
constexpr bool is_request(std::uint8_t type) {
  return type == echo || type == timestamp || type == information || type == mask;
}
/// Source quench (RFC 6633) and information queries (RFC 6918).
constexpr bool is_obsolete(std::uint8_t type) {
  return type == source_quench || type == information || type == information_reply;
}
/// "echo request", "port unreachable", "TTL exceeded", ..., else "ICMP T/C".
std::string name(std::uint8_t type, std::uint8_t code);
}  // namespace icmp

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |     Type      |     Code      |          Checksum             |
// |   Identifier, next-hop MTU, pointer or gateway, by type       |
// |      Data, or the quoted IP header and 8 or more bytes        |
template <ByteLike Byte>
class Icmp {
 public:
  static constexpr std::size_t header_size = 8;

  static std::optional<Icmp> parse(std::span<Byte> message) {
    if (message.size() < header_size) return std::nullopt;
    return Icmp(message);
  }

  std::uint8_t type() const { return bytes_[0]; }
  std::uint8_t code() const { return bytes_[1]; }
  std::uint16_t sum() const { return load16(&bytes_[2]); }
  bool sum_ok() const { return checksum_of() == 0; }
  std::uint16_t id() const { return load16(&bytes_[4]); }
  std::uint16_t sequence() const { return load16(&bytes_[6]); }
  /// Of `fragmentation_needed` (RFC 1191).
  std::uint16_t next_hop_mtu() const { return load16(&bytes_[6]); }
  bool is_error() const { return icmp::is_error(type()); }
  std::span<Byte> bytes() const { return bytes_; }
  /// Data of a query, or the quoted packet of an error.
  std::span<Byte> payload() const { return bytes_.subspan(header_size); }

  void set_sum(std::uint16_t v) const { store16(&bytes_[2], v); }
  void set_id(std::uint16_t v) const { store16(&bytes_[4], v); }
  void fix_sum() const {
    set_sum(0);
    set_sum(checksum_of());
  }

 private:
  explicit Icmp(std::span<Byte> bytes) : bytes_(bytes) {}
  std::uint16_t checksum_of() const;
  std::span<Byte> bytes_;
};

std::uint16_t icmp_checksum(ByteView message);
template <ByteLike Byte>
std::uint16_t Icmp<Byte>::checksum_of() const {
  return icmp_checksum(bytes_);
}

using IcmpView = Icmp<const std::uint8_t>;
using IcmpEdit = Icmp<std::uint8_t>;

}  // namespace masqsim::wire
