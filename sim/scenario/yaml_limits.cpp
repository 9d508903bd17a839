#include "yaml_limits.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace masqsim::scenario {

namespace {

// yaml-cpp reads ahead to the end of a line, and to the end of the outermost bracket, before it says anything.
constexpr std::size_t longest_line = 20'000;
constexpr std::size_t largest_bracket = 262'144;

bool bytes_are_sound(std::string_view text, Report& report) {
  for (std::size_t n = 0; n < text.size();) {
    const Character c = character_at(text, n);
    if (c.length == 0) {
      report.error(span_at(n), fmt::format("byte 0x{:02x} is not valid UTF-8", static_cast<unsigned char>(text[n])));
      return false;
    }
    const bool line_end = c.code == '\n' || (c.code == '\r' && n + 1 < text.size() && text[n + 1] == '\n');
    if (c.code == 0) {
      report.error(span_at(n), "NUL byte (is this a binary file?)");
      return false;
    }
    if (!line_end && c.code != '\t' && is_unprintable(c.code)) {
      report.error(span_at(n), fmt::format("control character U+{:04X}", c.code));
      return false;
    }
    n += c.length;
  }
  return true;
}

bool tabs_are_absent(std::string_view text, Report& report) {
  bool indentation = true;
  bool absent = true;
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (text[n] == '\n') indentation = true;
    if (text[n] == '\t') {
      report.error(span_at(n), indentation ? "tab used for indentation; use spaces" : "tab; use spaces");
      absent = false;
      n = std::min(text.find('\n', n), text.size()) - 1;  // one a line is enough
      continue;
    }
    if (text[n] != ' ' && text[n] != '\n') indentation = false;
  }
  return absent;
}

bool lines_are_short(std::string_view text, Report& report) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > longest_line) {
      report.error(span_at(begin), fmt::format("line of {} bytes; the limit is {}", end - begin, longest_line));
      return false;
    }
    begin = end + 1;
  }
  return true;
}

/// Depth and size of what stands in brackets, before yaml-cpp keeps all of it in memory.
bool brackets_are_modest(std::string_view text, Report& report) {
  std::size_t depth = 0;
  std::size_t outermost = 0;
  char before = '\n';  // the last character that is no space
  bool spaced = true;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const char c = text[n];
    const bool begins = spaced || before == '[' || before == '{' || before == ',' || before == ':';
    if (c == '#' && spaced) {
      n = std::min(text.find('\n', n), text.size()) - 1;
      continue;
    }
    if ((c == '"' || c == '\'') && begins) {
      const std::size_t end = end_of_quoted(text, n);
      n = (end == std::string_view::npos ? std::min(text.find('\n', n), text.size()) : end) - 1;
    } else if ((c == '[' || c == '{') && begins) {
      if (depth == 0) outermost = n;
      if (++depth > deepest_nesting) {
        report.error(span_at(n), fmt::format("nested deeper than {} levels", deepest_nesting));
        return false;
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
    if (depth > 0 && n - outermost > largest_bracket) {
      report.error(span_at(outermost),
                   fmt::format("more than {} bytes in brackets; write it in lines", largest_bracket));
      return false;
    }
    spaced = text[n] == ' ' || text[n] == '\n';
    if (!spaced) before = text[n];
    if (text[n] == '\n') before = '\n';
  }
  return true;
}

}  // namespace

Span span_at(std::size_t offset, std::size_t length) {
  return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
}

std::size_t end_of_quoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t n = begin + 1; n < text.size() && text[n] != '\n'; ++n) {
    if (quote == '"' && text[n] == '\\') {
      ++n;
      continue;
    }
    if (text[n] != quote) continue;
    const bool doubled = quote == '\'' && n + 1 < text.size() && text[n + 1] == '\'';
    if (!doubled) return n + 1;
    ++n;
  }
  return std::string_view::npos;
}

std::size_t unclosed_quote(std::string_view text, std::size_t begin) {
  char before = '\n';  // the last character that is no space
  for (std::size_t n = begin; n < text.size() && text[n] != '\n'; ++n) {
    const bool begins = before == '[' || before == '{' || before == ',' || before == ':';
    if ((text[n] == '"' || text[n] == '\'') && begins) {
      const std::size_t end = end_of_quoted(text, n);
      if (end == std::string_view::npos) return n;
      n = end - 1;
    }
    if (text[n] != ' ') before = text[n];
  }
  return std::string_view::npos;
}

bool is_within_limits(std::string_view text, Report& report) {
  return bytes_are_sound(text, report) && tabs_are_absent(text, report) && lines_are_short(text, report) &&
         brackets_are_modest(text, report);
}

}  // namespace masqsim::scenario
