#include "core.hpp"

#include <algorithm>
#include <cassert>

#include "sctp_tracker.hpp"
#include "tcp_tracker.hpp"

namespace masqsim::nat {

namespace {

constexpr Decision pass_on{};
constexpr Decision pass_untranslated{true, Reason::invalid, Decision::Answer::none};

Decision stop(Reason reason) { return {false, reason, Decision::Answer::none}; }
Decision go_on(Relation relation) { return relation == Relation::invalid ? pass_untranslated : pass_on; }

constexpr Duration stream_age = 2_s;       // UDP traffic later than this makes a stream
constexpr Duration kept_after_reset = 240_s;  // RFC 7857 section 2.2

/// A rule that exempts asks for nothing.
bool asks_for_tracking(const Config& config) {
  const auto looks = [](const SourceRule& rule) { return rule.action != SourceRule::Action::exempt || rule.only_port_forwarded; };
  const Firewall& firewall = config.firewall;
  return std::ranges::any_of(config.source, looks) || !config.destination.empty() || config.alg_ftp ||
         firewall.drop_invalid || firewall.protect_input || firewall.protect_forward ||
         config.limits.flows_per_host.has_value() || config.unsolicited != Unsolicited::reject;
}

/// The direction in which packets come from outside.
Direction inbound_of(const Flow& flow) { return flow.any(status::source_nat) ? Direction::reply : Direction::original; }

bool quoted_sum_ok(const Packet& error) {
  const auto quoted = wire::Ipv4View::parse_quoted(error.segment().subspan(wire::IcmpEdit::header_size));
  return !quoted || quoted->sum_ok();
}

bool can_open(const Key& key, std::uint8_t protocol) {
  return protocol != proto_icmp || wire::icmp::is_request(static_cast<std::uint8_t>(key.destination_port >> 8));
}

}  // namespace

Core::Core(Config config, Random random)
    : config_(std::move(config)),
      tracks_(asks_for_tracking(config_)),
      random_(random),
      rules_(config_.source, config_.destination, config_.hairpin),
      table_(config_.mapping),
      behaviour_(config_) {
  forward_mappings_.resize(config_.destination.size());
}

// The hooks, each in netfilter's order: conntrack, translation of the destination; filter; translation of the source,
// confirmation.

Decision Core::prerouting(wire::Buffer& buffer, InterfaceId in, Time now, Track& track) {
  const std::optional<Packet> packet = read_packet(buffer.bytes());
  if (table_.timers().due(now)) {
    Key key;  // its flow is on the way here while others go
    if (packet && read_key(packet->ip, key)) table_.prefetch(key, packet->protocol);
    remove_due(now);
  }
  track.clear();
  if (!tracks_) return pass_on;
  if (!packet) return stop(Reason::bad_header);
  Reason ended = follow(*packet, Hook::prerouting, now, track);
  if (ended == Reason::none) ended = translate(*packet, Hook::prerouting, {in, any_interface, {}}, now, track);
  if (ended != Reason::none && rules_.is_outside(in)) return stop(ended);  // strangers are told nothing
  return decision(ended, track.relation_);
}

Decision Core::forward(wire::Buffer&, InterfaceId in, InterfaceId out, Time now, Track& track) {
  expire(now);
  const Firewall& firewall = config_.firewall;
  const Relation relation = track.relation();
  if (relation == Relation::invalid && firewall.drop_invalid) return stop(Reason::invalid);
  if (firewall.protect_forward && relation != Relation::established && relation != Relation::related &&
      (relation != Relation::fresh || !is_inside(in) || is_inside(out))) {
    return stop(Reason::firewall);
  }
  Flow* flow = relation == Relation::fresh ? flow_of(track) : nullptr;
  if (firewall.drop_direct && flow != nullptr && rules_.is_outside(in) && !is_inside(in) && !flow->any(status::destination_nat)) {
    return stop(Reason::firewall);
  }
  if (flow != nullptr && config_.limits.flows_per_host && comes_from_inside(in) && exceeds_limit(*flow)) {
    Decision refused = stop(Reason::host_limit);
    if (config_.limits.reject_excess) refused.answer = Decision::Answer::admin_prohibited;
    return refused;
  }
  return go_on(relation);
}

Decision Core::input(wire::Buffer& buffer, InterfaceId in, Time now, Track& track) {
  expire(now);
  const Firewall& firewall = config_.firewall;
  const Relation relation = track.relation();
  if (relation == Relation::invalid && firewall.drop_invalid) return stop(Reason::invalid);
  if (firewall.protect_input && relation != Relation::established && relation != Relation::related && !is_inside(in)) {
    return stop(Reason::firewall);
  }
  std::optional<Packet> packet = read_packet(buffer.bytes());
  if (!packet) return stop(Reason::bad_header);
  Reason ended = translate(*packet, Hook::input, {in, any_interface, {}}, now, track);
  if (ended == Reason::none) ended = finish(buffer, now, track);
  return decision(ended, track.relation_);
}

Decision Core::output(wire::Buffer& buffer, Time now, Track& track, const Track* about) {
  expire(now);
  track.clear();
  if (!tracks_) return pass_on;
  std::optional<Packet> packet = read_packet(buffer.bytes());
  if (!packet) return stop(Reason::bad_header);
  if (about != nullptr && packet->is_icmp_error() && flow_of(*about) != nullptr) {
    track.index_ = about->index_;  // borrowed: the flow is held by the packet complained of
    track.flow_number_ = about->flow_number_;
    track.mapping_number_ = about->mapping_number_;
    track.direction_ = opposite(about->direction_);
    track.relation_ = Relation::related;
    return decision(translate(*packet, Hook::output, {}, now, track), track.relation_);
  }
  Reason ended = follow(*packet, Hook::output, now, track);
  if (ended == Reason::none) ended = translate(*packet, Hook::output, {}, now, track);
  return decision(ended, track.relation_);
}

Decision Core::postrouting(wire::Buffer& buffer, const Egress& egress, Time now, Track& track) {
  expire(now);
  if (nothing_left_to_do(track, egress.out)) return pass_on;
  std::optional<Packet> packet = read_packet(buffer.bytes());
  if (!packet) return stop(Reason::bad_header);
  Reason ended = translate(*packet, Hook::postrouting, {any_interface, egress.out, egress.masquerade}, now, track);
  if (ended == Reason::none) ended = finish(buffer, now, track);
  return decision(ended, track.relation_);
}

/// The short way of most answers: their destination is translated already, and their source needs nothing.
bool Core::nothing_left_to_do(const Track& track, InterfaceId out) {
  const Flow* flow = flow_of(track);
  if (flow == nullptr || track.relation_ != Relation::established) return false;
  constexpr std::uint16_t needs_more = status::helper | status::adjusts_sequence | status::dying;
  if (!flow->any(status::confirmed) || flow->any(needs_more)) return false;
  if (track.direction_ == Direction::reply) return !flow->any(status::destination_nat);
  return !flow->any(status::source_nat) && !(flow->any(status::masqueraded) && flow->interface != out);
}

/// What a hook answers once all its steps are taken.
Decision Core::decision(Reason ended, Relation relation) const {
  if (ended == Reason::none) return go_on(relation);
  Decision refused = stop(ended);
  const bool exhausted = ended == Reason::table_full || ended == Reason::ports_exhausted;
  if (exhausted && config_.limits.reject_exhausted) refused.answer = Decision::Answer::host_unreachable;
  return refused;
}

// Conntrack: to which flow does the packet belong, and does that flow take it?

Reason Core::follow(const Packet& packet, Hook hook, Time now, Track& track) {
  const bool verify = hook == Hook::prerouting && config_.verify_checksums;
  track.relation_ = Relation::invalid;
  if (packet.protocol == proto_icmp) {
    if (!transport_sound(packet, verify)) return Reason::none;
    if (!config_.obsolete_icmp && wire::icmp::is_obsolete(packet.segment()[0])) return Reason::invalid;
    if (packet.is_icmp_error()) {
      if (config_.verify_quoted && hook == Hook::prerouting && !quoted_sum_ok(packet)) return Reason::bad_checksum;
      relate(packet, track);
      return Reason::none;
    }
  }
  Key key;
  if (!read_key(packet.ip, key)) return Reason::none;

  for (;;) {
    Table::Found found = table_.find(key, packet.protocol);
    const bool fresh = !found;
    if (fresh) {
      const Reason ended = open(key, packet.protocol, now, found.index);
      if (found.index == no_flow) return ended;
    }
    const bool sound = packet.protocol == proto_icmp || transport_sound(packet, verify);
    if (!sound || (fresh && !begin(packet, found.index, now))) {
      if (fresh) table_.release(found.index);
      return Reason::none;
    }
    const Flow& flow = table_[found.index];
    const bool answered = found.direction == Direction::reply || flow.any(status::seen_reply);
    attach(track, found.index, found.direction,
           answered ? Relation::established : flow.any(status::expected) ? Relation::related : Relation::fresh);
    const Followed followed = advance(packet, found.index, found.direction, now, track);
    if (followed == Followed::yes) {
      if (found.direction == Direction::reply) table_[found.index].set(status::seen_reply);
      return Reason::none;
    }
    track.clear();
    track.relation_ = Relation::invalid;
    if (followed == Followed::invalid) return Reason::none;
  }
}

/// Makes room for a new flow and the flow; `index` stays no_flow where nothing can be opened by such a packet.
Reason Core::open(const Key& key, std::uint8_t protocol, Time now, std::uint32_t& index) {
  if (table_.size_with_unconfirmed() >= config_.limits.table) {
    const std::uint32_t victim = config_.limits.early_drop ? table_.victim(hash_of(key, protocol)) : no_flow;
    if (victim == no_flow) return Reason::table_full;
    drop_entry(victim, Change::Kind::evicted, now);
  }
  if (!can_open(key, protocol)) return Reason::none;
  index = table_.make(key, protocol);
  if (config_.alg_ftp && protocol == proto_tcp) {
    if (const auto expectation = ftp_.fulfil(key, now)) expected(index, *expectation, now);
    if (key.destination_port == ftp_control_port) table_[index].set(status::helper);
  }
  return Reason::none;
}

/// A data connection is translated as its control connection is, to the port that was announced.
void Core::expected(std::uint32_t index, const Expectation& e, Time now) {
  table_[index].set(status::expected);
  if (!rules_.any()) return;
  const Key answers = table_[e.master].key(opposite(e.direction));
  Range range{{{answers.destination}, {answers.destination}}, std::nullopt, false, false};
  use(index, choose_tuple(table_, random_, index, range, Side::source), Side::source, now);
  range = {{{answers.source}, {answers.source}}, PortRange{e.port, e.port}, false, false};
  use(index, choose_tuple(table_, random_, index, range, Side::destination), Side::destination, now);
  table_[index].set(status::source_done | status::destination_done);
}

/// Sets up what the protocol keeps for a new flow; false if its first packet may not be one.
bool Core::begin(const Packet& packet, std::uint32_t index, Time now) {
  Flow& flow = table_[index];
  if (flow.protocol == proto_udp) flow.stream_after = (now + stream_age).ns;
  if (flow.protocol == proto_sctp) return sctp_begin(table_.sctp(flow), packet.segment());
  if (flow.protocol != proto_tcp) return true;
  const auto tcp = wire::TcpEdit::parse(packet.segment());
  return flags_valid(tcp->flags()) && tcp_begin(table_.tcp(flow), read_segment(*wire::TcpView::parse(packet.segment())), config_);
}

/// An ICMP error belongs to the flow of the packet that it quotes.
bool Core::relate(const Packet& packet, Track& track) {
  const auto quoted = wire::Ipv4Edit::parse_quoted_unchecked(packet.segment().subspan(wire::IcmpEdit::header_size));
  if (!quoted) return false;
  const std::optional<Key> key = key_of(*quoted);
  if (!key) return false;
  const auto protocol = static_cast<std::uint8_t>(quoted->protocol());
  const Table::Found found = table_.find(inverse(*key, protocol), protocol);
  if (!found) return false;
  if (packet.ip.destination().value != table_[found.index].key(found.direction).destination) return false;
  attach(track, found.index, found.direction, Relation::related);
  return true;
}

Core::Followed Core::advance(const Packet& packet, std::uint32_t index, Direction direction, Time now, Track& track) {
  Flow& flow = table_[index];
  const Timeouts& t = config_.timeouts;
  const bool replied = flow.any(status::seen_reply);
  switch (flow.protocol) {
    case proto_tcp: return advance_tcp(packet, index, direction, now, track);
    case proto_udp: {
      const bool stream = replied && now.ns > flow.stream_after;
      if (stream) flow.set(status::assured);
      refresh(index, direction, stream ? t.udp_stream : t.udp, now);
      return Followed::yes;
    }
    case proto_udplite:
      if (replied) flow.set(status::assured);
      refresh(index, direction, replied ? t.udp_stream : t.udp, now);
      return Followed::yes;
    case proto_sctp: {
      const SctpVerdict verdict = sctp_follow(table_.sctp(flow), direction, packet.segment(), flow.any(status::confirmed));
      if (verdict.established) flow.set(status::assured);
      if (!verdict.valid) return Followed::invalid;
      if (verdict.timeout) refresh(index, direction, *verdict.timeout, now);
      return Followed::yes;
    }
    case proto_icmp: refresh(index, direction, t.icmp, now); return Followed::yes;
    case proto_gre:
      if (replied) flow.set(status::assured);
      refresh(index, direction, replied ? t.gre_stream : t.gre, now);
      return Followed::yes;
    default: refresh(index, direction, t.generic, now); return Followed::yes;
  }
}

Core::Followed Core::advance_tcp(const Packet& packet, std::uint32_t index, Direction direction, Time now, Track& track) {
  Flow& flow = table_[index];
  const auto tcp = wire::TcpView::parse(packet.segment());
  if (!flags_valid(tcp->flags())) return Followed::invalid;
  const bool counted = counts(flow);
  const std::int32_t offset =
      flow.any(status::adjusts_sequence) ? ftp_.offset(index, opposite(direction), tcp->acknowledgment() - 1) : 0;
  TcpVerdict verdict = tcp_follow(table_.tcp(flow), flow.state, flow.status, direction, read_segment(*tcp), offset,
                                  Time{flow.deadline} - now, config_);
  if (config_.rst_keeps_state && tcp->flags().any(wire::TcpFlags::rst) && verdict.timeout) {
    verdict.timeout = kept_after_reset;
    if (verdict.what == TcpVerdict::What::removed) verdict.what = TcpVerdict::What::accepted;
  }
  if (flow.any(status::confirmed)) count(flow, counts(flow) - counted);
  switch (verdict.what) {
    case TcpVerdict::What::ignored: return Followed::yes;
    case TcpVerdict::What::invalid:
      if (verdict.timeout) table_.timers().refresh(index, flow, (now + *verdict.timeout).ns);
      return Followed::invalid;
    case TcpVerdict::What::reopened: drop_entry(index, Change::Kind::removed, now); return Followed::again;
    case TcpVerdict::What::removed:
      if (flow.any(status::confirmed)) {
        unlink(index, Change::Kind::removed, now);
        pin(track, index);
      }
      return Followed::yes;
    case TcpVerdict::What::accepted: break;
  }
  if (verdict.assured) flow.set(status::assured);
  const bool outbound = direction != inbound_of(flow);
  const bool held_down = !config_.rst_refreshes && outbound && tcp->flags().any(wire::TcpFlags::rst);
  if (verdict.timeout && held_down) verdict.timeout = std::min(*verdict.timeout, Time{flow.deadline} - now);
  if (verdict.timeout) refresh(index, direction, *verdict.timeout, now);
  return Followed::yes;
}

/// RFC 4787 REQ-6: outbound traffic refreshes; inbound does unless it is told not to.
void Core::refresh(std::uint32_t index, Direction direction, Duration timeout, Time now) {
  Flow& flow = table_[index];
  if (!flow.any(status::confirmed)) {
    flow.deadline = timeout.ns;
    return;
  }
  const bool shortens = (now + timeout).ns < flow.deadline;
  if (!config_.inbound_refreshes && flow.any(status::nat_mask) && direction == inbound_of(flow) && !shortens) return;
  table_.timers().refresh(index, flow, (now + timeout).ns);
}

/// The last of a packet's way: helpers read it as it leaves, then its flow is confirmed.
Reason Core::finish(wire::Buffer& buffer, Time now, Track& track) {
  const Flow* flow = flow_of(track);
  if (flow == nullptr) return Reason::none;
  if (track.relation_ == Relation::established && flow->any(status::helper | status::adjusts_sequence)) {
    const bool adjusts = flow->any(status::adjusts_sequence);
    if (flow->any(status::helper) && !ftp_.read(buffer, table_, random_, track.index_, track.direction_, now)) {
      return Reason::malformed;
    }
    if (adjusts) ftp_.adjust(*read_packet(buffer.bytes()), track.index_, track.direction_);
  }
  const bool borrowed = track.core_ == nullptr;
  return borrowed || flow->any(status::confirmed) ? Reason::none : confirm(track, now);
}

Reason Core::confirm(Track& track, Time now) {
  const Flow& flow = table_[track.index_];
  const Table::Entrance entrance = table_.confirm(track.index_, now);
  if (entrance == Table::Entrance::refused) return Reason::ports_exhausted;
  count_mapping(track.index_, track);
  behaviour_.entered(flow, entrance == Table::Entrance::first);
  if (flow.any(status::helper)) ftp_.begin(track.index_);
  count(flow, counts(flow));
  track.core_ = nullptr;
  track.flow_number_ = flow.number;
  track.made_flow_ = true;
  return Reason::none;
}

/// A mapping has the number of the first flow's making; a later flow with the same two endpoints shares it. Looks at the
/// newest few flows of the inside endpoint only: more than that with other outside endpoints is nobody's mapping.
void Core::count_mapping(std::uint32_t index, Track& track) {
  constexpr int looked_at = 64;
  Flow& flow = table_[index];
  if (!flow.any(status::nat_mask)) return;
  std::uint32_t* forward = nullptr;
  if (!flow.any(status::source_nat | status::forwarded_in)) {
    const DestinationRule* rule = rules_.destination_for(flow.original, flow.protocol, flow.interface);
    if (rule != nullptr) forward = &forward_mappings_[rules_.number_of(*rule)];
    if (forward != nullptr && *forward != 0) flow.mapping = *forward;
  } else {
    std::uint32_t at = table_.older_of_source(index);
    for (int n = 0; n < looked_at && at != no_flow; ++n, at = table_.older_of_source(at)) {
      if (table_[at].mapping == 0 || outside_of(table_[at]) != outside_of(flow)) continue;
      flow.mapping = table_[at].mapping;
      break;
    }
  }
  if (flow.mapping == 0) {
    flow.mapping = ++last_mapping_;
    track.made_mapping_ = true;
    if (forward != nullptr) *forward = flow.mapping;
  }
  track.mapping_number_ = flow.mapping;
}

// NAT: a new flow is bound once a side; every packet then is rewritten as its flow says.

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
      if (const Reason ended = bind(track.index_, hook, way, now); ended != Reason::none) return ended;
      flow->set(done);
    }
  } else if (hook == Hook::postrouting && flow->any(status::masqueraded) && track.direction_ == Direction::original &&
             flow->interface != way.out && !flow->any(status::dying)) {
    drop_entry(track.index_, Change::Kind::removed, now);  // another way out: the address it was given does not hold there
    track.clear();
    return Reason::stale;
  }
  const bool source_bit = (side == Side::source) == (track.direction_ == Direction::original);
  if (!flow->any(source_bit ? status::source_nat : status::destination_nat)) return Reason::none;
  const Key target = inverse(flow->key(opposite(track.direction_)), flow->protocol);
  if (side == Side::source) give_id(packet.ip);
  return rewrite(packet.ip, side, target) ? Reason::none : Reason::malformed;
}

Reason Core::bind(std::uint32_t index, Hook hook, const Way& way, Time now) {
  const Flow& flow = table_[index];
  const Key key = inverse(flow.reply, flow.protocol);
  if (hook == Hook::prerouting || hook == Hook::output) {
    const DestinationRule* rule = hook == Hook::prerouting ? rules_.destination_for(key, flow.protocol, way.in) : nullptr;
    if (rule == nullptr && hook == Hook::prerouting && bind_by_mapping(index, way)) return Reason::none;
    if (rule == nullptr && flow.protocol != proto_icmp) return Reason::none;  // only an id could have to make room
    Range range = rule != nullptr ? destination_range(*rule, key) : null_range(key, Side::destination);
    range.start = preferred_port_;
    use(index, choose_tuple(table_, random_, index, range, Side::destination), Side::destination, now);
    return Reason::none;
  }
  Way whole = way;
  whole.in = flow.interface;
  const SourceRule* rule = hook == Hook::postrouting ? rules_.source_for(flow, whole) : nullptr;
  Range range = null_range(key, Side::source);
  bool to_outside = false;
  if (rule != nullptr && rule->action != SourceRule::Action::exempt && key.source != 0) {
    range = source_range(*rule, key, way.masquerade);
    if (rule->action == SourceRule::Action::masquerade) {
      if (way.masquerade.is_zero()) return Reason::no_route;
      table_[index].set(status::masqueraded);
      table_[index].interface = way.out;
    }
    to_outside = true;
  } else if (rule == nullptr && hook == Hook::postrouting && config_.hairpin == Hairpin::full &&
             flow.any(status::destination_nat) && !rules_.is_outside(whole.in) && !rules_.is_outside(way.out)) {
    const wire::Address called{flow.original.destination};
    const SourceRule* outward = rules_.outward_for(flow, whole.in);
    range = outward != nullptr ? source_range(*outward, key, called) : Range{{called, called}, std::nullopt};  // RFC 4787 REQ-9a
    to_outside = true;
  }
  if (to_outside && behaviour_.exclusive()) {
    const std::optional<Key> chosen = behaviour_.choose(table_, random_, index, range, now);
    if (!chosen) return Reason::ports_exhausted;
    use(index, {*chosen}, Side::source, now);
    return Reason::none;
  }
  range.start = preferred_port_;
  use(index, choose_tuple(table_, random_, index, range, Side::source), Side::source, now);
  return Reason::none;
}

/// A mapping lets a remote in that has no flow of its own (RFC 4787 section 5), or one inside host to another (section 6).
bool Core::bind_by_mapping(std::uint32_t index, const Way& way) {
  Flow& flow = table_[index];
  const bool hairpin = !rules_.is_outside(way.in);
  if ((hairpin && config_.hairpin != Hairpin::full) || !behaviour_.opens_inwards(hairpin)) return false;
  const Key& key = flow.original;
  wire::Endpoint remote{{key.source}, key.source_port};
  if (hairpin) {
    const std::uint32_t own = table_.newest_of_source(key, flow.protocol);
    remote = own == no_flow ? wire::Endpoint{{key.destination}, key.source_port} : outside_of(table_[own]);
  }
  const std::uint32_t holder = behaviour_.admit(table_, key, flow.protocol, remote);
  if (holder == no_flow) return false;
  const Key& inside = from_inside(table_[holder]);
  flow.reply.source = inside.source;
  flow.reply.source_port = inside.source_port;
  flow.set(status::destination_nat | (hairpin ? 0 : status::forwarded_in));
  return true;
}

/// The key that was chosen becomes the flow's; its answers are looked up by the inverse.
void Core::use(std::uint32_t index, const Choice& choice, Side side, Time now) {
  if (choice.evicted) drop_entry(*choice.evicted, Change::Kind::evicted, now);
  Flow& flow = table_[index];
  const Key reply = inverse(choice.key, flow.protocol);
  if (reply == flow.reply) return;
  flow.reply = reply;
  flow.set(side == Side::source ? status::source_nat : status::destination_nat);
}

/// Datagrams of many inside hosts leave from one address; those that may be in pieces need ids that no other has.
void Core::give_id(wire::Ipv4Edit ip) {
  if (config_.unique_ids && !ip.has_df()) ip.rewrite_id(++last_id_);
}

/// An ICMP error is translated with the packet that it quotes, so that both look as their receiver knows them.
Reason Core::translate_error(const Packet& packet, Side side, const Flow& flow, Direction direction) {
  const wire::ByteEdit message = packet.segment();
  if (message.size() < wire::IcmpEdit::header_size + 20) return Reason::malformed;
  const wire::IcmpEdit icmp = *wire::IcmpEdit::parse(message);
  if (!icmp.sum_ok()) return Reason::bad_checksum;
  if (icmp.type() == wire::icmp::redirect && flow.any(status::nat_mask)) return Reason::unrelated_icmp;
  const bool source_bit = (side == Side::source) == (direction == Direction::original);
  if (!flow.any(source_bit ? status::source_nat : status::destination_nat)) return Reason::none;
  const Key& answers = flow.key(opposite(direction));
  const wire::Ipv4Edit quoted = *wire::Ipv4Edit::parse_quoted_unchecked(icmp.payload());
  if (!rewrite(quoted, other(side), answers)) return Reason::malformed;
  icmp.fix_sum();
  if (side == Side::source) give_id(packet.ip);
  rewrite(packet.ip, side, inverse(answers, flow.protocol));
  return Reason::none;
}

bool Core::keeps_addresses(const Track& track) {
  const Flow* flow = flow_of(track);
  if (flow == nullptr || !rules_.any()) return true;
  return flow->is(status::source_done | status::destination_done) && !flow->any(status::nat_mask);
}

// The table.

Flow* Core::flow_of(const Track& track) {
  if (track.index_ == no_flow) return nullptr;
  Flow& flow = table_[track.index_];
  // Held by the track itself, or still the same flow: an entry may go while its packet is on its way.
  return track.core_ != nullptr || flow.number == track.flow_number_ ? &flow : nullptr;
}

void Core::attach(Track& track, std::uint32_t index, Direction direction, Relation relation) {
  const Flow& flow = table_[index];
  track.index_ = index;
  track.direction_ = direction;
  track.relation_ = relation;
  track.flow_number_ = flow.number;
  track.mapping_number_ = flow.mapping;
  if (!flow.any(status::confirmed)) pin(track, index);
}

/// The track releases the flow when it dies.
void Core::pin(Track& track, std::uint32_t index) {
  track.core_ = this;
  track.index_ = index;
}

void Core::unlink(std::uint32_t index, Change::Kind kind, Time now, bool expired) {
  const Flow& flow = table_[index];
  if (watching_) changes_.push_back({kind, entry_of(flow, now)});
  count(flow, -counts(flow));
  if (flow.any(status::helper)) ftp_.end(index);
  const bool alone = table_.remove(index, expired);
  behaviour_.left(flow, alone, kind == Change::Kind::expired, now);
}

void Core::drop_entry(std::uint32_t index, Change::Kind kind, Time now) {
  unlink(index, kind, now);
  table_.release(index);
}

void Core::remove_due(Time now) {
  due_.clear();
  table_.timers().take_due(now, due_);
  for (const std::uint32_t index : due_) {
    unlink(index, Change::Kind::expired, Time{table_[index].deadline}, true);  // however late it is noticed
    table_.release(index);
  }
}

void Core::flush(Time now) {
  expire(now);
  std::vector<std::uint32_t> all;
  table_.each([&](std::uint32_t index, const Flow&) { all.push_back(index); });
  std::sort(all.begin(), all.end(), [&](std::uint32_t a, std::uint32_t b) { return table_[a].number < table_[b].number; });
  for (const std::uint32_t index : all) drop_entry(index, Change::Kind::flushed, now);
}

void Core::interface_lost(InterfaceId out, Time now) {
  expire(now);
  std::vector<std::uint32_t> lost;
  table_.each([&](std::uint32_t index, const Flow& flow) {
    if (flow.any(status::masqueraded) && flow.interface == out) lost.push_back(index);
  });
  std::sort(lost.begin(), lost.end(), [&](std::uint32_t a, std::uint32_t b) { return table_[a].number < table_[b].number; });
  for (const std::uint32_t index : lost) drop_entry(index, Change::Kind::removed, now);
}

/// What the flows are grouped by is made anew; the list of a host's flows begins empty, as nftables' does with new rules. Forwards that stay keep the numbers of their mappings.
void Core::configure(Config config) {
  std::vector<std::uint32_t> numbers(config.destination.size());
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const auto before = std::find(config_.destination.begin(), config_.destination.end(), config.destination[n]);
    if (before != config_.destination.end()) {
      numbers[n] = forward_mappings_[static_cast<std::size_t>(before - config_.destination.begin())];
    }
  }
  forward_mappings_ = std::move(numbers);
  config_ = std::move(config);
  rules_ = Rules(config_.source, config_.destination, config_.hairpin);
  table_.set_mapping(config_.mapping);
  behaviour_.configure(config_, table_);
  flows_of_host_.clear();
  table_.each([&](std::uint32_t index, const Flow&) { table_[index].clear(status::counted); });
  tracks_ = asks_for_tracking(config_);
}

void Core::set_own_addresses(std::vector<wire::Address> outside, std::vector<wire::Address> inside) {
  own_outside_ = std::move(outside);
  own_inside_ = std::move(inside);
}

void Core::watch(bool on) {
  watching_ = on;
  if (!on) changes_.clear();
}

bool Core::is_inside(InterfaceId id) const {
  const std::vector<InterfaceId>& inside = config_.firewall.inside;
  return std::find(inside.begin(), inside.end(), id) != inside.end();
}

bool Core::comes_from_inside(InterfaceId in) const {
  return config_.firewall.inside.empty() ? !rules_.is_outside(in) : is_inside(in);
}

/// As nftables' `ct count over`: asked of every packet of a flow that has seen no answer, not only of the first one. A
/// flow that was refused stays in the list, and counts, until the next new one is looked at.
bool Core::exceeds_limit(Flow& flow) {
  Held& held = flows_of_host_[flow.original.source];
  if (!flow.any(status::counted)) {
    flow.set(status::counted);
    const bool in_table = flow.any(status::confirmed);
    if (in_table) ++held.flows;
    held.one_refused = held.flows + (in_table ? 0 : 1) > *config_.limits.flows_per_host;
    return held.one_refused;
  }
  return held.flows + (held.one_refused ? 1 : 0) > *config_.limits.flows_per_host;
}

/// What an inside host is charged for: flows of its own that have not ended.
bool Core::counts(const Flow& flow) const {
  return flow.any(status::counted) && (flow.protocol != proto_tcp || flow.state < TcpState::time_wait);
}

void Core::count(const Flow& flow, int change) {
  if (change == 0) return;
  Held& held = flows_of_host_[flow.original.source];
  held.flows += static_cast<std::uint32_t>(change);
  if (held.flows == 0 && !held.one_refused) flows_of_host_.erase(flow.original.source);
}

}  // namespace masqsim::nat
