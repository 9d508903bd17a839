// What programs have in common that ask by datagrams, again and again: UDP clients and pings.
#pragma once

#include <cstdint>
#include <string_view>

#include "app.hpp"
#include "masqsim/base/time.hpp"

namespace masqsim::app {

/// The most bytes that one UDP datagram or echo request carries.
inline constexpr std::uint64_t largest_datagram = 65507;

struct Requests {
  trace::FlowId flow = 0;
  Time at;                        ///< of the first request
  std::uint64_t size = 0;         ///< bytes of each request, at most `largest_datagram`
  wire::ByteView payload{};       ///< these bytes instead, where not empty; they outlive the program
  std::uint32_t times = 1;        ///< requests in all
  Duration every{1'000'000'000};  ///< from one request to the next
  Duration wait{5'000'000'000};   ///< for answers, after the last request
  bool expects_reply = true;      ///< false: the result is `sent` where nothing came
  net::SendOptions options;
};

/// Sends `times` requests, one `every` so long, from one socket. The result is said when each was answered or failed,
/// else `wait` after the last request.
class Asker : public App, protected net::DatagramHandler, private engine::Handler {
 public:
  std::uint32_t answers() const { return answers_; }

 protected:
  Asker(net::Stack& stack, const Requests& requests);

  /// Opens the socket; nullptr: its port or id is in use, which the program has said.
  virtual net::DatagramSocket* open() = 0;

  /// An answer came. Call it when the program has said what there is to say of the answer.
  void answered();
  /// A request met an ICMP error; `word` is the result that this alone would make.
  void failed(std::string_view word);
  /// The number of the answer that is being taken now, from 1.
  std::uint32_t next_answer() const { return answers_ + 1; }

  trace::FlowId flow() const { return requests_.flow; }

  net::Stack& stack_;

 private:
  void on_event(std::uint64_t what) override;
  void send_next();
  void finish();
  void finish_if_complete();

  Requests requests_;
  net::DatagramSocket* socket_ = nullptr;
  std::uint32_t sent_ = 0, answers_ = 0, failures_ = 0;
  std::string_view failure_;
  bool finished_ = false;
};

}  // namespace masqsim::app
