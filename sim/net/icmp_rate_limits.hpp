// How often a node sends ICMP messages to one destination (RFC 1812 section 4.3.2.8), as Linux's inet_peer limits them
// where its general limit (icmp_ratelimit) is off.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/address.hpp"

namespace masqsim::net {

class IcmpRateLimits {
 public:
  /// True if `sender` may be told that no route leads on: five times at once, then once a second.
  bool may_send_route_error(wire::Address sender, Time now);
  /// True if `sender` may be sent a redirect: at once, then after 40 ms, 80 ms ..., nine times in all until none was
  /// asked for during 20 s.
  bool may_send_redirect(wire::Address sender, Time now);
  /// Another ICMP error is sent to `destination`: it uses up what `may_send_route_error` had left.
  void charge(wire::Address destination, Time now);

 private:
  struct Peer {
    Time last;
    Duration tokens;
    unsigned redirects = 0;
  };
  Peer& peer(wire::Address a, Time now);

  std::unordered_map<std::uint32_t, Peer> peers_;  // only looked up, never walked
};

}  // namespace masqsim::net
