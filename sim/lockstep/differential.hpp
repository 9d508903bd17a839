// Two gateways in lockstep: random sequences go through both, packet by packet, until something differs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "random_sequence.hpp"
#include "sim/box/bench.hpp"

namespace masqsim::lockstep {

using BenchMaker = std::function<std::unique_ptr<box::Bench>(const box::Setup&)>;

/// A gateway's set-up for random sequences, in the words of the case format.
struct RandomSetup {
  std::string name;
  std::string words;  ///< the value of "gateway", JSON
  box::Setup setup;
};
/// Plain masquerade, port forwards with hairpin, scarce ports, a pool, one-to-one, a firewall, and the tracker's
/// switches.
const std::vector<RandomSetup>& random_setups();

struct Difference {
  std::string setup;       ///< name of the RandomSetup
  std::uint64_t seed = 0;  ///< of the sequence that showed it
  std::string text;        ///< the shortest sequence found, decoded, and where the two part
  std::string case_line;   ///< the same as one line of a case file, `observed` by the reference
};

struct DifferentialReport {
  std::uint64_t sequences = 0;
  std::uint64_t packets = 0;  ///< injected into each gateway
  std::uint64_t emerged = 0;  ///< compared
  std::uint64_t tables = 0;   ///< connection tables compared
  std::vector<Difference> differences;
};

struct DifferentialOptions {
  std::uint64_t seed = 1;
  std::uint64_t packets = 100'000;
  std::size_t moves = 120;     ///< of one sequence
  std::size_t stop_after = 1;  ///< differences
  std::string_view only;       ///< setups whose name contains this
  bool shrink = true;
  std::function<void(const DifferentialReport&)> progress;  ///< after each sequence; may be empty
};

/// Plays sequences through one gateway of `own` and one of `reference` a set-up. `reference` may choose outside
/// endpoints as it likes: `own` is asked to choose the same (Bench::prefer), so that a choice outside the range that
/// the reference chooses from shows as a difference. Bytes are compared but for the IP ids of packets that the gateways
/// make themselves.
DifferentialReport differential(const BenchMaker& own, const BenchMaker& reference, const DifferentialOptions& options);

}  // namespace masqsim::lockstep
