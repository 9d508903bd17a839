#include <fmt/format.h>

#include "draft.hpp"

namespace masqsim::scenario {

namespace {

/// A large map that a variant merges into must not be searched anew for each of its keys.
class KeyIndex {
 public:
  explicit KeyIndex(const Value& map) {
    for (std::size_t n = 0; n < map.keys.size(); ++n) places_.emplace(map.keys[n].text, n);
  }
  std::optional<std::size_t> find(const std::string& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
  }
  void add(const std::string& key, std::size_t place) { places_.emplace(key, place); }

 private:
  std::map<std::string, std::size_t> places_;
};

}  // namespace

bool merge(Report& report, std::size_t& budget, Value& base, const Value& over) {
  if (!base.is_map() || !over.is_map()) {
    const std::size_t size = over.count();
    if (budget < size) {
      report.error("the variants are too large to be checked one by one");
      return false;
    }
    budget -= size;
    base = over;
    return true;
  }
  KeyIndex index(base);
  std::vector<bool> deleted(base.keys.size(), false);
  for (std::size_t n = 0; n < over.keys.size(); ++n) {
    const Key& key = over.keys[n];
    const Value& item = over.items[n];
    const auto place = index.find(key.text);
    if (item.kind == Value::Kind::null) {
      if (!place) {
        report.error(key.span, fmt::format("{} is not in the base; there is nothing to delete", quoted(key.text)));
      }
      if (place && *place < deleted.size()) deleted[*place] = true;
      continue;
    }
    if (place) {
      if (!merge(report, budget, base.items[*place], item)) return false;
      base.keys[*place].span = key.span;
      continue;
    }
    if (budget == 0) {
      report.error("the variants are too large to be checked one by one");
      return false;
    }
    --budget;
    index.add(key.text, base.keys.size());
    base.keys.push_back(key);
    base.items.push_back(item);
  }
  std::size_t kept = 0;
  for (std::size_t n = 0; n < base.keys.size(); ++n) {
    if (n < deleted.size() && deleted[n]) continue;
    if (kept != n) {
      base.keys[kept] = std::move(base.keys[n]);
      base.items[kept] = std::move(base.items[n]);
    }
    ++kept;
  }
  base.keys.resize(kept);
  base.items.resize(kept);
  return true;
}

}  // namespace masqsim::scenario
