// A translation table in the words of the boxes that courses use.
#pragma once

#include <string>
#include <vector>

#include "masqsim/trace/record.hpp"

namespace masqsim::standin {

/// As `conntrack -L` prints it; mark and use are 0 and 1, because a scenario has neither.
std::string conntrack_text(const std::vector<trace::Row>& rows);

/// As `show ip nat translations` of Cisco IOS prints it. What is not translated is not in that table.
std::string ios_text(const std::vector<trace::Row>& rows);

}  // namespace masqsim::standin
