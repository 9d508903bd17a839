// The text of a scenario file before anybody takes it for YAML: read, checked byte by byte, and numbered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/printable.hpp"
#include "masqsim/scenario/load.hpp"

namespace masqsim::scenario {

inline constexpr std::size_t largest_file = 1'048'576;

/// UTF-8 text whose byte offsets can be turned into lines and columns.
class Source {
 public:
  explicit Source(std::string text);

  std::string_view text() const { return text_; }
  /// Columns count characters; an offset past the end is the end.
  Position position(std::size_t offset) const;
  /// Line `number`, from 1, without its end.
  std::string_view line(std::uint32_t number) const;
  /// Characters of `length` bytes from `offset`, no further than the end of the line.
  std::uint32_t characters(std::size_t offset, std::size_t length) const;

 private:
  std::string text_;
  std::vector<std::uint32_t> starts_;  // of each line
};

}  // namespace masqsim::scenario
