// The verdicts of runs for machines: JSON, JUnit XML, TAP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/scenario/notes.hpp"
#include "masqsim/scenario/run.hpp"
#include "paint.hpp"

namespace masqsim::viz {

enum class Format : std::uint8_t { text, json, junit, tap };
std::optional<Format> format_of(std::string_view word);

/// One thing that was held against a run.
struct Check {
  std::string name;  ///< "flow public: refused at gw (no-mapping)"
  bool met = false;
  std::string instead;  ///< what came instead; empty where met
};

/// One run of a scenario with all that was held against it.
struct Suite {
  std::string name;  ///< "inbound-fails@forwarded"
  std::string file;
  std::vector<Check> checks;
  Time end;
  std::uint64_t packets = 0;

  bool good() const;
};

/// Expectations, then lab answers.
Suite suite_of(const scenario::Finished& finished, std::string file);

/// A line a run, each failed check under it, and a last line that counts.
std::string text(const std::vector<Suite>& suites, const Paint& paint);

/// JUnit's XML as CI systems read it: a suite a run, a case a check. Control characters become U+FFFD.
std::string junit(const std::vector<Suite>& suites);

/// TAP version 13, one numbering over all suites.
std::string tap(const std::vector<Suite>& suites);

/// {"suites":[{"name","file","good","checks":[{"name","met","instead"}]}], "good":true}
std::string json(const std::vector<Suite>& suites);

/// One run told whole: header, flows with result, place and reason, verdicts, and what is to be noted of the file.
std::string json(const scenario::Finished& finished, std::string_view file, std::string_view fingerprint,
                 const std::vector<scenario::Note>& notes = {});

}  // namespace masqsim::viz
