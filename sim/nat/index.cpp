#include "index.hpp"

#include <cassert>
#include <utility>

namespace masqsim::nat {

Index::Segment Index::empty(std::uint32_t size, unsigned depth) {
  return {size - 1, 0, depth, std::make_unique<Slot[]>(size)};
}

void Index::put(Segment& s, Slot slot) {
  std::uint32_t at = slot.tag & s.mask;
  while (s.slots[at].value != none) at = (at + 1) & s.mask;
  s.slots[at] = slot;
  ++s.used;
}

Index::Index() {
  segments_.push_back(std::make_unique<Segment>(empty(smallest, 0)));
  directory_.push_back(segments_.back().get());
}

void Index::insert(std::uint32_t hash, std::uint32_t value) {
  if (!has_room(segment(hash))) make_room(hash);
  put(segment(hash), {hash, value});
}

// Backward shift: the slots behind the gap move up as long as that brings them nearer to their home; no tombstones.
void Index::erase(std::uint32_t hash, std::uint32_t value) {
  Segment& s = segment(hash);
  std::uint32_t gap = hash & s.mask;
  while (s.slots[gap].tag != hash || s.slots[gap].value != value) {
    assert(s.slots[gap].value != none);
    gap = (gap + 1) & s.mask;
  }
  for (std::uint32_t at = (gap + 1) & s.mask; s.slots[at].value != none; at = (at + 1) & s.mask) {
    const std::uint32_t distance_home = (at - s.slots[at].tag) & s.mask;
    if (distance_home < ((at - gap) & s.mask)) continue;
    s.slots[gap] = s.slots[at];
    gap = at;
  }
  s.slots[gap] = {};
  --s.used;
}

void Index::make_room(std::uint32_t hash) {
  Segment& s = segment(hash);
  const std::uint32_t size = s.mask + 1;
  Segment old = std::move(s);
  if (size < largest || old.depth >= deepest) {
    s = empty(size * 2, old.depth);
    for (std::uint32_t at = 0; at < size; ++at) {
      if (old.slots[at].value != none) put(s, old.slots[at]);
    }
    return;
  }
  if (old.depth == depth_) {
    std::vector<Segment*> twice;
    twice.reserve(directory_.size() * 2);
    for (Segment* entry : directory_) twice.insert(twice.end(), 2, entry);
    directory_ = std::move(twice);
    ++depth_;
  }
  s = empty(size, old.depth + 1);
  segments_.push_back(std::make_unique<Segment>(empty(size, old.depth + 1)));
  Segment& upper = *segments_.back();
  const std::uint32_t bit = std::uint32_t{1} << (31 - old.depth);
  for (std::size_t at = 0; at < directory_.size(); ++at) {
    const auto leading = static_cast<std::uint32_t>(at << (32 - depth_));
    if (directory_[at] == &s && (leading & bit) != 0) directory_[at] = &upper;
  }
  for (std::uint32_t at = 0; at < size; ++at) {
    if (old.slots[at].value != none) put((old.slots[at].tag & bit) != 0 ? upper : s, old.slots[at]);
  }
}

}  // namespace masqsim::nat
