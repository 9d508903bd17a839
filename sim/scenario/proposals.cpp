#include "proposals.hpp"

#include <algorithm>
#include <utility>

#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "proposal_search.hpp"
#include "proposals_by_cause.hpp"

namespace masqsim::scenario {

void FlowFacts::record(const trace::Record& r) {
  using trace::Kind;
  if (r.kind == Kind::change && r.row != nullptr && gone.size() < most) {
    gone.push_back({header_->nodes[r.node].name, r.at, *r.row});
  }
  if (r.flow != flow_) return;
  const auto ip = wire::Ipv4View::parse_quoted(r.bytes);
  if (r.kind == Kind::drop && r.packet == ended_) end = trace::OwnedRecord::from(r);
  if (r.kind != Kind::send || !ip || r.point >= header_->points.size()) return;
  if (from_ == trace::nowhere) from_ = r.node;
  if (!initiator && r.node == from_) initiator = ip->source();
  const bool outward = r.cause == 0 && initiator && r.node != from_;
  if (!outward || passed.size() >= most) return;
  const std::string& node = header_->nodes[r.node].name;
  const std::string& network = header_->points[r.point].network;
  const bool known = std::ranges::any_of(passed, [&](const Passed& p) { return p.node == node; });
  if (!known) passed.push_back({node, ip->source(), network, ip->source() != *initiator});
}

namespace {

using Idea = void (*)(ProposalSearch& search);

/// What is tried for a flow that ended for `reason`, the likeliest first.
struct Cause {
  Reason reason;
  std::vector<Idea> ideas;
};

const std::vector<Cause>& causes() {
  static const std::vector<Idea> nobody_took_it{for_hairpin,       for_gone_entry, for_caller_of_forward,
                                                for_wrong_forward, for_other_door, for_new_forward,
                                                for_other_port};
  static const std::vector<Idea> not_there{for_wrong_forward, for_untranslated,  for_private_call,
                                           for_wrong_address, for_static_routes, for_overlap};
  static const std::vector<Idea> another_peer{for_hairpin};
  static const std::vector<Idea> not_its_connection{for_hairpin, for_gone_entry, for_invalid};
  static const std::vector<Cause> rows{{Reason::none, {for_patience}},
                                       {Reason::no_route,
                                        {for_default_route, for_untranslated, for_private_call, for_missing_leg,
                                         for_wrong_forward, for_wrong_address, for_static_routes, for_overlap}},
                                       {Reason::host_unreachable, not_there},
                                       {Reason::not_for_us, not_there},
                                       {Reason::refused, nobody_took_it},
                                       {Reason::no_mapping, nobody_took_it},
                                       {Reason::unsolicited, nobody_took_it},
                                       {Reason::filtered, {for_caller_of_forward, for_filtering, for_new_forward}},
                                       {Reason::wrong_peer, another_peer},
                                       {Reason::hairpin_off, another_peer},
                                       {Reason::martian, another_peer},
                                       {Reason::mapping_expired, {for_gone_entry}},
                                       {Reason::stale, not_its_connection},
                                       {Reason::invalid, not_its_connection},
                                       {Reason::table_full, {for_full_table}},
                                       {Reason::host_limit, {for_full_host}},
                                       {Reason::ports_exhausted, {for_ports}},
                                       {Reason::firewall, {for_firewall}},
                                       {Reason::reverse_path, {for_reverse_path}},
                                       {Reason::ttl_exceeded, {for_ttl}},
                                       {Reason::too_big, {for_size}},
                                       {Reason::link_loss, {for_loss}},
                                       {Reason::queue_full, {for_full_queue}},
                                       {Reason::link_down, {for_links_down}},
                                       {Reason::bad_checksum, {for_wrong_sum}}};
  return rows;
}

}  // namespace

std::vector<Proposal> proposals(const Scenario& scenario, const Manuscript& manuscript, const FlowOutcome& failed,
                                ActionIndex action, const FlowFacts& facts) {
  ProposalSearch search{scenario, manuscript, failed, action, facts};
  const auto cause = std::ranges::find(causes(), failed.reason, &Cause::reason);
  if (cause == causes().end()) return {};
  for (const Idea idea : cause->ideas) idea(search);
  return std::move(search.found);
}

}  // namespace masqsim::scenario
