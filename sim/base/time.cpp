#include "masqsim/base/time.hpp"

#include <array>
#include <cassert>

namespace masqsim {

std::string seconds(Time t, int digits) {
  assert(digits >= 0 && digits <= 9);
  const bool negative = t.ns < 0;
  const std::uint64_t ns = negative ? 0 - static_cast<std::uint64_t>(t.ns) : static_cast<std::uint64_t>(t.ns);
  std::string fraction = std::to_string(ns % 1'000'000'000);
  fraction.insert(0, 9 - fraction.size(), '0');
  std::string text = (negative ? "-" : "") + std::to_string(ns / 1'000'000'000);
  return digits == 0 ? text : text + '.' + fraction.substr(0, static_cast<std::size_t>(digits));
}

std::string to_string(Duration d) {
  if (d.ns == 0) return "0s";
  struct Unit {
    std::uint64_t ns;
    const char* name;
  };
  static constexpr std::array<Unit, 6> units{{{3'600'000'000'000, "h"},
                                              {60'000'000'000, "m"},
                                              {1'000'000'000, "s"},
                                              {1'000'000, "ms"},
                                              {1'000, "us"},
                                              {1, "ns"}}};
  std::string text = d.ns < 0 ? "-" : "";
  std::uint64_t left = d.ns < 0 ? 0 - static_cast<std::uint64_t>(d.ns) : static_cast<std::uint64_t>(d.ns);
  for (const Unit& unit : units) {
    if (left < unit.ns) continue;
    text += std::to_string(left / unit.ns) + unit.name;
    left %= unit.ns;
  }
  return text;
}

}  // namespace masqsim
