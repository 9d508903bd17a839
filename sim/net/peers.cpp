#include "peers.hpp"

#include <algorithm>
#include <cstddef>

namespace masqsim::net {

namespace {

constexpr std::size_t known_at_most = 4096;
constexpr Duration a_refusal = 1_s, saved_at_most = 5_s, long_ago = 60_s;
constexpr Duration first_pause = 20_ms, silence = first_pause * 1024;
constexpr unsigned redirects_at_most = 9;

}  // namespace

Peers::Peer& Peers::peer(wire::Address a, Time now) {
  if (peers_.size() >= known_at_most) peers_.clear();
  return peers_.try_emplace(a.value, Peer{now - long_ago, {}}).first->second;
}

bool Peers::may_refuse(wire::Address sender, Time now) {
  Peer& p = peer(sender, now);
  p.saved = std::min(saved_at_most, p.saved + (now - p.last));
  p.last = now;
  if (p.saved < a_refusal) return false;
  p.saved = p.saved - a_refusal;
  return true;
}

bool Peers::may_redirect(wire::Address sender, Time now) {
  Peer& p = peer(sender, now);
  if (now - p.last > silence) {
    p.saved = {};
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

void Peers::told(wire::Address a, Time now) {
  Peer& p = peer(a, now);
  if (p.last == now) return;
  p.last = now;
  p.saved = {};
}

}  // namespace masqsim::net
