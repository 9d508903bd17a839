// Packets whose next hop does not answer: Linux asks three times, a second apart, and then gives up on all that wait.
#pragma once

#include <vector>

#include "masqsim/nat/nat.hpp"
#include "node.hpp"
#include "packet.hpp"
#include "sim/engine/engine.hpp"

namespace masqsim::net {

class Neighbours final : private engine::Handler {
 public:
  /// A packet, and the flow it belongs to.
  struct Waiting {
    Packet packet;
    nat::Track track;
  };

  /// Who hears of those that were given up: reason host_unreachable, ICMP 3/1. The packet is as it was given.
  class Owner {
   public:
    virtual void on_no_neighbour(Waiting waiting, InterfaceIndex out) = 0;

   protected:
    ~Owner() = default;
  };

  Neighbours(Node& node, Owner& owner) : node_(node), owner_(owner) {}

  /// Keeps a packet that Network::transmit refused with Sent::no_neighbour. It goes out when the neighbour appears,
  /// or fails 3 s after the first that waits for it.
  void wait_for(wire::Address next_hop, InterfaceIndex out, Waiting waiting);
  /// Those that wait at this interface for a next hop of this network end there.
  void forget(InterfaceIndex out, wire::Prefix network);

 private:
  void on_event(std::uint64_t argument) override;

  struct Question {
    std::uint64_t number;
    wire::Address next_hop;
    InterfaceIndex out;
    int asked;
    std::vector<Waiting> waiting;
  };
  Node& node_;
  Owner& owner_;
  std::vector<Question> questions_;
  std::uint64_t last_number_ = 0;
};

}  // namespace masqsim::net
