// The core's first half: to which flow does a packet belong, does that flow take it, and when does a new one enter the
// table?
#include <algorithm>

#include "core.hpp"
#include "sctp_tracker.hpp"
#include "tcp_tracker.hpp"

namespace masqsim::nat {

namespace {

constexpr Duration stream_age = 2_s;          // UDP traffic later than this makes a stream
constexpr Duration kept_after_reset = 240_s;  // RFC 7857 section 2.2

/// The direction in which packets come from outside.
Direction inbound_of(const Flow& flow) { return flow.any(status::source_nat) ? Direction::reply : Direction::original; }

bool quoted_sum_ok(const Packet& error) {
  const auto quoted = wire::Ipv4View::parse_quoted(error.segment().subspan(wire::IcmpEdit::header_size));
  return !quoted || quoted->sum_ok();
}

/// How packets stand to a flow that has seen no answer.
Relation first_relation(const Flow& flow) { return flow.any(status::expected) ? Relation::related : Relation::fresh; }

bool can_open(const Key& key, std::uint8_t protocol) {
  return protocol != proto_icmp || wire::icmp::is_request(static_cast<std::uint8_t>(key.destination_port >> 8));
}

}  // namespace

Reason Core::track_packet(const Packet& packet, const std::optional<Lookup>& lookup, Hook hook, Time now,
                          Track& track) {
  const bool verify = hook == Hook::prerouting && config_.verify_checksums;
  track.relation_ = Relation::invalid;
  if (packet.protocol == proto_icmp) {
    if (!transport_sound(packet, verify)) return Reason::none;
    if (!config_.obsolete_icmp && wire::icmp::is_obsolete(packet.segment()[0])) return Reason::invalid;
    if (packet.is_icmp_error()) {
      if (config_.verify_quoted && hook == Hook::prerouting && !quoted_sum_ok(packet)) return Reason::bad_checksum;
      track_icmp_error(packet, track);
      return Reason::none;
    }
  }
  if (!lookup) return Reason::none;

  const bool sound = packet.protocol == proto_icmp || transport_sound(packet, verify);
  for (;;) {
    const Table::Found found = table_.find(*lookup);
    if (!found) return new_flow(packet, *lookup, sound, now, track);
    if (!sound) return Reason::none;
    Flow& flow = table_[found.index];
    const bool answered = found.direction == Direction::reply || flow.any(status::seen_reply);
    attach(track, found.index, flow, found.direction, answered ? Relation::established : first_relation(flow));
    const Followed followed = update_state(packet, found.index, found.direction, now, track);
    if (followed == Followed::yes) {
      if (found.direction == Direction::reply) flow.set(status::seen_reply);
      return Reason::none;
    }
    track.clear();
    track.relation_ = Relation::invalid;
    if (followed == Followed::invalid) return Reason::none;
  }
}

/// Makes the flow of a packet that belongs to none; the track holds it until it is confirmed.
Reason Core::new_flow(const Packet& packet, const Lookup& lookup, bool sound, Time now, Track& track) {
  std::uint32_t index = no_flow;
  const Reason ended = allocate_flow(lookup.key, lookup.protocol, now, index);
  if (index == no_flow) return ended;
  if (!sound || !init_protocol(packet, index, now)) {
    table_.release(index);
    return Reason::none;
  }
  attach(track, index, table_[index], Direction::original, first_relation(table_[index]));
  pin(track, index);
  if (update_state(packet, index, Direction::original, now, track) != Followed::yes) {
    track.clear();
    track.relation_ = Relation::invalid;
  }
  return Reason::none;
}

/// Allocates a new flow, evicting another if the table is full. `index` stays no_flow where such a packet opens no
/// flow.
Reason Core::allocate_flow(const Key& key, std::uint8_t protocol, Time now, std::uint32_t& index) {
  if (table_.size_with_unconfirmed() >= config_.limits.table) {
    const std::uint32_t victim = config_.limits.early_drop ? table_.victim(hash_of(key, protocol)) : no_flow;
    if (victim == no_flow) return Reason::table_full;
    drop_entry(victim, Change::Kind::evicted, now);
  }
  if (!can_open(key, protocol)) return Reason::none;
  table_.collect(now);
  index = table_.make(key, protocol);
  if (!foreseen_) prefetch_flow_of(key, protocol);
  if (config_.alg_ftp && protocol == proto_tcp) {
    if (const auto expectation = ftp_.fulfil(key, now)) set_expected(index, *expectation, now);
    if (key.destination_port == ftp_control_port) table_[index].set(status::helper);
  }
  return Reason::none;
}

/// A data connection is translated as its control connection is, to the port that was announced.
void Core::set_expected(std::uint32_t index, const Expectation& e, Time now) {
  table_[index].set(status::expected);
  if (!rules_.any()) return;
  const Key answers = table_[e.master].key(opposite(e.direction));
  Range range{{{answers.destination}, {answers.destination}}, std::nullopt, false, false};
  set_reply_tuple(index, choose_tuple(table_, random_, index, range, Side::source), Side::source, now);
  range = {{{answers.source}, {answers.source}}, PortRange{e.port, e.port}, false, false};
  set_reply_tuple(index, choose_tuple(table_, random_, index, range, Side::destination), Side::destination, now);
  table_[index].set(status::source_done | status::destination_done);
}

/// Sets up what the protocol keeps for a new flow; false if its first packet may not be one.
bool Core::init_protocol(const Packet& packet, std::uint32_t index, Time now) {
  Flow& flow = table_[index];
  if (flow.protocol == proto_udp) flow.stream_after = (now + stream_age).ns;
  if (flow.protocol == proto_sctp) return sctp_begin(table_.sctp(flow), packet.segment());
  if (flow.protocol != proto_tcp) return true;
  const auto tcp = wire::TcpEdit::parse(packet.segment());
  return flags_valid(tcp->flags()) &&
         tcp_begin(table_.tcp(flow), read_segment(*wire::TcpView::parse(packet.segment())), config_);
}

/// An ICMP error belongs to the flow of the packet that it quotes.
void Core::track_icmp_error(const Packet& packet, Track& track) {
  const auto quoted = wire::Ipv4Edit::parse_quoted_unchecked(packet.segment().subspan(wire::IcmpEdit::header_size));
  if (!quoted) return;
  const std::optional<Key> key = key_of(*quoted);
  if (!key) return;
  const auto protocol = static_cast<std::uint8_t>(quoted->protocol());
  const Table::Found found = table_.find(lookup_of(inverse(*key, protocol), protocol));
  if (!found) return;
  const Flow& flow = table_[found.index];
  if (packet.ip.destination().value == flow.key(found.direction).destination) {
    attach(track, found.index, flow, found.direction, Relation::related);
  }
}

Core::Followed Core::update_state(const Packet& packet, std::uint32_t index, Direction direction, Time now,
                                  Track& track) {
  Flow& flow = table_[index];
  const Timeouts& t = config_.timeouts;
  const bool replied = flow.any(status::seen_reply);
  Duration timeout;
  switch (flow.protocol) {
    case proto_tcp: return update_tcp_state(packet, index, direction, now, track);
    case proto_udp: {
      const bool stream = replied && now.ns > flow.stream_after;
      if (stream) flow.set(status::assured);
      timeout = stream ? t.udp_stream : t.udp;
      break;
    }
    case proto_udplite:
      if (replied) flow.set(status::assured);
      timeout = replied ? t.udp_stream : t.udp;
      break;
    case proto_sctp: {
      const SctpVerdict verdict =
          sctp_follow(table_.sctp(flow), direction, packet.segment(), flow.any(status::confirmed));
      if (verdict.established) flow.set(status::assured);
      if (!verdict.valid) return Followed::invalid;
      if (!verdict.timeout) return Followed::yes;
      timeout = *verdict.timeout;
      break;
    }
    case proto_icmp: timeout = t.icmp; break;
    case proto_gre:
      if (replied) flow.set(status::assured);
      timeout = replied ? t.gre_stream : t.gre;
      break;
    default: timeout = t.generic;
  }
  refresh(index, direction, timeout, now);
  return Followed::yes;
}

Core::Followed Core::update_tcp_state(const Packet& packet, std::uint32_t index, Direction direction, Time now,
                                      Track& track) {
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
      if (verdict.timeout) table_.timers().refresh(index, flow, (now + *verdict.timeout).ns, now.ns);
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
  table_.timers().refresh(index, flow, (now + timeout).ns, now.ns);
}

bool Core::reads_payload(const Track& track) {
  const Flow* flow = flow_of(track);
  return flow != nullptr && track.relation_ == Relation::established && flow->any(status::helper);
}

/// The last step of a packet's way: helpers read it as it leaves, then its flow is confirmed.
Reason Core::run_helpers_and_confirm(wire::Buffer& buffer, Time now, Track& track) {
  const Flow* flow = flow_of(track);
  if (flow == nullptr) return Reason::none;
  if (track.relation_ == Relation::established && flow->any(status::helper | status::adjusts_sequence)) {
    const bool adjusts = flow->any(status::adjusts_sequence);
    auto fate = FtpHelper::Fate::kept;
    if (flow->any(status::helper)) fate = ftp_.read(buffer, table_, random_, track.index_, track.direction_, now);
    if (fate == FtpHelper::Fate::dropped) return Reason::malformed;
    if (adjusts && !ftp_.adjust(read_packet(buffer.bytes())->segment(), track.index_, track.direction_)) {
      return Reason::malformed;
    }
    if (adjusts && fate == FtpHelper::Fate::rewritten) FtpHelper::recompute_checksum(buffer);
  }
  // Linux takes the head of an error that goes the way of the flow's first packet for a TCP header (nf_confirm).
  const bool mistaken = track.relation_ == Relation::related && track.direction_ == Direction::original;
  if (mistaken && flow->any(status::adjusts_sequence) &&
      !ftp_.adjust(read_packet(buffer.bytes())->segment(), track.index_, track.direction_)) {
    return Reason::malformed;
  }
  const bool borrowed = track.core_ == nullptr;
  return borrowed || flow->any(status::confirmed) ? Reason::none : confirm(track, now);
}

Reason Core::confirm(Track& track, Time now) {
  const Flow& flow = table_[track.index_];
  if (!table_.confirm(track.index_, now)) return Reason::ports_exhausted;
  count_mapping(track.index_, track);
  behaviour_.on_confirmed(flow);
  if (flow.any(status::helper)) ftp_.begin(track.index_);
  count(flow, counts(flow));
  track.core_ = nullptr;
  track.flow_number_ = flow.number;
  track.made_flow_ = true;
  return Reason::none;
}

/// A mapping has the number of the first flow's making; a later flow with the same two endpoints shares it. Looks at
/// the newest few flows of the inside endpoint only: more than that with other outside endpoints is nobody's mapping.
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
      if (table_[at].mapping == 0 || table_[at].any(status::lingering) || outside_of(table_[at]) != outside_of(flow)) {
        continue;
      }
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

}  // namespace masqsim::nat
