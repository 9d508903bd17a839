// A box in the place of a scenario's gateway: the running kernel, or a program of the user's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "masqsim/scenario/gateway_maker.hpp"
#include "sim/box/box.hpp"
#include "sim/box/program_box.hpp"

namespace masqsim::standin {

/// Makes the nodes for `scenario::run`; each of them has a box of its own.
class BoxGateways final : public scenario::GatewayMaker {
 public:
  using MakeBox = std::function<std::unique_ptr<box::Box>()>;

  explicit BoxGateways(MakeBox make) : make_(std::move(make)) {}
  net::GatewayNode& make(net::Network& network, const scenario::Node& gateway) override;

 private:
  MakeBox make_;
};

/// What the kernel did not do as the file says, a sentence each, in the order of finding out; none twice.
using Doubts = std::shared_ptr<std::vector<std::string>>;

/// Kernel gateways. `real_time`: packets reach the kernel no sooner than the file says. Throws kernel::Failure in the
/// run where the kernel does not play along.
BoxGateways kernel_gateways(bool real_time, const Doubts& doubts);

/// Gateway programs, one process each.
BoxGateways program_gateways(const box::ProgramCommand& command);

/// Why `scenario` cannot be run with a box in the place of its gateways: programs run on one of them, and a box has no
/// sockets that a scenario's programs could use. Empty: it can.
std::string needs_own_gateway(const scenario::Scenario& scenario);

}  // namespace masqsim::standin
