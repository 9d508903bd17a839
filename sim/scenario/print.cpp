#include <algorithm>

#include <fmt/format.h>

#include "masqsim/scenario/load.hpp"
#include "source.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t widest = 160;  // characters of a source line that are shown

/// A line as it can be shown, and how many columns stand before and under the fault.
struct Excerpt {
  std::string text;
  std::size_t before = 0;
  std::size_t under = 0;
};

Excerpt excerpt(const Diagnostic& d) {
  std::vector<std::string> shown;  // one a character
  for (std::size_t n = 0; n < d.source.size();) {
    const Character c = character_at(d.source, n);
    const bool printable = c.length > 0 && !is_unprintable(c.code);
    const std::size_t length = std::max<std::size_t>(1, c.length);
    if (printable) {
      shown.push_back(d.source.substr(n, length));
    } else if (c.code == '\t' && c.length == 1) {
      shown.emplace_back("\\t");
    } else {
      std::string escaped;
      for (std::size_t k = 0; k < length; ++k) escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(d.source[n + k]));
      shown.push_back(escaped);
    }
    n += length;
  }
  const std::size_t at = std::min<std::size_t>(d.column - 1, shown.size());
  std::size_t first = 0;
  if (shown.size() > widest && at > widest / 2) first = at - widest / 2;
  const std::size_t last = std::min(shown.size(), first + widest);
  Excerpt made;
  const auto width = [](const std::string& s) { return s.starts_with('\\') ? s.size() : 1; };
  if (first > 0) made.text = "...";
  made.before = made.text.size();
  for (std::size_t n = first; n < last; ++n) {
    made.text += shown[n];
    if (n < at) made.before += width(shown[n]);
    if (n >= at && n < at + d.length) made.under += width(shown[n]);
  }
  if (last < shown.size()) made.text += "...";
  made.under = std::max<std::size_t>(1, made.under);
  return made;
}

}  // namespace

std::string print_diagnostics(std::string_view path, const std::vector<Diagnostic>& diagnostics) {
  std::uint32_t last = 0;
  for (const Diagnostic& d : diagnostics) last = std::max(last, d.line);
  const std::size_t digits = std::to_string(last).size();
  std::string out;
  for (const Diagnostic& d : diagnostics) {
    if (d.line == 0) {
      out += fmt::format("{}: error: {}\n", path, d.message);
      continue;
    }
    out += fmt::format("{}:{}:{}: error: {}\n", path, d.line, d.column, d.message);
    const Excerpt line = excerpt(d);
    out += fmt::format(" {:>{}} | {}\n", d.line, digits, line.text);
    out += fmt::format(" {:{}} | {:{}}^{:~<{}}{}{}\n", "", digits, "", line.before, "", line.under - 1,
                       d.hint.empty() ? "" : " ", d.hint);
  }
  return out;
}

std::string closing_line(std::size_t errors) {
  return fmt::format("{} error{}; nothing was run\n", errors, errors == 1 ? "" : "s");
}

}  // namespace masqsim::scenario
