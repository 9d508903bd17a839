// What might let a failed flow pass: small changes of the file, the likeliest first. None of them has been tried.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "edits.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/recording.hpp"

namespace masqsim::scenario {

struct Proposal {
  std::string change;  ///< as it would stand in the file
  std::string where;   ///< whose key it is, and where that stands now: "gw, 16:25"
  std::vector<Edit> edits;
};

/// What a run shows of one flow that tells what to propose.
class FlowFacts final : public trace::Sink {
 public:
  /// A router or gateway that the initiator's packets passed: as whom they came, and by which network they left.
  struct Passed {
    std::string node;
    wire::Address source;
    std::string network;
    bool translated = false;
  };
  struct Gone {
    std::string gateway;
    Time at;
    trace::Row row;
  };

  FlowFacts(trace::FlowId flow, std::uint64_t ended) : flow_(flow), ended_(ended) {}

  void begin(const trace::Header& header) override { header_ = &header; }
  void record(const trace::Record& record) override;

  std::vector<Passed> passed;
  std::optional<trace::OwnedRecord> end;   ///< the drop that ended the flow
  std::vector<Gone> gone;                  ///< entries that went, of whichever flow
  std::optional<wire::Address> initiator;  ///< the source of the flow's first packet

 private:
  static constexpr std::size_t most = 4096;

  trace::FlowId flow_;
  std::uint64_t ended_;
  trace::NodeId from_ = trace::nowhere;
  const trace::Header* header_ = nullptr;
};

/// The proposals for the action that `failed` is a flow of.
std::vector<Proposal> proposals(const Scenario& scenario, const Manuscript& manuscript, const FlowOutcome& failed,
                                ActionIndex action, const FlowFacts& facts);

}  // namespace masqsim::scenario
