// What to try where a link, a size or a time stood in the way.
#include <fmt/format.h>

#include <algorithm>

#include "proposal_search.hpp"
#include "proposals_by_cause.hpp"

namespace masqsim::scenario {

namespace {

void put_in_network(ProposalSearch& search, const Network& network, const std::string& key, const std::string& value) {
  search.propose(fmt::format("{}: {}", key, value), ProposalSearch::where(network.name, network.position),
                 {put({"networks", network.name, key}, value)});
}

/// Of the network that lost the packet.
void put_in_place(ProposalSearch& search, const std::string& key, const std::string& value) {
  if (const auto network = search.scenario.network_named(search.failed.at)) {
    put_in_network(search, search.scenario.networks[*network], key, value);
  }
}

void put_in_action(ProposalSearch& search, const std::string& key, const std::string& value) {
  search.propose(fmt::format("{}: {}", key, value), ProposalSearch::where(search.action().id, search.action().position),
                 {put(under(search.action_path(), key), value)});
}

}  // namespace

void for_loss(ProposalSearch& search) { put_in_place(search, "loss", "0%"); }
void for_full_queue(ProposalSearch& search) { put_in_place(search, "queue", "unlimited"); }
void for_patience(ProposalSearch& search) {
  if (search.failed.result == Result::no_answer) {
    put_in_action(search, "wait", longer_than(search.action().wait * 4));
  }
}

void for_size(ProposalSearch& search) {
  for (const Network& network : search.scenario.networks) {
    if (network.channel.mtu < 1500) put_in_network(search, network, "mtu", "1500");
  }
  if (search.action().df && search.action().verb != Verb::tcp) put_in_action(search, "df", "false");
}

void for_ttl(ProposalSearch& search) {
  if (search.action().ttl < 64 && search.action().verb != Verb::traceroute) put_in_action(search, "ttl", "64");
  for (const Node* node : {&search.caller(), search.owner(search.action().target.address)}) {
    if (node != nullptr && node->ttl < 64) search.put_key(node->name, under(path_of(*node), "ttl"), "64");
  }
  for_static_routes(search);
}

void for_links_down(ProposalSearch& search) {
  for (std::size_t n = 0; n < search.scenario.actions.size(); ++n) {
    const Action& a = search.scenario.actions[n];
    const SetLink* set = a.set ? std::get_if<SetLink>(&*a.set) : nullptr;
    if (set == nullptr || set->up) continue;
    search.propose("link: up", ProposalSearch::where(a.id, a.position),
                   {put({"actions", std::to_string(n), "set", "link"}, "up")});
  }
}

}  // namespace masqsim::scenario
