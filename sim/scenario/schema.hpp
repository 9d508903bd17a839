// The JSON Schema of a scenario file, made from the table of its keys.
#pragma once

#include <string>

namespace masqsim::scenario {

/// A JSON Schema (draft 2020-12), as scenarios/masqsim.schema.json holds it.
std::string json_schema();

}  // namespace masqsim::scenario
