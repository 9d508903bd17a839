// An exact probability: chance is decided by integers, so that every machine decides alike.
#pragma once

#include <compare>
#include <cstdint>

namespace masqsim {

/// `part` of `whole`; 0 <= part <= whole, whole > 0. 1.5 % is {15, 1000}.
struct Ratio {
  std::uint64_t part = 0;
  std::uint64_t whole = 1;

  constexpr bool is_zero() const { return part == 0; }
  constexpr bool operator==(const Ratio&) const = default;
};

}  // namespace masqsim
