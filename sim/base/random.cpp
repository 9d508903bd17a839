#include "masqsim/base/random.hpp"

#include <bit>
#include <cassert>

namespace masqsim {

namespace {
__extension__ using Wide = unsigned __int128;
}

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return mix(hash);
}

Random::Random(std::uint64_t seed, std::string_view name) {
  std::uint64_t position = mix(seed + 0x9e3779b97f4a7c15u) ^ hash_text(name);
  for (std::uint64_t& word : state_) word = mix(position += 0x9e3779b97f4a7c15u);
  if (state_ == decltype(state_){}) state_[0] = 1;  // the one state xoshiro never leaves
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound > 0);
  Wide product = Wide{next()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) product = Wide{next()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

bool Random::chance(Ratio p) {
  if (p.part == 0) return false;
  return p.part >= p.whole || below(p.whole) < p.part;
}

}  // namespace masqsim
