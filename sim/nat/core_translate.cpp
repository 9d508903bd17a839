// The core's second half, NAT: a new flow is bound once a side; every packet then is rewritten as its flow says.
#include "core.hpp"

namespace masqsim::nat {

Reason Core::translate(const Packet& packet, Hook hook, const Way& way, Time now, Track& track) {
  Flow* flow = flow_of(track);
  if (flow == nullptr || !rules_.any()) return Reason::none;
  const Side side = hook == Hook::prerouting || hook == Hook::output ? Side::destination : Side::source;
  if (track.relation_ == Relation::related && packet.protocol == proto_icmp) {
    return translate_error(packet, side, *flow, track.direction_);
  }
  const std::uint16_t done = side == Side::source ? status::source_done : status::destination_done;
  if (!flow->any(status::confirmed)) {
    if (hook == Hook::prerouting) flow->interface = way.in;
    if (!flow->any(done)) {
      const Reason ended = side == Side::source ? bind_source(track.index_, hook, way, now)
                                                : bind_destination(track.index_, hook, way, now);
      if (ended != Reason::none) return ended;
      flow->set(done);
    }
  } else if (hook == Hook::postrouting && changes_way(*flow, track, way.out)) {
    drop_entry(track.index_, Change::Kind::removed,
               now);  // another way out: the address it was given does not hold there
    track.clear();
    return Reason::stale;
  }
  return is_rewritten(*flow, side, track.direction_) ? rewrite_side(packet, side, *flow, track.direction_)
                                                     : Reason::none;
}

Reason Core::rewrite_side(const Packet& packet, Side side, const Flow& flow, Direction direction) {
  if (side == Side::source) assign_ip_id(packet.ip);
  const Key target = inverse(flow.key(opposite(direction)), flow.protocol);
  return rewrite(packet.ip, side, target) ? Reason::none : Reason::malformed;
}

Reason Core::bind_destination(std::uint32_t index, Hook hook, const Way& way, Time now) {
  const Flow& flow = table_[index];
  const Key& key = flow.original;
  const DestinationRule* rule = hook == Hook::prerouting ? rules_.destination_for(key, flow.protocol, way.in) : nullptr;
  if (rule == nullptr && hook == Hook::prerouting && bind_by_mapping(index, way)) return Reason::none;
  if (rule == nullptr && flow.protocol != proto_icmp) return Reason::none;  // only an id could have to make room
  Range range = rule != nullptr ? destination_range(*rule, key) : null_range(key, Side::destination);
  range.start = preferred_port_;
  set_reply_tuple(index, choose_tuple(table_, random_, index, range, Side::destination), Side::destination, now);
  return Reason::none;
}

Reason Core::bind_source(std::uint32_t index, Hook hook, const Way& way, Time now) {
  Flow& flow = table_[index];
  const Key key = inverse(flow.reply, flow.protocol);
  const Way whole{flow.interface, way.out, way.masquerade};
  const SourceRule* rule = hook == Hook::postrouting ? rules_.source_for(flow, whole) : nullptr;
  const bool ruled = rule != nullptr && rule->action != SourceRule::Action::exempt && key.source != 0;
  if (ruled && rule->action == SourceRule::Action::masquerade) {
    if (way.masquerade.is_zero()) return Reason::no_route;
    flow.set(status::masqueraded);
    flow.interface = way.out;
  }
  const bool hairpin = rule == nullptr && hook == Hook::postrouting && config_.hairpin == Hairpin::full &&
                       flow.any(status::destination_nat) && !rules_.is_outside(whole.in) && !rules_.is_outside(way.out);
  if (hairpin) flow.set(status::hairpin);
  Range range = ruled     ? source_range(*rule, key, way.masquerade)
                : hairpin ? hairpin_range(flow, key, whole.in)
                          : null_range(key, Side::source);
  if ((ruled || hairpin) && behaviour_.exclusive()) {
    const std::optional<Key> chosen = behaviour_.choose(table_, random_, index, range, now);
    if (!chosen) return Reason::ports_exhausted;
    set_reply_tuple(index, {*chosen}, Side::source, now);
    return Reason::none;
  }
  range.start = preferred_port_;
  set_reply_tuple(index, choose_tuple(table_, random_, index, range, Side::source), Side::source, now);
  return Reason::none;
}

/// The inside host that is called by an outside address sees the caller's outside endpoint (RFC 4787 REQ-9a).
Range Core::hairpin_range(const Flow& flow, const Key& key, InterfaceId in) const {
  const wire::Address called{flow.original.destination};
  const SourceRule* outward = rules_.outward_for(flow, in);
  return outward != nullptr ? source_range(*outward, key, called) : Range{{called, called}, std::nullopt};
}

/// A mapping lets a remote in that has no flow of its own (RFC 4787 section 5), or one inside host to another (section
/// 6).
bool Core::bind_by_mapping(std::uint32_t index, const Way& way) {
  if (!behaviour_.opens_inwards()) return false;
  Flow& flow = table_[index];
  const bool hairpin = !rules_.is_outside(way.in);
  const bool opens =
      hairpin ? config_.hairpin == Hairpin::full : config_.filtering != Filtering::address_and_port_dependent;
  if (!opens) return false;
  const Key& key = flow.original;
  wire::Endpoint remote{{key.source}, key.source_port};
  if (hairpin) {
    const std::uint32_t own = table_.newest_of_source(key, flow.protocol);
    remote = own == no_flow ? wire::Endpoint{{key.destination}, key.source_port} : outside_of(table_[own]);
  }
  const std::uint32_t holder = behaviour_.find_admitting_mapping(table_, key, flow.protocol, remote);
  if (holder == no_flow) return false;
  const Key& inside = from_inside(table_[holder]);
  flow.reply.source = inside.source;
  flow.reply.source_port = inside.source_port;
  flow.set(status::destination_nat | (hairpin ? 0 : status::forwarded_in));
  return true;
}

/// The flow's packets get the key that was chosen; its answers are looked up by the inverse of that key.
void Core::set_reply_tuple(std::uint32_t index, const Choice& choice, Side side, Time now) {
  if (choice.evicted) drop_entry(*choice.evicted, Change::Kind::evicted, now);
  Flow& flow = table_[index];
  const Key reply = inverse(choice.key, flow.protocol);
  if (reply == flow.reply) return;
  flow.reply = reply;
  flow.set(side == Side::source ? status::source_nat : status::destination_nat);
  if (side == Side::source) likely_outside_ = choice.key.source;
}

/// Datagrams of many inside hosts leave from one address; those that may be fragmented need unique IP ids (RFC 6864).
void Core::assign_ip_id(wire::Ipv4Edit ip) {
  if (config_.unique_ids && !ip.has_df()) ip.rewrite_id(++last_id_);
}

/// An ICMP error is translated with the packet that it quotes, so that both look as their receiver knows them.
Reason Core::translate_error(const Packet& packet, Side side, const Flow& flow, Direction direction) {
  const wire::ByteEdit message = packet.segment();
  if (message.size() < wire::IcmpEdit::header_size + 20) return Reason::malformed;
  const wire::IcmpEdit icmp = *wire::IcmpEdit::parse(message);
  if (!icmp.sum_ok()) return Reason::bad_checksum;
  if (icmp.type() == wire::icmp::redirect && flow.any(status::nat_mask)) return Reason::unrelated_icmp;
  if (!is_rewritten(flow, side, direction)) return Reason::none;
  const Key& answers = flow.key(opposite(direction));
  const wire::Ipv4Edit quoted = *wire::Ipv4Edit::parse_quoted_unchecked(icmp.payload());
  if (!rewrite(quoted, other(side), answers)) return Reason::malformed;
  icmp.fix_sum();
  if (side == Side::source) assign_ip_id(packet.ip);
  rewrite(packet.ip, side, inverse(answers, flow.protocol));
  return Reason::none;
}

/// A gateway that tracks connections has netfilter's NAT hooks as well, whether or not a rule translates: of a packet
/// whose flow is not in the table yet, it is not known before postrouting that it keeps its addresses.
bool Core::keeps_addresses(const Track& track) {
  const Flow* flow = flow_of(track);
  return flow == nullptr || (flow->any(status::confirmed) && !flow->any(status::nat_mask));
}

}  // namespace masqsim::nat
