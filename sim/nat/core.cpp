#include "core.hpp"

#include <algorithm>

#include "mss_clamp.hpp"

namespace masqsim::nat {

namespace {

constexpr Decision pass_on{};
constexpr Decision pass_untranslated{true, Reason::invalid, Decision::Answer::none};

Decision stop(Reason reason) { return {false, reason, Decision::Answer::none}; }
Decision go_on(Relation relation) { return relation == Relation::invalid ? pass_untranslated : pass_on; }

/// Exempt rules alone do not require connection tracking.
bool asks_for_tracking(const Config& config) {
  const auto looks = [](const SourceRule& rule) {
    return rule.action != SourceRule::Action::exempt || rule.only_port_forwarded;
  };
  const Firewall& firewall = config.firewall;
  return std::ranges::any_of(config.source, looks) || !config.destination.empty() || config.alg_ftp ||
         firewall.drop_invalid || firewall.protect_input || firewall.protect_forward ||
         config.limits.flows_per_host.has_value() || config.unsolicited != Unsolicited::reject;
}

}  // namespace

Core::Core(Config config, Random random)
    : config_(std::move(config)),
      tracks_(asks_for_tracking(config_)),
      random_(random),
      rules_(config_),
      table_(config_.mapping),
      behaviour_(config_) {
  forward_mappings_.resize(config_.destination.size());
}

// The hooks, each in netfilter's order: conntrack, translation of the destination; filter; translation of the source,
// confirmation.

Decision Core::prerouting(wire::Buffer& buffer, InterfaceId in, Time now, Track& track) {
  const std::optional<Packet> packet = read_packet(buffer.bytes());
  const std::optional<Lookup> lookup = packet ? lookup_of(*packet) : std::nullopt;
  if (lookup) table_.prefetch(*lookup);
  foreseen_ = lookup && table_.timers().due(now);  // where flows end, flows begin
  if (foreseen_) prefetch_flow_of(lookup->key, lookup->protocol);
  expire(now);
  track.clear();
  if (!tracks_) return pass_on;
  if (!packet) return stop(Reason::bad_header);
  Reason ended = track_packet(*packet, lookup, Hook::prerouting, now, track);
  if (ended == Reason::none) {
    const Flow* flow = flow_of(track);
    if (!is_settled(flow, track)) {
      ended = translate(*packet, Hook::prerouting, {in, any_interface, {}}, now, track);
    } else if (is_rewritten(*flow, Side::destination, track.direction_)) {
      ended = rewrite_side(*packet, Side::destination, *flow, track.direction_);
    }
  }
  if (ended == Reason::none) return go_on(track.relation_);
  if (rules_.is_outside(in)) return stop(ended);  // strangers are told nothing
  return decision(ended, track.relation_);
}

Decision Core::forward(wire::Buffer& buffer, InterfaceId in, InterfaceId out, Time now, Track& track,
                       std::uint16_t mtu) {
  expire(now);
  if (config_.mss_clamp) clamp_mss(buffer.bytes(), *config_.mss_clamp, mtu);
  const Relation relation = track.relation();
  if (relation == Relation::established || relation == Relation::related) return pass_on;
  const Firewall& firewall = config_.firewall;
  if (relation == Relation::invalid && firewall.drop_invalid) return stop(Reason::invalid);
  const bool fresh = relation == Relation::fresh;
  Flow* flow = fresh ? flow_of(track) : nullptr;
  const bool called_outside = flow != nullptr && flow->any(status::destination_nat);
  if (firewall.drop_direct && flow != nullptr && rules_.is_outside(in) && !is_inside(in) && !called_outside) {
    return stop(Reason::firewall);
  }
  if (flow != nullptr && config_.limits.flows_per_host && comes_from_inside(in) && exceeds_limit(*flow, now)) {
    Decision refused = stop(Reason::host_limit);
    const std::optional<Packet> packet = read_packet(buffer.bytes());
    const bool answers = config_.limits.reject_excess && packet && reject_answers(*packet);
    if (answers) refused.answer = Decision::Answer::admin_prohibited;
    return refused;
  }
  if (firewall.protect_forward && !(firewall.admit_forwarded && called_outside)) {
    const bool goes_out = fresh && is_inside(in) && !is_inside(out);
    if (!goes_out) return stop(Reason::firewall);
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
  if (ended == Reason::none) ended = run_helpers_and_confirm(buffer, now, track);
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
  Reason ended = track_packet(*packet, lookup_of(*packet), Hook::output, now, track);
  if (ended == Reason::none) ended = translate(*packet, Hook::output, {}, now, track);
  return decision(ended, track.relation_);
}

Decision Core::postrouting(wire::Buffer& buffer, const Egress& egress, Time now, Track& track) {
  expire(now);
  const Flow* flow = flow_of(track);
  const bool settled = is_settled(flow, track) && !changes_way(*flow, track, egress.out);
  if (settled && !is_rewritten(*flow, Side::source, track.direction_)) return pass_on;
  const std::optional<Packet> packet = read_packet(buffer.bytes());
  if (!packet) return stop(Reason::bad_header);
  if (settled) {
    const Reason ended = rewrite_side(*packet, Side::source, *flow, track.direction_);
    return ended == Reason::none ? pass_on : stop(ended);
  }
  Reason ended = translate(*packet, Hook::postrouting, {any_interface, egress.out, egress.masquerade}, now, track);
  if (ended == Reason::none) ended = run_helpers_and_confirm(buffer, now, track);
  return decision(ended, track.relation_);
}

/// The hook's answer after all its steps.
Decision Core::decision(Reason ended, Relation relation) const {
  if (ended == Reason::none) return go_on(relation);
  Decision refused = stop(ended);
  const bool exhausted = ended == Reason::table_full || ended == Reason::ports_exhausted;
  if (exhausted && config_.limits.reject_exhausted) refused.answer = Decision::Answer::host_unreachable;
  return refused;
}

// The table.

/// The track releases the flow when it dies.
void Core::pin(Track& track, std::uint32_t index) {
  track.core_ = this;
  track.index_ = index;
}

/// Prefetches the cache lines that a new flow would touch, guessing that it gets the same outside address as the
/// previous one.
void Core::prefetch_flow_of(const Key& key, std::uint8_t protocol) const {
  Key outside = key;
  outside.source = likely_outside_;
  table_.prefetch_new(key, inverse(outside, protocol), protocol);
}

/// Gives the track a copy of its flow that no lookup finds, and that is freed with the track.
void Core::detach_track(Track& track) {
  if (track.core_ != nullptr || flow_of(track) == nullptr) return;
  pin(track, table_.copy(track.index_));
}

void Core::unlink(std::uint32_t index, Change::Kind kind, Time now) {
  account_end(index, kind, now);
  table_.remove(index);
  behaviour_.on_destroyed(table_[index], table_, kind == Change::Kind::expired, now);
}

/// Reports the end of a flow and updates the count of its host, whether the entry is freed now or kept until collected.
void Core::account_end(std::uint32_t index, Change::Kind kind, Time now) {
  const Flow& flow = table_[index];
  if (watching_) changes_.push_back({kind, entry_of(flow, now)});
  count(flow, -counts(flow));
  if (flow.any(status::helper)) ftp_.end(index);
}

void Core::drop_entry(std::uint32_t index, Change::Kind kind, Time now) {
  unlink(index, kind, now);
  table_.release(index);
}

void Core::remove_due(Time now) {
  due_.clear();
  table_.timers().take_due(now, due_);
  const bool linger = behaviour_.is_plain();
  for (auto it = due_.begin(); it != due_.end(); ++it) {
    const std::uint32_t index = *it;
    const Time end{table_[index].deadline};  // however late it is noticed
    const std::uint32_t next = it + 1 == due_.end() ? table_.timers().likely_next() : it[1];
    if (linger) {
      table_.prefetch_flow(next);
      account_end(index, Change::Kind::expired, end);
      behaviour_.on_destroyed(table_[index], table_, true, end);
      table_.linger(index, now);
      continue;
    }
    table_.prefetch_removal(next);
    unlink(index, Change::Kind::expired, end);
    table_.release(index);
  }
}

void Core::flush(Time now) {
  expire(now);
  std::vector<std::uint32_t> all;
  table_.each([&](std::uint32_t index, const Flow&) { all.push_back(index); });
  std::sort(all.begin(), all.end(),
            [&](std::uint32_t a, std::uint32_t b) { return table_[a].number < table_[b].number; });
  for (const std::uint32_t index : all) drop_entry(index, Change::Kind::flushed, now);
  table_.forget_lingering([](const Flow&) { return true; });
}

void Core::interface_lost(InterfaceId out, Time now, std::optional<wire::Address> address) {
  expire(now);
  const auto is_lost = [&](const Flow& flow) {
    if (!flow.any(status::masqueraded) || flow.interface != out) return false;
    return !address || flow.reply.destination == address->value;
  };
  std::vector<std::uint32_t> lost;
  table_.each([&](std::uint32_t index, const Flow& flow) {
    if (is_lost(flow)) lost.push_back(index);
  });
  std::sort(lost.begin(), lost.end(),
            [&](std::uint32_t a, std::uint32_t b) { return table_[a].number < table_[b].number; });
  for (const std::uint32_t index : lost) drop_entry(index, Change::Kind::removed, now);
  table_.forget_lingering(is_lost);
}

/// Groups the flows anew by what the new behaviour looks them up by. The count of each host's flows begins at zero, as
/// nftables' list does with new rules. Forwards that stay keep the numbers of their mappings.
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
  rules_ = Rules(config_);
  table_.set_mapping(config_.mapping);
  behaviour_.configure(config_, table_);
  if (!behaviour_.is_plain()) table_.forget_lingering([](const Flow&) { return true; });
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
/// flow that was refused stays in the list, and counts, until the next new one is looked at or the list is cleaned,
/// which happens every second.
bool Core::exceeds_limit(Flow& flow, Time now) {
  constexpr std::int64_t cleaning = 1'000'000'000;
  Held& held = flows_of_host_[flow.original.source];
  if (!flow.any(status::counted)) {
    flow.set(status::counted);
    const bool in_table = flow.any(status::confirmed);
    if (in_table) ++held.flows;
    const bool refused = held.flows + (in_table ? 0 : 1) > *config_.limits.flows_per_host;
    held.refused_until = refused ? Time{(now.ns / cleaning + 1) * cleaning} : Time{};
    return refused;
  }
  return held.flows + (held.refused_until > now ? 1 : 0) > *config_.limits.flows_per_host;
}

/// True for a flow that counts against the limit of its inside host: one that has not ended.
bool Core::counts(const Flow& flow) const {
  return flow.any(status::counted) && (flow.protocol != proto_tcp || flow.state < TcpState::time_wait);
}

void Core::count(const Flow& flow, int change) {
  if (change == 0) return;
  Held& held = flows_of_host_[flow.original.source];
  held.flows += static_cast<std::uint32_t>(change);
  if (held.flows == 0 && held.refused_until == Time{}) flows_of_host_.erase(flow.original.source);
}

}  // namespace masqsim::nat
