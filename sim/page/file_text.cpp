#include "file_text.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace masqsim::page {

namespace {

constexpr std::size_t none = std::string_view::npos;

/// Half open, in bytes of the text.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A key with its value, or an element of a list, and how it stands in the text.
struct Place {
  YAML::Node node;
  Range value;
  std::size_t begin = 0;       ///< of the key, or of the element's dash
  std::size_t indent = 0;      ///< how far that stands in its line
  bool inside_braces = false;  ///< within {} or []
};

/// A text with its tree, and where the tree's parts stand in it.
class Manuscript {
 public:
  explicit Manuscript(std::string_view text) : text_(text), root_(YAML::Load(std::string(text))) {
    lines_.push_back(0);
    for (std::size_t at = text.find('\n'); at != none; at = text.find('\n', at + 1)) lines_.push_back(at + 1);
  }

  /// As much of `path` as is there, from the outermost on; the root is not among them.
  std::vector<Place> places(const Path& path) const {
    std::vector<Place> found;
    YAML::Node node = root_;
    bool inside_braces = false;
    for (const std::string& key : path) {
      inside_braces = inside_braces || is_flow(node);
      const std::optional<Place> place =
          node.IsSequence() ? element(node, key, inside_braces) : member(node, key, inside_braces);
      if (!place) break;
      node.reset(place->node);
      found.push_back(*place);
    }
    return found;
  }

  const YAML::Node& root() const { return root_; }
  bool is_flow(const YAML::Node& node) const {
    return (node.IsMap() || node.IsSequence()) && (at(begin_of(node)) == '{' || at(begin_of(node)) == '[');
  }
  std::size_t begin_of(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    const auto line = static_cast<std::size_t>(std::max(mark.line, 0));
    const auto column = static_cast<std::size_t>(std::max(mark.column, 0));
    return line < lines_.size() ? std::min(lines_[line] + column, text_.size()) : text_.size();
  }
  std::size_t column(std::size_t at) const { return at - (text_.rfind('\n', at == 0 ? 0 : at - 1) + 1); }
  std::size_t line_end(std::size_t at) const { return std::min(text_.find('\n', at), text_.size()); }

 private:
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\n'; }

  std::optional<Place> member(const YAML::Node& map, const std::string& key, bool inside_braces) const {
    if (!map.IsMap()) return std::nullopt;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
      const std::size_t begin = begin_of(entry.first);
      Place place{entry.second, {}, begin, column(begin), inside_braces};
      if (entry.second.IsNull()) {  // "nat:" and nothing behind it
        place.value.begin = place.value.end = std::min(text_.find(':', begin), text_.size() - 1) + 1;
      } else {
        place.value.begin = begin_of(entry.second);
        place.value.end = end_of(place);
      }
      return place;
    }
    return std::nullopt;
  }

  std::optional<Place> element(const YAML::Node& list, const std::string& number, bool inside_braces) const {
    const bool is_number = !number.empty() && number.size() < 7 && number.find_first_not_of("0123456789") == none;
    if (!is_number || std::stoul(number) >= list.size()) return std::nullopt;
    const YAML::Node node = list[std::stoul(number)];
    Place place{node, {begin_of(node), 0}, begin_of(node), 0, inside_braces};
    if (!inside_braces) {
      place.begin = text_.rfind('-', place.value.begin);
      if (place.begin == none) return std::nullopt;
      place.indent = column(place.begin);
    }
    place.value.end = end_of(place);
    return place;
  }

  std::size_t end_of(const Place& place) const {
    const std::size_t begin = place.value.begin;
    const char first = at(begin);
    if (first == '{' || first == '[') return end_of_braces(begin);
    if (first == '"' || first == '\'') return end_of_quotes(begin);
    const bool is_block = !place.node.IsScalar() || first == '|' || first == '>';
    return is_block && !place.inside_braces ? end_of_block(place) : end_of_word(begin, place.inside_braces);
  }

  std::size_t end_of_word(std::size_t begin, bool inside_braces) const {
    std::size_t end = begin;
    for (; end < line_end(begin); ++end) {
      if (inside_braces && (text_[end] == ',' || text_[end] == '}' || text_[end] == ']')) break;
      if (text_[end] == '#' && end > 0 && text_[end - 1] == ' ') break;
    }
    while (end > begin && (text_[end - 1] == ' ' || text_[end - 1] == '\r')) --end;
    return end;
  }

  std::size_t end_of_quotes(std::size_t begin) const {
    const char quote = text_[begin];
    for (std::size_t i = begin + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote == '"') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || at(i + 1) != quote) return i + 1;
        ++i;  // '' is one quote of the text
      }
    }
    return text_.size();
  }

  std::size_t end_of_braces(std::size_t begin) const {
    int depth = 0;
    for (std::size_t i = begin; i < text_.size(); ++i) {
      const char c = text_[i];
      const char before = i == 0 ? '\n' : text_[i - 1];
      if ((c == '"' || c == '\'') && std::string_view(" \n,[{:").find(before) != none) {
        i = end_of_quotes(i) - 1;
      } else if (c == '#' && (before == ' ' || before == '\n')) {
        i = line_end(i);
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if ((c == '}' || c == ']') && --depth == 0) {
        return i + 1;
      }
    }
    return text_.size();
  }

  /// A block ends with the last line that stands further in than its key; the dashes of a list may stand below the key.
  std::size_t end_of_block(const Place& place) const {
    const bool dashes_below = place.node.IsSequence() && column(place.value.begin) == place.indent;
    std::size_t end = line_end(place.value.begin);
    for (std::size_t line = end + 1; line < text_.size(); line = line_end(line) + 1) {
      const std::size_t first = std::min(text_.find_first_not_of(' ', line), text_.size());
      if (at(first) == '\n' || at(first) == '\r' || at(first) == '#') continue;
      const bool goes_on =
          first - line > place.indent || (dashes_below && first - line == place.indent && at(first) == '-');
      if (!goes_on) break;
      end = line_end(line);
    }
    return end;
  }

  std::string_view text_;
  YAML::Node root_;
  std::vector<std::size_t> lines_;  // where each begins
};

std::string replaced(std::string_view text, Range range, const std::string& by) {
  std::string result(text.substr(0, range.begin));
  result += by;
  result += text.substr(range.end);
  return result;
}

/// `value` under the keys of `path` from `from` on: "{b: {c: value}}".
std::string nested(const Path& path, std::size_t from, const std::string& value) {
  return from == path.size() ? value : "{" + path[from] + ": " + nested(path, from + 1, value) + "}";
}

/// The innermost map of `path` that is there gets a new key.
std::optional<std::string> with_new_key(const Manuscript& manuscript, std::string_view text, const Path& path,
                                        const std::vector<Place>& places, const std::string& value) {
  const std::size_t depth = places.size();
  const YAML::Node map = depth == 0 ? manuscript.root() : places.back().node;
  const std::string entry = path[depth] + ": " + nested(path, depth + 1, value);
  if (!map.IsMap() || map.size() == 0) {
    if (depth == 0 || map.IsSequence()) return std::nullopt;
    return replaced(text, places.back().value, (map.IsNull() ? " {" : "{") + entry + "}");
  }
  if (manuscript.is_flow(map)) {
    const std::size_t behind_brace = manuscript.begin_of(map) + 1;
    return replaced(text, {behind_brace, behind_brace}, entry + ", ");
  }
  // A line of its own before the first key, which may itself stand behind a dash.
  const std::size_t first = manuscript.begin_of(map.begin()->first);
  return replaced(text, {first, first}, entry + "\n" + std::string(manuscript.column(first), ' '));
}

Range to_erase(const Manuscript& manuscript, std::string_view text, const Place& place) {
  Range range{place.begin, place.value.end};
  if (!place.inside_braces) {
    range.begin -= place.indent;
    range.end = std::min(manuscript.line_end(range.end) + 1, text.size());
    return range;
  }
  const std::size_t next = text.find_first_not_of(" \n", range.end);
  if (next != none && text[next] == ',') {
    range.end = std::min(text.find_first_not_of(" \n", next + 1), text.size());
  } else if (const std::size_t before = text.find_last_not_of(" \n", range.begin - 1); text[before] == ',') {
    range.begin = before;
  }
  return range;
}

bool says(const std::string& text, const Path& path, const std::string& value) {
  const std::vector<Place> places = Manuscript(text).places(path);
  return places.size() == path.size() && YAML::Dump(places.back().node) == YAML::Dump(YAML::Load(value));
}

}  // namespace

std::vector<std::optional<std::string>> texts_at(std::string_view text, const std::vector<Path>& paths) try {
  const Manuscript manuscript(text);
  std::vector<std::optional<std::string>> texts;
  for (const Path& path : paths) {
    const std::vector<Place> places = manuscript.places(path);
    texts.emplace_back();
    if (places.empty() || places.size() < path.size()) continue;
    const Range range = places.back().value;
    texts.back() = text.substr(range.begin, range.end - range.begin);
  }
  return texts;
} catch (const YAML::Exception&) {
  return std::vector<std::optional<std::string>>(paths.size());
}

std::optional<std::string> text_at(std::string_view text, const Path& path) { return texts_at(text, {path}).front(); }

Path nat_path(std::string_view variant, const std::string& gateway, std::string_view key) {
  Path path;
  if (!variant.empty()) path = {"variants", std::string(variant)};
  path.insert(path.end(), {"nodes", gateway, "nat"});
  while (!key.empty()) {
    const std::size_t dot = key.find('.');
    path.emplace_back(key.substr(0, dot));
    key = dot == none ? std::string_view() : key.substr(dot + 1);
  }
  return path;
}

std::optional<std::string> with(std::string_view text, const Path& path, const std::string& value) try {
  if (path.empty() || value.find('\n') != none) return std::nullopt;
  const Manuscript manuscript(text);
  const std::vector<Place> places = manuscript.places(path);
  const bool is_there = places.size() == path.size();
  const bool was_null = is_there && places.back().node.IsNull();
  const std::optional<std::string> result = is_there
                                                ? replaced(text, places.back().value, (was_null ? " " : "") + value)
                                                : with_new_key(manuscript, text, path, places, value);
  return result && says(*result, path, value) ? result : std::nullopt;
} catch (const YAML::Exception&) {
  return std::nullopt;
}

std::optional<std::string> without(std::string_view text, const Path& path) try {
  const Manuscript manuscript(text);
  const std::vector<Place> places = manuscript.places(path);
  if (places.empty() || places.size() < path.size()) return std::nullopt;
  std::string result = replaced(text, to_erase(manuscript, text, places.back()), "");
  const std::vector<Place> left = Manuscript(result).places(path);
  const bool gone = left.size() < path.size() || places.back().begin != left.back().begin ||
                    YAML::Dump(left.back().node) != YAML::Dump(places.back().node);
  return gone ? std::optional(std::move(result)) : std::nullopt;
} catch (const YAML::Exception&) {
  return std::nullopt;
}

}  // namespace masqsim::page
