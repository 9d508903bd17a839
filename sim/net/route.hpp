// Where to send what: longest prefix match.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "masqsim/wire/address.hpp"
#include "packet.hpp"

namespace masqsim::net {

struct Route {
  /// What becomes of a matching packet; the refusals answer with ICMP as Linux's route types of the same names do.
  enum class Kind : std::uint8_t { forward, unreachable, prohibit, blackhole };

  wire::Prefix to;
  InterfaceIndex out = no_interface;
  wire::Address via;  ///< next hop; zero: the destination itself is on that link
  Kind kind = Kind::forward;

  bool operator==(const Route&) const = default;
};

/// The fewest prefixes that hold just the addresses from `first` to `last`, in their order.
std::vector<wire::Prefix> prefixes_of(wire::Address first, wire::Address last);

/// A node's routes. Few routes are walked, many are hashed by prefix length; looking up never allocates.
class RouteTable {
 public:
  /// Replaces all routes to the same prefix.
  void add(const Route& route);
  /// The route to a subnet that an interface is in. A second subnet of the same addresses stands behind the first, as
  /// in Linux.
  void add_subnet(wire::Prefix subnet, InterfaceIndex out);
  /// A route that stands before the others to its prefix.
  void add_before(const Route& route);
  /// Removes the routes to exactly this prefix, if there are any.
  void remove(wire::Prefix to);
  /// Removes this route, if it is there; others to its prefix stay.
  void remove(const Route& route);
  /// Removes what `add_subnet` has added for `out`.
  void remove_subnet(wire::Prefix subnet, InterfaceIndex out);
  /// The routes with the longest prefix that holds `destination`, in the order of their adding.
  std::span<const Route> routes_to(wire::Address destination) const;
  /// The first of them; null where there is none.
  const Route* find(wire::Address destination) const;
  /// Of what must leave by `out`: the first of the longest routes by it, else none is needed, the destination is on
  /// that link.
  Route bound(wire::Address destination, InterfaceIndex out) const;
  const std::vector<Route>& all() const { return routes_; }  ///< longest prefix first, then by address

 private:
  void append(const Route& route);
  void index();

  std::vector<Route> routes_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_prefix_;  // only looked up, never walked
  std::vector<std::uint8_t> lengths_;                           // that occur, longest first
};

}  // namespace masqsim::net
