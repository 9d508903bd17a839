// Cutting a packet that is larger than the next link carries (RFC 791 section 2.3), into the pieces Linux makes.
#pragma once

#include <cstdint>
#include <vector>

#include "forwarder.hpp"

namespace masqsim::net {

/// The fragments of `whole` for a link of `mtu` bytes, in order. A datagram that came in pieces is cut where it was
/// before, if those pieces fit; else every piece but the last is as large as can be (a multiple of 8 bytes). The
/// first one keeps the id that `whole` has in the trace, the others get their own. The don't-fragment bit goes;
/// what was a fragment itself keeps its place. `whole` is sound and its header is shorter than `mtu` - 8.
std::vector<Packet> cut(Packet whole, std::uint16_t mtu, const Pieces& pieces);

}  // namespace masqsim::net
