#include "masqsim/wire/checksum.hpp"

#include <array>

namespace masqsim::wire {

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
