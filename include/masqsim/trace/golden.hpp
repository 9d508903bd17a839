// Golden traces: what runs did when somebody last looked, one file a run, for later runs to be held against.
#pragma once

#include <string>
#include <string_view>

namespace masqsim::trace {

class Goldens {
 public:
  /// `folder` need not be there yet.
  explicit Goldens(std::string folder) : folder_(std::move(folder)) {}

  /// How a trace compares with the golden one of its name.
  enum class State { equal, missing, differs, unreadable };
  struct Comparison {
    State state{};
    std::string instead;  ///< what differs, flow by flow, or why the golden trace cannot be read; empty for `equal`
  };

  /// `trace` is the run's text trace (text.hpp), `fingerprint` its fingerprint. A trace above 1 MiB is kept as the
  /// latter.
  Comparison compare(const std::string& name, const std::string& trace, std::string_view fingerprint) const;

  /// Writes what `compare` then finds equal. Makes the folder. Throws MachineError, also where a golden trace that is
  /// no regular file stands in the way.
  void keep(const std::string& name, const std::string& trace, std::string_view fingerprint) const;

  /// "FOLDER/NAME.trace".
  std::string path(const std::string& name) const { return folder_ + '/' + name + ".trace"; }

 private:
  std::string folder_;
};

}  // namespace masqsim::trace
