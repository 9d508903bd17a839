// Two hosts and one wire between them, and what the trace says of it: the bench of the stack's tests.
#pragma once

#include <string>
#include <vector>

#include "masqsim/wire/describe.hpp"
#include "sim/net/host.hpp"
#include "sim/net/network.hpp"

namespace masqsim::test {

/// Keeps each record as one line: "0.001 b deliver udp:53 | 10.0.0.1:5000 > ... ".
class Lines final : public trace::Sink {
 public:
  void begin(const trace::Header& header) override { header_ = &header; }
  void record(const trace::Record& r) override {
    std::string line = seconds(r.at, 3) + ' ' + header_->nodes[r.node].name + ' ' + std::string(word(r.kind));
    if (r.reason != Reason::none) line += ' ' + std::string(masqsim::word(r.reason));
    if (!r.text.empty()) line += ' ' + std::string(r.text);
    if (!r.bytes.empty()) line += " | " + wire::describe(r.bytes);
    all.push_back(line);
    kinds.push_back(r.kind);
    if (r.kind == trace::Kind::send) {
      sent.push_back(header_->nodes[r.node].name + ": " + wire::describe(r.bytes));
      packets.emplace_back(r.bytes.begin(), r.bytes.end());
      causes.push_back({r.packet, r.cause});
    }
  }

  /// The lines of these kinds only.
  std::vector<std::string> of(std::initializer_list<trace::Kind> wanted) const {
    std::vector<std::string> lines;
    for (std::size_t n = 0; n < all.size(); ++n) {
      for (const trace::Kind kind : wanted) {
        if (kinds[n] == kind) lines.push_back(all[n]);
      }
    }
    return lines;
  }

  std::vector<std::string> all;
  std::vector<trace::Kind> kinds;
  std::vector<std::string> sent;                                ///< "a: 10.0.0.1:5000 > ..." of each packet on the wire
  std::vector<std::vector<std::uint8_t>> packets;               ///< their bytes
  std::vector<std::pair<std::uint64_t, std::uint64_t>> causes;  ///< their ids and causes

 private:
  const trace::Header* header_ = nullptr;
};

/// a is 10.0.0.1, b is 10.0.0.2; the wire takes 1 ms.
struct TwoHosts {
  explicit TwoHosts(const net::LinkParams& link = {.delay = Duration{1'000'000}}, std::uint64_t seed = 1)
      : network(seed),
        a(network.add<net::Host>("a", trace::NodeKind::host)),
        b(network.add<net::Host>("b", trace::NodeKind::host)) {
    const std::uint32_t wire = network.add_segment("wire", link, true);
    network.attach(a, wire, "eth0", "wire", a_address, 24);
    network.attach(b, wire, "eth0", "wire", b_address, 24);
    for (net::Host* host : {&a, &b}) {
      host->routes().add({.to = {wire::address(10, 0, 0, 0), 24}, .out = 0, .via = {}});
    }
    network.trace().add(lines);
    network.trace().begin(network.header());
  }

  void run(Time until = Time::never()) { network.engine().run(until); }

  /// As if it came to b from the wire.
  void inject(wire::ByteView bytes) { b.receive(network.pool().make(bytes, 7), 0); }

  static constexpr wire::Address a_address = wire::address(10, 0, 0, 1), b_address = wire::address(10, 0, 0, 2);
  net::Network network;
  net::Host& a;
  net::Host& b;
  Lines lines;
};

}  // namespace masqsim::test
