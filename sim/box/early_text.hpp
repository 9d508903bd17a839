// What reached a TCP before its turn, and how that is told to the sender: the blocks of RFC 2018, and of RFC 2883 what
// came twice. Which block is told first, and which is forgotten where there are too many, is Linux's choice.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "receive_window.hpp"

namespace masqsim::box {

struct TextRange {
  std::uint32_t begin = 0, end = 0;
  constexpr bool operator==(const TextRange&) const = default;
};

class EarlyText {
 public:
  explicit EarlyText(bool sack) : sack_(sack) {}

  bool empty() const { return pieces_.empty(); }
  /// Nothing has come twice since the last report, as far as this segment is concerned.
  void forget_duplicate() { duplicate_.reset(); }
  void note_duplicate(TextRange r);

  /// Keeps `r`, which begins behind the next byte. `fin`: its last number is a FIN. `crowd` is called where a block is
  /// to be told that is not among the first two, before it takes its place. What is kept alone has not been charged to
  /// `window`.
  enum class Kept : std::uint8_t { not_at_all, with_another, alone };
  template <typename Crowd>
  Kept add(TextRange r, bool fin, const Frame& frame, ReceiveWindow& window, Crowd crowd);

  /// Everything that now has its turn goes to the queue of `window`; `next` moves on. True: a FIN was reached.
  bool take(std::uint32_t& next, ReceiveWindow& window);
  /// Blocks of what has its turn are no longer told.
  void forget_blocks_before(std::uint32_t next);
  void clear();

  /// True where an acknowledgment says more than its number.
  bool has_report() const { return duplicate_ || !blocks_.empty(); }
  /// The blocks to tell now, at most `room`; what came twice is told once, and first.
  std::vector<TextRange> report(std::size_t room);
  /// The right edge of what is known; nothing where nothing came early.
  std::optional<std::uint32_t> edge() const;

 private:
  struct Piece {
    TextRange range;
    bool fin;
    Frame frame;
  };

  Kept keep(TextRange r, bool fin, const Frame& frame, ReceiveWindow& window);
  void extend_duplicate(TextRange r);
  template <typename Crowd>
  void tell(TextRange r, Crowd crowd);
  void merge_into_first();

  bool sack_;
  std::vector<Piece> pieces_;      // by begin
  std::vector<TextRange> blocks_;  // told first first
  std::optional<TextRange> duplicate_;
};

// --------------------------------------------------------------------------------------------------------------------

/// True where `r` touches or overlaps `block`, which then holds both.
bool widen(TextRange& block, TextRange r);

template <typename Crowd>
EarlyText::Kept EarlyText::add(TextRange r, bool fin, const Frame& frame, ReceiveWindow& window, Crowd crowd) {
  const bool first = pieces_.empty();
  const Kept kept = keep(r, fin, frame, window);
  if (sack_ && first) blocks_ = {r};
  if (sack_ && !first) tell(r, crowd);
  return kept;
}

template <typename Crowd>
void EarlyText::tell(TextRange r, Crowd crowd) {
  constexpr std::size_t blocks_expected = 2, blocks_at_most = 4;
  std::size_t place = 0;
  while (place < blocks_.size() && !widen(blocks_[place], r)) ++place;
  if (place >= blocks_expected) crowd();
  if (place < blocks_.size()) {
    const TextRange widened = blocks_[place];
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(place));
    blocks_.insert(blocks_.begin(), widened);
    return merge_into_first();
  }
  if (blocks_.size() == blocks_at_most) blocks_.pop_back();
  blocks_.insert(blocks_.begin(), r);
}

}  // namespace masqsim::box
