// A node that forwards; the routers of clouds are such nodes, too.
#pragma once

#include "ip_layer.hpp"
#include "network.hpp"
#include "node.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Router final : public Node {
 public:
  Router(Network& network, trace::NodeId id) : Node(network, id), stack_(*this), ip_(*this, stack_, Forwarding::on) {
    ip_.set_carrying(network.header().nodes[id].kind == trace::NodeKind::cloud);
  }

  void receive(Packet packet, InterfaceIndex in) override { ip_.receive(std::move(packet), in); }
  void output(Packet packet) override { ip_.output(std::move(packet)); }
  void changed() override { ip_.changed(); }

  Stack& stack() { return stack_; }
  /// RFC 3704, strict.
  void set_reverse_path_filter(bool strict) { ip_.set_reverse_path_filter(strict); }

 private:
  Stack stack_;
  IpLayer ip_;
};

}  // namespace masqsim::net
