// Which port of a shared segment answers for an address: a flat table of eight bytes a neighbour, one probe a packet.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/address.hpp"

namespace masqsim::net {

/// An address that several ports have is answered for by the one that announced it last (as with gratuitous ARP); when
/// that one gives it up, by the one before. Never walked, so its order decides nothing.
class AddressIndex {
 public:
  std::optional<std::uint32_t> find(wire::Address a) const {
    if (slots_.empty()) return std::nullopt;
    const Slot& slot = slots_[place_of(a)];
    if (slot.port == nobody) return std::nullopt;
    return slot.port;
  }

  /// `port` (below 2^32 - 1) announces `a`.
  void add(wire::Address a, std::uint32_t port) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[place_of(a)];
    if (slot.port == port) return;
    if (slot.port == nobody) {
      ++used_;
    } else {
      std::vector<std::uint32_t>& earlier = earlier_[a.value];
      std::erase(earlier, port);
      earlier.push_back(slot.port);
    }
    slot = {a.value, port};
  }

  /// `port` gives `a` up; nothing happens where it does not have it.
  void remove(wire::Address a, std::uint32_t port) {
    const std::optional<std::uint32_t> answering = find(a);
    if (!answering) return;
    const auto others = earlier_.find(a.value);
    if (*answering != port) {
      if (others != earlier_.end()) std::erase(others->second, port);
      return;
    }
    if (others == earlier_.end() || others->second.empty()) return erase(a);
    slots_[place_of(a)].port = others->second.back();
    others->second.pop_back();
  }

 private:
  static constexpr std::uint32_t nobody = 0xffffffff;
  struct Slot {
    std::uint32_t address = 0;
    std::uint32_t port = nobody;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(std::uint32_t address) const { return mix(address) & mask(); }
  std::size_t next(std::size_t n) const { return (n + 1) & mask(); }
  /// Where `a` is, or the free place where it would be put.
  std::size_t place_of(wire::Address a) const {
    std::size_t n = home(a.value);
    while (slots_[n].port != nobody && slots_[n].address != a.value) n = next(n);
    return n;
  }
  void erase(wire::Address a) {
    std::size_t hole = place_of(a);
    --used_;
    // What lies behind moves up, so that no probe ends too early.
    for (std::size_t n = next(hole); slots_[n].port != nobody; n = next(n)) {
      const std::size_t wanted = home(slots_[n].address);
      if (((n - wanted) & mask()) < ((n - hole) & mask())) continue;
      slots_[hole] = slots_[n];
      hole = n;
    }
    slots_[hole] = {};
  }
  void grow() {
    std::vector<Slot> before(slots_.empty() ? 8 : slots_.size() * 2);
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.port != nobody) slots_[place_of({slot.address})] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t used_ = 0;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> earlier_;  // the other ports that have an address
};

}  // namespace masqsim::net
