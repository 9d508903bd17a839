// What a scenario file is held against before yaml-cpp reads it: its bytes, and the sizes that yaml-cpp would spend
// time and memory on before it says anything.
#pragma once

#include <cstddef>
#include <string_view>

#include "report.hpp"

namespace masqsim::scenario {

inline constexpr std::size_t deepest_nesting = 32;

/// A place in a file of at most 1 MiB.
Span span_at(std::size_t offset, std::size_t length = 1);

/// False (reported): bytes that are no text, a tab, a line too long, or brackets too deep or too large.
bool is_within_limits(std::string_view text, Report& report);

/// Where the quoted string that opens at `begin` ends on its line: one past its closing quote, or npos.
std::size_t end_of_quoted(std::string_view text, std::size_t begin);

/// The first quote between `begin`, where a bracket opens, and the end of its line that opens a string and does not
/// close it; npos where there is none. yaml-cpp, which takes the rest of the file for that string, speaks of the
/// bracket.
std::size_t unclosed_quote(std::string_view text, std::size_t begin);

}  // namespace masqsim::scenario
