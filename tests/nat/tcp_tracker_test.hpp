// The TCP tracker alone: one line for what it says to a segment, one for the windows that it then knows.
#pragma once

#include <gtest/gtest.h>

#include <array>

#include "bench.hpp"
#include "sim/nat/tcp_tracker.hpp"

namespace masqsim::nat::testing {

inline constexpr std::uint8_t S = wire::TcpFlags::syn, A = wire::TcpFlags::ack, F = wire::TcpFlags::fin,
                              R = wire::TcpFlags::rst, P = wire::TcpFlags::psh, U = wire::TcpFlags::urg;
inline constexpr std::uint32_t far = 900'000'000;  // out of every window

/// One connection; client numbers begin with 1000, server numbers with 9000. Keeps the status as the core does.
struct TcpTracker : ::testing::Test {
  Config config;
  TcpTrack track;
  TcpState state = TcpState::none;
  std::uint16_t status = 0;
  Duration left = 432'000_s;
  std::int32_t offset = 0;

  std::string client(const Segment& s) { return told(Direction::original, s); }
  std::string server(const Segment& s) { return told(Direction::reply, s); }
  void anew() { track = {}, state = TcpState::none, status = 0, offset = 0; }
  void handshake(std::uint16_t client_window = 64240, std::uint16_t server_window = 64240,
                 const Bytes& client_options = {}, const Bytes& server_options = {}) {
    anew();
    client({S, 1000, 0, client_window, "", client_options});
    server({S | A, 9000, 1001, server_window, "", server_options});
    client({A, 1001, 9001, client_window});
  }
  void close_wait() {
    handshake();
    client({F | A, 1001, 9001});
    server({A, 9001, 1002});
  }
  void last_ack() {
    close_wait();
    server({F | A, 9001, 1002});
  }
  void time_wait() {
    last_ack();
    client({A, 1002, 9002});
  }

  /// "accepted ESTABLISHED 120h assured", "ignored", "invalid 5m", "removed 10s", "reopened", "refused".
  std::string told(Direction direction, const Segment& s) {
    const Bytes packet = tcp(at(a_host, 5000), at(remote, 80), s);
    const TcpSegment segment = read_segment(*wire::TcpView::parse(wire::ByteView(packet).subspan(20)));
    if (state == TcpState::none && !tcp_begin(track, segment, config)) return "refused";
    const TcpVerdict verdict = tcp_follow(track, state, status, direction, segment, offset, left, config);
    if (verdict.what != TcpVerdict::What::invalid && direction == Direction::reply) status |= status::seen_reply;
    if (verdict.assured) status |= status::assured;
    const std::array<const char*, 5> words{"accepted", "ignored", "invalid", "removed", "reopened"};
    std::string line = words.at(static_cast<std::size_t>(verdict.what));
    if (verdict.what == TcpVerdict::What::accepted) line += ' ' + to_string(state);
    if (verdict.timeout) line += ' ' + to_string(*verdict.timeout);
    return line + (verdict.assured ? " assured" : "");
  }

  /// For the client, then the server: "end/max_end/max_window/max_ack/scale".
  std::string sides() const {
    std::string line;
    for (const TcpTrack::Side& side : track.seen) {
      for (const std::uint32_t v : {side.end, side.max_end, side.max_window, side.max_ack}) {
        line += std::to_string(v) + '/';
      }
      line += std::to_string(side.scale) + (&side == &track.seen[0] ? " " : "");
    }
    return line;
  }
};

}  // namespace masqsim::nat::testing
