// Whether an answer to a question of a lab is right in a run. The page, the quiz in the terminal and the grader ask
// here.
#pragma once

#include <string>
#include <string_view>

#include "masqsim/scenario/run.hpp"

namespace masqsim::page {

/// How an answer is compared: lower case, white space folded to single blanks and none at the ends.
std::string folded(std::string_view answer);

struct Mark {
  bool right = false;
  bool none = false;  ///< none of the question's choices is right in this run
};

/// `verdict` is what the run says to `question`.
Mark mark(const scenario::Question& question, const scenario::Verdict& verdict, std::string_view answer);

}  // namespace masqsim::page
