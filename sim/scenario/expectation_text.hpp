// How expectations, and what came instead of them, read.
#pragma once

#include <string>
#include <vector>

#include "masqsim/scenario/model.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/record.hpp"

namespace masqsim::scenario {

/// "203.0.113.5:40000", or the address alone.
std::string endpoint_text(wire::Endpoint e, bool has_port);

/// "flow public: refused at gw (no-mapping), web sees 203.0.113.5:40000"
std::string text_of(const Scenario& scenario, const FlowExpectation& expected);
/// "table of gw at 5s: 1 entry, tcp inside 192.168.1.10:40000 as 203.0.113.5:40000"
std::string text_of(const Scenario& scenario, const TableExpectation& expected);

/// "2 entries: tcp inside ... as ... remote ... established; ..."
std::string rows_text(const std::vector<trace::Row>& rows);

/// How an outcome reads: "refused at gw (no-mapping)".
std::string phrase(const FlowOutcome& outcome);

}  // namespace masqsim::scenario
