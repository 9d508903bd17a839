#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <numeric>
#include <streambuf>
#include <utility>

#include <fmt/format.h>

#include "tree.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t deepest = 32;
constexpr std::size_t most_parts = 100'000;  // keys and values: what takes yaml-cpp its time
// yaml-cpp reads ahead to the end of a line, and to the end of the outermost bracket, before it says anything.
constexpr std::size_t longest_line = 20'000;
constexpr std::size_t largest_bracket = 262'144;

/// Thrown through yaml-cpp to leave it; the fault has been reported.
struct Stop {};

/// A place in a file of at most 1 MiB.
Span span_at(std::size_t offset, std::size_t length = 1) {
  return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
}

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

/// Where the quoted string that opens at `begin` ends on its line: one past its closing quote, or npos.
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

/// The first quote between `begin`, where a bracket opens, and the end of its line that opens a string and does not
/// close it; npos where there is none. yaml-cpp, which takes the rest of the file for that string, speaks of the
/// bracket.
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
      if (++depth > deepest) {
        report.error(span_at(n), fmt::format("nested deeper than {} levels", deepest));
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

/// Builds the tree from yaml-cpp's events, and stops at what a scenario file may not hold.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, Report& report) : text_(text), report_(report) {}

  std::optional<Value> take() { return std::exchange(root_, std::nullopt); }

  /// The innermost list or map in brackets that is still open.
  const Value* open_bracket() const {
    for (std::size_t n = stack_.size(); n-- > 0;) {
      if (stack_[n].flow) return &stack_[n].value;
    }
    return nullptr;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!root_) return;
    const std::size_t at = offset(mark);
    const bool marked = text_.substr(at, 3) == "---" || text_.substr(0, at).find("\n...") != std::string_view::npos;
    report_.error(span_at(at), marked ? "a second document; a scenario file holds one"
                                      : "this does not belong to what stands above it (is the indentation right?)");
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string&) override { anchor(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    anchor(mark);
    add(make(Value::Kind::null, true, span_at(offset(mark))));
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    const std::size_t at = offset(mark);
    const bool written = text_.substr(at, 1) == "~" || text_.substr(at, 4) == "null" || text_.substr(at, 4) == "Null" ||
                         text_.substr(at, 4) == "NULL";
    // An absent value's mark is the next token's place: the fault is at the key it belongs to.
    Span span = span_at(at, written ? (text_[at] == '~' ? 1 : 4) : 1);
    const bool belongs_to_key = !written && !stack_.empty() && stack_.back().key;
    if (belongs_to_key) span = stack_.back().value.keys.back().span;
    add(make(Value::Kind::null, written, span));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& text) override {
    const std::size_t at = offset(mark);
    const char first = at < text_.size() ? text_[at] : '\0';
    const bool quote = first == '"' || first == '\'';
    const bool block = first == '|' || first == '>';
    const bool plain = tag == "?";
    if (!plain && !(tag == "!" && (quote || block))) refuse_tag(at);
    std::size_t length = text.size();
    if (!plain && quote) {
      const std::size_t end = end_of_quoted(text_, at);
      if (end == std::string_view::npos) refuse_unclosed(at);
      length = end - at;
    } else if (!plain) {
      length = 1;
    } else if (text_.substr(at, text.size()) != text) {
      refuse_run_on(at);
    }
    if (at_key() && plain && text == "<<") anchor(mark);
    if (at_key()) {
      count(at);
      stack_.back().value.keys.push_back({span_at(at, length), text, plain});
      stack_.back().key = true;
      return;
    }
    refuse_escapes(text, span_at(at, length));
    Value scalar = make(Value::Kind::scalar, plain, span_at(at, length));
    scalar.text = text;
    add(std::move(scalar));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, Value::Kind::list, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, Value::Kind::map, style);
  }
  void OnMapEnd() override {
    refuse_duplicates(stack_.back().value);
    close();
  }

 private:
  struct Level {
    Value value;
    bool flow = false;  // written in brackets
    bool key = false;   // a map whose next event is the value of its last key
  };

  static Value make(Value::Kind kind, bool plain, Span span) {
    Value value;
    value.kind = kind;
    value.plain = plain;
    value.span = span;
    return value;
  }

  std::size_t offset(const YAML::Mark& mark) const {
    return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text_.size());
  }

  bool at_key() const { return !stack_.empty() && stack_.back().value.is_map() && !stack_.back().key; }

  void anchor(const YAML::Mark& mark) {
    report_.error(span_at(offset(mark)), "anchors and aliases are not used in scenario files");
    report_.spoil(span_at(offset(mark)));
  }

  void refuse_tag(std::size_t at) {
    report_.error(span_at(at), "tags are not used in scenario files");
    throw Stop{};
  }

  /// Characters that a \x or \u in a string may have made. (In a key they make an unknown key or a bad name.)
  void refuse_escapes(const std::string& text, Span where) {
    for (std::size_t n = 0; n < text.size();) {
      const Character c = character_at(text, n);
      if (c.length == 0 || (c.code != '\n' && is_unprintable(c.code))) {
        report_.error(where, fmt::format("control character U+{:04X} in a string", c.code));
        return;
      }
      n += c.length;
    }
  }

  [[noreturn]] void refuse_unclosed(std::size_t quote) {
    report_.error(span_at(quote), fmt::format("string opened with {} is never closed", text_[quote]));
    throw Stop{};
  }

  void refuse_run_on(std::size_t at) {
    const std::size_t line = text_.find('\n', at) - at;
    const Value* bracket = open_bracket();
    report_.error(span_at(at, line),
                  bracket ? fmt::format("value runs on into the next line (is a ',' or the closing '{}' missing?)",
                                        bracket->is_list() ? ']' : '}')
                          : "value runs on into the next line (is the indentation right?)");
    throw Stop{};
  }

  void refuse_duplicates(const Value& map) {
    std::vector<std::size_t> order(map.keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return map.keys[a].text < map.keys[b].text; });
    for (std::size_t n = 1, first = 0; n < order.size(); ++n) {
      if (map.keys[order[n]].text != map.keys[order[first]].text) {
        first = n;
        continue;
      }
      const Key& key = map.keys[order[n]];
      report_.error(key.span, fmt::format("duplicate key {} (first defined on line {})", quoted(key.text),
                                          report_.position(map.keys[order[first]].span).line));
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, Value::Kind kind, YAML::EmitterStyle::value style) {
    const std::size_t at = offset(mark);
    if (tag != "?" && !tag.empty()) refuse_tag(at);
    if (at_key()) {
      const std::size_t quote = style == YAML::EmitterStyle::Flow ? unclosed_quote(text_, at) : std::string_view::npos;
      if (quote != std::string_view::npos) refuse_unclosed(quote);
      report_.error(span_at(at), "a key must be text");
      throw Stop{};
    }
    if (stack_.size() >= deepest) {
      report_.error(span_at(at), fmt::format("nested deeper than {} levels", deepest));
      throw Stop{};
    }
    count(at);
    stack_.push_back({make(kind, false, span_at(at)), style == YAML::EmitterStyle::Flow, false});
  }

  void close() {
    Value value = std::move(stack_.back().value);
    stack_.pop_back();
    place(std::move(value));
  }

  void add(Value value) {
    count(value.span.offset);
    if (at_key()) {
      report_.error(value.span, "a key must be text");
      throw Stop{};
    }
    place(std::move(value));
  }

  void place(Value value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    stack_.back().value.items.push_back(std::move(value));
    stack_.back().key = false;
  }

  void count(std::size_t at) {
    if (++parts_ <= most_parts) return;
    report_.error(span_at(at), fmt::format("more than {} keys and values; that is the limit", most_parts));
    throw Stop{};
  }

  std::string_view text_;
  Report& report_;
  std::vector<Level> stack_;
  std::optional<Value> root_;
  std::size_t parts_ = 0;
};

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

void report_fault(const YAML::Exception& fault, const Builder& builder, std::string_view text, Report& report) {
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(fault.mark.pos, 0)), text.size());
  const Value* bracket = builder.open_bracket();
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
    report.error(bracket->span, fmt::format("{} opened with {} is never closed", what, opened));
    return;
  }
  for (const Wording& wording : wordings) {
    if (fault.msg.find(wording.theirs) == std::string::npos) continue;
    report.error(span_at(at), std::string(wording.ours));
    return;
  }
  report.error(span_at(at), "cannot be read as YAML: " + fault.msg);
}

/// Lets a stream read the text where it lies.
class View : public std::streambuf {
 public:
  explicit View(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; it is only read
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

const Value* Value::find(std::string_view key) const {
  for (std::size_t n = 0; n < keys.size(); ++n) {
    if (keys[n].text == key) return &items[n];
  }
  return nullptr;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

std::size_t Value::count() const {
  std::size_t all = 1;
  for (const Value& item : items) all += item.count();
  return all;
}

std::string_view kind_word(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null: return "nothing";
    case Value::Kind::scalar: return "text";
    case Value::Kind::list: return "a list";
    case Value::Kind::map: return "a map";
  }
  return {};
}

std::optional<Value> read_yaml(const Source& source, Report& report) {
  const std::string_view text = source.text();
  if (!bytes_are_sound(text, report) || !tabs_are_absent(text, report)) return std::nullopt;
  if (!lines_are_short(text, report) || !brackets_are_modest(text, report)) return std::nullopt;
  View view(text);
  std::istream stream(&view);
  Builder builder(text, report);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& fault) {
    report_fault(fault, builder, text, report);
    return std::nullopt;
  }
  std::optional<Value> root = builder.take();
  if (!root || root->kind == Value::Kind::null) {
    report.error(span_at(0), "document is empty");
    return std::nullopt;
  }
  return root;
}

namespace {

bool all_in(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

/// 22:22 and 1:30:00.5 are numbers of base 60 to YAML 1.1.
bool is_base_60(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !all_in(text.substr(0, colon), "0123456789_")) return false;
  return all_in(text.substr(colon + 1), "0123456789:._");
}

bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) {
    return all_in(text.substr(2), "0123456789abcdefABCDEF_");
  }
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN") {
    return true;
  }
  const std::size_t power = text.find_first_of("eE");
  std::string_view head = text.substr(0, power);
  if (power != std::string_view::npos) {
    std::string_view tail = text.substr(power + 1);
    if (tail.starts_with('-') || tail.starts_with('+')) tail.remove_prefix(1);
    if (!all_in(tail, "0123456789")) return false;
  }
  if (std::count(head.begin(), head.end(), '.') > 1) return false;
  return all_in(head, "0123456789_.") && head.find_first_of("0123456789") != std::string_view::npos;
}

bool is_date(std::string_view text) {
  return text.size() >= 8 && all_in(text.substr(0, 4), "0123456789") && text[4] == '-' &&
         all_in(text.substr(5), "0123456789-:. TtZz+");
}

constexpr std::array<std::string_view, 8> booleans{"y", "n", "yes", "no", "on", "off", "true", "false"};

}  // namespace

std::string_view read_as(std::string_view plain) {
  std::string lower(plain.substr(0, 8));
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (plain.size() < 8 && std::find(booleans.begin(), booleans.end(), lower) != booleans.end()) return "a boolean";
  if (plain == "=") return "a default";
  if (is_base_60(plain) || is_number(plain)) return "a number";
  if (is_date(plain)) return "a date";
  return {};
}

}  // namespace masqsim::scenario
