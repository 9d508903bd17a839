// ICMP errors that wait: RFC 5382 REQ-4. An inbound SYN that nothing owns is answered by a port unreachable only if the
// connection does not turn out, within six seconds, to be opened from both sides.
#pragma once

#include <vector>

#include "ip_layer.hpp"
#include "masqsim/nat/nat.hpp"
#include "packet.hpp"
#include "sim/engine/engine.hpp"

namespace masqsim::net {

class LateErrors final : private engine::Handler {
 public:
  LateErrors(Network& network, IpLayer& ip, const nat::Nat& nat) : network_(network), ip_(ip), nat_(nat) {}

  /// The error about `syn` is sent in six seconds, unless the table then has a flow between its two ends.
  void add(Packet syn);

 private:
  void on_event(std::uint64_t argument) override;

  struct Waiting {
    Packet syn;
    Time due;
  };
  Network& network_;
  IpLayer& ip_;
  const nat::Nat& nat_;
  std::vector<Waiting> waiting_;  // in the order of their times
};

}  // namespace masqsim::net
