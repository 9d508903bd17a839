// Two traces side by side: which flows went the same way, and where the others first went another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "masqsim/trace/lines.hpp"

namespace masqsim::trace {

/// One flow in both traces. Packet, mapping and flow numbers are counted anew within the flow, so that an extra packet
/// of another flow changes nothing here; IP checksums (which follow the sender's running IP id) are left out, because a
/// wrong one is told in its own word.
struct FlowDiff {
  std::string flow;  ///< "-" for what belongs to no flow: table changes, actions, strays
  std::uint64_t packets_first = 0;
  std::uint64_t packets_second = 0;
  std::optional<std::string> result_first;  ///< as the record says it
  std::optional<std::string> result_second;
  bool in_first = false;
  bool in_second = false;

  /// The first differing record on each side; nothing where the side has ended (or, for `same`, on both).
  std::optional<Line> first;
  std::optional<Line> second;

  bool same() const { return in_first && in_second && !first && !second; }
  /// Of the side it is in; of the first where it is in both.
  std::uint64_t packets() const { return in_first ? packets_first : packets_second; }
  bool on_the_same_side(const FlowDiff& other) const {
    return in_first == other.in_first && in_second == other.in_second;
  }
  /// When and where it first differs: the earlier side's. Not for `same`.
  Time at() const;
  std::string node() const;
};

struct Diff {
  /// "seed: 1 => 2", "scenario: a => b"; not the variant, which is mostly what is compared.
  std::vector<std::string> header;
  std::vector<std::string> nodes_first;   ///< nodes that do something only in the first; the text leaves them out
  std::vector<std::string> nodes_second;  ///< and only in the second
  std::vector<FlowDiff> flows;            ///< in the order in which they appear in the first, then in the second

  /// The first lines that differ at all, counted from 1 among the records: also where every flow goes the same way.
  std::size_t record = 0;  ///< 0: none differs
  std::optional<Line> first;
  std::optional<Line> second;

  /// Every record equal, numbers included.
  bool identical() const { return record == 0 && header.empty(); }
  /// Every flow went the same way.
  bool same() const;
};

Diff diff(const Lines& first, const Lines& second);

/// For the terminal, lines with their ends:
///   same: out, private (8 packets)
///   public: first difference 4.020000 s, gw
///   - SYN > 203.0.113.5:22    X no-mapping
///   + SYN > 192.168.1.10:22   dst rewritten, tcp sum 679a=>e1ed
///   + 2 packets; REFUSED => ESTABLISHED
std::string to_text(const Diff& diff);
/// Of it the lines below the name of a flow that differs.
std::string to_text(const FlowDiff& flow);

}  // namespace masqsim::trace
