// From a hash to small numbers: extendible hashing over segments of buckets, each one cache line. A lookup touches the
// directory and mostly one bucket; growth splits one segment of at most 512 buckets, so no insertion ever pauses. The
// hashes themselves are not kept: whoever inserts tells how to get them again from the values, for growth.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace masqsim::nat {

class Index {
 public:
  Index();

  /// The value under `hash` that satisfies `same(value)`, which is asked of others, too; nullptr if there is none. The
  /// pointer holds until the next insert or erase; the value may be replaced by another of the same hash.
  template <typename Same>
  std::uint32_t* find(std::uint32_t hash, Same same) {
    return find_in(segment(hash), hash, same);
  }
  template <typename Same>
  const std::uint32_t* find(std::uint32_t hash, Same same) const {
    return find_in(segment(hash), hash, same);
  }

  /// Prefetches the bucket of `hash`, so that several waits for memory overlap.
  void prefetch(std::uint32_t hash) const {
    const Segment& s = segment(hash);
    __builtin_prefetch(&s.buckets[hash & s.mask]);
    asm volatile("");  // GCC takes a function that only prefetches for pure, and leaves its calls out
  }

  /// `hash_of(value)` gives the hash of any value that is there.
  template <typename HashOf>
  void insert(std::uint32_t hash, std::uint32_t value, HashOf hash_of) {
    if (!has_room(segment(hash))) make_room(hash, hash_of);
    put(segment(hash), hash, value);
  }
  /// What `find` finds; where there is nothing, `value` is inserted, and the answer is nullptr.
  template <typename Same, typename HashOf>
  std::uint32_t* find_or_insert(std::uint32_t hash, std::uint32_t value, Same same, HashOf hash_of) {
    Segment& s = segment(hash);
    if (std::uint32_t* found = find_in(s, hash, same)) return found;
    if (has_room(s)) {
      put(s, hash, value);
    } else {
      insert(hash, value, hash_of);
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
      for (unsigned slot = 0; slot < bucket.count; ++slot) {
        if (count-- == 0) return false;
        if (visit(bucket.values[slot])) return true;
      }
    }
    return false;
  }

 private:
  static constexpr unsigned slots = 12;

  /// The first `count` slots hold values; each has a mark, eight bits of its hash. `passed` counts the entries that lie
  /// in a later bucket because this one was full; it stops counting, and never falls again, at 255.
  struct alignas(64) Bucket {
    std::uint8_t marks[slots] = {};
    std::uint8_t count = 0;
    std::uint8_t passed = 0;
    std::uint32_t values[slots] = {};

    /// A bit for each slot with this mark, and now and then for others: bit 8n for slot n, from slot 8 on bit 8(n-8)+1.
    std::uint64_t with(std::uint8_t mark) const {
      constexpr std::uint64_t eight = 0x0101010101010101, four = 0x01010101;
      const std::uint64_t a = first_eight() ^ mark * eight, b = last_four() ^ mark * four;
      return ((a - eight) & ~a & eight << 7) >> 7 | ((b - four) & ~b & four << 7) >> 6;
    }
    std::uint64_t first_eight() const {
      std::uint64_t word;
      std::memcpy(&word, marks, 8);
      return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
    }
    std::uint64_t last_four() const {
      std::uint32_t word;
      std::memcpy(&word, marks + 8, 4);
      return std::endian::native == std::endian::little ? word : __builtin_bswap32(word);
    }
  };
  static_assert(sizeof(Bucket) == 64);

  static std::uint8_t mark_of(std::uint32_t hash) { return static_cast<std::uint8_t>(hash >> 12); }
  static unsigned first(std::uint64_t left) {
    const auto bit = static_cast<unsigned>(std::countr_zero(left));
    return bit / 8 + bit % 8 * 8;
  }

  struct Segment {
    std::uint32_t mask = 0;  // buckets less one
    std::uint32_t size = 0;
    unsigned depth = 0;  // how many leading bits of the hash all its entries share
    std::unique_ptr<Bucket[]> buckets;
  };

  static constexpr std::uint32_t smallest = 2;
  static constexpr std::uint32_t largest = 512;
  static constexpr unsigned deepest = 20;

  template <typename Same>
  static std::uint32_t* find_in(const Segment& s, std::uint32_t hash, Same same) {
    Bucket* bucket = &s.buckets[hash & s.mask];
    for (std::uint32_t step = 1;; ++step) {
      for (std::uint64_t left = bucket->with(mark_of(hash)); left != 0; left &= left - 1) {
        const unsigned slot = first(left);
        if (slot < bucket->count && same(bucket->values[slot])) return &bucket->values[slot];
      }
      if (bucket->passed == 0 || step > s.mask) return nullptr;
      bucket = &s.buckets[(hash + step) & s.mask];
    }
  }

  std::size_t place(std::uint32_t hash) const {
    return static_cast<std::size_t>((std::uint64_t{hash} << depth_) >> 32);
  }
  Segment& segment(std::uint32_t hash) { return *directory_[place(hash)]; }
  const Segment& segment(std::uint32_t hash) const { return *directory_[place(hash)]; }
  static Segment empty(std::uint32_t buckets, unsigned depth);
  static bool has_room(const Segment& s) { return 4 * s.size < 3 * slots * (s.mask + 1); }
  static void put(Segment& s, std::uint32_t hash, std::uint32_t value);
  void make_room(std::uint32_t hash, const std::function<std::uint32_t(std::uint32_t)>& hash_of);

  unsigned depth_ = 0;
  std::vector<Segment*> directory_;
  std::deque<Segment> segments_;
};

}  // namespace masqsim::nat
