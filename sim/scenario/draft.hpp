// A scenario in the making: each section of the file is read by one function, in an order that lets the later ones look
// up what the earlier ones named.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fields.hpp"
#include "masqsim/scenario/model.hpp"

namespace masqsim::scenario {

using NameIndex = std::map<std::string, std::uint32_t, std::less<>>;

/// Names that stand for nothing: what they name could not be read, or nothing is called so. That has been said once,
/// and is not said of everything that refers to them.
struct Lost {
  bool all = false;  ///< the whole section
  std::set<std::string, std::less<>> names;

  bool has(std::string_view name) const { return all || names.contains(name); }
};

struct Draft {
  Report& report;
  std::size_t& merge_budget;  ///< values that may still be copied by merging
  Scenario scenario;
  NameIndex networks;
  NameIndex nodes;
  NameIndex actions;
  Lost lost_networks, lost_nodes, lost_actions;
  std::map<NetworkIndex, Span> network_spans;
  std::vector<const Value*> nat_sections;  ///< of each node: its `nat`, or nullptr
};

void read_networks(Draft& draft, const Fields& root);
void read_nodes(Draft& draft, const Fields& root);
void read_actions(Draft& draft, const Fields& root);
void read_expectations(Draft& draft, const Fields& root);
void read_lab(Draft& draft, const Fields& root);

/// `nat:` of the node `owner`; nothing for `none` or where it cannot be read.
std::optional<NatSpec> read_nat(Draft& draft, NodeIndex owner, const Value& value, Span where);

// Looking up names; a name that is not there is reported as "WHO refers to unknown node 'x'; known nodes: ...".
std::optional<NetworkIndex> find_network(Draft& draft, std::string_view who, const Value& value);
/// "gw", "clients", "clients.7".
std::optional<NodeRef> find_node(Draft& draft, std::string_view who, std::string_view name, Span where);
std::optional<NodeRef> find_node(Draft& draft, std::string_view who, const Value& value);
/// A node or a network.
std::optional<Place> find_place(Draft& draft, std::string_view who, const Value& value);
/// The place in Node::interfaces of the attachment to `network`.
std::optional<std::uint32_t> interface_on(const Node& node, NetworkIndex network);

/// Merges `over` into `base` as variants do: maps merge, everything else replaces, null deletes. False (reported) when
/// the budget is used up.
bool merge(Report& report, std::size_t& budget, Value& base, const Value& over);

/// A map of a variant that is laid over a rule of the base and leaves keys of it standing.
struct Kept {
  Span where;           ///< of the variant's key
  std::string message;  ///< "'ports' of the base's masquerade stays: maps are merged, lists replace"
};
std::vector<Kept> kept_of_rules(const Value& base, const Value& over);

inline Position position_of(const Draft& draft, Span span) { return draft.report.position(span); }

}  // namespace masqsim::scenario
