// IPv4 addresses, prefixes and endpoints, as values in host byte order.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace masqsim::wire {

struct Address {
  std::uint32_t value = 0;  // host byte order: 192.168.1.1 is 0xc0a80101

  constexpr auto operator<=>(const Address&) const = default;
  constexpr bool is_zero() const { return value == 0; }
  constexpr bool is_limited_broadcast() const { return value == 0xffffffff; }
  constexpr bool is_multicast() const { return value >> 28 == 0xe; }
  constexpr bool is_loopback() const { return value >> 24 == 127; }
  /// RFC 1918: 10/8, 172.16/12, 192.168/16.
  constexpr bool is_private() const { return value >> 24 == 10 || value >> 20 == 0xac1 || value >> 16 == 0xc0a8; }
  /// RFC 6598: 100.64/10, between a carrier's NAT and its customers.
  constexpr bool is_shared() const { return value >> 22 == 0x64400000u >> 22; }
};

constexpr Address address(unsigned a, unsigned b, unsigned c, unsigned d) { return {a << 24 | b << 16 | c << 8 | d}; }

/// Bits `length` (0 to 32) of `address` count; the rest are zero.
struct Prefix {
  Address address;
  std::uint8_t length = 0;

  constexpr auto operator<=>(const Prefix&) const = default;
  constexpr std::uint32_t mask() const { return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length); }
  constexpr bool contains(Address a) const { return (a.value & mask()) == address.value; }
  constexpr Address broadcast() const { return {address.value | ~mask()}; }
};

/// The network of `length` bits that holds `a`.
constexpr Prefix prefix_of(Address a, std::uint8_t length) {
  const Prefix p{a, length};
  return {{a.value & p.mask()}, length};
}

/// An address with the number that tells sessions apart on it: a port, or an ICMP query id.
struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  constexpr auto operator<=>(const Endpoint&) const = default;
};

/// IP protocol numbers that have a name here; any other value is legal, too.
enum class Protocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17, gre = 47, esp = 50, sctp = 132, udplite = 136 };

std::string to_string(Address a);
std::string to_string(Prefix p);
std::string to_string(Endpoint e);
/// "tcp", "udp", "icmp", "gre", "esp", "sctp", "udplite", else "proto-N".
std::string to_string(Protocol p);

/// What is wrong with `text` as a dotted quad, without the text itself: "octet 4 is over 255"; nothing if it is right.
/// Octets are decimal without leading zeros (010.0.0.1 means another address to half the world's parsers).
std::optional<std::string> address_problem(std::string_view text);
std::optional<Address> parse_address(std::string_view text);

/// "192.168.1.0/24"; host bits must be zero. Nothing otherwise.
std::optional<Prefix> parse_prefix(std::string_view text);

/// "192.168.1.10:40000"; port 0 to 65535 without leading zeros.
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace masqsim::wire
