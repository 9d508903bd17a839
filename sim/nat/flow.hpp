// One entry of the table: 64 bytes that every packet of the flow touches, and what only TCP or the making needs beside.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "masqsim/base/random.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/nat/config.hpp"
#include "masqsim/nat/states.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/icmp.hpp"

namespace masqsim::nat {

inline constexpr std::uint32_t no_flow = 0xffffffff;
inline constexpr std::int64_t no_alarm = INT64_MIN;

/// What identifies one direction of a flow. ICMP queries: the id as source port, type and code as destination port.
struct Key {
  std::uint32_t source = 0;
  std::uint32_t destination = 0;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  bool operator==(const Key& other) const { return std::memcmp(this, &other, sizeof(Key)) == 0; }  // two words at once
};
static_assert(std::has_unique_object_representations_v<Key>);

/// The answering type of an ICMP query; nothing else is ever asked.
constexpr std::uint8_t icmp_answer(std::uint8_t type) {
  if (type == wire::icmp::echo) return wire::icmp::echo_reply;
  if (type == wire::icmp::echo_reply) return wire::icmp::echo;
  return static_cast<std::uint8_t>((type & 1) != 0 ? type + 1 : type - 1);
}

/// The key that the answer to `key` has.
constexpr Key inverse(const Key& key, std::uint8_t protocol) {
  if (protocol != static_cast<std::uint8_t>(wire::Protocol::icmp)) {
    return {key.destination, key.source, key.destination_port, key.source_port};
  }
  const auto type = static_cast<std::uint8_t>(key.destination_port >> 8);
  return {key.destination, key.source, key.source_port,
          static_cast<std::uint16_t>(icmp_answer(type) << 8 | (key.destination_port & 0xff))};
}

/// Both words are spread over 128 bits by one multiplication and folded.
constexpr std::uint32_t hash_of(const Key& key, std::uint8_t protocol) {
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t addresses = std::uint64_t{key.source} << 32 | key.destination;
  const std::uint64_t rest =
      std::uint64_t{protocol} << 32 | std::uint32_t{key.source_port} << 16 | key.destination_port;
  const Wide product = Wide{addresses ^ 0x9e3779b97f4a7c15u} * (rest ^ 0xbf58476d1ce4e5b9u);
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product)) >>
                                    16);
}

/// A key that is looked for, once or more, and its hash.
struct Lookup {
  Key key;
  std::uint8_t protocol = 0;
  std::uint32_t hash = 0;
};

constexpr Lookup lookup_of(const Key& key, std::uint8_t protocol) { return {key, protocol, hash_of(key, protocol)}; }

/// Bits of Flow::status; the first five are conntrack's IPS_ bits of the same sense.
namespace status {
inline constexpr std::uint16_t seen_reply = 1, assured = 2, confirmed = 4, source_nat = 8, destination_nat = 16,
                               source_done = 32, destination_done = 64, dying = 128, masqueraded = 256, expected = 512,
                               adjusts_sequence = 1024, forwarded_in = 2048, helper = 4096, counted = 8192,
                               hairpin = 16384, lingering = 32768;
inline constexpr std::uint16_t nat_mask = source_nat | destination_nat;
}  // namespace status

/// Tracks one TCP connection. All sequence numbers as the wire carries them.
struct TcpTrack {
  struct Side {
    std::uint32_t end = 0;      ///< highest seq + len sent
    std::uint32_t max_end = 0;  ///< the other side's ack + window: how far it may send
    std::uint32_t max_window = 0;
    std::uint32_t max_ack = 0;
    std::uint8_t scale = 0;
    std::uint8_t flags = 0;
  };
  Side seen[2];
  std::uint32_t last_sequence = 0;
  std::uint32_t last_acknowledgment = 0;
  std::uint32_t last_end = 0;
  std::uint16_t last_window = 0;
  std::uint8_t last_kind = 0;
  std::uint8_t last_direction = 0;
  std::uint8_t last_scale = 0;
  std::uint8_t last_flags = 0;
  std::uint8_t repeats = 0;
};

/// Tracks one SCTP association.
struct SctpTrack {
  std::uint32_t tag[2] = {};  ///< the verification tag that packets of each direction bear; 0: not known
  bool began[2] = {};         ///< the side sent an INIT that no cookie has acknowledged
  SctpState state = SctpState::none;
  bool strayed = false;  ///< a heartbeat with another tag waits for its answer
  Direction strayed_towards = Direction::original;
};

struct alignas(64) Flow {
  Key original;
  Key reply;
  std::int64_t deadline = 0;      ///< nanoseconds; while unconfirmed the time-out to start with
  std::int64_t alarm = no_alarm;  ///< when the timers look at the deadline
  union {
    std::int64_t stream_after;  ///< UDP: traffic later than this makes it a stream
    std::uint32_t tcp;          ///< TCP: index of its TcpTrack
    std::uint32_t sctp;         ///< SCTP: index of its SctpTrack
  };
  std::uint32_t number = 0;
  std::uint32_t mapping = 0;
  std::uint16_t status = 0;
  InterfaceId interface = any_interface;  ///< unconfirmed: it came in by; masqueraded: it leaves by
  std::uint8_t protocol = 0;
  TcpState state = TcpState::none;

  Flow() : stream_after(0) {}
  bool is(std::uint16_t bits) const { return (status & bits) == bits; }
  bool any(std::uint16_t bits) const { return (status & bits) != 0; }
  void set(std::uint16_t bits) { status = static_cast<std::uint16_t>(status | bits); }
  void clear(std::uint16_t bits) { status = static_cast<std::uint16_t>(status & ~bits); }
  const Key& key(Direction d) const { return d == Direction::original ? original : reply; }
};
static_assert(sizeof(Flow) == 64);

constexpr Direction opposite(Direction d) { return d == Direction::original ? Direction::reply : Direction::original; }

inline constexpr std::uint8_t proto_icmp = 1, proto_tcp = 6, proto_udp = 17, proto_gre = 47, proto_esp = 50,
                              proto_ah = 51, proto_icmpv6 = 58, proto_sctp = 132, proto_udplite = 136;

constexpr bool has_ports(std::uint8_t protocol) {
  return protocol == proto_tcp || protocol == proto_udp || protocol == proto_sctp || protocol == proto_udplite;
}

}  // namespace masqsim::nat
