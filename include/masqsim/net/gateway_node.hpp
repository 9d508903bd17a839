// What a run asks of a gateway beyond being a node, whoever plays it: this project's own, or the running kernel.
#pragma once

#include <vector>

#include "masqsim/nat/config.hpp"
#include "masqsim/net/node.hpp"

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
  /// New rules; entries remain.
  virtual void set_rules(std::vector<nat::SourceRule> source, std::vector<nat::DestinationRule> destination) = 0;
  /// The interface lost its address (a new one is already in place) or went down.
  virtual void interface_lost(InterfaceIndex interface) = 0;
};

}  // namespace masqsim::net
