// Putting fragments together before the NAT core sees them (RFC 791 section 3.2, RFC 5722's rule on overlaps, as Linux
// does for conntrack). It knows bytes and times; what becomes of a datagram that never gets whole is the caller's to
// say.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <tuple>
#include <vector>

#include "masqsim/base/reason.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::nat {

class Reassembler {
 public:
  /// A datagram out of pieces: the first piece's header with length, fragment word and checksum made anew, the ECN
  /// field merged (RFC 3168 section 5.3).
  struct Whole {
    std::vector<std::uint8_t> bytes;
    std::vector<std::uint16_t> payloads;  ///< bytes after the header of each piece, in order of offset
    std::uint16_t largest = 0;            ///< bytes of the largest piece, header included
    bool df = false;                      ///< the largest piece had DF; the header then has it, too
  };

  struct Outcome {
    enum class What : std::uint8_t {
      held,       ///< waits for the others
      duplicate,  ///< all of it is there already; ends here
      complete,   ///< `whole` is the datagram
      discarded   ///< this piece and all that were held with it, for `reason`
    };
    What what = What::held;
    Reason reason = Reason::none;
    Whole whole;
    std::uint32_t gave_way = 0;  ///< so many older datagrams went for this one, the oldest first
  };

  /// A datagram whose time ran out. `first`: the piece with offset 0, empty if it never came (RFC 792: without it no
  /// ICMP 11/1).
  struct Expired {
    std::vector<std::uint8_t> first;
    std::uint32_t pieces = 0;
  };

  /// What becomes of a new datagram while the memory is full: it is `discarded` (queue_full), or the oldest gives way.
  enum class Full : std::uint8_t { refuses, drops_oldest };

  /// `timeout` counts from the first piece that comes. `memory`: bytes held at once, overhead of 256 a piece counted.
  explicit Reassembler(Duration timeout, Full full = Full::refuses, std::size_t memory = std::size_t{4} << 20)
      : timeout_(timeout), full_(full), memory_(memory) {}

  /// For datagrams whose first piece is yet to come.
  void set_timeout(Duration timeout) { timeout_ = timeout; }
  /// For the next new datagram.
  void set_full(Full full) { full_ = full; }

  /// One fragment: a sound IPv4 packet for which Ipv4::is_fragment() holds. Expires what is due first; ask `expire`
  /// before if that matters.
  Outcome add(wire::ByteView piece, Time now);

  std::vector<Expired> expire(Time now);
  /// Time::never() while nothing is held.
  Time next_expiry() const;
  /// Datagrams that are not whole.
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
    std::map<std::uint32_t, std::vector<std::uint8_t>> pieces;  // whole packets by offset
    std::uint32_t length = 0;                                   // of the payload, as far as known
    std::uint32_t filled = 0;
    std::uint16_t largest = 0;
    std::uint16_t largest_with_df = 0;
    std::uint8_t ecn_seen = 0;  // a bit each ECN field
    bool last_seen = false;
    std::uint64_t serial = 0;
  };
  struct Due {
    Time at;
    Key key;
    std::uint64_t serial;
  };
  enum class Place : std::uint8_t { free, covered, overlaps };

  static Place place(const Queue& queue, std::uint32_t begin, std::uint32_t end);
  static bool merge(const Queue& queue, Whole& whole);
  bool drop_oldest();
  void forget(std::map<Key, Queue>::iterator queue);

  Duration timeout_;
  Full full_;
  std::size_t memory_;
  std::size_t used_ = 0;
  std::uint64_t last_serial_ = 0;
  std::map<Key, Queue> queues_;
  std::deque<Due> due_;  // in order
};

}  // namespace masqsim::nat
