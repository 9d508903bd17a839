// The values of a case's JSON: numbers, texts, addresses, packets. Each reader gives the value or throws Wrong; `what`
// is what a message calls the value.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "masqsim/nat/config.hpp"
#include "masqsim/wire/address.hpp"
#include "sim/box/bench.hpp"

namespace masqsim::cases {

using Json = nlohmann::ordered_json;

/// What is wrong with a case, as the rest of "FILE:LINE: ". Caught where lines are read.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void wrong(fmt::format_string<Args...> text, Args&&... args) {
  throw Wrong(fmt::format(text, std::forward<Args>(args)...));
}

/// A value as a message shows it.
std::string shown(const Json& value);

const Json& object(const Json& value, std::string_view what);
const Json& list(const Json& value, std::string_view what);
std::string text(const Json& value, std::string_view what);
std::uint64_t whole(const Json& value, std::string_view what, std::uint64_t most);
/// true, false, 1 or 0.
bool yes(const Json& value, std::string_view what);
std::uint16_t port(const Json& value, std::string_view what);
/// [first, last]
nat::PortRange ports(const Json& value, std::string_view what);
wire::Address address(std::string_view value, std::string_view what);
/// "A.B.C.D/LENGTH"; host bits may be set, and without a length it is 32.
std::pair<wire::Address, std::uint8_t> interface_address(std::string_view value, std::string_view what);
/// "default" is 0.0.0.0/0.
wire::Prefix prefix(std::string_view value, std::string_view what);
/// lan0 or wan0
nat::InterfaceId interface(std::string_view value, std::string_view what);
/// A name or a number.
wire::Protocol protocol(const Json& value, std::string_view what);
/// Hexadecimal digits, at most 65535 bytes.
std::vector<std::uint8_t> bytes(const Json& value, std::string_view what);
/// "in" or "out"
box::Side side(const Json& value, std::string_view what);

/// The words between spaces.
std::vector<std::string_view> split(std::string_view line);

/// `value` is an object that has no other keys than these.
void only(const Json& value, std::string_view what, std::initializer_list<std::string_view> keys);
const Json& need(const Json& value, const char* key, std::string_view what);

/// Calls `read` with the value of `key` where there is one.
template <typename Read>
void maybe(const Json& value, const char* key, Read read) {
  const auto found = value.find(key);
  if (found != value.end()) read(*found);
}

}  // namespace masqsim::cases
