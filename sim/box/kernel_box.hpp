// The running kernel as a box: set up as its place and configuration say. The kernel's clock is the machine's, so what
// a scenario does over seconds of its own time happens at once for the kernel, unless `real_time` paces it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "box.hpp"
#include "sim/kernel/linux_gateway.hpp"
#include "sim/kernel/ruleset.hpp"

namespace masqsim::box {

class KernelBox final : public Box {
 public:
  /// Told of each setting that Linux has no words for, as a sentence.
  using Doubt = std::function<void(const std::string&)>;

  /// `real_time`: packets reach the kernel no sooner than the caller's time says, counted from the first call.
  KernelBox(bool real_time, Doubt doubt) : real_time_(real_time), doubt_(std::move(doubt)) {}

  std::string_view kind() const override { return "kernel"; }
  Answer begin(const Place& place, const nat::Config& config, Time now) override;
  Answer receive(nat::InterfaceId in, wire::ByteView packet, Time now) override;
  Answer catch_up(Time now) override;
  Time wakes_at() const override { return Time::never(); }
  Answer wake(Time) override { return {}; }
  Answer readdress(const Place& place, nat::InterfaceId changed, Time now) override;
  Answer adapt(const Place& place, Time now) override;
  Answer configure(const nat::Config& config, Time now) override;
  Answer flush(Time now) override;
  std::vector<TableRow> table(Time now) override;
  bool tells_lifetimes() const override { return true; }

 private:
  kernel::Ruleset rules_of(const nat::Config& config, const nat::Config& before) const;
  kernel::Names names() const;
  std::string neighbours_text(nat::InterfaceId i) const;
  std::string addresses_text(nat::InterfaceId i) const;
  std::string routes_text() const;

  bool real_time_;
  Doubt doubt_;
  Place place_;
  nat::Config config_;
  std::optional<kernel::LinuxGateway> kernel_;
  std::vector<std::string> names_;
  std::chrono::steady_clock::time_point began_;
  std::optional<Time> first_;  ///< of the run, when the machine's time was `began_`
};

}  // namespace masqsim::box
