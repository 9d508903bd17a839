// TCP programs: one that answers, one that asks.
#pragma once

#include <cstdint>
#include <vector>

#include "app.hpp"
#include "masqsim/base/time.hpp"

namespace masqsim::app {

struct TcpServerParams {
  std::uint16_t port = 0;
  bool echo = false;          ///< sends back what came
  std::uint64_t reply = 0;    ///< else answers each request (up to a PSH) with so many bytes; 0: says nothing
  wire::ByteView text{};      ///< the answer itself, `reply` bytes, where not empty; outlives the server
  wire::ByteView greeting{};  ///< said as soon as a connection has opened; outlives the server
  Duration after;             ///< thinks so long before it answers a request
  bool close = false;         ///< closes when it has answered; else when the peer has closed
  net::TcpSettings settings;
};

class TcpServer final : public App, private net::TcpAcceptor, private net::TcpHandler, private engine::Handler {
 public:
  TcpServer(net::Stack& stack, const TcpServerParams& params);
  ~TcpServer() override;

  /// False: the port was taken, and it hears nothing.
  bool listening() const { return listening_; }

 private:
  struct Guest {  // one connection
    net::TcpConnection* connection = nullptr;
    std::uint32_t generation = 0;    // tells thinking times of former guests apart
    std::uint64_t owed = 0;          // bytes of the reply still to be queued
    std::size_t unsaid = 0;          // bytes of the greeting still to be queued
    std::uint64_t came = 0;          // bytes of the request so far
    std::uint32_t thinking = 0;      // answers to come
    bool ended = false;              // the peer will send no more
    std::vector<std::uint8_t> echo;  // what came and found no room yet
  };

  net::TcpHandler& on_connection(net::TcpConnection& connection) override;
  void on_established(net::TcpConnection& connection) override;
  void on_data(net::TcpConnection& connection, wire::ByteView data, bool push) override;
  void on_room(net::TcpConnection& connection) override;
  void on_end(net::TcpConnection& connection) override;
  void on_closed(net::TcpConnection& connection, net::TcpEnd end, const net::Trouble* trouble) override;
  void on_event(std::uint64_t argument) override;
  wire::ByteView rest_of_answer(const Guest& guest) const;
  void greet(Guest& guest);
  void answer(Guest& guest);
  void pour(Guest& guest);

  net::Stack& stack_;
  TcpServerParams params_;
  bool listening_;
  std::vector<Guest> guests_;
  std::vector<std::uint32_t> free_;
};

/// What happens to the connection when its exchanges are over.
enum class AfterExchange : std::uint8_t { keep, close, reset };

struct TcpClientParams {
  trace::FlowId flow = 0;
  Time at;                      ///< when the SYN goes out
  std::uint16_t from_port = 0;  ///< 0: the node picks one
  wire::Endpoint to;
  std::uint64_t size = 0;         ///< bytes of each request; 0: it only opens the connection
  wire::ByteView payload{};       ///< these bytes instead, where not empty; they outlive the client
  std::uint64_t reply = 0;        ///< bytes that answer a request; 0: none is waited for, only its acknowledgment
  std::uint32_t times = 1;        ///< requests in all, on one connection
  Duration every{1'000'000'000};  ///< from one request to the next, not before the last is answered
  Duration wait{
      5'000'000'000};  ///< for the next byte of the exchange to get across: an answer that comes is waited for
  AfterExchange after = AfterExchange::keep;
  Duration keepalive;  ///< so long after the peer was heard last it is asked whether it lives (SO_KEEPALIVE); 0: never
  net::TcpSettings settings;  ///< settings.syn_tries: how long the SYN is tried
};

/// Result: established when the last request is answered (without requests: when the connection is open); refused,
/// unreachable, no-answer for the SYN (or no-answer for a request); incomplete where a part of the answer came, or of a
/// request that nothing answers was acknowledged; reset when it is broken off. Events: "established", "received 200
/// bytes", "answer incomplete: 60 of 200 bytes when the peer closed", "the peer closed", "closed".
class TcpClient final : public App, private net::TcpHandler, private engine::Handler {
 public:
  TcpClient(net::Stack& stack, const TcpClientParams& params);

  std::uint64_t bytes_received() const { return received_; }

 private:
  void on_established(net::TcpConnection& connection) override;
  void on_data(net::TcpConnection& connection, wire::ByteView data, bool push) override;
  void on_room(net::TcpConnection& connection) override;
  void on_end(net::TcpConnection& connection) override;
  void on_closed(net::TcpConnection& connection, net::TcpEnd end, const net::Trouble* trouble) override;
  void on_event(std::uint64_t argument) override;
  void begin_request();
  void pour();
  void check_answered();
  void finish_exchanges();
  void give_up(std::string_view when);
  void look_for_life();
  void look_for_life_at(Time at);
  void say_result(std::string_view word);
  std::uint64_t request_size() const { return params_.payload.empty() ? params_.size : params_.payload.size(); }

  net::Stack& stack_;
  TcpClientParams params_;
  net::TcpConnection* connection_ = nullptr;
  Time request_at_;
  std::uint64_t acknowledged_before_ = 0;  // the request under way
  std::uint64_t poured_ = 0;               // of the request under way
  std::uint64_t answered_ = 0;             // bytes that came since it began
  std::uint64_t received_ = 0, unsaid_ = 0;
  std::uint32_t requests_ = 0;  // begun
  std::uint32_t probes_ = 0;    // keepalives that nothing answered
  bool waiting_ = false;        // for an answer
  bool over_ = false;           // a result was said
};

}  // namespace masqsim::app
