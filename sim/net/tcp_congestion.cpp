#include "tcp_congestion.hpp"

#include <algorithm>
#include <utility>

#include "sim/wire/sequence.hpp"

namespace masqsim::net {

using wire::before;
using Resend = TcpCongestion::Resend;

// RFC 6928 section 2 for the first window; RFC 6582 section 3.2, step 1, for `recover_`: the SYN's own number.
void TcpCongestion::open(std::uint32_t mss, std::uint32_t first) {
  mss_ = mss;
  window_ = std::min(10 * mss, std::max(2 * mss, 14600u));
  threshold_ = 1u << 30;
  recover_ = first - 1;
}

void TcpCongestion::narrow(std::uint32_t mss) {
  mss_ = mss;
  frto_ = Frto::none;
}

Resend TcpCongestion::acknowledged(std::uint32_t advance, Outstanding left, bool may_send_new) {
  duplicates_ = 0;
  const bool full = !before(left.first, recover_);
  const Frto step = frto_;
  frto_ = Frto::none;
  if (step == Frto::first_acknowledgment) {  // RFC 5682 section 2.1, step 2
    timeout_recovery_ = !full;
    const bool all_resent = !before(left.first, resent_end_);
    if (all_resent && !full && may_send_new) {
      frto_ = Frto::second_acknowledgment;
      window_ = left.size() + 2 * mss_;
      return Resend::nothing;
    }
    grow(advance);
    return Resend::everything;
  }
  if (step == Frto::second_acknowledgment) {  // step 3b: this acknowledges what was sent once
    spurious_ = true;
    timeout_recovery_ = false;
    window_ = window_before_;
    threshold_ = threshold_before_;
    recover_ = left.first;
    return Resend::nothing;
  }
  if (full) timeout_recovery_ = false;
  if (!fast_recovery_) return grow(advance), Resend::nothing;
  if (full) {  // RFC 6582 section 3.2, step 3, option 1
    fast_recovery_ = false;
    window_ = std::min(threshold_, std::max(left.size(), mss_) + mss_);
    return Resend::nothing;
  }
  // A partial acknowledgment: the next hole.
  window_ -= std::min(window_, advance);
  if (advance >= mss_) window_ += mss_;
  window_ = std::max(window_, mss_);
  return Resend::first;
}

Resend TcpCongestion::duplicate(Outstanding left) {
  const Frto step = frto_;
  frto_ = Frto::none;
  if (step == Frto::first_acknowledgment) return Resend::everything;  // RFC 5682 section 2.1, step 2a
  if (step == Frto::second_acknowledgment) {                          // step 3a
    window_ = 3 * mss_;
    return Resend::everything;
  }
  if (fast_recovery_) {
    window_ += mss_;
    return Resend::nothing;
  }
  if (duplicates_ == 3 || ++duplicates_ < 3) return Resend::nothing;
  // RFC 6582 section 3.2, step 2: repeats of what belongs to the loss before say nothing of a new one.
  if (!before(recover_, left.first)) return Resend::nothing;
  threshold_ = half(left);
  recover_ = left.end;
  fast_recovery_ = true;
  window_ = threshold_ + 3 * mss_;
  return Resend::first;
}

Resend TcpCongestion::timed_out(Outstanding left, std::uint32_t resent_end, bool again) {
  const bool in_recovery = fast_recovery_ || timeout_recovery_;
  if (!again) {  // RFC 5681 section 3.1: held constant where the timer expires again for the same segment
    window_before_ = fast_recovery_ ? threshold_ : window_;
    threshold_before_ = threshold_;
    threshold_ = half(left);
  }
  window_ = mss_;
  recover_ = left.end;  // RFC 6582 section 3.2, step 4
  resent_end_ = resent_end;
  duplicates_ = 0;
  fast_recovery_ = false;
  timeout_recovery_ = true;
  // As Linux: where no recovery was under way, or (more eager than RFC 5682) for a segment whose timer expires again.
  frto_ = !in_recovery || again ? Frto::first_acknowledgment : Frto::none;
  return frto_ == Frto::none ? Resend::everything : Resend::nothing;
}

std::uint32_t TcpCongestion::resume_at(std::uint32_t first) const {
  return before(first, resent_end_) ? resent_end_ : first;
}

bool TcpCongestion::take_spurious() { return std::exchange(spurious_, false); }

// RFC 5681 section 3.1, equation 4.
std::uint32_t TcpCongestion::half(Outstanding left) const { return std::max(left.size() / 2, 2 * mss_); }

// RFC 5681 section 3.1: slow start, then congestion avoidance by equation 3.
void TcpCongestion::grow(std::uint32_t advance) {
  window_ += window_ < threshold_ ? std::min(advance, mss_) : std::max(1u, mss_ * mss_ / window_);
}

}  // namespace masqsim::net
