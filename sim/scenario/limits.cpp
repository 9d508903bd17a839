#include "masqsim/scenario/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "guard.hpp"
#include "masqsim/base/parse.hpp"

namespace masqsim::scenario {

namespace {

using Count = std::uint64_t;
constexpr Count too_many = UINT64_MAX;

Count sum(Count a, Count b) { return a > too_many - b ? too_many : a + b; }
Count product(Count a, Count b) { return a != 0 && b > too_many / a ? too_many : a * b; }

// Bytes that one of each costs before the first event, measured on x86-64 and rounded up.
constexpr Count node_bytes = 750, interface_bytes = 250, cloud_link_bytes = 700, service_bytes = 250,
                flow_bytes = 1'100, route_bytes = 40;

constexpr Count base_events = 2'000'000, events_per_crossing = 20;
constexpr Count longest_path = 64;         // more links than that no packet with the default TTL crosses
constexpr Count bytes_per_packet = 1'000;  // of a stream or a datagram; small ones count as one

Count packets_for(Count bytes) { return 1 + bytes / bytes_per_packet; }

class Estimator {
 public:
  explicit Estimator(const Scenario& scenario) : scenario_(scenario) {}

  Estimate all() {
    for (const Node& node : scenario_.nodes) add(node);
    for (const Action& action : scenario_.actions) {
      if (action.verb != Verb::set) add(action);
    }
    Count clouds = 0, subnets = 1;  // the default route spreads like a subnet
    for (const Network& network : scenario_.networks) (network.kind == NetworkKind::cloud ? clouds : subnets) += 1;
    result_.crossings = std::min(longest_path, 2 + 2 * forwarding_ + 2 * clouds);
    result_.routes = sum(product(sum(result_.hosts, clouds), subnets), pool_routes_);
    const Count kept = sum(sum(product(forwarding_ + clouds, subnets), 2 * result_.interfaces), pool_routes_);
    add_memory(kept, route_bytes);
    return result_;
  }

 private:
  void add(const Node& node) {
    if (node.kind != NodeKind::host) forwarding_ = sum(forwarding_, node.count);
    result_.hosts = sum(result_.hosts, node.count);
    add_memory(node.count, node_bytes);
    const Count interfaces = product(node.count, node.interfaces.size());
    result_.interfaces = sum(result_.interfaces, interfaces);
    add_memory(interfaces, interface_bytes);
    for (const Interface& interface : node.interfaces) {
      members_[interface.network] = sum(members_[interface.network], node.count);
      if (scenario_.networks[interface.network].kind == NetworkKind::cloud) add_memory(node.count, cloud_link_bytes);
    }
    const Count services = product(node.count, node.services.size());
    result_.services = sum(result_.services, services);
    add_memory(services, service_bytes);
    for (const Service& service : node.services) {
      Count& longest = longest_reply_[service.protocol];
      longest = std::max(longest, service.reply);
    }
    if (node.nat) add_pools(*node.nat);
  }

  /// A range of addresses is at most so many prefixes, each a route of the cloud.
  void add_pools(const NatSpec& nat) {
    pool_routes_ = sum(pool_routes_, product(nat.config.source.size() + nat.config.destination.size(), 64));
  }

  void add(const Action& action) {
    const Node& from = scenario_.nodes[action.from.node];
    const Count members = from.group && action.from.member == 0 ? from.count : 1;
    result_.flows = sum(result_.flows, members);
    add_memory(members, flow_bytes);
    add_memory(members, action.payload.size());
    const Count asked = std::max<Count>(action.send, action.payload.size());
    Count packets = packets_for(asked);
    if (action.verb == Verb::traceroute) packets = 3u * action.hops;
    packets = sum(packets, packets_for(reply_to(action, asked)));
    packets = product(packets, receivers(action));
    result_.packets = sum(result_.packets, product(product(members, action.times), packets));
  }

  /// Bytes that come back for one request of `asked` bytes, at most.
  Count reply_to(const Action& action, Count asked) const {
    if (action.verb != Verb::tcp && action.verb != Verb::udp) return asked;
    const auto protocol = action.verb == Verb::tcp ? wire::Protocol::tcp : wire::Protocol::udp;
    if (action.target.node) {
      for (const Service& service : scenario_.nodes[action.target.node->node].services) {
        if (service.protocol == protocol && service.port == action.target.port) {
          return service.echo ? asked : service.reply;
        }
      }
    }
    const auto longest = longest_reply_.find(protocol);  // of whoever the call is forwarded to
    return std::max(asked, longest == longest_reply_.end() ? Count{0} : longest->second);
  }

  /// How many take a packet of the action: of a broadcast everybody on the caller's networks.
  Count receivers(const Action& action) const {
    const wire::Address to = action.target.address;
    bool everybody = to.is_limited_broadcast() || to.is_multicast();
    Count most = 1;
    for (const Interface& interface : scenario_.nodes[action.from.node].interfaces) {
      const std::optional<wire::Prefix>& subnet = scenario_.networks[interface.network].subnet;
      everybody = everybody || (subnet && subnet->length < 31 && to == subnet->broadcast());
      const auto members = members_.find(interface.network);
      if (members != members_.end()) most = std::max(most, members->second);
    }
    return everybody && action.verb != Verb::raw ? most : 1;
  }

  void add_memory(Count things, Count bytes) { result_.memory = sum(result_.memory, product(things, bytes)); }

  const Scenario& scenario_;
  Estimate result_;
  Count forwarding_ = 0;  // routers and gateways
  Count pool_routes_ = 0;
  std::map<NetworkIndex, Count> members_;
  std::map<wire::Protocol, Count> longest_reply_;
};

/// A limit by its word.
struct LimitWord {
  std::string_view word;
  Count Limits::*value;
  bool bytes;
};
constexpr std::array<LimitWord, 7> words{{{"hosts", &Limits::hosts, false},
                                          {"packets", &Limits::packets, false},
                                          {"routes", &Limits::routes, false},
                                          {"memory", &Limits::memory, true},
                                          {"output", &Limits::output, true},
                                          {"events", &Limits::events, false},
                                          {"instant", &Limits::instant, false}}};
constexpr Count largest_limit = 1'000'000'000'000'000;

struct Unit {
  std::string_view word;
  Count value;
};
constexpr std::array<Unit, 4> count_units{{{"G", 1'000'000'000}, {"M", 1'000'000}, {"k", 1'000}, {"", 1}}};
constexpr std::array<Unit, 4> byte_units{{{"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1'000}, {"B", 1}}};

const std::array<Unit, 4>& units(bool bytes) { return bytes ? byte_units : count_units; }

/// "2M", "8GB": a whole number and a unit.
std::optional<Count> amount(std::string_view text, const LimitWord& limit) {
  for (const Unit& unit : units(limit.bytes)) {
    if (!text.ends_with(unit.word)) continue;
    const auto number = parse::whole(text.substr(0, text.size() - unit.word.size()), 1, largest_limit / unit.value);
    const Count* whole = std::get_if<Count>(&number);
    return whole == nullptr ? std::nullopt : std::optional(*whole * unit.value);
  }
  return std::nullopt;
}

/// A large number in groups of three digits; one beyond counting says so.
std::string grouped(Count value) {
  if (value == too_many) return "more than 10^19";
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

/// "8.1 GB", rounded up so that what is over a limit also reads so.
std::string bytes_text(Count bytes) {
  for (const auto& [word, value] : {Unit{"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1'000}}) {
    if (bytes < value) continue;
    const Count tenths = bytes / (value / 10) + (bytes % (value / 10) != 0 ? 1 : 0);
    return fmt::format("{}.{} {}", grouped(tenths / 10), tenths % 10, word);
  }
  return std::to_string(bytes) + " bytes";
}

}  // namespace

Estimate estimate(const Scenario& scenario) { return Estimator(scenario).all(); }

std::uint64_t events_for(const Estimate& estimate) {
  const Count base = sum(base_events, product(estimate.interfaces, events_per_crossing));  // one packet to everybody
  return sum(base, product(product(estimate.packets, estimate.crossings), events_per_crossing));
}

std::vector<std::string> breaches(const Estimate& e, const Limits& limits) {
  std::vector<std::string> found;
  const auto hold = [&](Count value, Count limit, std::string_view word, const std::string& what) {
    if (value <= limit) return;
    const bool bytes = word == "memory";
    found.push_back(
        fmt::format("{} {} more than --limits {} allows", what, bytes ? "is" : "are", limit_text(word, limit)));
  };
  hold(e.hosts, limits.hosts, "hosts", grouped(e.hosts) + " hosts");
  hold(e.packets, limits.packets, "packets",
       fmt::format("{} packets (requests and answers of {} flows)", grouped(e.packets), grouped(e.flows)));
  hold(e.routes, limits.routes, "routes", grouped(e.routes) + " routes to compute");
  hold(e.memory, limits.memory, "memory",
       fmt::format("about {} of memory ({} hosts with {} interfaces and {} services, {} flows)", bytes_text(e.memory),
                   grouped(e.hosts), grouped(e.interfaces), grouped(e.services), grouped(e.flows)));
  return found;
}

std::string set_limit(Limits& limits, std::string_view text) {
  const std::string_view word = text.substr(0, text.find('='));
  const auto known = std::ranges::find(words, word, &LimitWord::word);
  if (known == words.end()) {
    std::string all;
    for (const LimitWord& w : words) all += (all.empty() ? "" : ", ") + std::string(w.word);
    return "unknown limit '" + std::string(word) + "' (known: " + all + ")";
  }
  const std::optional<Count> value = amount(word.size() < text.size() ? text.substr(word.size() + 1) : "", *known);
  if (!value) {
    return std::string(word) + (known->bytes ? " needs a size such as 8GB" : " needs a whole number such as 2M");
  }
  limits.*known->value = *value;
  return "";
}

std::string limit_text(std::string_view word, std::uint64_t value) {
  const auto known = std::ranges::find(words, word, &LimitWord::word);
  for (const Unit& unit : units(known->bytes)) {
    if (value % unit.value == 0) return fmt::format("{}={}{}", word, value / unit.value, unit.word);
  }
  return fmt::format("{}={}", word, value);
}

std::string BrokenOff::sentence() const {
  std::string text = why;
  for (const std::string& loop : loops) text += "; " + loop;
  return text;
}

}  // namespace masqsim::scenario
