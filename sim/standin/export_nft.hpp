// A scenario's gateways as nft rulesets, to take to real routers.
#pragma once

#include <string>

#include "masqsim/scenario/model.hpp"

namespace masqsim::standin {

/// One ruleset a gateway with a `nat:` section, each under a comment that names it and its interfaces, which are called
/// as their networks are. Empty where no gateway translates.
std::string nft_of(const scenario::Scenario& scenario);

}  // namespace masqsim::standin
