// Words for packets: one line for any bytes, and the pieces it is made of.
#pragma once

#include <optional>
#include <string>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::wire {

/// Where a packet comes from and goes to, as far as its bytes tell. `port` is the ICMP query id for queries (both
/// ends the same), 0 where the protocol has none, where the packet is a later fragment or is cut short.
struct Tuple {
  Protocol protocol{};
  Endpoint source;
  Endpoint destination;
  bool has_ports = false;

  bool operator==(const Tuple&) const = default;
};

/// The tuple of an IPv4 packet, or of one quoted in an ICMP error; nothing if even the header is not there.
std::optional<Tuple> tuple_of(ByteView packet);

/// A short name for what kind of packet it is: "SYN", "S+A", "UDP", "echo request", "port unreachable", "fragment",
/// "proto 50", "not IPv4".
std::string kind_of(ByteView packet);

/// One line for any bytes, whole or damaged, never longer than 400 characters, printable ASCII only:
/// "192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64". Wrong checksums, fragments, options
/// and quoted packets are told.
std::string describe(ByteView packet);

/// Bytes as lower-case hex without separators.
std::string hex(ByteView bytes);

}  // namespace masqsim::wire
