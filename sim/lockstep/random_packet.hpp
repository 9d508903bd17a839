// One packet of a random sequence: built sound, then perhaps damaged.
#pragma once

#include <vector>

#include "masqsim/base/random.hpp"
#include "random_sequence.hpp"

namespace masqsim::lockstep {

using Bytes = std::vector<std::uint8_t>;

/// A segment of end `from` of a TCP flow: mostly what comes next in its natural course, sometimes anything.
Bytes random_tcp(RandomHosts::Flow& flow, std::uint8_t from, wire::Endpoint to, std::uint16_t id, Random& random);

/// The port of an FTP data connection that the end announces. No two ends of a sequence have one: on a clash the
/// gateways would draw.
std::uint16_t ftp_data_port(wire::Endpoint end);

/// A datagram or query, or what answers it.
Bytes random_datagram(const RandomHosts::Flow& flow, std::uint8_t from, wire::Endpoint to, std::uint16_t id,
                      Random& random);

/// An ICMP error about `about`, sent by `from`.
Bytes random_error(wire::ByteView about, wire::Address from, std::uint16_t id, Random& random);

/// Changes one thing of a sound packet: a header field, a checksum, a length, an option, a bit.
void damage(Bytes& packet, Random& random);

/// Cuts a packet into pieces, mostly a whole set in some order; `may_fail`: also sets that never become whole.
std::vector<Bytes> in_pieces(const Bytes& packet, bool may_fail, Random& random);

}  // namespace masqsim::lockstep
