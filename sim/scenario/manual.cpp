#include "manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "masqsim/base/closest.hpp"
#include "masqsim/scenario/model.hpp"
#include "scalars.hpp"

namespace masqsim::scenario {

namespace {

using Path = std::vector<std::string_view>;

/// A key and where it stands; the place is that of its section and the key's name.
struct Entry {
  const Section* section;
  const KeyRow* row;
};

Path split(std::string_view text) {
  Path parts;
  while (!text.empty()) {
    const std::size_t dot = std::min(text.find('.'), text.size());
    parts.push_back(text.substr(0, dot));
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return parts;
}

/// Parts in capitals stand for any name.
bool stands_for_a_name(std::string_view part) { return part == "NAME" || part == "NETWORK"; }

/// Every section once, in the order of the manual: each right after the keys that lead to it.
void collect(const Section& section, std::vector<const Section*>& all) {
  if (std::ranges::find(all, &section) != all.end()) return;
  all.push_back(&section);
  const auto follow = [&all](const auto& self, const Type& type) -> void {
    for (const Type& part : type.of) self(self, part);
    if (type.kind == Type::Kind::section) collect(type.section(), all);
  };
  for (const KeyRow& row : section.rows) follow(follow, row.type);
}

std::vector<const Section*> sections() {
  std::vector<const Section*> all;
  collect(file_section(), all);
  return all;
}

std::string place_of(const Entry& entry) {
  return entry.section->path.empty() ? std::string(entry.row->name)
                                     : fmt::format("{}.{}", entry.section->path, entry.row->name);
}

/// Whether `wanted` is the place or its end; where a list stands in the place, an id or a number may stand in `wanted`.
bool fits(const Path& place, const Path& wanted) {
  if (place.empty() || wanted.empty() || place.back() != wanted.back()) return false;
  std::size_t p = place.size() - 1, w = wanted.size() - 1;
  while (p > 0 && w > 0) {
    const bool same = place[p - 1] == wanted[w - 1] || stands_for_a_name(place[p - 1]);
    const bool element = !same && w > 1 && place[p - 1] == wanted[w - 2];
    if (!same && !element) return false;
    --p;
    w -= element ? 2 : 1;
  }
  return w == 0;
}

std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (const Section* section : sections()) {
    if (section == &variant_section()) continue;  // the file's own keys
    for (const KeyRow& row : section->rows) all.push_back({section, &row});
  }
  return all;
}

std::string verbs_text(std::uint8_t verbs) {
  std::string text;
  for (std::uint8_t verb = 0; verb < 8; ++verb) {
    if ((verbs >> verb & 1) != 0) text += (text.empty() ? "" : ", ") + std::string(word(static_cast<Verb>(verb)));
  }
  return text;
}

/// The words of a type that have sentences of their own, also within a list or beside other types.
void explained_words(const Type& type, std::vector<Type::Word>& words) {
  for (const Type::Word& word : type.words) {
    if (!word.sentence.empty()) words.push_back(word);
  }
  for (const Type& part : type.of) explained_words(part, words);
}

void sections_at(const Type& type, std::vector<const Section*>& found) {
  if (type.kind == Type::Kind::section) found.push_back(&type.section());
  for (const Type& part : type.of) sections_at(part, found);
}

std::string names_text(const Section& section) {
  std::string text;
  for (const KeyRow& row : section.rows) text += (text.empty() ? "" : ", ") + std::string(row.name);
  return text;
}

std::string entry_help(const Entry& entry) {
  const KeyRow& row = *entry.row;
  std::string text = fmt::format("{}: {}\n  {}\n", place_of(entry), describe(row.type), row.sentence);
  std::vector<Type::Word> words;
  explained_words(row.type, words);
  for (const Type::Word& word : words) text += fmt::format("    {}: {}\n", word.text, word.sentence);
  if (row.needed) text += "  It must be there.\n";
  if (!row.standard.empty()) text += fmt::format("  Default: {}\n", row.standard);
  if (row.verbs != 0) text += fmt::format("  Goes with: {}\n", verbs_text(row.verbs));
  if (!row.sysctl.empty()) text += fmt::format("  Linux: sysctl {}\n", row.sysctl);
  if (!row.cannot.empty()) text += fmt::format("  Linux cannot: {}\n", row.cannot);
  std::vector<const Section*> below;
  sections_at(row.type, below);
  for (const Section* section : below) text += fmt::format("  Keys of {}: {}\n", section->path, names_text(*section));
  return text;
}

// --- Markdown --------------------------------------------------------------------------------------------------------

/// As the cell of a table.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != text.npos; at = text.find('|', at + 2)) text.insert(at, 1, '\\');
  return text;
}

std::string meaning(const KeyRow& row) {
  std::string text(row.sentence);
  std::vector<Type::Word> words;
  explained_words(row.type, words);
  for (const Type::Word& word : words) text += fmt::format("<br>`{}`: {}", word.text, word.sentence);
  if (row.verbs != 0) text += fmt::format("<br>Goes with {}.", verbs_text(row.verbs));
  if (!row.sysctl.empty()) text += fmt::format("<br>Linux: `{}`.", row.sysctl);
  if (!row.cannot.empty()) text += fmt::format("<br>Linux cannot: {}.", row.cannot);
  return cell(std::move(text));
}

std::string section_manual(const Section& section) {
  const std::string heading = section.path.empty() ? "The file" : fmt::format("`{}`", section.path);
  std::string text = fmt::format("## {}\n\n{}", heading, section.sentence);
  const auto rule = [&](std::string_view words, const std::vector<std::string_view>& keys) {
    if (keys.empty()) return;
    text += fmt::format(" {}: ", words);
    for (std::size_t n = 0; n < keys.size(); ++n) text += fmt::format("{}`{}`", n == 0 ? "" : ", ", keys[n]);
    text += '.';
  };
  rule("Exactly one of these keys is there", section.one_of);
  rule("At least one of these keys is there", section.any_of);
  text += "\n\n| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const KeyRow& row : section.rows) {
    text += fmt::format("| `{}` | {} | {} | {} |\n", row.name, cell(describe(row.type)),
                        row.needed ? "needed" : cell(row.standard), meaning(row));
  }
  return text + '\n';
}

}  // namespace

std::optional<std::string> key_help(std::string_view wanted) {
  const Path path = split(wanted);
  std::string text;
  for (const Entry& entry : entries()) {
    if (fits(split(place_of(entry)), path)) text += (text.empty() ? "" : "\n") + entry_help(entry);
  }
  return text.empty() ? std::nullopt : std::optional(text);
}

std::string key_hint(std::string_view wanted) {
  const Path path = split(wanted);
  std::vector<std::string> places;
  std::vector<std::string_view> names;
  for (const Entry& entry : entries()) {
    places.push_back(place_of(entry));
    names.push_back(entry.row->name);
  }
  const std::string_view near = path.empty() ? std::string_view{} : closest(path.back(), names);
  const auto found = std::ranges::find(names, near);
  if (near.empty() || found == names.end()) return "masqsim help lists the sections and their keys";
  return fmt::format("did you mean '{}'?", places[static_cast<std::size_t>(found - names.begin())]);
}

std::string sections_help() {
  std::string text;
  for (const Section* section : sections()) {
    if (section == &variant_section()) continue;
    text += fmt::format("{}\n  {}\n  {}\n", section->path.empty() ? "the file" : section->path, section->sentence,
                        names_text(*section));
  }
  return text;
}

std::string manual() {
  std::string text =
      "# The keys of a scenario file\n\n"
      "<!-- Made by `masqsim help --markdown` from the table of keys; a test holds this file equal to it. -->\n\n"
      "A scenario is one YAML 1.2 document. `masqsim help KEY` tells of one key, `masqsim show FILE` prints a scenario "
      "with\nevery default written out, `masqsim.schema.json` lets an editor complete and check keys. Keys that begin "
      "with `x-`\nare free everywhere.\n\n";
  for (const Section* section : sections()) text += section_manual(*section);
  text.pop_back();
  return text;
}

}  // namespace masqsim::scenario
