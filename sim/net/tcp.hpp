// TCP connections (RFC 9293) as programs see them. What may be on the way and what is sent again is tcp_congestion.hpp,
// when it is sent again tcp_rto.hpp. Segments are acknowledged at once, by the answer where there is one, but for every
// other one of full size in the middle of a write (RFC 5681 section 4.2).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "packet.hpp"
#include "tcp_congestion.hpp"
#include "tcp_rto.hpp"
#include "trouble.hpp"

namespace masqsim::net {

class Stack;
class TcpConnection;

enum class TcpState : std::uint8_t {
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
  closed
};
std::string_view to_string(TcpState s);  ///< "SYN-SENT", as RFC 9293 spells it

/// How a connection ended.
enum class TcpEnd : std::uint8_t {
  finished,     ///< both sides said FIN, and everything arrived
  aborted,      ///< by this side
  refused,      ///< RST, or ICMP 3/3, answered the SYN
  unreachable,  ///< another ICMP error answered the SYN, or no route leads there
  no_answer,    ///< the last try brought no answer either
  reset         ///< RST, after it was established
};

/// What a program is told of its connections. Whatever a call is told about, the connection may be used in it.
class TcpHandler {
 public:
  virtual void on_established(TcpConnection& connection) { (void)connection; }
  /// In-order bytes, each exactly once. `push`: the sender's write ended here.
  virtual void on_data(TcpConnection& connection, wire::ByteView data, bool push) = 0;
  /// All that was sent is acknowledged, or half of the send buffer is free again.
  virtual void on_room(TcpConnection& connection) { (void)connection; }
  /// The peer will send no more; this side may.
  virtual void on_end(TcpConnection& connection) { (void)connection; }
  /// The last word; the connection is gone after this call. `trouble` is set where an ICMP error ended it.
  virtual void on_closed(TcpConnection& connection, TcpEnd end, const Trouble* trouble) = 0;

 protected:
  ~TcpHandler() = default;
};

/// Who takes connections on a port.
class TcpAcceptor {
 public:
  /// A SYN came; the handler for the new connection (its `on_established` follows if the handshake completes).
  virtual TcpHandler& on_connection(TcpConnection& connection) = 0;

 protected:
  ~TcpAcceptor() = default;
};

struct TcpSettings {
  /// receive buffer, bytes, 1 to 2^30; beyond 65535 window scaling is offered (RFC 7323)
  std::uint32_t window = 64240;
  std::uint32_t send_buffer = 65536;  ///< bytes
  std::uint16_t mss = 0;              ///< the most it accepts and sends; 0: what the interface's MTU leaves
  std::uint8_t syn_tries = 3;         ///< SYNs sent before giving up: 3 at 0, 1, 3 s give up at 7 s. Linux: 7, 127 s
  std::uint8_t data_tries = 16;       ///< sends of one segment before giving up (Linux's tcp_retries2, 15 again)
  std::uint8_t ttl = 0;               ///< 0: the node's own
  std::uint8_t tos = 0;
};

class TcpConnection {
 public:
  TcpConnection(Stack& stack, std::uint32_t index) : stack_(&stack), index_(index) {}

  wire::Endpoint local() const { return local_; }
  wire::Endpoint remote() const { return remote_; }
  TcpState state() const { return state_; }
  trace::FlowId flow() const { return flow_; }
  std::uint32_t next_to_send() const { return highest_; }                   ///< SND.NXT, what is sent again not counted
  std::uint32_t next_to_receive() const { return received_; }               ///< RCV.NXT
  std::uint64_t bytes_received() const { return bytes_received_; }          ///< given to the handler
  std::uint64_t bytes_acknowledged() const { return bytes_acknowledged_; }  ///< by the peer
  /// When the connection last got something across: it opened, the peer acknowledged bytes, bytes came in order.
  Time last_progress() const { return progress_at_; }
  /// When a segment of the peer was taken last.
  Time last_heard() const { return heard_at_; }
  const TcpCongestion& congestion() const { return congestion_; }
  const RetransmissionTimeout& timeout() const { return timeout_; }
  /// Sent or waiting to be, and not yet acknowledged.
  std::size_t unacknowledged() const { return waiting_; }
  std::size_t room() const { return settings_.send_buffer - waiting_; }

  /// Queues what there is room for and sends what may go now; returns how much was taken. `more`: the message goes on
  /// (no PSH at its end). Nothing is taken after `close`.
  std::size_t send(wire::ByteView data, bool more = false);
  /// FIN behind what waits; data still comes in. Closing twice is once.
  void close();
  /// Asks the peer for an acknowledgment, where nothing else does (RFC 9293 section 3.8.4).
  void keep_alive();
  /// RST, and gone; the handler hears `aborted` before this returns.
  void abort();
  /// Gone without a word to anybody, the handler included (TCP_USER_TIMEOUT ran out).
  void forget();
  /// While paused, what comes is kept and the window shrinks; resuming hands it over, as does the connection's good
  /// end.
  void pause();
  void resume();

  std::uint64_t tag = 0;  ///< the handler's own

 private:
  friend class Stack;
  struct Held {  // came before its turn
    std::uint32_t sequence;
    bool push;
    std::vector<std::uint8_t> bytes;
  };
  using Tcp = wire::TcpView;

  // tcp_input.cpp
  void on_segment(Tcp tcp, const Packet& packet, InterfaceIndex in);
  void on_answer_to_syn(Tcp tcp, const Packet& packet, InterfaceIndex in);
  void on_segment_in_window(Tcp tcp, const Packet& packet, InterfaceIndex in);
  void settle();
  bool acceptable(Tcp tcp) const;
  bool may_be_replaced(Tcp tcp) const;
  bool take_acknowledgment(Tcp tcp);
  void take_new_acknowledgment(std::uint32_t acknowledgment);
  void take_window(Tcp tcp);
  void take_text(Tcp tcp);
  void hold(std::uint32_t sequence, wire::ByteView text, bool push);
  void take_held();
  void hand_over(wire::ByteView text, bool push);
  void hand_over_unread();
  void take_fin();
  void take_options(Tcp syn);
  void enter_established();
  void enter_time_wait();
  void on_trouble(const Trouble& trouble, std::uint32_t sequence);

  // tcp_output.cpp
  void begin_active();
  void begin_passive(Tcp syn);
  void begin();
  void output();
  bool output_one();
  void send_segment(std::uint32_t sequence, std::size_t length, std::uint8_t flags);
  void send_syn();
  void send_reset(std::uint32_t sequence, std::uint8_t flags, std::uint32_t acknowledgment);
  void acknowledge() { send_segment(highest_, 0, wire::TcpFlags::ack); }
  void retransmit_first();
  std::uint32_t end_of_first() const;
  void send_again(TcpCongestion::Resend what);
  bool may_send_new() const;
  std::uint32_t receive_room() const;
  std::uint16_t offer_window();
  std::uint32_t in_flight() const { return next_ - unacknowledged_; }
  Outstanding outstanding() const { return {unacknowledged_, highest_}; }
  std::uint32_t data_end() const { return unacknowledged_ + static_cast<std::uint32_t>(waiting_); }
  void drop_front(std::size_t bytes);

  // tcp_timer.cpp
  void wake_at(Time at);
  void delay_acknowledgment();
  void start_timer();
  void stop_timer() { deadline_ = Time::never(); }
  void on_alarm();
  void on_timer();
  void on_syn_timer();
  void lower_mss(std::uint16_t mtu);
  void say(std::string_view text) const;
  void finish(TcpEnd end, const Trouble* trouble = nullptr);
  bool gone() const { return state_ == TcpState::closed; }

  Stack* stack_;
  TcpHandler* handler_ = nullptr;
  TcpSettings settings_;
  wire::Endpoint local_, remote_;
  trace::FlowId flow_ = 0;
  std::uint32_t index_;           // place in the stack
  std::uint32_t generation_ = 0;  // tells timers of the place's former connections apart
  TcpState state_ = TcpState::closed;
  bool close_wanted_ = false;
  bool fin_sent_ = false;
  bool fin_acknowledged_ = false;
  bool fin_received_ = false;
  bool ack_owed_ = false;
  bool paused_ = false;
  bool busy_ = false;       // inside on_segment: what handlers do goes out at its end
  bool blocked_ = false;    // a send found too little room
  bool room_news_ = false;  // the handler is to hear of it at the end of on_segment
  bool passive_ = false;
  bool end_untold_ = false;  // the peer's FIN came while paused
  bool fin_held_ = false;    // the peer's FIN came before its turn, at fin_at_
  std::uint8_t tries_ = 0;   // sends of what is first unacknowledged, beyond the first
  std::uint8_t send_scale_ = 0, receive_scale_ = 0;
  bool scaling_ = false;
  std::uint16_t mss_ = 536;
  std::uint16_t next_id_ = 0;

  std::uint32_t initial_ = 0;                                        // ISS
  std::uint32_t unacknowledged_ = 0, next_ = 0, highest_ = 0;        // SND.UNA, SND.NXT, the highest SND.NXT so far
  std::uint32_t window_ = 0, window_sequence_ = 0, window_ack_ = 0;  // SND.WND, SND.WL1, SND.WL2
  std::uint32_t received_ = 0;                                       // RCV.NXT
  std::uint32_t acknowledged_ = 0;                                   // RCV.NXT as it was told last
  std::uint32_t advertised_ = 0;                                     // the right edge told last; never moves back
  std::uint32_t push_at_ = 0;                                        // where the last finished write ends
  std::uint32_t fin_at_ = 0;

  TcpCongestion congestion_;
  RetransmissionTimeout timeout_;
  bool timing_ = false;
  std::uint32_t timed_ = 0;  // the sequence whose acknowledgment ends the measurement
  Time timed_at_;
  Time deadline_ = Time::never();
  Time acknowledge_at_ = Time::never();  // what came is acknowledged then, unless it was before
  Time armed_ = Time::never();           // when the next timer event comes, if one is under way

  std::vector<std::uint8_t> ring_;  // what is not acknowledged; a power of two, or empty
  std::size_t first_ = 0;           // place in the ring of the byte `unacknowledged_` (after the SYN)
  std::size_t waiting_ = 0;
  std::vector<Held> held_;            // by sequence, without overlaps
  std::vector<std::uint8_t> unread_;  // while paused
  std::uint64_t bytes_received_ = 0, bytes_acknowledged_ = 0;
  Time progress_at_;  // see last_progress()
  Time heard_at_;
};

}  // namespace masqsim::net
