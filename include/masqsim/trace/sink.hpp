// Where records go. Nodes say what happened; sinks decide what it looks like.
#pragma once

#include <vector>

#include "masqsim/trace/record.hpp"

namespace masqsim::trace {

class Sink {
 public:
  virtual ~Sink() = default;
  /// `header` is there until `end`; who tells of the run later keeps a copy.
  virtual void begin(const Header& header) { (void)header; }
  virtual void record(const Record& record) = 0;
  virtual void end(Time at) { (void)at; }
  /// True for a sink that prints decision steps: gateways then say them with each drop.
  virtual bool wants_steps() const { return false; }
};

/// Hands each record to every sink, in the order they were added. With no sink the cost of a record is the branch on
/// `on()` at its maker.
class Trace {
 public:
  void add(Sink& sink) { sinks_.push_back(&sink); }
  bool on() const { return !sinks_.empty(); }
  bool wants_steps() const {
    for (const Sink* sink : sinks_) {
      if (sink->wants_steps()) return true;
    }
    return false;
  }
  void begin(const Header& header) {
    for (Sink* sink : sinks_) sink->begin(header);
  }
  void emit(const Record& record) {
    for (Sink* sink : sinks_) sink->record(record);
  }
  void end(Time at) {
    for (Sink* sink : sinks_) sink->end(at);
  }

 private:
  std::vector<Sink*> sinks_;
};

}  // namespace masqsim::trace
