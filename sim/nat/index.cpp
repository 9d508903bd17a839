#include "index.hpp"

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

namespace masqsim::nat {

namespace {

constexpr unsigned most_passed = 255;

}  // namespace

Index::Segment Index::empty(std::uint32_t buckets, unsigned depth) {
  return {buckets - 1, 0, depth, std::make_unique<Bucket[]>(buckets)};
}

Index::Index() {
  segments_.push_back(empty(smallest, 0));
  directory_.push_back(&segments_.back());
}

void Index::put(Segment& s, std::uint32_t hash, std::uint32_t value) {
  ++s.size;
  std::uint32_t at = hash & s.mask;
  for (; s.buckets[at].is_full(); at = (at + 1) & s.mask) {
    if (s.buckets[at].passed() != most_passed) s.buckets[at].marks += one_passed;
  }
  Bucket& bucket = s.buckets[at];
  const unsigned slot = first(~bucket.marks & high_bits);
  bucket.tags[slot] = hash;
  bucket.values[slot] = value;
  bucket.marks |= mark(hash) << 8 * slot;
}

void Index::erase(std::uint32_t hash, std::uint32_t value) {
  Segment& s = segment(hash);
  --s.size;
  for (std::uint32_t at = hash & s.mask;; at = (at + 1) & s.mask) {
    Bucket& bucket = s.buckets[at];
    for (Marks left = candidates(bucket, hash); left != 0; left &= left - 1) {
      const unsigned slot = first(left);
      if (bucket.values[slot] != value) continue;
      bucket.marks &= ~(Marks{0xff} << 8 * slot);
      return;
    }
    assert(bucket.passed() != 0);
    if (bucket.passed() != most_passed) bucket.marks -= one_passed;
  }
}

void Index::make_room(std::uint32_t hash) {
  Segment& s = segment(hash);
  const std::uint32_t buckets = s.mask + 1;
  const Segment old = std::exchange(s, {});
  const auto each = [&](auto visit) {
    for (const Bucket& bucket : std::span(old.buckets.get(), buckets)) {
      for (Marks left = bucket.marks & high_bits; left != 0; left &= left - 1) {
        const unsigned slot = first(left);
        visit(bucket.tags[slot], bucket.values[slot]);
      }
    }
  };
  if (buckets < largest || old.depth >= deepest) {
    s = empty(buckets * 2, old.depth);
    each([&](std::uint32_t tag, std::uint32_t value) { put(s, tag, value); });
    return;
  }
  if (old.depth == depth_) {
    std::vector<Segment*> twice;
    twice.reserve(directory_.size() * 2);
    for (Segment* entry : directory_) twice.insert(twice.end(), 2, entry);
    directory_ = std::move(twice);
    ++depth_;
  }
  s = empty(buckets, old.depth + 1);
  segments_.push_back(empty(buckets, old.depth + 1));
  Segment& upper = segments_.back();
  const std::uint32_t bit = std::uint32_t{1} << (31 - old.depth);
  const auto from = directory_.begin() + static_cast<std::ptrdiff_t>(place((hash | bit) & ~(bit - 1)));
  std::fill_n(from, directory_.size() >> (old.depth + 1), &upper);
  each([&](std::uint32_t tag, std::uint32_t value) { put((tag & bit) != 0 ? upper : s, tag, value); });
}

}  // namespace masqsim::nat
