// Which characters may be shown. Files and their names come from strangers; a terminal obeys some bytes, and some
// characters print nothing or turn the direction of what follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace masqsim {

/// The first byte at `offset` as a character: its length in bytes, 0 where it is not strict UTF-8 (RFC 3629).
struct Character {
  std::size_t length = 0;
  std::uint32_t code = 0;
};
Character character_at(std::string_view text, std::size_t offset = 0);

/// Characters that print nothing or reorder what is printed: control characters (line ends and tabs too), the
/// Default_Ignorable_Code_Points of Unicode 15 but for variation selectors, interlinear annotations, noncharacters.
bool is_unprintable(std::uint32_t code);

/// `text` without anything a terminal obeys: what is not strict UTF-8 or is unprintable becomes \xNN, byte by byte.
std::string printable(std::string_view text);

/// The same line by line: the ends of lines stay.
std::string printable_lines(std::string_view text);

}  // namespace masqsim
