#include "paint.hpp"

namespace masqsim::viz {

std::string padded(std::string_view text, std::size_t width) {
  std::string line(text);
  if (line.size() < width) line.resize(width, ' ');
  return line;
}

}  // namespace masqsim::viz
