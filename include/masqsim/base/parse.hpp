// Exact values from text: files and the command line read every number here, none passes through a float or a locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "masqsim/base/ratio.hpp"
#include "masqsim/base/time.hpp"

namespace masqsim::parse {

/// What was wrong, as the rest of a sentence whose subject the caller knows: "needs a unit (ns, us, ms, s, m, h), got
/// '5'".
struct Problem {
  std::string text;
  bool operator==(const Problem&) const = default;
};

template <typename T>
using Result = std::variant<T, Problem>;

/// Bits a second; > 0.
struct Rate {
  std::uint64_t bits_per_second = 0;  // 0: no limit (only as a default, never from text)
  bool operator==(const Rate&) const = default;
};

/// Decimal digits only, no sign, no leading zero, no separators; within [least, most].
Result<std::uint64_t> whole(std::string_view text, std::uint64_t least, std::uint64_t most);

/// "5ms", "2h4m", "1.5s": each part a unit of its own, largest first, not negative, exact to the nanosecond, at most 10
/// years. A bare "0" needs its unit, too.
Result<Duration> duration(std::string_view text);

/// "100Mbps", "1.5Gbps", "9600bps": decimal units bps, kbps, Mbps, Gbps; above zero, at most 1000 Gbps.
Result<Rate> rate(std::string_view text);

/// "200B", "64kB", "1MB", "64KiB", "1MiB": bytes; at most 1 GB.
Result<std::uint64_t> size(std::string_view text);

/// "1%", "0.05%", "100%": at most nine decimals, 0 to 100.
Result<Ratio> percent(std::string_view text);

/// The value written back in the largest unit that is exact.
std::string to_string(Rate r);
std::string size_text(std::uint64_t bytes);
std::string percent_text(Ratio r);

}  // namespace masqsim::parse
