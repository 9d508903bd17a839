// Programs that look at the network itself: ping, traceroute, and packets given byte for byte.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "app.hpp"
#include "asker.hpp"
#include "masqsim/base/time.hpp"

namespace masqsim::app {

struct PingParams {
  Requests requests;
  std::uint16_t id = 0;  ///< query id; 0: the node picks one
  wire::Address to;
};

/// Result: replied with at least one answer, else what an ICMP error said (refused never), else no-answer.
class Ping final : public Asker {
 public:
  Ping(net::Stack& stack, const PingParams& params);

 private:
  net::DatagramSocket* open() override;
  void on_datagram(net::DatagramSocket& socket, const net::Datagram& datagram) override;
  void on_trouble(net::DatagramSocket& socket, const net::Trouble& trouble) override;

  PingParams params_;
};

struct TracerouteParams {
  trace::FlowId flow = 0;
  Time at;
  std::uint16_t from_port = 0;  ///< of icmp: the query id
  wire::Address to;
  bool icmp = false;                 ///< echo requests instead of UDP to ports nobody listens on
  std::uint16_t first_port = 33434;  ///< UDP: the n-th probe goes to first_port + n - 1
  std::uint64_t size = 32;
  std::uint8_t hops = 30;        ///< the largest TTL tried
  Duration wait{5'000'000'000};  ///< for the answer to each probe
};

/// One probe a hop, the next when it is answered. Events: "hop 2 is 203.0.113.1", "hop 3 is silent". Result: replied
/// when the destination itself answered, unreachable when a router said so, else no-answer.
class Traceroute final : public App, private net::DatagramHandler, private engine::Handler {
 public:
  Traceroute(net::Stack& stack, const TracerouteParams& params);

 private:
  void on_event(std::uint64_t argument) override;
  void on_datagram(net::DatagramSocket& socket, const net::Datagram& datagram) override;
  void on_trouble(net::DatagramSocket& socket, const net::Trouble& trouble) override;
  void probe();
  void hop_is(wire::Address who);
  void finish(std::string_view word);

  net::Stack& stack_;
  TracerouteParams params_;
  net::DatagramSocket* socket_ = nullptr;
  std::uint8_t hop_ = 0;
  bool finished_ = false;
};

struct RawParams {
  trace::FlowId flow = 0;
  Time at;
  wire::ByteView bytes;                             ///< sent as they are, sound or not; they outlive the program
  std::function<std::vector<std::uint8_t>()> made;  ///< where set: makes the bytes when their time has come
  net::InterfaceIndex out = net::no_interface;  ///< no_interface: as the node's routes send the destination they name
  std::uint32_t times = 1;
  Duration every{1'000'000'000};
};

/// Puts the bytes on the wire, as often as is asked. Result: sent; unreachable where no route or neighbour takes them.
class Raw final : public App, private engine::Handler {
 public:
  Raw(net::Node& node, const RawParams& params);

 private:
  void on_event(std::uint64_t argument) override;

  net::Node& node_;
  RawParams params_;
  std::uint32_t sent_ = 0;
};

}  // namespace masqsim::app
