// What is wrong with a text that yaml-cpp cannot read, in words that help: yaml-cpp names the place where it gave up.
#pragma once

#include <string_view>

#include "tree.hpp"

namespace YAML {
class Exception;
}

namespace masqsim::scenario {

/// Reports `fault`. `bracket`: the innermost list or map in brackets that was open; nullptr: none.
void report_fault(const YAML::Exception& fault, std::string_view text, const Value* bracket, Report& report);

/// Reports the first line up to that of `at` whose indentation fits nothing above it; false where there is none.
bool report_indentation(std::string_view text, std::size_t at, Report& report);

}  // namespace masqsim::scenario
