// Delta debugging: the shortest part of a sequence that still fails.
#pragma once

#include <algorithm>
#include <functional>
#include <vector>

namespace masqsim::lockstep {

/// Leaves out ever smaller stretches of `items` while `fails` stays true of the rest. `fails(items)` is true.
template <typename T>
std::vector<T> shorten(std::vector<T> items, const std::function<bool(const std::vector<T>&)>& fails) {
  for (std::size_t stretch = std::max<std::size_t>(items.size() / 2, 1); stretch > 0; stretch /= 2) {
    for (bool shorter = true; shorter;) {
      shorter = false;
      // From the end: what came late is seldom needed for what comes last, and nothing depends on it.
      for (std::size_t end = items.size(); end > 0; end = end > stretch ? end - stretch : 0) {
        end = std::min(end, items.size());
        const std::size_t begin = end > stretch ? end - stretch : 0;
        std::vector<T> rest(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(begin));
        rest.insert(rest.end(), items.begin() + static_cast<std::ptrdiff_t>(end), items.end());
        if (rest.empty() || !fails(rest)) continue;
        items = std::move(rest);
        shorter = true;
      }
    }
  }
  return items;
}

}  // namespace masqsim::lockstep
