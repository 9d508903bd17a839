// A YAML document as a tree that remembers where each part stands. The only place that knows yaml-cpp is yaml.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report.hpp"

namespace masqsim::scenario {

struct Key {
  Span span;
  std::string text;
  bool plain = true;
};

struct Value {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  bool plain = true;    ///< a scalar without quotes
  bool filled = false;  ///< a scalar that held a ${variable}
  Span span;
  std::string text;          ///< scalar
  std::vector<Key> keys;     ///< map: keys[n] has items[n]
  std::vector<Value> items;  ///< list and map

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  /// The value of `key` in a map; nullptr where there is none.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  /// Values in all, this one included.
  std::size_t count() const;
};

/// "a list", "a map", "nothing", "text": for messages.
std::string_view kind_word(const Value& value);

/// Checks the bytes (UTF-8, control characters, tabs) and then reads the one document in them; nothing if it found a
/// fault that leaves no tree worth reading. Faults go to `report`.
std::optional<Value> read_yaml(const Source& source, Report& report);

/// What a scalar without quotes is to somebody who reads it by YAML 1.1 or 1.2 rules: "a number", "a boolean", "a
/// date"; empty if it is text to all of them.
std::string_view read_as(std::string_view plain);

}  // namespace masqsim::scenario
