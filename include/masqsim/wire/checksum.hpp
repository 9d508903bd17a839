// The Internet checksum (RFC 1071), its repair by difference (RFC 1624), and SCTP's CRC32c (RFC 9260).
#pragma once

#include <cstdint>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::wire {

/// A one's complement sum that is still growing; `fold` ends it. Parts may be added in any order, each part at an
/// even offset of the whole (RFC 1071 section 2).
class Sum {
 public:
  constexpr Sum& add16(std::uint16_t v) { return total_ += v, *this; }
  constexpr Sum& add32(std::uint32_t v) { return total_ += (v >> 16) + (v & 0xffff), *this; }
  /// An odd last byte counts as if a zero byte followed.
  Sum& add(ByteView bytes);

  /// The 16-bit one's complement sum, not inverted.
  constexpr std::uint16_t folded() const {
    std::uint64_t t = total_;
    while (t >> 16 != 0) t = (t & 0xffff) + (t >> 16);
    return static_cast<std::uint16_t>(t);
  }
  /// What goes into the checksum field: the inverted sum.
  constexpr std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }

 private:
  std::uint64_t total_ = 0;
};

/// The checksum of `bytes` whose own checksum field holds zero; 0 for bytes whose field is already right.
std::uint16_t checksum(ByteView bytes);

/// The checksum of a TCP, UDP or other segment under RFC 793's pseudo header. `segment.size()` is the length field.
/// Never folds 0 to ffff: that rule is UDP's alone (RFC 768), see `udp_checksum`.
std::uint16_t pseudo_checksum(Address source, Address destination, Protocol protocol, ByteView segment);

/// RFC 1624 equation 3: the checksum field after one 16-bit word under it changed from `from` to `to`.
/// A wrong checksum stays wrong by the same amount. May give 0000; never gives ffff from another value unless it must.
constexpr std::uint16_t adjust(std::uint16_t sum, std::uint16_t from, std::uint16_t to) {
  std::uint32_t t = static_cast<std::uint16_t>(~sum) + std::uint32_t{static_cast<std::uint16_t>(~from)} + to;
  t = (t & 0xffff) + (t >> 16);
  t = (t & 0xffff) + (t >> 16);
  return static_cast<std::uint16_t>(~t);
}
constexpr std::uint16_t adjust32(std::uint16_t sum, std::uint32_t from, std::uint32_t to) {
  sum = adjust(sum, static_cast<std::uint16_t>(from >> 16), static_cast<std::uint16_t>(to >> 16));
  return adjust(sum, static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to));
}

/// RFC 768: a computed zero is sent as ffff, because zero means that the sender computed none.
constexpr std::uint16_t udp_sum(std::uint16_t computed) { return computed == 0 ? 0xffff : computed; }

/// SCTP's CRC32c over the packet with its checksum field taken as zero; as stored in the field (little-endian order
/// of the reflected CRC, so `store32` of the result writes the field).
std::uint32_t sctp_checksum(ByteView packet);

}  // namespace masqsim::wire
