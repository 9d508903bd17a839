// Which interfaces are outside: one answer for the core, for the router around it, and for a ruleset in other words.
#pragma once

#include <vector>

#include "masqsim/nat/config.hpp"

namespace masqsim::nat {

/// True for a rule that translates what goes outside. It does so neither if it exempts nor if it only completes the
/// translation of a port forward (hairpin, twice NAT).
bool translates_outwards(const SourceRule& rule);

/// Outside are the interfaces that source rules name as `out` and translate towards; where none is named, those of
/// `Config::outside`; where that is empty as well, the sides are not known, and every interface counts as outside: a
/// destination rule then applies by whichever interface a packet comes, as Linux's does without `iifname`.
/// Exemptions, and rules that complete a port forward, change nothing.
class Sides {
 public:
  explicit Sides(const Config& config);

  bool is_outside(InterfaceId id) const;
  /// False where nothing says which interface is outside.
  bool are_known() const { return !outside_.empty(); }

 private:
  std::vector<InterfaceId> outside_;
};

}  // namespace masqsim::nat
