// Opening, telling the formats apart, and the text format.
#include "masqsim/trace/read.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "lines_of_file.hpp"
#include "masqsim/base/input.hpp"
#include "masqsim/base/parse.hpp"
#include "masqsim/trace/text.hpp"
#include "words.hpp"

namespace masqsim::trace {

namespace {

/// The whole file, at most `limits::file_bytes`.
std::string contents_of(const std::string& path) {
  FileText file = read_file(path, limits::file_bytes);
  if (!file.problem.empty()) throw ReadError(path + ": " + file.problem);
  return std::move(file.text);
}

std::uint64_t whole_number(std::string_view text, const LinesOfFile& at, const char* what) {
  const auto number = parse::whole(text, 0, UINT64_MAX);
  if (std::holds_alternative<std::uint64_t>(number)) return std::get<std::uint64_t>(number);
  at.fail(std::string(what) + " is a whole number, got " + shown(text));
}

/// "4.020000000": exactly nine decimals.
Time time_in(std::string_view text, const LinesOfFile& at) {
  const bool negative = text.starts_with('-');
  const std::string_view digits = text.substr(negative ? 1 : 0);
  const std::size_t dot = digits.find('.');
  std::int64_t ns = 0;
  bool good = dot != std::string_view::npos && dot > 0 && dot <= 9 && digits.size() == dot + 10;
  for (std::size_t i = 0; good && i < digits.size(); ++i) {
    if (i == dot) continue;
    good = digits[i] >= '0' && digits[i] <= '9';
    ns = ns * 10 + (digits[i] - '0');
  }
  if (!good) at.fail("a time has nine decimals, such as 4.020000000, got " + shown(text));
  return {negative ? -ns : ns};
}

/// "p3<p2", "p3", "<p2" or "-".
void packet_in(std::string_view text, Line& line, const LinesOfFile& at) {
  if (text == "-") return;
  const std::string_view all = text;
  const auto number = [&](std::string_view part) {
    if (!part.starts_with('p')) at.fail("a packet is '-', 'p3' or 'p3<p2', got " + shown(all));
    return whole_number(part.substr(1), at, "a packet's number");
  };
  if (const std::size_t answered = text.find('<'); answered != std::string_view::npos) {
    line.cause = number(text.substr(answered + 1));
    text = text.substr(0, answered);
    if (text == "-") return;
  }
  line.packet = number(text);
}

/// A name as `append_word` wrote it, back to what it was.
std::string unescaped(std::string_view text) {
  if (text == "\\x") return "";
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x';
    if (escape && digit(text[i + 2]) >= 0 && digit(text[i + 3]) >= 0) {
      out += static_cast<char>(digit(text[i + 2]) * 16 + digit(text[i + 3]));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// The next word of `text`, taken off it with the spaces behind it; empty at the end.
std::string_view take_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  const std::size_t next = text.find_first_not_of(' ');
  text.remove_prefix(next == std::string_view::npos ? text.size() : next);
  return word;
}

Line line_in(std::string_view text, const LinesOfFile& at) {
  Line line;
  const std::string_view whole = text;
  line.at = time_in(take_word(text), at);
  line.place = unescaped(take_word(text));
  line.kind = kind_called(take_word(text), at);
  packet_in(take_word(text), line, at);
  const std::string_view flow = take_word(text);
  if (flow.empty()) at.fail("a line has time, place, kind, packet and flow, got " + shown(whole));
  line.flow = flow == "-" ? "-" : unescaped(flow);
  line.story = text;
  return line;
}

void comment_in(std::string_view line, Lines& lines, const LinesOfFile& at) {
  const auto value_of = [&](std::string_view key) -> std::optional<std::string_view> {
    if (!line.starts_with(key)) return std::nullopt;
    return line.substr(key.size());
  };
  if (const auto value = value_of("# scenario: ")) lines.scenario = unescaped(*value);
  if (const auto value = value_of("# variant: ")) lines.variant = unescaped(*value);
  if (const auto value = value_of("# seed: ")) lines.seed = whole_number(*value, at, "the seed");
  if (const auto value = value_of("# broken off: ")) lines.broken_off = unescaped(*value);
  if (const auto value = value_of("# end: ")) lines.end = time_in(*value, at);
}

Lines parse_text(std::string_view text, const std::string& name) {
  LinesOfFile file(text, name);
  std::string_view line;
  const std::string magic(text_magic);
  if (!file.next(line)) throw ReadError(name + ": the file is empty (a trace begins with '" + magic + "')");
  if (line != text_magic) {
    file.fail("not a masqsim trace (it would begin with '" + magic + "' or a JSON header), got " + shown(line));
  }
  Lines lines;
  while (file.next(line)) {
    if (line.starts_with('#')) {
      comment_in(line, lines, file);
      continue;
    }
    if (lines.end) file.fail("a record after the end of the trace");
    if (lines.lines.size() == limits::records) {
      file.fail("too many records (at most " + std::to_string(limits::records) + ")");
    }
    lines.lines.push_back(line_in(line, file));
  }
  return lines;
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string out = "'";
  append_escaped(out, text.substr(0, most));
  return out + (text.size() > most ? "...'" : "'");
}

Kind kind_called(std::string_view text, const LinesOfFile& at) {
  std::string known;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Kind::action); ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (word(kind) == text) return kind;
    known += (i == 0 ? "" : ", ") + std::string(word(kind));
  }
  at.fail("unknown kind " + shown(text) + " (a kind is one of " + known + ")");
}

Lines parse_lines(std::string_view text, const std::string& name) {
  if (!text.starts_with('{')) return parse_text(text, name);
  LinesSink sink;
  const Recording recording = parse_recording(text, name);
  recording.replay(sink);
  return sink.take();
}

Lines read_lines(const std::string& path) { return parse_lines(contents_of(path), path); }

Recording read_recording(const std::string& path) { return parse_recording(contents_of(path), path); }

}  // namespace masqsim::trace
