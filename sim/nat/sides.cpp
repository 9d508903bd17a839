#include "masqsim/nat/sides.hpp"

#include <algorithm>

namespace masqsim::nat {

bool translates_outwards(const SourceRule& rule) {
  return rule.action != SourceRule::Action::exempt && !rule.only_port_forwarded;
}

Sides::Sides(const Config& config) {
  for (const SourceRule& rule : config.source) {
    if (translates_outwards(rule) && rule.out != any_interface) outside_.push_back(rule.out);
  }
  if (outside_.empty()) outside_ = config.outside;
}

bool Sides::is_outside(InterfaceId id) const {
  return outside_.empty() || std::ranges::find(outside_, id) != outside_.end();
}

}  // namespace masqsim::nat
