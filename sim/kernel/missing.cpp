#include <fmt/format.h>
#include <unistd.h>

#include "linux_gateway.hpp"

namespace masqsim::kernel {
namespace {

// A gateway with one rule: whatever the real one needs, this one needs, too.
std::optional<std::string> try_it() {
  if (::geteuid() != 0) return "a kernel gateway needs root, to make a network namespace of its own";
  GatewaySetup setup;
  setup.interfaces = {{"probe0", {{wire::address(192, 0, 2, 1), 24}}, 1500, {}}};
  nat::Config config;
  config.source.emplace_back().out = 0;
  setup.ruleset = ruleset_of(config, {{"probe0"}, {}, {}}).nft;
  try {
    LinuxGateway gateway(setup);
    gateway.flush();
  } catch (const Failure& failure) {
    return fmt::format("no kernel gateway here: {}", failure.what());
  }
  return std::nullopt;
}

}  // namespace

const std::optional<std::string>& missing() {
  static const std::optional<std::string> answer = try_it();
  return answer;
}

}  // namespace masqsim::kernel
