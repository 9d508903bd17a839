// A gateway as a box: interfaces, packets in, packets out. What is inside (the running kernel, a program of the user's)
// is the implementation's matter; time is the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/reason.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/nat/config.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "sim/net/route.hpp"
#include "table_row.hpp"

namespace masqsim::box {

struct PortAddress {
  wire::Address address;
  std::uint8_t length = 32;  ///< of its prefix
};

/// One interface of a box. Its place in `Place::ports` is its nat::InterfaceId.
struct Port {
  std::string name;                    ///< of the network that it is on
  std::vector<PortAddress> addresses;  ///< the first is the primary one
  std::uint16_t mtu = 1500;            ///< bytes of IP
  bool outside = false;                ///< external in the words of RFC 4787
  bool up = true;
  bool shared = true;                     ///< false: a link with one other end, which takes everything
  std::vector<wire::Address> neighbours;  ///< the addresses that answer on its network
};

/// Where a box stands: all that its surroundings say of it.
struct Place {
  std::string name;  ///< of the gateway
  std::uint64_t seed = 1;
  std::vector<Port> ports;
  std::vector<net::Route> routes;
  bool reverse_path_filter = false;
  bool icmp_silent = false;  ///< it sends no ICMP errors

  bool owns(wire::Address address) const;
};

struct Out {
  nat::InterfaceId interface = 0;
  std::vector<std::uint8_t> bytes;  ///< an IPv4 packet
};

struct Drop {
  Reason reason = Reason::none;  ///< none: the box does not say
  std::string note;
};

/// What a box did since it was last asked.
struct Answer {
  std::vector<Out> outs;     ///< in the order of coming out
  std::optional<Drop> drop;  ///< of the packet that was given to it
};

/// Every call names the time of the run, which never goes back. Where a box cannot go on, it throws MachineError.
class Box {
 public:
  virtual ~Box() = default;

  /// What a person calls it: "kernel", "program".
  virtual std::string_view kind() const = 0;

  /// The box begins to work at `place`. Called once, before everything else.
  virtual Answer begin(const Place& place, const nat::Config& config, Time now) = 0;
  /// A packet, any bytes at all, arrives by `in`.
  virtual Answer receive(nat::InterfaceId in, wire::ByteView packet, Time now) = 0;
  /// A box whose clock is not the caller's lets it reach `now`; what came out by itself meanwhile.
  virtual Answer catch_up(Time now) = 0;
  /// When it wants to be woken; never: not before something else happens.
  virtual Time wakes_at() const = 0;
  /// The time that it asked for has come.
  virtual Answer wake(Time now) = 0;

  /// The addresses of `changed` are now those that `place` says (none where the interface is down).
  virtual Answer readdress(const Place& place, nat::InterfaceId changed, Time now) = 0;
  /// Interfaces went up or down, or routes and neighbours are others.
  virtual Answer adapt(const Place& place, Time now) = 0;
  /// Everything as `config` says from now on; entries remain.
  virtual Answer configure(const nat::Config& config, Time now) = 0;
  /// Forgets its table.
  virtual Answer flush(Time now) = 0;

  /// Its table, as far as it shows one.
  virtual std::vector<TableRow> table(Time now) = 0;
  /// False: it shows no table, or its rows do not say how long an entry still lives.
  virtual bool tells_lifetimes() const = 0;
};

/// Which of `outs` is the datagram `before` itself, on its way through a router: IP id and protocol are the same, the
/// time to live is one lower, or as it was. An answer to its sender is none. nullptr: none is.
const Out* passed_on(wire::ByteView before, const std::vector<Out>& outs);

}  // namespace masqsim::box
