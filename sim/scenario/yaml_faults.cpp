#include "yaml_faults.hpp"

#include <yaml-cpp/exceptions.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "yaml_limits.hpp"

namespace masqsim::scenario {

namespace {

/// yaml-cpp's words for a fault, and ours.
struct Wording {
  std::string_view theirs;
  std::string_view ours;
};
constexpr std::array<Wording, 8> wordings{{
    {"illegal map value", "':' does not belong here (is the indentation right, or a quote missing?)"},
    {"illegal map key", "a key does not belong here (is the indentation right?)"},
    {"illegal block entry", "'-' does not belong here (is the indentation right?)"},
    {"end of map not found", "a key was expected here (is the indentation right, or a quote missing?)"},
    {"end of sequence not found", "'- ' was expected here (is the indentation right?)"},
    {"unknown escape character", "unknown escape in a string; write \\\\ for a backslash"},
    {"the referenced anchor is not defined", "anchors and aliases are not used in scenario files"},
    {"unknown token", "this character must stand in quotes"},
}};

/// True for a key that is the first on its line and no further in than the line of `opened`: it stands behind what
/// should have been closed.
bool begins_a_line(std::string_view text, std::size_t word, std::size_t opened) {
  const auto indent = [&](std::size_t at) {
    const std::size_t line = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return std::pair(line, text.find_first_not_of(' ', line) - line);
  };
  const auto [line, spaces] = indent(word);
  return word == line + spaces && spaces <= indent(opened).second;
}

/// Where a key or a bracket begins that should have a comma before it, in the brackets that open at `begin`; npos where
/// every one has.
std::size_t missing_comma(std::string_view text, std::size_t begin) {
  struct Level {
    bool map = false;
    bool colon = false;  // behind the ':' of an entry
    bool value = false;  // behind a whole bracket or string of an entry
  };
  std::vector<Level> open;
  std::size_t word = begin;  // where the last word began
  for (std::size_t n = begin; n < text.size(); ++n) {
    const char c = text[n];
    const char before = n > begin ? text[n - 1] : ' ';
    if (c == '#' && (before == ' ' || before == '\n')) {
      n = std::min(text.find('\n', n), text.size()) - 1;
      continue;
    }
    const bool begins = before == ' ' || before == '\n' || before == '[' || before == '{' || before == ',';
    if (begins) word = n;
    if ((c == '"' || c == '\'') && begins) {
      const std::size_t end = end_of_quoted(text, n);
      if (end == std::string_view::npos) return end;
      n = end - 1;
    } else if (c == '{' || c == '[') {
      if (!open.empty() && open.back().value) return n;
      open.push_back({.map = c == '{'});
    } else if (c == '}' || c == ']') {
      if (!open.empty()) open.pop_back();
      if (open.empty()) return std::string_view::npos;
      open.back().value = true;
    } else if (c == ',' && !open.empty()) {
      open.back().colon = open.back().value = false;
    } else if (c == ':' && n + 1 < text.size() && (text[n + 1] == ' ' || text[n + 1] == '\n') && !open.empty()) {
      if (open.back().map && open.back().colon) return begins_a_line(text, word, begin) ? std::string_view::npos : word;
      open.back().colon = true;
    }
  }
  return std::string_view::npos;
}

/// One line of block YAML.
struct Line {
  std::size_t offset = 0;   // of its first character that is no space
  std::size_t indent = 0;   // spaces before it
  std::size_t content = 0;  // spaces before what stands behind its dashes
  bool opens = false;       // it ends with ':' or a dash: what belongs to it stands below
};

/// The lines up to that of `at` that begin a key or an item: no comments, nothing within brackets or long texts.
std::vector<Line> block_lines(std::string_view text, std::size_t at) {
  std::vector<Line> lines;
  int depth = 0;
  std::size_t long_text = std::string_view::npos;  // the indent of the key whose text goes on for lines
  for (std::size_t begin = 0; begin <= at && begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view whole = text.substr(begin, end - begin);
    const std::size_t indent = std::min(whole.find_first_not_of(' '), whole.size());
    const bool within = depth > 0 || (long_text != std::string_view::npos && indent > long_text);
    if (!within) long_text = std::string_view::npos;
    if (indent == whole.size() || whole[indent] == '#' || whole[indent] == '\r') {
      begin = end + 1;
      continue;
    }
    Line line{.offset = begin + indent, .indent = indent, .content = indent};
    while (whole.substr(line.content).starts_with("- ")) {
      line.content = std::min(whole.find_first_not_of(' ', line.content + 2), whole.size());
    }
    char last = '\0';
    for (std::size_t n = indent; n < whole.size(); ++n) {
      const char c = whole[n];
      if (c == '#' && whole[n - 1] == ' ') break;
      const char left = n > 0 ? whole[n - 1] : ' ';
      if ((c == '"' || c == '\'') && (left == ' ' || left == '[' || left == '{')) {
        const std::size_t closed = end_of_quoted(whole, n);
        if (closed == std::string_view::npos) break;
        n = closed - 1;
      }
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth > 0) --depth;
      if (c != ' ' && c != '\r') last = c;
    }
    line.opens = last == ':' || last == '-';
    if (!within) lines.push_back(line);
    if (!within && (last == '|' || last == '>')) long_text = indent;
    begin = end + 1;
  }
  return lines;
}

/// Two lines of which one is indented wrongly.
struct Misfit {
  const Line* line;
  const Line* other;
};

std::optional<Misfit> misfit_among(const std::vector<Line>& lines) {
  struct Level {
    std::size_t indent;
    const Line* line;
  };
  std::vector<Level> open;
  const Line* before = nullptr;
  for (const Line& line : lines) {
    const Level* left = nullptr;
    Level popped{};
    while (!open.empty() && open.back().indent > line.indent) {
      popped = open.back();
      left = &popped;
      open.pop_back();
    }
    const bool deeper = open.empty() || open.back().indent < line.indent;
    if (deeper && left) return Misfit{&line, left->line};
    if (deeper && before && !before->opens) return Misfit{&line, before};
    if (deeper) open.push_back({line.indent, &line});
    if (line.content > line.indent) open.push_back({line.content, &line});
    before = &line;
  }
  return std::nullopt;
}

std::string spaces(std::size_t count) { return fmt::format("{} space{}", count, count == 1 ? "" : "s"); }

}  // namespace

bool report_indentation(std::string_view text, std::size_t at, Report& report) {
  const std::vector<Line> lines = block_lines(text, at);
  const std::optional<Misfit> found = misfit_among(lines);
  if (!found) return false;
  std::map<std::size_t, std::size_t> times;  // how many lines have an indentation
  for (const Line& line : block_lines(text, text.size())) ++times[line.indent];
  const bool other_is_rarer = times[found->other->indent] < times[found->line->indent];
  const Line& wrong = other_is_rarer ? *found->other : *found->line;
  const Line& right = other_is_rarer ? *found->line : *found->other;
  report.error(span_at(wrong.offset),
               fmt::format("this line is indented by {}, line {} by {}; what belongs together is indented alike",
                           spaces(wrong.indent), report.position(span_at(right.offset)).line, spaces(right.indent)));
  return true;
}

void report_fault(const YAML::Exception& fault, std::string_view text, const Value* bracket, Report& report) {
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(fault.mark.pos, 0)), text.size());
  const char opened = bracket && bracket->is_list() ? '[' : '{';
  const std::string_view what = bracket && bracket->is_list() ? "list" : "map";
  if (fault.msg.find("illegal flow end") != std::string::npos) {
    const char closing = at < text.size() ? text[at] : ']';
    report.error(span_at(at), bracket ? fmt::format("'{}' cannot close the {} opened with '{}' on line {}", closing,
                                                    what, opened, report.position(bracket->span).line)
                                      : fmt::format("'{}' closes nothing", closing));
    return;
  }
  if (bracket) {
    const std::size_t quote = unclosed_quote(text, bracket->span.offset);
    if (quote != std::string_view::npos) {
      report.error(span_at(quote), fmt::format("string opened with {} is never closed", text[quote]));
      return;
    }
    const std::size_t unparted = missing_comma(text, bracket->span.offset);
    if (unparted != std::string_view::npos) {
      const std::size_t end = std::min(text.find_first_of(": \n", unparted), text.size());
      const std::string_view word = text.substr(unparted, std::min<std::size_t>(end - unparted, 64));
      report.error(span_at(unparted, std::max<std::size_t>(1, word.size())),
                   fmt::format("a ',' is missing before {}", quoted(word)));
      return;
    }
    report.error(bracket->span, fmt::format("{} opened with {} is never closed", what, opened));
    return;
  }
  if (report_indentation(text, at, report)) return;
  for (const Wording& wording : wordings) {
    if (fault.msg.find(wording.theirs) == std::string::npos) continue;
    report.error(span_at(at), std::string(wording.ours));
    return;
  }
  report.error(span_at(at), "cannot be read as YAML: " + fault.msg);
}

}  // namespace masqsim::scenario
