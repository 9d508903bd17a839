// SHA-256 (FIPS 180-4), for what only has to be recognised: the page's template, and the answer of a question.
#pragma once

#include <string>
#include <string_view>

namespace masqsim::page {

/// 64 hex digits.
std::string sha256(std::string_view bytes);

}  // namespace masqsim::page
