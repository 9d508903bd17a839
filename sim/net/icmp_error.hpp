// ICMP errors as Linux makes them (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3.2): one place for hosts, routers and gateways.
#pragma once

#include <cstdint>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/build.hpp"
#include "packet.hpp"

namespace masqsim::net {

/// True where an error about `packet` may be sent: never about an ICMP error or an unknown ICMP type, a fragment other
/// than the first, to or from broadcast and multicast addresses, and from sources that are no host's (0.0.0.0, 127/8,
/// multicast). Subnet broadcasts are the caller's to know.
bool may_complain(wire::ByteView packet);

/// The error about `about` to its source: TTL 64, TOS c0 with the packet's own TOS bits, no DF, a random id, quoting as
/// much as 576 bytes in all, or one packet of `mtu` bytes, hold. It belongs to the same flow, and `about` is its cause.
/// Empty where none may be sent. Record route and timestamp options are answered (at `now`). `error.rest` is the second
/// word: of 3/4 the MTU.
Packet icmp_error(Pool& pool, Random& ids, Time now, const Packet& about, wire::Address source,
                  const wire::IcmpFields& error, std::size_t mtu = 65535);

}  // namespace masqsim::net
