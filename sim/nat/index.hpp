// From a hash to small numbers: extendible hashing over segments of buckets, each one cache line. A lookup touches the
// directory and mostly one bucket; growth splits one segment of at most 512 buckets, so no insertion ever pauses.
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace masqsim::nat {

class Index {
 public:
  Index();

  /// The value under `hash` that satisfies `same(value)`; nullptr if there is none. The pointer holds until the next
  /// insert or erase; the value may be replaced by another of the same hash.
  template <typename Same>
  std::uint32_t* find(std::uint32_t hash, Same same) {
    return find_in(segment(hash), hash, same);
  }
  template <typename Same>
  const std::uint32_t* find(std::uint32_t hash, Same same) const {
    return find_in(segment(hash), hash, same);
  }

  /// Brings the bucket of `hash` nearer, for a look at it soon: several such waits for memory pass as one.
  void prefetch(std::uint32_t hash) const {
    const Segment& s = segment(hash);
    __builtin_prefetch(&s.buckets[hash & s.mask]);
    asm volatile("");  // GCC takes a function that only prefetches for pure, and leaves its calls out
  }

  void insert(std::uint32_t hash, std::uint32_t value) {
    if (!has_room(segment(hash))) make_room(hash);
    put(segment(hash), hash, value);
  }
  /// What `find` finds; where there is nothing, `value` is inserted, and the answer is nullptr.
  template <typename Same>
  std::uint32_t* find_or_insert(std::uint32_t hash, std::uint32_t value, Same same) {
    Segment& s = segment(hash);
    if (std::uint32_t* found = find_in(s, hash, same)) return found;
    if (has_room(s)) {
      put(s, hash, value);
    } else {
      insert(hash, value);
    }
    return nullptr;
  }
  /// The value must be there.
  void erase(std::uint32_t hash, std::uint32_t value);

  /// Calls `visit(value)` for up to `count` values that lie next to where `hash` belongs, until it returns true.
  template <typename Visit>
  bool near(std::uint32_t hash, unsigned count, Visit visit) const {
    const Segment& s = segment(hash);
    for (std::uint32_t step = 0; step <= s.mask; ++step) {
      const Bucket& bucket = s.buckets[(hash + step) & s.mask];
      for (Marks left = bucket.marks & high_bits; left != 0; left &= left - 1) {
        if (count-- == 0) return false;
        if (visit(bucket.values[first(left)])) return true;
      }
    }
    return false;
  }

 private:
  static constexpr unsigned slots = 7;

  /// A byte each slot: 0 while it is free, else the high bit and seven bits of the hash. The eighth counts the entries
  /// that lie further on because this bucket was full; once there are 255, it stays.
  using Marks = std::uint64_t;
  static constexpr Marks one_each = 0x0001010101010101, high_bits = one_each << 7, one_passed = Marks{1} << 56;

  struct alignas(64) Bucket {
    Marks marks = 0;
    std::uint32_t tags[slots] = {};
    std::uint32_t values[slots] = {};

    bool is_full() const { return (~marks & high_bits) == 0; }
    unsigned passed() const { return static_cast<unsigned>(marks >> 56); }
  };
  static_assert(sizeof(Bucket) == 64);

  static Marks mark(std::uint32_t hash) { return (hash >> 12 & 0x7f) | 0x80; }
  static unsigned first(Marks slots_left) { return static_cast<unsigned>(std::countr_zero(slots_left)) / 8; }

  struct Segment {
    std::uint32_t mask = 0;  // buckets less one
    std::uint32_t size = 0;
    unsigned depth = 0;  // how many leading bits of the hash all its entries share
    std::unique_ptr<Bucket[]> buckets;
  };

  static constexpr std::uint32_t smallest = 2;
  static constexpr std::uint32_t largest = 512;
  static constexpr unsigned deepest = 20;

  /// The slots that may bear `hash`, all at once: the high bit of each byte that becomes zero, seldom one more.
  static Marks candidates(const Bucket& bucket, std::uint32_t hash) {
    const Marks differs = bucket.marks ^ mark(hash) * one_each;
    return (differs - one_each) & ~differs & high_bits;
  }
  template <typename Same>
  static std::uint32_t* find_in(const Segment& s, std::uint32_t hash, Same same) {
    for (std::uint32_t step = 0; step <= s.mask; ++step) {
      Bucket& bucket = s.buckets[(hash + step) & s.mask];
      for (Marks left = candidates(bucket, hash); left != 0; left &= left - 1) {
        const unsigned slot = first(left);
        if (bucket.tags[slot] == hash && same(bucket.values[slot])) return &bucket.values[slot];
      }
      if (bucket.passed() == 0) return nullptr;
    }
    return nullptr;
  }

  std::size_t place(std::uint32_t hash) const { return static_cast<std::size_t>((std::uint64_t{hash} << depth_) >> 32); }
  Segment& segment(std::uint32_t hash) { return *directory_[place(hash)]; }
  const Segment& segment(std::uint32_t hash) const { return *directory_[place(hash)]; }
  static Segment empty(std::uint32_t buckets, unsigned depth);
  static bool has_room(const Segment& s) { return 10 * s.size < 7 * slots * (s.mask + 1); }
  static void put(Segment& s, std::uint32_t hash, std::uint32_t value);
  void make_room(std::uint32_t hash);

  unsigned depth_ = 0;
  std::vector<Segment*> directory_;
  std::deque<Segment> segments_;
};

}  // namespace masqsim::nat
