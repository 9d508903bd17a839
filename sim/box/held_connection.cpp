#include "held_connection.hpp"

#include <algorithm>
#include <utility>

#include "sim/net/network.hpp"
#include "sim/wire/sequence.hpp"

namespace masqsim::box {

using wire::before;
using wire::TcpFlags;

namespace {

constexpr Duration delay = 40_ms, tick = 4_ms, pressing = 100_us, least_variation = 200_ms;
constexpr std::uint32_t stamps_size = 12, bare_header = 20;
enum Alarm : std::uint64_t { late, pressed };

TextRange range_of(wire::TcpView tcp) {
  const wire::TcpFlags flags = tcp.flags();
  const auto length = static_cast<std::uint32_t>(tcp.payload().size()) + (flags.any(TcpFlags::syn) ? 1 : 0) +
                      (flags.any(TcpFlags::fin) ? 1 : 0);
  return {tcp.sequence(), tcp.sequence() + length};
}

/// What Linux takes for the size of the peer's segments before any came: what it would send itself, but 536 at most.
/// That is never more than half of the window that the peer offers, or the whole of a small one.
std::uint32_t first_guess(const Agreement& a, std::uint32_t offered) {
  constexpr std::uint32_t least = 88, most = 536;
  const std::uint32_t theirs = std::min(a.their_mss, a.first.mss);
  const std::uint32_t text = a.timestamps && theirs > stamps_size ? theirs - stamps_size : theirs;
  const std::uint32_t bound = offered > most ? offered / 2 : offered == 0 ? most : offered;
  return std::clamp(std::min({text, bound, a.first.window / 2}), least, most);
}

}  // namespace

HeldConnection::HeldConnection(net::Stack& stack, const Agreement& agreed, std::uint32_t offered,
                               std::uint16_t first_id, Duration round_trip)
    : stack_(stack),
      agreed_(agreed),
      next_(agreed.theirs + 1),
      window_(agreed.first, agreed.scaled, first_guess(agreed, offered), next_),
      early_(agreed.sack),
      next_id_(first_id),
      retransmission_(round_trip + least_variation),
      window_from_(agreed.theirs),
      last_text_(now()) {}

Time HeldConnection::now() const { return stack_.network().now(); }

HeldConnection::Outcome HeldConnection::on_segment(wire::Ipv4View ip, wire::TcpView tcp) {
  const wire::TcpFlags flags = tcp.flags();
  const TextRange r = range_of(tcp);
  if (!flags.any(TcpFlags::ack | TcpFlags::rst | TcpFlags::syn)) return Outcome::ignored;
  const std::optional<wire::TcpTimestamps> stamps =
      agreed_.timestamps ? wire::read_options(tcp).timestamps : std::nullopt;
  if (const std::optional<Outcome> settled = check(tcp, r, stamps)) return *settled;
  if (stamps && !before(window_.told_at(), r.begin) && !is_old_stamp(*stamps, agreed_.recent, 0))
    agreed_.recent = stamps->value;
  if (offers_anew(tcp, r)) {
    window_from_ = r.begin;
    peer_window_ = offered_by(tcp);
  }
  const bool behind_fin = fin_ && !before(r.begin, next_);
  const bool more_than_fin = fin_ && before(next_, r.end - (flags.any(TcpFlags::fin) ? 1 : 0));
  if (more_than_fin && !behind_fin) return end(Outcome::refused);
  if (r.begin != r.end && !behind_fin) take_text(ip, tcp, r);
  acknowledge_if_due();
  return Outcome::taken;
}

/// RFC 9293 section 3.10.7.4 up to the acknowledgment, with RFC 5961 and 7323 (tcp_validate_incoming): what becomes of
/// a segment that is not to be read further.
std::optional<HeldConnection::Outcome> HeldConnection::check(wire::TcpView tcp, TextRange r,
                                                             const std::optional<wire::TcpTimestamps>& stamps) {
  const bool resets = tcp.flags().any(TcpFlags::rst), opens = tcp.flags().any(TcpFlags::syn);
  const bool last_number = fin_ && r.begin == next_ - 1;
  const bool old =
      !resets && stamps && is_old_stamp(*stamps, agreed_.recent, 1) && !repeats_acknowledgment(tcp, r, *stamps);
  if (old && !opens && r.begin == r.end && before(r.begin, next_)) return Outcome::ignored;
  if (old || before(r.end, window_.told_at()) || !has_valid_end(r)) {
    if (resets) return last_number ? end(Outcome::ended) : Outcome::ignored;
    if (opens) return challenge();
    if (!is_rationed(tcp, now(), last_challenge_)) answer_stale(r);
    return Outcome::ignored;
  }
  if (resets) return r.begin == next_ || early_.edge() == r.begin || last_number ? end(Outcome::ended) : challenge();
  if (opens) return challenge();
  if (tcp.acknowledgment() != agreed_.own + 1) return established_ ? challenge() : Outcome::refused;
  established_ = true;
  return std::nullopt;
}

HeldConnection::Outcome HeldConnection::end(Outcome how) {
  open_ = false;
  return how;
}

std::uint32_t HeldConnection::offered_by(wire::TcpView tcp) const {
  return std::uint32_t{tcp.window()} << agreed_.their_scale;
}

bool HeldConnection::offers_anew(wire::TcpView tcp, TextRange r) const {
  if (window_from_ != r.begin) return before(window_from_, r.begin);
  const std::uint32_t offered = offered_by(tcp);
  return offered > peer_window_ || offered == 0;
}

/// RFC 7323 appendix C's reordered acknowledgment: old, but without any news.
bool HeldConnection::repeats_acknowledgment(wire::TcpView tcp, TextRange r, const wire::TcpTimestamps& t) const {
  constexpr std::int64_t ticks_a_second = 250;
  const std::int64_t ticks = (retransmission_.ns + tick.ns - 1) / tick.ns;
  return tcp.flags().any(TcpFlags::ack) && r.begin == r.end && r.begin == next_ &&
         tcp.acknowledgment() == agreed_.own + 1 && !offers_anew(tcp, r) &&
         !is_old_stamp(t, agreed_.recent, static_cast<std::int32_t>(ticks * 1200 / ticks_a_second));
}

/// What ends behind the window is only taken where nothing else waits for the program.
bool HeldConnection::has_valid_end(TextRange r) const {
  const std::uint32_t edge = next_ + window_.left(next_);
  if (!before(edge, r.end)) return true;
  return !before(edge, r.begin) && !window_.holds_text();
}

/// RFC 5961: the sender, if it is the true one, will answer with numbers that fit.
HeldConnection::Outcome HeldConnection::challenge() {
  if (!is_rationed(now(), last_challenge_)) acknowledge();
  return Outcome::ignored;
}

void HeldConnection::answer_stale(TextRange r) {
  if (r.begin != r.end && before(r.begin, next_)) {
    leave_patience(quick_at_most);
    early_.note_duplicate({r.begin, before(next_, r.end) ? next_ : r.end});
  }
  acknowledge();
}

void HeldConnection::take_text(wire::Ipv4View ip, wire::TcpView tcp, TextRange r) {
  const Frame frame = frame_of(ip.header_length() + tcp.bytes().size(), tcp.payload().size());
  if (agreed_.ecn && tcp.flags().any(TcpFlags::cwr)) {
    congestion_seen_ = false;
    owed_now_ = true;
  }
  early_.forget_duplicate();
  const std::uint32_t edge = next_ + window_.left(next_);
  if (!before(next_, r.end)) {
    early_.note_duplicate(r);
    return acknowledge_at_once();
  }
  const bool bare_fin = r.begin == next_ && tcp.payload().empty();
  if (!before(r.begin, edge) && !bare_fin) return acknowledge_at_once();
  if (before(next_, r.begin)) {
    see_congestion(ip);
    return take_early(frame, tcp, r);
  }
  if (before(r.begin, next_)) early_.note_duplicate({r.begin, next_});
  take_in_order(frame, ip, tcp, r);
}

void HeldConnection::acknowledge_at_once() {
  leave_patience(quick_at_most);
  owed_ = true;
}

void HeldConnection::measure(const Frame& frame, wire::TcpView tcp) {
  const bool partial = tcp.flags().any(TcpFlags::fin | TcpFlags::urg | TcpFlags::syn | TcpFlags::psh);
  window_.measure(frame, tcp.header_length(), bare_header + (agreed_.timestamps ? stamps_size : 0), partial);
}

void HeldConnection::take_early(const Frame& frame, wire::TcpView tcp, TextRange r) {
  owed_ = true;
  measure(frame, tcp);
  const auto crowd = [this] {
    if (pressed_at_ != Time::never()) acknowledge();
  };
  const EarlyText::Kept kept = early_.add(r, tcp.flags().any(TcpFlags::fin), frame, window_, crowd);
  if (kept != EarlyText::Kept::not_at_all && agreed_.sack && window_.grow(frame)) quick_ |= 1;
  if (kept == EarlyText::Kept::alone) window_.keep_early(frame);  // Linux, too, charges it after it has grown
}

void HeldConnection::take_in_order(const Frame& frame, wire::Ipv4View ip, wire::TcpView tcp, TextRange r) {
  window_.queue(frame, r.begin == next_);
  next_ = r.end;
  if (!tcp.payload().empty()) {
    owed_ = true;
    measure(frame, tcp);
    if (fresh_ || now() - last_text_ > retransmission_) be_quick(quick_at_most);
    fresh_ = false;
    last_text_ = now();
    see_congestion(ip);
    if (frame.text >= 128 && window_.grow(frame)) quick_ |= 1;
  }
  if (tcp.flags().any(TcpFlags::fin)) take_fin();
  if (early_.empty()) return;
  if (early_.take(next_, window_)) take_fin();
  if (early_.empty()) owed_now_ = true;
  early_.forget_blocks_before(next_);
}

void HeldConnection::take_fin() {
  owed_ = true;
  fin_ = patient_ = true;
  early_.clear();
}

/// RFC 3168 section 6.1.3.
void HeldConnection::see_congestion(wire::Ipv4View ip) {
  constexpr std::uint8_t field = 3, experienced = 3;
  if (!agreed_.ecn) return;
  const std::uint8_t mark = ip.tos() & field;
  if (mark == 0) {
    if (marks_seen_) leave_patience(2);  // probably sent anew
    return;
  }
  marks_seen_ = true;
  if (mark != experienced || congestion_seen_) return;
  leave_patience(2);
  congestion_seen_ = true;
}

void HeldConnection::be_quick(unsigned most) {
  const unsigned half_window = window_.window() / (2 * window_.largest());
  quick_ = std::max(quick_, std::min(half_window == 0 ? 2 : half_window, most));
}

void HeldConnection::leave_patience(unsigned most) {
  be_quick(most);
  patient_ = fresh_ = false;
}

void HeldConnection::acknowledge_if_due() {
  constexpr std::uint8_t told_singly = 3;
  if (!owed_ && !owed_now_) return;
  bool scarce = false;
  const bool two_segments = next_ - window_.told_at() > window_.largest() && window_.choose(scarce) >= window_.window();
  if (scarce) quick_ = 0;
  if (two_segments || (quick_ > 0 && !patient_) || owed_now_) return acknowledge();
  if (early_.empty()) return acknowledge_later();
  if (!agreed_.sack) return acknowledge();
  if (pressed_at_next_ != next_) {
    pressed_at_next_ = next_;
    early_told_ = 0;
  }
  if (early_told_ < told_singly) {
    ++early_told_;
    return acknowledge();
  }
  if (pressed_at_ != Time::never()) return;
  pressed_at_ = now() + pressing;
  stack_.network().engine().schedule(pressed_at_, *this, pressed);
}

void HeldConnection::acknowledge_later() {
  if (late_at_ != Time::never()) {
    if (fresh_ || late_at_ <= now() + delay / 4) acknowledge();
    return;
  }
  late_at_ = now() + (fresh_ ? tick : delay);
  stack_.network().engine().schedule(late_at_, *this, late);
}

void HeldConnection::on_event(std::uint64_t which) {
  Time& due = which == late ? late_at_ : pressed_at_;
  if (!open_ || due != now()) return;
  due = Time::never();
  if (which == late && std::exchange(patient_, false)) fresh_ = false;
  acknowledge();
}

void HeldConnection::acknowledge() {
  bool scarce = false;
  const std::uint16_t field = window_.offer(next_, scarce);
  if (scarce) quick_ = 0;
  OptionList options;
  if (agreed_.timestamps) options.timestamps(timestamp_now(agreed_, now()), agreed_.recent);
  if (early_.has_report()) {
    const std::vector<TextRange> blocks = early_.report((options.room() - 4) / 8);
    options.word(1, 1, 5, static_cast<std::uint8_t>(2 + 8 * blocks.size()));
    for (const TextRange block : blocks) options.number(block.begin), options.number(block.end);
  }
  net::Packet packet = stack_.make(40 + agreed_.ip_options.size + options.view().size(), agreed_.flow);
  wire::write_tcp(packet.bytes(),
                  {.source = agreed_.local.address,
                   .destination = agreed_.remote.address,
                   .ttl = stack_.ttl(),
                   .id = next_id_++,
                   .options = agreed_.ip_options.view()},
                  {.source_port = agreed_.local.port,
                   .destination_port = agreed_.remote.port,
                   .sequence = agreed_.own + 1,
                   .acknowledgment = next_,
                   .flags = {static_cast<std::uint8_t>(TcpFlags::ack | (congestion_seen_ ? TcpFlags::ece : 0))},
                   .window = field,
                   .options = options.view()},
                  {});
  if (owed_ && quick_ > 0 && --quick_ == 0) fresh_ = false;
  owed_ = owed_now_ = false;
  late_at_ = pressed_at_ = Time::never();
  stack_.node().output(std::move(packet));
}

}  // namespace masqsim::box
