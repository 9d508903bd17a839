// Which gateway plays the gateways of a scenario, where it is not this project's own.
#pragma once

#include "masqsim/scenario/model.hpp"

namespace masqsim::net {
class GatewayNode;
class Network;
}  // namespace masqsim::net

namespace masqsim::scenario {

/// Makes the node that stands for a gateway of the file, where it is not this project's own (the running kernel).
class GatewayMaker {
 public:
  virtual ~GatewayMaker() = default;
  /// Adds the node to `network`; interfaces and routes are given to it afterwards, then it is told `ready`.
  virtual net::GatewayNode& make(net::Network& network, const Node& gateway) = 0;
};

}  // namespace masqsim::scenario
