#include "masqsim/trace/record.hpp"

#include <array>

namespace masqsim::trace {

std::string_view word(Kind k) {
  static constexpr std::array<std::string_view, 10> words{"send",  "receive", "translate", "deliver", "drop",
                                                          "event", "result",  "change",    "table",   "action"};
  return words[static_cast<std::size_t>(k)];
}

}  // namespace masqsim::trace
