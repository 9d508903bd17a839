// What a node remembers of those to whom it sends ICMP messages, so that it does not tire them (RFC 1812
// section 4.3.2.8). Linux's way (inet_peer), where its general limit (icmp_ratelimit) is off.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/address.hpp"

namespace masqsim::net {

class Peers {
 public:
  /// Whether `sender` may be told that no route leads on: five times at once, then once a second.
  bool may_refuse(wire::Address sender, Time now);
  /// Whether `sender` may be told of a better way: at once, then after 40 ms, 80 ms ..., nine times in all until it has
  /// been silent for 20 s.
  bool may_redirect(wire::Address sender, Time now);
  /// Another ICMP error goes to `peer`: what it had saved of `may_refuse` is spent.
  void told(wire::Address peer, Time now);

 private:
  struct Peer {
    Time last;
    Duration saved;
    unsigned redirects = 0;
  };
  Peer& peer(wire::Address a, Time now);

  std::unordered_map<std::uint32_t, Peer> peers_;  // only looked up, never walked
};

}  // namespace masqsim::net
