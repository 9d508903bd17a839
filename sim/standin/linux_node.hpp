// The running kernel as a node of a simulated network: it stands where the file's gateway would.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "masqsim/scenario/gateway_maker.hpp"
#include "sim/net/gateway_node.hpp"

namespace masqsim::standin {

/// Makes kernel gateways for `scenario::run`. The kernel's clock is the real one: what a scenario does over seconds of
/// virtual time happens at once for the kernel, so nothing expires there unless the run is paced (see timers.hpp).
class LinuxGateways final : public scenario::GatewayMaker {
 public:
  /// `real_time`: packets reach the kernel no sooner than the file says, counted from the run's begin.
  explicit LinuxGateways(bool real_time);
  ~LinuxGateways() override;

  /// Throws kernel::Failure once the run begins where the kernel does not play along.
  net::GatewayNode& make(net::Network& network, const scenario::Node& gateway) override;

  /// Why the kernel did not do what the file says, a sentence each: settings that Linux has no words for.
  const std::vector<std::string>& doubts() const;

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace masqsim::standin
