// RFC 4787 on top of the flows: mappings that own their outside port, filtering that lets remotes in whom the flow
// table alone would not, and what is remembered of mappings that have gone. There is no mapping object: a mapping is
// the group of flows with one inside and one outside endpoint, found by a key that the behaviour trims.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "masqsim/base/random.hpp"
#include "table.hpp"
#include "tuple_choice.hpp"

namespace masqsim::nat {

/// The outside ports that are held (or rest) of one protocol and address.
class PortBook {
 public:
  bool is_held(std::uint16_t port) const { return (words_[port / 64u] >> port % 64u & 1) != 0; }
  void hold(std::uint16_t port) { words_[port / 64u] |= std::uint64_t{1} << port % 64u; }
  void free(std::uint16_t port) { words_[port / 64u] &= ~(std::uint64_t{1} << port % 64u); }
  /// The first free port from `from` upwards, then from `range.first` on; `mask` has a bit for each port of a word that
  /// may be taken (parity). Looks at each word of 64 ports at most once.
  std::optional<std::uint16_t> next_free(std::uint16_t from, PortRange range, std::uint64_t mask) const;

 private:
  std::optional<std::uint16_t> free_within(std::uint32_t first, std::uint32_t last, std::uint64_t mask) const;
  std::array<std::uint64_t, 1024> words_{};
};

class Behaviour {
 public:
  explicit Behaviour(const Config& config) { adopt(config); }
  /// Other behaviour from now on, for a table that is there already. Ports that rest go on resting.
  void configure(const Config& config, const Table& table);

  /// Outside ports are owned by one inside endpoint alone.
  bool exclusive() const { return mapping_ != Mapping::linux_like; }
  /// A mapping may let in packets that no flow owns.
  bool opens_inwards() const {
    return filtering_ != Filtering::address_and_port_dependent || hairpin_ == Hairpin::full;
  }

  /// Neither: as Linux does.
  bool is_plain() const { return !exclusive() && !opens_inwards(); }

  /// A flow of the mapping that `key` calls from `remote`, if its filtering admits that remote; else no_flow.
  std::uint32_t find_admitting_mapping(const Table& table, const Key& key, std::uint8_t protocol,
                                       wire::Endpoint remote) const;

  /// The outside endpoint for a new flow of an exclusive mapping; nothing when no port is free.
  std::optional<Key> choose(const Table& table, Random& random, std::uint32_t index, const Range& range, Time now);

  /// To be called when a flow was put into the table or removed from it.
  void on_confirmed(const Flow& flow);
  void on_destroyed(const Flow& flow, const Table& table, bool expired, Time now);

  /// True if a mapping held that endpoint not long ago and ran out of time. Forgets the oldest first.
  bool expired_lately(wire::Endpoint outside, std::uint8_t protocol) const;

 private:
  struct Permission {  // whom an outside endpoint has sent to, trimmed to the address
    wire::Endpoint outside;
    std::uint32_t remote = 0;
    std::uint8_t protocol = 0;
    bool operator==(const Permission&) const = default;
  };
  struct PermissionHash {
    std::size_t operator()(const Permission& p) const {
      return hash_of({p.outside.address.value, p.remote, p.outside.port, 0}, p.protocol);
    }
  };
  struct Held {
    wire::Endpoint outside;
    std::uint8_t protocol = 0;
    bool operator==(const Held&) const = default;
  };
  struct Resting {
    Time until;
    Held held;
  };

  void adopt(const Config& config);
  PortBook& book(std::uint8_t protocol, wire::Address address);
  void wake_rested(Time now);
  void wake_oldest();
  static Permission permission_of(const Flow& flow);
  static std::size_t memory_place(const Held& held);

  Mapping mapping_{};
  Filtering filtering_{};
  Hairpin hairpin_{};
  bool keep_parity_ = false;
  Duration rest_;
  std::optional<std::uint32_t> most_resting_;
  std::map<std::pair<std::uint8_t, std::uint32_t>, std::unique_ptr<PortBook>> books_;
  std::deque<Resting> resting_;
  std::unordered_map<Permission, std::uint32_t, PermissionHash> permissions_;  // only looked up
  std::vector<Held> expired_;  // a small memory: each endpoint has one place, a later one takes it
};

}  // namespace masqsim::nat
