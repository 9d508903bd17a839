// A lab's file taken apart: what the student may read and change, and the questions, whose answers are not to be read.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/model.hpp"

namespace masqsim::page {

struct LabFile {
  std::string yaml;       ///< the file without its `lab:` sections; it runs as before
  std::string questions;  ///< JSON, see `take_apart`
};

/// Takes the questions out of a file that loads; throws std::invalid_argument where they cannot be. `questions` is, for
/// the base ("") and each variant that has its own,
///
///   {"": [{"ask","when","choices","hint","salt","hash"}], "forwarded": [...]}
///
/// where `hash` is SHA-256 of the salt and the folded answer: whoever reads the page's text learns no answer, and a
/// page without its engine can still check one.
LabFile take_apart(std::string_view text);

/// `loaded` with the questions that one variant of such JSON asks. A question about what the file no longer has (its
/// flow, its node) is left out; `kept` tells, for each, which of the scenario's questions it is, or -1.
scenario::Scenario with_questions(const scenario::Loaded& loaded, const nlohmann::ordered_json& questions,
                                  std::vector<int>& kept);

/// What a lab's file expects of `variant`, as YAML in one line; "[]" where it expects nothing.
std::string expectations_of(std::string_view text, const std::string& variant);

}  // namespace masqsim::page
