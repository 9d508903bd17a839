// This project's own gateway on the test bench, in virtual time.
#pragma once

#include <memory>

#include "bench.hpp"

namespace masqsim::box {

class OwnBench final : public Bench {
 public:
  /// The gateway's random choices follow from `seed`. Each injection and action takes `pause` of virtual time.
  explicit OwnBench(const Setup& setup, std::uint64_t seed = 1, Duration pause = settle,
                    Redirects redirects = Redirects::as_always);
  ~OwnBench() override;

  std::vector<Emerged> inject(Side side, wire::ByteView packet) override;
  std::vector<Emerged> wait(Duration span) override;
  std::vector<Emerged> act(const Action& action) override;
  std::vector<TableRow> table() override;
  void prefer(std::optional<wire::Endpoint> outside) override;

 private:
  class Rig;
  std::unique_ptr<Rig> rig_;
};

}  // namespace masqsim::box
