// Path MTU discovery where a router is silent, and what cures it.
#include <gtest/gtest.h>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::scenario {
namespace {

/// Counts what tells the variants apart: drops as too big, and ICMP errors that anybody sent.
struct Watcher final : trace::Sink {
  void record(const trace::Record& r) override {
    if (r.kind == trace::Kind::drop && r.reason == Reason::too_big) ++too_big;
    const auto ip = r.kind == trace::Kind::send ? wire::Ipv4View::parse(r.bytes) : std::nullopt;
    if (ip && ip->protocol() == wire::Protocol::icmp && wire::icmp::is_error(ip->payload()[0])) ++errors;
  }
  int too_big = 0, errors = 0;
};

struct Seen {
  bool good = false;
  bool any_too_big = false, any_error = false;
  bool operator==(const Seen&) const = default;
};

Seen seen(const std::string& variant) {
  const std::string path = std::string(MASQSIM_SOURCE_DIR) + "/tests/scenario/files/good/black-hole.yaml";
  const Loaded loaded = load(path, {.variant = variant, .sets = {}, .seed = {}});
  EXPECT_TRUE(loaded.scenario) << print_diagnostics(path, loaded.diagnostics);
  if (!loaded.scenario) return {};
  Watcher watcher;
  const Finished finished = run(*loaded.scenario, {.sinks = {&watcher}});
  return {finished.good(), watcher.too_big > 0, watcher.errors > 0};
}

TEST(BlackHole, ASilentRouterDropsWhatIsTooBigAndSendsNoIcmpError) { EXPECT_EQ(seen(""), (Seen{true, true, false})); }

TEST(BlackHole, AClampedMssLetsNothingBecomeTooBig) {
  EXPECT_EQ(seen("clamped"), (Seen{true, false, false}));
  EXPECT_EQ(seen("clamped-by-hand"), (Seen{true, false, false}));
}

TEST(BlackHole, ARouterThatTellsIsBelieved) { EXPECT_EQ(seen("told"), (Seen{true, true, true})); }

}  // namespace
}  // namespace masqsim::scenario
