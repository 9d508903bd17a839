#include "json_words.hpp"

#include <algorithm>
#include <array>

namespace masqsim::cases {

std::string shown(const Json& value) { return value.is_structured() ? std::string(value.type_name()) : value.dump(); }

const Json& object(const Json& value, std::string_view what) {
  if (!value.is_object()) wrong("{} must be an object", what);
  return value;
}

const Json& list(const Json& value, std::string_view what) {
  if (!value.is_array()) wrong("{} must be a list", what);
  return value;
}

std::string text(const Json& value, std::string_view what) {
  if (!value.is_string()) wrong("{} must be text, got {}", what, shown(value));
  return value.get<std::string>();
}

std::uint64_t whole(const Json& value, std::string_view what, std::uint64_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    wrong("{} must be a whole number from 0 to {}, got {}", what, most, shown(value));
  }
  return value.get<std::uint64_t>();
}

bool yes(const Json& value, std::string_view what) {
  if (value.is_boolean()) return value.get<bool>();
  return whole(value, what, 1) == 1;
}

std::uint16_t port(const Json& value, std::string_view what) {
  return static_cast<std::uint16_t>(whole(value, what, 65535));
}

wire::Address address(std::string_view value, std::string_view what) {
  const auto found = wire::parse_address(value);
  if (!found) wrong("{}: '{}' is not an IPv4 address ({})", what, value, wire::address_problem(value).value_or("?"));
  return *found;
}

std::pair<wire::Address, std::uint8_t> interface_address(std::string_view value, std::string_view what) {
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) return {address(value, what), 32};
  const std::string_view bits = value.substr(slash + 1);
  const bool digits = !bits.empty() && bits.size() <= 2 && bits.find_first_not_of("0123456789") == bits.npos;
  const int length = digits ? std::stoi(std::string(bits)) : 33;
  if (length > 32) wrong("{}: '{}' is no prefix length", what, bits);
  return {address(value.substr(0, slash), what), static_cast<std::uint8_t>(length)};
}

wire::Prefix prefix(std::string_view value, std::string_view what) {
  if (value == "default") return {};
  const auto [base, length] = interface_address(value, what);
  return wire::prefix_of(base, length);
}

nat::InterfaceId interface(std::string_view value, std::string_view what) {
  if (value == "lan0") return box::lan;
  if (value == "wan0") return box::wan;
  wrong("{}: no interface is called '{}'; they are lan0 and wan0", what, value);
}

wire::Protocol protocol(const Json& value, std::string_view what) {
  if (value.is_number()) return wire::Protocol{static_cast<std::uint8_t>(whole(value, what, 255))};
  const std::string name = text(value, what);
  constexpr std::array known{wire::Protocol::icmp, wire::Protocol::tcp, wire::Protocol::udp,
                             wire::Protocol::gre,  wire::Protocol::esp, wire::Protocol::sctp};
  for (const wire::Protocol p : known) {
    if (wire::to_string(p) == name) return p;
  }
  wrong("{}: unknown protocol '{}'; write tcp, udp, icmp, gre, esp, sctp or a number", what, name);
}

nat::PortRange ports(const Json& value, std::string_view what) {
  if (!list(value, what).is_array() || value.size() != 2) wrong("{} must be [first, last]", what);
  const nat::PortRange range{port(value[0], what), port(value[1], what)};
  if (range.first > range.last) wrong("{}: {} is after {}", what, range.first, range.last);
  return range;
}

std::vector<std::uint8_t> bytes(const Json& value, std::string_view what) {
  const std::string digits = text(value, what);
  const auto nibble = [&](char c) -> std::uint8_t {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    wrong("{}: not a hexadecimal digit in '{}'", what, digits.substr(0, 40));
  };
  if (digits.size() % 2 != 0) wrong("{}: an odd number of hexadecimal digits", what);
  if (digits.size() / 2 > 65535) wrong("{}: more than 65535 bytes", what);
  std::vector<std::uint8_t> out;
  out.reserve(digits.size() / 2);
  for (std::size_t n = 0; n < digits.size(); n += 2) {
    out.push_back(static_cast<std::uint8_t>(nibble(digits[n]) << 4 | nibble(digits[n + 1])));
  }
  return out;
}

box::Side side(const Json& value, std::string_view what) {
  const std::string name = text(value, what);
  if (name == "in") return box::Side::in;
  if (name == "out") return box::Side::out;
  wrong("{} must be \"in\" or \"out\", got \"{}\"", what, name);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    words.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(words.back().size());
  }
}

void only(const Json& value, std::string_view what, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, ignored] : object(value, what).items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) wrong("{}: unknown word '{}'", what, key);
  }
}

const Json& need(const Json& value, const char* key, std::string_view what) {
  const auto found = value.find(key);
  if (found == value.end()) wrong("{} needs '{}'", what, key);
  return *found;
}

}  // namespace masqsim::cases
