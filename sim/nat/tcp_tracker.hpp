// Follows TCP connections as conntrack does: a state table one can lay beside the kernel's, the window
// of both sides, and what an RST may do.
#pragma once

#include <array>
#include <optional>

#include "flow.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::nat {

/// Which of a segment's flags counts, the strongest first: RST, SYN with or without ACK, FIN, ACK, none of them.
enum class TcpKind : std::uint8_t { syn, syn_ack, fin, ack, rst, none };

/// A cell of the table: the next state, or what happens instead.
enum class Cell : std::uint8_t {
  syn_sent,
  syn_sent2,
  syn_recv,
  established,
  fin_wait,
  close_wait,
  last_ack,
  time_wait,
  close,
  ignored,  ///< passes, translated; the state stays
  invalid
};

/// Rows: TcpKind. Columns: TcpState, in its order.
using TcpTable = std::array<std::array<Cell, 10>, 6>;
extern const TcpTable tcp_original;
extern const TcpTable tcp_reply;

TcpKind kind_of(wire::TcpFlags flags);
/// False for combinations that no TCP sends, such as FIN without ACK. PSH, ECE and CWR do not matter.
bool flags_valid(wire::TcpFlags flags);

struct TcpVerdict {
  enum class What : std::uint8_t {
    accepted,  ///< `timeout` starts anew, unless it is unset
    ignored,   ///< passes, nothing changes
    invalid,
    removed,  ///< passes, and the entry goes
    reopened  ///< the entry goes; the segment is looked up again and makes a new one
  };
  /// What of an invalid segment does not fit.
  enum class Why : std::uint8_t {
    none,
    state,               ///< the table has no place for its flags in this state
    reset,               ///< an RST whose sequence number lies before what its receiver acknowledged
    beyond_window,       ///< its data lie beyond what its receiver offered to take
    unsent_acknowledged  ///< it acknowledges what the other side has not sent
  };
  What what = What::accepted;
  std::optional<Duration> timeout;
  bool assured = false;
  Why why = Why::none;
};

/// What the tracker reads of a segment.
struct TcpSegment {
  TcpKind kind{};
  wire::TcpFlags flags;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint32_t end = 0;  ///< sequence + data, SYN and FIN counting one each
  std::uint16_t window = 0;
  wire::ByteView options;
};
TcpSegment read_segment(wire::TcpView tcp);

/// Starts a connection with its first segment; false if none may start so.
bool tcp_begin(TcpTrack& track, const TcpSegment& segment, const Config& config);

/// One segment of a connection. `acknowledgment_offset` is what sequence adjustment (FTP) takes off its ACK.
/// `left` is the time until the entry would expire.
TcpVerdict tcp_follow(TcpTrack& track, TcpState& state, std::uint16_t status, Direction direction,
                      const TcpSegment& segment, std::int32_t acknowledgment_offset, Duration left,
                      const Config& config);

}  // namespace masqsim::nat
