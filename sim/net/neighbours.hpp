// Packets whose next hop does not answer ARP: Linux asks three times, a second apart, then drops all that wait for it.
#pragma once

#include <vector>

#include "masqsim/nat/nat.hpp"
#include "node.hpp"
#include "packet.hpp"
#include "sim/engine/engine.hpp"

namespace masqsim::net {

class Neighbours final : private engine::Handler {
 public:
  /// A packet and the conntrack state that goes with it.
  struct Waiting {
    Packet packet;
    nat::Track track;
  };

  /// Called for each packet whose neighbour did not answer (host_unreachable, ICMP 3/1). The packet is as it was given.
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
  /// Drops the packets waiting on `out` for a next hop within `network`.
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
