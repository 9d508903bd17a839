// UDP programs: one that answers, one that asks.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "app.hpp"
#include "asker.hpp"
#include "masqsim/base/time.hpp"

namespace masqsim::app {

struct UdpServerParams {
  std::uint16_t port = 0;
  bool echo = false;        ///< sends back what came
  std::uint64_t reply = 0;  ///< else answers each datagram with so many bytes, at most 65507; 0: says nothing
  wire::ByteView text{};    ///< the answer itself, where not empty; outlives the server
  Duration after;           ///< thinks so long before it answers
};

class UdpServer final : public App, private net::DatagramHandler, private engine::Handler {
 public:
  UdpServer(net::Stack& stack, const UdpServerParams& params);
  ~UdpServer() override;

  /// False: the port was taken, and it hears nothing.
  bool listening() const { return socket_ != nullptr; }

 private:
  void on_datagram(net::DatagramSocket& socket, const net::Datagram& datagram) override;
  void on_event(std::uint64_t argument) override;
  wire::ByteView answer_to(wire::ByteView datagram) const;

  /// An answer that is not ready yet.
  struct Thought {
    wire::Endpoint from;
    wire::Address to;
    trace::FlowId flow = 0;
    std::uint64_t cause = 0;
    std::vector<std::uint8_t> echo;
  };

  net::Stack& stack_;
  UdpServerParams params_;
  net::DatagramSocket* socket_;
  std::deque<Thought> thoughts_;
};

struct UdpClientParams {
  Requests requests;
  std::uint16_t from_port = 0;  ///< 0: the node picks one
  wire::Endpoint to;
};

/// Result: replied with at least one answer, else what an ICMP error said, else no-answer (sent, if no answer is
/// expected). Events: "answer 1 from ..., 64 bytes", and each ICMP error.
class UdpClient final : public Asker {
 public:
  UdpClient(net::Stack& stack, const UdpClientParams& params);

 private:
  net::DatagramSocket* open() override;
  void on_datagram(net::DatagramSocket& socket, const net::Datagram& datagram) override;
  void on_trouble(net::DatagramSocket& socket, const net::Trouble& trouble) override;

  UdpClientParams params_;
};

}  // namespace masqsim::app
