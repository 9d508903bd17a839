#include "paint.hpp"

#include <cstdint>

namespace masqsim::viz {

namespace {

/// Bytes of the well-formed UTF-8 character that `text` begins with and a terminal may show; 0 for anything else.
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  std::uint32_t code = lead & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  static constexpr std::uint32_t least[] = {0, 0, 0xa0, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool turns =
      (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return code < least[length] || code > 0x10ffff || surrogate || turns ? 0 : length;
}

}  // namespace

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text);
  if (line.size() < width) line.resize(width, ' ');
  return line;
}

std::string printable(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    std::size_t length = character(text);
    if (length > 0) {
      out += text.substr(0, length);
    } else {
      const auto byte = static_cast<std::uint8_t>(text.front());
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
      length = 1;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace masqsim::viz
