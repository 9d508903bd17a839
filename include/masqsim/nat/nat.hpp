// The NAT core: IPv4 bytes and times in, decisions out. It knows nothing of the simulator around it.
//
// The caller is a router. It takes each packet through netfilter's hook points, in this order:
//
//   from a wire:      prerouting -> route -> forward -> postrouting -> to a wire
//                                        \-> input -> the router's own stack
//   made by itself:   output -> route -> postrouting -> to a wire
//
// One Track goes with the packet from hook to hook. A new flow enters the table only when its first packet has passed
// postrouting or input; a Track that dies before takes its flow with it (as an unconfirmed conntrack entry does).
// Packets must be whole datagrams: fragments have to be reassembled first.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "masqsim/base/random.hpp"
#include "masqsim/base/reason.hpp"
#include "masqsim/base/step.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/nat/config.hpp"
#include "masqsim/nat/states.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "masqsim/wire/describe.hpp"

namespace masqsim::nat {

/// How a packet stands to the table (conntrack's ctstate).
enum class Relation : std::uint8_t { untracked, invalid, fresh, established, related };

/// The answer of a hook. Where `pass` is false the packet is dropped for `reason`, and `answer` is the ICMP error to
/// send. Where it is true, `reason` may still be set: it says why the packet was left untranslated (`invalid`).
struct alignas(4) Decision {  // one machine word: it is given back for every packet at every hook
  enum class Answer : std::uint8_t { none, host_unreachable, admin_prohibited };

  bool pass = true;
  Reason reason = Reason::none;
  Answer answer = Answer::none;
};

class Core;

/// What the core knows of one packet on its way. Move-only; empty (untracked) when made.
class Track {
 public:
  Track() = default;
  Track(Track&& other) noexcept;
  Track& operator=(Track&& other) noexcept;
  ~Track() {
    if (core_ != nullptr) abandon();
  }

  Relation relation() const { return relation_; }
  Direction direction() const { return direction_; }
  /// Numbers for people and traces, counted from 1 a core; 0: none. Flows that share a mapping share its number.
  std::uint64_t flow() const { return flow_number_; }
  std::uint64_t mapping() const { return mapping_number_; }
  /// True for the packet that made its flow or its mapping.
  bool made_flow() const { return made_flow_; }
  bool made_mapping() const { return made_mapping_; }

 private:
  friend class Core;
  void abandon();
  void clear() {
    if (core_ != nullptr) abandon();
    index_ = 0xffffffff;
    flow_number_ = mapping_number_ = 0;
    relation_ = Relation::untracked;
    direction_ = Direction::original;
    made_flow_ = made_mapping_ = false;
  }

  Core* core_ = nullptr;              // set only while it owns an unconfirmed flow or pins one
  std::uint32_t index_ = 0xffffffff;  // the flow's place in the core
  std::uint64_t flow_number_ = 0;
  std::uint64_t mapping_number_ = 0;
  Relation relation_ = Relation::untracked;
  Direction direction_ = Direction::original;
  bool made_flow_ = false;
  bool made_mapping_ = false;
};

/// By which interface a packet leaves, and the address that masquerading gives it there: the interface's address in
/// the next hop's subnet, else its first, else another interface's.
struct Egress {
  InterfaceId out = any_interface;
  wire::Address masquerade;
};

/// One row of the table, as a person reads it (inside, outside, remote) and as the tracker stores it (both tuples).
struct Entry {
  std::uint64_t flow = 0;
  std::uint64_t mapping = 0;
  wire::Protocol protocol{};
  wire::Endpoint inside;   ///< the endpoint behind the gateway; of untranslated flows the one that began
  wire::Endpoint outside;  ///< what the other side sees of it
  wire::Endpoint remote;
  wire::Tuple original;
  wire::Tuple reply;
  TcpState tcp = TcpState::none;
  SctpState sctp = SctpState::none;
  bool replied = false;  ///< false: UNREPLIED
  bool assured = false;
  Duration left;  ///< until it expires, if nothing comes
};

/// Something that happened to the table without a packet of its own, or beside one.
struct Change {
  enum class Kind : std::uint8_t { expired, removed, evicted, flushed };
  Kind kind{};
  Entry entry;
};

class Nat {
 public:
  /// Random choices (ports on a clash, addresses of a pool) come from `random` alone.
  Nat(Config config, Random random);
  Nat(Nat&&) noexcept;
  Nat& operator=(Nat&&) noexcept;
  ~Nat();

  const Config& config() const;
  /// False while nothing that is configured looks at connections: packets then pass untracked, pieces as they come, and
  /// what the table holds only ages (Linux: conntrack's hooks are there while a rule needs them).
  bool tracks() const;

  // The hooks. `packet` is a whole, sound IPv4 datagram (header checksum right, length = total length); it is rewritten
  // in place. Times never go backwards.
  Decision prerouting(wire::Buffer& packet, InterfaceId in, Time now, Track& track);
  /// `mtu`: the smaller of the MTUs of the way on and of the way back to the packet's source, for Config::mss_clamp.
  Decision forward(wire::Buffer& packet, InterfaceId in, InterfaceId out, Time now, Track& track,
                   std::uint16_t mtu = 0xffff);
  Decision input(wire::Buffer& packet, InterfaceId in, Time now, Track& track);
  /// `about`: of the router's own ICMP error, the track of the packet it complains of, where that is still on its way:
  /// its flow may not be in the table yet (Linux: nf_ct_attach).
  Decision output(wire::Buffer& packet, Time now, Track& track, const Track* about = nullptr);
  Decision postrouting(wire::Buffer& packet, const Egress& egress, Time now, Track& track);

  /// For a packet that has to wait behind the last hook: whatever becomes of its flow meanwhile, `output` still finds
  /// in `track` how the packet was translated.
  void detach_track(Track& track);

  /// False for a packet whose flow is translated or may yet be. Linux sends no ICMP redirect for such packets: the
  /// sender would see addresses it does not know.
  bool keeps_addresses(const Track& track) const;
  /// True for a packet that a helper reads. Linux linearises it for that, so that a reassembled datagram is fragmented
  /// anew, and not as it came.
  bool reads_payload(const Track& track) const;

  /// The gateway's own addresses, for `explain`, hairpin and the reasons; told again when they change.
  void set_own_addresses(std::vector<wire::Address> outside, std::vector<wire::Address> inside);

  /// When the next entry expires; Time::never() for an empty table.
  Time next_expiry() const;
  /// Removes what has expired by `now`. The hooks do so by themselves; this is for tables that are looked at.
  void expire(Time now);
  /// Changes since the last call, oldest first; only kept while somebody wants them.
  void watch(bool on);
  std::vector<Change> take_changes();

  std::size_t size() const;
  /// All entries in the order of their making.
  std::vector<Entry> table(Time now) const;
  std::optional<Entry> entry(std::uint64_t flow, Time now) const;
  /// The entry of the packet's flow, where it is in the table.
  std::optional<Entry> entry(const Track& track, Time now) const;

  /// Forgets every entry (`conntrack -F`).
  void flush(Time now);
  /// The interface went down: entries that were masqueraded by it go. With `address`: it lost this one, and only those
  /// go that were given it.
  void interface_lost(InterfaceId out, Time now, std::optional<wire::Address> address = {});
  /// From now on everything is as `config` says; entries remain (`nft -f`, `sysctl -w`). They keep the translation and
  /// the deadline that they have, and get the new time-outs with their next packet.
  void configure(Config config);

  /// Until told otherwise, a search for a free outside port (or ICMP id) begins at `port` instead of at random, where
  /// its range holds `port`: so this core follows another NAT, choice by choice, while both agree on what is free.
  void prefer_port(std::optional<std::uint16_t> port);

  /// Why an unowned packet that came in by `in` is treated as it is: the questions asked, in order. Changes nothing.
  std::vector<Step> explain(wire::ByteView packet, InterfaceId in, Time now) const;
  /// What makes the tracker call `packet` INVALID: "its checksum is wrong"; empty where it does not, or where its
  /// connection has moved on so that nobody can tell any more.
  std::string invalid_because(wire::ByteView packet, Time now) const;
  /// The finest reason for a packet addressed to the gateway that no flow, mapping or forward owns: no_mapping,
  /// filtered, mapping_expired, hairpin_off.
  Reason unowned_reason(wire::ByteView packet, InterfaceId in, Time now) const;

 private:
  std::unique_ptr<Core> core_;
};

/// The state as the story's table prints it: "established", "syn-sent", "unreplied", "replied", "assured".
std::string state_word(const Entry& e);

}  // namespace masqsim::nat
