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
  for (; s.buckets[at].count == slots; at = (at + 1) & s.mask) {
    if (s.buckets[at].passed != most_passed) ++s.buckets[at].passed;
  }
  Bucket& bucket = s.buckets[at];
  const unsigned slot = bucket.count++;
  bucket.marks[slot] = mark_of(hash);
  bucket.values[slot] = value;
}

void Index::erase(std::uint32_t hash, std::uint32_t value) {
  Segment& s = segment(hash);
  --s.size;
  for (std::uint32_t at = hash & s.mask;; at = (at + 1) & s.mask) {
    Bucket& bucket = s.buckets[at];
    for (std::uint64_t left = bucket.with(mark_of(hash)); left != 0; left &= left - 1) {
      const unsigned slot = first(left);
      if (slot >= bucket.count || bucket.values[slot] != value) continue;
      const unsigned last = --bucket.count;  // takes the place
      bucket.marks[slot] = bucket.marks[last];
      bucket.values[slot] = bucket.values[last];
      return;
    }
    assert(bucket.passed != 0);
    if (bucket.passed != most_passed) --bucket.passed;
  }
}

void Index::make_room(std::uint32_t hash, const std::function<std::uint32_t(std::uint32_t)>& hash_of) {
  Segment& s = segment(hash);
  const std::uint32_t buckets = s.mask + 1;
  const Segment old = std::exchange(s, {});
  const auto each = [&](auto visit) {
    for (const Bucket& bucket : std::span(old.buckets.get(), buckets)) {
      for (const std::uint32_t value : std::span(bucket.values, bucket.count)) visit(hash_of(value), value);
    }
  };
  if (buckets < largest || old.depth >= deepest) {
    s = empty(buckets * 2, old.depth);
    each([&](std::uint32_t its, std::uint32_t value) { put(s, its, value); });
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
  each([&](std::uint32_t its, std::uint32_t value) { put((its & bit) != 0 ? upper : s, its, value); });
}

}  // namespace masqsim::nat
