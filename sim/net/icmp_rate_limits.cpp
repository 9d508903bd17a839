#include "icmp_rate_limits.hpp"

#include <algorithm>
#include <cstddef>

namespace masqsim::net {

namespace {

constexpr std::size_t known_at_most = 4096;
constexpr Duration cost = 1_s, most_tokens = 5_s, long_ago = 60_s;
constexpr Duration first_pause = 20_ms, silence = first_pause * 1024;
constexpr unsigned redirects_at_most = 9;

}  // namespace

IcmpRateLimits::Peer& IcmpRateLimits::peer(wire::Address a, Time now) {
  if (peers_.size() >= known_at_most) peers_.clear();
  return peers_.try_emplace(a.value, Peer{now - long_ago, {}}).first->second;
}

bool IcmpRateLimits::may_send_route_error(wire::Address sender, Time now) {
  Peer& p = peer(sender, now);
  p.tokens = std::min(most_tokens, p.tokens + (now - p.last));
  p.last = now;
  if (p.tokens < cost) return false;
  p.tokens = p.tokens - cost;
  return true;
}

bool IcmpRateLimits::may_send_redirect(wire::Address sender, Time now) {
  Peer& p = peer(sender, now);
  if (now - p.last > silence) {
    p.tokens = {};
    p.redirects = 0;
  }
  if (p.redirects >= redirects_at_most) {
    p.last = now;
    return false;
  }
  if (p.redirects != 0 && now - p.last <= first_pause * (std::int64_t{1} << p.redirects)) return false;
  p.last = now;
  ++p.redirects;
  return true;
}

void IcmpRateLimits::charge(wire::Address a, Time now) {
  Peer& p = peer(a, now);
  if (p.last == now) return;
  p.last = now;
  p.tokens = {};
}

}  // namespace masqsim::net
