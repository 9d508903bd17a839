#include "masqsim/scenario/run.hpp"

#include "build.hpp"
#include "guard.hpp"
#include "judge.hpp"
#include "programs.hpp"
#include "settings.hpp"

namespace masqsim::scenario {

namespace {

/// Does at its time what no node does by itself: `set` actions, and saying tables that somebody asks about.
class Agenda final : private engine::Handler {
 public:
  Agenda(const Scenario& scenario, const Built& built, net::Network& network)
      : scenario_(scenario), built_(built), network_(network) {}

  /// Before the programs are started: what is set at a time holds for what is sent at that time.
  void plan_settings() {
    for (std::size_t n = 0; n < scenario_.actions.size(); ++n) {
      const Action& action = scenario_.actions[n];
      if (action.verb == Verb::set) network_.engine().schedule(action.at, *this, n);
    }
  }

  void plan_tables(std::vector<std::pair<NodeIndex, Time>> tables) {
    tables_ = std::move(tables);
    for (std::size_t n = 0; n < tables_.size(); ++n) {
      network_.engine().schedule(tables_[n].second, *this, scenario_.actions.size() + n);
    }
  }

 private:
  void on_event(std::uint64_t argument) override {
    const std::size_t actions = scenario_.actions.size();
    if (argument < actions) return carry_out(scenario_.actions[argument], scenario_, built_, network_);
    if (net::GatewayNode* gateway = built_.gateways[tables_[argument - actions].first]) gateway->say_table();
  }

  const Scenario& scenario_;
  const Built& built_;
  net::Network& network_;
  std::vector<std::pair<NodeIndex, Time>> tables_;
};

}  // namespace

Finished run(const Scenario& scenario, const RunOptions& options) {
  const Estimate size = estimate(scenario);
  if (const auto over = breaches(size, options.limits); !over.empty()) throw TooLarge(over.front());
  net::Network network(scenario.seed);
  const Built built = build(scenario, network, options.gateways);
  Judge judge(scenario, built.plans);
  network.trace().add(judge);
  for (trace::Sink* sink : options.sinks) network.trace().add(*sink);
  network.trace().begin(network.header());
  for (net::GatewayNode* gateway : built.gateways) {
    if (gateway) gateway->ready();
  }

  Agenda agenda(scenario, built, network);
  agenda.plan_settings();
  const auto programs = start_programs(scenario, built);
  agenda.plan_tables(judge.table_times());
  Finished finished;
  {
    Guard guard(network, scenario, options.limits, size, options.stop);
    finished.broken_off = guard.run(scenario.until.value_or(Time::never()));
    finished.events = guard.events();
  }
  for (net::GatewayNode* gateway : built.gateways) {
    if (gateway) gateway->say_table();
  }
  finished.end = network.now();
  if (finished.broken_off) {
    network.trace().broken_off(finished.end, finished.broken_off->sentence());
  } else {
    network.trace().end(finished.end);
  }

  finished.header = network.header();
  finished.packets = network.pool().packets_made();
  finished.hops = network.hops();
  finished.flows = judge.outcomes();
  finished.expectations = judge.expectations();
  finished.lab = judge.lab();
  return finished;
}

}  // namespace masqsim::scenario
