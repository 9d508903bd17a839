// One event taken and one put back, with range(0) events waiting: delays as on links (a few fixed ones), and scattered.
#include <benchmark/benchmark.h>

#include "masqsim/base/random.hpp"
#include "sim/engine/engine.hpp"

namespace masqsim::engine {
namespace {

class Again final : public Handler {
 public:
  Again(Engine& engine, bool scattered) : engine_(engine), scattered_(scattered) {}

  void on_event(std::uint64_t argument) override {
    const std::int64_t fixed = 1'000'000 + static_cast<std::int64_t>(argument & 3) * 250'000;
    const std::int64_t delay = scattered_ ? static_cast<std::int64_t>(random_.next() % 1'000'000'000) : fixed;
    engine_.schedule(engine_.now() + Duration{delay}, *this, argument + 1);
  }

 private:
  Engine& engine_;
  bool scattered_;
  Random random_{1, "delays"};
};

void hold(benchmark::State& state) {
  Engine engine;
  Again handler(engine, state.range(1) != 0);
  Random start(1, "start");
  for (std::int64_t n = 0; n < state.range(0); ++n) {
    const auto at = static_cast<std::int64_t>(start.next() % 1'000'000'000);
    engine.schedule(Time{at}, handler, static_cast<std::uint64_t>(n));
  }
  std::int64_t events = 0;
  for (auto _ : state) {
    // as long a step as holds some thousand events
    events +=
        static_cast<std::int64_t>(engine.run(engine.now() + Duration{state.range(1) != 0 ? 10'000'000 : 100'000}));
  }
  state.SetItemsProcessed(events);
}
BENCHMARK(hold)->ArgNames({"pending", "scattered"})->ArgsProduct({{1'000, 100'000, 1'000'000}, {0, 1}});

}  // namespace
}  // namespace masqsim::engine
