#include <fmt/format.h>

#include "draft.hpp"

namespace masqsim::scenario {

namespace {

std::vector<std::string_view> names_in(const NameIndex& index) {
  std::vector<std::string_view> names;
  for (const auto& [name, at] : index) {
    names.push_back(name);
    if (names.size() == 1000) break;
  }
  return names;
}

void unknown(Draft& draft, std::string_view who, std::string_view what, std::string_view name, Span where,
             const NameIndex& index, Lost& lost) {
  if (lost.has(name)) return;
  lost.names.emplace(name);
  std::string tail;
  if (draft.report.wants_hints()) tail = suggestion(draft.report, name, fmt::format("{}s", what), names_in(index));
  draft.report.error(where, fmt::format("{} refers to unknown {} {}{}", who, what, quoted(name), tail));
}

/// "clients.7" as a member of the group "clients".
std::optional<NodeRef> find_member(const Draft& draft, std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto group = draft.nodes.find(name.substr(0, dot));
  if (group == draft.nodes.end()) return std::nullopt;
  const Node& node = draft.scenario.nodes[group->second];
  const auto member = parse::whole(name.substr(dot + 1), 1, node.count);
  const auto* number = std::get_if<std::uint64_t>(&member);
  if (!node.group || !number) return std::nullopt;
  return NodeRef{group->second, static_cast<std::uint32_t>(*number)};
}

std::optional<NodeRef> known_node(const Draft& draft, std::string_view name) {
  const auto found = draft.nodes.find(name);
  return found != draft.nodes.end() ? std::optional(NodeRef{found->second, 0}) : find_member(draft, name);
}

/// A node, or the group of a member, that could not be read.
bool is_lost(const Draft& draft, std::string_view name) {
  return draft.lost_nodes.has(name) || draft.lost_nodes.has(name.substr(0, name.rfind('.')));
}

}  // namespace

std::optional<NetworkIndex> find_network(Draft& draft, std::string_view who, const Value& value) {
  const std::string* name = plain_text(draft.report, value, "network");
  if (!name) return std::nullopt;
  const auto found = draft.networks.find(*name);
  if (found != draft.networks.end()) return found->second;
  unknown(draft, who, "network", *name, value.span, draft.networks, draft.lost_networks);
  return std::nullopt;
}

std::optional<NodeRef> find_node(Draft& draft, std::string_view who, std::string_view name, Span where) {
  const std::optional<NodeRef> found = known_node(draft, name);
  if (!found && !is_lost(draft, name)) unknown(draft, who, "node", name, where, draft.nodes, draft.lost_nodes);
  return found;
}

std::optional<NodeRef> find_node(Draft& draft, std::string_view who, const Value& value) {
  const std::string* name = plain_text(draft.report, value, "node");
  return name ? find_node(draft, who, *name, value.span) : std::nullopt;
}

std::optional<Place> find_place(Draft& draft, std::string_view who, const Value& value) {
  const std::string* name = plain_text(draft.report, value, "place");
  if (!name) return std::nullopt;
  const auto network = draft.networks.find(*name);
  if (network != draft.networks.end()) return Place{network->second};
  const std::optional<NodeRef> node = known_node(draft, *name);
  if (node) return Place{*node};
  if (is_lost(draft, *name) || draft.lost_networks.has(*name)) return std::nullopt;
  draft.lost_nodes.names.insert(*name);
  std::string tail;
  if (draft.report.wants_hints()) {
    std::vector<std::string_view> names = names_in(draft.nodes);
    for (const std::string_view other : names_in(draft.networks)) names.push_back(other);
    tail = suggestion(draft.report, *name, "places", names);
  }
  draft.report.error(value.span, fmt::format("{} refers to unknown node or network {}{}", who, quoted(*name), tail));
  return std::nullopt;
}

std::optional<std::uint32_t> interface_on(const Node& node, NetworkIndex network) {
  for (std::uint32_t n = 0; n < node.interfaces.size(); ++n) {
    if (node.interfaces[n].network == network) return n;
  }
  return std::nullopt;
}

}  // namespace masqsim::scenario
