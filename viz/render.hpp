// From DOT text to a picture: the only door to Graphviz.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace masqsim::viz {

enum class Picture : std::uint8_t { dot, svg, png, pdf };
std::optional<Picture> picture_of(std::string_view word);

class RenderError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The bytes of the picture; for `dot` the text itself. The same text gives the same bytes on one machine (fonts and
/// Graphviz versions differ between machines; of pdf only the first of a process, cairo numbers its fonts on). Throws
/// RenderError, and says nothing on standard error.
std::string render(const std::string& dot, Picture picture);

}  // namespace masqsim::viz
