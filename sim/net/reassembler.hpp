// Reassembly of IPv4 fragments (RFC 791 section 3.2, RFC 5722's rule on overlaps), as Linux's ip_defrag does it. It
// knows bytes and times; what becomes of a datagram that never gets whole is the caller's to say.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>
#include <vector>

#include "fragment.hpp"
#include "masqsim/base/reason.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/wire/bytes.hpp"
#include "packet.hpp"

namespace masqsim::net {

class Reassembler {
 public:
  /// A datagram out of fragments: the first fragment's header with length, fragment word and checksum made anew, the
  /// ECN field merged (RFC 3168 section 5.3).
  struct Whole {
    std::vector<std::uint8_t> bytes;
    FragmentSizes sizes;
    bool df = false;  ///< the largest fragment had DF; the header then has it, too
  };

  struct Outcome {
    enum class What : std::uint8_t {
      held,       ///< waits for the others
      duplicate,  ///< all its bytes are held already; it ends here
      complete,   ///< `whole` is the datagram
      discarded   ///< this fragment and all that were held of its datagram, for `reason`
    };
    What what = What::held;
    Reason reason = Reason::none;
    Whole whole;
    bool begins = false;           ///< held: it is the first of its datagram that came
    std::vector<Packet> gave_way;  ///< the last packet of each datagram that was dropped for this one, the oldest first
  };

  /// A datagram whose time ran out.
  struct Expired {
    std::vector<std::uint8_t> first;  ///< the fragment with offset 0; empty if it never came (RFC 792: no ICMP 11/1)
    std::uint32_t fragments = 0;
    Packet last;  ///< the packet of it that came last
  };

  /// What becomes of a new datagram while the memory is full: it is `discarded` (queue_full), or the oldest is dropped.
  enum class Full : std::uint8_t { refuses, drops_oldest };

  /// `timeout` counts from the first fragment that comes. `memory`: bytes held at once, 256 of overhead counted for
  /// each fragment.
  explicit Reassembler(Duration timeout, Full full = Full::refuses, std::size_t memory = std::size_t{4} << 20)
      : timeout_(timeout), full_(full), memory_(memory) {}

  /// Holds for datagrams of which nothing has come yet.
  void set_timeout(Duration timeout) { timeout_ = timeout; }
  /// Holds for the next new datagram.
  void set_full(Full full) { full_ = full; }

  /// One fragment: a sound IPv4 packet for which Ipv4::is_fragment() holds. Datagrams that are due expire first,
  /// unheard of: call `expire` before if that matters.
  Outcome add(wire::ByteView fragment, Time now);
  /// The packet of a fragment that was just held: its datagram's `last`, until another one is kept.
  void keep(Packet fragment);

  std::vector<Expired> expire(Time now);
  /// Time::never() while nothing is held.
  Time next_expiry() const;
  /// Number of datagrams that are not whole.
  std::size_t size() const { return queues_.size(); }

 private:
  struct Key {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    std::uint16_t id = 0;
    std::uint8_t protocol = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Queue {
    std::map<std::uint32_t, std::vector<std::uint8_t>> fragments;  // whole packets by offset
    std::uint32_t length = 0;                                      // of the payload, as far as known
    std::uint32_t filled = 0;
    std::uint16_t largest = 0;
    std::uint16_t largest_with_df = 0;
    std::uint8_t ecn_seen = 0;  // a bit each ECN field
    bool last_seen = false;
    std::uint64_t serial = 0;
    Packet last;
  };
  struct Due {
    Time at;
    Key key;
    std::uint64_t serial;
  };
  enum class Place : std::uint8_t { free, covered, overlaps };

  static Key key_of(wire::ByteView fragment);
  static Place place(const Queue& queue, std::uint32_t begin, std::uint32_t end);
  static bool merge(const Queue& queue, Whole& whole);
  void drop_oldest(std::vector<Packet>& gave_way);
  void forget(std::map<Key, Queue>::iterator queue);

  Duration timeout_;
  Full full_;
  std::size_t memory_;
  std::size_t used_ = 0;
  std::uint64_t last_serial_ = 0;
  std::map<Key, Queue> queues_;
  std::deque<Due> due_;  // in order
};

}  // namespace masqsim::net
