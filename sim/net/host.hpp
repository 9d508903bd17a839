// A node that does not forward: its packets come from its programs and go to them.
#pragma once

#include "ip_layer.hpp"
#include "node.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Host final : public Node {
 public:
  Host(Network& network, trace::NodeId id) : Node(network, id), stack_(*this), ip_(*this, stack_, Forwarding::off) {}

  void receive(Packet packet, InterfaceIndex in) override { ip_.receive(std::move(packet), in); }
  void output(Packet packet) override { ip_.output(std::move(packet)); }
  void changed() override { ip_.changed(); }

  Stack& stack() { return stack_; }

 private:
  Stack stack_;
  IpLayer ip_;
};

}  // namespace masqsim::net
