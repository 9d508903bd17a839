#include "core.hpp"

#include <algorithm>
#include <cassert>

#include "sctp_tracker.hpp"
#include "tcp_tracker.hpp"

namespace masqsim::nat {

namespace {

constexpr Decision pass_on{};
Decision stop(Reason reason) { return {false, reason, Decision::Answer::none}; }
Decision left_alone(Relation relation) {
  return {true, relation == Relation::invalid ? Reason::invalid : Reason::none, Decision::Answer::none};
}

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
  expire(now);
  track.clear();
  if (!tracks_) return pass_on;
  std::optional<Packet> packet = read_packet(buffer.bytes());
  if (!packet) return stop(Reason::bad_header);
  const Decision tracked = follow(*packet, Hook::prerouting, now, track);
  if (!tracked.pass) return tracked;
  return translate(*packet, Hook::prerouting, {in, any_interface, {}}, now, track);
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
  if (relation == Relation::fresh && config_.limits.flows_per_host && comes_from_inside(in)) {
    Flow* flow = flow_of(track);
    if (flow != nullptr && exceeds_limit(*flow)) {
      Decision refused = stop(Reason::host_limit);
      if (config_.limits.reject_excess) refused.answer = Decision::Answer::admin_prohibited;
      return refused;
    }
  }
  return left_alone(relation);
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
  const Decision translated = translate(*packet, Hook::input, {in, any_interface, {}}, now, track);
  return translated.pass ? finish(buffer, now, track) : translated;
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
    return translate(*packet, Hook::output, {}, now, track);
  }
  const Decision tracked = follow(*packet, Hook::output, now, track);
  if (!tracked.pass) return tracked;
  return translate(*packet, Hook::output, {}, now, track);
}

Decision Core::postrouting(wire::Buffer& buffer, const Egress& egress, Time now, Track& track) {
  expire(now);
  if (nothing_left_to_do(track, egress.out)) return pass_on;
  std::optional<Packet> packet = read_packet(buffer.bytes());
  if (!packet) return stop(Reason::bad_header);
  const Decision translated =
      translate(*packet, Hook::postrouting, {any_interface, egress.out, egress.masquerade}, now, track);
  return translated.pass ? finish(buffer, now, track) : translated;
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

// Conntrack: to which flow does the packet belong, and does that flow take it?

Decision Core::follow(const Packet& packet, Hook hook, Time now, Track& track) {
  const bool verify = hook == Hook::prerouting && config_.verify_checksums;
  track.relation_ = Relation::invalid;
  if (packet.protocol == proto_icmp) {
    if (!transport_sound(packet, verify)) return left_alone(Relation::invalid);
    if (packet.is_icmp_error()) {
      relate(packet, track);
      return left_alone(track.relation_);
    }
  }
  if (!packet.has_key) return left_alone(Relation::invalid);

  for (;;) {
    Table::Found found = table_.find(packet.key, packet.protocol);
    const bool fresh = !found;
    if (fresh) {
      const Decision opened = open(packet, now, track, found.index);
      if (!opened.pass || found.index == no_flow) return opened;
    }
    const bool sound = packet.protocol == proto_icmp || transport_sound(packet, verify);
    if (!sound || (fresh && !begin(packet, found.index, now))) {
      if (fresh) table_.release(found.index);
      return left_alone(Relation::invalid);
    }
    const Relation relation = [&] {
      if (found.direction == Direction::reply || table_[found.index].any(status::seen_reply)) return Relation::established;
      return table_[found.index].any(status::expected) ? Relation::related : Relation::fresh;
    }();
    attach(track, found.index, found.direction, relation);
    const Followed followed = advance(packet, found.index, found.direction, now, track);
    if (followed == Followed::yes) {
      if (found.direction == Direction::reply) table_[found.index].set(status::seen_reply);
      return pass_on;
    }
    track.clear();
    track.relation_ = Relation::invalid;
    if (followed == Followed::invalid) return left_alone(Relation::invalid);
  }
}

/// Makes room for a new flow and the flow; `index` stays no_flow where nothing can be opened by such a packet.
Decision Core::open(const Packet& packet, Time now, Track&, std::uint32_t& index) {
  if (table_.size_with_unconfirmed() >= config_.limits.table) {
    const std::uint32_t victim = table_.victim(hash_of(packet.key, packet.protocol));
    if (victim == no_flow) return stop(Reason::table_full);
    drop_entry(victim, Change::Kind::evicted, now);
  }
  if (!can_open(packet.key, packet.protocol)) return left_alone(Relation::invalid);
  index = table_.make(packet.key, packet.protocol);
  if (config_.alg_ftp && packet.protocol == proto_tcp) {
    if (const auto expectation = ftp_.fulfil(packet.key, now)) expected(index, *expectation, now);
    if (packet.key.destination_port == ftp_control_port) table_[index].set(status::helper);
  }
  return pass_on;
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
  const Direction inbound = flow.any(status::source_nat) ? Direction::reply : Direction::original;
  const bool shortens = (now + timeout).ns < flow.deadline;
  if (!config_.inbound_refreshes && flow.any(status::nat_mask) && direction == inbound && !shortens) return;
  table_.timers().refresh(index, flow, (now + timeout).ns);
}

/// The last of a packet's way: helpers read it as it leaves, then its flow is confirmed.
Decision Core::finish(wire::Buffer& buffer, Time now, Track& track) {
  const Flow* flow = flow_of(track);
  if (flow == nullptr || !flow->any(status::helper | status::adjusts_sequence)) return confirm(track, now);
  const bool adjusts = flow->any(status::adjusts_sequence);
  const bool carries = track.relation_ == Relation::established;
  if (carries && flow->any(status::helper) && !ftp_.read(buffer, table_, random_, track.index_, track.direction_, now)) {
    return stop(Reason::malformed);
  }
  if (carries && adjusts) ftp_.adjust(*read_packet(buffer.bytes()), track.index_, track.direction_);
  return confirm(track, now);
}

Decision Core::confirm(Track& track, Time now) {
  Flow* flow = flow_of(track);
  const bool borrowed = track.core_ == nullptr;
  if (flow == nullptr || flow->any(status::confirmed) || borrowed) return left_alone(track.relation_);
  if (table_.find(flow->original, flow->protocol) || table_.find(flow->reply, flow->protocol)) {
    return stop(Reason::ports_exhausted);
  }
  count_mapping(track.index_, track);
  const bool alone = table_.newest_of_outside(outside_of(*flow), flow->protocol) == no_flow;
  table_.confirm(track.index_, now);
  behaviour_.entered(*flow, alone);
  if (flow->any(status::helper)) ftp_.begin(track.index_);
  count(*flow, counts(*flow));
  track.core_ = nullptr;
  track.flow_number_ = flow->number;
  track.made_flow_ = true;
  return pass_on;
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
    std::uint32_t at = table_.newest_of_source(from_inside(flow), flow.protocol);
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

Decision Core::translate(Packet& packet, Hook hook, const Way& way, Time now, Track& track) {
  Flow* flow = flow_of(track);
  if (flow == nullptr || !rules_.any()) return left_alone(track.relation_);
  const Side side = hook == Hook::prerouting || hook == Hook::output ? Side::destination : Side::source;
  if (track.relation_ == Relation::related && packet.protocol == proto_icmp) {
    return translate_error(packet, side, *flow, track.direction_);
  }
  const std::uint16_t done = side == Side::source ? status::source_done : status::destination_done;
  if (!flow->any(status::confirmed)) {
    if (hook == Hook::prerouting) flow->interface = way.in;
    if (!flow->any(done)) {
      const Decision bound = bind(track.index_, hook, way, now);
      if (!bound.pass) return bound;
      flow->set(done);
    }
  } else if (hook == Hook::postrouting && flow->any(status::masqueraded) && track.direction_ == Direction::original &&
             flow->interface != way.out && !flow->any(status::dying)) {
    drop_entry(track.index_, Change::Kind::removed, now);  // another way out: the address it was given does not hold there
    track.clear();
    return stop(Reason::stale);
  }
  const bool source_bit = (side == Side::source) == (track.direction_ == Direction::original);
  if (!flow->any(source_bit ? status::source_nat : status::destination_nat)) return pass_on;
  const Key target = inverse(flow->key(opposite(track.direction_)), flow->protocol);
  return rewrite(packet.ip, side, target) ? pass_on : stop(Reason::malformed);
}

Decision Core::bind(std::uint32_t index, Hook hook, const Way& way, Time now) {
  const Flow& flow = table_[index];
  const Key key = inverse(flow.reply, flow.protocol);
  if (hook == Hook::prerouting || hook == Hook::output) {
    const DestinationRule* rule = hook == Hook::prerouting ? rules_.destination_for(key, flow.protocol, way.in) : nullptr;
    if (rule == nullptr && hook == Hook::prerouting && bind_by_mapping(index, way)) return pass_on;
    Range range = rule != nullptr ? destination_range(*rule, key) : null_range(key, Side::destination);
    range.start = preferred_port_;
    use(index, choose_tuple(table_, random_, index, range, Side::destination), Side::destination, now);
    return pass_on;
  }
  Way whole = way;
  whole.in = flow.interface;
  const SourceRule* rule = hook == Hook::postrouting ? rules_.source_for(flow, whole) : nullptr;
  Range range = null_range(key, Side::source);
  bool to_outside = false;
  if (rule != nullptr && rule->action != SourceRule::Action::exempt && key.source != 0) {
    range = source_range(*rule, key, way.masquerade);
    if (rule->action == SourceRule::Action::masquerade) {
      if (way.masquerade.is_zero()) return stop(Reason::no_route);
      table_[index].set(status::masqueraded);
      table_[index].interface = way.out;
    }
    to_outside = true;
  } else if (rule == nullptr && hook == Hook::postrouting && config_.hairpin == Hairpin::full &&
             flow.any(status::destination_nat) && !rules_.is_outside(whole.in) && !rules_.is_outside(way.out)) {
    const wire::Address called{flow.original.destination};  // RFC 4787 REQ-9a: seen from outside
    range.addresses = {called, called};
    to_outside = true;
  }
  if (to_outside && behaviour_.exclusive()) {
    const std::optional<Key> chosen = behaviour_.choose(table_, random_, index, range, now);
    if (!chosen) return stop(Reason::ports_exhausted);
    use(index, {*chosen, no_flow}, Side::source, now);
    return pass_on;
  }
  range.start = preferred_port_;
  use(index, choose_tuple(table_, random_, index, range, Side::source), Side::source, now);
  return pass_on;
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
  if (choice.evicted != no_flow) drop_entry(choice.evicted, Change::Kind::evicted, now);
  Flow& flow = table_[index];
  const Key reply = inverse(choice.key, flow.protocol);
  if (reply == flow.reply) return;
  flow.reply = reply;
  flow.set(side == Side::source ? status::source_nat : status::destination_nat);
}

/// An ICMP error is translated with the packet that it quotes, so that both look as their receiver knows them.
Decision Core::translate_error(Packet& packet, Side side, const Flow& flow, Direction direction) {
  const wire::ByteEdit message = packet.segment();
  if (message.size() < wire::IcmpEdit::header_size + 20) return stop(Reason::malformed);
  const wire::IcmpEdit icmp = *wire::IcmpEdit::parse(message);
  if (!icmp.sum_ok()) return stop(Reason::bad_checksum);
  // A redirect names a way that is none for who sees other addresses; the router's own may come before that is known.
  const bool bound = flow.is(status::source_done | status::destination_done);
  if (icmp.type() == wire::icmp::redirect && (!bound || flow.any(status::nat_mask))) return stop(Reason::unrelated_icmp);
  const bool source_bit = (side == Side::source) == (direction == Direction::original);
  if (!flow.any(source_bit ? status::source_nat : status::destination_nat)) return pass_on;
  const Key& answers = flow.key(opposite(direction));
  const wire::Ipv4Edit quoted = *wire::Ipv4Edit::parse_quoted_unchecked(icmp.payload());
  if (!rewrite(quoted, other(side), answers)) return stop(Reason::malformed);
  icmp.fix_sum();
  rewrite(packet.ip, side, inverse(answers, flow.protocol));
  return pass_on;
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
  table_.remove(index, expired);
  const bool alone = table_.newest_of_outside(outside_of(flow), flow.protocol) == no_flow;
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
    unlink(index, Change::Kind::expired, now, true);
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

void Core::set_rules(std::vector<SourceRule> source, std::vector<DestinationRule> destination) {
  config_.source = source;
  config_.destination = destination;
  forward_mappings_.assign(destination.size(), 0);
  rules_ = Rules(std::move(source), std::move(destination), config_.hairpin);
  tracks_ = asks_for_tracking(config_);
}

void Core::remove_rules() {
  config_.firewall = {};
  config_.limits.flows_per_host.reset();
  config_.alg_ftp = false;
  config_.unsolicited = Unsolicited::reject;
  set_rules({}, {});
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
