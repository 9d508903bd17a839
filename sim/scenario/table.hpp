// Sections whose keys are members of the model: each row also reads its member from a file, and prints it.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "fields.hpp"
#include "keys.hpp"

namespace masqsim::scenario {

template <typename Model>
struct Row {
  KeyRow key;
  /// Writes the member where the key is there and right. None: the section's own reader reads it.
  std::function<void(const Fields&, Model&)> read = {};
  /// The value as a file says it; nothing where a file need not say it. None: `show` has its own way to print it.
  std::function<std::optional<std::string>(const Model&)> text = {};
};

template <typename Model>
struct Table {
  Section section;
  std::vector<Row<Model>> rows;

  Table(Section head, std::vector<Row<Model>> all) : section(std::move(head)), rows(std::move(all)) {
    for (const Row<Model>& row : rows) section.rows.push_back(row.key);
  }

  void read(const Fields& fields, Model& model) const {
    for (const Row<Model>& row : rows) {
      if (row.read && fields.has(row.key.name)) row.read(fields, model);
    }
  }
};

namespace row {

template <typename T>
struct Parts;
template <typename C, typename M>
struct Parts<M C::*> {
  using Model = C;
  using Member = M;
};
template <typename T>
struct Bare {
  using Value = T;
};
template <typename T>
struct Bare<std::optional<T>> {
  using Value = T;
};

template <auto First, auto... Rest>
struct PathParts {
  using Model = typename Parts<decltype(First)>::Model;
  using Member = std::remove_cvref_t<decltype(((std::declval<Model&>().*First).*....*Rest))>;
};
template <auto... Path>
using ModelOf = typename PathParts<Path...>::Model;
template <auto... Path>
using MemberOf = typename PathParts<Path...>::Member;
template <auto... Path>
using ValueOf = typename Bare<MemberOf<Path...>>::Value;

template <typename Value>
const Value* value_in(const Value& member) {
  return &member;
}
template <typename Value>
const Value* value_in(const std::optional<Value>& member) {
  return member ? &*member : nullptr;
}

/// The row of the member at `Path`, which may be optional: unset is "unlimited" where `key` knows that word, else a
/// file says nothing. `read(fields, value)` is true where it has read a value, `text(value)` prints one.
template <auto... Path, typename Read, typename Text>
Row<ModelOf<Path...>> member(KeyRow key, bool unlimited, Read read, Text text) {
  using Model = ModelOf<Path...>;
  using Value = ValueOf<Path...>;
  Row<Model> made;
  made.read = [name = key.name, unlimited, read](const Fields& fields, Model& model) {
    auto& out = (model.*....*Path);
    if (unlimited && is_unlimited(fields, name)) {
      if constexpr (std::is_same_v<Value, parse::Rate>) {
        out = Value{};  // zero bits a second
      } else {
        out = {};
      }
      return;
    }
    Value value{};
    if (read(fields, value)) out = value;
  };
  std::optional<std::string> unset;
  if (unlimited && !std::is_same_v<Value, parse::Rate>) unset = "unlimited";  // a rate says it by a zero
  made.text = [unset, text](const Model& model) -> std::optional<std::string> {
    const Value* value = value_in((model.*....*Path));
    return value ? std::string(text(*value)) : unset;
  };
  if (key.standard.empty()) key.standard = made.text(Model{}).value_or("");
  made.key = std::move(key);
  return made;
}

template <auto... Path>
auto boolean(std::string_view name, std::string_view sentence) {
  return member<Path...>(
      {.name = name, .type = type::of(Type::Kind::boolean), .sentence = sentence}, false,
      [name](const Fields& f, bool& out) { return f.boolean(name, out); },
      [](bool value) { return value ? "true" : "false"; });
}

/// A Duration or a Time; above zero where `positive`.
template <auto... Path>
auto duration(std::string_view name, std::string_view sentence, bool positive = false) {
  const Type type = positive ? type::positive_duration() : type::of(Type::Kind::duration);
  return member<Path...>(
      {.name = name, .type = type, .sentence = sentence}, false,
      [name, positive](const Fields& f, ValueOf<Path...>& out) {
        Duration got;
        if (!f.duration(name, got)) return false;
        if (positive && got.ns == 0) {
          f.report().error(f.get(name)->span, std::string(name) + " must be above zero");
          return false;
        }
        out.ns = got.ns;
        return true;
      },
      [](ValueOf<Path...> value) { return to_string(Duration{value.ns}); });
}

template <auto... Path>
auto whole(std::string_view name, std::uint64_t least, std::uint64_t most, std::string_view sentence) {
  return member<Path...>(
      {.name = name, .type = type::whole(least, most), .sentence = sentence}, false,
      [name, least, most](const Fields& f, ValueOf<Path...>& out) { return f.whole(name, least, most, out); },
      [](ValueOf<Path...> value) { return std::to_string(value); });
}

template <auto... Path>
auto rate(std::string_view name, std::string_view sentence) {
  return member<Path...>(
      {.name = name, .type = type::or_unlimited(type::of(Type::Kind::rate)), .sentence = sentence}, true,
      [name](const Fields& f, parse::Rate& out) { return f.rate(name, out); },
      [](parse::Rate value) { return value.bits_per_second == 0 ? "unlimited" : parse::to_string(value); });
}

template <auto... Path>
auto size(std::string_view name, std::string_view sentence, bool unlimited = false) {
  const Type bytes = type::of(Type::Kind::size);
  return member<Path...>(
      {.name = name, .type = unlimited ? type::or_unlimited(bytes) : bytes, .sentence = sentence}, unlimited,
      [name](const Fields& f, std::uint64_t& out) { return f.size(name, out); },
      [](std::uint64_t value) { return parse::size_text(value); });
}

template <auto... Path>
auto percent(std::string_view name, std::string_view sentence) {
  return member<Path...>(
      {.name = name, .type = type::of(Type::Kind::percent), .sentence = sentence}, false,
      [name](const Fields& f, Ratio& out) { return f.percent(name, out); },
      [](Ratio value) { return parse::percent_text(value); });
}

/// `words` must outlive the row; messages call them `noun`, or as the key is called.
template <auto... Path>
auto word(std::string_view name, std::span<const Word<ValueOf<Path...>>> words, std::string_view sentence,
          std::string_view noun = {}) {
  Type type{.kind = Type::Kind::word};
  for (const auto& one : words) type.words.push_back({one.text, one.sentence});
  return member<Path...>(
      {.name = name, .type = type, .sentence = sentence}, false,
      [name, words, noun](const Fields& f, ValueOf<Path...>& out) {
        return f.word_or_meant<ValueOf<Path...>>(name, words, out, noun);
      },
      [words](ValueOf<Path...> value) {
        for (const auto& one : words) {
          if (one.value == value) return one.text;
        }
        return std::string_view{};
      });
}

/// A key that has a type, and a reader of its own.
template <typename Model>
Row<Model> plain(KeyRow key) {
  return {std::move(key)};
}

template <typename Model>
Row<Model> with_default(std::string standard, Row<Model> row) {
  row.key.standard = std::move(standard);
  return row;
}

/// Printed only where `shown(model)`.
template <typename Model, typename Shown>
Row<Model> shown_if(Shown shown, Row<Model> row) {
  row.text = [shown, text = std::move(row.text)](const Model& model) {
    return shown(model) ? text(model) : std::nullopt;
  };
  return row;
}

}  // namespace row

}  // namespace masqsim::scenario
