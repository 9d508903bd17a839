#include "tree.hpp"

#include <utility>

namespace masqsim::scenario {

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

}  // namespace masqsim::scenario
