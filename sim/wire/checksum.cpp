#include "masqsim/wire/checksum.hpp"

#include <array>
#include <bit>

namespace masqsim::wire {

// Adds whole machine words: one's complement addition does not care for byte order or word size (RFC 1071 section 2),
// only the folded result has to be turned to network order.
Sum& Sum::add(ByteView bytes) {
  std::uint64_t words = 0;
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    words += word;
    words += words < word;  // the carry comes back in at the bottom
  }
  // What is left is added in parts: any 16-bit place of a word serves.
  std::uint64_t word = 0;
  if ((left & 4) != 0) {
    std::uint32_t half;
    std::memcpy(&half, p, 4);
    word = half;
    p += 4;
  }
  if ((left & 2) != 0) {
    std::uint16_t quarter;
    std::memcpy(&quarter, p, 2);
    word += quarter;
    p += 2;
  }
  if ((left & 1) != 0) {
    const std::array<std::uint8_t, 2> padded{*p, 0};
    std::uint16_t quarter;
    std::memcpy(&quarter, padded.data(), 2);
    word += quarter;
  }
  words += word;
  words += words < word;
  std::uint64_t folded = (words >> 32) + (words & 0xffffffff);
  folded = (folded >> 16 & 0xffff) + (folded & 0xffff) + (folded >> 32);
  folded = (folded >> 16) + (folded & 0xffff);
  folded = (folded >> 16) + (folded & 0xffff);
  auto sum = static_cast<std::uint16_t>(folded);
  if constexpr (std::endian::native == std::endian::little) sum = static_cast<std::uint16_t>(sum << 8 | sum >> 8);
  total_ += sum;
  return *this;
}

std::uint16_t checksum(ByteView bytes) { return Sum{}.add(bytes).checksum(); }

std::uint16_t pseudo_checksum(Address source, Address destination, Protocol protocol, ByteView segment) {
  return Sum{}
      .add32(source.value)
      .add32(destination.value)
      .add16(static_cast<std::uint16_t>(protocol))
      .add32(static_cast<std::uint32_t>(segment.size()))
      .add(segment)
      .checksum();
}

namespace {

constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    table[byte] = crc;
  }
  return table;
}();

}  // namespace

std::uint32_t sctp_checksum(ByteView packet) {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t n = 0; n < packet.size(); ++n) {
    const std::uint8_t byte = n >= 8 && n < 12 ? std::uint8_t{0} : packet[n];
    crc = crc >> 8 ^ crc32c_table[(crc ^ byte) & 0xff];
  }
  crc = ~crc;
  return (crc & 0xff) << 24 | (crc & 0xff00) << 8 | (crc >> 8 & 0xff00) | crc >> 24;
}

}  // namespace masqsim::wire
