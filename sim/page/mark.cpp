#include "mark.hpp"

#include <algorithm>

namespace masqsim::page {

std::string folded(std::string_view answer) {
  std::string out;
  for (const char c : answer) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Mark mark(const scenario::Question& question, const scenario::Verdict& verdict, std::string_view answer) {
  const std::string truth = folded(verdict.met ? question.answer : verdict.instead);
  const auto is_right = [&](std::string_view text) { return folded(text) == truth; };
  const bool one_can_be = question.choices.empty() || std::ranges::any_of(question.choices, is_right);
  return {is_right(answer), !one_can_be};
}

}  // namespace masqsim::page
