// The running kernel on the test bench, set up from the same words as our own gateway.
#pragma once

#include <array>

#include "bench.hpp"
#include "sim/kernel/linux_gateway.hpp"

namespace masqsim::box {

class KernelBench final : public Bench {
 public:
  /// Throws kernel::Failure.
  explicit KernelBench(const Setup& setup, Redirects redirects = Redirects::as_always);

  std::vector<Emerged> inject(Side side, wire::ByteView packet) override;
  std::vector<Emerged> wait(Duration span) override;
  std::vector<Emerged> act(const Action& action) override;
  std::vector<TableRow> table() override;

 private:
  void configure(const nat::Config& config);

  nat::Config config_;
  kernel::LinuxGateway gateway_;
  std::array<std::string, 2> own_;  ///< "192.168.1.1/24", as they are now
};

/// The rules and sysctls that `config` means to the kernel, where it was told `before` so far.
kernel::Ruleset kernel_words(const nat::Config& config, const nat::Config& before = {});

}  // namespace masqsim::box
