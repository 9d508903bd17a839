// The window that Linux offers where nobody reads: what has come takes memory, and the memory is the socket's.
//
// The numbers are those of an ordinary machine: a receive buffer of tcp_rmem's default, 131072 bytes, half of which is
// for text until full segments were seen; and a scale that lets tcp_rmem's largest be told, 32 MiB where there are 4
// GiB of memory. What a segment weighs beside its text is that of a frame from a TAP device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/wire/sequence.hpp"

namespace masqsim::box {

/// What a segment takes of the buffer.
struct Frame {
  std::uint32_t text = 0;    ///< bytes
  std::uint32_t weight = 0;  ///< bytes of memory
  std::uint32_t slack = 0;   ///< of them behind the text: text that fits there can be copied to it
  std::uint32_t joined = 0;  ///< other frames that hang on it
};
Frame frame_of(std::size_t packet, std::size_t text);

/// Before a connection is there: what the SYN+ACK offers.
struct FirstWindow {
  std::uint16_t mss = 0;   ///< the one that is told
  std::uint32_t text = 0;  ///< of it, what timestamps leave
  std::uint32_t window = 0;
};
/// As much as fits into a fresh buffer, of segments with `text` bytes.
std::uint32_t whole_segments(std::uint32_t text);
FirstWindow first_window(std::uint16_t mtu, bool timestamps);

class ReceiveWindow {
 public:
  static constexpr std::uint8_t scale = 10;

  /// `largest` is taken for the size of the peer's segments until they show more.
  ReceiveWindow(FirstWindow first, bool scaled, std::uint32_t largest, std::uint32_t next);

  /// The right edge that was told, and where it was told: what ends before the latter is old.
  std::uint32_t edge() const { return told_at_ + window_; }
  std::uint32_t told_at() const { return told_at_; }
  std::uint32_t left(std::uint32_t next) const { return wire::before(edge(), next) ? 0 : edge() - next; }
  /// The peer's segments hold so much.
  std::uint32_t largest() const { return largest_; }
  std::uint32_t window() const { return window_; }
  bool holds_text() const { return queued_; }

  // The memory.
  /// In order, for the program. `fits`: it begins where the last one ended.
  void queue(const Frame& frame, bool fits);
  void keep_early(const Frame& frame) { used_ += frame.weight; }
  void drop_early(const Frame& frame) { used_ -= frame.weight; }
  bool merge_early(Frame& to, const Frame& from) { return merge(to, from); }

  /// Learns from a segment in order how large segments are. `header` is TCP's; `partial` that it may have been cut for
  /// another reason than size (a flag besides ACK).
  void measure(const Frame& frame, std::size_t header, std::size_t usual_header, bool partial);
  /// More may come where what comes is worth its weight; true: it grew.
  bool grow(const Frame& frame);

  /// What Linux would offer now; `scarce` is set where the memory runs out.
  std::uint32_t choose(bool& scarce) const;
  /// The window field to send with the acknowledgment of `next`. The edge never moves back.
  std::uint16_t offer(std::uint32_t next, bool& scarce);

 private:
  std::int64_t text_in(std::int64_t memory) const { return memory * ratio_ >> 8; }
  bool merge(Frame& to, const Frame& from);

  std::uint32_t mss_;  // what is sent to us at most, without options
  std::uint8_t scale_;
  std::uint32_t window_, told_at_;
  std::uint32_t largest_, last_size_ = 0;
  std::uint32_t ratio_ = 128;  // text in 256 bytes of memory
  std::uint32_t clamp_ = 0, threshold_ = 0;
  std::uint32_t used_ = 0;
  Frame tail_;
  bool queued_ = false;
};

}  // namespace masqsim::box
