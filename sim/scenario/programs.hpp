// The programs that a scenario's services and actions are.
#pragma once

#include <memory>
#include <vector>

#include "build.hpp"
#include "sim/app/app.hpp"

namespace masqsim::scenario {

/// Everything that runs on the nodes: a server for each service, a client for each flow. They start by themselves.
std::vector<std::unique_ptr<app::App>> start_programs(const Scenario& scenario, const Built& built);

}  // namespace masqsim::scenario
