#include "masqsim/wire/address.hpp"

#include "masqsim/base/parse.hpp"

namespace masqsim::wire {

std::string to_string(Address a) {
  return std::to_string(a.value >> 24) + '.' + std::to_string(a.value >> 16 & 255) + '.' +
         std::to_string(a.value >> 8 & 255) + '.' + std::to_string(a.value & 255);
}

std::string to_string(Prefix p) { return to_string(p.address) + '/' + std::to_string(p.length); }

std::string to_string(Endpoint e) { return to_string(e.address) + ':' + std::to_string(e.port); }

std::string to_string(Protocol p) {
  switch (p) {
    case Protocol::icmp: return "icmp";
    case Protocol::tcp: return "tcp";
    case Protocol::udp: return "udp";
    case Protocol::gre: return "gre";
    case Protocol::esp: return "esp";
    case Protocol::sctp: return "sctp";
    case Protocol::udplite: return "udplite";
  }
  return "proto-" + std::to_string(static_cast<unsigned>(p));
}

namespace {

struct Quad {
  Address address;
  std::optional<std::string> problem;
};

Quad read_quad(std::string_view text) {
  std::uint32_t value = 0;
  for (int octet = 1; octet <= 4; ++octet) {
    const std::size_t dot = text.find('.');
    if (octet < 4 && dot == std::string_view::npos) return {{}, "needs four octets, a.b.c.d"};
    const std::string_view part = octet < 4 ? text.substr(0, dot) : text;
    const std::string place = "octet " + std::to_string(octet);
    if (part.empty()) return {{}, place + " is empty"};
    if (octet == 4 && part.find('.') != std::string_view::npos) return {{}, "has more than four octets"};
    if (part.find_first_not_of("0123456789") != std::string_view::npos) return {{}, place + " is not a number"};
    if (part.size() > 1 && part[0] == '0') return {{}, place + " has a leading zero"};
    const auto number = parse::whole(part, 0, 255);
    if (!std::holds_alternative<std::uint64_t>(number)) return {{}, place + " is over 255"};
    value = value << 8 | static_cast<std::uint32_t>(std::get<std::uint64_t>(number));
    text.remove_prefix(octet < 4 ? dot + 1 : 0);
  }
  return {{value}, std::nullopt};
}

std::optional<std::uint64_t> number_after(std::string_view text, std::size_t mark, std::uint64_t most) {
  const auto number = parse::whole(text.substr(mark + 1), 0, most);
  if (const auto* value = std::get_if<std::uint64_t>(&number)) return *value;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> address_problem(std::string_view text) { return read_quad(text).problem; }

std::optional<Address> parse_address(std::string_view text) {
  const Quad quad = read_quad(text);
  if (quad.problem) return std::nullopt;
  return quad.address;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<Address> a = parse_address(text.substr(0, slash));
  const std::optional<std::uint64_t> length = number_after(text, slash, 32);
  if (!a || !length) return std::nullopt;
  const Prefix p = prefix_of(*a, static_cast<std::uint8_t>(*length));
  if (p.address != *a) return std::nullopt;
  return p;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::optional<Address> a = parse_address(text.substr(0, colon));
  const std::optional<std::uint64_t> port = number_after(text, colon, 65535);
  if (!a || !port) return std::nullopt;
  return Endpoint{*a, static_cast<std::uint16_t>(*port)};
}

}  // namespace masqsim::wire
