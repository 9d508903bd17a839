#include <algorithm>
#include <array>

#include "tree.hpp"

namespace masqsim::scenario {

namespace {

bool all_in(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

/// 22:22 and 1:30:00.5 are numbers of base 60 to YAML 1.1.
bool is_base_60(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !all_in(text.substr(0, colon), "0123456789_")) return false;
  return all_in(text.substr(colon + 1), "0123456789:._");
}

bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b")) {
    return all_in(text.substr(2), "0123456789abcdefABCDEF_");
  }
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN") {
    return true;
  }
  const std::size_t power = text.find_first_of("eE");
  std::string_view head = text.substr(0, power);
  if (power != std::string_view::npos) {
    std::string_view tail = text.substr(power + 1);
    if (tail.starts_with('-') || tail.starts_with('+')) tail.remove_prefix(1);
    if (!all_in(tail, "0123456789")) return false;
  }
  if (std::count(head.begin(), head.end(), '.') > 1) return false;
  return all_in(head, "0123456789_.") && head.find_first_of("0123456789") != std::string_view::npos;
}

bool is_date(std::string_view text) {
  return text.size() >= 8 && all_in(text.substr(0, 4), "0123456789") && text[4] == '-' &&
         all_in(text.substr(5), "0123456789-:. TtZz+");
}

constexpr std::array<std::string_view, 8> booleans{"y", "n", "yes", "no", "on", "off", "true", "false"};

}  // namespace

std::string_view read_as(std::string_view plain) {
  std::string lower(plain.substr(0, 8));
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (plain.size() < 8 && std::find(booleans.begin(), booleans.end(), lower) != booleans.end()) return "a boolean";
  if (plain == "=") return "a default";
  if (is_base_60(plain) || is_number(plain)) return "a number";
  if (is_date(plain)) return "a date";
  return {};
}

}  // namespace masqsim::scenario
