// `--gateway WHICH`: who plays the gateways of a run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "masqsim/scenario/gateway_maker.hpp"
#include "sim/box/bench.hpp"
#include "sim/box/program_box.hpp"
#include "sim/standin/box_node.hpp"

namespace masqsim::cli {

class Gateway {
 public:
  enum class Kind : std::uint8_t { own, kernel, program };

  /// Throws UsageError where `word` is none of own, linux and exec:PROGRAM.
  Gateway(const std::string& word, Duration patience, bool real_time);

  Kind kind() const { return kind_; }
  const std::string& word() const { return word_; }
  const box::ProgramCommand& command() const { return command_; }

  /// Throws MachineError where this machine cannot play it.
  void require() const;
  /// Why the scenario is skipped with this gateway; empty where it plays it. Throws UsageError where the scenario
  /// cannot be run with it at all.
  std::string reason_to_skip(const std::string& file, const scenario::Scenario& scenario) const;
  /// For scenario::RunOptions; nullptr where this project's own plays.
  scenario::GatewayMaker* maker() { return maker_.get(); }
  /// On standard error, what the gateway did not do as the file says.
  void tell_doubts() const;
  /// A bench around such a gateway, which listens for `settle` after each step. The kernel's chance knows no seed.
  std::unique_ptr<box::Bench> bench(const box::Setup& setup, Duration settle = box::Bench::settle,
                                    std::uint64_t seed = 1) const;

 private:
  Kind kind_ = Kind::own;
  std::string word_;
  box::ProgramCommand command_;
  bool real_time_;
  standin::Doubts doubts_ = std::make_shared<std::vector<std::string>>();
  std::unique_ptr<scenario::GatewayMaker> maker_;
};

struct GatewayArguments {
  std::string which = "own";
  std::string timeout = "10s";
  bool real_time = false;

  /// --gateway and --gateway-timeout.
  void add_to(CLI::App& verb);
  void add_timeout_to(CLI::App& verb);
  void add_real_time_to(CLI::App& verb);
  /// " --gateway linux --real-time": the options that were given, as a shell reads them again.
  std::string repeated() const;
  /// Throws UsageError.
  Gateway chosen() const;
  /// "own,linux": which plays first, and which second. Throws UsageError.
  std::pair<Gateway, Gateway> both() const;
};

}  // namespace masqsim::cli
