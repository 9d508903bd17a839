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
#include "yaml_faults.hpp"
#include "yaml_limits.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::size_t most_parts = 100'000;  // keys and values: what takes yaml-cpp its time

/// Thrown through yaml-cpp to leave it; the fault has been reported.
struct Stop {};

/// What is sent as it is written: HTTP and its like end lines with \r\n and may hold tabs.
bool holds_payload(std::string_view key) { return key == "text" || key == "say"; }

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
    if (marked || !report_indentation(text_, at, report_)) {
      report_.error(span_at(at), marked ? "a second document; a scenario file holds one"
                                        : "this does not belong to what stands above it (is the indentation right?)");
    }
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
    const bool payload = !stack_.empty() && stack_.back().key && holds_payload(stack_.back().value.keys.back().text);
    refuse_escapes(text, span_at(at, length), payload);
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
  void refuse_escapes(const std::string& text, Span where, bool payload) {
    for (std::size_t n = 0; n < text.size();) {
      const Character c = character_at(text, n);
      const bool allowed = c.code == '\n' || (payload && (c.code == '\r' || c.code == '\t'));
      if (c.length == 0 || (!allowed && is_unprintable(c.code))) {
        report_.error(where, fmt::format("control character U+{:04X} in a string", c.code),
                      payload ? "an action sends any bytes as 'hex'" : "");
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
    const std::size_t next = text_.find_first_not_of(" \n", at + line);
    if (!bracket && next != std::string_view::npos && report_indentation(text_, next, report_)) throw Stop{};
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
    if (stack_.size() >= deepest_nesting) {
      report_.error(span_at(at), fmt::format("nested deeper than {} levels", deepest_nesting));
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

/// Lets a stream read the text where it lies.
class View : public std::streambuf {
 public:
  explicit View(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf's interface; it is only read
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

std::optional<Value> read_yaml(const Source& source, Report& report) {
  const std::string_view text = source.text();
  if (!is_within_limits(text, report)) return std::nullopt;
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
    report_fault(fault, text, builder.open_bracket(), report);
    return std::nullopt;
  }
  std::optional<Value> root = builder.take();
  if (!root || root->kind == Value::Kind::null) {
    report.error(span_at(0), "document is empty");
    return std::nullopt;
  }
  return root;
}

}  // namespace masqsim::scenario
