// The closed lists of words in `nat:`, for reading and for writing.
#pragma once

#include <array>

#include "fields.hpp"
#include "masqsim/nat/config.hpp"

namespace masqsim::scenario {

enum class Pick : std::uint8_t { preserve, random, persistent };

inline constexpr std::array<Word<nat::Mapping>, 4> mapping_words{
    {{"linux", nat::Mapping::linux_like},
     {"endpoint-independent", nat::Mapping::endpoint_independent},
     {"address-dependent", nat::Mapping::address_dependent},
     {"address-and-port-dependent", nat::Mapping::address_and_port_dependent}}};
inline constexpr std::array<Word<nat::Filtering>, 3> filtering_words{
    {{"endpoint-independent", nat::Filtering::endpoint_independent},
     {"address-dependent", nat::Filtering::address_dependent},
     {"address-and-port-dependent", nat::Filtering::address_and_port_dependent}}};
inline constexpr std::array<Word<nat::Hairpin>, 3> hairpin_words{
    {{"none", nat::Hairpin::none}, {"dnat-only", nat::Hairpin::dnat_only}, {"full", nat::Hairpin::full}}};
inline constexpr std::array<Word<nat::Unsolicited>, 3> unsolicited_words{
    {{"reject", nat::Unsolicited::reject},
     {"drop", nat::Unsolicited::drop},
     {"icmp-after-6s", nat::Unsolicited::icmp_after_6s}}};
inline constexpr std::array<Word<bool>, 2> preset_words{{{"linux", false}, {"rfc", true}}};
inline constexpr std::array<Word<bool>, 2> excess_words{{{"drop", false}, {"reject", true}}};
inline constexpr std::array<Word<bool>, 2> invalid_words{{{"pass", false}, {"drop", true}}};
inline constexpr std::array<Word<bool>, 2> protect_words{{{"open", false}, {"protect", true}}};
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
