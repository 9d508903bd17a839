#include "sim/lockstep/differential.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "sim/box/kernel_bench.hpp"
#include "sim/box/own_bench.hpp"
#include "sim/cases/case.hpp"
#include "sim/lockstep/shorten.hpp"

namespace masqsim::lockstep {
namespace {

std::unique_ptr<box::Bench> own(const box::Setup& setup) {
  return std::make_unique<box::OwnBench>(setup, 1, 1_us, box::Redirects::off);
}
std::unique_ptr<box::Bench> running_kernel(const box::Setup& setup) {
  return std::make_unique<box::KernelBench>(setup, box::Redirects::off);
}

/// Our own gateway with a fault: it forgets to count the hop of every packet of 43 bytes.
class Faulty final : public box::Bench {
 public:
  explicit Faulty(const box::Setup& setup) : inner_(setup, 1, 1_us) {}
  std::vector<box::Emerged> inject(box::Side side, wire::ByteView packet) override {
    std::vector<box::Emerged> emerged = inner_.inject(side, packet);
    for (box::Emerged& e : emerged) {
      if (e.bytes.size() == 61) ++e.bytes[8];
    }
    return emerged;
  }
  std::vector<box::Emerged> wait(Duration span) override { return inner_.wait(span); }
  std::vector<box::Emerged> act(const box::Action& action) override { return inner_.act(action); }
  std::vector<box::TableRow> table() override { return inner_.table(); }
  void prefer(std::optional<wire::Endpoint> outside) override { inner_.prefer(outside); }

 private:
  box::OwnBench inner_;
};

TEST(Shorten, LeavesWhatTheFailureNeedsAndNothingElse) {
  std::vector<int> items(1000);
  for (int i = 0; i < 1000; ++i) items[static_cast<std::size_t>(i)] = i;
  const auto fails = [](const std::vector<int>& part) {
    return std::find(part.begin(), part.end(), 17) != part.end() &&
           std::find(part.begin(), part.end(), 805) != part.end();
  };
  EXPECT_EQ(shorten<int>(items, fails), (std::vector<int>{17, 805}));
}

TEST(RandomSequence, IsTheSameForTheSameSeed) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    RandomHosts one(seed, 1), two(seed, 1);
    for (const Move& move : random_moves(seed, 200)) {
      const std::vector<Injection> a = one.packets(move), b = two.packets(move);
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].bytes, b[i].bytes);
    }
  }
}

// Where no kernel can be asked, at least the machinery is tried: a gateway against itself, and against a broken one.
TEST(Differential, FindsNothingBetweenAGatewayAndItself) {
  DifferentialOptions options;
  options.packets = 5'000;
  const DifferentialReport report = differential(own, own, options);
  EXPECT_GE(report.packets, options.packets);
  EXPECT_GT(report.emerged, options.packets / 2);
  for (const Difference& d : report.differences) ADD_FAILURE() << d.setup << " " << d.seed << "\n" << d.text;
}

TEST(Differential, CutsAFaultDownToTheOnePacketThatShowsIt) {
  DifferentialOptions options;
  options.only = "plain";
  const DifferentialReport report =
      differential([](const box::Setup& s) { return std::make_unique<Faulty>(s); }, own, options);
  ASSERT_EQ(report.differences.size(), 1u);
  const cases::Cases read = cases::read_cases(report.differences[0].case_line, "saved");
  ASSERT_EQ(read.errors, std::vector<std::string>{});
  ASSERT_EQ(read.cases.size(), 1u);
  EXPECT_EQ(read.cases[0].steps.size(), 1u) << report.differences[0].text;
}

TEST(Differential, FindsNothingBetweenOurGatewayAndTheRunningKernel) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  DifferentialOptions options;
  options.packets = 100'000;
  if (const char* wanted = std::getenv("MASQSIM_RANDOM_PACKETS")) options.packets = std::strtoull(wanted, nullptr, 10);
  const DifferentialReport report = differential(own, running_kernel, options);
  EXPECT_GE(report.packets, options.packets);
  for (const Difference& d : report.differences) {
    ADD_FAILURE() << d.setup << " " << d.seed << "\n" << d.text << d.case_line;
  }
}

}  // namespace
}  // namespace masqsim::lockstep
