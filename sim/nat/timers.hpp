// When each flow expires. An alarm names a flow and does not touch it before it fires. A flow that lives longer than
// its alarm was set for gets another alarm then (lazy refresh), so a packet of an established flow writes its deadline
// and nothing else. Time-outs are few, so most alarms come in order: they queue in lanes, and the rest wait in a heap.
// Times are exact.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "flow.hpp"
#include "pool.hpp"

namespace masqsim::nat {

class Timers {
 public:
  explicit Timers(Pool<Flow>& flows) : flows_(flows) {}

  /// Sets the alarm of a flow for its deadline.
  void add(std::uint32_t index, std::int64_t now);
  /// Cancels the flow's timer; a queued alarm is ignored when it fires.
  void remove(std::uint32_t index) { flows_[index].alarm = no_alarm; }
  /// The flow's deadline becomes `deadline`.
  void refresh(std::uint32_t index, Flow& flow, std::int64_t deadline, std::int64_t now) {
    flow.deadline = deadline;
    if (deadline < flow.alarm) add(index, now);
  }

  /// False if nothing is due.
  bool due(Time now) const { return now.ns >= soonest_; }
  /// Takes out all flows whose deadline is `now` or earlier, in order of deadline, then number.
  void take_due(Time now, std::vector<std::uint32_t>& out);

  /// No flow expires before this; exact unless very many live on beyond their alarms.
  Time next() const;
  /// The flow that will probably expire next, or no_flow.
  std::uint32_t likely_next() const { return likely_next_; }

 private:
  /// It holds while the flow has this number and this alarm.
  struct Alarm {
    std::int64_t at;
    std::uint32_t flow;
    std::uint32_t number;
  };
  static bool later(const Alarm& a, const Alarm& b) { return a.at != b.at ? a.at > b.at : a.number > b.number; }
  bool holds(const Alarm& alarm) const {
    const Flow& flow = flows_[alarm.flow];
    return flow.number == alarm.number && flow.alarm == alarm.at;
  }
  void set(const Alarm& alarm);
  Alarm take_soonest();
  void find_soonest();

  static constexpr std::size_t lanes = 8;
  static constexpr std::size_t heap = lanes;  // as a source

  Pool<Flow>& flows_;
  std::array<std::deque<Alarm>, lanes> lanes_;  // each in order
  std::vector<Alarm> heap_;                     // the soonest first
  std::size_t source_ = heap;                   // whose first is the soonest of all
  std::int64_t soonest_ = INT64_MAX;
  std::uint32_t likely_next_ = no_flow;
};

}  // namespace masqsim::nat
