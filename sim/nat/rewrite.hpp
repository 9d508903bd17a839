// Changing the addresses and ports of a packet and repairing its checksums by difference (RFC 1624).
#pragma once

#include "flow.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::nat {

/// Which end of a packet is translated.
enum class Side : std::uint8_t { source, destination };

constexpr Side other(Side s) { return s == Side::source ? Side::destination : Side::source; }

/// Gives the packet the `side` that `target` has: address, and port or ICMP id. Works on whole packets and on packets
/// quoted in ICMP errors, where the transport header may be cut after 8 bytes; false if it is shorter than that.
bool rewrite(wire::Ipv4Edit packet, Side side, const Key& target);

}  // namespace masqsim::nat
