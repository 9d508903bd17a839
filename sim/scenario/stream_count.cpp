#include "stream_count.hpp"

#include <algorithm>

namespace masqsim::scenario {

// As a signed step from the first byte not yet counted: sequence numbers wrap, and old data lies behind it.
std::int64_t StreamCount::place_of(std::uint32_t sequence) const {
  const auto ahead = static_cast<std::int32_t>(sequence - (*start_ + static_cast<std::uint32_t>(bytes_)));
  return static_cast<std::int64_t>(bytes_) + ahead;
}

void StreamCount::segment(std::uint32_t sequence, std::size_t length, bool syn) {
  if (syn) {
    if (!start_) start_ = sequence + 1;
    sequence += 1;
  }
  if (length == 0) return;
  if (!start_) start_ = sequence;
  const std::int64_t begin = place_of(sequence);
  const std::int64_t end = begin + static_cast<std::int64_t>(length);
  if (end <= static_cast<std::int64_t>(bytes_)) return;
  std::uint64_t& known = pieces_[static_cast<std::uint64_t>(std::max<std::int64_t>(begin, 0))];
  known = std::max(known, static_cast<std::uint64_t>(end));
  while (!pieces_.empty() && pieces_.begin()->first <= bytes_) {
    bytes_ = std::max(bytes_, pieces_.begin()->second);
    pieces_.erase(pieces_.begin());
  }
}

bool StreamCount::knows(std::uint32_t sequence, std::size_t length, bool syn) const {
  if (!start_ || (length == 0 && !syn)) return false;
  const std::int64_t end = place_of(sequence) + static_cast<std::int64_t>(length) + (syn ? 1 : 0);
  return end <= static_cast<std::int64_t>(bytes_);
}

}  // namespace masqsim::scenario
