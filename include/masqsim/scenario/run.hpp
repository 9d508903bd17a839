// Running a scenario and judging it. Judgement is drawn from the trace's records, as everything the user sees is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "masqsim/base/reason.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/scenario/gateway_maker.hpp"
#include "masqsim/scenario/limits.hpp"
#include "masqsim/scenario/model.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::scenario {

/// One flow of the run, as the records tell it.
struct FlowOutcome {
  std::string id;
  trace::FlowId flow = 0;
  std::optional<Result> result;  ///< unset: the run ended before the flow did
  Reason reason = Reason::none;  ///< of the drop that ended it; none for a flow that did well
  std::string at;                ///< the node, or (lost on the wire) the network that ended it; empty where none did
  std::uint64_t packet = 0;      ///< the packet that ended there
  std::uint64_t packets = 0;  ///< packets of this flow, answers included; counted only where somebody is told of sends
};

/// One entry of `expect:` or `lab:`, judged.
struct Verdict {
  bool met = false;
  std::string what;     ///< "flow public: refused at gw (no-mapping)"
  std::string instead;  ///< what came instead; empty where met
  std::string flow;     ///< the flow it is about; empty for tables
  int line = 0;         ///< of the entry in the file
  int column = 0;
};

struct Finished {
  trace::Header header;
  Time end;
  std::uint64_t packets = 0;  ///< born in the run
  std::uint64_t hops = 0;     ///< link crossings
  std::uint64_t events = 0;
  std::vector<FlowOutcome> flows;
  std::vector<Verdict> expectations;
  std::vector<Verdict> lab;             ///< the answers of `lab:`, held against the run
  std::optional<BrokenOff> broken_off;  ///< set where a limit or the caller ended the run; all else is as of `end`

  bool good() const {
    if (broken_off) return false;
    for (const Verdict& v : expectations) {
      if (!v.met) return false;
    }
    for (const Verdict& v : lab) {
      if (!v.met) return false;
    }
    return true;
  }
};

struct RunOptions {
  std::vector<trace::Sink*> sinks;
  GatewayMaker* gateways = nullptr;  ///< unset: net::Gateway
  Limits limits{};
  StopRequest* stop = nullptr;  ///< unset: nobody asks
};

/// Runs `scenario` to its end; every record goes to each of the sinks. The same scenario and seed give the same
/// records. At the end every gateway says its table (records of kind `table`). Throws TooLarge before anything is
/// built.
Finished run(const Scenario& scenario, const RunOptions& options = {});

}  // namespace masqsim::scenario
