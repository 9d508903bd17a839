// Running a scenario and judging it. Judgement is drawn from the trace's records, as everything the user sees is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "masqsim/base/reason.hpp"
#include "masqsim/base/time.hpp"
#include "masqsim/trace/sink.hpp"

namespace masqsim::scenario {

struct Scenario;

/// What the initiator of a flow experienced: the words of `expect: result`.
enum class Result : std::uint8_t { none, established, replied, delivered, refused, unreachable, no_answer, reset };
std::string_view word(Result r);

/// One flow of the run, as the records tell it.
struct FlowOutcome {
  std::string id;
  trace::FlowId flow = 0;
  Result result = Result::none;
  Reason reason = Reason::none;    ///< of the drop that ended it; none for a flow that did well
  std::string at;                  ///< the node that ended it
  std::uint64_t packet = 0;        ///< the packet that ended there
  std::uint64_t packets = 0;       ///< packets of this flow, answers included
};

/// One entry of `expect:` or `lab:`, judged.
struct Verdict {
  bool met = false;
  std::string what;      ///< "flow public: refused at gw (no-mapping)"
  std::string instead;   ///< what came instead; empty where met
  std::string flow;      ///< the flow it is about; empty for tables
  int line = 0;          ///< of the entry in the file
  int column = 0;
};

struct Finished {
  trace::Header header;
  Time end;
  std::uint64_t packets = 0;   ///< born in the run
  std::uint64_t hops = 0;      ///< link crossings
  std::uint64_t events = 0;
  std::vector<FlowOutcome> flows;
  std::vector<Verdict> expectations;
  std::vector<Verdict> lab;    ///< the answers of `lab:`, held against the run

  bool good() const {
    for (const Verdict& v : expectations) {
      if (!v.met) return false;
    }
    for (const Verdict& v : lab) {
      if (!v.met) return false;
    }
    return true;
  }
};

/// Runs `scenario` to its end; every record goes to each of `sinks`. The same scenario and seed give the same records.
/// At the end every gateway says its table (records of kind `table`).
Finished run(const Scenario& scenario, const std::vector<trace::Sink*>& sinks);

}  // namespace masqsim::scenario
