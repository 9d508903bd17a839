#include "proposal_search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace masqsim::scenario {

bool owns(const Node& node, wire::Address address) {
  return std::ranges::any_of(node.interfaces, [&](const Interface& i) {
    return std::ranges::any_of(i.addresses, [&](const InterfaceAddress& a) {
      return address.value >= a.address.value && address.value < a.address.value + node.count;
    });
  });
}

bool is_on(const Node& node, NetworkIndex network) {
  return std::ranges::any_of(node.interfaces, [&](const Interface& i) { return i.network == network; });
}

bool is_outside(const Node& gateway, NetworkIndex network) {
  return gateway.nat && std::ranges::find(gateway.nat->outside, network) != gateway.nat->outside.end();
}

bool is_inside(const Node& gateway, const Node& host) {
  return std::ranges::any_of(host.interfaces, [&](const Interface& i) {
    return is_on(gateway, i.network) && !is_outside(gateway, i.network);
  });
}

std::string one_of(const Node& node) { return node.group ? node.name + ".1" : node.name; }

Path path_of(const Node& node) { return {"nodes", node.name}; }
Path nat_of(const Node& node) { return {"nodes", node.name, "nat"}; }

Path under(Path path, const std::string& dotted) {
  std::size_t begin = 0;
  for (std::size_t dot = dotted.find('.'); dot != std::string::npos; dot = dotted.find('.', begin)) {
    path.push_back(dotted.substr(begin, dot - begin));
    begin = dot + 1;
  }
  path.push_back(dotted.substr(begin));
  return path;
}

Edit put(Path path, std::string value) { return {Edit::What::put, std::move(path), std::move(value)}; }
Edit append(Path path, std::string value) { return {Edit::What::append, std::move(path), std::move(value)}; }
Edit erase(Path path) { return {Edit::What::erase, std::move(path), {}}; }

std::string longer(const std::string& key, bool has_some, const std::string& element) {
  return fmt::format("{}: [{}{}]", key, has_some ? "..., " : "", element);
}

std::string longer_than(Duration idle) {
  constexpr std::array<std::int64_t, 14> rounds{30,   60,   120,  180,   300,   600,    900,
                                                1800, 3600, 7200, 18000, 86400, 432000, 2592000};
  for (const std::int64_t seconds : rounds) {
    if (seconds * 1'000'000'000 > idle.ns) return to_string(Duration{seconds * 1'000'000'000});
  }
  return to_string(Duration{rounds.back() * 1'000'000'000});
}

wire::Protocol ProposalSearch::protocol() const {
  switch (action().verb) {
    case Verb::tcp: return wire::Protocol::tcp;
    case Verb::udp: return wire::Protocol::udp;
    default: return wire::Protocol::icmp;
  }
}

const Node* ProposalSearch::node_named(std::string_view name) const {
  const std::string whole(name);
  if (const auto index = scenario.node_named(whole)) return &scenario.nodes[*index];
  const auto group = scenario.node_named(whole.substr(0, whole.rfind('.')));
  return group ? &scenario.nodes[*group] : nullptr;
}

const Node* ProposalSearch::owner(wire::Address address) const {
  const auto found_node = std::ranges::find_if(scenario.nodes, [&](const Node& n) { return owns(n, address); });
  return found_node == scenario.nodes.end() ? nullptr : &*found_node;
}

std::optional<wire::Tuple> ProposalSearch::ended() const {
  return facts.end ? wire::tuple_of(facts.end->bytes) : std::optional<wire::Tuple>();
}

std::vector<const Node*> ProposalSearch::listeners(std::uint16_t port) const {
  std::vector<const Node*> hosts;
  for (const Node& node : scenario.nodes) {
    const bool listens = std::ranges::any_of(
        node.services, [&](const Service& s) { return s.protocol == protocol() && s.port == port; });
    if (listens && node.kind == NodeKind::host) hosts.push_back(&node);
  }
  return hosts;
}

bool ProposalSearch::says(const Path& path, std::string_view text) const {
  const Value* value = manuscript.at(path);
  return value != nullptr && value->is_scalar() && value->text == text;
}

Path ProposalSearch::rule(const Node& gateway, const std::string& section, std::size_t n) const {
  Path path = under(nat_of(gateway), section);
  const Value* value = manuscript.at(path);
  if (value != nullptr && value->is_list()) path.push_back(std::to_string(n));
  return path;
}

std::string ProposalSearch::where(const std::string& whose, const Path& path) const {
  const auto at = scenario.places.of.find(fmt::format("{}", fmt::join(path, ".")));
  return where(whose, at == scenario.places.of.end() ? Position{} : at->second);
}

std::string ProposalSearch::where(const std::string& whose, Position position) {
  return position.line == 0 ? whose : fmt::format("{}, {}:{}", whose, position.line, position.column);
}

void ProposalSearch::propose(std::string change, std::string where, std::vector<Edit> edits) {
  const auto same = [&](const Proposal& p) { return p.edits == edits; };
  if (std::ranges::none_of(found, same)) found.push_back({std::move(change), std::move(where), std::move(edits)});
}

void ProposalSearch::put_key(const std::string& whose, const Path& path, const std::string& value) {
  propose(fmt::format("{}: {}", path.back(), value), where(whose, path), {put(path, value)});
}

void ProposalSearch::put_nat(const Node& gateway, const std::string& key, const std::string& value) {
  if (!gateway.nat) return;
  const Path path = under(nat_of(gateway), key);
  if (says(path, value)) return;
  const std::size_t dot = key.find('.');
  const std::string change = dot == std::string::npos
                                 ? fmt::format("{}: {}", key, value)
                                 : fmt::format("{}: {{{}: {}}}", key.substr(0, dot), key.substr(dot + 1), value);
  propose(change, where(gateway.name, path), {put(path, value)});
}

void ProposalSearch::put_nat_everywhere(const std::string& key, const std::string& value) {
  for (const Node& node : scenario.nodes) put_nat(node, key, value);
}

void ProposalSearch::put_in_rule(const Node& gateway, const std::string& section, std::size_t n, const std::string& key,
                                 const std::string& value) {
  const Path path = under(rule(gateway, section, n), key);
  propose(fmt::format("{}: {{{}: {}}}", section, key, value), where(gateway.name, path), {put(path, value)});
}

void ProposalSearch::erase_from_rule(const Node& gateway, const std::string& section, std::size_t n,
                                     const std::string& key) {
  const Path path = under(rule(gateway, section, n), key);
  if (has(path)) propose(fmt::format("{} without {}", section, key), where(gateway.name, path), {erase(path)});
}

}  // namespace masqsim::scenario
