#include "masqsim/scenario/idle.hpp"

#include <algorithm>

#include "sim/nat/config_keys.hpp"

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
  const auto rows = nat::config_keys();
  if (std::ranges::find(rows, "timeouts." + own, &nat::ConfigKey::name) != rows.end()) keys.push_back(own);
  keys.insert(keys.end(), {"tcp-unacknowledged", "tcp-max-retrans"});
  return keys;
}

std::string idle_key(const trace::Row& row, Duration idle, const nat::Timeouts& timeouts) {
  nat::Config config;
  config.timeouts = timeouts;
  for (const std::string& key : idle_keys(row)) {
    if (nat::config_key("timeouts." + key).get(config) == idle.ns) return key;
  }
  return {};
}

}  // namespace masqsim::scenario
