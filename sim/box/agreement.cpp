#include "agreement.hpp"

namespace masqsim::box {

using wire::TcpFlags;

void OptionList::word(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  number(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d);
}
void OptionList::number(std::uint32_t n) {
  wire::store32(&bytes_[size_], n);
  size_ += 4;
}
void OptionList::timestamps(std::uint32_t value, std::uint32_t echo, bool with_sack_permitted) {
  word(with_sack_permitted ? 4 : 1, with_sack_permitted ? 2 : 1, 8, 10);
  number(value);
  number(echo);
}

std::uint32_t timestamp_now(const Agreement& a, Time now) {
  return static_cast<std::uint32_t>(now.ns / 1'000'000) + a.clock_offset;
}

bool is_rationed(Time now, std::optional<Time>& last) {
  constexpr Duration ration = 500_ms;
  if (last && now - *last < ration) return true;
  last = now;
  return false;
}

bool is_rationed(wire::TcpView tcp, Time now, std::optional<Time>& last) {
  const bool has_text = !tcp.payload().empty() || tcp.flags().any(TcpFlags::fin);
  return (!has_text || tcp.flags().any(TcpFlags::syn)) && is_rationed(now, last);
}

bool is_old_stamp(const wire::TcpTimestamps& t, std::uint32_t recent, std::int32_t tolerated) {
  return recent != 0 && static_cast<std::int32_t>(recent - t.value) > tolerated;
}

}  // namespace masqsim::box
