// The table of flows: each is found by either of its keys, by the endpoint that began it, by the outside endpoint it
// holds, and by when it expires.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "flow.hpp"
#include "index.hpp"
#include "pool.hpp"
#include "timers.hpp"

namespace masqsim::nat {

/// The outside endpoint that a flow holds: by its source translation, or because a mapping let it in.
inline wire::Endpoint outside_of(const Flow& f) {
  if (f.any(status::forwarded_in)) return {{f.original.destination}, f.original.destination_port};
  return {{f.reply.destination}, inverse(f.reply, f.protocol).source_port};
}
/// The flow seen from the inside endpoint of its mapping.
inline const Key& from_inside(const Flow& f) { return f.any(status::forwarded_in) ? f.reply : f.original; }

/// Flows that share an endpoint, linked newest first; the index knows the newest of each group.
class Groups {
 public:
  /// The newest flow of the group with `hash` for which `same(flow)` holds; no_flow if there is none.
  template <typename Same>
  std::uint32_t newest(std::uint32_t hash, Same same) const {
    const std::uint32_t* newest = heads_.find(hash, same);
    return newest == nullptr ? no_flow : *newest;
  }
  /// `hash_of(flow)`: the hash of any flow's group.
  template <typename Same, typename HashOf>
  void add(std::uint32_t flow, Same same, HashOf hash_of) {
    if (flow >= links_.end()) links_.grow_to(flow + 1);
    std::uint32_t* newest = heads_.find_or_insert(hash_of(flow), flow, same, hash_of);
    if (newest == nullptr) {
      links_[flow] = {};
      return;
    }
    links_[flow] = {*newest, no_flow};
    links_[*newest].newer = flow;
    *newest = flow;
  }
  void remove(std::uint32_t hash, std::uint32_t flow);
  void prefetch(std::uint32_t hash) const { heads_.prefetch(hash); }
  std::uint32_t older(std::uint32_t flow) const { return links_[flow].older; }

 private:
  struct Link {
    std::uint32_t older = no_flow;
    std::uint32_t newer = no_flow;
  };
  Index heads_;
  Pool<Link> links_;
};

/// Tells whether a value of the index of keys (flow << 1 | direction) stands for `key`.
struct HasKey {
  const Pool<Flow>& flows;
  const Key& key;
  std::uint8_t protocol;
  std::uint32_t except = no_flow;  ///< not that flow: it may be its own answer

  bool operator()(std::uint32_t value) const {
    const Flow& flow = flows[value >> 1];
    return flow.protocol == protocol && flow.key(static_cast<Direction>(value & 1)) == key && value >> 1 != except;
  }
};

class Table {
 public:
  struct Found {
    std::uint32_t index = no_flow;
    Direction direction = Direction::original;
    explicit operator bool() const { return index != no_flow; }
  };

  /// `mapping` trims the key by which the newest flow of an inside endpoint is found (RFC 4787 section 4.1).
  explicit Table(Mapping mapping) : mapping_(mapping), timers_(flows_) {}
  /// Groups the flows anew.
  void set_mapping(Mapping mapping);

  Flow& operator[](std::uint32_t index) { return flows_[index]; }
  const Flow& operator[](std::uint32_t index) const { return flows_[index]; }
  TcpTrack& tcp(const Flow& flow) { return tcp_[flow.tcp]; }
  const TcpTrack& tcp(const Flow& flow) const { return tcp_[flow.tcp]; }
  SctpTrack& sctp(const Flow& flow) { return sctp_[flow.sctp]; }
  const SctpTrack& sctp(const Flow& flow) const { return sctp_[flow.sctp]; }
  Timers& timers() { return timers_; }
  const Timers& timers() const { return timers_; }

  /// The flow that has this key. An expired entry that was not yet collected is not found, and is freed by the search.
  Found find(const Lookup& lookup) {
    const Found there = look(lookup);
    if (!there || !flows_[there.index].any(status::lingering)) return there;
    forget(there.index);
    return {};
  }
  /// Like find(), but changes nothing and also returns expired entries not yet collected.
  Found look(const Lookup& lookup) const {
    return found(keys_.find(lookup.hash, HasKey{flows_, lookup.key, lookup.protocol}));
  }
  /// Number of flows in the table; with those that wait for their first packet to get through.
  std::size_t size() const { return size_; }
  std::size_t size_with_unconfirmed() const { return size_ + unconfirmed_; }

  /// A flow that no lookup finds yet.
  std::uint32_t make(const Key& original, std::uint8_t protocol);
  /// Puts it into the table; its deadline, until now a time-out, counts from `now`. False if another flow has one of
  /// its keys.
  bool confirm(std::uint32_t index, Time now);
  /// Takes it out of the table; it stays readable until `release`.
  void remove(std::uint32_t index);
  void release(std::uint32_t index);
  /// In place of both for a flow that has expired: Linux leaves it in its table until somebody looks for one of its
  /// keys or the garbage collector passes, about once a minute. Until then it may be the newest of its inside endpoint,
  /// and its keys are not free; no other lookup finds it.
  void linger(std::uint32_t index, Time now);
  /// Frees the expired entries that Linux's garbage collector would have found by now.
  void collect(Time now) {
    while (!lingering_.empty() && lingering_.front().until <= now) forget_oldest();
  }
  /// Frees the expired entries for which lost(flow) is true.
  template <typename Lost>
  void forget_lingering(Lost lost) {
    for (const Lingering& one : lingering_) {
      if (holds(one) && lost(flows_[one.flow])) forget(one.flow);
    }
  }
  /// A flow like this one outside the table, to be read until `release`.
  std::uint32_t copy(std::uint32_t index);

  /// The newest flow with the same protocol and inside endpoint (and, as far as the mapping behaviour counts it, the
  /// same remote) as `original`; then the next older one.
  std::uint32_t newest_of_source(const Key& original, std::uint8_t protocol) const;
  std::uint32_t older_of_source(std::uint32_t index) const { return sources_.older(index); }
  /// The newest flow that holds the outside endpoint. Flows are grouped by it from the first such question on.
  std::uint32_t newest_of_outside(wire::Endpoint outside, std::uint8_t protocol) const;
  std::uint32_t older_of_outside(std::uint32_t index) const { return outsides_->older(index); }

  /// Before a look for a key.
  void prefetch(const Lookup& lookup) const { keys_.prefetch(lookup.hash); }
  /// Before a flow with these keys is made.
  void prefetch_new(const Key& original, const Key& reply, std::uint8_t protocol) const;
  /// Before a flow is looked at, if there is one.
  void prefetch_flow(std::uint32_t index) const {
    if (index != no_flow) __builtin_prefetch(&flows_[index]);
    asm volatile("");  // see Index::prefetch
  }
  /// Before a flow is removed, if there is one.
  void prefetch_removal(std::uint32_t index) const;

  /// A flow near `hash` that may be given up for a new one: not ASSURED (early drop).
  std::uint32_t victim(std::uint32_t hash) const;

  /// Calls `visit(index, flow)` for every flow of the table, in no special order but always the same.
  template <typename Visit>
  void each(Visit visit) const {
    for (std::uint32_t index = 0; index < flows_.end(); ++index) {
      const Flow& flow = flows_[index];
      if (flow.is(status::confirmed) && !flow.any(status::dying | status::lingering)) visit(index, flow);
    }
  }

 private:
  static Found found(const std::uint32_t* value) {
    if (value == nullptr) return {};
    return {*value >> 1, static_cast<Direction>(*value & 1)};
  }
  struct Lingering {
    std::uint32_t flow;
    std::uint32_t number;
    Time until;
  };
  bool holds(const Lingering& one) const {
    return flows_[one.flow].number == one.number && flows_[one.flow].any(status::lingering);
  }
  void leave(std::uint32_t index);
  void forget(std::uint32_t index) {
    remove(index);
    release(index);
  }
  void forget_oldest();
  void prefetch(const Key& key, std::uint8_t protocol) const { keys_.prefetch(hash_of(key, protocol)); }
  void group_by_source(std::uint32_t index);
  void group_by_outside(std::uint32_t index) const;
  std::vector<std::uint32_t> oldest_first() const;
  std::uint32_t key_hash(std::uint32_t value) const;
  std::uint32_t source_hash(const Key& original, std::uint8_t protocol) const;
  std::uint32_t source_hash(std::uint32_t index) const {
    return source_hash(from_inside(flows_[index]), flows_[index].protocol);
  }
  std::uint32_t outside_hash(std::uint32_t index) const;
  bool same_source(const Flow& flow, const Key& original, std::uint8_t protocol) const;

  Mapping mapping_;
  Pool<Flow> flows_;
  Pool<TcpTrack> tcp_;
  Pool<SctpTrack> sctp_;
  Timers timers_;
  Index keys_;  // values: flow << 1 | direction
  Groups sources_;
  std::deque<Lingering> lingering_;         // oldest first; some have gone before
  mutable std::optional<Groups> outsides_;  // there from the first question on
  std::size_t size_ = 0;
  std::size_t unconfirmed_ = 0;
  std::uint32_t last_number_ = 0;
};

}  // namespace masqsim::nat
