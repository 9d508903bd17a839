// Lowering the maximum segment size that a SYN announces.
#pragma once

#include <cstdint>

#include "masqsim/nat/config.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::nat {

/// What nft's rule `tcp flags syn tcp option maxseg size set ...` does to a whole IPv4 datagram (Linux:
/// nft_exthdr_tcp_set_eval, nft_rt's get_tcpmss). Any segment with SYN is concerned, whatever else it is; the first MSS
/// option is lowered, never raised, never added. The sum is repaired by the difference of the two values as if they
/// stood at an even offset, so behind an odd number of padding bytes it comes out wrong, as it does in Linux.
/// `mtu`: of the way on and the way back, the smaller; it counts where `clamp.to` is 0.
void clamp_mss(wire::ByteEdit packet, MssClamp clamp, std::uint16_t mtu);

}  // namespace masqsim::nat
