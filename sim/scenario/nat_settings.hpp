// The rows of nat::config_keys as keys of a scenario file.
#pragma once

#include <string_view>

#include "fields.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::scenario {

/// Reads the settings of one group: "" for those that stand in `nat:` itself, "timeouts", "limits" or "firewall", whose
/// map `map` is. What is absent or wrong (reported) leaves `config` as it is.
void read_settings(const Fields& map, std::string_view group, nat::Config& config);

}  // namespace masqsim::scenario
