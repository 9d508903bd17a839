#include "early_text.hpp"

#include <algorithm>

#include "sim/wire/sequence.hpp"

namespace masqsim::box {

using wire::before;

bool widen(TextRange& block, TextRange r) {
  if (before(block.end, r.begin) || before(r.end, block.begin)) return false;
  if (before(r.begin, block.begin)) block.begin = r.begin;
  if (before(block.end, r.end)) block.end = r.end;
  return true;
}

void EarlyText::note_duplicate(TextRange r) {
  if (sack_) duplicate_ = r;
}

void EarlyText::extend_duplicate(TextRange r) {
  if (!duplicate_) return note_duplicate(r);
  widen(*duplicate_, r);
}

/// Pieces may overlap where a new one only begins within an old one; one that lies within another never stays.
EarlyText::Kept EarlyText::keep(TextRange r, bool fin, const Frame& frame, ReceiveWindow& window) {
  const auto append = [&](Piece& to) {
    if (to.range.end != r.begin || !window.merge_early(to.frame, frame)) return false;
    to.range.end = r.end;
    to.fin = to.fin || fin;
    return true;
  };
  auto place = pieces_.begin();
  if (!pieces_.empty() && append(pieces_.back())) return Kept::with_another;
  while (place != pieces_.end() && !before(r.begin, place->range.begin)) {
    if (before(r.begin, place->range.end)) {
      if (!before(place->range.end, r.end)) return note_duplicate(r), Kept::not_at_all;
      if (place->range.begin == r.begin) {
        extend_duplicate(place->range);
        window.drop_early(place->frame);
        place = pieces_.erase(place);
        break;
      }
      note_duplicate({r.begin, place->range.end});
    } else if (append(*place)) {
      return Kept::with_another;
    }
    ++place;
  }
  while (place != pieces_.end() && before(place->range.begin, r.end)) {
    if (before(r.end, place->range.end)) {
      extend_duplicate({place->range.begin, r.end});
      break;
    }
    extend_duplicate(place->range);
    window.drop_early(place->frame);
    place = pieces_.erase(place);
  }
  pieces_.insert(place, {r, fin, frame});
  return Kept::alone;
}

bool EarlyText::take(std::uint32_t& next, ReceiveWindow& window) {
  const std::uint32_t came_again = next;
  while (!pieces_.empty() && !before(next, pieces_.front().range.begin)) {
    const Piece piece = pieces_.front();
    pieces_.erase(pieces_.begin());
    if (before(piece.range.begin, came_again)) {
      extend_duplicate({piece.range.begin, before(piece.range.end, came_again) ? piece.range.end : came_again});
    }
    window.drop_early(piece.frame);
    if (!before(next, piece.range.end)) continue;
    window.queue(piece.frame, piece.range.begin == next);
    next = piece.range.end;
    if (piece.fin) return true;
  }
  return false;
}

void EarlyText::forget_blocks_before(std::uint32_t next) {
  if (pieces_.empty()) return blocks_.clear();
  std::erase_if(blocks_, [&](TextRange block) { return !before(next, block.begin); });
}

void EarlyText::clear() {
  pieces_.clear();
  blocks_.clear();
  duplicate_.reset();
}

void EarlyText::merge_into_first() {
  for (std::size_t n = 1; n < blocks_.size();) {
    if (widen(blocks_[0], blocks_[n])) {
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(n));
    } else {
      ++n;
    }
  }
}

std::vector<TextRange> EarlyText::report(std::size_t room) {
  std::vector<TextRange> told;
  if (duplicate_) told.push_back(*duplicate_);
  duplicate_.reset();
  for (const TextRange block : blocks_) {
    if (told.size() < room) told.push_back(block);
  }
  return told;
}

std::optional<std::uint32_t> EarlyText::edge() const {
  std::optional<std::uint32_t> last;
  for (const TextRange block : blocks_) {
    if (!last || before(*last, block.end)) last = block.end;
  }
  return last;
}

}  // namespace masqsim::box
