#include "timers.hpp"

#include <algorithm>

namespace masqsim::nat {

namespace {

/// However long a flow may live, its alarm looks so often whether it still does.
constexpr std::int64_t longest_wait = (600_s).ns;

}  // namespace

void Timers::add(std::uint32_t index, std::int64_t now) {
  Flow& flow = flows_[index];
  flow.alarm = std::min(flow.deadline, now + longest_wait);
  set({flow.alarm, index, flow.number});
}

void Timers::set(const Alarm& alarm) {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(),
                                 [&](const std::deque<Alarm>& l) { return l.empty() || later(alarm, l.back()); });
  if (lane != lanes_.end()) {
    lane->push_back(alarm);
  } else {
    heap_.push_back(alarm);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  if (alarm.at <= soonest_) find_soonest();
}

Timers::Alarm Timers::take_soonest() {
  if (source_ != heap) {
    const Alarm alarm = lanes_[source_].front();
    lanes_[source_].pop_front();
    return alarm;
  }
  const Alarm alarm = heap_.front();
  std::pop_heap(heap_.begin(), heap_.end(), later);
  heap_.pop_back();
  return alarm;
}

void Timers::find_soonest() {
  const Alarm* best = heap_.empty() ? nullptr : &heap_.front();
  source_ = heap;
  for (std::size_t n = 0; n < lanes; ++n) {
    if (lanes_[n].empty()) continue;
    const Alarm& first = lanes_[n].front();
    if (best != nullptr && later(first, *best)) continue;
    best = &first;
    source_ = n;
  }
  soonest_ = best == nullptr ? INT64_MAX : best->at;
  likely_next_ = best == nullptr ? no_flow : best->flow;
}

void Timers::take_due(Time now, std::vector<std::uint32_t>& out) {
  for (; due(now); find_soonest()) {
    const Alarm alarm = take_soonest();
    if (!holds(alarm)) continue;
    if (flows_[alarm.flow].deadline > alarm.at) {
      add(alarm.flow, now.ns);
      continue;
    }
    out.push_back(alarm.flow);
  }
}

Time Timers::next() const {
  constexpr int few = 64;
  std::int64_t best = INT64_MAX;
  int looked_at = 0;
  const auto look_at = [&](const Alarm& alarm) {  // false where what is later cannot count
    if (alarm.at >= best) return false;
    if (++looked_at > few) {
      best = alarm.at;
    } else if (holds(alarm)) {
      best = std::min(best, flows_[alarm.flow].deadline);
    }
    return true;
  };
  for (const std::deque<Alarm>& lane : lanes_) {
    for (const Alarm& alarm : lane) {
      if (!look_at(alarm)) break;
    }
  }
  const auto look_below = [&](const auto& again, std::size_t at) -> void {
    if (at >= heap_.size() || !look_at(heap_[at])) return;
    again(again, 2 * at + 1);
    again(again, 2 * at + 2);
  };
  look_below(look_below, 0);
  return {best};
}

}  // namespace masqsim::nat
