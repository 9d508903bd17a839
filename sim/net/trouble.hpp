// What a program hears when one of its packets did not get through.
#pragma once

#include <cstdint>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/describe.hpp"

namespace masqsim::net {

/// An ICMP error about a packet of this node, or the node's own finding about it in the same words (no route: 3/0, no
/// neighbour: 3/1, larger than the own link and not to be fragmented: 3/4).
struct Trouble {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t mtu = 0;       ///< of 3/4; 0 from routers that do not say it
  wire::Address from;          ///< who says so; the packet's own source where the node itself does
  wire::Tuple about;           ///< of the packet that did not get through, as it left this node
  std::uint16_t sequence = 0;  ///< of an echo request that did not get through

  /// "port unreachable from 203.0.113.5"
  std::string text() const;
};

/// How Linux's sockets read it (icmp_err_convert): nothing listens there, or no way leads there.
enum class TroubleKind : std::uint8_t { refused, unreachable, too_big };
TroubleKind kind_of(const Trouble& trouble);

}  // namespace masqsim::net
