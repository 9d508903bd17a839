// One router or gateway between two silent wires, and what the trace says of it: the bench of its tests.
#pragma once

#include <string>
#include <vector>

#include "masqsim/trace/text.hpp"
#include "masqsim/wire/build.hpp"
#include "sim/net/gateway.hpp"
#include "sim/net/network.hpp"
#include "sim/net/router.hpp"

namespace masqsim::test {

/// Somebody on a wire who says nothing.
class Silent final : public net::Node {
 public:
  using Node::Node;
  void receive(net::Packet, net::InterfaceIndex) override {}
  void output(net::Packet) override {}
};

/// The lines of one node, sends and all that is no reception.
class LinesOf final : public trace::Sink {
 public:
  explicit LinesOf(std::string node) : node_(std::move(node)) {}
  void begin(const trace::Header& header) override { header_ = &header; }
  void record(const trace::Record& r) override {
    if (r.kind == trace::Kind::receive || header_->nodes[r.node].name != node_) return;
    std::string line = trace::line_of(*header_, r);
    std::string narrow;  // one space between columns
    for (const char c : line) {
      if (c != ' ' || narrow.empty() || narrow.back() != ' ') narrow += c;
    }
    text += narrow + '\n';
  }
  bool wants_steps() const override { return false; }

  std::string text;

 private:
  std::string node_;
  const trace::Header* header_ = nullptr;
};

/// inside 192.168.1.10 - gw (192.168.1.1, 203.0.113.5/24) - outside 203.0.113.254; wires take no time.
template <typename Node>
struct OneRouter {
  template <typename... Args>
  explicit OneRouter(trace::NodeKind kind, Args&&... args)
      : gw(network.add<Node>("gw", kind, std::forward<Args>(args)...)),
        inside(network.add<Silent>("inside", trace::NodeKind::host)),
        outside(network.add<Silent>("outside", trace::NodeKind::host)) {
    const std::uint32_t lan = network.add_segment("lan", {}, true), wan = network.add_segment("wan", {}, true);
    network.attach(gw, lan, "lan", "lan", gw_inside, 24);
    network.attach(gw, wan, "wan", "wan", gw_outside, 24);
    network.attach(inside, lan, "lan", "lan", laptop, 24);
    network.attach(outside, wan, "wan", "wan", next_router, 24);
    gw.routes().add({.to = {wire::address(192, 168, 1, 0), 24}, .out = 0, .via = {}});
    gw.routes().add({.to = {wire::address(203, 0, 113, 0), 24}, .out = 1, .via = {}});
    gw.routes().add({.to = {}, .out = 1, .via = next_router});
    network.trace().add(lines);
    network.trace().begin(network.header());
  }

  /// Gives `packet` to the router as if it came by `in`, lets `span` pass, and says what it did in that time.
  std::string after(net::InterfaceIndex in, wire::ByteView packet, Duration span = Duration{1'000'000}) {
    net::Packet arriving = network.pool().make(packet, 0);
    arriving.marks().interface = in;
    gw.receive(std::move(arriving), in);
    return pass(span);
  }
  std::string pass(Duration span) {
    network.engine().run(network.now() + span);
    return std::exchange(lines.text, {});
  }

  static constexpr wire::Address gw_inside = wire::address(192, 168, 1, 1), gw_outside = wire::address(203, 0, 113, 5),
                                 laptop = wire::address(192, 168, 1, 10), next_router = wire::address(203, 0, 113, 254),
                                 web = wire::address(198, 51, 100, 10), stranger = wire::address(198, 51, 100, 66);
  static constexpr net::InterfaceIndex from_inside = 0, from_outside = 1;
  net::Network network{1};
  Node& gw;
  Silent& inside;
  Silent& outside;
  LinesOf lines{"gw"};
};

inline std::vector<std::uint8_t> udp(wire::Endpoint from, wire::Endpoint to, std::size_t size = 4,
                                     std::uint8_t ttl = 64, std::uint16_t fragment_word = 0x4000) {
  const std::vector<std::uint8_t> data(size, 'x');
  return wire::udp_packet(
      {.source = from.address, .destination = to.address, .ttl = ttl, .fragment_word = fragment_word}, from.port,
      to.port, data);
}
inline std::vector<std::uint8_t> syn(wire::Endpoint from, wire::Endpoint to) {
  return wire::tcp_packet(
      {.source = from.address, .destination = to.address},
      {.source_port = from.port, .destination_port = to.port, .sequence = 1000, .flags = {wire::TcpFlags::syn}}, {});
}

}  // namespace masqsim::test
