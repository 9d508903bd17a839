// When each flow expires: a hierarchical timing wheel, 64 slots a level, one nanosecond the finest, linked through the
// flows themselves. A flow that lives longer than it was filed for stays where it is until its old time comes (lazy
// refresh), so a packet of an established flow writes its deadline and nothing else. Times are exact.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "flow.hpp"
#include "pool.hpp"

namespace masqsim::nat {

class Timers {
 public:
  explicit Timers(Pool<Flow>& flows);

  /// Files a flow under its deadline.
  void add(std::uint32_t flow);
  void remove(std::uint32_t flow);
  /// The flow's deadline becomes `deadline`.
  void refresh(std::uint32_t index, Flow& flow, std::int64_t deadline) {
    const std::int64_t before = flow.deadline;
    flow.deadline = deadline;
    if (deadline < before && deadline < start_of(flow.timer_slot)) move(index);
  }

  bool due(Time now) const { return now.ns >= soonest_; }
  /// Takes out all flows whose deadline is `now` or earlier, in order of deadline, then number.
  void take_due(Time now, std::vector<std::uint32_t>& out);

  /// No flow expires before this; exact unless very many flows wait for about the same time.
  Time next() const;

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned levels = 11;

  std::uint16_t slot_for(std::int64_t deadline) const;
  std::int64_t start_of(std::uint16_t slot) const;
  void link(std::uint32_t flow, std::uint16_t slot);
  void move(std::uint32_t flow);
  void collect(std::uint16_t slot, std::vector<std::uint32_t>& out);
  std::int64_t earliest_start() const;

  Pool<Flow>& flows_;
  std::int64_t last_ = 0;  // everything up to here has been taken out
  std::int64_t soonest_ = INT64_MAX;
  std::array<std::uint64_t, levels> occupied_{};
  std::array<std::uint32_t, levels * 64> heads_;
};

}  // namespace masqsim::nat
