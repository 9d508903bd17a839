// Routes for a whole network, computed from who is plugged into what. Boost.Graph stands behind it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "masqsim/trace/record.hpp"
#include "masqsim/wire/address.hpp"
#include "route.hpp"

namespace masqsim::net {

class Network;

/// What route computation needs to know, as plain values.
struct Topology {
  struct Attachment {
    InterfaceIndex interface = 0;  ///< place in the node's interfaces
    std::uint32_t segment = 0;
    wire::Address address;
    std::uint8_t prefix_length = 32;  ///< 32: one end of a link to a cloud
    std::vector<wire::Address> also;
    bool outside = false;  ///< the node translates what leaves here: what is private behind it stays unknown
  };
  struct NodeAt {
    trace::NodeKind kind{};
    std::vector<Attachment> attachments;
    std::vector<wire::Prefix> pools;  ///< outside addresses a gateway uses beyond its interfaces'
  };
  struct Static {
    trace::NodeId node = 0;
    wire::Prefix to;
    wire::Address via;
  };

  std::vector<NodeAt> nodes;  ///< by NodeId
  std::vector<Static> statics;
  std::uint32_t segments = 0;
};

/// The topology of what has been plugged together; `outside`, `pools` and `statics` are still to be said.
Topology topology_of(const Network& network);

/// One table a node:
///  - what is directly connected; of a cloud's router, each attached address and the pools behind it;
///  - the static routes; a node that has any gets nothing computed beside them but a default route;
///  - on hosts, the default route: to its cloud, else to the one router of its LANs, else to the nearest;
///  - on routers and gateways, the default route towards the nearest cloud, and the shortest way to every LAN and link
///    (fewest crossings, ties by the order of the nodes). Private and shared addresses (RFC 1918, RFC 6598) are not
///    made known to a cloud, nor out of an `outside` attachment.
std::vector<RouteTable> compute(const Topology& topology);

/// For each node the number of its island: nodes that can reach each other over links share one. Counted from 0 in the
/// order of the nodes.
std::vector<std::uint32_t> islands(const Topology& topology);

}  // namespace masqsim::net
