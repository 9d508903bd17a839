// From a hash to small numbers: extendible hashing over segments of 8-byte tag/value slots. A lookup touches the
// directory and one segment; growth splits one segment of at most 4096 slots, so no insertion ever pauses.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace masqsim::nat {

class Index {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t value = none;
  };

  Index();

  /// The slot whose tag is `hash` and whose value satisfies `same(value)`; nullptr if there is none. The pointer holds
  /// until the next insert or erase; its value may be replaced by another of the same hash.
  template <typename Same>
  Slot* find(std::uint32_t hash, Same same) {
    Segment& s = segment(hash);
    for (std::uint32_t at = hash & s.mask;; at = (at + 1) & s.mask) {
      Slot& slot = s.slots[at];
      if (slot.value == none) return nullptr;
      if (slot.tag == hash && same(slot.value)) return &slot;
    }
  }
  template <typename Same>
  const Slot* find(std::uint32_t hash, Same same) const {
    return const_cast<Index*>(this)->find(hash, same);
  }

  /// Brings the slots of `hash` nearer, for a look at them soon: several such waits for memory pass as one.
  void prefetch(std::uint32_t hash) const {
    const Segment& s = *directory_[place(hash)];
    __builtin_prefetch(&s.slots[hash & s.mask]);
  }

  void insert(std::uint32_t hash, std::uint32_t value);
  /// The slot that `find` finds; where there is none, `value` gets one, and the answer is nullptr.
  template <typename Same>
  Slot* find_or_insert(std::uint32_t hash, std::uint32_t value, Same same) {
    Segment& s = segment(hash);
    std::uint32_t at = hash & s.mask;
    for (; s.slots[at].value != none; at = (at + 1) & s.mask) {
      if (s.slots[at].tag == hash && same(s.slots[at].value)) return &s.slots[at];
    }
    if (has_room(s)) {
      s.slots[at] = {hash, value};
      ++s.used;
    } else {
      insert(hash, value);
    }
    return nullptr;
  }
  /// The slot must be there.
  void erase(std::uint32_t hash, std::uint32_t value);

  /// Calls `visit(value)` for up to `count` values that lie next to where `hash` belongs, until it returns true.
  template <typename Visit>
  bool near(std::uint32_t hash, unsigned count, Visit visit) const {
    const Segment& s = *directory_[place(hash)];
    for (std::uint32_t step = 0, seen = 0; step <= s.mask && seen < count; ++step) {
      const Slot& slot = s.slots[(hash + step) & s.mask];
      if (slot.value == none) continue;
      ++seen;
      if (visit(slot.value)) return true;
    }
    return false;
  }

 private:
  struct Segment {
    std::uint32_t mask = 0;
    std::uint32_t used = 0;
    unsigned depth = 0;  // how many leading bits of the hash all its entries share
    std::unique_ptr<Slot[]> slots;
  };

  static constexpr std::uint32_t smallest = 16;
  static constexpr std::uint32_t largest = 4096;
  static constexpr unsigned deepest = 20;

  std::size_t place(std::uint32_t hash) const { return static_cast<std::size_t>((std::uint64_t{hash} << depth_) >> 32); }
  Segment& segment(std::uint32_t hash) { return *directory_[place(hash)]; }
  static Segment empty(std::uint32_t size, unsigned depth);
  static bool has_room(const Segment& s) { return 10 * (s.used + 1) <= 7 * (s.mask + 1); }
  static void put(Segment& s, Slot slot);
  void make_room(std::uint32_t hash);

  unsigned depth_ = 0;
  std::vector<Segment*> directory_;
  std::vector<std::unique_ptr<Segment>> segments_;
};

}  // namespace masqsim::nat
