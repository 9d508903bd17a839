// Golden traces: what runs did when somebody last looked, one file a run, for later runs to be held against.
#pragma once

#include <string>
#include <string_view>

namespace masqsim::trace {

/// What a run did, as it is kept.
struct GoldenRun {
  std::string trace;        ///< its text trace (text.hpp)
  std::string fingerprint;  ///< of all its records
  std::string story;        ///< what a person is told of it
};

class Goldens {
 public:
  /// `folder` need not be there yet.
  explicit Goldens(std::string folder) : folder_(std::move(folder)) {}

  /// How a run compares with the golden one of its name.
  enum class State { equal, missing, differs, unreadable };
  struct Comparison {
    State state{};
    std::string instead;  ///< what differs, flow by flow, or why the golden trace cannot be read; empty for `equal`
  };

  /// Of a trace above 100 kB the fingerprint, its first 80 lines and the first 120 of the story are kept: that any
  /// record differs is seen, and what is kept can be read. A whole trace that lies there is compared as a whole.
  Comparison compare(const std::string& name, const GoldenRun& run) const;

  /// Writes what `compare` then finds equal. Makes the folder. Throws MachineError, also where a golden trace that is
  /// no regular file stands in the way.
  void keep(const std::string& name, const GoldenRun& run) const;

  /// "FOLDER/NAME.trace".
  std::string path(const std::string& name) const { return folder_ + '/' + name + ".trace"; }

 private:
  std::string folder_;
};

}  // namespace masqsim::trace
