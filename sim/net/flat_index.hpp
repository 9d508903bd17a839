// A flat hash table from 64-bit keys to objects that others own: one probe finds a socket.
#pragma once

#include <cstdint>
#include <vector>

#include "masqsim/base/random.hpp"

namespace masqsim::net {

/// Several objects may share a key; a predicate tells them apart. Never walked, so its order decides nothing.
template <typename T>
class FlatIndex {
 public:
  /// The object under `key` that `fits`; nullptr if there is none.
  template <typename Fits>
  T* find(std::uint64_t key, Fits fits) const {
    if (slots_.empty()) return nullptr;
    for (std::size_t n = home(key); slots_[n].object; n = next(n)) {
      if (slots_[n].key == key && fits(*slots_[n].object)) return slots_[n].object;
    }
    return nullptr;
  }
  T* find(std::uint64_t key) const {
    return find(key, [](const T&) { return true; });
  }

  void insert(std::uint64_t key, T& object) {
    if ((used_ + 1) * 4 > slots_.size() * 3) grow();
    place({key, &object});
    ++used_;
  }

  /// Does nothing where it is not there.
  void erase(std::uint64_t key, const T& object) {
    if (slots_.empty()) return;
    std::size_t hole = home(key);
    while (slots_[hole].object && slots_[hole].object != &object) hole = next(hole);
    if (!slots_[hole].object) return;
    --used_;
    // What lies behind moves up, so that no probe ends too early.
    for (std::size_t n = next(hole); slots_[n].object; n = next(n)) {
      const std::size_t wanted = home(slots_[n].key);
      if (((n - wanted) & mask()) < ((n - hole) & mask())) continue;
      slots_[hole] = slots_[n];
      hole = n;
    }
    slots_[hole] = {};
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    T* object = nullptr;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(std::uint64_t key) const { return mix(key) & mask(); }
  std::size_t next(std::size_t n) const { return (n + 1) & mask(); }
  void place(const Slot& slot) {
    std::size_t n = home(slot.key);
    while (slots_[n].object) n = next(n);
    slots_[n] = slot;
  }
  void grow() {
    std::vector<Slot> before(slots_.empty() ? 4 : slots_.size() * 2);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.object) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t used_ = 0;
};

}  // namespace masqsim::net
