// How much a TCP sender may have on its way, and what it sends again: slow start and congestion avoidance (RFC 5681),
// fast recovery one hole at a time (RFC 6582), and F-RTO, which tells a late acknowledgment from a loss (RFC 5682).
#pragma once

#include <cstdint>

namespace masqsim::net {

/// Sequence numbers that were sent and are not acknowledged: from SND.UNA to behind the highest SND.NXT so far.
struct Outstanding {
  std::uint32_t first = 0;
  std::uint32_t end = 0;

  std::uint32_t size() const { return end - first; }
};

class TcpCongestion {
 public:
  /// What an acknowledgment asks the sender to do beyond sending what the window lets go.
  enum class Resend : std::uint8_t {
    nothing,
    first,      ///< the first outstanding segment again
    everything  ///< slow start over what is outstanding, from resume_at() on
  };

  /// The connection is open; `mss` is what a segment carries at most, `first` is SND.UNA.
  void open(std::uint32_t mss, std::uint32_t first);
  /// The path carries less than was thought.
  void narrow(std::uint32_t mss);

  /// An acknowledgment of `advance` new bytes has left `left` outstanding. `may_send_new`: bytes that were never sent
  /// wait, and the peer's window has room for them.
  Resend acknowledged(std::uint32_t advance, Outstanding left, bool may_send_new);
  /// A duplicate acknowledgment (RFC 5681 section 2). `resume_at` is asked where everything is to be sent again.
  Resend duplicate(Outstanding left);
  /// The retransmission timer expired, and the first outstanding segment, which ends at `resent_end`, is sent again.
  /// `again`: it expired for this segment before.
  Resend timed_out(Outstanding left, std::uint32_t resent_end, bool again);
  /// Where sending again begins: at `first`, or behind what the timer has sent again already.
  std::uint32_t resume_at(std::uint32_t first) const;

  std::uint32_t window() const { return window_; }        ///< cwnd, bytes
  std::uint32_t threshold() const { return threshold_; }  ///< ssthresh, bytes
  /// The last timeout turned out to be spurious: nothing was lost, its acknowledgment was late. Told once.
  bool take_spurious();

 private:
  enum class Frto : std::uint8_t { none, first_acknowledgment, second_acknowledgment };

  std::uint32_t half(Outstanding left) const;
  void grow(std::uint32_t advance);

  std::uint32_t mss_ = 536;
  std::uint32_t window_ = 0, threshold_ = 0;
  std::uint32_t recover_ = 0;  // RFC 6582: what was sent up to here belongs to the loss that was answered last
  std::uint32_t resent_end_ = 0;
  std::uint32_t window_before_ = 0, threshold_before_ = 0;  // the timeout
  std::uint8_t duplicates_ = 0;
  bool fast_recovery_ = false;
  bool timeout_recovery_ = false;
  bool spurious_ = false;
  Frto frto_ = Frto::none;
};

}  // namespace masqsim::net
