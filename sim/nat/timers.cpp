#include "timers.hpp"

#include <algorithm>
#include <bit>

namespace masqsim::nat {

namespace {

constexpr std::uint64_t up_to(unsigned digit) { return ~std::uint64_t{0} >> (63 - digit); }

}  // namespace

Timers::Timers(Pool<Flow>& flows) : flows_(flows) { heads_.fill(no_flow); }

// A time belongs to the level of the highest digit in which it differs from `last_`.
std::uint16_t Timers::slot_for(std::int64_t deadline) const {
  const std::int64_t at = std::max(deadline, last_);
  const auto differs = static_cast<std::uint64_t>(at ^ last_);
  const unsigned level = differs == 0 ? 0 : (static_cast<unsigned>(std::bit_width(differs)) - 1) / bits;
  const auto digit = static_cast<unsigned>(at >> (level * bits)) & 63u;
  return static_cast<std::uint16_t>(level * 64 + digit);
}

std::int64_t Timers::start_of(std::uint16_t slot) const {
  const unsigned level = slot / 64u;
  const std::int64_t digit = slot % 64u;
  const unsigned above = (level + 1) * bits;
  const std::int64_t prefix = above >= 63 ? 0 : last_ >> above << above;
  return prefix | digit << (level * bits);
}

void Timers::link(std::uint32_t index, std::uint16_t slot) {
  Flow& flow = flows_[index];
  const std::uint32_t next = heads_[slot];
  flow.timer_slot = slot;
  flow.timer_next = next;
  flow.timer_previous = no_flow;
  if (next != no_flow) flows_[next].timer_previous = index;
  heads_[slot] = index;
  occupied_[slot / 64u] |= std::uint64_t{1} << slot % 64u;
}

void Timers::add(std::uint32_t index) {
  const std::uint16_t slot = slot_for(flows_[index].deadline);
  link(index, slot);
  soonest_ = std::min(soonest_, start_of(slot));
}

void Timers::remove(std::uint32_t index) {
  Flow& flow = flows_[index];
  if (flow.timer_previous != no_flow) {
    flows_[flow.timer_previous].timer_next = flow.timer_next;
  } else {
    heads_[flow.timer_slot] = flow.timer_next;
    if (flow.timer_next == no_flow) occupied_[flow.timer_slot / 64u] &= ~(std::uint64_t{1} << flow.timer_slot % 64u);
  }
  if (flow.timer_next != no_flow) flows_[flow.timer_next].timer_previous = flow.timer_previous;
}

void Timers::move(std::uint32_t index) {
  remove(index);
  add(index);
}

void Timers::collect(std::uint16_t slot, std::vector<std::uint32_t>& out) {
  for (std::uint32_t index = heads_[slot]; index != no_flow; index = flows_[index].timer_next) out.push_back(index);
  heads_[slot] = no_flow;
  occupied_[slot / 64u] &= ~(std::uint64_t{1} << slot % 64u);
}

void Timers::take_due(Time now, std::vector<std::uint32_t>& out) {
  if (!due(now)) return;
  const auto differs = static_cast<std::uint64_t>(now.ns ^ last_);
  const unsigned top = differs == 0 ? 0 : (static_cast<unsigned>(std::bit_width(differs)) - 1) / bits;
  const auto digit = static_cast<unsigned>(now.ns >> (top * bits)) & 63u;
  for (unsigned level = 0; level <= top; ++level) {
    const std::uint64_t passed = level < top ? ~std::uint64_t{0} : up_to(digit);
    for (std::uint64_t left = occupied_[level] & passed; left != 0; left &= left - 1) {
      collect(static_cast<std::uint16_t>(level * 64 + static_cast<unsigned>(std::countr_zero(left))), out);
    }
  }
  last_ = now.ns;
  const auto alive = std::partition(out.begin(), out.end(), [&](std::uint32_t f) { return flows_[f].deadline <= now.ns; });
  for (auto it = alive; it != out.end(); ++it) link(*it, slot_for(flows_[*it].deadline));
  out.erase(alive, out.end());
  std::sort(out.begin(), out.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Flow& x = flows_[a];
    const Flow& y = flows_[b];
    return x.deadline != y.deadline ? x.deadline < y.deadline : x.number < y.number;
  });
  soonest_ = earliest_start();
}

std::int64_t Timers::earliest_start() const {
  for (unsigned level = 0; level < levels; ++level) {
    if (occupied_[level] == 0) continue;
    return start_of(static_cast<std::uint16_t>(level * 64 + static_cast<unsigned>(std::countr_zero(occupied_[level]))));
  }
  return INT64_MAX;
}

Time Timers::next() const {
  constexpr int few = 64;
  std::int64_t best = INT64_MAX;
  int looked_at = 0;
  for (unsigned level = 0; level < levels; ++level) {
    for (std::uint64_t left = occupied_[level]; left != 0; left &= left - 1) {
      const auto slot = static_cast<std::uint16_t>(level * 64 + static_cast<unsigned>(std::countr_zero(left)));
      if (start_of(slot) >= best) return {best};
      for (std::uint32_t index = heads_[slot]; index != no_flow; index = flows_[index].timer_next) {
        if (++looked_at > few) return {std::min(best, start_of(slot))};
        best = std::min(best, flows_[index].deadline);
      }
    }
  }
  return {best};
}

}  // namespace masqsim::nat
