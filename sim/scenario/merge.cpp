#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

constexpr std::array<std::string_view, 4> rules{"masquerade", "source", "one-to-one", "twice-nat"};

/// What of one rule, if both are maps.
void note_kept(const Key& key, const Value& base, const Value& over, std::vector<Kept>& found) {
  if (!base.is_map() || !over.is_map()) return;
  std::vector<std::string> left;
  for (const Key& own : base.keys) {
    if (!over.find(own.text) && !own.text.starts_with("x-")) left.push_back(quoted(own.text));
  }
  if (left.empty()) return;
  found.push_back({key.span, fmt::format("{} of the base's {} {}: a variant's map is merged in, a list replaces",
                                         fmt::join(left, ", "), key.text, left.size() == 1 ? "stays" : "stay")});
}

}  // namespace

std::vector<Kept> kept_of_rules(const Value& base, const Value& over) {
  std::vector<Kept> found;
  const Value* nodes = over.find("nodes");
  const Value* base_nodes = base.find("nodes");
  if (!nodes || !base_nodes) return found;
  for (std::size_t n = 0; n < nodes->keys.size(); ++n) {
    const Value* nat = nodes->items[n].find("nat");
    const Value* base_node = nat ? base_nodes->find(nodes->keys[n].text) : nullptr;
    const Value* base_nat = base_node ? base_node->find("nat") : nullptr;
    if (!base_nat) continue;
    for (std::size_t k = 0; k < nat->keys.size(); ++k) {
      const Key& key = nat->keys[k];
      const Value* rule = base_nat->find(key.text);
      if (rule && std::find(rules.begin(), rules.end(), key.text) != rules.end()) {
        note_kept(key, *rule, nat->items[k], found);
      }
    }
  }
  return found;
}

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
