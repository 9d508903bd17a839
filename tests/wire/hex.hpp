// Packets as hex text, for tests that compare whole packets.
#pragma once

#include <cassert>
#include <cstdint>
#include <string_view>
#include <vector>

namespace masqsim::wire {

/// The bytes that `text` spells; blanks are allowed anywhere, for the reader.
inline std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    assert(digit >= 0 && digit < 16);
    if (high >= 0) bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  assert(high < 0);
  return bytes;
}

}  // namespace masqsim::wire
