#include "source.hpp"

#include <algorithm>

namespace masqsim::scenario {

Source::Source(std::string text) : text_(std::move(text)) {
  starts_.push_back(0);
  for (std::size_t n = 0; n < text_.size(); ++n) {
    if (text_[n] == '\n') starts_.push_back(static_cast<std::uint32_t>(n + 1));
  }
}

Position Source::position(std::size_t offset) const {
  const std::size_t at = std::min(offset, text_.size());
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), at);
  const std::size_t line = static_cast<std::size_t>(next - starts_.begin());
  const std::size_t begin = starts_[line - 1];
  return {static_cast<std::uint32_t>(line), 1 + characters(begin, at - begin)};
}

std::string_view Source::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  const std::size_t end = number < starts_.size() ? starts_[number] - 1 : text_.size();
  std::string_view line = std::string_view(text_).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::uint32_t Source::characters(std::size_t offset, std::size_t length) const {
  std::uint32_t count = 0;
  const std::size_t end = std::min(text_.size(), offset + length);
  for (std::size_t n = offset; n < end && text_[n] != '\n'; ++n) {
    const auto byte = static_cast<unsigned char>(text_[n]);
    if ((byte & 0xc0) != 0x80) ++count;
  }
  return count;
}

}  // namespace masqsim::scenario
