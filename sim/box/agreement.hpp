// What the two ends of a connection said in SYN and SYN+ACK, and the options that Linux writes because of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "masqsim/base/time.hpp"
#include "masqsim/trace/record.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/tcp.hpp"
#include "receive_window.hpp"
#include "sim/net/ip_options.hpp"

namespace masqsim::box {

/// What SYN and SYN+ACK have said.
struct Agreement {
  wire::Endpoint local, remote;
  trace::FlowId flow = 0;
  net::AnswerOptions ip_options;
  std::uint32_t own = 0, theirs = 0;  ///< initial sequence numbers
  std::uint32_t clock_offset = 0;     ///< of the timestamps that are sent
  std::uint32_t recent = 0;           ///< the timestamp to echo
  std::uint16_t their_mss = 536;
  std::uint8_t their_scale = 0;
  bool timestamps = false, sack = false, scaled = false, ecn = false;
  FirstWindow first;
};

/// TCP options as Linux lays them out: in words, padded in front.
class OptionList {
 public:
  void word(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
  void number(std::uint32_t n);
  void timestamps(std::uint32_t value, std::uint32_t echo, bool with_sack_permitted = false);
  std::size_t room() const { return bytes_.size() - size_; }
  wire::ByteView view() const { return wire::ByteView(bytes_).first(size_); }

 private:
  std::array<std::uint8_t, 40> bytes_{};
  std::size_t size_ = 0;
};

/// RFC 7323 section 5.4: milliseconds, from anywhere.
std::uint32_t timestamp_now(const Agreement& a, Time now);
/// RFC 5961 section 7, as Linux counts: one answer in half a second, the last of which was at `last`.
bool is_rationed(Time now, std::optional<Time>& last);
/// The same, but text that bears no SYN is always answered.
bool is_rationed(wire::TcpView tcp, Time now, std::optional<Time>& last);
/// True where `t` lies behind what was seen (RFC 7323 section 5.2), by more than `tolerated`.
bool is_old_stamp(const wire::TcpTimestamps& t, std::uint32_t recent, std::int32_t tolerated);

}  // namespace masqsim::box
