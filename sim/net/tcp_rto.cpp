#include "tcp_rto.hpp"

#include <algorithm>

namespace masqsim::net {

// RFC 6298 sections 2.2 and 2.3; the variation is computed from the SRTT of before.
void RetransmissionTimeout::measure(Duration round_trip) {
  if (!measured_) {
    measured_ = true;
    smoothed_ = round_trip;
    variation_ = round_trip / 2;
  } else {
    const Duration off = round_trip > smoothed_ ? round_trip - smoothed_ : smoothed_ - round_trip;
    variation_ = (variation_ * 3 + off) / 4;
    smoothed_ = (smoothed_ * 7 + round_trip) / 8;
  }
  value_ = std::min(smoothed_ + std::max(variation_ * 4, least_variation), longest);
}

void RetransmissionTimeout::back_off() { value_ = std::min(value_ * 2, longest); }

}  // namespace masqsim::net
