#include "keys.hpp"

#include <algorithm>

namespace masqsim::scenario {

namespace type {

Type of(Type::Kind kind) { return {.kind = kind}; }
Type whole(std::uint64_t least, std::uint64_t most) {
  return {.kind = Type::Kind::whole, .least = least, .most = most};
}
Type words(std::vector<Type::Word> words) { return {.kind = Type::Kind::word, .words = std::move(words)}; }
Type positive_duration() { return {.kind = Type::Kind::duration, .least = 1}; }
Type list(Type element, std::uint64_t least) {
  return {.kind = Type::Kind::list, .least = least, .of = {std::move(element)}};
}
Type named(Type value, std::uint64_t least) {
  return {.kind = Type::Kind::named, .least = least, .of = {std::move(value)}};
}
Type either(std::vector<Type> types) { return {.kind = Type::Kind::either, .of = std::move(types)}; }
Type section(const Section& (*section)()) { return {.kind = Type::Kind::section, .section = section}; }
Type rules(const Section& (*section)()) {
  return either({words({{"none"}}), type::section(section), list(type::section(section))});
}
Type or_unlimited(Type type) { return either({words({{"unlimited"}}), std::move(type)}); }

}  // namespace type

std::vector<std::string_view> Section::names() const {
  std::vector<std::string_view> names;
  for (const KeyRow& row : rows) names.push_back(row.name);
  return names;
}

const KeyRow* Section::find(std::string_view key) const {
  const auto row = std::ranges::find(rows, key, &KeyRow::name);
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace masqsim::scenario
