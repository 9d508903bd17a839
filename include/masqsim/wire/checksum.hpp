// The Internet checksum (RFC 1071), its repair by difference (RFC 1624), and SCTP's CRC32c (RFC 9260).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::wire {

/// A one's complement sum that is still growing; `folded` ends it. Parts may be added in any order, each part at an
/// even offset of the whole (RFC 1071 section 2).
class Sum {
 public:
  constexpr Sum& add16(std::uint16_t v) { return total_ += v, *this; }
  constexpr Sum& add32(std::uint32_t v) { return total_ += v, *this; }
  /// An odd last byte counts as if a zero byte followed.
  Sum& add(ByteView bytes);

  /// The 16-bit one's complement sum, not inverted.
  constexpr std::uint16_t folded() const { return fold(total_); }
  /// What goes into the checksum field: the inverted sum.
  constexpr std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }

 private:
  /// The halves are added crosswise: the upper half then is their sum, with the carry of the lower one added in.
  static constexpr std::uint16_t fold(std::uint64_t t) {
    const auto half = static_cast<std::uint32_t>((t + std::rotl(t, 32)) >> 32);
    return static_cast<std::uint16_t>((half + std::rotl(half, 16)) >> 16);
  }

  std::uint64_t total_ = 0;
};

// Adds whole machine words: one's complement addition does not care for byte order or word size (RFC 1071 section 2),
// only the folded result has to be turned to network order.
inline Sum& Sum::add(ByteView bytes) {
  std::uint64_t words = 0;
  const auto add_word = [&](std::uint64_t word) {
    words += word;
    words += words < word;  // the carry comes back in at the bottom
  };
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  const auto add_eight = [&] {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    add_word(word);
    p += 8;
  };
  for (; left >= 16; left -= 16) {
    add_eight();
    add_eight();
  }
  if ((left & 8) != 0) add_eight();
  // What is left is added in parts: any 16-bit place of a word serves.
  if ((left & 4) != 0) {
    std::uint32_t half;
    std::memcpy(&half, p, 4);
    add_word(half);
    p += 4;
  }
  if ((left & 2) != 0) {
    std::uint16_t quarter;
    std::memcpy(&quarter, p, 2);
    add_word(quarter);
    p += 2;
  }
  constexpr bool turned = std::endian::native == std::endian::little;
  if ((left & 1) != 0) add_word(turned ? *p : std::uint64_t{*p} << 8);
  std::uint16_t sum = fold(words);
  if constexpr (turned) sum = static_cast<std::uint16_t>(sum << 8 | sum >> 8);
  total_ += sum;
  return *this;
}

/// The checksum of `bytes` whose own checksum field holds zero; 0 for bytes whose field is already right.
inline std::uint16_t checksum(ByteView bytes) { return Sum{}.add(bytes).checksum(); }

/// The checksum of a TCP, UDP or other segment under RFC 793's pseudo header. `segment.size()` is the length field.
/// Never folds 0 to ffff: that rule is UDP's alone (RFC 768), see `udp_checksum`.
inline std::uint16_t pseudo_checksum(Address source, Address destination, Protocol protocol, ByteView segment) {
  return Sum{}
      .add32(source.value)
      .add32(destination.value)
      .add16(static_cast<std::uint16_t>(protocol))
      .add32(static_cast<std::uint32_t>(segment.size()))
      .add(segment)
      .checksum();
}

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
