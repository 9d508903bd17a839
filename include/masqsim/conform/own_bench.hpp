// This project's own gateway on the test bench, in virtual time.
#pragma once

#include <memory>

#include "masqsim/conform/bench.hpp"

namespace masqsim::conform {

class OwnBench final : public Bench {
 public:
  /// The gateway's random choices follow from `seed`.
  explicit OwnBench(const Setup& setup, std::uint64_t seed = 1);
  ~OwnBench() override;

  std::vector<Emerged> inject(Side side, wire::ByteView packet) override;
  std::vector<Emerged> wait(Duration span) override;
  std::vector<Emerged> act(const Action& action) override;
  std::vector<TableRow> table() override;

 private:
  class Rig;
  std::unique_ptr<Rig> rig_;
};

}  // namespace masqsim::conform
