// The core behind `Nat`: what happens to a packet at each hook, in the order of netfilter.
#pragma once

#include <map>
#include <unordered_map>
#include <utility>

#include "alg_ftp.hpp"
#include "behaviour.hpp"
#include "masqsim/nat/nat.hpp"
#include "packet.hpp"
#include "rewrite.hpp"
#include "rules.hpp"
#include "table.hpp"

namespace masqsim::nat {

class Core {
 public:
  Core(Config config, Random random);

  const Config& config() const { return config_; }
  bool tracks() const { return tracks_; }

  Decision prerouting(wire::Buffer& buffer, InterfaceId in, Time now, Track& track);
  Decision forward(wire::Buffer& buffer, InterfaceId in, InterfaceId out, Time now, Track& track, std::uint16_t mtu);
  Decision input(wire::Buffer& buffer, InterfaceId in, Time now, Track& track);
  Decision output(wire::Buffer& buffer, Time now, Track& track, const Track* about);
  Decision postrouting(wire::Buffer& buffer, const Egress& egress, Time now, Track& track);

  void set_own_addresses(std::vector<wire::Address> outside, std::vector<wire::Address> inside);
  Time next_expiry() const { return table_.timers().next(); }
  void expire(Time now) {
    if (table_.timers().due(now)) remove_due(now);
  }
  void watch(bool on);
  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }
  std::size_t size() const { return table_.size(); }
  std::vector<Entry> entries(Time now) const;
  std::optional<Entry> entry(std::uint64_t flow, Time now) const;
  std::optional<Entry> entry(const Track& track, Time now);
  void flush(Time now);
  void interface_lost(InterfaceId out, Time now, std::optional<wire::Address> address);
  void configure(Config config);
  void prefer_port(std::optional<std::uint16_t> port) { preferred_port_ = port; }
  std::vector<Step> explain(wire::ByteView packet, InterfaceId in, Time now) const;
  std::string invalid_because(wire::ByteView packet, Time now) const;
  Reason unowned_reason(wire::ByteView packet, InterfaceId in, Time now) const;

  void detach_track(Track& track);
  bool keeps_addresses(const Track& track);
  bool reads_payload(const Track& track);

  /// Frees the flow of a Track that is destroyed while it holds one: unconfirmed, or removed while its packet was on
  /// its way.
  void release_unconfirmed(std::uint32_t index) { table_.release(index); }

 private:
  enum class Hook : std::uint8_t { prerouting, input, output, postrouting };

  // A step that returns a Reason other than none drops the packet for it.
  Decision decision(Reason ended, Relation relation) const;

  // conntrack (core_conntrack.cpp)
  Reason track_packet(const Packet& packet, const std::optional<Lookup>& lookup, Hook hook, Time now, Track& track);
  Reason new_flow(const Packet& packet, const Lookup& lookup, bool sound, Time now, Track& track);
  Reason allocate_flow(const Key& key, std::uint8_t protocol, Time now, std::uint32_t& index);
  void track_icmp_error(const Packet& packet, Track& track);
  bool init_protocol(const Packet& packet, std::uint32_t index, Time now);
  enum class Followed : std::uint8_t { yes, invalid, again };
  Followed update_state(const Packet& packet, std::uint32_t index, Direction direction, Time now, Track& track);
  Followed update_tcp_state(const Packet& packet, std::uint32_t index, Direction direction, Time now, Track& track);
  void refresh(std::uint32_t index, Direction direction, Duration timeout, Time now);
  Reason run_helpers_and_confirm(wire::Buffer& buffer, Time now, Track& track);
  Reason confirm(Track& track, Time now);
  void set_expected(std::uint32_t index, const Expectation& expectation, Time now);
  void count_mapping(std::uint32_t index, Track& track);

  // NAT (core_translate.cpp)
  /// True if packets of the flow in this direction are rewritten at `side`.
  bool is_rewritten(const Flow& flow, Side side, Direction direction) const {
    const bool of_source = (side == Side::source) == (direction == Direction::original);
    return flow.any(of_source ? status::source_nat : status::destination_nat) && rules_.any();
  }
  /// True for most packets: their flow is in the table and no helper reads them, so that at most they are rewritten.
  static bool is_settled(const Flow* flow, const Track& track) {
    if (flow == nullptr || track.relation_ == Relation::related) return false;
    return flow->any(status::confirmed) && !flow->any(status::helper | status::adjusts_sequence);
  }
  /// True if a masqueraded flow is now routed out of another interface than the one whose address it uses.
  static bool changes_way(const Flow& flow, const Track& track, InterfaceId out) {
    return flow.any(status::masqueraded) && track.direction_ == Direction::original && flow.interface != out &&
           !flow.any(status::dying | status::lingering);
  }
  Reason rewrite_side(const Packet& packet, Side side, const Flow& flow, Direction direction);
  Reason translate(const Packet& packet, Hook hook, const Way& way, Time now, Track& track);
  Reason bind_destination(std::uint32_t index, Hook hook, const Way& way, Time now);
  Reason bind_source(std::uint32_t index, Hook hook, const Way& way, Time now);
  Range hairpin_range(const Flow& flow, const Key& key, InterfaceId in) const;
  bool bind_by_mapping(std::uint32_t index, const Way& way);
  Reason translate_error(const Packet& packet, Side side, const Flow& flow, Direction direction);
  void assign_ip_id(wire::Ipv4Edit ip);
  void set_reply_tuple(std::uint32_t index, const Choice& choice, Side side, Time now);

  // the table
  Flow* flow_of(const Track& track) {
    if (track.index_ == no_flow) return nullptr;
    Flow& flow = table_[track.index_];
    // Held by the track itself, or still the same flow: an entry may go while its packet is on its way.
    return track.core_ != nullptr || flow.number == track.flow_number_ ? &flow : nullptr;
  }
  void attach(Track& track, std::uint32_t index, const Flow& flow, Direction direction, Relation relation) {
    track.index_ = index;
    track.direction_ = direction;
    track.relation_ = relation;
    track.flow_number_ = flow.number;
    track.mapping_number_ = flow.mapping;
  }
  void pin(Track& track, std::uint32_t index);
  void prefetch_flow_of(const Key& key, std::uint8_t protocol) const;
  void account_end(std::uint32_t index, Change::Kind kind, Time now);
  void unlink(std::uint32_t index, Change::Kind kind, Time now);
  void drop_entry(std::uint32_t index, Change::Kind kind, Time now);
  void remove_due(Time now);
  Entry entry_of(const Flow& flow, Time now) const;
  bool is_inside(InterfaceId id) const;
  bool counts(const Flow& flow) const;
  bool comes_from_inside(InterfaceId in) const;
  bool exceeds_limit(Flow& flow, Time now);
  void count(const Flow& flow, int change);
  bool owns_outside(wire::Address a) const;
  bool owns_inside(wire::Address a) const;

  Config config_;
  bool tracks_;
  Random random_;
  Rules rules_;
  Table table_;
  Behaviour behaviour_;
  FtpHelper ftp_;
  std::vector<wire::Address> own_outside_;
  std::vector<wire::Address> own_inside_;
  std::uint32_t last_mapping_ = 0;
  std::uint16_t last_id_ = 0;
  std::vector<std::uint32_t> forward_mappings_;  // one number a destination rule, given when first used
  struct Held {
    std::uint32_t flows = 0;
    Time refused_until{};  ///< one more is in the list, one that was refused
  };
  std::unordered_map<std::uint32_t, Held> flows_of_host_;  // only looked up; kept while a limit is set
  std::optional<std::uint16_t> preferred_port_;
  std::uint32_t likely_outside_ = 0;  // the last new flow's
  bool foreseen_ = false;             // what a flow of the packet at hand would touch is on its way here
  bool watching_ = false;
  std::vector<Change> changes_;
  std::vector<std::uint32_t> due_;
};

}  // namespace masqsim::nat
