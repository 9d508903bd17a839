// A gateway made of nothing but the core: two interfaces, packets as bytes, time as a number. What a packet does comes
// back as one line, so that a failing test shows what came instead.
#pragma once

#include <string>
#include <vector>

#include "masqsim/nat/nat.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::nat::testing {

using namespace masqsim::literals;
using Bytes = std::vector<std::uint8_t>;
using Lines = std::vector<std::string>;

inline constexpr InterfaceId lan = 0, wan = 1;
inline constexpr wire::Address a_host = wire::address(192, 168, 1, 10), b_host = wire::address(192, 168, 1, 11),
                               c_host = wire::address(192, 168, 1, 12), inner = wire::address(192, 168, 1, 1),
                               outer = wire::address(203, 0, 113, 1), remote = wire::address(198, 51, 100, 7),
                               remote2 = wire::address(198, 51, 100, 8), remote3 = wire::address(198, 51, 100, 9);

inline Config masquerading() {
  Config config;
  SourceRule rule;
  rule.out = wan;
  config.source.push_back(rule);
  config.firewall.inside = {lan};
  return config;
}

inline DestinationRule forward(wire::Protocol protocol, std::uint16_t port, wire::Address to, std::uint16_t to_port) {
  DestinationRule rule;
  rule.to = {outer, 32};
  rule.protocol = protocol;
  rule.port = PortRange{port, port};
  rule.forward = to;
  rule.forward_port = to_port;
  return rule;
}

inline wire::Endpoint at(wire::Address a, std::uint16_t port) { return {a, port}; }

inline Bytes raw(wire::Address from, wire::Address to, std::uint8_t protocol, const Bytes& payload) {
  return wire::ip_packet({.source = from, .destination = to}, wire::Protocol{protocol}, payload);
}

inline Bytes udp(wire::Endpoint from, wire::Endpoint to, std::string_view data = "hello") {
  const Bytes payload(data.begin(), data.end());
  return wire::udp_packet({.source = from.address, .destination = to.address}, from.port, to.port, payload);
}

struct Segment {
  std::uint8_t flags = wire::TcpFlags::syn;
  std::uint32_t sequence = 1000;
  std::uint32_t acknowledgment = 0;
  std::uint16_t window = 64240;
  std::string data = {};
  Bytes options = {};
};

inline Bytes tcp(wire::Endpoint from, wire::Endpoint to, const Segment& s) {
  const Bytes payload(s.data.begin(), s.data.end());
  const wire::TcpFields fields{from.port, to.port, s.sequence, s.acknowledgment, {s.flags}, s.window, s.options};
  return wire::tcp_packet({.source = from.address, .destination = to.address}, fields, payload);
}

inline Bytes icmp(wire::Address from, wire::Address to, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                  const Bytes& data = {}) {
  return wire::icmp_packet({.source = from, .destination = to}, {type, code, rest}, data);
}
inline Bytes echo(wire::Address from, wire::Address to, std::uint16_t id, bool reply = false) {
  return icmp(from, to, reply ? wire::icmp::echo_reply : wire::icmp::echo, 0, std::uint32_t{id} << 16 | 1,
              {1, 2, 3, 4});
}
inline Bytes error_about(const Bytes& quoted, wire::Address from, wire::Address to, std::size_t cut = 28,
                         std::uint8_t type = 3, std::uint8_t code = 3) {
  return icmp(from, to, type, code, 0,
              Bytes(quoted.begin(), quoted.begin() + static_cast<std::ptrdiff_t>(std::min(cut, quoted.size()))));
}

/// Routes by address: 192.168.1.0/24 is inside, its own addresses are itself, all else is outside.
class Bench {
 public:
  explicit Bench(Config config = masquerading(), std::uint64_t seed = 1)
      : nat(std::move(config), Random(seed, "test")) {
    nat.set_own_addresses({outer}, {inner});
  }

  /// "out: ...", "in: ...", "self: ..." with the packet as it came out, or "X reason" and the ICMP that answers it
  /// ("3/1"); " (invalid)" behind untranslated ones.
  std::string from(InterfaceId in, const Bytes& bytes) {
    packet = bytes;
    packet.resize(bytes.size() + 64);
    wire::Buffer buffer{packet.data(), static_cast<std::uint32_t>(bytes.size()),
                        static_cast<std::uint32_t>(packet.size())};
    track = Track();
    const std::string line = pass(buffer, in);
    packet.resize(buffer.size);
    track = Track();
    return line;
  }
  std::string from_inside(const Bytes& bytes) { return from(lan, bytes); }
  std::string from_outside(const Bytes& bytes) { return from(wan, bytes); }

  /// A packet of the gateway itself.
  std::string own(const Bytes& bytes) {
    packet = bytes;
    wire::Buffer buffer{packet.data(), static_cast<std::uint32_t>(bytes.size()),
                        static_cast<std::uint32_t>(packet.size())};
    track = Track();
    Decision d = nat.output(buffer, now, track);
    if (!d.pass) return ended(d);
    return leave(buffer, d);
  }

  /// The table, one line an entry: "udp 192.168.1.10:5000 203.0.113.1:5000 198.51.100.7:53 unreplied 30s".
  std::vector<std::string> table() const {
    std::vector<std::string> lines;
    for (const Entry& e : nat.table(now)) {
      lines.push_back(to_string(e.protocol) + ' ' + to_string(e.inside) + ' ' + to_string(e.outside) + ' ' +
                      to_string(e.remote) + ' ' + state_word(e) +
                      (e.protocol == wire::Protocol::tcp && e.assured ? " assured " : " ") + to_string(e.left));
    }
    return lines;
  }

  Nat nat;
  Time now{0};
  Bytes packet;
  Track track;
  wire::Address masquerade = outer;

 private:
  static bool is_inside(wire::Address a) { return a.value >> 8 == inner.value >> 8; }

  std::string pass(wire::Buffer& buffer, InterfaceId in) {
    Decision d = nat.prerouting(buffer, in, now, track);
    if (!d.pass) return ended(d);
    const wire::Address to = wire::Ipv4View::parse(buffer.view())->destination();
    if (to == outer || to == inner) {
      d = nat.input(buffer, in, now, track);
      return d.pass ? "self: " + told(buffer, d) : ended(d);
    }
    d = nat.forward(buffer, in, is_inside(to) ? lan : wan, now, track);
    if (!d.pass) return ended(d);
    return leave(buffer, d);
  }

  std::string leave(wire::Buffer& buffer, Decision d) {
    const InterfaceId out = is_inside(wire::Ipv4View::parse(buffer.view())->destination()) ? lan : wan;
    d = nat.postrouting(buffer, {out, out == wan ? masquerade : inner}, now, track);
    if (!d.pass) return ended(d);
    return (out == wan ? "out: " : "in: ") + told(buffer, d);
  }

  static std::string ended(const Decision& d) {
    using enum Decision::Answer;
    return "X " + std::string(word(d.reason)) +
           (d.answer == none               ? ""
            : d.answer == host_unreachable ? " 3/1"
                                           : " 3/13");
  }

  static std::string told(const wire::Buffer& buffer, const Decision& d) {
    return wire::describe(buffer.view()) + (d.reason == Reason::none ? "" : " (" + std::string(word(d.reason)) + ")");
  }
};

}  // namespace masqsim::nat::testing
