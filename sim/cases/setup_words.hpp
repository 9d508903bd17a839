// The words of a case for its gateway: rules, addressing, and the settings of the table of keys (nat/config_keys).
#pragma once

#include "json_words.hpp"
#include "sim/box/setup.hpp"

namespace masqsim::cases {

/// A gateway without any word: what Linux is by right, destination rules for callers from either side.
box::Setup plain_setup();

/// Lays `words`, an object, over `setup`: a list takes the place of the list before. Throws Wrong.
void read_gateway(const Json& words, box::Setup& setup);

/// What of them can change while a case runs: rules and settings. Throws Wrong.
void read_change(const Json& words, box::Setup& setup);

}  // namespace masqsim::cases
