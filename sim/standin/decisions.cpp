#include "decisions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "masqsim/base/parse.hpp"

namespace masqsim::standin {
namespace {

using trace::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `from` by `to` wherever it stands as a whole: "5:534" is not in "5:5341".
void replace_whole(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
    const std::size_t end = at + from.size();
    const bool whole = (at == 0 || !is_digit(text[at - 1])) && (end == text.size() || !is_digit(text[end]));
    if (whole) text.replace(at, from.size(), to);
    at += whole ? to.size() : from.size();
  }
}

bool has_whole(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_digit(text[at - 1])) && (end == text.size() || !is_digit(text[end]))) return true;
  }
  return false;
}

/// What "src A => B" says behind the arrow, where `field` is "src"; empty where the line has no such change.
std::pair<std::string_view, std::string_view> change_of(std::string_view story, std::string_view field) {
  const std::string sign = fmt::format(" {} ", field);
  const std::size_t begin = story.find(sign);
  if (begin == std::string_view::npos) return {};
  std::string_view rest = story.substr(begin + sign.size());
  rest = rest.substr(0, std::min(rest.find(", "), rest.find(" | ")));
  const std::size_t arrow = rest.find(" => ");
  if (arrow == std::string_view::npos) return {};
  return {rest.substr(0, arrow), rest.substr(arrow + 4)};
}

std::string_view port_of(std::string_view endpoint) {
  const std::size_t colon = endpoint.find(':');
  return colon == std::string_view::npos ? std::string_view() : endpoint.substr(colon + 1);
}

/// One choice as it stands in the trace.
struct Chosen {
  std::string shown;               ///< as Choice has it
  std::vector<std::string> words;  ///< what of it stands in the lines
  std::string like;                ///< its class; two of other classes are not the same decision
};

std::string class_of(std::string_view port) {
  const auto number = parse::whole(port, 0, 65535);
  const auto* value = std::get_if<std::uint64_t>(&number);
  if (value == nullptr) return "?";
  return *value < 512 ? "to 511" : *value < 1024 ? "to 1023" : "above 1023";
}

/// A port that no line named before it became some packet's source.
std::optional<Chosen> choice_in(const trace::Line& line, const std::set<std::string, std::less<>>& named) {
  if (line.kind != Kind::translate) return std::nullopt;
  const auto [source_before, source_after] = change_of(line.story, "src");
  if (source_after.empty()) return std::nullopt;
  const std::string_view port = port_of(source_after);
  if (!port.empty() && port != port_of(source_before) && !named.contains(source_after)) {
    return Chosen{std::string(source_after), {std::string(source_after)}, class_of(port)};
  }
  const auto [id_before, id_after] = change_of(line.story, "icmp id");
  const std::string name = fmt::format("id {}", id_after);
  if (id_after.empty() || named.contains(name)) return std::nullopt;
  return Chosen{
      name, {fmt::format("id={}", id_after), fmt::format("id {}", id_after), fmt::format("=> {}", id_after)}, "id"};
}

std::vector<Chosen> choices_of(const trace::Lines& lines) {
  std::vector<Chosen> found;
  std::set<std::string, std::less<>> named;  // destinations of what reached anybody, and choices
  for (const trace::Line& line : lines.lines) {
    if (std::optional<Chosen> chosen = choice_in(line, named)) {
      named.insert(chosen->shown);
      found.push_back(std::move(*chosen));
    }
    const std::size_t arrow = line.story.find(" > ");
    if (line.kind != Kind::receive || arrow == std::string::npos) continue;
    named.insert(line.story.substr(arrow + 3, line.story.find(' ', arrow + 3) - arrow - 3));
  }
  return found;
}

/// The checksum's change, " udp sum 9f82 => 63eb", without its comma where it is not the first.
void leave_out_sums(std::string& story) {
  for (const std::string_view sum : {"tcp sum ", "udp sum ", "icmp sum "}) {
    for (std::size_t at = 0; (at = story.find(sum, at)) != std::string::npos;) {
      const std::size_t begin = at >= 2 && story[at - 2] == ',' ? at - 2 : at;
      story.erase(begin, at - begin + sum.size() + std::string_view("9f82 => 63eb").size());
      at = begin;
    }
  }
}

void rename(trace::Lines& lines, const Chosen& chosen, std::string_view name) {
  for (trace::Line& line : lines.lines) {
    const bool touched = std::any_of(chosen.words.begin(), chosen.words.end(),
                                     [&](const std::string& w) { return has_whole(line.story, w); });
    if (!touched) continue;
    leave_out_sums(line.story);
    for (const std::string& word : chosen.words) replace_whole(line.story, word, name);
  }
}

}  // namespace

void DecisionsSink::begin(const trace::Header& header) {
  terms_.begin(header);
  lines_.begin(header);
}

void DecisionsSink::record(const trace::Record& record) {
  if (const std::optional<trace::Record> told = terms_.of(record)) lines_.record(*told);
}

std::vector<Choice> unify_choices(trace::Lines& first, trace::Lines& second) {
  std::vector<Choice> differing;
  const std::vector<Chosen> a = choices_of(first), b = choices_of(second);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i].like != b[i].like) continue;
    const std::string name = fmt::format("(choice {})", i + 1);
    rename(first, a[i], name);
    rename(second, b[i], name);
    if (a[i].shown != b[i].shown) differing.push_back({a[i].shown, b[i].shown});
  }
  return differing;
}

}  // namespace masqsim::standin
