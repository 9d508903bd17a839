// A router: longest prefix, time to live, ICMP errors, fragments; and its own stack. The internet's is one, too.
#pragma once

#include "forwarder.hpp"
#include "node.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Router final : public Node {
 public:
  Router(Network& network, trace::NodeId id) : Node(network, id), stack_(*this), path_(*this, stack_, nullptr) {}

  void receive(Packet packet, InterfaceIndex in) override { path_.receive(std::move(packet), in); }
  void output(Packet packet) override { path_.output(std::move(packet)); }
  void changed() override { path_.changed(); }

  Stack& stack() { return stack_; }
  /// RFC 3704, strict.
  void set_reverse_path_filter(bool strict) { path_.set_reverse_path_filter(strict); }

 private:
  Stack stack_;
  Forwarder path_;
};

}  // namespace masqsim::net
