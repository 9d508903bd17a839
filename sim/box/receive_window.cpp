#include "receive_window.hpp"

#include <algorithm>
#include <utility>

namespace masqsim::box {
namespace {

constexpr std::int64_t buffer = 131072, largest_buffer = 32 << 20;  // tcp_rmem
constexpr std::uint32_t described = 256, appendix = 320;  // a frame's descriptor, and what lies behind its bytes
constexpr std::uint32_t joined_at_most = 17;
constexpr std::uint32_t least_mss = 88;

constexpr std::uint32_t up(std::uint32_t n, std::uint32_t to) { return (n + to - 1) / to * to; }

}  // namespace

Frame frame_of(std::size_t packet, std::size_t text) {
  constexpr std::uint32_t link_header = 14, headroom = 64, line = 64;
  const auto bytes = static_cast<std::uint32_t>(packet) + link_header + headroom;
  return {.text = static_cast<std::uint32_t>(text),
          .weight = described + appendix + up(bytes, line),
          .slack = up(bytes, line) - bytes};
}

std::uint32_t whole_segments(std::uint32_t text) {
  constexpr std::uint32_t half = buffer / 2;
  return std::min<std::uint32_t>(half > text ? half / text * text : half, 65535);
}

FirstWindow first_window(std::uint16_t mtu, bool timestamps) {
  constexpr std::uint16_t headers = 40, stamps = 12, least_told = 256;
  const std::uint16_t mss =
      std::max<std::uint16_t>(static_cast<std::uint16_t>(std::max<int>(mtu - headers, 0)), least_told);
  const std::uint32_t text = mss - (timestamps ? stamps : 0u);
  return {mss, text, whole_segments(text)};
}

ReceiveWindow::ReceiveWindow(FirstWindow first, bool scaled, std::uint32_t largest, std::uint32_t next)
    : mss_(first.text), scale_(scaled ? scale : 0), window_(first.window), told_at_(next), largest_(largest) {
  const auto all = static_cast<std::uint32_t>(text_in(buffer));
  clamp_ = scaled ? all : std::min<std::uint32_t>(all, 65535);
  if (clamp_ > 2 * mss_ && clamp_ + mss_ > all) clamp_ = std::max(2 * mss_, all - mss_);  // one segment in reserve
  threshold_ = std::min(first.window, clamp_);
}

/// One frame takes another's text: into its slack, or by hanging it on itself, which saves a descriptor.
bool ReceiveWindow::merge(Frame& to, const Frame& from) {
  if (from.text <= to.slack && from.joined == 0) {
    to.slack -= from.text;
    return true;
  }
  if (to.joined + from.joined >= joined_at_most) return false;
  to.joined += from.joined + 1;
  to.slack = 0;
  to.weight += from.weight - described;
  used_ += from.weight - described;
  return true;
}

void ReceiveWindow::queue(const Frame& frame, bool fits) {
  if (queued_ && fits && merge(tail_, frame)) return;
  used_ += frame.weight;
  tail_ = frame;
  queued_ = true;
}

void ReceiveWindow::measure(const Frame& frame, std::size_t header, std::size_t usual_header, bool partial) {
  const std::uint32_t before = std::exchange(last_size_, 0);
  if (frame.text >= largest_) {
    if (frame.text != largest_) {
      const std::uint32_t ratio = std::max<std::uint32_t>(frame.text * 256u / frame.weight, 1);
      if (ratio != std::exchange(ratio_, ratio)) {
        const std::uint32_t old = std::exchange(clamp_, static_cast<std::uint32_t>(text_in(buffer)));
        if (clamp_ < old) threshold_ = std::min(threshold_, clamp_);
        if (clamp_ > old) threshold_ = std::max(threshold_, std::min(window_, clamp_));
      }
    }
    largest_ = std::min(frame.text, mss_);
    return;
  }
  constexpr std::uint32_t bare_header = 20, usual_mss = 536;
  const auto bytes = frame.text + static_cast<std::uint32_t>(header);
  if (bytes < usual_mss + bare_header && (bytes < least_mss + bare_header || partial)) return;
  last_size_ = bytes - static_cast<std::uint32_t>(usual_header);
  if (last_size_ == before) largest_ = last_size_;
}

bool ReceiveWindow::grow(const Frame& frame) {
  const std::int64_t room = std::min<std::int64_t>(clamp_, text_in(buffer - used_)) - threshold_;
  if (room <= 0) return false;
  std::uint32_t more = text_in(frame.weight) <= frame.text ? 2 * mss_ : 0;
  if (more == 0) {
    std::int64_t weight = text_in(frame.weight) >> 1;
    for (std::int64_t window = text_in(largest_buffer) >> 1; threshold_ <= window; window >>= 1, weight >>= 1) {
      if (weight > frame.text) continue;
      more = 2 * largest_;
      break;
    }
  }
  if (more == 0) return false;
  threshold_ += static_cast<std::uint32_t>(std::min<std::int64_t>(room, std::max(more, 2 * frame.text)));
  return true;
}

std::uint32_t ReceiveWindow::choose(bool& scarce) const {
  std::int64_t room = text_in(buffer - used_);
  const std::int64_t all = text_in(buffer), full = std::min<std::int64_t>(clamp_, all);
  const std::int64_t mss = std::min<std::int64_t>(largest_, full);
  const std::int64_t unit = std::int64_t{1} << scale_;
  if (room < full >> 1) {
    scarce = true;
    room = room >= 0 ? room / unit * unit : 0;
    if (room < all >> 4 || room < mss) return 0;
  }
  room = std::min<std::int64_t>(room, threshold_);
  if (scale_ != 0) return up(static_cast<std::uint32_t>(room), static_cast<std::uint32_t>(unit));
  const std::int64_t now = window_;
  if (now <= room - mss || now > room) return static_cast<std::uint32_t>(room / mss * mss);
  return static_cast<std::uint32_t>(mss == full && room > now + (full >> 1) ? room : now);
}

std::uint16_t ReceiveWindow::offer(std::uint32_t next, bool& scarce) {
  const std::uint32_t now = left(next);
  std::uint32_t wanted = choose(scarce);
  if (wanted < now) wanted = up(now, 1u << scale_);
  window_ = wanted;
  told_at_ = next;
  return static_cast<std::uint16_t>(std::min(wanted, std::uint32_t{65535} << scale_) >> scale_);
}

}  // namespace masqsim::box
