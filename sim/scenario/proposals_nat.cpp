// What to try where the gateway held no entry any more, or refused the packet.
#include <fmt/format.h>

#include <algorithm>

#include "masqsim/scenario/idle.hpp"
#include "proposal_search.hpp"
#include "proposals_by_cause.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::scenario {

namespace {

bool concerns(ProposalSearch& search, const trace::Row& row) {
  const wire::Tuple t = *search.ended();
  if (row.protocol != t.protocol) return false;
  const auto is = [&](const wire::Endpoint& e) { return e == t.source || e == t.destination; };
  return is(row.outside) || is(row.inside);
}

void inside_is_what_is_not_outside(ProposalSearch& search, const Node& node) {
  const Path path = under(nat_of(node), "firewall.inside");
  const bool translates = !node.nat->masquerade.empty() || !node.nat->source.empty();
  if (!search.has(path) || !translates) return;
  std::string names;
  for (const Interface& i : node.interfaces) {
    if (!is_outside(node, i.network)) names += (names.empty() ? "" : ", ") + search.scenario.networks[i.network].name;
  }
  if (!names.empty()) {
    search.propose(fmt::format("firewall: {{inside: [{}]}}", names), search.where(node.name, path),
                   {put(path, fmt::format("[{}]", names))});
  }
}

}  // namespace

/// Of the entry that the flow would have needed: the idle time that was too short.
void for_gone_entry(ProposalSearch& search) {
  if (!search.ended()) return;
  const FlowFacts::Gone* gone = nullptr;
  for (const FlowFacts::Gone& g : search.facts.gone) {
    if (g.at > search.facts.end->plain.at || !concerns(search, g.row)) continue;
    gone = &g;
    break;
  }
  const Node* gateway = gone != nullptr ? search.node_named(gone->gateway) : nullptr;
  if (gateway == nullptr || !gateway->nat) return;
  for (const std::string& key : idle_keys(gone->row)) {
    const Duration had{*nat::config_key("timeouts." + key).get(gateway->nat->config)};
    search.put_nat(*gateway, "timeouts." + key, longer_than(search.facts.end->plain.at - gone->at + had));
  }
  if (!gateway->nat->config.inbound_refreshes) search.put_nat(*gateway, "inbound-refreshes", "true");
  search.put_nat(*gateway, "rst-keeps-state", "true");
  search.put_nat(*gateway, "limits.table", "262144");
  for (std::size_t n = 0; n < search.scenario.actions.size(); ++n) {
    const Action& a = search.scenario.actions[n];
    if (!a.set || a.at != gone->at) continue;
    search.propose(fmt::format("no action {}", a.id), fmt::format("{}:{}", a.position.line, a.position.column),
                   {erase({"actions", std::to_string(n)})});
  }
}

void for_filtering(ProposalSearch& search) {
  search.put_nat_everywhere("filtering", "address-dependent");
  search.put_nat_everywhere("filtering", "endpoint-independent");
}

void for_full_table(ProposalSearch& search) {
  search.put_nat_everywhere("limits.early-drop", "true");
  search.put_nat_everywhere("limits.table", "262144");
}

void for_full_host(ProposalSearch& search) { search.put_nat_everywhere("limits.per-host", "unlimited"); }
void for_wrong_sum(ProposalSearch& search) { search.put_nat_everywhere("verify-checksums", "false"); }

void for_invalid(ProposalSearch& search) {
  for (const Node& node : search.scenario.nodes) {
    if (!node.nat) continue;
    if (node.nat->config.firewall.drop_invalid) search.put_nat(node, "firewall.invalid", "pass");
    search.put_nat(node, "tcp-be-liberal", "true");
    if (!node.nat->config.tcp_loose) search.put_nat(node, "tcp-loose", "true");
    if (!node.nat->config.firewall.drop_invalid) search.put_nat(node, "firewall.invalid", "drop");
  }
}

void for_ports(ProposalSearch& search) {
  for (const Node& node : search.scenario.nodes) {
    if (!node.nat) continue;
    for (std::size_t n = 0; n < node.nat->masquerade.size(); ++n) {
      if (node.nat->masquerade[n].ports) search.put_in_rule(node, "masquerade", n, "ports", "1024-65535");
    }
    for (std::size_t n = 0; n < node.nat->source.size(); ++n) {
      const SourceNat& s = node.nat->source[n];
      if (s.exempt) continue;
      if (s.ports) search.put_in_rule(node, "source", n, "ports", "1024-65535");
      const std::uint32_t size = s.addresses.last.value - s.addresses.first.value + 1;
      for (const std::uint32_t more : {1u, size, 4 * size}) {
        search.put_in_rule(node, "source", n, "address",
                           fmt::format("{}-{}", wire::to_string(s.addresses.first),
                                       wire::to_string(wire::Address{s.addresses.last.value + more})));
      }
    }
    if (node.nat->config.port_rest_s > 0) search.put_nat(node, "port-rest", "0s");
  }
}

void for_firewall(ProposalSearch& search) {
  const Node* node = search.place();
  if (node == nullptr || !node->nat) return;
  const nat::Firewall& firewall = node->nat->config.firewall;
  if (firewall.protect_input || firewall.protect_forward) inside_is_what_is_not_outside(search, *node);
  if (firewall.drop_direct) search.put_nat(*node, "firewall.direct", "pass");
  if (firewall.protect_input) search.put_nat(*node, "firewall.input", "open");
  if (firewall.protect_forward) search.put_nat(*node, "firewall.forward", "open");
  if (firewall.drop_invalid) search.put_nat(*node, "firewall.invalid", "pass");
}

}  // namespace masqsim::scenario
