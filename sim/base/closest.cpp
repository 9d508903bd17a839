#include "masqsim/base/closest.hpp"

#include <algorithm>
#include <cstddef>

namespace masqsim {

namespace {

/// Insertions, deletions, replacements and swaps of neighbours from `a` to `b` (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

std::string_view closest(std::string_view text, const std::vector<std::string_view>& candidates) {
  if (text.size() > 64) return {};
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, text.size() / 3) + 1;
  const std::size_t looked_at = std::min<std::size_t>(candidates.size(), 1000);
  for (std::size_t n = 0; n < looked_at; ++n) {
    const std::string_view candidate = candidates[n];
    const std::size_t apart =
        candidate.size() > text.size() ? candidate.size() - text.size() : text.size() - candidate.size();
    if (apart >= least) continue;
    const std::size_t d = distance(text, candidate);
    if (d < least && d < candidate.size()) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace masqsim
