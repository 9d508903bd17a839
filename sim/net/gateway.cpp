#include "gateway.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway_words.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "nat_records.hpp"

namespace masqsim::net {

namespace {

namespace icmp = wire::icmp;
using trace::Kind;

Reassembler::Full when_full(const nat::Config& config) {
  return config.oldest_pieces_go ? Reassembler::Full::drops_oldest : Reassembler::Full::refuses;
}

bool is_first_syn(wire::ByteView packet) {
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip || ip->protocol() != wire::Protocol::tcp || ip->is_fragment()) return false;
  const auto tcp = wire::TcpView::parse(ip->payload());
  return tcp && tcp->flags().has(wire::TcpFlags::syn) &&
         !tcp->flags().any(wire::TcpFlags::ack | wire::TcpFlags::rst | wire::TcpFlags::fin);
}

/// "nothing owns 203.0.113.5:22/tcp"
std::string sentence(wire::ByteView packet, Reason reason) {
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
      sides_(nat_.config()),
      stack_(*this),
      ip_(*this, stack_, Forwarding::on, this),
      late_errors_(network, ip_, nat_) {
  ip_.set_overlap(nat_.config().overlap);
  ip_.set_reassembly(nat_.config().timeouts.fragment, when_full(nat_.config()));
}

Gateway::~Gateway() = default;

// --- the hooks -----------------------------------------------------------------------------------------------------

bool Gateway::prerouting(PacketContext& p) {
  const bool must_be_whole = nat_.tracks() && wire::Ipv4View::parse(p.packet.view())->is_fragment();
  if (must_be_whole && !ip_.reassemble(p)) return false;
  remember(p);
  return apply(nat_.prerouting(p.packet.buffer(), p.in, now(), p.track), p);
}

bool Gateway::forward(PacketContext& p) {
  const std::uint16_t mtu = nat_.config().mss_clamp ? ip_.mtu_of_way(p) : std::uint16_t{0xffff};
  return apply(nat_.forward(p.packet.buffer(), p.in, p.out, now(), p.track, mtu), p);
}

bool Gateway::input(PacketContext& p) {
  if (p.in != no_interface && is_unsolicited(p) && !answer_unsolicited(p)) return false;
  if (!apply(nat_.input(p.packet.buffer(), p.in, now(), p.track), p)) return false;
  if (told(Kind::translate) && !std::ranges::equal(p.before, p.packet.view())) tell_translation(p);
  return true;
}

bool Gateway::output(PacketContext& p) {
  remember(p);
  return apply(nat_.output(p.packet.buffer(), now(), p.track, p.about), p);
}

bool Gateway::postrouting(PacketContext& p) {
  const nat::Egress egress{p.out, ip_.source_towards(p.out, p.next_hop)};
  if (!apply(nat_.postrouting(p.packet.buffer(), egress, now(), p.track), p)) return false;
  if (nat_.reads_payload(p.track)) p.sizes.payloads.clear();
  const bool own = p.in == no_interface;
  if (told(Kind::translate) && !(own && std::ranges::equal(p.before, p.packet.view()))) tell_translation(p);
  return true;
}

/// Applies a hook's decision. False if the packet was dropped: the drop is recorded, and an ICMP error sent if there is
/// to be one.
bool Gateway::apply(const nat::Decision& decision, PacketContext& p) {
  if (watching_) {
    tell_changes();
    plan_wake();
  }
  if (decision.pass) {
    if (decision.reason != Reason::none) p.untranslated = decision.reason;
    return true;
  }
  say_end(p, decision.reason);
  switch (decision.answer) {
    case nat::Decision::Answer::none: break;
    case nat::Decision::Answer::host_unreachable:
      ip_.send_icmp_error(p, icmp::unreachable, icmp::host_unreachable);
      break;
    case nat::Decision::Answer::admin_prohibited:
      ip_.send_icmp_error(p, icmp::unreachable, icmp::admin_prohibited);
      break;
  }
  return false;
}

/// The record of a packet that a hook ended, with what of the configuration or of the packet did it.
void Gateway::say_end(const PacketContext& p, Reason reason) const {
  if (!told(Kind::drop)) return;
  std::string text;
  std::vector<Step> steps;
  if (reason == Reason::firewall) {
    steps.push_back(
        GatewayWords(network_, *this, nat_.config()).firewall(p, p.in != no_interface && sides_.is_outside(p.in)));
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
  say_drop(p.packet, reason, text, p.in, p.before, steps);
}

// --- unsolicited packets -------------------------------------------------------------------------------------------

/// True for a packet to the gateway itself that comes from outside or calls an outside address, is part of no flow, and
/// finds no program of the gateway's. Queries of ICMP are the gateway's own to answer. A gateway without rules has no
/// mapping that a packet could miss: there, only `unsolicited` makes a difference.
bool Gateway::is_unsolicited(const PacketContext& p) const {
  if (p.track.relation() == nat::Relation::established || p.track.relation() == nat::Relation::related) return false;
  const std::optional<wire::Tuple> called = wire::tuple_of(p.packet.view());
  if (!called || called->protocol == wire::Protocol::icmp) return false;
  const nat::Config& config = nat_.config();
  const bool has_rules = !config.source.empty() || !config.destination.empty();
  if (!has_rules && config.unsolicited == nat::Unsolicited::reject) return false;
  const bool calls_outside = std::ranges::find(outside_, called->destination.address) != outside_.end();
  if (!calls_outside && !sides_.is_outside(p.in)) return false;
  return !stack_.serves(called->protocol, called->destination.port);
}

/// False where the packet ends here. Otherwise the stack refuses it, and records why nothing owned it: that is asked
/// here, before the packet's own entry is made.
bool Gateway::answer_unsolicited(PacketContext& p) {
  if (told(Kind::drop)) p.unclaimed = why_unclaimed(p);
  const nat::Unsolicited wanted = nat_.config().unsolicited;
  const bool is_dropped = wanted == nat::Unsolicited::drop && sides_.is_outside(p.in);
  const bool is_late = wanted == nat::Unsolicited::icmp_after_6s && is_first_syn(p.packet.view());
  if (!is_dropped && !is_late) return true;
  if (p.unclaimed) {
    say_drop(p.packet, p.unclaimed->reason, p.unclaimed->text, p.in, p.unclaimed->before, p.unclaimed->steps);
  }
  if (is_late) late_errors_.add(std::move(p.packet));
  return false;
}

UnclaimedReason Gateway::why_unclaimed(const PacketContext& p) const {
  UnclaimedReason why{
      .reason = nat_.unowned_reason(p.packet.view(), p.in, now()), .text = {}, .before = p.before, .steps = {}};
  // The mapping admits this remote; it is the packet that does not fit into its flow.
  if (p.track.relation() == nat::Relation::invalid && why.reason == Reason::filtered) why.reason = Reason::invalid;
  why.text = sentence(p.packet.view(), why.reason);
  if (!network_.trace().wants_steps()) return why;
  why.steps = nat_.explain(p.packet.view(), p.in, now());
  why.steps.push_back({"service of the gateway?", false, "", ""});
  return why;
}

// --- what is recorded ----------------------------------------------------------------------------------------------

void Gateway::remember(PacketContext& p) const {
  if (told(Kind::translate)) p.before.assign(p.packet.view().begin(), p.packet.view().end());
}

void Gateway::tell_translation(const PacketContext& p) const {
  const trace::Trace& trace = network_.trace();
  record_translation(*this, p, trace.wants_steps() ? steps_of(p) : std::vector<Step>(),
                     trace.wants_rows() ? nat_.entry(p.track, now()) : std::nullopt);
}

/// Why the packet left as it did: asked of the first of a flow, and of one that the tracker calls INVALID.
std::vector<Step> Gateway::steps_of(const PacketContext& p) const {
  if (p.untranslated == Reason::invalid) {
    return {{"does the tracker call it valid?", false, nat_.invalid_because(p.before, now()), ""}};
  }
  if (!p.track.made_flow() || p.before.empty()) return {};
  return GatewayWords(network_, *this, nat_.config()).translation(p);
}

void Gateway::tell_changes() { record_changes(*this, nat_.take_changes()); }

void Gateway::say_table() {
  if (!told(Kind::table)) return;
  nat_.expire(now());
  if (watching_) tell_changes();
  record_table(*this, nat_.table(now()));
}

/// Entries are recorded as gone when their time is up, not when the next packet notices.
void Gateway::plan_wake() {
  const Time next = nat_.next_expiry();
  if (next >= expiry_wake_) return;
  expiry_wake_ = std::max(next, now() + 1_ns);
  network_.engine().schedule(expiry_wake_, *this, 0, engine::Keep::background);
}

void Gateway::on_event(std::uint64_t) {
  if (now() != expiry_wake_) return;
  expiry_wake_ = Time::never();
  nat_.expire(now());
  tell_changes();
  plan_wake();
}

// --- reconfiguration -----------------------------------------------------------------------------------------------

void Gateway::ready() {
  watching_ = told(Kind::change);
  nat_.watch(watching_);
  learn_addresses();
}

void Gateway::changed() {
  ip_.changed();
  learn_addresses();
}

void Gateway::flush() {
  nat_.flush(now());
  if (watching_) tell_changes();
}

void Gateway::configure(nat::Config config) {
  ip_.set_reassembly(config.timeouts.fragment, when_full(config));
  ip_.set_overlap(config.overlap);
  nat_.configure(std::move(config));
  learn_addresses();
}

void Gateway::interface_lost(InterfaceIndex interface) {
  changed();
  ip_.forget_waiting(interface);
  nat_.interface_lost(interface, now());
  if (watching_) tell_changes();
}

void Gateway::address_lost(InterfaceIndex interface, wire::Address gone) {
  changed();
  nat_.interface_lost(interface, now(), gone);
  if (watching_) tell_changes();
}

void Gateway::learn_addresses() {
  sides_ = nat::Sides(nat_.config());
  std::vector<wire::Address> inside;
  outside_.clear();
  for (std::size_t n = 0; n < interfaces_.size(); ++n) {
    auto& side = sides_.is_outside(static_cast<InterfaceIndex>(n)) ? outside_ : inside;
    side.push_back(interfaces_[n].address);
    for (const Alias& alias : interfaces_[n].also) side.push_back(alias.address);
  }
  nat_.set_own_addresses(outside_, std::move(inside));
  enable_proxy_arp_for_overlap();
}

/// RFC 4787 REQ-7: on its inside networks, for the outside hosts of networks with the same addresses; for nobody where
/// `overlap` is off.
void Gateway::enable_proxy_arp_for_overlap() {
  for (std::size_t n = 0; n < interfaces_.size(); ++n) {
    const auto inside = static_cast<InterfaceIndex>(n);
    std::vector<wire::Prefix> shared;
    for (const Route& own : routes_.all()) {
      const bool is_connected = own.out == inside && own.via.is_zero() && own.kind == Route::Kind::forward;
      if (!nat_.config().overlap || !is_connected || sides_.is_outside(inside)) continue;
      const bool has_twin =
          std::ranges::any_of(routes_.all(), [&](const Route& r) { return r.to == own.to && r.out != inside; });
      if (has_twin) shared.push_back(own.to);
    }
    network_.proxy_arp(*this, inside, std::move(shared));
  }
}

}  // namespace masqsim::net
