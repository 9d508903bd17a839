// How text is set: aligned always, coloured only where a person's terminal shows it. Colour never says what no word
// says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "masqsim/base/printable.hpp"

namespace masqsim::viz {

using masqsim::printable;

struct Paint {
  bool colour = false;   ///< ANSI colours
  bool unicode = false;  ///< symbols beyond ASCII

  std::string good(std::string_view text) const { return wrapped("32", text); }
  std::string bad(std::string_view text) const { return wrapped("31", text); }
  std::string strong(std::string_view text) const { return wrapped("1", text); }
  std::string dim(std::string_view text) const { return wrapped("2", text); }
  std::string_view tick() const { return unicode ? "\u2713 " : ""; }
  std::string_view cross() const { return unicode ? "\u2717" : "X"; }

 private:
  std::string wrapped(std::string_view code, std::string_view text) const {
    if (!colour || text.empty()) return std::string(text);
    return "\033[" + std::string(code) + 'm' + std::string(text) + "\033[0m";
  }
};

/// `text` with spaces up to `width` bytes.
std::string padded(std::string_view text, std::size_t width);

}  // namespace masqsim::viz
