// What every node is: a name, interfaces, routes, and a place where packets arrive.
#pragma once

#include <cstdint>
#include <vector>

#include "masqsim/trace/record.hpp"
#include "masqsim/wire/address.hpp"
#include "packet.hpp"
#include "route.hpp"

namespace masqsim::net {

class Network;

/// A further address of an interface, in the same network or another.
struct Alias {
  wire::Address address;
  std::uint8_t prefix_length = 32;

  wire::Prefix subnet() const { return wire::prefix_of(address, prefix_length); }
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
};

/// A node of the network. It never asks upwards: packets are given to it, it gives packets on.
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

  /// Interface, address or route was changed from outside at run time (the file's `set`).
  virtual void changed() {}

  trace::NodeId id() const { return id_; }
  Network& network() const { return network_; }
  std::vector<Interface>& interfaces() { return interfaces_; }
  const std::vector<Interface>& interfaces() const { return interfaces_; }
  RouteTable& routes() { return routes_; }
  const RouteTable& routes() const { return routes_; }

  /// One of this node's addresses, on whatever interface.
  bool owns(wire::Address a) const;

  // Saying what happened; each costs a branch where nobody listens.
  void say_drop(const Packet& packet, Reason reason, std::string_view text = {}, InterfaceIndex at = no_interface,
                wire::ByteView before = {}) const;
  void say_deliver(const Packet& packet, std::string_view text) const;

 protected:
  Network& network_;
  trace::NodeId id_;
  std::vector<Interface> interfaces_;
  RouteTable routes_;
};

}  // namespace masqsim::net
