#include "sctp_tracker.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>

namespace masqsim::nat {

namespace {

constexpr SctpState NO = SctpState::none, CL = SctpState::closed, CW = SctpState::cookie_wait,
                    CE = SctpState::cookie_echoed, ES = SctpState::established, SS = SctpState::shutdown_sent,
                    SR = SctpState::shutdown_recd, SA = SctpState::shutdown_ack_sent, HS = SctpState::heartbeat_sent;

constexpr std::uint8_t data = 0, init = 1, init_ack = 2, heartbeat = 4, heartbeat_ack = 5, abort_chunk = 6,
                       shutdown = 7, shutdown_ack = 8, error = 9, cookie_echo = 10, cookie_ack = 11,
                       shutdown_complete = 14;

}  // namespace

// Linux waits in CLOSED, 10 s, for the answer to an INIT, and 3 s in each step after it.
constexpr std::array<std::uint8_t, 11> sctp_chunks{
    init,        init_ack,   abort_chunk,       shutdown,  shutdown_ack, error,
    cookie_echo, cookie_ack, shutdown_complete, heartbeat, heartbeat_ack};
//                                none CL  CW  CE  ES  SS  SR  SA  HS
constexpr SctpTable sctp_original{{{CL, CL, CW, CE, ES, CL, CL, SA, CW},    // INIT
                                   {CL, CL, CW, CE, ES, SS, SR, SA, CL},    // INIT ACK
                                   {CL, CL, CL, CL, CL, CL, CL, CL, CL},    // ABORT
                                   {CL, CL, CW, CE, SS, SS, SR, SA, CL},    // SHUTDOWN
                                   {SA, CL, CW, CE, ES, SA, SA, SA, SA},    // SHUTDOWN ACK
                                   {CL, CL, CW, CE, ES, SS, SR, SA, CL},    // ERROR
                                   {CL, CL, CE, CE, ES, SS, SR, SA, CL},    // COOKIE ECHO
                                   {CL, CL, CW, ES, ES, SS, SR, SA, CL},    // COOKIE ACK
                                   {CL, CL, CW, CE, ES, SS, SR, CL, CL},    // SHUTDOWN COMPLETE
                                   {HS, CL, CW, CE, ES, SS, SR, SA, HS},    // HEARTBEAT
                                   {CL, CL, CW, CE, ES, SS, SR, SA, HS}}};  // HEARTBEAT ACK
constexpr SctpTable sctp_reply{{{NO, CL, CW, CE, ES, SS, SR, SA, NO},       // INIT
                                {NO, CW, CW, CE, ES, SS, SR, SA, NO},       // INIT ACK
                                {NO, CL, CL, CL, CL, CL, CL, CL, NO},       // ABORT
                                {NO, CL, CW, CE, SR, SS, SR, SA, NO},       // SHUTDOWN
                                {NO, CL, CW, CE, ES, SA, SA, SA, NO},       // SHUTDOWN ACK
                                {NO, CL, CW, CL, ES, SS, SR, SA, NO},       // ERROR
                                {NO, CL, CE, CE, ES, SS, SR, SA, NO},       // COOKIE ECHO
                                {NO, CL, CW, ES, ES, SS, SR, SA, NO},       // COOKIE ACK
                                {NO, CL, CW, CE, ES, SS, SR, CL, NO},       // SHUTDOWN COMPLETE
                                {NO, CL, CW, CE, ES, SS, SR, SA, HS},       // HEARTBEAT
                                {NO, CL, CW, CE, ES, SS, SR, SA, ES}}};     // HEARTBEAT ACK

namespace {

constexpr std::size_t common_header = 12, chunk_header = 4, init_body = 16;
constexpr std::uint8_t reflected = 1;  // the T bit: the tag is the receiver's own (RFC 9260 section 8.5.1)

constexpr std::array<Duration, 9> timeouts{10_s, 10_s, 3_s, 3_s, 210_s, 3_s, 3_s, 3_s, 30_s};  // by SctpState

constexpr std::size_t number(Direction d) { return static_cast<std::size_t>(d); }
constexpr std::size_t number(SctpState s) { return static_cast<std::size_t>(s); }

struct Chunk {
  std::uint8_t type;
  std::uint8_t flags;
  std::uint16_t length;
  wire::ByteView behind;  ///< what follows its header, to the end of the packet

  bool is_any(std::initializer_list<std::uint8_t> types) const {
    return std::find(types.begin(), types.end(), type) != types.end();
  }
  /// The tag that INIT and INIT ACK announce; nothing where they are cut short.
  std::optional<std::uint32_t> announced_tag() const {
    return behind.size() < init_body ? std::nullopt : std::optional(wire::load32(behind.data()));
  }
};

/// Calls `visit(chunk)` for each chunk until it returns false; false if it did.
template <typename Visit>
bool each_chunk(wire::ByteView segment, Visit visit) {
  for (std::size_t at = common_header; at + chunk_header <= segment.size();) {
    const std::uint16_t length = wire::load16(&segment[at + 2]);
    if (!visit(Chunk{segment[at], segment[at + 1], length, segment.subspan(at + chunk_header)})) return false;
    at += (length + std::size_t{3}) & ~std::size_t{3};
  }
  return true;
}

bool carries_any(wire::ByteView segment, std::initializer_list<std::uint8_t> types) {
  return !each_chunk(segment, [&](const Chunk& chunk) { return !chunk.is_any(types); });
}

/// RFC 9260 section 6.10: what opens and ends an association is bundled with nothing, a cookie comes first.
bool well_bundled(wire::ByteView segment) {
  bool first = true, alone = false;
  const bool good = each_chunk(segment, [&](const Chunk& chunk) {
    alone = alone || chunk.is_any({init, init_ack, shutdown_complete});
    const bool leads = alone || chunk.is_any({cookie_echo, cookie_ack});
    const bool fits = (first || !leads) && chunk.length != 0;
    first = false;
    return fits;
  });
  return good && !first;
}

std::optional<std::size_t> row_of(const Chunk& chunk) {
  const auto found = std::find(sctp_chunks.begin(), sctp_chunks.end(), chunk.type);
  if (found == sctp_chunks.end()) return std::nullopt;
  return static_cast<std::size_t>(found - sctp_chunks.begin());
}

enum class Fit : std::uint8_t { fits, passes, invalid };

/// A path is tried with the tag of another association: it passes, and if the other side confirms it, its tag counts.
Fit fit_heartbeat(SctpTrack& track, Direction direction, const Chunk& chunk, std::uint32_t tag, bool may_stray) {
  std::uint32_t& expected = track.tag[number(direction)];
  if (expected == 0) {
    expected = tag;
    return Fit::fits;
  }
  if (tag == expected) {
    track.strayed = false;
    return Fit::fits;
  }
  if (!may_stray) return Fit::invalid;
  if (chunk.type == heartbeat) {
    track.strayed = true;
    track.strayed_towards = direction;
    return Fit::passes;
  }
  if (!track.strayed || track.strayed_towards == direction) return Fit::invalid;
  track.strayed = false;
  expected = tag;
  track.tag[number(opposite(direction))] = 0;
  return Fit::fits;
}

/// The rules for single chunks in RFC 9260 section 8.5.1.
bool tag_fits(const SctpTrack& track, Direction direction, const Chunk& chunk, std::uint32_t tag) {
  if (chunk.type == init) return tag == 0;
  if (chunk.type == cookie_echo) return tag == track.tag[number(direction)];
  if (!chunk.is_any({abort_chunk, shutdown_complete})) return true;
  const bool is_reflected = (chunk.flags & reflected) != 0;
  return tag == track.tag[number(is_reflected ? opposite(direction) : direction)];
}

/// Learns the tag of the chunk's sender; false where the chunk has none, or one that contradicts what is known. An INIT
/// that repeats a tag known from before begins nothing.
bool learn_tag(SctpTrack& track, Direction direction, const Chunk& chunk, bool confirmed) {
  if (!chunk.is_any({init, init_ack})) return true;
  const std::optional<std::uint32_t> announced = chunk.announced_tag();
  if (!announced) return false;
  bool& ours = track.began[number(direction)];
  bool& theirs = track.began[number(opposite(direction))];
  std::uint32_t& known = track.tag[number(opposite(direction))];
  if (chunk.type == init) {
    if (confirmed && known == *announced) return true;
    if (ours && theirs) theirs = false;
    ours = true;
  } else if (known != *announced && ((!theirs && known != 0) || (ours && theirs))) {
    return false;
  }
  known = *announced;
  return true;
}

}  // namespace

bool sctp_begin(SctpTrack& track, wire::ByteView segment) {
  if (!well_bundled(segment) || carries_any(segment, {abort_chunk, shutdown_complete, cookie_ack})) return false;
  const std::uint32_t tag = wire::load32(&segment[4]);
  return each_chunk(segment, [&](const Chunk& chunk) {
    if (!row_of(chunk)) return false;
    if (chunk.type == heartbeat) {
      track.tag[number(Direction::original)] = tag;
    } else if (chunk.type == init) {
      const std::optional<std::uint32_t> announced = chunk.announced_tag();
      if (tag != 0 || !announced) return false;
      track.tag[number(Direction::reply)] = *announced;
    } else if (chunk.type == shutdown_ack) {  // the last of an association that nobody here saw: its end comes back
      track.tag[number(Direction::reply)] = tag;
    }
    return true;
  });
}

SctpVerdict sctp_follow(SctpTrack& track, Direction direction, wire::ByteView segment, bool confirmed) {
  if (!well_bundled(segment)) return {};
  const std::uint32_t tag = wire::load32(&segment[4]);
  const bool has_own_rule =
      carries_any(segment, {init, shutdown_complete, cookie_echo, abort_chunk, shutdown_ack, heartbeat, heartbeat_ack});
  if (!has_own_rule && tag != track.tag[number(direction)]) return {};

  const SctpTable& table = direction == Direction::original ? sctp_original : sctp_reply;
  const bool with_data = carries_any(segment, {data});
  bool refreshes = true, established = false;
  const bool valid = each_chunk(segment, [&](const Chunk& chunk) {
    if (!tag_fits(track, direction, chunk, tag)) return false;
    if (chunk.type == cookie_ack) track.began[0] = track.began[1] = false;
    if (chunk.is_any({heartbeat, heartbeat_ack})) {
      const Fit fit = fit_heartbeat(track, direction, chunk, tag, !with_data && refreshes);
      if (fit == Fit::passes) refreshes = false;
      if (fit != Fit::fits) return fit == Fit::passes;
    }
    const std::optional<std::size_t> row = row_of(chunk);
    const SctpState next = row ? table[*row][number(track.state)] : track.state;
    if (row && next == NO) return false;
    if (!learn_tag(track, direction, chunk, confirmed)) return false;
    const bool repeated = chunk.type == init && next == CL && track.state == CL;
    if (repeated && confirmed) refreshes = false;  // an INIT again and again must not keep the port for ever
    established = established || (next == ES && track.state != ES);
    track.state = next;
    return true;
  });
  if (!valid) return {false, std::nullopt, established};
  return {true, refreshes ? std::optional(timeouts[number(track.state)]) : std::nullopt, established};
}

}  // namespace masqsim::nat
