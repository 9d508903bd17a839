// The search for changes that might let a failed flow pass: what is asked of the file and of the run, and how a change
// is proposed. The ideas themselves lie in proposals_*.cpp, one function an idea; proposals.cpp says which are tried
// for what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edits.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/wire/describe.hpp"
#include "proposals.hpp"

namespace masqsim::scenario {

/// Keys and places in lists that lead to a value of the file: {"nodes", "gw", "nat", "forward", "0"}.
using Path = std::vector<std::string>;

bool owns(const Node& node, wire::Address address);
bool is_on(const Node& node, NetworkIndex network);
bool is_outside(const Node& gateway, NetworkIndex network);
/// On a network that `gateway` serves as its inside.
bool is_inside(const Node& gateway, const Node& host);
/// How an action names the host; of a group its first member.
std::string one_of(const Node& node);

Path path_of(const Node& node);
Path nat_of(const Node& node);
/// `path`, and below it the keys of `dotted`: "timeouts.udp".
Path under(Path path, const std::string& dotted);

Edit put(Path path, std::string value);
Edit append(Path path, std::string value);
Edit erase(Path path);
/// How a list with one more element is told: "forward: [..., {...}]".
std::string longer(const std::string& key, bool has_some, const std::string& element);
/// A round time that is longer than `idle`.
std::string longer_than(Duration idle);

/// A flow that failed, and what has been proposed for it so far. What it refers to outlives it.
struct ProposalSearch {
  const Scenario& scenario;
  const Manuscript& manuscript;
  const FlowOutcome& failed;
  ActionIndex number;  ///< of the flow's action
  const FlowFacts& facts;
  std::vector<Proposal> found{};

  // --- what is asked of the file and of the run

  const Action& action() const { return scenario.actions[number]; }
  bool is_stream() const { return action().verb == Verb::tcp || action().verb == Verb::udp; }
  wire::Protocol protocol() const;
  const Node& caller() const { return scenario.nodes[action().from.node]; }
  /// The node, or the group that it is a member of; nullptr for a network and for nobody.
  const Node* node_named(std::string_view name) const;
  /// Where the flow ended; nullptr where that was a network.
  const Node* place() const { return node_named(failed.at); }
  const Node* owner(wire::Address address) const;
  /// Endpoints of the packet with which the flow ended.
  std::optional<wire::Tuple> ended() const;
  /// Hosts that listen for such a flow on `port`.
  std::vector<const Node*> listeners(std::uint16_t port) const;

  Path action_path() const { return {"actions", std::to_string(number)}; }
  bool has(const Path& path) const { return manuscript.at(path) != nullptr; }
  bool says(const Path& path, std::string_view text) const;
  /// Rule `n` of a section of `nat` that may be one map or a list of them.
  Path rule(const Node& gateway, const std::string& section, std::size_t n) const;

  // --- what is proposed

  /// "gw, 16:25": whose key it is, and where it stands now; where it is not there yet, only whose.
  std::string where(const std::string& whose, const Path& path) const;
  static std::string where(const std::string& whose, Position position);

  /// Nothing is proposed twice.
  void propose(std::string change, std::string where, std::vector<Edit> edits);
  /// The value at `path` becomes `value`: told as "KEY: VALUE", the key being the path's last.
  void put_key(const std::string& whose, const Path& path, const std::string& value);
  /// `key` of `nat`, "timeouts.udp", becomes `value`: told as "timeouts: {udp: 1h}".
  void put_nat(const Node& gateway, const std::string& key, const std::string& value);
  void put_nat_everywhere(const std::string& key, const std::string& value);
  /// A key of rule `n` of a section of `nat`: told as "masquerade: {out: internet}", as a variant would say it.
  void put_in_rule(const Node& gateway, const std::string& section, std::size_t n, const std::string& key,
                   const std::string& value);
  void erase_from_rule(const Node& gateway, const std::string& section, std::size_t n, const std::string& key);
};

}  // namespace masqsim::scenario
