// What a run asks of a gateway beyond being a node, whoever plays it: this project's own, or the running kernel.
#pragma once

#include "masqsim/nat/config.hpp"
#include "node.hpp"

namespace masqsim::net {

class GatewayNode : public Node {
 public:
  using Node::Node;

  /// All interfaces and routes are there; nothing has happened yet.
  virtual void ready() {}
  /// Writes one `table` record a row, in the order of making.
  virtual void say_table() = 0;
  /// Forgets the table (`conntrack -F`).
  virtual void flush() = 0;
  /// Everything as `config` says from now on; entries remain.
  virtual void configure(nat::Config config) = 0;
  /// The interface lost its address (a new one is already in place) or went down.
  virtual void interface_lost(InterfaceIndex interface) = 0;
};

}  // namespace masqsim::net
