#include "nat_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace masqsim::scenario {

namespace {

/// What is wrong with a duration that lies outside the bounds of its row.
std::string bounds_text(const nat::ConfigKey& key) {
  if (key.step == 1 && key.most == INT64_MAX) return fmt::format("{} must be above zero", key.leaf());
  return fmt::format("{} must be whole seconds, at most {}", key.leaf(), to_string(Duration{key.most}));
}

nat::KeyValue read_duration(const Fields& map, const nat::ConfigKey& key) {
  Duration got;
  if (!map.duration(key.leaf(), got)) return std::nullopt;
  if (got.ns >= key.least && got.ns <= key.most && got.ns % key.step == 0) return got.ns;
  map.report().error(map.get(key.leaf())->span, bounds_text(key));
  return std::nullopt;
}

nat::KeyValue read_word(const Fields& map, const nat::ConfigKey& key) {
  std::vector<Word<std::int64_t>> words;
  for (const nat::KeyWord& word : key.words) words.push_back({word.text, word.value});
  std::int64_t value = 0;
  return map.word<std::int64_t>(key.leaf(), words, value) ? nat::KeyValue(value) : std::nullopt;
}

nat::KeyValue read_words(const Fields& map, const nat::ConfigKey& key) {
  const auto* list = map.list(key.leaf());
  if (!list) return std::nullopt;
  std::int64_t chosen = 0;
  for (const Value& value : *list) {
    const std::string* name = plain_text(map.report(), value, key.leaf());
    if (!name) continue;
    const auto word = std::ranges::find(key.words, *name, &nat::KeyWord::text);
    if (word != key.words.end()) {
      chosen |= word->value;
      continue;
    }
    std::vector<std::string_view> known;
    for (const nat::KeyWord& one : key.words) known.push_back(one.text);
    map.report().error(value.span, fmt::format("unknown {} {}; known: {}", key.leaf(), quoted(*name), listed(known)));
  }
  return chosen;
}

nat::KeyValue read_value(const Fields& map, const nat::ConfigKey& key) {
  switch (key.kind) {
    case nat::KeyKind::boolean: {
      bool value = false;
      return map.boolean(key.leaf(), value) ? nat::KeyValue(value ? 1 : 0) : std::nullopt;
    }
    case nat::KeyKind::word: return read_word(map, key);
    case nat::KeyKind::words: return read_words(map, key);
    case nat::KeyKind::duration: return read_duration(map, key);
    case nat::KeyKind::number: break;
  }
  if (const Value* written = map.get(key.leaf()); written && written->is_scalar()) {
    const auto word = std::ranges::find(key.words, written->text, &nat::KeyWord::text);
    if (word != key.words.end()) return word->value;
  }
  std::int64_t value = 0;
  const auto bound = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  return map.whole(key.leaf(), bound(key.least), bound(key.most), value) ? nat::KeyValue(value) : std::nullopt;
}

bool says_unlimited(const Fields& map, const nat::ConfigKey& key) {
  const Value* value = key.unlimited ? map.get(key.leaf()) : nullptr;
  return value && value->is_scalar() && value->text == "unlimited";
}

}  // namespace

void read_settings(const Fields& map, std::string_view group, nat::Config& config) {
  for (const nat::ConfigKey& key : nat::config_keys()) {
    if (key.group() != group || !map.has(key.leaf())) continue;
    if (says_unlimited(map, key)) {
      key.set(config, std::nullopt);
    } else if (const nat::KeyValue value = read_value(map, key)) {
      key.set(config, value);
    }
  }
}

}  // namespace masqsim::scenario
