// Fragmentation of a packet that is larger than the next link carries (RFC 791 section 2.3), as Linux's ip_fragment
// does it.
#pragma once

#include <cstdint>
#include <vector>

#include "packet.hpp"

namespace masqsim::net {

/// How a datagram came that was reassembled.
struct FragmentSizes {
  std::vector<std::uint16_t> payloads;  ///< bytes after the header of each fragment, by offset; empty: it came whole
  std::uint16_t largest = 0;            ///< bytes of the largest fragment, header included; 0: it came whole
};

/// The fragments of `whole` for a link of `mtu` bytes, in order. A datagram that was reassembled is cut where it was
/// before, if those fragments fit; else every fragment but the last is as large as can be (a multiple of 8 bytes). The
/// first one keeps the id that `whole` has in the trace, the others get their own. The don't-fragment bit is cleared;
/// what was a fragment itself keeps its offset. `whole` is sound and its header is shorter than `mtu` - 8.
std::vector<Packet> fragment(Packet whole, std::uint16_t mtu, const FragmentSizes& came);

}  // namespace masqsim::net
