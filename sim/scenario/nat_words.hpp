// The closed lists of words in the rules of `nat:`, for reading and for writing; those of its settings stand in the
// rows of nat::config_keys.
#pragma once

#include <array>

#include "fields.hpp"

namespace masqsim::scenario {

enum class Pick : std::uint8_t { preserve, random, persistent };

inline constexpr std::array<Word<bool>, 2> preset_words{{{"linux", false}, {"rfc", true}}};
inline constexpr std::array<Word<bool>, 2> masquerade_pick_words{{{"preserve", false}, {"random", true}}};
inline constexpr std::array<Word<Pick>, 3> source_pick_words{
    {{"preserve", Pick::preserve}, {"random", Pick::random}, {"persistent", Pick::persistent}}};
inline constexpr std::array<Word<wire::Protocol>, 6> protocol_words{{{"tcp", wire::Protocol::tcp},
                                                                     {"udp", wire::Protocol::udp},
                                                                     {"icmp", wire::Protocol::icmp},
                                                                     {"gre", wire::Protocol::gre},
                                                                     {"esp", wire::Protocol::esp},
                                                                     {"sctp", wire::Protocol::sctp}}};

/// The word for `value` in one of the lists.
template <typename T, std::size_t N>
constexpr std::string_view word_in(const std::array<Word<T>, N>& words, T value) {
  for (const Word<T>& entry : words) {
    if (entry.value == value) return entry.text;
  }
  return {};
}

}  // namespace masqsim::scenario
