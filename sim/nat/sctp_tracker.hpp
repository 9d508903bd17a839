// Follows SCTP associations (RFC 9260) as conntrack does: a state table, and the verification tag of each direction.
#pragma once

#include <array>
#include <optional>

#include "flow.hpp"

namespace masqsim::nat {

/// Rows: the chunks that count, in the order of `sctp_chunks`. Columns: SctpState, in its order.
using SctpTable = std::array<std::array<SctpState, 9>, 11>;
extern const SctpTable sctp_original;
extern const SctpTable sctp_reply;  ///< `none` there: invalid
extern const std::array<std::uint8_t, 11> sctp_chunks;

/// Starts an association with its first packet; false if none may start so.
bool sctp_begin(SctpTrack& track, wire::ByteView segment);

struct SctpVerdict {
  bool valid = false;
  std::optional<Duration> timeout;  ///< unset: the time that is left stays
  bool established = false;         ///< the packet brought it there
};

/// One packet of an association. `confirmed`: its entry is in the table.
SctpVerdict sctp_follow(SctpTrack& track, Direction direction, wire::ByteView segment, bool confirmed);

}  // namespace masqsim::nat
