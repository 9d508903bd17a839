// Which of some words a mistyped one was meant to be.
#pragma once

#include <string_view>
#include <vector>

namespace masqsim {

/// The one of `candidates` (the first 1000) that `text` is most likely a slip of; empty if none is near or `text` is
/// longer than 64 bytes.
std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace masqsim
