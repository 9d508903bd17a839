// Packets that a file gives by their fields.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

/// Both ends of a packet, and the numbers that its relative ones are counted from.
struct RawEnds {
  wire::Endpoint source, destination;
  std::uint32_t next_to_send = 0;     ///< the sequence number of what this side would write next
  std::uint32_t next_to_receive = 0;  ///< the one that it expects from the other
};

struct IcmpType {
  std::string_view name;
  std::uint8_t type;
};
inline constexpr std::array<IcmpType, 11> icmp_types{{{"echo-reply", 0},
                                                      {"unreachable", 3},
                                                      {"source-quench", 4},
                                                      {"redirect", 5},
                                                      {"echo", 8},
                                                      {"time-exceeded", 11},
                                                      {"parameter-problem", 12},
                                                      {"timestamp", 13},
                                                      {"timestamp-reply", 14},
                                                      {"mask", 17},
                                                      {"mask-reply", 18}}};

/// The whole IPv4 packet; what `packet` itself says of the ends goes before `ends`.
std::vector<std::uint8_t> bytes_of(const RawPacket& packet, const RawEnds& ends);

/// True where something of the packet is to be counted from a connection.
bool is_relative(const RawPacket& packet);

/// "SYN+ACK", "S+A", "FPU", "none"; nothing where it is none of these.
std::optional<std::uint8_t> flags_of(std::string_view text);
std::string flags_text(std::uint8_t flags);

}  // namespace masqsim::scenario
