// Which idle time of `nat.timeouts` an entry of a gateway's table stands under.
#pragma once

#include <string>
#include <vector>

#include "masqsim/nat/config.hpp"
#include "masqsim/trace/record.hpp"

namespace masqsim::scenario {

/// The keys of `timeouts` under which an entry like `row` may end, its state's own first: "udp-stream", or
/// "tcp-established" and what shortens that.
std::vector<std::string> idle_keys(const trace::Row& row);

/// The first of those whose value is `idle`; empty where none is.
std::string idle_key(const trace::Row& row, Duration idle, const nat::Timeouts& timeouts);

}  // namespace masqsim::scenario
