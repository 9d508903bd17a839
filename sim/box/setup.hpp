// How a case sets up the gateway, and what it does to it on the way: the words of the case format, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "masqsim/nat/config.hpp"
#include "masqsim/wire/address.hpp"

namespace masqsim::box {

/// The numbers by which `Setup::nat` names the gateway's two interfaces.
inline constexpr nat::InterfaceId lan = 0;  ///< lan0, 192.168.1.1/24
inline constexpr nat::InterfaceId wan = 1;  ///< wan0, 203.0.113.1/24

struct Service {
  wire::Protocol protocol{};
  std::uint16_t port = 0;
  bool operator==(const Service&) const = default;
};

/// One `ip` command about addresses, routes and neighbours.
struct Addressing {
  enum class Kind : std::uint8_t {
    add_address,     ///< addr add ADDRESS/LENGTH dev INTERFACE
    delete_address,  ///< addr del ADDRESS/LENGTH dev INTERFACE
    add_route,       ///< route add PREFIX via NEXT-HOP [dev INTERFACE]
    add_refusal,     ///< route add unreachable|prohibit|blackhole PREFIX
    delete_route,    ///< route del PREFIX
    add_neighbour    ///< neigh add ADDRESS lladdr ... dev INTERFACE
  };
  enum class Refusal : std::uint8_t { none, unreachable, prohibit, blackhole };

  Kind kind{};
  Refusal refusal = Refusal::none;
  wire::Address address;     ///< added address or neighbour
  std::uint8_t length = 32;  ///< of an added address
  wire::Prefix to;           ///< of a route; 0.0.0.0/0 is `default`
  std::optional<wire::Address> via;
  std::optional<nat::InterfaceId> interface;
  std::string text;  ///< the command as it was written, behind `ip`
};

/// The gateway before the first step. Inside hosts 192.168.1.10 to .13 and .254, outside 203.0.113.2, .66 and .254 are
/// known neighbours; the default route leads to 203.0.113.254.
struct Setup {
  nat::Config nat;
  std::vector<Service> services;
  int reverse_path_filter = 0;  ///< 0 off, 1 strict
  std::uint16_t lan_mtu = 1500;
  std::uint16_t wan_mtu = 1500;
  std::vector<Addressing> addressing;
};

/// Something done to the gateway between packets.
struct Action {
  enum class Kind : std::uint8_t {
    flush_table,       ///< every entry of the connection table goes
    remove_nat_rules,  ///< no translation any more; entries stay
    configure,         ///< rules and settings are those of `nat` from now on; entries stay
    readdress,         ///< `interface` gets `address`/`length` instead of its own; default route kept
    down,              ///< `interface` goes down
    up,                ///< `interface` comes up again, with its default route
    send_udp           ///< the gateway itself sends `payload` from `from` (address may be 0.0.0.0) to `to`
  };

  Kind kind{};
  nat::InterfaceId interface = wan;
  wire::Address address;
  std::uint8_t length = 24;
  wire::Endpoint from;
  wire::Endpoint to;
  std::vector<std::uint8_t> payload;
  nat::Config nat{};
};

}  // namespace masqsim::box
