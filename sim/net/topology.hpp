// Routes for a whole network, computed from who is plugged into what. Boost.Graph stands behind it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "masqsim/trace/record.hpp"
#include "masqsim/wire/address.hpp"
#include "node.hpp"
#include "route.hpp"

namespace masqsim::net {

class Network;

/// What route computation needs to know, as plain values.
struct Topology {
  struct Attachment {
    InterfaceIndex interface = 0;  ///< place in the node's interfaces
    std::uint32_t segment = 0;
    wire::Address address;
    std::uint8_t prefix_length = 32;
    std::vector<Alias> also;
    bool outside = false;  ///< the node translates what leaves here: what is private behind it stays unknown
  };
  struct NodeAt {
    trace::NodeKind kind{};
    std::vector<Attachment> attachments;
    std::vector<wire::Prefix> pools;  ///< outside addresses a gateway uses beyond its interfaces'
    bool learns_default = true;       ///< a default route is computed for it
    bool learns_others = true;        ///< so are routes to LANs and links that it is not on
  };
  struct Static {
    trace::NodeId node = 0;
    wire::Prefix to;
    wire::Address via;                  ///< zero: whatever is at the other end of `out`, such as a cloud's router
    InterfaceIndex out = no_interface;  ///< unset: found by `via`
  };

  std::vector<NodeAt> nodes;  ///< by NodeId
  std::vector<Static> statics;
  std::uint32_t segments = 0;
};

/// The topology of what has been plugged together; `outside`, `pools` and `statics` are still to be said.
Topology topology_of(const Network& network);

/// One table a node:
///  - what is directly connected; of a cloud's router, each attached address and the pools behind it;
///  - the static routes, which replace what is computed for the same prefix. The next hop of a static route is on a
///    subnet of the node or attached to the same cloud;
///  - on hosts that learn it, the default route: to its cloud, else to the one router of its LANs, else to the nearest;
///  - on routers and gateways that learn them, the default route towards the nearest cloud, and the shortest way to
///  every
///    subnet of the LANs and links (fewest crossings, ties by the order of the nodes). Private and shared addresses
///    (RFC 1918, RFC 6598) are not made known to a cloud, nor out of an `outside` attachment; and what a gateway hears
///    on an `outside` attachment it does not make known on another one, unless its own address there is private (RFC
///    1918): a customer carries nothing between its providers.
std::vector<RouteTable> compute(const Topology& topology);

/// For each node the number of its island: nodes that can reach each other over links share one. Counted from 0 in the
/// order of the nodes.
std::vector<std::uint32_t> islands(const Topology& topology);

}  // namespace masqsim::net
