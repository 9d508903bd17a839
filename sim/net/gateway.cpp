#include "gateway.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway_words.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::net {

namespace {

namespace icmp = wire::icmp;
using trace::Kind;

/// RFC 5382 REQ-4.
constexpr Duration syn_patience = 6_s;

// What an engine event is about.
constexpr std::uint64_t expiry_wake = 0, late_wake = 1, fragment_wake = 2;

trace::Row row_of(const nat::Entry& e) {
  return {.number = e.mapping,
          .flow = e.flow,
          .protocol = e.protocol,
          .inside = e.inside,
          .outside = e.outside,
          .remote = e.remote,
          .state = nat::state_word(e),
          .left = e.left};
}

std::string_view word(nat::Change::Kind kind) {
  switch (kind) {
    case nat::Change::Kind::expired: return "expired";
    case nat::Change::Kind::removed: return "removed";
    case nat::Change::Kind::evicted: return "evicted";
    case nat::Change::Kind::flushed: return "flushed";
  }
  return "";
}

nat::Reassembler::Full when_full(const nat::Config& config) {
  return config.oldest_pieces_go ? nat::Reassembler::Full::drops_oldest : nat::Reassembler::Full::refuses;
}

bool is_piece(const Packet& packet) { return wire::Ipv4View::parse(packet.view())->is_fragment(); }

bool is_first_syn(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip || ip->protocol() != wire::Protocol::tcp || ip->is_fragment()) return false;
  const auto tcp = wire::TcpView::parse(ip->payload());
  return tcp && tcp->flags().has(wire::TcpFlags::syn) &&
         !tcp->flags().any(wire::TcpFlags::ack | wire::TcpFlags::rst | wire::TcpFlags::fin);
}

/// "nothing owns 203.0.113.5:22/tcp"
std::string why_unowned(wire::ByteView packet, Reason reason) {
  const std::optional<wire::Tuple> tuple = wire::tuple_of(packet);
  if (!tuple) return {};
  const auto name = [&](wire::Endpoint e) { return tuple->has_ports ? to_string(e) : to_string(e.address); };
  const std::string called = name(tuple->destination) + '/' + to_string(tuple->protocol);
  switch (reason) {
    case Reason::filtered: return called + " is mapped, but not for " + name(tuple->source);
    case Reason::mapping_expired: return "nothing owns " + called + " any more";
    case Reason::hairpin_off: return called + " called from inside";
    case Reason::no_mapping: return "nothing owns " + called;
    default: return {};
  }
}

}  // namespace

Gateway::Gateway(Network& network, trace::NodeId id, nat::Config config)
    : GatewayNode(network, id),
      nat_(std::move(config), network.random("nat/" + network.name(id))),
      reassembler_(nat_.config().timeouts.fragment, when_full(nat_.config())),
      stack_(*this, this),
      path_(*this, stack_, this) {
  path_.set_overlap(nat_.config().overlap);
}

Gateway::~Gateway() = default;

// --- the hooks -----------------------------------------------------------------------------------------------------

bool Gateway::prerouting(Passage& p) {
  if (nat_.tracks() && is_piece(p.packet) && !put_together(p)) return false;
  remember(p);
  return go_on(p, nat_.prerouting(p.packet.buffer(), p.in, now(), p.track));
}

bool Gateway::forward(Passage& p) { return go_on(p, nat_.forward(p.packet.buffer(), p.in, p.out, now(), p.track)); }

bool Gateway::input(Passage& p) {
  if (is_piece(p.packet) && !put_together(p)) return false;
  if (p.in != no_interface && nobody_owns(p)) {
    if (told(Kind::drop)) note_unowned(p);
    switch (nat_.config().unsolicited) {
      case nat::Unsolicited::reject: break;
      case nat::Unsolicited::drop: return say_unowned(p.packet, p.in), false;
      case nat::Unsolicited::icmp_after_6s:
        if (!is_first_syn(p.packet.view())) break;
        say_unowned(p.packet, p.in);
        answer_late(std::move(p.packet));
        return false;
    }
  }
  if (!go_on(p, nat_.input(p.packet.buffer(), p.in, now(), p.track))) return false;
  if (told(Kind::translate) && !std::ranges::equal(p.before, p.packet.view())) say_translation(p);
  return true;
}

bool Gateway::output(Passage& p) {
  remember(p);
  return go_on(p, nat_.output(p.packet.buffer(), now(), p.track, p.about));
}

bool Gateway::postrouting(Passage& p) {
  const nat::Egress egress{p.out, path_.source_towards(p.out, p.next_hop)};
  if (!go_on(p, nat_.postrouting(p.packet.buffer(), egress, now(), p.track))) return false;
  if (nat_.reads_payload(p.track)) p.pieces.payloads.clear();
  const bool own = p.in == no_interface;
  if (told(Kind::translate) && !(own && std::ranges::equal(p.before, p.packet.view()))) say_translation(p);
  return true;
}

/// Takes a hook's decision to heart: false where the packet ends.
bool Gateway::go_on(Passage& p, const nat::Decision& decision) {
  if (watching_) {
    say_changes();
    plan_wake();
  }
  if (decision.pass) {
    if (decision.reason != Reason::none) p.untranslated = decision.reason;
    return true;
  }
  say_end(p, decision.reason);
  switch (decision.answer) {
    case nat::Decision::Answer::none: break;
    case nat::Decision::Answer::host_unreachable: path_.complain(p, icmp::unreachable, icmp::host_unreachable); break;
    case nat::Decision::Answer::admin_prohibited: path_.complain(p, icmp::unreachable, icmp::admin_prohibited); break;
  }
  return false;
}

/// The record of a packet that a hook ended, with what of the configuration or of the packet did it.
void Gateway::say_end(const Passage& p, Reason reason) const {
  if (!told(Kind::drop)) return;
  std::string text;
  std::vector<Step> steps;
  if (reason == Reason::firewall) {
    steps.push_back(GatewayWords(network_, *this, nat_.config()).firewall(p, p.in != no_interface && is_outside(p.in)));
    text = steps.back().detail;
  } else if (reason == Reason::invalid) {
    text = nat_.invalid_because(p.before.empty() ? p.packet.view() : wire::ByteView(p.before), now());
    if (nat_.config().firewall.drop_invalid) {
      steps.push_back({"does the tracker call it valid?", false, text, ""});
      steps.push_back({"may INVALID packets pass?", false, "invalid: drop", "nat.firewall.invalid"});
    }
  } else if (reason == Reason::ports_exhausted) {
    const std::optional<wire::Tuple> tuple = wire::tuple_of(p.packet.view());
    if (tuple && !tuple->has_ports) {
      text = fmt::format("{} has no ports, and another flow with {} has the outside address",
                         to_string(tuple->protocol), to_string(tuple->destination.address));
    }
  }
  path_.say_drop(p.packet, reason, text, p.in, p.before, steps);
}

// --- fragments -----------------------------------------------------------------------------------------------------

namespace {

bool same_datagram(wire::ByteView a, wire::ByteView b) {
  const auto x = *wire::Ipv4View::parse(a), y = *wire::Ipv4View::parse(b);
  return x.id() == y.id() && x.source() == y.source() && x.destination() == y.destination() &&
         x.protocol() == y.protocol();
}

}  // namespace

/// False while pieces are missing. The datagram goes on as the packet of its last piece.
bool Gateway::put_together(Passage& p) {
  expire_fragments();
  nat::Reassembler::Outcome outcome = reassembler_.add(p.packet.view(), now());
  using What = nat::Reassembler::Outcome::What;
  for (; outcome.gave_way > 0; --outcome.gave_way) {
    path_.say_drop(held_.front().piece, Reason::queue_full, "its pieces gave way to newer ones");
    held_.erase(held_.begin());
  }
  if (outcome.what == What::duplicate) return false;
  if (outcome.what == What::held) return hold(std::move(p.packet)), false;

  std::erase_if(held_, [&](const Held& h) { return same_datagram(h.piece.view(), p.packet.view()); });
  if (outcome.what == What::discarded) {
    path_.say_drop(p.packet, outcome.reason, "", p.in);
    return false;
  }
  const PacketBlock& marks = p.packet.marks();
  Packet whole = network_.pool().make(outcome.whole.bytes, marks.flow, marks.cause);
  whole.marks().id = marks.id;
  whole.marks().interface = marks.interface;
  whole.marks().forged = marks.forged;
  p.packet = std::move(whole);
  p.pieces = {std::move(outcome.whole.payloads), outcome.whole.largest};
  return true;
}

void Gateway::hold(Packet piece) {
  const auto known =
      std::ranges::find_if(held_, [&](const Held& h) { return same_datagram(h.piece.view(), piece.view()); });
  if (known != held_.end()) {
    known->piece = std::move(piece);
    return;
  }
  const bool answer_owed = path_.is_own(wire::Ipv4View::parse(piece.view())->destination());
  const Time due = now() + nat_.config().timeouts.fragment;
  held_.insert(std::ranges::upper_bound(held_, due, {}, &Held::due), {std::move(piece), due});
  if (!answer_owed && !told(Kind::drop)) return;
  network_.engine().schedule(due, *this, fragment_wake, answer_owed ? engine::Keep::alive : engine::Keep::background);
}

/// RFC 792: ICMP 11/1 if the first piece is there. Linux says it only where the datagram was for itself.
void Gateway::expire_fragments() {
  for (const nat::Reassembler::Expired& expired : reassembler_.expire(now())) {
    if (held_.empty()) return;
    const Packet last = std::move(held_.front().piece);
    held_.erase(held_.begin());
    path_.say_drop(last, Reason::reassembly_timeout,
                   told(Kind::drop) ? fmt::format("{} of its pieces came", expired.pieces) : std::string());
    const auto ip = *wire::Ipv4View::parse(last.view());
    const wire::Address called = ip.destination();
    if (expired.first.empty() || !path_.is_deliverable(ip.source(), called, last.marks().interface)) continue;
    Packet first = network_.pool().make(expired.first, last.flow(), last.marks().cause);
    first.marks().id = last.id();
    first.marks().interface = last.marks().interface;
    first.marks().options_unread = nat_.tracks();  // else pieces wait behind the place where a router reads them
    path_.complain_from(called, first, icmp::time_exceeded, 1);
  }
}

// --- packets that nothing owns -------------------------------------------------------------------------------------

/// Addressed to an outside address of the gateway, part of no flow, and no program of its own would take it. Queries
/// of ICMP are the gateway's own to answer.
bool Gateway::nobody_owns(const Passage& p) const {
  if (p.track.relation() == nat::Relation::established || p.track.relation() == nat::Relation::related) return false;
  const std::optional<wire::Tuple> called = wire::tuple_of(p.packet.view());
  if (!called || called->protocol == wire::Protocol::icmp) return false;
  if (std::ranges::find(outside_, called->destination.address) == outside_.end()) return false;
  return !stack_.serves(called->protocol, called->destination.port);
}

void Gateway::note_unowned(const Passage& p) {
  unowned_ = nat_.unowned_reason(p.packet.view(), p.in, now());
  // The mapping admits this remote; it is the packet that does not fit into its flow.
  if (p.track.relation() == nat::Relation::invalid && unowned_ == Reason::filtered) unowned_ = Reason::invalid;
  unowned_packet_ = p.packet.id();
  unowned_before_ = p.before;
  if (!network_.trace().wants_steps()) return;
  steps_ = nat_.explain(p.packet.view(), p.in, now());
  steps_.push_back({"service of the gateway?", false, "", ""});
}

void Gateway::say_unowned(const Packet& packet, InterfaceIndex in) {
  if (!told(Kind::drop)) return;
  path_.say_drop(packet, unowned_, why_unowned(packet.view(), unowned_), in, unowned_before_, steps_);
  steps_.clear();
}

bool Gateway::on_unowned(const Packet& packet, InterfaceIndex in, Reason reason, std::string_view text) {
  if (!told(Kind::drop)) return true;
  if (packet.id() == unowned_packet_ && unowned_ != Reason::none) {
    say_unowned(packet, in);
  } else {
    path_.say_drop(packet, reason, text, in);
  }
  return true;
}

void Gateway::answer_late(Packet syn) {
  late_.push_back({std::move(syn), now() + syn_patience});
  network_.engine().schedule(late_.back().due, *this, late_wake);
}

/// The outbound SYN that the peer hoped to meet, or the end of waiting for it.
void Gateway::end_of_patience() {
  const Packet syn = std::move(late_.front().syn);
  late_.erase(late_.begin());
  const wire::Tuple called = *wire::tuple_of(syn.view());
  for (const nat::Entry& e : nat_.table(now())) {
    if (e.protocol == called.protocol && e.outside == called.destination && e.remote == called.source) return;
  }
  path_.complain_from(called.destination.address, syn, icmp::unreachable, icmp::port_unreachable);
}

void Gateway::on_event(std::uint64_t argument) {
  if (argument == late_wake) return end_of_patience();
  if (argument == fragment_wake) return expire_fragments();
  if (now() != expiry_wake_) return;
  expiry_wake_ = Time::never();
  nat_.expire(now());
  say_changes();
  plan_wake();
}

// --- what is told --------------------------------------------------------------------------------------------------

void Gateway::remember(Passage& p) const {
  if (told(Kind::translate)) p.before.assign(p.packet.view().begin(), p.packet.view().end());
}

void Gateway::say_translation(const Passage& p) {
  trace::Record record;
  record.kind = trace::Kind::translate;
  record.reason = p.untranslated;
  record.made_flow = p.track.made_flow();
  record.made_mapping = p.track.made_mapping();
  record.node = id_;
  record.flow = p.packet.flow();
  record.packet = p.packet.id();
  record.cause = p.packet.marks().cause;
  record.nat_flow = p.track.flow();
  record.mapping = p.track.mapping();
  record.bytes = p.packet.view();
  record.before = p.before;
  const std::vector<Step> steps = network_.trace().wants_steps() ? steps_of(p) : std::vector<Step>();
  record.steps = steps;
  network_.emit(record);
}

/// Why the packet left as it did: asked of the first of a flow, and of one that the tracker calls INVALID.
std::vector<Step> Gateway::steps_of(const Passage& p) const {
  if (p.untranslated == Reason::invalid) {
    return {{"does the tracker call it valid?", false, nat_.invalid_because(p.before, now()), ""}};
  }
  if (!p.track.made_flow() || p.before.empty()) return {};
  return GatewayWords(network_, *this, nat_.config()).translation(p);
}

void Gateway::say_changes() {
  for (const nat::Change& change : nat_.take_changes()) {
    const trace::Row row = row_of(change.entry);
    trace::Record record;
    record.kind = trace::Kind::change;
    record.node = id_;
    record.nat_flow = row.flow;
    record.mapping = row.number;
    record.text = word(change.kind);
    record.row = &row;
    network_.emit(record);
  }
}

void Gateway::say_table() {
  if (!told(Kind::table)) return;
  nat_.expire(now());
  if (watching_) say_changes();
  for (const nat::Entry& entry : nat_.table(now())) {
    const trace::Row row = row_of(entry);
    trace::Record record;
    record.kind = trace::Kind::table;
    record.node = id_;
    record.nat_flow = row.flow;
    record.mapping = row.number;
    record.row = &row;
    network_.emit(record);
  }
}

/// Entries are recorded as gone when their time is up, not when the next packet notices.
void Gateway::plan_wake() {
  const Time next = nat_.next_expiry();
  if (next >= expiry_wake_) return;
  expiry_wake_ = std::max(next, now() + 1_ns);
  network_.engine().schedule(expiry_wake_, *this, expiry_wake, engine::Keep::background);
}

// --- what is done to it --------------------------------------------------------------------------------------------

void Gateway::ready() {
  watching_ = told(Kind::change);
  nat_.watch(watching_);
  learn_own_addresses();
  answer_for_twins();
}

void Gateway::changed() {
  path_.changed();
  learn_own_addresses();
  answer_for_twins();
}

void Gateway::flush() {
  nat_.flush(now());
  if (watching_) say_changes();
}

void Gateway::configure(nat::Config config) {
  reassembler_.set_timeout(config.timeouts.fragment);
  reassembler_.set_full(when_full(config));
  path_.set_overlap(config.overlap);
  nat_.configure(std::move(config));
  learn_own_addresses();
  answer_for_twins();
}

void Gateway::interface_lost(InterfaceIndex interface) {
  changed();
  path_.forget_waiting(interface);
  nat_.interface_lost(interface, now());
  if (watching_) say_changes();
}

void Gateway::address_lost(InterfaceIndex interface, wire::Address gone) {
  changed();
  nat_.interface_lost(interface, now(), gone);
  if (watching_) say_changes();
}

/// Outside is what a source rule translates towards.
bool Gateway::is_outside(InterfaceIndex interface) const {
  return std::ranges::any_of(nat_.config().source, [&](const nat::SourceRule& rule) {
    return rule.action != nat::SourceRule::Action::exempt &&
           (rule.out == interface || rule.out == nat::any_interface) && !rule.only_port_forwarded;
  });
}

void Gateway::learn_own_addresses() {
  std::vector<wire::Address> inside;
  outside_.clear();
  for (InterfaceIndex n = 0; n < interfaces_.size(); ++n) {
    auto& side = is_outside(n) ? outside_ : inside;
    side.push_back(interfaces_[n].address);
    for (const Alias& alias : interfaces_[n].also) side.push_back(alias.address);
  }
  nat_.set_own_addresses(outside_, std::move(inside));
}

/// RFC 4787 REQ-7: on its inside networks, for the outside hosts of networks with the same addresses; for nobody where
/// `overlap` is off.
void Gateway::answer_for_twins() {
  for (InterfaceIndex n = 0; n < interfaces_.size(); ++n) {
    std::vector<wire::Prefix> shared;
    for (const Route& own : routes_.all()) {
      if (!nat_.config().overlap || own.out != n || !own.via.is_zero() || own.kind != Route::Kind::forward ||
          is_outside(n)) {
        continue;
      }
      const bool twin =
          std::ranges::any_of(routes_.all(), [&](const Route& r) { return r.to == own.to && r.out != n; });
      if (twin) shared.push_back(own.to);
    }
    network_.answer_for(*this, n, std::move(shared));
  }
}

}  // namespace masqsim::net
