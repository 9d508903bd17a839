// The verdicts of runs, and how machines read them: JSON, JUnit XML, TAP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/notes.hpp"
#include "masqsim/scenario/run.hpp"

namespace masqsim::scenario {

enum class Format : std::uint8_t { text, json, junit, tap };
std::optional<Format> format_of(std::string_view word);

/// One thing that was held against a run.
struct Check {
  std::string name;  ///< "flow public: refused at gw (no-mapping)"
  bool met = false;
  std::string instead;  ///< what came instead, in one line or several; empty where met

  /// The lines of `instead`, valid while it is.
  std::vector<std::string_view> lines() const;
};

/// One run of a scenario with all that was held against it.
struct Suite {
  std::string name;  ///< "inbound-fails@forwarded"
  std::string file;
  std::vector<Check> checks;
  Time end;
  std::uint64_t packets = 0;
  std::string skipped{};  ///< why nothing was run; empty: it was

  /// No check failed; also of a run that was skipped.
  bool good() const;
  std::size_t failed() const;
};

/// "inbound-fails@forwarded".
std::string suite_name(std::string_view scenario, std::string_view variant);

/// That the run came to its end, where it did not; then expectations, then lab answers.
Suite suite_of(const Finished& finished, std::string file);

/// The suite of a run that was not made: no check, and why.
Suite skipped_suite(const Scenario& scenario, std::string file, std::string why);

/// JUnit's XML as CI systems read it: a suite a run, a case a check; of a run that was skipped one case that says so.
/// What is unprintable becomes \xNN.
std::string junit(const std::vector<Suite>& suites);

/// TAP version 13, one numbering over all suites; a run that was skipped is one test with the directive SKIP.
std::string tap(const std::vector<Suite>& suites);

/// {"suites":[{"name","file","good","skipped","checks":[{"name","met","instead"}]}], "good":true}; `skipped` says why,
/// and is there only where nothing was run.
std::string json(const std::vector<Suite>& suites);

/// One run told whole: header, flows with result, place and reason, verdicts, what is to be noted of the file,
/// and `broken_off` where it was.
std::string json(const Finished& finished, std::string_view file, std::string_view fingerprint,
                 const std::vector<Note>& notes = {});

}  // namespace masqsim::scenario
