// How long a TCP sender waits for an acknowledgment before it sends again: RFC 6298, in whole nanoseconds.
#pragma once

#include "masqsim/base/time.hpp"

namespace masqsim::net {

class RetransmissionTimeout {
 public:
  static constexpr Duration initial{1'000'000'000};         ///< before anything is measured (section 2.1)
  static constexpr Duration after_lost_syn{3'000'000'000};  ///< section 5.7
  static constexpr Duration least_variation{200'000'000};   ///< Linux's TCP_RTO_MIN: what 4 * RTTVAR counts at least
  static constexpr Duration longest{120'000'000'000};       ///< Linux's TCP_RTO_MAX

  Duration value() const { return value_; }
  /// SRTT; zero until something was measured.
  Duration smoothed() const { return smoothed_; }
  Duration variation() const { return variation_; }

  /// A segment that was sent once (Karn's algorithm) was acknowledged after `round_trip`. Ends what back_off() did.
  void measure(Duration round_trip);
  /// The timer expired (section 5.5).
  void back_off();
  /// The handshake needed more than one SYN, so its round trip says nothing (section 5.7).
  void lost_syn() { value_ = after_lost_syn; }

 private:
  Duration value_ = initial, smoothed_{}, variation_{};
  bool measured_ = false;
};

}  // namespace masqsim::net
