#include "masqsim/scenario/idle.hpp"

#include <algorithm>

#include "timeouts.hpp"

namespace masqsim::scenario {

std::vector<std::string> idle_keys(const trace::Row& row) {
  constexpr wire::Protocol gre{47};
  const bool assured = row.state == "assured";
  if (row.protocol == wire::Protocol::icmp) return {"icmp"};
  if (row.protocol == wire::Protocol::udp) return {assured ? "udp-stream" : "udp"};
  if (row.protocol == gre) return {assured ? "gre-stream" : "gre"};
  if (row.protocol != wire::Protocol::tcp) return {"generic"};
  const std::string own = "tcp-" + row.state;
  std::vector<std::string> keys;
  if (std::ranges::find(timeout_keys, own, &TimeoutKey::key) != timeout_keys.end()) keys.push_back(own);
  keys.insert(keys.end(), {"tcp-unacknowledged", "tcp-max-retrans"});
  return keys;
}

std::string idle_key(const trace::Row& row, Duration idle, const nat::Timeouts& timeouts) {
  for (const std::string& key : idle_keys(row)) {
    const auto entry = std::ranges::find(timeout_keys, key, &TimeoutKey::key);
    if (timeouts.*(entry->member) == idle) return key;
  }
  return {};
}

}  // namespace masqsim::scenario
