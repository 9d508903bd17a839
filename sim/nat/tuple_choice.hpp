// Which outside tuple a new flow gets, in the kernel's order: kept, as before, kept port on the chosen address,
// searched.
#pragma once

#include <optional>

#include "masqsim/base/random.hpp"
#include "rewrite.hpp"
#include "table.hpp"

namespace masqsim::nat {

/// What a rule allows.
struct Range {
  AddressRange addresses;
  std::optional<PortRange> ports;
  bool random = false;
  bool persistent = false;
  std::optional<std::uint16_t> start{};  ///< where a search begins, if it lies in its window; unset: by chance
};

struct Choice {
  Key key;  ///< the flow's packets after translation; may be taken (the confirmation finds out)
  std::optional<std::uint32_t> evicted{};  ///< a closed connection that has to go for it
};

/// `index`: the unconfirmed flow. Draws from `random` only in a search.
Choice choose_tuple(Table& table, Random& random, std::uint32_t index, const Range& range, Side side);

/// The address of the pool that a pair of hosts gets (`persistent`: that the inside host gets), by Linux's hash.
std::uint32_t pool_address(const Key& key, const Range& range);

}  // namespace masqsim::nat
