// Which rules the first packet of a flow was held against, in their order, and what of each did not fit: for `explain`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "masqsim/nat/config.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::nat {

/// The first match of a rule that does not hold; `none` where the rule takes the flow.
enum class Unmet : std::uint8_t {
  none,
  in,         ///< the packet came by another interface
  out,        ///< the packet leaves by another interface
  protocol,   ///< another protocol
  from,       ///< the source is outside the rule's prefix
  to,         ///< the destination is outside the rule's prefix
  port,       ///< another destination port
  forwarded,  ///< no rule has translated the flow's destination
  hairpin     ///< an inside host calls, and `hairpin` is `none`
};

/// The word of the scenario file for it: "out", "from"; empty for `none` and for what the file has no key of its own.
std::string_view word(Unmet unmet);

struct RuleAsked {
  std::size_t number = 0;  ///< place in Config::source or Config::destination
  Unmet unmet = Unmet::none;
  bool operator==(const RuleAsked&) const = default;
};

/// The destination rules up to the one that takes a flow whose first packet came as `packet` by `in`; all of them where
/// none does. Empty where the packet is no whole IPv4 datagram or has no key to look up.
std::vector<RuleAsked> destination_rules_asked(const Config& config, wire::ByteView packet, InterfaceId in);

/// The same of the source rules. `before` is the packet as it came by `in` (any_interface: the gateway's own),
/// `after` as it leaves by `out`: the destination that it has then is the one that the rules look at.
std::vector<RuleAsked> source_rules_asked(const Config& config, wire::ByteView before, wire::ByteView after,
                                          InterfaceId in, InterfaceId out);

/// Why the tracker calls `packet` INVALID where the packet alone tells it: "its checksum is wrong", "no TCP sends these
/// flags". Empty where the packet is sound, and only its connection could tell more.
std::string_view unsound(wire::ByteView packet, bool verify_checksums);

}  // namespace masqsim::nat
