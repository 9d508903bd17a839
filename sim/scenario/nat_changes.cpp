#include "nat_changes.hpp"

#include <fmt/format.h>

#include "nat_words.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::scenario {

namespace {

std::string rules_text(std::size_t count) {
  if (count == 0) return "(none)";
  return count == 1 ? "(1 rule)" : fmt::format("({} rules)", count);
}

class Changes {
 public:
  void add(bool differs, std::string_view key, std::string_view value) {
    if (differs) text_ += fmt::format("{}{} {}", text_.empty() ? "" : ", ", key, value);
  }
  template <typename Rule>
  void rules(std::string_view key, const std::vector<Rule>& before, const std::vector<Rule>& after) {
    add(before != after, key, rules_text(after.size()));
  }

  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string changes_of(const NatSpec& before, const NatSpec& after) {
  Changes changes;
  changes.add(before.rfc != after.rfc, "preset", word_in(preset_words, after.rfc));
  changes.rules("masquerade", before.masquerade, after.masquerade);
  changes.rules("source", before.source, after.source);
  changes.rules("one-to-one", before.one_to_one, after.one_to_one);
  changes.rules("forward", before.forward, after.forward);
  changes.rules("twice-nat", before.twice_nat, after.twice_nat);
  for (const nat::ConfigKey& key : nat::config_keys()) {
    changes.add(!key.same(before.config, after.config), key.name, to_string(key, key.get(after.config)));
  }
  const auto& inside = after.config.firewall.inside;
  changes.add(before.config.firewall.inside != inside, "firewall.inside",
              fmt::format("({} network{})", inside.size(), inside.size() == 1 ? "" : "s"));
  return std::move(changes).text();
}

}  // namespace masqsim::scenario
