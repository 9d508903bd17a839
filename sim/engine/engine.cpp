#include "engine.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <vector>

namespace masqsim::engine {

namespace {

struct Event {
  std::int64_t at;
  Handler* handler;
  std::uint64_t argument;
  bool alive;
};
static_assert(sizeof(Event) <= Engine::event_bytes);

}  // namespace

// A radix heap: bucket b holds the events whose time differs from the last one taken in bit b-1 and no higher; bucket
// 0 those of exactly that time. Time never goes back, so an event moves down at most 63 times and is compared never.
//
// Order among equals: all events of one time lie in one bucket, in the order in which they came (a bucket is emptied
// front to back, and what comes later is put behind). So bucket 0 is a queue in order of scheduling, and no sequence
// number needs to be stored.
class Engine::Queue {
 public:
  void push(const Event& event) {
    buckets_[bucket_of(event.at)].push_back(event);
    ++size_;
  }

  std::size_t size() const { return size_; }

  /// The time of the next event; the queue is not empty. Does not settle: events may still come that are earlier.
  std::int64_t next_time() const {
    if (!buckets_[0].empty()) return last_;
    std::size_t lowest = 1;
    while (buckets_[lowest].empty()) ++lowest;
    return std::min_element(buckets_[lowest].begin(), buckets_[lowest].end(), earlier)->at;
  }

  Event pop() {
    settle();
    const Event event = buckets_[0][taken_++];
    if (taken_ == buckets_[0].size()) {
      buckets_[0].clear();
      taken_ = 0;
    }
    --size_;
    return event;
  }

 private:
  static bool earlier(const Event& a, const Event& b) { return a.at < b.at; }

  std::size_t bucket_of(std::int64_t at) const {
    return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(at ^ last_)));
  }

  /// Makes bucket 0 hold the earliest events.
  void settle() {
    if (!buckets_[0].empty()) return;
    std::size_t lowest = 1;
    while (buckets_[lowest].empty()) ++lowest;
    std::vector<Event>& from = buckets_[lowest];
    last_ = std::min_element(from.begin(), from.end(), earlier)->at;
    for (const Event& event : from) buckets_[bucket_of(event.at)].push_back(event);
    from.clear();
  }

  std::array<std::vector<Event>, 65> buckets_;
  std::size_t taken_ = 0;  // of bucket 0
  std::size_t size_ = 0;
  std::int64_t last_ = 0;
};

Engine::Engine() : queue_(std::make_unique<Queue>()) {}
Engine::~Engine() = default;

void Engine::schedule(Time at, Handler& handler, std::uint64_t argument, Keep keep) {
  assert(at >= now_);
  const bool alive = keep == Keep::alive;
  foreground_ += alive ? 1 : 0;
  queue_->push({at.ns, &handler, argument, alive});
}

std::uint64_t Engine::run(Time until) {
  static const std::atomic<int> never{0};
  return run(until, UINT64_MAX, never).events;
}

Engine::Stretch Engine::run(Time until, std::uint64_t most, const std::atomic<int>& stop) {
  std::uint64_t happened = 0;
  const bool bounded = until != Time::never();
  while (queue_->size() > 0 && (bounded || foreground_ > 0)) {
    if (bounded && queue_->next_time() > until.ns) break;
    if (happened == most) return {happened, Pause::counted};
    if (stop.load(std::memory_order_relaxed) != 0) return {happened, Pause::asked};
    const Event event = queue_->pop();
    now_ = {event.at};
    foreground_ -= event.alive ? 1 : 0;
    ++happened;
    event.handler->on_event(event.argument);
  }
  if (bounded && now_ < until) now_ = until;
  return {happened, Pause::finished};
}

std::size_t Engine::pending() const { return queue_->size(); }

}  // namespace masqsim::engine
