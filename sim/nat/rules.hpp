// Which rule a new flow falls under. First match decides.
#pragma once

#include <vector>

#include "flow.hpp"
#include "masqsim/nat/asked.hpp"
#include "masqsim/nat/sides.hpp"
#include "tuple_choice.hpp"

namespace masqsim::nat {

/// How a packet goes through the gateway; own packets have no `in`, `prerouting` knows no `out`.
struct Way {
  InterfaceId in = any_interface;
  InterfaceId out = any_interface;
  wire::Address masquerade;
};

class Rules {
 public:
  explicit Rules(const Config& config);

  /// False with no rule at all: then nothing is ever translated, not even entries that are (`nft delete table`).
  bool any() const { return !source_.empty() || !destination_.empty(); }
  bool is_outside(InterfaceId id) const { return sides_.is_outside(id); }

  /// What of `rule` does not fit a flow from `source` to `destination`, which a rule has `forwarded` or not.
  static Unmet unmet(const SourceRule& rule, wire::Address source, wire::Address destination, std::uint8_t protocol,
                     bool forwarded, const Way& way);
  Unmet unmet(const DestinationRule& rule, const Key& key, std::uint8_t protocol, InterfaceId in) const;

  const SourceRule* source_for(const Flow& flow, const Way& way) const;
  /// The rule that would translate the flow's source if it left for the outside.
  const SourceRule* outward_for(const Flow& flow, InterfaceId in) const;
  /// Also tells whether the rule would match but for hairpin being off.
  const DestinationRule* destination_for(const Key& key, std::uint8_t protocol, InterfaceId in,
                                         bool* hairpin_off = nullptr) const;
  std::size_t number_of(const DestinationRule& rule) const {
    return static_cast<std::size_t>(&rule - destination_.data());
  }

  const std::vector<SourceRule>& source() const { return source_; }
  const std::vector<DestinationRule>& destination() const { return destination_; }

 private:
  std::vector<SourceRule> source_;
  std::vector<DestinationRule> destination_;
  Hairpin hairpin_;
  Sides sides_;
};

/// What a rule asks for, given the key that the flow's packets have at the hook.
Range source_range(const SourceRule& rule, const Key& key, wire::Address masquerade);
Range destination_range(const DestinationRule& rule, const Key& key);
/// Linux gives a flow that no rule matches a binding to its own address: only its port may have to move.
Range null_range(const Key& key, Side side);

}  // namespace masqsim::nat
