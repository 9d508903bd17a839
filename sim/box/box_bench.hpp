// A bench around any box, in virtual time.
#pragma once

#include <memory>

#include "bench.hpp"
#include "box.hpp"

namespace masqsim::box {

class BoxBench final : public Bench {
 public:
  /// Of `setup`, the box is told the configuration and the addresses. Routes, neighbours and services of a case are not
  /// told: on a bench everybody is a neighbour, and a box has no ports of a program's. Each step takes `pause`.
  BoxBench(std::unique_ptr<Box> box, const Setup& setup, std::uint64_t seed = 1, Duration pause = settle);

  std::vector<Emerged> inject(Side side, wire::ByteView packet) override;
  std::vector<Emerged> wait(Duration span) override;
  std::vector<Emerged> act(const Action& action) override;
  std::vector<TableRow> table() override { return box_->table(now_); }
  bool tells_lifetimes() const override { return box_->tells_lifetimes(); }

 private:
  std::vector<Emerged> pass(Answer first, Duration span);
  Answer carry_out(const Action& action);

  std::unique_ptr<Box> box_;
  Place place_;
  nat::Config config_;
  Duration pause_;
  Time now_;
};

}  // namespace masqsim::box
