#include "masqsim/base/parse.hpp"

#include <array>
#include <optional>
#include <span>

namespace masqsim::parse {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> time_units{{{"h", 3'600'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"s", 1'000'000'000},
                                          {"ms", 1'000'000},
                                          {"us", 1'000},
                                          {"ns", 1}}};
constexpr std::array<Unit, 4> rate_units{{{"Gbps", 1'000'000'000}, {"Mbps", 1'000'000}, {"kbps", 1'000}, {"bps", 1}}};
constexpr std::array<Unit, 5> size_units{
    {{"MiB", 1'048'576}, {"MB", 1'000'000}, {"KiB", 1'024}, {"kB", 1'000}, {"B", 1}}};
constexpr std::uint64_t longest = 10ull * 366 * 24 * 3'600 * 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The text quoted, with unprintable bytes as \xNN, so that a message never carries a control character.
std::string quoted(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "'";
  for (const char c : text.substr(0, 64)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return out + (text.size() > 64 ? "...'" : "'");
}

/// Digits at the front of `text`, taken off it; nothing on overflow or where there are none.
std::optional<std::uint64_t> digits(std::string_view& text) {
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  std::uint64_t value = 0;
  while (!text.empty() && is_digit(text[0])) {
    const auto digit = static_cast<std::uint64_t>(text[0] - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
    text.remove_prefix(1);
  }
  return value;
}

const Unit* unit_at(std::string_view text, std::span<const Unit> units) {
  const std::string_view name = text.substr(0, [&] {
    std::size_t n = 0;
    while (n < text.size() && !is_digit(text[n])) ++n;
    return n;
  }());
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

/// number[.decimals]unit taken off the front of `text`, as a whole number of the smallest unit.
struct Quantity {
  std::uint64_t value;
  std::uint64_t factor;
};
enum class Fault { number, unit, precision, range };

std::variant<Quantity, Fault> quantity(std::string_view& text, std::span<const Unit> units) {
  if (text.size() > 1 && text[0] == '0' && is_digit(text[1])) return Fault::number;
  if (text.empty() || !is_digit(text[0])) return Fault::number;
  const std::optional<std::uint64_t> whole_part = digits(text);
  if (!whole_part) return Fault::range;
  std::uint64_t fraction = 0;
  std::uint64_t scale = 1;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text[0])) return Fault::number;
    const std::size_t before = text.size();
    const std::optional<std::uint64_t> decimals = digits(text);
    if (!decimals || before - text.size() > 15) return Fault::precision;
    for (std::size_t n = text.size(); n < before; ++n) scale *= 10;
    fraction = *decimals;
  }
  const Unit* unit = unit_at(text, units);
  if (!unit) return Fault::unit;
  text.remove_prefix(unit->name.size());
  if (*whole_part > UINT64_MAX / unit->factor) return Fault::range;
  __extension__ using Wide = unsigned __int128;
  const Wide part = Wide{fraction} * unit->factor;
  if (part % scale != 0) return Fault::precision;
  const std::uint64_t head = *whole_part * unit->factor;
  const auto tail = static_cast<std::uint64_t>(part / scale);
  if (head > UINT64_MAX - tail) return Fault::range;
  return Quantity{head + tail, unit->factor};
}

std::string names(std::span<const Unit> units) {
  std::string text;
  for (std::size_t n = units.size(); n-- > 0;) text += std::string(units[n].name) + (n > 0 ? ", " : "");
  return text;
}

/// `rest` is what of `text` was not understood.
Problem problem(Fault fault, std::string_view text, std::string_view rest, std::span<const Unit> units,
                std::string_view example) {
  if (fault == Fault::unit && rest.empty()) return {"needs a unit (" + names(units) + "), got " + quoted(text)};
  if (!text.empty() && text[0] == '-') return {"must not be negative, got " + quoted(text)};
  switch (fault) {
    case Fault::unit: return {"has an unknown unit (known: " + names(units) + "), got " + quoted(text)};
    case Fault::precision: return {"is finer than the smallest unit, got " + quoted(text)};
    case Fault::range: return {"is too large, got " + quoted(text)};
    case Fault::number: break;
  }
  return {"must be a number with a unit, such as " + std::string(example) + ", got " + quoted(text)};
}

/// One quantity that is the whole text.
Result<std::uint64_t> single(std::string_view text, std::span<const Unit> units, std::string_view example) {
  std::string_view rest = text;
  const auto got = quantity(rest, units);
  if (const Fault* fault = std::get_if<Fault>(&got)) return problem(*fault, text, rest, units, example);
  if (!rest.empty()) return problem(Fault::unit, text, rest, units, example);
  return std::get<Quantity>(got).value;
}

std::string in_largest(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0" + std::string(units.back().name);
}

}  // namespace

Result<std::uint64_t> whole(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto wrong = [&] {
    return Problem{"must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", got " +
                   quoted(text)};
  };
  if (text.size() > 1 && text[0] == '0') return wrong();
  std::string_view rest = text;
  const std::optional<std::uint64_t> value = digits(rest);
  if (!value || !rest.empty() || *value < least || *value > most) return wrong();
  return *value;
}

Result<Duration> duration(std::string_view text) {
  std::string_view rest = text;
  std::uint64_t total = 0;
  std::uint64_t last_factor = UINT64_MAX;
  do {
    const auto got = quantity(rest, time_units);
    if (const Fault* fault = std::get_if<Fault>(&got)) return problem(*fault, text, rest, time_units, "5ms or 2h4m");
    const auto& [value, factor] = std::get<Quantity>(got);
    if (factor >= last_factor) return Problem{"must name each unit once, the largest first, got " + quoted(text)};
    if (value > longest || total > longest - value) return Problem{"must be at most 10 years, got " + quoted(text)};
    last_factor = factor;
    total += value;
  } while (!rest.empty());
  return Duration{static_cast<std::int64_t>(total)};
}

Result<Rate> rate(std::string_view text) {
  const Result<std::uint64_t> got = single(text, rate_units, "100Mbps");
  if (const Problem* p = std::get_if<Problem>(&got)) return *p;
  const std::uint64_t bits = std::get<std::uint64_t>(got);
  if (bits == 0 || bits > 1'000'000'000'000) return Problem{"must be from 1bps to 1000Gbps, got " + quoted(text)};
  return Rate{bits};
}

Result<std::uint64_t> size(std::string_view text) {
  const Result<std::uint64_t> got = single(text, size_units, "200B or 64kB");
  if (const Problem* p = std::get_if<Problem>(&got)) return *p;
  if (std::get<std::uint64_t>(got) > 1'000'000'000) return Problem{"must be at most 1000MB, got " + quoted(text)};
  return got;
}

Result<Ratio> percent(std::string_view text) {
  // a percentage counts in 10^-9 percent, so that nine decimals are exact
  static constexpr std::array<Unit, 1> units{{{"%", 1'000'000'000}}};
  const Result<std::uint64_t> got = single(text, units, "1% or 0.05%");
  if (const Problem* p = std::get_if<Problem>(&got)) return *p;
  const std::uint64_t part = std::get<std::uint64_t>(got);
  if (part > 100'000'000'000) return Problem{"must be from 0% to 100%, got " + quoted(text)};
  return Ratio{part, 100'000'000'000};
}

std::string to_string(Rate r) { return in_largest(r.bits_per_second, rate_units); }

std::string size_text(std::uint64_t bytes) { return in_largest(bytes, size_units); }

std::string percent_text(Ratio r) {
  __extension__ using Wide = unsigned __int128;
  const auto billionths = static_cast<std::uint64_t>(Wide{r.part} * 100'000'000'000 / r.whole);
  std::string text = std::to_string(billionths / 1'000'000'000);
  std::string fraction = std::to_string(billionths % 1'000'000'000);
  fraction.insert(0, 9 - fraction.size(), '0');
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return text + (fraction.empty() ? "" : "." + fraction) + "%";
}

}  // namespace masqsim::parse
