#include "judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "expectation_text.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "masqsim/wire/udp.hpp"

namespace masqsim::scenario {

namespace {

bool is_icmp_error(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse_quoted(packet);
  return ip && ip->protocol() == wire::Protocol::icmp && ip->fragment_offset() == 0 && !ip->payload().empty() &&
         wire::icmp::is_error(ip->payload()[0]);
}

std::uint8_t icmp_type(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse_quoted(packet);
  return ip && !ip->payload().empty() ? ip->payload()[0] : std::uint8_t{0};
}

/// A segment all of which had been delivered before: TCP sent it again, or the link doubled it.
bool is_repeat(const StreamCount& delivered, wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip || ip->protocol() != wire::Protocol::tcp || ip->is_fragment()) return false;
  const auto tcp = wire::TcpView::parse(ip->payload());
  return tcp && delivered.knows(tcp->sequence(), tcp->payload().size(), tcp->flags().any(wire::TcpFlags::syn));
}

/// Of a flow whose source changes more often, the first ones are remembered.
constexpr std::size_t most_sources = 64;

/// Ends that belong to the wire, not to a node.
bool on_the_wire(Reason r) { return r == Reason::link_loss || r == Reason::queue_full; }

/// A packet ended, and the gateway that ended it says no reason: the running kernel never does, a program may not.
bool is_reason_untold(const FlowOutcome& outcome) { return outcome.packet != 0 && outcome.reason == Reason::none; }

constexpr std::string_view reason_untold = ", as far as the gateway tells: it gave no reason";

bool matches(const std::optional<wire::Endpoint>& wanted, bool any_port, wire::Endpoint got) {
  if (!wanted) return true;
  return wanted->address == got.address && (any_port || wanted->port == got.port);
}

bool matches(const TablePattern& pattern, const trace::Row& row) {
  return (!pattern.protocol || *pattern.protocol == row.protocol) &&
         matches(pattern.inside, pattern.any_inside_port, row.inside) &&
         matches(pattern.outside, pattern.any_outside_port, row.outside) &&
         matches(pattern.remote, pattern.any_remote_port, row.remote) &&
         (pattern.state.empty() || pattern.state == row.state);
}

Verdict verdict_at(const Position& position, std::string what, std::string flow) {
  return {.met = true,
          .what = std::move(what),
          .instead = {},
          .flow = std::move(flow),
          .line = static_cast<int>(position.line),
          .column = static_cast<int>(position.column)};
}

}  // namespace

Judge::Judge(const Scenario& scenario, std::vector<FlowPlan> plans)
    : scenario_(scenario),
      plans_(std::move(plans)),
      flows_(plans_.size()),
      watches_(plans_.size()),
      sights_(plans_.size()) {
  for (std::size_t n = 0; n < plans_.size(); ++n) flows_[n].initiator = plans_[n].initiator;
}

void Judge::begin(const trace::Header& header) {
  header_ = &header;
  for (trace::NodeId id = 0; id < header.nodes.size(); ++id) nodes_.emplace(header.nodes[id].name, id);
  for (const trace::PointInfo& point : header.points) addresses_.emplace(point.address.value, point.node);
  for (const Expectation& expectation : scenario_.expect) {
    const auto* expected = std::get_if<FlowExpectation>(&expectation);
    if (!expected) continue;
    for (const trace::FlowId flow : flows_of(expected->flow, expected->member)) {
      for (const Seen& seen : expected->seen) {
        const trace::NodeId node = node_called(scenario_.name_of(seen.node));
        if (!sight(flow, node)) sights_[flow - 1].push_back({node, {}});
      }
    }
  }
  for (const Question& question : scenario_.lab) {
    if (!question.flow || !question.at) continue;
    const trace::NodeId node = node_called(scenario_.name_of(*question.at));
    for (const trace::FlowId flow : flows_of(*question.flow, question.member)) {
      watch(flow, node, question.back, question.packet);
    }
  }
  const auto asked = [](const auto& of_flow) { return !of_flow.empty(); };
  looks_at_links_ = std::any_of(watches_.begin(), watches_.end(), asked) ||
                    std::any_of(sights_.begin(), sights_.end(), asked) ||
                    std::any_of(scenario_.actions.begin(), scenario_.actions.end(),
                                [&](const Action& action) { return may_come_back(action); });
}

trace::Kinds Judge::kinds() const {
  using trace::Kind;
  const trace::Kinds ends = only(Kind::deliver) | only(Kind::drop) | only(Kind::result) | only(Kind::table);
  return looks_at_links_ ? ends | only(Kind::send) | only(Kind::receive) : ends;
}

/// False where the action calls by name a node that is neither its own nor a gateway, which may send packets back.
bool Judge::may_come_back(const Action& action) const {
  if (action.verb == Verb::set || action.verb == Verb::raw) return false;
  if (!action.target.node) return true;
  const NodeIndex called = action.target.node->node;
  return called == action.from.node || scenario_.nodes[called].kind == NodeKind::gateway;
}

void Judge::watch(trace::FlowId flow, trace::NodeId node, bool back, std::uint32_t packet) {
  if (!watched(flow, node, back, packet)) watches_[flow - 1].push_back({.node = node, .back = back, .packet = packet});
}

const Judge::Watch* Judge::watched(trace::FlowId flow, trace::NodeId node, bool back, std::uint32_t packet) const {
  for (const Watch& w : watches_[flow - 1]) {
    if (w.node == node && w.back == back && w.packet == packet) return &w;
  }
  return nullptr;
}

const Judge::Sight* Judge::sight(trace::FlowId flow, trace::NodeId node) const {
  for (const Sight& s : sights_[flow - 1]) {
    if (s.node == node) return &s;
  }
  return nullptr;
}

void Judge::record(const trace::Record& record) {
  using trace::Kind;
  if (record.kind == Kind::table) {
    if (tables_.empty() || tables_.back().at != record.at || tables_.back().node != record.node) {
      tables_.push_back({record.at, record.node, {}});
    }
    if (!record.row) return;
    std::vector<trace::Row>& rows = tables_.back().rows;
    // Said twice at one moment: because it was asked for, and because the run ended then. Rows come in the order of
    // making.
    if (!rows.empty() && record.row->flow <= rows.back().flow) rows.clear();
    rows.push_back(*record.row);
    return;
  }
  if (record.flow == 0 || record.flow > flows_.size()) return;
  FlowState& flow = flows_[record.flow - 1];
  switch (record.kind) {
    case Kind::send:
      note_birth(record, flow);
      note_watches(record);
      break;
    case Kind::receive:
      note_watches(record);
      if (record.packet < outward_.size() && outward_[record.packet]) note_sights(record);
      break;
    case Kind::deliver:
      // What a node sends to itself crosses no link: it is seen where it is delivered.
      if (looks_at_links_ && !born(record.packet) && goes_out(record, flow)) note_sights(record);
      note_delivery(record, flow);
      break;
    case Kind::drop: note_drop(record, flow); break;
    case Kind::result: flow.result = record.text; break;
    default: break;
  }
}

/// The last drop before the result ended the flow. A host that drops a repeat of what it has ends nothing. What an
/// initiator answers to a packet that it did not want (a reset to a wrong peer) only follows from that packet: where
/// the answer is lost decides nothing.
void Judge::note_drop(const trace::Record& record, FlowState& flow) {
  if (!flow.result.empty() && flow.result != "sent") return;
  const bool home = record.node == flow.initiator;
  if (record.reason == Reason::stale && is_repeat(home ? flow.received : flow.arrived, record.bytes)) return;
  if (record.cause < rejected_.size() && rejected_[record.cause]) return;
  const bool error = is_icmp_error(record.bytes);
  Ending& ending = error ? flow.error_ended : flow.ended;
  ending = {record.reason, record.node, record.point, record.packet};
  if (error || !home || on_the_wire(record.reason)) return;
  if (record.packet >= rejected_.size()) {
    rejected_.resize(std::max<std::size_t>(record.packet + 1, rejected_.size() * 2));
  }
  rejected_[record.packet] = true;
}

/// True where the initiator made the packet for the other end. Where that is the initiator itself, the answers are its
/// own, too; the ports tell them apart.
bool Judge::goes_out(const trace::Record& record, FlowState& flow) const {
  if (record.node != flow.initiator) return false;
  const auto tuple = wire::tuple_of(record.bytes);
  if (!tuple || !tuple->has_ports) return true;
  if (!flow.own) flow.own = tuple;
  if (!flow.calls_itself || tuple->protocol != flow.own->protocol) return true;
  if (tuple->protocol != wire::Protocol::icmp) return tuple->source.port == flow.own->source.port;
  return icmp_type(record.bytes) != wire::icmp::echo_reply;
}

/// True where what arrives at the initiator is no answer: it goes to another port than the initiator asks from.
bool Judge::is_request_to_itself(const trace::Record& record, const FlowState& flow) const {
  if (record.node != flow.initiator || !flow.own) return false;
  const auto tuple = wire::tuple_of(record.bytes);
  if (!tuple || !tuple->has_ports || tuple->protocol != flow.own->protocol) return false;
  if (tuple->protocol != wire::Protocol::icmp) return tuple->destination.port != flow.own->source.port;
  return icmp_type(record.bytes) == wire::icmp::echo;
}

void Judge::note_birth(const trace::Record& record, FlowState& flow) {
  if (record.packet >= born_.size()) {
    born_.resize(std::max<std::size_t>(record.packet + 1, born_.size() * 2));
    outward_.resize(born_.size());
  }
  if (born_[record.packet]) return;
  born_[record.packet] = true;
  outward_[record.packet] = goes_out(record, flow);
  ++flow.packets;
}

void Judge::note_watches(const trace::Record& record) {
  const bool out = record.packet < outward_.size() && outward_[record.packet];
  // a packet is looked at where it arrives; what goes out, at its initiator, where it leaves
  const bool leaves_home = out && record.node == plans_[record.flow - 1].initiator;
  if (leaves_home != (record.kind == trace::Kind::send)) return;
  for (Watch& w : watches_[record.flow - 1]) {
    if (w.node != record.node || w.back == out || w.found() || ++w.met < w.packet) continue;
    if (const auto tuple = wire::tuple_of(record.bytes)) {
      w.source = tuple->source;
      w.destination = tuple->destination;
      w.has_ports = tuple->has_ports && tuple->protocol != wire::Protocol::icmp;
    }
    if (const auto ip = wire::Ipv4View::parse_quoted(record.bytes)) w.ttl = ip->ttl();
  }
}

void Judge::note_sights(const trace::Record& record) {
  const auto ip = wire::Ipv4View::parse_quoted(record.bytes);
  const auto tuple = wire::tuple_of(record.bytes);
  if (!ip || !tuple || ip->fragment_offset() != 0 || is_icmp_error(record.bytes)) return;
  const Source source{tuple->source, tuple->has_ports && tuple->protocol != wire::Protocol::icmp};
  for (Sight& s : sights_[record.flow - 1]) {
    const bool news = s.sources.empty() || s.sources.back() != source;
    if (s.node == record.node && news && s.sources.size() < most_sources) s.sources.push_back(source);
  }
}

void Judge::note_delivery(const trace::Record& record, FlowState& flow) {
  const auto ip = wire::Ipv4View::parse(record.bytes);
  if (!ip || ip->is_fragment()) return;  // the datagram counts, when it is put together
  if (is_request_to_itself(record, flow)) flow.calls_itself = true;
  const bool home = record.node == flow.initiator && !is_request_to_itself(record, flow);
  if (is_icmp_error(record.bytes)) {
    const auto sender = addresses_.find(ip->source().value);
    const std::string name =
        sender == addresses_.end() ? wire::to_string(ip->source()) : header_->nodes[sender->second].name;
    if (home && (flow.answered.empty() || flow.answered.back() != name)) flow.answered.push_back(name);
    return;
  }
  if (home) {
    ++flow.replies;
  } else {
    flow.delivered = true;
  }
  if (ip->protocol() == wire::Protocol::udp) {
    if (const auto udp = wire::UdpView::parse(ip->payload())) {
      if (!home) note_who_heard(record, udp->destination_port(), flow);
      (home ? flow.received_in_datagrams : flow.arrived_in_datagrams) += udp->payload().size();
    }
  } else if (ip->protocol() == wire::Protocol::tcp) {
    const auto tcp = wire::TcpView::parse(ip->payload());
    if (!tcp || tcp->flags().any(wire::TcpFlags::rst)) return;
    (home ? flow.received : flow.arrived)
        .segment(tcp->sequence(), tcp->payload().size(), tcp->flags().any(wire::TcpFlags::syn));
  }
}

/// A datagram reached a program of the node: one that answers, or one that only listens (the socket of another action).
void Judge::note_who_heard(const trace::Record& record, std::uint16_t port, FlowState& flow) {
  if (flow.heard_at == record.node && flow.heard_port == port) return;
  flow.heard_at = record.node;
  flow.heard_port = port;
  const std::string& name = header_->nodes[record.node].name;
  std::optional<NodeIndex> node = scenario_.node_named(name);
  if (!node) node = scenario_.node_named(std::string_view(name).substr(0, name.rfind('.')));  // a member of a group
  if (!node) return;
  for (const Service& service : scenario_.nodes[*node].services) {
    const bool meant = service.protocol == wire::Protocol::udp && service.port == port;
    if (meant && (service.echo || service.reply > 0)) flow.may_answer = true;
  }
}

std::vector<std::pair<NodeIndex, Time>> Judge::table_times() const {
  std::vector<std::pair<NodeIndex, Time>> times;
  const auto add = [&](NodeIndex gateway, std::optional<Time> at) {
    if (at && std::find(times.begin(), times.end(), std::pair{gateway, *at}) == times.end()) {
      times.emplace_back(gateway, *at);
    }
  };
  for (const Expectation& expectation : scenario_.expect) {
    if (const auto* table = std::get_if<TableExpectation>(&expectation)) add(table->gateway, table->at);
  }
  for (const Question& question : scenario_.lab) {
    if (question.gateway) add(*question.gateway, question.time);
  }
  return times;
}

std::vector<trace::FlowId> Judge::flows_of(ActionIndex action, std::uint32_t member) const {
  std::vector<trace::FlowId> found;
  for (std::size_t n = 0; n < plans_.size(); ++n) {
    if (plans_[n].action != action || (member != 0 && plans_[n].member != member)) continue;
    found.push_back(static_cast<trace::FlowId>(n + 1));
  }
  return found;
}

trace::NodeId Judge::node_called(const std::string& name) const {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? trace::nowhere : found->second;
}

const std::vector<trace::Row>& Judge::table_at(NodeIndex gateway, std::optional<Time> at) const {
  static const std::vector<trace::Row> none;
  const trace::NodeId node = node_called(scenario_.name_of(NodeRef{gateway, 0}));
  const Time end = tables_.empty() ? Time{} : tables_.back().at;
  for (const TableSeen& table : tables_) {
    if (table.node == node && table.at == at.value_or(end)) return table.rows;
  }
  return none;
}

FlowOutcome Judge::outcome(trace::FlowId flow) const {
  const FlowState& state = flows_[flow - 1];
  FlowOutcome out{.id = header_->flows[flow - 1].id, .flow = flow, .result = result_of(state.result), .at = {}};
  out.packets = state.packets;
  const Verb verb = action_of(flow).verb;
  const bool heard_in_silence = verb == Verb::udp && out.result == Result::no_answer && !state.may_answer;
  if (state.result == "sent" && !state.delivered) out.result = verb == Verb::raw ? Result::sent : Result::no_answer;
  if (state.delivered && (state.result == "sent" || heard_in_silence)) out.result = Result::delivered;
  if (out.result && out.result != Result::sent && is_good(*out.result)) return out;
  const Ending& ending = state.ended.packet != 0 ? state.ended : state.error_ended;
  if (ending.packet == 0) return out;
  const bool wire = on_the_wire(ending.reason) && ending.point != trace::nowhere;
  out.reason = ending.reason;
  out.packet = ending.packet;
  out.at = wire ? header_->points[ending.point].network : header_->nodes[ending.node].name;
  return out;
}

std::vector<FlowOutcome> Judge::outcomes() const {
  std::vector<FlowOutcome> all;
  for (trace::FlowId flow = 1; flow <= flows_.size(); ++flow) all.push_back(outcome(flow));
  return all;
}

std::string Judge::unmet(const Seen& expected, const Sight* sight, const std::string& name) {
  if (!sight || sight->sources.empty()) return fmt::format("no packet of it arrived at {}", name);
  const auto is = [&](std::size_t n, const SeenSource& wanted) {
    return matches(wanted.endpoint, wanted.any_port, sight->sources[n].endpoint);
  };
  const std::vector<Source>& sources = sight->sources;
  if (expected.as.size() == 1 && is(0, expected.as[0])) return {};
  bool same = sources.size() == expected.as.size();
  for (std::size_t n = 0; same && n < sources.size(); ++n) same = is(n, expected.as[n]);
  if (same) return {};
  std::string saw;
  for (const Source& source : sources)
    saw += (saw.empty() ? "" : ", then ") + endpoint_text(source.endpoint, source.has_port);
  const bool first = expected.as.size() == 1 && sources.size() > 1;
  return fmt::format("{} saw {}{}", name, first ? "first " : "",
                     first ? endpoint_text(sources[0].endpoint, sources[0].has_port) : saw);
}

std::string Judge::unmet(const FlowExpectation& expected, trace::FlowId flow) const {
  const FlowOutcome got = outcome(flow);
  const FlowState& state = flows_[flow - 1];
  // That no answer came is true of a packet that nobody answers, too.
  const bool silence = expected.result == Result::no_answer && got.result == Result::sent;
  const bool ended_as_said = (!expected.result || got.result == expected.result || silence) &&
                             (!expected.not_result || got.result != expected.not_result) &&
                             (!expected.at || got.at == scenario_.name_of(*expected.at)) &&
                             (!expected.reason || got.reason == *expected.reason || is_reason_untold(got));
  if (!ended_as_said) return phrase(got);
  for (const Seen& seen : expected.seen) {
    const std::string name = scenario_.name_of(seen.node);
    const std::string wrong = unmet(seen, sight(flow, node_called(name)), name);
    if (!wrong.empty()) return wrong;
  }
  if (expected.replies && state.replies != *expected.replies) return fmt::format("{} replies", state.replies);
  const std::uint64_t arrived = state.arrived_in_datagrams + state.arrived.bytes();
  const std::uint64_t received = state.received_in_datagrams + state.received.bytes();
  if (expected.arrived && arrived != *expected.arrived) return fmt::format("{} bytes arrived", arrived);
  if (expected.received && received != *expected.received) return fmt::format("{} bytes were received", received);
  if (expected.path.empty()) return {};
  std::string wanted;
  std::string answered;
  for (const Place& place : expected.path) wanted += " " + scenario_.name_of(place);
  for (const std::string& name : state.answered) answered += " " + name;
  return wanted == answered ? "" : "path" + (answered.empty() ? " empty: nobody answered" : answered);
}

Verdict Judge::judge(const FlowExpectation& expected) const {
  Verdict verdict = verdict_at(expected.position, text_of(scenario_, expected), scenario_.actions[expected.flow].id);
  const std::vector<trace::FlowId> flows = flows_of(expected.flow, expected.member);
  std::uint32_t fit = 0;
  std::string first;
  for (const trace::FlowId flow : flows) {
    const std::string wrong = unmet(expected, flow);
    if (wrong.empty()) {
      ++fit;
    } else if (first.empty()) {
      first = flows.size() > 1 ? header_->flows[flow - 1].id + ": " + wrong : wrong;
    }
  }
  verdict.met = expected.count ? fit == *expected.count : fit == flows.size();
  const auto untold = [&](trace::FlowId flow) { return is_reason_untold(outcome(flow)); };
  if (verdict.met && expected.reason && std::ranges::any_of(flows, untold)) verdict.what += reason_untold;
  if (verdict.met) return verdict;
  verdict.instead = first;
  if (flows.size() > 1) {
    verdict.instead = fmt::format("{} of {}{}{}", fit, flows.size(), first.empty() ? "" : "; ", first);
  }
  return verdict;
}

Verdict Judge::judge(const TableExpectation& expected) const {
  Verdict verdict = verdict_at(expected.position, text_of(scenario_, expected), {});
  const std::vector<trace::Row>& rows = table_at(expected.gateway, expected.at);
  const auto holds = [&](const TablePattern& pattern) {
    return std::any_of(rows.begin(), rows.end(), [&](const trace::Row& row) { return matches(pattern, row); });
  };
  verdict.met = (!expected.count || rows.size() == *expected.count) &&
                std::all_of(expected.has.begin(), expected.has.end(), holds) &&
                std::none_of(expected.lacks.begin(), expected.lacks.end(), holds);
  if (!verdict.met) verdict.instead = rows_text(rows);
  return verdict;
}

std::vector<Verdict> Judge::expectations() const {
  std::vector<Verdict> verdicts;
  for (const Expectation& expectation : scenario_.expect) {
    verdicts.push_back(std::visit([&](const auto& expected) { return judge(expected); }, expectation));
  }
  return verdicts;
}

std::string Judge::table_answer(const Question& question) const {
  const std::vector<trace::Row>& rows = table_at(*question.gateway, question.time);
  if (question.what == Fact::count) return std::to_string(rows.size());
  if (question.row == 0 || question.row > rows.size()) {
    return fmt::format("no row {}: {}", question.row, rows_text(rows));
  }
  const trace::Row& row = rows[question.row - 1];
  switch (question.what) {
    case Fact::inside: return wire::to_string(row.inside);
    case Fact::outside: return wire::to_string(row.outside);
    case Fact::remote: return wire::to_string(row.remote);
    default: return row.state;
  }
}

std::string Judge::answer_of(const Question& question) const {
  if (question.gateway) return table_answer(question);
  const trace::FlowId flow = flows_of(*question.flow, question.member).front();
  const FlowOutcome got = outcome(flow);
  switch (question.what) {
    case Fact::result: return got.result ? std::string(word(*got.result)) : "no result by the end of the run";
    case Fact::reason: return std::string(word(got.reason));
    case Fact::place: return got.at.empty() ? "nowhere" : got.at;
    default: break;
  }
  const trace::NodeId node = question.at ? node_called(scenario_.name_of(*question.at)) : trace::nowhere;
  const Watch* w = watched(flow, node, question.back, question.packet);
  if (!w || !w->found()) return "no such packet there";
  switch (question.what) {
    case Fact::destination: return endpoint_text(w->destination, w->has_ports);
    case Fact::ttl: return std::to_string(w->ttl);
    default: return endpoint_text(w->source, w->has_ports);
  }
}

std::vector<Verdict> Judge::lab() const {
  std::vector<Verdict> verdicts;
  for (const Question& question : scenario_.lab) {
    const std::string what = fmt::format("question '{}': {}", question.ask, question.answer);
    Verdict verdict =
        verdict_at(question.answer_position, what, question.flow ? scenario_.actions[*question.flow].id : "");
    const std::string answer = answer_of(question);
    const bool untold = question.what == Fact::reason && question.flow &&
                        is_reason_untold(outcome(flows_of(*question.flow, question.member).front()));
    verdict.met = answer == question.answer || untold;
    if (untold) verdict.what += reason_untold;
    if (!verdict.met) verdict.instead = answer;
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace masqsim::scenario
