// The timer of a TCP connection and the end of it.
#include <fmt/format.h>

#include <algorithm>

#include "network.hpp"
#include "stack.hpp"
#include "tcp.hpp"

namespace masqsim::net {

namespace {

constexpr Duration longest_delay = 40_ms;    // Linux's TCP_DELACK_MIN
constexpr Duration time_wait_length = 60_s;  // Linux's TCP_TIMEWAIT_LEN

}  // namespace

// The engine cannot take an event back. So one event is under way at most for each time that came nearer, and an event
// that finds nothing due goes on to what is next.
void TcpConnection::wake_at(Time at) {
  if (armed_ <= at) return;
  armed_ = at;
  // Waiting for 2 MSL is no reason to go on with the run.
  const engine::Keep keep = state_ == TcpState::time_wait ? engine::Keep::background : engine::Keep::alive;
  stack_->network().engine().schedule(at, *stack_, std::uint64_t{index_} << 32 | generation_, keep);
}

void TcpConnection::start_timer() {
  deadline_ = stack_->network().now() + timeout_.value();
  wake_at(deadline_);
}

/// The next segment may acknowledge this one along with itself.
void TcpConnection::delay_acknowledgment() {
  ack_owed_ = false;
  acknowledge_at_ = stack_->network().now() + longest_delay;
  wake_at(acknowledge_at_);
}

void TcpConnection::on_alarm() {
  const Time now = stack_->network().now();
  if (armed_ != now) return;
  armed_ = Time::never();
  if (acknowledge_at_ <= now) acknowledge();
  if (deadline_ <= now) {
    deadline_ = Time::never();
    on_timer();
  }
  const Time next = std::min(deadline_, acknowledge_at_);
  if (!gone() && next != Time::never()) wake_at(next);
}

void TcpConnection::on_timer() {
  if (state_ == TcpState::time_wait) return finish(TcpEnd::finished);
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) return on_syn_timer();
  const bool probing = next_ == unacknowledged_;  // the window is shut
  if (!probing && highest_ == unacknowledged_) return;
  if (++tries_ >= settings_.data_tries) {
    say("gives up");
    return finish(TcpEnd::no_answer);
  }
  timeout_.back_off();
  start_timer();
  if (probing) {  // Linux: an old sequence number, so that the peer must answer
    say(fmt::format("window probe ({})", tries_));
    return send_segment(unacknowledged_ - 1, 0, wire::TcpFlags::ack);
  }
  say(fmt::format("retransmits ({})", tries_));
  next_ = highest_;
  const TcpCongestion::Resend what = congestion_.timed_out(outstanding(), end_of_first(), tries_ > 1);
  retransmit_first();
  send_again(what);
}

void TcpConnection::on_syn_timer() {
  if (++tries_ >= settings_.syn_tries) return finish(TcpEnd::no_answer);
  timeout_.back_off();
  say(fmt::format("retransmits {} ({})", state_ == TcpState::syn_sent ? "SYN" : "SYN+ACK", tries_ + 1));
  send_syn();
}

// RFC 1191: the path carries less than was thought; what is on its way is sent again in smaller pieces.
void TcpConnection::lower_mss(std::uint16_t mtu) {
  const std::uint16_t known = stack_->path_mtu(remote_.address);
  const std::uint16_t path = mtu >= 68 ? std::min(mtu, known) : known;
  const auto fits = static_cast<std::uint16_t>(path - 40);
  if (fits >= mss_) return;
  mss_ = fits;
  congestion_.narrow(mss_);
  say(fmt::format("path MTU {}", path));
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received) return;
  next_ = unacknowledged_;
  timing_ = false;
  stop_timer();
  output();
}

void TcpConnection::enter_time_wait() {
  const bool first = state_ != TcpState::time_wait;
  state_ = TcpState::time_wait;
  acknowledge_at_ = Time::never();
  deadline_ = stack_->network().now() + time_wait_length;
  wake_at(deadline_);
  if (!first) return;
  if (handler_ && paused_) hand_over_unread();
  ring_ = {};
  held_ = {};
  TcpHandler* handler = std::exchange(handler_, nullptr);
  if (handler) handler->on_closed(*this, TcpEnd::finished, nullptr);
}

void TcpConnection::say(std::string_view text) const { stack_->network().say_event(stack_->node().id(), flow_, text); }

// The place in the stack is given back before the handler hears of it, so that it may call the same peer again.
void TcpConnection::finish(TcpEnd end, const Trouble* trouble) {
  if (gone()) return;
  if (end == TcpEnd::finished && handler_ && paused_) hand_over_unread();
  if (gone()) return;
  state_ = TcpState::closed;
  stop_timer();
  acknowledge_at_ = Time::never();
  ring_ = {};
  held_ = {};
  unread_ = {};
  first_ = waiting_ = 0;
  stack_->release(*this);
  TcpHandler* handler = std::exchange(handler_, nullptr);
  if (handler) handler->on_closed(*this, end, trouble);
}

std::string_view to_string(TcpState s) {
  switch (s) {
    case TcpState::syn_sent: return "SYN-SENT";
    case TcpState::syn_received: return "SYN-RECEIVED";
    case TcpState::established: return "ESTABLISHED";
    case TcpState::fin_wait_1: return "FIN-WAIT-1";
    case TcpState::fin_wait_2: return "FIN-WAIT-2";
    case TcpState::close_wait: return "CLOSE-WAIT";
    case TcpState::closing: return "CLOSING";
    case TcpState::last_ack: return "LAST-ACK";
    case TcpState::time_wait: return "TIME-WAIT";
    default: return "CLOSED";
  }
}

}  // namespace masqsim::net
