// Named random streams: each component asks for its own by name, so that adding one shifts nobody else's numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "masqsim/base/ratio.hpp"

namespace masqsim {

/// A stream of random integers, the same on every machine and compiler (xoshiro256**, seeded through SplitMix64).
/// Never draw twice in one argument list: the order of evaluation differs between compilers.
class Random {
 public:
  /// The stream called `name` of the run with `seed`, such as "link/home/loss".
  Random(std::uint64_t seed, std::string_view name);

  /// Uniform over all 64-bit values.
  std::uint64_t next();

  /// Uniform in [0, bound); bound > 0. Multiply-shift with rejection (Lemire), so exactly uniform.
  std::uint64_t below(std::uint64_t bound);

  /// True with probability p. Draws nothing where the outcome is certain.
  bool chance(Ratio p);

 private:
  std::array<std::uint64_t, 4> state_;
};

/// A fixed 64-bit mix of `value` (SplitMix64's finaliser), for hashes that must not change between machines.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

/// FNV-1a over the bytes of `text`, then mixed.
std::uint64_t hash_text(std::string_view text);

}  // namespace masqsim
