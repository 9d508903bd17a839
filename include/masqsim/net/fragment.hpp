// Cutting a datagram into pieces that a link carries (RFC 791 section 3.2).
#pragma once

#include <vector>

#include "masqsim/net/packet.hpp"

namespace masqsim::net {

/// The pieces of `packet`, in order, none larger than `mtu` (68 or more), all with its flow and cause. Later pieces carry only
/// the options that are to be copied. The caller has seen that DF is not set. A packet that fits is the only piece.
std::vector<Packet> fragment(Packet packet, std::uint16_t mtu);

}  // namespace masqsim::net
