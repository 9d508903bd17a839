// Two runs of one scenario, through this project's gateway and the kernel, made comparable: what a gateway decided,
// without what only one of them can tell and without what either chose by chance.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common_terms.hpp"
#include "masqsim/trace/lines.hpp"

namespace masqsim::standin {

/// The text trace of a run in common terms.
class DecisionsSink final : public trace::Sink {
 public:
  void begin(const trace::Header& header) override;
  void record(const trace::Record& record) override;
  void end(Time at) override { lines_.end(at); }

  trace::Lines take() { return lines_.take(); }

 private:
  CommonTerms terms_;
  trace::LinesSink lines_;
};

/// An outside port (or echo id) that a gateway chose because the flow could not keep its own. `first` and `second` are
/// what the two runs have: "203.0.113.5:54476", or "id 53452".
struct Choice {
  std::string first;
  std::string second;
};

/// Gives every chosen port the same name in both, by the order in which they appear, where the two are of one class (to
/// 511, to 1023, above: Linux keeps to the class of the inside port); checksums over them are left out. Returns those
/// that differ. A port that one run keeps and the other does not stays a difference.
std::vector<Choice> unify_choices(trace::Lines& first, trace::Lines& second);

}  // namespace masqsim::standin
