// One question that was asked about a packet, and its answer: what `explain` prints. In base for the same reason as
// the list of reasons: the NAT core says it, the trace carries it, and neither knows the other.
#pragma once

#include <string>

namespace masqsim {

struct Step {
  std::string question;  ///< "existing mapping?"
  bool yes = false;
  std::string detail;  ///< "one entry, outside port 40000"; may be empty
  std::string key;     ///< the configuration key that decides it, such as "nat.forward"; may be empty
};

}  // namespace masqsim
