// What every node is: a name, interfaces, routes, and a place where packets arrive.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "masqsim/base/step.hpp"
#include "masqsim/trace/record.hpp"
#include "masqsim/wire/address.hpp"
#include "packet.hpp"
#include "route.hpp"

namespace masqsim::net {

class Network;

/// An address of an interface beside its first, in the same network or another.
struct Alias {
  wire::Address address;
  std::uint8_t prefix_length = 32;

  wire::Prefix subnet() const { return wire::prefix_of(address, prefix_length); }
  bool operator==(const Alias&) const = default;
};

struct Interface {
  wire::Address address;  ///< the primary one
  std::uint8_t prefix_length = 32;
  bool up = true;
  std::uint16_t mtu = 1500;   ///< bytes of IP
  std::uint32_t segment = 0;  ///< place in the network's segments
  std::uint32_t port = 0;     ///< place in that segment's ports
  trace::PointId point = trace::nowhere;
  std::vector<Alias> also{};  ///< further addresses (a pool, an alias)

  bool owns(wire::Address a) const {
    if (a == address) return true;
    for (const Alias& other : also) {
      if (other.address == a) return true;
    }
    return false;
  }
  wire::Prefix subnet() const { return wire::prefix_of(address, prefix_length); }
  /// All addresses, the primary one first; none while it has none.
  std::vector<Alias> addresses() const {
    std::vector<Alias> all;
    if (!address.is_zero()) all.push_back({address, prefix_length});
    all.insert(all.end(), also.begin(), also.end());
    return all;
  }
};

/// A node of the network. Packets are given to it, and it gives packets on; it knows nothing of the layers above.
class Node {
 public:
  Node(Network& network, trace::NodeId id) : network_(network), id_(id) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// A packet arrived by interface `in`. The receive record is already written.
  virtual void receive(Packet packet, InterfaceIndex in) = 0;

  /// A packet that this node itself made, with its source address filled in, is to go where its destination says
  /// (to this node itself, too).
  virtual void output(Packet packet) = 0;

  /// Interfaces, addresses or routes were changed from outside at run time (the file's `set`).
  virtual void changed() {}

  trace::NodeId id() const { return id_; }
  Network& network() const { return network_; }
  std::vector<Interface>& interfaces() { return interfaces_; }
  const std::vector<Interface>& interfaces() const { return interfaces_; }
  RouteTable& routes() { return routes_; }
  const RouteTable& routes() const { return routes_; }

  /// One of this node's addresses, on whatever interface.
  bool owns(wire::Address a) const;

  // Records of what happened; each costs a branch while no sink wants it.
  void say_drop(const Packet& packet, Reason reason, std::string_view text = {}, InterfaceIndex at = no_interface,
                wire::ByteView before = {}, std::span<const Step> steps = {}) const;
  void say_deliver(const Packet& packet, std::string_view text) const;

 protected:
  Network& network_;
  trace::NodeId id_;
  std::vector<Interface> interfaces_;
  RouteTable routes_;
};

}  // namespace masqsim::net
