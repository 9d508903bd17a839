#include "masqsim/base/printable.hpp"

#include <algorithm>
#include <array>

namespace masqsim {

namespace {

struct Range {
  std::uint32_t first, last;
};

constexpr std::array<Range, 19> unprintables{{{0x0000, 0x001f},
                                              {0x007f, 0x009f},
                                              {0x00ad, 0x00ad},      // soft hyphen
                                              {0x034f, 0x034f},      // combining grapheme joiner
                                              {0x061c, 0x061c},      // Arabic letter mark
                                              {0x115f, 0x1160},      // Hangul fillers
                                              {0x17b4, 0x17b5},      // Khmer inherent vowels
                                              {0x180b, 0x180f},      // Mongolian selectors and vowel separator
                                              {0x200b, 0x200f},      // zero width, direction
                                              {0x2028, 0x202e},      // line ends, direction
                                              {0x2060, 0x206f},      // joiners, direction
                                              {0x3164, 0x3164},      // Hangul filler
                                              {0xfdd0, 0xfdef},      // noncharacters
                                              {0xfeff, 0xfeff},      // byte order mark
                                              {0xffa0, 0xffa0},      // half-width Hangul filler
                                              {0xfff0, 0xfffb},      // unassigned, interlinear annotation
                                              {0x1bca0, 0x1bca3},    // shorthand format
                                              {0x1d173, 0x1d17a},    // musical format
                                              {0xe0000, 0xe0fff}}};  // tags

void append_printable(std::string& out, std::string_view text, bool keep_line_ends) {
  static constexpr char digits[] = "0123456789abcdef";
  while (!text.empty()) {
    const Character c = character_at(text);
    const bool stays = c.length > 0 && (!is_unprintable(c.code) || (keep_line_ends && c.code == '\n'));
    if (stays) {
      out += text.substr(0, c.length);
    } else {
      const auto byte = static_cast<std::uint8_t>(text.front());
      out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    text.remove_prefix(stays ? c.length : 1);
  }
}

}  // namespace

Character character_at(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t n) -> std::uint32_t {
    return offset + n < text.size() ? static_cast<unsigned char>(text[offset + n]) : 0u;
  };
  const auto tail = [&](std::size_t n) { return (byte(n) & 0xc0) == 0x80; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {1, first};
  if (first >= 0xc2 && first <= 0xdf && tail(1)) return {2, (first & 0x1f) << 6 | (byte(1) & 0x3f)};
  if (first >= 0xe0 && first <= 0xef && tail(1) && tail(2)) {
    const std::uint32_t code = (first & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < 0x800 || surrogate ? Character{} : Character{3, code};
  }
  if (first >= 0xf0 && first <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    const std::uint32_t code = (first & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
    return code < 0x10000 || code > 0x10ffff ? Character{} : Character{4, code};
  }
  return {};
}

bool is_unprintable(std::uint32_t code) {
  if ((code & 0xfffe) == 0xfffe) return true;  // the last two of every plane are noncharacters
  const auto range = std::ranges::lower_bound(unprintables, code, {}, &Range::last);
  return range != unprintables.end() && range->first <= code;
}

std::string printable(std::string_view text) {
  std::string out;
  append_printable(out, text, false);
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  append_printable(out, text, true);
  return out;
}

}  // namespace masqsim
