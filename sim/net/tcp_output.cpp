// What a TCP connection sends, and when: RFC 9293 section 3.8, with the congestion window of RFC 5681.
#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "network.hpp"
#include "sim/wire/sequence.hpp"
#include "sockets.hpp"
#include "stack.hpp"
#include "tcp.hpp"

namespace masqsim::net {

using wire::before;
using wire::TcpFlags;

namespace {

constexpr std::size_t headers = 40;

/// The scale that lets `window` be told in 16 bits (RFC 7323 section 2.3).
std::uint8_t scale_for(std::uint32_t window) {
  std::uint8_t scale = 0;
  while (scale < 14 && window >> scale > 65535) ++scale;
  return scale;
}

/// RFC 6528 section 3: a clock that ticks every 4 us, and beside it a keyed hash of the four-tuple, so that a client
/// that uses its port again begins behind what its last connection sent, and TIME-WAIT lets it in (RFC 9293 3.6.1).
std::uint32_t initial_sequence(std::uint64_t secret, wire::Endpoint local, wire::Endpoint remote, Time now) {
  const std::uint64_t addresses = std::uint64_t{local.address.value} << 32 | remote.address.value;
  const std::uint64_t ports = std::uint64_t{local.port} << 16 | remote.port;
  const std::uint64_t tuple = mix(mix(secret ^ addresses) ^ ports);
  return static_cast<std::uint32_t>(tuple) + static_cast<std::uint32_t>(now.ns / 4000);
}

}  // namespace

// --- for the program -----------------------------------------------------------------------------------------------

std::size_t TcpConnection::send(wire::ByteView data, bool more) {
  if (close_wanted_ || state_ == TcpState::time_wait || gone()) return 0;
  const std::size_t taken = std::min(data.size(), room());
  blocked_ = blocked_ || taken < data.size();
  if (waiting_ + taken > ring_.size()) {
    std::vector<std::uint8_t> larger(std::bit_ceil(std::max<std::size_t>(waiting_ + taken, 2048)));
    for (std::size_t n = 0; n < waiting_; ++n) larger[n] = ring_[(first_ + n) & (ring_.size() - 1)];
    ring_.swap(larger);
    first_ = 0;
  }
  if (taken > 0) {
    const std::size_t end = (first_ + waiting_) & (ring_.size() - 1);
    const std::size_t until_wrap = std::min(taken, ring_.size() - end);
    std::memcpy(&ring_[end], data.data(), until_wrap);
    std::memcpy(ring_.data(), data.data() + until_wrap, taken - until_wrap);
    waiting_ += taken;
  }
  if (!more && taken == data.size()) push_at_ = data_end();
  if (!busy_) output();
  return taken;
}

void TcpConnection::close() {
  if (close_wanted_ || gone()) return;
  close_wanted_ = true;
  if (state_ == TcpState::syn_sent) return finish(TcpEnd::aborted);
  if (!busy_) output();
}

void TcpConnection::abort() {
  if (gone()) return;
  if (state_ != TcpState::syn_sent && state_ != TcpState::time_wait) {
    send_reset(highest_, TcpFlags::rst | TcpFlags::ack, received_);
  }
  finish(TcpEnd::aborted);
}

// As Linux: an old sequence number, which the peer must answer.
void TcpConnection::keep_alive() {
  const bool open = state_ == TcpState::established || state_ == TcpState::close_wait;
  if (open && waiting_ == 0) send_segment(highest_ - 1, 0, TcpFlags::ack);
}

void TcpConnection::forget() {
  handler_ = nullptr;
  finish(TcpEnd::aborted);
}

void TcpConnection::pause() { paused_ = true; }

void TcpConnection::resume() {
  if (!paused_ || gone() || !handler_) return;
  const std::uint32_t told = advertised_ - received_;
  hand_over_unread();
  // RFC 9293 section 3.8.6.2.2: small openings of the window are not told.
  const bool worth = receive_room() >= told + std::min<std::uint32_t>(mss_, settings_.window / 2);
  if (!gone() && handler_ && worth && !fin_received_) acknowledge();
}

void TcpConnection::drop_front(std::size_t bytes) {
  assert(bytes <= waiting_);
  if (ring_.empty()) return;
  first_ = (first_ + bytes) & (ring_.size() - 1);
  waiting_ -= bytes;
}

// --- opening -------------------------------------------------------------------------------------------------------

void TcpConnection::begin_active() {
  state_ = TcpState::syn_sent;
  begin();
  send_syn();
}

void TcpConnection::begin_passive(Tcp syn) {
  passive_ = true;
  state_ = TcpState::syn_received;
  received_ = syn.sequence() + 1;
  begin();
  advertised_ = received_ + std::min<std::uint32_t>(receive_room(), 65535);
  take_options(syn);
  send_syn();
}

void TcpConnection::begin() {
  Sockets& sockets = stack_->sockets();
  initial_ = initial_sequence(sockets.sequence_secret, local_, remote_, stack_->network().now());
  next_id_ = static_cast<std::uint16_t>(sockets.random.next());
  unacknowledged_ = initial_;
  next_ = highest_ = push_at_ = initial_ + 1;
  receive_scale_ = scale_for(settings_.window);
  const auto most = static_cast<std::uint16_t>(stack_->path_mtu(remote_.address) - headers);
  mss_ = settings_.mss != 0 ? std::min(settings_.mss, most) : most;
}

void TcpConnection::send_syn() {
  const bool answers = state_ == TcpState::syn_received;
  const auto own_mss = static_cast<std::uint16_t>(stack_->interface_mtu(remote_.address) - headers);
  std::array<std::uint8_t, 8> options{2, 4, 0, 0, 1, 3, 3, receive_scale_};
  wire::store16(&options[2], settings_.mss != 0 ? std::min(settings_.mss, own_mss) : own_mss);
  const bool with_scale = answers ? scaling_ : settings_.window > 65535;
  const wire::ByteView used = wire::ByteView(options).first(with_scale ? 8 : 4);
  Packet packet = stack_->make(headers + used.size(), flow_);
  wire::write_tcp(packet.bytes(),
                  {.source = local_.address,
                   .destination = remote_.address,
                   .ttl = settings_.ttl != 0 ? settings_.ttl : stack_->ttl(),
                   .tos = settings_.tos,
                   .id = answers ? std::uint16_t{0} : next_id_++},
                  {.source_port = local_.port,
                   .destination_port = remote_.port,
                   .sequence = initial_,
                   .acknowledgment = answers ? received_ : 0,
                   .flags = {static_cast<std::uint8_t>(answers ? TcpFlags::syn | TcpFlags::ack : TcpFlags::syn)},
                   .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(receive_room(), 65535)),
                   .options = used},
                  {});
  if (tries_ == 0) {
    timing_ = true;
    timed_at_ = stack_->network().now();
  }
  ack_owed_ = false;
  acknowledge_at_ = Time::never();
  acknowledged_ = received_;
  start_timer();
  stack_->node().output(std::move(packet));
}

// --- open ----------------------------------------------------------------------------------------------------------

void TcpConnection::output() {
  if (state_ == TcpState::syn_sent || state_ == TcpState::syn_received || state_ == TcpState::time_wait || gone()) {
    return;
  }
  while (output_one()) {
  }
  const bool window_shut = waiting_ > 0 && next_ == unacknowledged_;
  if ((window_shut || highest_ != unacknowledged_) && deadline_ == Time::never()) start_timer();
}

/// Sends the next segment, if the windows let one go.
bool TcpConnection::output_one() {
  const std::uint32_t flight = in_flight();
  if (flight > waiting_ || fin_acknowledged_) return false;  // the FIN is out
  const std::size_t left = waiting_ - flight;
  const std::uint32_t window = std::min(window_, congestion_.window());
  const std::uint32_t usable = window > flight ? window - flight : 0;
  const std::size_t length = std::min<std::size_t>({left, mss_, usable});
  const bool with_fin = close_wanted_ && length == left;
  if (length == 0 && !with_fin) return false;
  // RFC 9293 section 3.8.6.2.1: no small segment only because the window is small.
  if (length < left && length < mss_ && flight > 0) return false;

  std::uint8_t flags = TcpFlags::ack;
  if (length > 0 && length == left) flags |= TcpFlags::psh;
  if (push_at_ != next_ + length) flags &= static_cast<std::uint8_t>(~TcpFlags::psh);
  if (with_fin) {
    flags |= TcpFlags::fin;
    fin_sent_ = true;
    if (state_ == TcpState::established) state_ = TcpState::fin_wait_1;
    if (state_ == TcpState::close_wait) state_ = TcpState::last_ack;
  }
  const std::uint32_t sequence = next_;
  next_ += static_cast<std::uint32_t>(length) + (with_fin ? 1 : 0);
  if (before(highest_, next_)) {
    if (!timing_ && sequence == highest_) {
      timing_ = true;
      timed_ = next_;
      timed_at_ = stack_->network().now();
    }
    highest_ = next_;
  }
  if (deadline_ == Time::never()) start_timer();
  send_segment(sequence, length, flags);
  return !with_fin;
}

/// The first unacknowledged bytes (or the FIN) again, whatever the windows say; they bring nothing new to measure.
void TcpConnection::retransmit_first() {
  timing_ = false;
  const std::size_t length = std::min<std::size_t>(waiting_, mss_);
  const bool with_fin = fin_sent_ && length == waiting_;
  const std::uint32_t end = end_of_first();
  std::uint8_t flags = TcpFlags::ack;
  if (length > 0 && push_at_ == unacknowledged_ + length) flags |= TcpFlags::psh;
  if (with_fin) flags |= TcpFlags::fin;
  if (before(next_, end)) next_ = end;
  if (before(highest_, end)) highest_ = end;
  send_segment(unacknowledged_, length, flags);
}

/// Where the segment ends that begins with the first unacknowledged byte.
std::uint32_t TcpConnection::end_of_first() const {
  const std::size_t length = std::min<std::size_t>(waiting_, mss_);
  const bool with_fin = fin_sent_ && length == waiting_;
  return unacknowledged_ + static_cast<std::uint32_t>(length) + (with_fin ? 1 : 0);
}

void TcpConnection::send_again(TcpCongestion::Resend what) {
  if (what == TcpCongestion::Resend::first) retransmit_first();
  if (what == TcpCongestion::Resend::everything) next_ = congestion_.resume_at(unacknowledged_);
}

/// Bytes that were never sent wait, and the peer's window takes a whole segment of them, or all.
bool TcpConnection::may_send_new() const {
  const std::uint32_t flight = highest_ - unacknowledged_;
  if (flight >= waiting_ || flight >= window_) return false;
  return window_ - flight >= std::min<std::size_t>(waiting_ - flight, mss_);
}

void TcpConnection::send_segment(std::uint32_t sequence, std::size_t length, std::uint8_t flags) {
  Packet packet = stack_->make(headers + length, flow_);
  std::uint8_t* text = packet.buffer().data + headers;
  if (length > 0) {
    const std::size_t from = (first_ + (sequence - unacknowledged_)) & (ring_.size() - 1);
    const std::size_t until_wrap = std::min(length, ring_.size() - from);
    std::memcpy(text, &ring_[from], until_wrap);
    std::memcpy(text + until_wrap, ring_.data(), length - until_wrap);
  }
  ack_owed_ = false;
  acknowledge_at_ = Time::never();
  acknowledged_ = received_;
  wire::write_tcp(packet.bytes(),
                  {.source = local_.address,
                   .destination = remote_.address,
                   .ttl = settings_.ttl != 0 ? settings_.ttl : stack_->ttl(),
                   .tos = settings_.tos,
                   .id = next_id_++},
                  {.source_port = local_.port,
                   .destination_port = remote_.port,
                   .sequence = sequence,
                   .acknowledgment = received_,
                   .flags = {flags},
                   .window = offer_window()},
                  {text, length});
  stack_->node().output(std::move(packet));
}

// One that refuses a segment bears id 0, as without a connection; one that ends the connection is of its numbers.
void TcpConnection::send_reset(std::uint32_t sequence, std::uint8_t flags, std::uint32_t acknowledgment) {
  const bool refuses = (flags & TcpFlags::ack) == 0;
  const std::uint16_t id = refuses ? std::uint16_t{0} : next_id_++;
  Packet packet = stack_->make(headers, flow_);
  wire::write_tcp(packet.bytes(),
                  {.source = local_.address, .destination = remote_.address, .ttl = stack_->ttl(), .id = id},
                  {.source_port = local_.port,
                   .destination_port = remote_.port,
                   .sequence = sequence,
                   .acknowledgment = acknowledgment,
                   .flags = {flags},
                   .window = 0},
                  {});
  stack_->node().output(std::move(packet));
}

std::uint32_t TcpConnection::receive_room() const {
  return settings_.window > unread_.size() ? settings_.window - static_cast<std::uint32_t>(unread_.size()) : 0;
}

/// The window field to send now. Its right edge never moves back (RFC 9293 section 3.8.6).
std::uint16_t TcpConnection::offer_window() {
  std::uint32_t edge = received_ + receive_room();
  if (before(edge, advertised_)) edge = advertised_;
  const std::uint32_t field = std::min<std::uint32_t>((edge - received_) >> receive_scale_, 65535);
  const std::uint32_t told = received_ + (field << receive_scale_);
  if (before(advertised_, told)) advertised_ = told;
  return static_cast<std::uint16_t>(field);
}

}  // namespace masqsim::net
