// A TCP connection that no program has accepted: Linux's kernel keeps it alone. It takes what comes as long as there is
// room, acknowledges, and says nothing of its own; the byte that it would send first is never sent.
#pragma once

#include <cstdint>
#include <optional>

#include "agreement.hpp"
#include "early_text.hpp"
#include "masqsim/wire/tcp.hpp"
#include "receive_window.hpp"
#include "sim/engine/engine.hpp"
#include "sim/net/stack.hpp"

namespace masqsim::box {

class HeldConnection final : private engine::Handler {
 public:
  enum class Outcome : std::uint8_t { taken, ignored, refused, ended };

  /// `offered` is the window of the segment that acknowledges the SYN+ACK, which came `round_trip` after it (zero:
  /// unknown).
  HeldConnection(net::Stack& stack, const Agreement& agreed, std::uint32_t offered, std::uint16_t first_id,
                 Duration round_trip);

  /// `refused`: the segment is to be answered by a reset. `ended`: the connection is over.
  Outcome on_segment(wire::Ipv4View ip, wire::TcpView tcp);

  const Agreement& agreed() const { return agreed_; }
  bool is_open() const { return open_; }

 private:
  static constexpr unsigned quick_at_most = 16;

  void on_event(std::uint64_t which) override;
  std::optional<Outcome> check(wire::TcpView tcp, TextRange r, const std::optional<wire::TcpTimestamps>& stamps);
  Outcome end(Outcome how);
  std::uint32_t offered_by(wire::TcpView tcp) const;
  bool offers_anew(wire::TcpView tcp, TextRange r) const;
  Outcome challenge();
  void answer_stale(TextRange r);
  bool repeats_acknowledgment(wire::TcpView tcp, TextRange r, const wire::TcpTimestamps& t) const;
  bool has_valid_end(TextRange r) const;
  void take_text(wire::Ipv4View ip, wire::TcpView tcp, TextRange r);
  void measure(const Frame& frame, wire::TcpView tcp);
  void take_early(const Frame& frame, wire::TcpView tcp, TextRange r);
  void take_in_order(const Frame& frame, wire::Ipv4View ip, wire::TcpView tcp, TextRange r);
  void acknowledge_at_once();
  void take_fin();
  void see_congestion(wire::Ipv4View ip);
  void be_quick(unsigned most);
  void leave_patience(unsigned most);
  void acknowledge_if_due();
  void acknowledge_later();
  void acknowledge();
  Time now() const;

  net::Stack& stack_;
  Agreement agreed_;
  std::uint32_t next_;  // RCV.NXT
  ReceiveWindow window_;
  EarlyText early_;
  std::uint16_t next_id_;
  Duration retransmission_;                      // RTO: nothing is sent, but Linux measures pauses by it
  std::uint32_t peer_window_ = 0, window_from_;  // SND.WND, SND.WL1
  std::optional<Time> last_challenge_;
  Time last_text_;
  Time late_at_ = Time::never();     // a delayed acknowledgment
  Time pressed_at_ = Time::never();  // one that stands for several about text before its turn
  std::uint32_t pressed_at_next_ = 0;
  std::uint8_t early_told_ = 0;
  unsigned quick_ = 0;    // acknowledgments that are not delayed
  bool patient_ = false;  // "pingpong": the next answer may carry the acknowledgment
  bool fresh_ = true;     // Linux has not yet chosen by how much acknowledgments are delayed ("ato")
  bool owed_ = false, owed_now_ = false;
  bool open_ = true, fin_ = false;
  bool established_ = false;  // not yet where the handshake's ACK bore a SYN, too
  bool congestion_seen_ = false, marks_seen_ = false;
};

}  // namespace masqsim::box
