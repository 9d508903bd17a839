// Simulated time: integer nanoseconds, so that no decision ever depends on rounding.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace masqsim {

/// A span of simulated time in nanoseconds; may be negative. Range about +-292 years.
struct Duration {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator-() const { return {-ns}; }
  constexpr Duration& operator+=(Duration d) { return ns += d.ns, *this; }
  constexpr Duration& operator-=(Duration d) { return ns -= d.ns, *this; }
};

/// A moment: nanoseconds since the simulation began.
struct Time {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const Time&) const = default;
  constexpr Time& operator+=(Duration d) { return ns += d.ns, *this; }

  /// Later than anything that is ever scheduled.
  static constexpr Time never() { return {INT64_MAX}; }
};

constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
constexpr Duration operator*(Duration d, std::int64_t k) { return {d.ns * k}; }
constexpr Duration operator*(std::int64_t k, Duration d) { return {d.ns * k}; }
constexpr Duration operator/(Duration d, std::int64_t k) { return {d.ns / k}; }
constexpr Time operator+(Time t, Duration d) { return {t.ns + d.ns}; }
constexpr Time operator-(Time t, Duration d) { return {t.ns - d.ns}; }
constexpr Duration operator-(Time a, Time b) { return {a.ns - b.ns}; }

inline namespace literals {
constexpr Duration operator""_ns(unsigned long long n) { return {static_cast<std::int64_t>(n)}; }
constexpr Duration operator""_us(unsigned long long n) { return {static_cast<std::int64_t>(n) * 1'000}; }
constexpr Duration operator""_ms(unsigned long long n) { return {static_cast<std::int64_t>(n) * 1'000'000}; }
constexpr Duration operator""_s(unsigned long long n) { return {static_cast<std::int64_t>(n) * 1'000'000'000}; }
constexpr Duration operator""_min(unsigned long long n) { return {static_cast<std::int64_t>(n) * 60'000'000'000}; }
constexpr Duration operator""_h(unsigned long long n) { return {static_cast<std::int64_t>(n) * 3'600'000'000'000}; }
}  // namespace literals

/// Seconds with `digits` (0 to 9) decimals, the rest cut off, never rounded: {1'003'527} with 6 is "0.001003".
std::string seconds(Time t, int digits = 9);

/// As a person writes it, exact: "5ms", "2h4m", "1s500ms", "0s". The loader reads it back to the same value.
std::string to_string(Duration d);

}  // namespace masqsim
