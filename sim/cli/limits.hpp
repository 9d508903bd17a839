// What the verbs that run scenarios share: limits, and how a run that was broken off is told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "masqsim/scenario/run.hpp"

namespace masqsim::cli {

struct LimitArguments {
  std::vector<std::string> limits;  ///< "hosts=3M,memory=16GB"
  bool strict = false;              ///< for files of strangers

  void add_to(CLI::App& verb);
  /// " --limits hosts=3M --strict-limits": the options that were given, as a shell reads them again.
  std::string repeated() const;
  /// The limits as they were given; begins the wall time where one is limited. Throws UsageError.
  scenario::Limits begin() const;
  /// Options of a run within them that signals may end. Throws UsageError.
  scenario::RunOptions options() const;
};

/// Throws UsageError where the scenario asks for more than the limits allow.
void tell_if_too_large(const std::string& file, const scenario::Scenario& scenario, const scenario::Limits& limits);

/// The run's exit code: `good_or_bad` where it ran to its end, else that of what broke it off. `told` says that the
/// user has read of it already; else standard error says it.
int ended(const scenario::Finished& finished, int good_or_bad, bool told = false);

}  // namespace masqsim::cli
