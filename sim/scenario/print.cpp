#include <algorithm>

#include <fmt/format.h>

#include "masqsim/scenario/load.hpp"
#include "report.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t widest = 160;  // characters of a source line that are shown

/// A line as it can be shown, and how many columns stand before and under the fault.
struct Excerpt {
  std::string text;
  std::size_t before = 0;
  std::size_t under = 0;
};

/// One character, or its bytes as \xNN.
std::string printable(std::string_view character) {
  const Character c = character_at(character, 0);
  if (c.length > 0 && !is_unprintable(c.code)) return std::string(character);
  if (character == "\t") return "\\t";
  std::string escaped;
  for (const char byte : character) escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return escaped;
}

Excerpt excerpt(const Diagnostic& d) {
  // Byte places of the characters, so that only those in view are made printable.
  std::vector<std::uint32_t> places;
  for (std::size_t n = 0; n < d.source.size(); n += std::max<std::size_t>(1, character_at(d.source, n).length)) {
    places.push_back(static_cast<std::uint32_t>(n));
  }
  places.push_back(static_cast<std::uint32_t>(d.source.size()));
  const std::size_t count = places.size() - 1;
  const std::size_t at = std::min<std::size_t>(d.column - 1, count);
  const std::size_t first = count > widest && at > widest / 2 ? at - widest / 2 : 0;
  const std::size_t last = std::min(count, first + widest);
  Excerpt made;
  if (first > 0) made.text = "...";
  made.before = made.text.size();
  for (std::size_t n = first; n < last; ++n) {
    const std::string shown = printable(std::string_view(d.source).substr(places[n], places[n + 1] - places[n]));
    const std::size_t width = shown.starts_with("\\") ? shown.size() : 1;
    made.text += shown;
    if (n < at) made.before += width;
    if (n >= at && n < at + d.length) made.under += width;
  }
  if (last < count) made.text += "...";
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
      out += fmt::format("{}: error: {}{}{}\n", path, d.message, d.hint.empty() ? "" : "; ", d.hint);
      continue;
    }
    out += fmt::format("{}:{}:{}: error: {}\n", path, d.line, d.column, d.message);
    if (d.source.empty()) continue;
    const Excerpt line = excerpt(d);
    out += fmt::format(" {:>{}} | {}\n", d.line, digits, line.text);
    out += fmt::format(" {:{}} | {:{}}^{:~<{}}{}{}\n", "", digits, "", line.before, "", line.under - 1,
                       d.hint.empty() ? "" : " ", d.hint);
  }
  return out;
}

std::string closing_line(std::size_t errors) {
  const std::string_view cut = errors > shown_at_most ? " (the first 20 are shown)" : "";
  return fmt::format("{} error{}{}; nothing was run\n", errors, errors == 1 ? "" : "s", cut);
}

}  // namespace masqsim::scenario
