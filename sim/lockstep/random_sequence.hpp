// Sequences of packets that nobody thought of: made from a seed, played through gateways in lockstep, cut down to
// what shows a difference.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/box/bench.hpp"

namespace masqsim::lockstep {

/// One thing that happens in a sequence: a packet of flow `flow`, or one datagram of it in pieces, or the table is
/// flushed. What it is follows from `salt` and from what happened before; who the flow's two ends are follows from
/// `flow` and the sequence's seed alone, so that taking moves away leaves the others what they were.
struct Move {
  std::uint32_t flow = 0;
  std::uint64_t salt = 0;
  bool operator==(const Move&) const = default;
};

/// `count` moves, most of them in flows that are already begun.
std::vector<Move> random_moves(std::uint64_t seed, std::size_t count);

struct Injection {
  box::Side side{};
  std::vector<std::uint8_t> bytes;  ///< none: instead of a packet the table is flushed
};

/// The hosts around a gateway: they know what they sent and what reached them, and answer that.
class RandomHosts {
 public:
  /// The same seed as the moves'. Packets get IP ids from `first_id` on.
  RandomHosts(std::uint64_t seed, std::uint16_t first_id);

  /// What `move` puts on the wires, in order.
  std::vector<Injection> packets(const Move& move);
  /// What the gateway gave out after one of them.
  void saw(const Move& move, const Injection& injected, const std::vector<box::Emerged>& emerged);

  struct End {  ///< of a flow
    box::Side side{};
    wire::Endpoint own;
    std::uint32_t next_sequence = 0;     ///< TCP
    std::optional<wire::Endpoint> peer;  ///< as this end sees it; unset until something arrived
    std::vector<std::uint8_t> arrived;   ///< the last packet that reached it; empty: none
  };
  struct Flow {
    wire::Protocol protocol{};
    std::uint8_t icmp_type = 0;  ///< of the query
    bool scaled = false;         ///< TCP: both ends scale their windows
    std::array<End, 2> ends;     ///< 0 began it
    wire::Endpoint called;       ///< what end 0 sends to
    std::uint32_t steps = 0;     ///< how far its natural course has come
    std::uint8_t mover = 0;      ///< the end that made the last move
  };

 private:
  Flow& flow(std::uint32_t number);

  std::uint64_t seed_;
  std::uint16_t next_id_;
  std::vector<std::optional<Flow>> flows_;
};

}  // namespace masqsim::lockstep
