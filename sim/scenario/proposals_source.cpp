// What to try where the source of a flow was not translated.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "proposal_search.hpp"
#include "proposals_by_cause.hpp"

namespace masqsim::scenario {

namespace {

/// The smallest network that holds both.
wire::Prefix joined(wire::Prefix a, wire::Prefix b) {
  const std::uint32_t differs = a.address.value ^ b.address.value;
  const auto common = static_cast<std::uint8_t>(std::countl_zero(differs));
  return wire::prefix_of(a.address, std::min({common, a.length, b.length}));
}

/// `from` covers the caller's network as well, where the two lie near each other.
void widen(ProposalSearch& search, const Node& node, const std::string& section, std::size_t n, wire::Prefix from) {
  constexpr std::uint8_t widest = 12;
  for (const Network& network : search.scenario.networks) {
    if (!network.subnet || !network.subnet->contains(*search.facts.initiator)) continue;
    const wire::Prefix both = joined(from, *network.subnet);
    if (both.length >= widest) search.put_in_rule(node, section, n, "from", wire::to_string(both));
  }
}

void masquerade_takes(ProposalSearch& search, const Node& node, std::size_t n, const FlowFacts::Passed& way) {
  const Masquerade& m = node.nat->masquerade[n];
  if (search.scenario.networks[m.out].name != way.network) {
    if (node.nat->masquerade.size() == 1) search.put_in_rule(node, "masquerade", n, "out", way.network);
    return;
  }
  if (m.from && !m.from->contains(*search.facts.initiator)) {
    widen(search, node, "masquerade", n, *m.from);
    search.erase_from_rule(node, "masquerade", n, "from");
  }
  if (m.protocol && *m.protocol != search.protocol()) search.erase_from_rule(node, "masquerade", n, "protocol");
}

void source_takes(ProposalSearch& search, const Node& node, std::size_t n, const FlowFacts::Passed& way) {
  const SourceNat& s = node.nat->source[n];
  const Path path = search.rule(node, "source", n);
  if (s.exempt) {
    search.propose("source without this exempt rule", search.where(node.name, path), {erase(path)});
    return;
  }
  if (search.scenario.networks[s.out].name != way.network)
    return search.put_in_rule(node, "source", n, "out", way.network);
  if (s.from && !s.from->contains(*search.facts.initiator)) {
    widen(search, node, "source", n, *s.from);
    search.erase_from_rule(node, "source", n, "from");
  }
  if (s.protocol && *s.protocol != search.protocol()) search.erase_from_rule(node, "source", n, "protocol");
}

void translate_at(ProposalSearch& search, const Node& node, const FlowFacts::Passed& way) {
  const std::string rule_text = fmt::format("{{out: {}}}", way.network);
  if (node.kind == NodeKind::router) {
    const std::string nat = fmt::format("{{masquerade: {}}}", rule_text);
    search.propose("kind: gateway, nat: " + nat, search.where(node.name, under(path_of(node), "kind")),
                   {put(under(path_of(node), "kind"), "gateway"), put(nat_of(node), nat)});
    return;
  }
  if (!node.nat) {
    search.propose(fmt::format("nat: {{masquerade: {}}}", rule_text), search.where(node.name, nat_of(node)),
                   {put(nat_of(node), fmt::format("{{masquerade: {}}}", rule_text))});
    return;
  }
  for (std::size_t n = 0; n < node.nat->masquerade.size(); ++n) masquerade_takes(search, node, n, way);
  for (std::size_t n = 0; n < node.nat->source.size(); ++n) source_takes(search, node, n, way);
  const Path path = under(nat_of(node), "masquerade");
  if (node.nat->masquerade.empty()) {
    search.propose("masquerade: " + rule_text, search.where(node.name, path), {put(path, rule_text)});
  } else {
    search.propose(longer("masquerade", true, rule_text), search.where(node.name, path), {append(path, rule_text)});
  }
}

}  // namespace

void for_untranslated(ProposalSearch& search) {
  for (const FlowFacts::Passed& way : search.facts.passed) {
    const Node* node = search.node_named(way.node);
    if (node == nullptr || node->kind == NodeKind::host || way.translated || !search.facts.initiator) continue;
    if (!search.facts.initiator->is_private() && !search.facts.initiator->is_shared()) continue;
    translate_at(search, *node, way);
    break;  // the first one on the way is the caller's own
  }
}

}  // namespace masqsim::scenario
