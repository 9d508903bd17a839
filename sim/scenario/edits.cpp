#include "edits.hpp"

#include <fmt/format.h>

#include <charconv>

namespace masqsim::scenario {

namespace {

constexpr std::size_t most_places = 50'000;  // a file of a megabyte of keys must not fill the memory with their paths

/// Everything in `value` stands where `span` does: a snippet has no place of its own in the file.
void stand_at(Value& value, Span span) {
  value.span = span;
  for (Key& key : value.keys) key.span = span;
  for (Value& item : value.items) stand_at(item, span);
}

std::optional<Value> parsed(const std::string& yaml, Span span) {
  const Source snippet(yaml);
  Report faults(snippet);
  std::optional<Value> value = read_yaml(snippet, faults);
  if (value) stand_at(*value, span);
  return value;
}

/// The place that `step` names in `value`; nothing where there is none.
std::optional<std::size_t> place_in(const Value& value, const std::string& step) {
  if (value.is_map()) {
    for (std::size_t n = 0; n < value.keys.size(); ++n) {
      if (value.keys[n].text == step) return n;
    }
    return std::nullopt;
  }
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), number);
  if (!value.is_list() || error != std::errc{} || end != step.data() + step.size()) return std::nullopt;
  return number < value.items.size() ? std::optional(number) : std::nullopt;
}

/// The value at `path` from its step `from` on, made where keys are not there.
Value& made_at(Value& root, const std::vector<std::string>& path) {
  Value* at = &root;
  for (const std::string& step : path) {
    if (!at->is_map() && !at->is_list()) {
      *at = {.kind = Value::Kind::map, .span = at->span, .text = {}, .keys = {}, .items = {}};
    }
    const std::optional<std::size_t> place = place_in(*at, step);
    if (place) {
      at = &at->items[*place];
      continue;
    }
    const Span span = at->span;
    at->keys.push_back({span, step});
    at->items.push_back({.span = span, .text = {}, .keys = {}, .items = {}});
    at = &at->items.back();
  }
  return *at;
}

class PlaceBook {
 public:
  explicit PlaceBook(const Report& report) : report_(report) {}

  void note(const std::string& path, const Value& value) {
    if (places_.of.size() >= most_places) return;
    places_.of.emplace(path, report_.position(value.span));
    for (std::size_t n = 0; n < value.items.size(); ++n) {
      note(path + '.' + (value.is_map() ? value.keys[n].text : std::to_string(n)), value.items[n]);
    }
    const bool alone = value.is_map() && (path.ends_with(".masquerade") || path.ends_with(".source") ||
                                          path.ends_with(".one-to-one") || path.ends_with(".twice-nat"));
    if (alone) note(path + ".0", value);
  }
  Places take() { return std::move(places_); }

 private:
  const Report& report_;
  Places places_;
};

}  // namespace

void apply(Report& report, Value& root, const Edit& edit) {
  const auto lost = [&] { report.error(fmt::format("no edit can be made at {}", fmt::join(edit.path, "."))); };
  if (edit.path.empty()) return lost();
  if (edit.what == Edit::What::erase) {
    Value* at = &root;
    for (std::size_t n = 0; n < edit.path.size(); ++n) {
      const std::optional<std::size_t> place = place_in(*at, edit.path[n]);
      if (!place) return lost();
      if (n + 1 < edit.path.size()) {
        at = &at->items[*place];
        continue;
      }
      if (at->is_map()) at->keys.erase(at->keys.begin() + static_cast<std::ptrdiff_t>(*place));
      at->items.erase(at->items.begin() + static_cast<std::ptrdiff_t>(*place));
    }
    return;
  }
  Value& at = made_at(root, edit.path);
  std::optional<Value> value = parsed(edit.value, at.span);
  if (!value) return lost();
  if (edit.what == Edit::What::put) {
    at = *std::move(value);
    return;
  }
  if (at.is_map()) {  // one rule that stood alone
    Value list{.kind = Value::Kind::list, .span = at.span, .text = {}, .keys = {}, .items = {}};
    list.items.push_back(std::move(at));
    at = std::move(list);
  } else if (!at.is_list()) {
    at = {.kind = Value::Kind::list, .span = at.span, .text = {}, .keys = {}, .items = {}};
  }
  at.items.push_back(*std::move(value));
}

Places places_of(const Report& report, const Value& root) {
  PlaceBook book(report);
  if (const Value* name = root.find("name")) book.note("name", *name);
  if (const Value* nodes = root.find("nodes"); nodes && nodes->is_map()) book.note("nodes", *nodes);
  const Value* actions = root.find("actions");
  for (std::size_t n = 0; actions && actions->is_list() && n < actions->items.size(); ++n) {
    const Value* set = actions->items[n].find("set");
    const Value* nat = set ? set->find("nat") : nullptr;
    if (nat) book.note(fmt::format("actions.{}.set.nat", n), *nat);
  }
  return book.take();
}

const Value* Manuscript::at(const std::vector<std::string>& path) const {
  const Value* value = &tree;
  for (const std::string& step : path) {
    const std::optional<std::size_t> place = place_in(*value, step);
    if (!place) return nullptr;
    value = &value->items[*place];
  }
  return value;
}

}  // namespace masqsim::scenario
