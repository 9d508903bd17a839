// A node that is no router: its packets come from its programs and go to them.
#pragma once

#include <memory>

#include "node.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Host final : public Node {
 public:
  Host(Network& network, trace::NodeId id);
  ~Host() override;

  void receive(Packet packet, InterfaceIndex in) override;
  void output(Packet packet) override;

  Stack& stack() { return stack_; }

 private:
  bool sound(Packet& packet, InterfaceIndex in) const;
  bool for_us(const Packet& packet, InterfaceIndex in) const;
  bool take_piece(Packet& packet, InterfaceIndex in);
  void transmit(Packet packet, InterfaceIndex out, wire::Address next_hop);

  struct Rare;  // what most hosts never need
  Rare& rare();

  Stack stack_;
  std::unique_ptr<Rare> rare_;
};

}  // namespace masqsim::net
