// What a TCP connection does with the segments that come: RFC 9293 section 3.10.7, in the order of its text.
#include <fmt/format.h>

#include <algorithm>

#include "network.hpp"
#include "sim/wire/sequence.hpp"
#include "sockets.hpp"
#include "stack.hpp"
#include "tcp.hpp"

namespace masqsim::net {

using wire::before;
using wire::TcpFlags;

namespace {

/// Bytes of sequence space that a segment takes.
std::uint32_t length_of(wire::TcpView tcp) {
  return static_cast<std::uint32_t>(tcp.payload().size()) + (tcp.flags().any(TcpFlags::syn) ? 1 : 0) +
         (tcp.flags().any(TcpFlags::fin) ? 1 : 0);
}

}  // namespace

void TcpConnection::on_segment(Tcp tcp, const Packet& packet, InterfaceIndex in) {
  busy_ = true;
  if (state_ == TcpState::syn_sent) {
    on_answer_to_syn(tcp, packet, in);
  } else {
    on_segment_in_window(tcp, packet, in);
  }
  settle();
}

// Handlers have been told, and may have sent or closed: now it goes out, with the acknowledgment in it if possible.
void TcpConnection::settle() {
  busy_ = false;
  if (gone()) return;
  output();
  if (!gone() && ack_owed_) acknowledge();
  if (gone() || !room_news_ || !handler_) return;
  room_news_ = false;
  handler_->on_room(*this);
}

// RFC 9293 section 3.10.7.3.
void TcpConnection::on_answer_to_syn(Tcp tcp, const Packet& packet, InterfaceIndex in) {
  const wire::TcpFlags flags = tcp.flags();
  const bool acknowledges = flags.any(TcpFlags::ack);
  const Node& node = stack_->node();
  if (acknowledges && tcp.acknowledgment() != initial_ + 1) {
    node.say_drop(packet, Reason::stale, "it acknowledges another SYN", in);
    if (!flags.any(TcpFlags::rst)) send_reset(tcp.acknowledgment(), TcpFlags::rst, 0);
    return;
  }
  if (flags.any(TcpFlags::rst) ? !acknowledges : !flags.any(TcpFlags::syn)) {
    return node.say_drop(packet, Reason::stale, "no answer to a SYN", in);
  }
  if (stack_->network().trace().on(trace::Kind::deliver))
    node.say_deliver(packet, program_name(wire::Protocol::tcp, local_.port));
  if (flags.any(TcpFlags::rst)) return finish(TcpEnd::refused);

  received_ = tcp.sequence() + 1;
  advertised_ = received_ + std::min<std::uint32_t>(receive_room(), 65535);
  take_options(tcp);
  window_ = tcp.window();
  window_sequence_ = tcp.sequence();
  window_ack_ = tcp.acknowledgment();
  if (!acknowledges) {  // simultaneous open
    state_ = TcpState::syn_received;
    return send_syn();
  }
  unacknowledged_ = tcp.acknowledgment();
  if (timing_ && tries_ == 0) timeout_.measure(stack_->network().now() - timed_at_);
  state_ = TcpState::established;
  acknowledge();  // by itself: a program's first write comes after its connect has returned
  enter_established();
}

void TcpConnection::on_segment_in_window(Tcp tcp, const Packet& packet, InterfaceIndex in) {
  const wire::TcpFlags flags = tcp.flags();
  const Node& node = stack_->node();
  // A peer that opened at the same time repeats its SYN with the acknowledgment of ours (RFC 9293 figure 8).
  const bool both_opened =
      state_ == TcpState::syn_received && flags.has(TcpFlags::syn | TcpFlags::ack) && tcp.sequence() + 1 == received_;
  if (!both_opened && !acceptable(tcp)) {
    const std::uint32_t length = length_of(tcp);
    const bool repeated = length > 0 && !before(received_, tcp.sequence() + length);
    node.say_drop(packet, Reason::stale, repeated ? "it came before" : "outside the window", in);
    if (flags.any(TcpFlags::rst)) return;
    if (state_ == TcpState::syn_received && flags.any(TcpFlags::syn)) return send_syn();
    if (state_ == TcpState::time_wait && flags.any(TcpFlags::fin)) enter_time_wait();
    return acknowledge();
  }
  if (flags.any(TcpFlags::rst)) {
    if (tcp.sequence() != received_) {  // RFC 5961 section 3.2
      node.say_drop(packet, Reason::stale, "RST beside the next sequence number", in);
      return acknowledge();
    }
    if (stack_->network().trace().on(trace::Kind::deliver)) {
      node.say_deliver(packet, program_name(wire::Protocol::tcp, local_.port));
    }
    return finish(state_ == TcpState::syn_received && !passive_ ? TcpEnd::refused : TcpEnd::reset);
  }
  if (flags.any(TcpFlags::syn) && !both_opened) {  // RFC 5961 section 4.2
    node.say_drop(packet, Reason::stale, "SYN within a connection", in);
    return acknowledge();
  }
  if (!flags.any(TcpFlags::ack)) return node.say_drop(packet, Reason::stale, "no ACK", in);
  if (stack_->network().trace().on(trace::Kind::deliver))
    node.say_deliver(packet, program_name(wire::Protocol::tcp, local_.port));
  heard_at_ = stack_->network().now();
  if (!take_acknowledgment(tcp)) return;
  take_text(tcp);
}

// RFC 9293 section 3.10.7.4, first check. At a closed window what begins at the next byte is let in for its ACK;
// its text finds no room.
bool TcpConnection::acceptable(Tcp tcp) const {
  const std::uint32_t window = advertised_ - received_;
  const std::uint32_t length = length_of(tcp);
  const std::uint32_t offset = tcp.sequence() - received_;
  if (offset == 0) return true;
  if (length == 0) return offset < window;
  return offset < window || offset + length - 1 < window;
}

// RFC 9293 section 3.6.1: a connection in TIME-WAIT gives way to a SYN that begins behind it.
bool TcpConnection::may_be_replaced(Tcp tcp) const {
  return state_ == TcpState::time_wait && before(received_, tcp.sequence());
}

/// False: the segment is done with.
bool TcpConnection::take_acknowledgment(Tcp tcp) {
  const std::uint32_t acknowledgment = tcp.acknowledgment();
  if (state_ == TcpState::syn_received) {
    if (acknowledgment != initial_ + 1) {
      send_reset(acknowledgment, TcpFlags::rst, 0);
      return false;
    }
    unacknowledged_ = acknowledgment;
    if (timing_ && tries_ == 0) timeout_.measure(stack_->network().now() - timed_at_);
    window_ = std::uint32_t{tcp.window()} << (tcp.flags().any(TcpFlags::syn) ? 0 : send_scale_);
    window_sequence_ = tcp.sequence();
    window_ack_ = acknowledgment;
    enter_established();
    return !gone();
  }
  if (before(highest_, acknowledgment)) {  // of what was never sent
    ack_owed_ = true;
    return false;
  }
  if (state_ == TcpState::time_wait) return true;
  const bool nothing_new =
      tcp.payload().empty() && !tcp.flags().any(TcpFlags::fin) && std::uint32_t{tcp.window()} << send_scale_ == window_;
  take_window(tcp);
  if (before(unacknowledged_, acknowledgment)) {
    take_new_acknowledgment(acknowledgment);
  } else if (acknowledgment == unacknowledged_) {
    if (window_ == 0) tries_ = 0;                      // it lives, it only has no room
    if (nothing_new && highest_ != unacknowledged_) {  // RFC 5681 section 2
      const TcpCongestion::Resend what = congestion_.duplicate(outstanding());
      if (what == TcpCongestion::Resend::first) say("fast retransmit");
      send_again(what);
    }
  }
  return !gone();
}

void TcpConnection::take_window(Tcp tcp) {
  if (before(tcp.acknowledgment(), unacknowledged_)) return;
  const bool newer = before(window_sequence_, tcp.sequence()) ||
                     (window_sequence_ == tcp.sequence() && !before(tcp.acknowledgment(), window_ack_));
  if (!newer) return;
  window_ = std::uint32_t{tcp.window()} << send_scale_;
  window_sequence_ = tcp.sequence();
  window_ack_ = tcp.acknowledgment();
}

void TcpConnection::take_new_acknowledgment(std::uint32_t acknowledgment) {
  const std::uint32_t advance = acknowledgment - unacknowledged_;
  fin_acknowledged_ = fin_sent_ && acknowledgment == data_end() + 1;
  const std::size_t bytes = advance - (fin_acknowledged_ ? 1 : 0);
  drop_front(bytes);
  bytes_acknowledged_ += bytes;
  unacknowledged_ = acknowledgment;
  if (before(next_, acknowledgment)) next_ = acknowledgment;
  tries_ = 0;
  progress_at_ = stack_->network().now();
  if (timing_ && !before(acknowledgment, timed_)) {
    timing_ = false;
    timeout_.measure(progress_at_ - timed_at_);
  }

  send_again(congestion_.acknowledged(advance, outstanding(), may_send_new()));
  if (congestion_.take_spurious()) say("nothing was lost: the acknowledgment was late");

  stop_timer();
  if (highest_ != unacknowledged_) start_timer();
  room_news_ = waiting_ == 0 ? bytes > 0 : blocked_ && room() >= settings_.send_buffer / 2;
  if (room_news_) blocked_ = false;
  if (!fin_acknowledged_) return;
  if (state_ == TcpState::fin_wait_1) state_ = TcpState::fin_wait_2;
  if (state_ == TcpState::closing) enter_time_wait();
  if (state_ == TcpState::last_ack) finish(TcpEnd::finished);
}

void TcpConnection::take_text(Tcp tcp) {
  const bool receiving =
      state_ == TcpState::established || state_ == TcpState::fin_wait_1 || state_ == TcpState::fin_wait_2;
  if (length_of(tcp) == 0) {
    if (tcp.sequence() != received_) ack_owed_ = true;  // a keepalive, or a look at a closed window
    return;
  }
  ack_owed_ = true;
  if (!receiving) return;
  std::uint32_t sequence = tcp.sequence();
  wire::ByteView text = tcp.payload();
  bool fin = tcp.flags().any(TcpFlags::fin);
  if (before(sequence, received_)) {
    const std::uint32_t old = received_ - sequence;
    if (old > text.size()) return;  // its FIN is old, too: the segment was let in for its ACK
    text = text.subspan(old);
    sequence = received_;
  }
  const std::uint32_t room = advertised_ - sequence;
  if (text.size() > room) {
    text = text.first(room);
    fin = false;
  }
  const bool push = tcp.flags().any(TcpFlags::psh) || fin;
  if (fin) {
    fin_held_ = true;
    fin_at_ = sequence + static_cast<std::uint32_t>(text.size());
  }
  if (sequence != received_) return hold(sequence, text, push);
  const bool fills_no_gap = held_.empty();
  if (!text.empty()) hand_over(text, push);
  take_held();
  const bool waits = fills_no_gap && !push && !paused_ && text.size() >= mss_ && received_ - acknowledged_ <= mss_;
  if (waits && !gone()) delay_acknowledgment();
  if (!gone() && fin_held_ && fin_at_ == received_) take_fin();
}

// Keeps what came too early, without overlaps; of two versions of a byte the first that came stays.
void TcpConnection::hold(std::uint32_t sequence, wire::ByteView text, bool push) {
  auto place = held_.begin();
  while (!text.empty()) {
    while (place != held_.end() &&
           !before(sequence, place->sequence + static_cast<std::uint32_t>(place->bytes.size()))) {
      ++place;
    }
    if (place != held_.end() && !before(sequence, place->sequence)) {  // its beginning is known
      const std::size_t known = std::min<std::size_t>(text.size(), place->sequence + place->bytes.size() - sequence);
      text = text.subspan(known);
      sequence += static_cast<std::uint32_t>(known);
      continue;
    }
    const std::size_t gap = place == held_.end() ? text.size() : place->sequence - sequence;
    const wire::ByteView part = text.first(std::min(gap, text.size()));
    place = held_.insert(place, {sequence, push && part.size() == text.size(), {part.begin(), part.end()}});
    text = text.subspan(part.size());
    sequence += static_cast<std::uint32_t>(part.size());
  }
}

void TcpConnection::take_held() {
  std::size_t taken = 0;
  for (; taken < held_.size() && !gone() && !before(received_, held_[taken].sequence); ++taken) {
    const Held piece = std::move(held_[taken]);
    const std::size_t known = received_ - piece.sequence;
    if (known < piece.bytes.size()) hand_over(wire::ByteView(piece.bytes).subspan(known), piece.push);
  }
  if (taken > 0) held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(std::min(taken, held_.size())));
}

void TcpConnection::hand_over(wire::ByteView text, bool push) {
  received_ += static_cast<std::uint32_t>(text.size());
  progress_at_ = stack_->network().now();
  if (paused_) {
    unread_.insert(unread_.end(), text.begin(), text.end());
    return;
  }
  bytes_received_ += text.size();
  handler_->on_data(*this, text, push);
}

void TcpConnection::hand_over_unread() {
  paused_ = false;
  std::vector<std::uint8_t> unread;
  unread.swap(unread_);
  if (!unread.empty()) {
    bytes_received_ += unread.size();
    handler_->on_data(*this, unread, true);
  }
  if (gone() || !std::exchange(end_untold_, false)) return;
  handler_->on_end(*this);
}

void TcpConnection::take_fin() {
  fin_held_ = false;
  fin_received_ = true;
  received_ += 1;
  ack_owed_ = true;
  if (state_ == TcpState::established) state_ = TcpState::close_wait;
  if (state_ == TcpState::fin_wait_1) state_ = TcpState::closing;
  end_untold_ = paused_;
  if (!paused_) handler_->on_end(*this);
  if (state_ == TcpState::fin_wait_2) enter_time_wait();
}

void TcpConnection::take_options(Tcp syn) {
  const wire::TcpOptions options = wire::read_options(syn);
  const std::uint16_t theirs = options.mss.value_or(536);  // RFC 9293 section 3.7.1
  mss_ = std::max<std::uint16_t>(std::min(mss_, theirs), 1);
  const bool offered = settings_.window > 65535 || passive_;
  scaling_ = options.window_scale.has_value() && offered;
  if (scaling_) send_scale_ = std::min<std::uint8_t>(*options.window_scale, 14);
  if (!scaling_) receive_scale_ = 0;
}

void TcpConnection::enter_established() {
  state_ = TcpState::established;
  if (tries_ > 0) timeout_.lost_syn();
  tries_ = 0;
  timing_ = false;
  stop_timer();
  congestion_.open(mss_, unacknowledged_);
  progress_at_ = heard_at_ = stack_->network().now();
  handler_->on_established(*this);
}

void TcpConnection::on_trouble(const Trouble& trouble, std::uint32_t sequence) {
  if (before(sequence, unacknowledged_) || !before(sequence, highest_)) return;
  if (kind_of(trouble) == TroubleKind::too_big) return lower_mss(trouble.mtu);
  if (state_ == TcpState::syn_sent) {
    const bool refused = kind_of(trouble) == TroubleKind::refused;
    return finish(refused ? TcpEnd::refused : TcpEnd::unreachable, &trouble);
  }
  say(trouble.text() + ", goes on trying");  // RFC 9293 section 3.9.2.2: soft once it is open
}

}  // namespace masqsim::net
