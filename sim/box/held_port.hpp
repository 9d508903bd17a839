// A TCP port on which a program listens, but takes nobody: a listening socket of Linux that is never accepted from.
// Its kernel answers alone, to the byte as here.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "held_connection.hpp"

namespace masqsim::box {

class HeldPort final : private engine::Handler {
 public:
  using Verdict = net::TcpSegmentHandler::Verdict;

  /// Draws initial sequence numbers and IP ids from `random`, which outlives it. Timestamp clocks of different peers
  /// are offset by `secret`.
  HeldPort(net::Stack& stack, std::uint16_t port, Random& random, std::uint64_t secret)
      : stack_(stack), port_(port), random_(random), secret_(secret) {}

  std::uint16_t port() const { return port_; }
  Verdict on_segment(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow);

 private:
  /// A SYN that was answered, and whose answer waits to be acknowledged.
  struct Request {
    std::uint64_t number = 0;  ///< tells timers of different requests apart
    Agreement agreed;
    std::uint32_t last_stamp = 0, first_stamp = 0;
    Time answered;  ///< first
    Time due;       ///< when it is answered again
    std::uint8_t timeouts = 0;
    std::optional<Time> last_answer;
  };
  /// What a SYN cookie stands for.
  struct Cookie {
    Agreement agreed;
    Time at;
  };

  void on_event(std::uint64_t number) override;
  Verdict on_request(Request& request, wire::Ipv4View ip, wire::TcpView tcp);
  Verdict on_nobody(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow);
  Verdict open(const Agreement& agreed, Duration round_trip, wire::Ipv4View ip, wire::TcpView tcp);
  void give_cookie(Agreement& agreed, wire::Ipv4View ip, wire::TcpView syn);
  Verdict take_cookie(wire::Ipv4View ip, wire::TcpView tcp);
  Agreement agree(wire::Ipv4View ip, wire::TcpView syn, trace::FlowId flow, bool with_cookie);
  std::uint8_t timeouts_at_most() const;
  std::uint32_t answer(const Agreement& agreed);
  void answer_again(Request& request);
  void acknowledge(const Request& request, wire::Ipv4View ip);
  void wake_at(Request& request, Time due);
  void forget(const Request& request);
  bool is_full() const { return connections_.size() > backlog; }
  Time now() const;

  static constexpr std::size_t backlog = 8;

  net::Stack& stack_;
  std::uint16_t port_;
  Random& random_;
  std::uint64_t secret_;
  std::uint64_t next_number_ = 0;
  std::vector<std::unique_ptr<Request>> requests_;
  std::vector<std::unique_ptr<HeldConnection>> connections_;  // the ended ones, too: nobody takes them from the queue
  std::vector<Cookie> cookies_;
};

/// All held ports of one stack, which asks this object about TCP segments before it looks for programs of its own.
class HeldPorts final : public net::TcpSegmentHandler {
 public:
  /// `stack` outlives it.
  explicit HeldPorts(net::Stack& stack);
  ~HeldPorts();
  HeldPorts(const HeldPorts&) = delete;
  HeldPorts& operator=(const HeldPorts&) = delete;

  /// Listens on `port` without ever accepting. False: the port is taken.
  bool hold(std::uint16_t port);

  bool serves(std::uint16_t port) const override { return find(port) != nullptr; }
  Verdict on_segment(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow) override;

 private:
  HeldPort* find(std::uint16_t port) const;

  net::Stack& stack_;
  Random random_;
  std::uint64_t secret_;
  std::vector<std::unique_ptr<HeldPort>> ports_;
};

}  // namespace masqsim::box
