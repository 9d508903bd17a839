#include "tcp_tracker.hpp"

#include <algorithm>

#include "sim/wire/sequence.hpp"

namespace masqsim::nat {

namespace {

constexpr Cell SS = Cell::syn_sent, S2 = Cell::syn_sent2, SR = Cell::syn_recv, ES = Cell::established,
               FW = Cell::fin_wait, CW = Cell::close_wait, LA = Cell::last_ack, TW = Cell::time_wait, CL = Cell::close,
               ig = Cell::ignored, iv = Cell::invalid;

}  // namespace

// SYN in TW or CL: starts anew if the tracker knows that the connection was closed, else ignored (see `may_reopen`).
// RST in SS: the entry goes at once, because nothing was ever answered (see `tcp_follow`).
//                              none  SS  S2  SR  ES  FW  CW  LA  TW  CL
constexpr TcpTable tcp_original{{{SS, SS, S2, ig, ig, ig, ig, ig, SS, SS},    // SYN
                                 {iv, iv, SR, SR, iv, iv, iv, iv, iv, iv},    // SYN+ACK
                                 {iv, iv, iv, FW, FW, LA, LA, LA, TW, CL},    // FIN
                                 {ES, iv, iv, ES, ES, CW, CW, TW, TW, CL},    // ACK
                                 {iv, CL, CL, CL, CL, CL, CL, CL, CL, CL},    // RST
                                 {iv, iv, iv, iv, iv, iv, iv, iv, iv, iv}}};  // none of them
constexpr TcpTable tcp_reply{{{iv, S2, S2, iv, iv, iv, iv, iv, SS, iv},       // SYN
                              {iv, SR, SR, ig, ig, ig, ig, ig, ig, ig},       // SYN+ACK
                              {iv, iv, iv, FW, FW, LA, LA, LA, TW, CL},       // FIN
                              {iv, ig, ig, SR, ES, CW, CW, TW, TW, CL},       // ACK
                              {iv, CL, CL, CL, CL, CL, CL, CL, CL, CL},       // RST
                              {iv, iv, iv, iv, iv, iv, iv, iv, iv, iv}}};     // none of them

namespace {

using wire::after;
using wire::before;
using wire::TcpFlags;

// Bits of TcpTrack::Side::flags and TcpTrack::last_flags.
constexpr std::uint8_t window_scale = 1, sack_permitted = 2, close_began = 4, liberal = 8, unacknowledged = 16,
                       max_ack_set = 32, simultaneous_open = 64, challenge_expected = 128;

constexpr std::uint32_t smallest_ack_window = 66000;
constexpr unsigned repeats_allowed = 3;  // nf_conntrack_tcp_max_retrans

constexpr std::uint8_t number(TcpKind k) { return static_cast<std::uint8_t>(k); }
constexpr std::uint8_t number(Direction d) { return static_cast<std::uint8_t>(d); }

/// Calls `visit(kind, body)` for each option until the list ends or is damaged.
template <typename Visit>
void each_option(wire::ByteView left, Visit visit) {
  while (!left.empty() && left[0] != 0) {
    if (left[0] == 1) {
      left = left.subspan(1);
      continue;
    }
    if (left.size() < 2 || left[1] < 2 || left[1] > left.size()) return;
    visit(left[0], left.subspan(2, left[1] - 2u));
    left = left.subspan(left[1]);
  }
}

void note_options(TcpTrack::Side& side, const TcpSegment& segment) {
  if (segment.options.empty()) return;
  side.scale = 0;
  side.flags = side.flags & liberal;
  each_option(segment.options, [&](std::uint8_t kind, wire::ByteView body) {
    if (kind == 4 && body.empty()) side.flags |= sack_permitted;
    if (kind == 3 && body.size() == 1) {
      side.scale = std::min<std::uint8_t>(body[0], 14);  // RFC 7323 section 2.3
      side.flags |= window_scale;
    }
  });
}

/// The highest right edge among ACK and SACK blocks (RFC 2018).
std::uint32_t highest_acknowledged(const TcpSegment& segment) {
  std::uint32_t highest = segment.acknowledgment;
  bool found = false;
  each_option(segment.options, [&](std::uint8_t kind, wire::ByteView body) {
    if (found || kind != 5 || body.size() < 8 || body.size() % 8 != 0) return;
    found = true;
    for (std::size_t at = 4; at < body.size(); at += 8) {
      const std::uint32_t right = wire::load32(&body[at]);
      if (after(right, highest)) highest = right;
    }
  });
  return highest;
}

constexpr std::uint32_t at_least_one(std::uint32_t window) { return window == 0 ? 1 : window; }

/// Learns a side from its SYN. Scaling counts only if both sides offer it (RFC 7323 section 2.2).
void begin_side(TcpTrack::Side& sender, TcpTrack::Side& receiver, const TcpSegment& segment, Direction direction) {
  sender.end = sender.max_end = segment.end;
  sender.max_window = at_least_one(segment.window);
  note_options(sender, segment);
  if (direction == Direction::reply && (sender.flags & receiver.flags & window_scale) == 0) {
    sender.scale = receiver.scale = 0;
  }
}

enum class Fit : std::uint8_t { fits, ignored, beyond_window, acknowledges_unsent };

/// The window checks: is the segment one that the two sides could be exchanging now? Where it is, both
/// sides are brought up to date.
Fit fit_window(TcpTrack& track, TcpState state, Direction direction, const TcpSegment& segment,
               std::int32_t acknowledgment_offset, const Config& config) {
  TcpTrack::Side& sender = track.seen[number(direction)];
  TcpTrack::Side& receiver = track.seen[number(opposite(direction))];
  const bool syn = segment.flags.any(TcpFlags::syn);
  const bool has_ack = segment.flags.any(TcpFlags::ack);
  const auto offset = static_cast<std::uint32_t>(acknowledgment_offset);
  std::uint32_t sequence = segment.sequence;
  std::uint32_t end = segment.end;
  std::uint32_t ack = segment.acknowledgment - offset;
  std::uint32_t sack =
      ((receiver.flags & sack_permitted) != 0 ? highest_acknowledged(segment) : segment.acknowledgment) - offset;

  if (sender.max_window == 0) {
    if (syn) {
      begin_side(sender, receiver, segment, direction);
      if (!has_ack) return Fit::fits;  // simultaneous open
    } else {                           // picked up in the middle: this side has not been seen before
      sender.end = end;
      sender.max_window = at_least_one(std::uint32_t{segment.window} << sender.scale);
      sender.max_end = end + sender.max_window;
      if (receiver.max_window == 0) {
        receiver.end = receiver.max_end = sack;
      } else if (sack == receiver.end + 1) {
        ++receiver.end;  // the answer to a keep-alive
      }
    }
  } else if (syn && after(end, sender.end) && (state == TcpState::syn_sent || state == TcpState::syn_recv)) {
    begin_side(sender, receiver, segment, direction);  // RFC 9293 section 3.4.3: a TCP that begins anew
    if (direction == Direction::reply && !has_ack) return Fit::fits;
  }

  const bool empty_ack = segment.flags.has(TcpFlags::ack | TcpFlags::rst) && ack == 0;  // some stacks reset so
  if (!has_ack || empty_ack) ack = sack = receiver.end;
  if (segment.kind == TcpKind::rst && sequence == 0 && state == TcpState::syn_sent) sequence = end = sender.end;

  const auto outside = [&](Fit fit) {
    return (sender.flags & liberal) != 0 || config.tcp_be_liberal ? Fit::fits : fit;
  };
  const std::uint32_t ack_window = std::max(sender.max_window, smallest_ack_window);
  const bool ack_seen = before(sack, receiver.end + 1);
  const bool ack_recent = after(sack, receiver.end - ack_window - 1);
  const bool end_recent = after(end, sender.end - receiver.max_window - 1);
  if (after(sequence, sender.max_end)) {
    const std::uint32_t overshot = end - sender.max_end + 1;
    if (receiver.max_window == 0 || !end_recent || !ack_recent || !ack_seen || overshot > receiver.max_window) {
      return outside(Fit::beyond_window);
    }
    sender.end = end;  // it may be acknowledged, so it must be known
    sender.flags |= unacknowledged;
    return outside(Fit::ignored);
  }
  if (!ack_seen) return outside(Fit::acknowledges_unsent);
  if ((receiver.max_window != 0 && !end_recent) || !ack_recent) return outside(Fit::ignored);

  const std::uint32_t window = syn ? segment.window : std::uint32_t{segment.window} << sender.scale;
  sender.max_window = std::max(sender.max_window, window + (sack - ack));
  if (after(end, sender.end)) {
    sender.end = end;
    sender.flags |= unacknowledged;
  }
  if (has_ack && ((sender.flags & max_ack_set) == 0 || after(ack, sender.max_ack))) {
    sender.max_ack = ack;
    sender.flags |= max_ack_set;
  }
  if (receiver.max_window != 0 && after(end, sender.max_end)) receiver.max_window += end - sender.max_end;
  if (after(sack + window, receiver.max_end - 1)) receiver.max_end = sack + window + (window == 0 ? 1 : 0);
  if (ack == receiver.end) receiver.flags = receiver.flags & static_cast<std::uint8_t>(~unacknowledged);

  if (segment.kind == TcpKind::ack) {
    const bool same = track.last_direction == number(direction) && track.last_sequence == sequence &&
                      track.last_acknowledgment == ack && track.last_end == end && track.last_window == segment.window;
    if (same) {
      ++track.repeats;
    } else {
      track.last_direction = number(direction);
      track.last_sequence = sequence;
      track.last_acknowledgment = ack;
      track.last_end = end;
      track.last_window = segment.window;
      track.repeats = 0;
    }
  }
  return Fit::fits;
}

Duration timeout_of(TcpState state, const Timeouts& t) {
  switch (state) {
    case TcpState::none:
    case TcpState::syn_sent:
    case TcpState::syn_sent2: return t.tcp_syn_sent;
    case TcpState::syn_recv: return t.tcp_syn_recv;
    case TcpState::established: return t.tcp_established;
    case TcpState::fin_wait: return t.tcp_fin_wait;
    case TcpState::close_wait: return t.tcp_close_wait;
    case TcpState::last_ack: return t.tcp_last_ack;
    case TcpState::time_wait: return t.tcp_time_wait;
    case TcpState::close: return t.tcp_close;
  }
  return t.tcp_close;
}

Duration timeout_after(const TcpTrack& track, TcpState state, TcpKind kind, const Timeouts& t) {
  const Duration usual = timeout_of(state, t);
  if (track.repeats >= repeats_allowed && usual > t.tcp_max_retrans) return t.tcp_max_retrans;
  if (kind == TcpKind::rst) return t.tcp_close;
  if (((track.seen[0].flags | track.seen[1].flags) & unacknowledged) != 0 && usual > t.tcp_unacknowledged) {
    return t.tcp_unacknowledged;
  }
  if (track.last_window == 0 && usual > t.tcp_max_retrans) return t.tcp_max_retrans;
  return usual;
}

/// A SYN on a closed entry starts a new connection if a FIN closed it, or an RST from the same side.
bool may_reopen(const TcpTrack& track, Direction direction) {
  return ((track.seen[0].flags | track.seen[1].flags) & close_began) != 0 ||
         (track.last_direction == number(direction) && track.last_kind == number(TcpKind::rst));
}

/// A SYN/ACK that answers a SYN which was ignored just before: both ends agree, only the tracker was behind.
bool resynchronises(const TcpTrack& track, Direction direction, const TcpSegment& segment) {
  return segment.kind == TcpKind::syn_ack && track.last_kind == number(TcpKind::syn) &&
         track.last_direction != number(direction) && segment.acknowledgment == track.last_end;
}

void resynchronise(TcpTrack& track, Direction direction) {
  TcpTrack::Side& caller = track.seen[track.last_direction];
  caller.end = caller.max_end = track.last_end;
  caller.max_window = at_least_one(track.last_window);
  caller.scale = track.last_scale;
  track.last_flags = track.last_flags & static_cast<std::uint8_t>(~challenge_expected);
  caller.flags = track.last_flags;
  TcpTrack::Side& answerer = track.seen[number(direction)];
  // a picked-up flow stays so towards the caller
  const auto kept = static_cast<std::uint8_t>(answerer.flags & liberal);
  answerer = {};
  answerer.flags = kept;
}

/// Remembers an ignored segment: its answer may show that it was the tracker that was wrong.
void note_ignored(TcpTrack& track, TcpState state, Direction direction, const TcpSegment& segment) {
  track.last_kind = number(segment.kind);
  track.last_direction = number(direction);
  track.last_sequence = segment.sequence;
  track.last_end = segment.end;
  track.last_window = segment.window;
  if (segment.kind == TcpKind::syn && direction == Direction::original) {
    TcpTrack::Side offered;
    note_options(offered, segment);
    track.last_flags = offered.flags;
    track.last_scale = offered.scale;
    if (state == TcpState::last_ack) track.last_flags |= challenge_expected;  // RFC 5961 section 4
  }
  if (state == TcpState::syn_sent && segment.kind == TcpKind::ack && direction == Direction::reply) {
    track.last_acknowledgment = segment.acknowledgment;
  }
}

enum class Reset : std::uint8_t { check_window, skip_window, keep_state, invalid };

/// What an RST may do (RFC 5961 section 3): it must hit the number that the other side expects.
Reset judge_reset(const TcpTrack& track, TcpState state, std::uint16_t status, Direction direction,
                  const TcpSegment& segment) {
  if (state >= TcpState::fin_wait) return Reset::skip_window;
  const TcpTrack::Side& receiver = track.seen[number(opposite(direction))];
  const bool live = state == TcpState::established && (status & status::assured) != 0;
  if ((receiver.flags & max_ack_set) != 0 && track.last_kind != number(TcpKind::syn)) {
    if (segment.sequence == 0 && !live) return Reset::check_window;
    if (before(segment.sequence, receiver.max_ack)) return Reset::invalid;
    if (!live || segment.sequence == receiver.max_ack) return Reset::check_window;
    const bool follows_own_data = track.last_kind == number(TcpKind::ack) &&
                                  track.last_direction == number(direction) && segment.sequence == track.last_end;
    return follows_own_data ? Reset::check_window : Reset::keep_state;
  }
  const bool answers_syn = (status & status::seen_reply) != 0 && track.last_kind == number(TcpKind::syn) &&
                           track.last_direction != number(direction);
  const bool answers_ack = (status & status::assured) == 0 && track.last_kind == number(TcpKind::ack);
  if ((answers_syn || answers_ack) && segment.acknowledgment == track.last_end) return Reset::skip_window;
  // RFC 5961: the ACK that was let through before the SYN's answer was a challenge, and this is what it asked for.
  const bool meets_challenge = state == TcpState::syn_sent && track.last_kind == number(TcpKind::ack) &&
                               track.last_direction == number(Direction::reply) &&
                               segment.sequence == track.last_acknowledgment;
  return meets_challenge ? Reset::skip_window : Reset::check_window;
}

/// FIN or RST out of the window on both sides: the two ends are done, only the tracker was not told.
TcpVerdict invalid_segment(TcpTrack& track, std::uint16_t status, Direction direction, TcpKind kind, Duration left,
                           const Timeouts& timeouts) {
  TcpVerdict verdict{TcpVerdict::What::invalid, std::nullopt, false};
  if ((status & status::assured) == 0 || (kind != TcpKind::rst && kind != TcpKind::fin)) return verdict;
  const bool answers_end = track.last_direction != number(direction) &&
                           (track.last_kind == number(TcpKind::fin) || track.last_kind == number(TcpKind::rst));
  if (!answers_end) {
    track.last_kind = number(kind);
    track.last_direction = number(direction);
    return verdict;
  }
  if (left >= 120_s && left > timeouts.tcp_unacknowledged) verdict.timeout = timeouts.tcp_unacknowledged;
  return verdict;
}

constexpr TcpState state_of(Cell cell) { return static_cast<TcpState>(static_cast<std::uint8_t>(cell) + 1); }

}  // namespace

TcpKind kind_of(wire::TcpFlags flags) {
  if (flags.any(TcpFlags::rst)) return TcpKind::rst;
  if (flags.any(TcpFlags::syn)) return flags.any(TcpFlags::ack) ? TcpKind::syn_ack : TcpKind::syn;
  if (flags.any(TcpFlags::fin)) return TcpKind::fin;
  return flags.any(TcpFlags::ack) ? TcpKind::ack : TcpKind::none;
}

bool flags_valid(wire::TcpFlags flags) {
  switch (flags.bits & (TcpFlags::fin | TcpFlags::syn | TcpFlags::rst | TcpFlags::ack | TcpFlags::urg)) {
    case TcpFlags::syn:
    case TcpFlags::syn | TcpFlags::urg:
    case TcpFlags::syn | TcpFlags::ack:
    case TcpFlags::rst:
    case TcpFlags::rst | TcpFlags::ack:
    case TcpFlags::fin | TcpFlags::ack:
    case TcpFlags::fin | TcpFlags::ack | TcpFlags::urg:
    case TcpFlags::ack:
    case TcpFlags::ack | TcpFlags::urg: return true;
    default: return false;
  }
}

TcpSegment read_segment(wire::TcpView tcp) {
  const wire::TcpFlags flags = tcp.flags();
  const auto data = static_cast<std::uint32_t>(tcp.payload().size());
  const std::uint32_t end =
      tcp.sequence() + data + (flags.any(TcpFlags::syn) ? 1 : 0) + (flags.any(TcpFlags::fin) ? 1 : 0);
  return {kind_of(flags), flags, tcp.sequence(), tcp.acknowledgment(), end, tcp.window(), tcp.options()};
}

bool tcp_begin(TcpTrack& track, const TcpSegment& segment, const Config& config) {
  const Cell first = tcp_original[number(segment.kind)][0];
  if (first == Cell::invalid || (first != Cell::syn_sent && !config.tcp_loose)) return false;
  track = {};
  TcpTrack::Side& sender = track.seen[0];
  sender.end = sender.max_end = segment.end;
  sender.max_window = at_least_one(segment.window);
  track.last_kind = number(TcpKind::none);
  if (first == Cell::syn_sent) {
    note_options(sender, segment);
    return true;
  }
  // Nothing is known of the scaling that was agreed, so the window is not enforced.
  sender.max_end += sender.max_window;
  track.seen[0].flags = track.seen[1].flags = sack_permitted | liberal;
  return true;
}

TcpVerdict tcp_follow(TcpTrack& track, TcpState& state, std::uint16_t status, Direction direction,
                      const TcpSegment& segment, std::int32_t acknowledgment_offset, Duration left,
                      const Config& config) {
  using What = TcpVerdict::What;
  const TcpTable& table = direction == Direction::original ? tcp_original : tcp_reply;
  Cell cell = table[number(segment.kind)][static_cast<std::size_t>(state)];
  if (cell == Cell::invalid) return {What::invalid, std::nullopt, false, TcpVerdict::Why::state};

  TcpState old = state;
  bool check_window = true;
  if (cell == Cell::syn_sent && old >= TcpState::time_wait) {
    if (may_reopen(track, direction)) return {What::reopened, std::nullopt, false};
    cell = Cell::ignored;
  }
  if (cell == Cell::ignored) {
    if (!resynchronises(track, direction, segment)) {
      note_ignored(track, old, direction, segment);
      return {What::ignored, std::nullopt, false};
    }
    resynchronise(track, direction);
    old = TcpState::syn_sent;
    cell = Cell::syn_recv;
  }
  TcpState next = state_of(cell);
  if (next == TcpState::time_wait && old == TcpState::last_ack && segment.kind == TcpKind::ack &&
      track.last_direction != number(direction) && track.last_kind == number(TcpKind::syn) &&
      (track.last_flags & challenge_expected) != 0) {
    track.last_flags = track.last_flags & static_cast<std::uint8_t>(~challenge_expected);
    return {What::ignored, std::nullopt, false};  // RFC 5961: an ACK that challenges the SYN, not one for the FIN
  }
  if (next == TcpState::syn_sent2) track.last_flags |= simultaneous_open;
  if (next == TcpState::syn_recv && direction == Direction::reply && segment.kind == TcpKind::ack &&
      (track.last_flags & simultaneous_open) != 0) {
    next = TcpState::established;
  }
  if (segment.kind == TcpKind::rst) {
    switch (judge_reset(track, old, status, direction, segment)) {
      case Reset::invalid: return {What::invalid, std::nullopt, false, TcpVerdict::Why::reset};
      case Reset::keep_state: next = old; break;
      case Reset::skip_window: check_window = false; break;
      case Reset::check_window: break;
    }
  }
  if (check_window) {
    const Fit fit = fit_window(track, state, direction, segment, acknowledgment_offset, config);
    switch (fit) {
      case Fit::ignored: return {What::ignored, std::nullopt, false};
      case Fit::fits: break;
      case Fit::beyond_window:
      case Fit::acknowledges_unsent: {
        TcpVerdict verdict = invalid_segment(track, status, direction, segment.kind, left, config.timeouts);
        verdict.why = fit == Fit::beyond_window ? TcpVerdict::Why::beyond_window : TcpVerdict::Why::unsent_acknowledged;
        return verdict;
      }
    }
  }

  track.last_kind = number(segment.kind);
  track.last_direction = number(direction);
  state = next;
  if (old != next && next == TcpState::fin_wait) track.seen[number(direction)].flags |= close_began;
  TcpVerdict verdict{What::accepted, timeout_after(track, next, segment.kind, config.timeouts), false};
  if ((status & status::seen_reply) == 0) {
    if (segment.kind == TcpKind::rst) {
      verdict.what = What::removed;  // only ever refused: nothing is worth keeping
    } else if (segment.kind == TcpKind::syn && old == TcpState::syn_sent) {
      verdict.timeout.reset();  // a repeated SYN must not keep the port for ever
    } else if (next == TcpState::established) {
      verdict.timeout = std::min(*verdict.timeout, config.timeouts.tcp_unacknowledged);
    }
    return verdict;
  }
  verdict.assured = next == TcpState::established && (old == TcpState::syn_recv || old == TcpState::established);
  return verdict;
}

}  // namespace masqsim::nat
