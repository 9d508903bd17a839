// Where records go. Nodes say what happened; sinks decide what it looks like.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "masqsim/trace/record.hpp"

namespace masqsim::trace {

/// A set of record kinds, one bit each.
using Kinds = std::uint32_t;
constexpr Kinds only(Kind k) { return Kinds{1} << static_cast<unsigned>(k); }
inline constexpr Kinds all_kinds = ~Kinds{0};

class Sink {
 public:
  virtual ~Sink() = default;
  /// `header` is there until `end`; who tells of the run later keeps a copy.
  virtual void begin(const Header& header) { (void)header; }
  virtual void record(const Record& record) = 0;
  virtual void end(Time at) { (void)at; }
  /// Instead of `end`: the run was broken off at `at`, and `why` is a sentence without its full stop. By default told
  /// as an end.
  virtual void broken_off(Time at, std::string_view why) {
    (void)why;
    end(at);
  }
  /// Bytes of what it wrote or keeps of the records so far, so that a run can be bounded.
  virtual std::uint64_t size() const { return 0; }
  /// True for a sink that prints decision steps: gateways then say them with each drop.
  virtual bool wants_steps() const { return false; }
  /// True for a sink that shows the table while it changes: gateways then say with each translation the row of its
  /// flow. The text trace and the fingerprint are the same with and without.
  virtual bool wants_rows() const { return false; }
  /// The kinds it has a use for; others may reach it, too. Asked when it is added, and again after `begin`.
  virtual Kinds kinds() const { return all_kinds; }
};

/// Hands each record to every sink, in the order they were added. A record whose kind no sink wants costs the branch on
/// `on(kind)` at its maker.
class Trace {
 public:
  void add(Sink& sink) {
    sinks_.push_back(&sink);
    kinds_ |= sink.kinds();
  }
  /// No record reaches `sink` any more.
  void remove(const Sink& sink) {
    std::erase(sinks_, &sink);
    kinds_ = 0;
    for (const Sink* other : sinks_) kinds_ |= other->kinds();
  }
  bool on() const { return kinds_ != 0; }
  bool on(Kind k) const { return (kinds_ & only(k)) != 0; }
  bool wants_steps() const {
    return std::any_of(sinks_.begin(), sinks_.end(), [](const Sink* sink) { return sink->wants_steps(); });
  }
  bool wants_rows() const {
    return std::any_of(sinks_.begin(), sinks_.end(), [](const Sink* sink) { return sink->wants_rows(); });
  }
  void begin(const Header& header) {
    kinds_ = 0;
    for (Sink* sink : sinks_) {
      sink->begin(header);
      kinds_ |= sink->kinds();
    }
  }
  void emit(const Record& record) {
    for (Sink* sink : sinks_) sink->record(record);
  }
  void end(Time at) {
    for (Sink* sink : sinks_) sink->end(at);
  }
  void broken_off(Time at, std::string_view why) {
    for (Sink* sink : sinks_) sink->broken_off(at, why);
  }
  /// Of all sinks together.
  std::uint64_t size() const {
    std::uint64_t sum = 0;
    for (const Sink* sink : sinks_) sum += sink->size();
    return sum;
  }

 private:
  std::vector<Sink*> sinks_;
  Kinds kinds_ = 0;  // what any sink wants
};

}  // namespace masqsim::trace
