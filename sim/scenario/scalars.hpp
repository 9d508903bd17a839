// What a single value of the file may look like, by kind: in words, and as a pattern.
#pragma once

#include "keys.hpp"

namespace masqsim::scenario {

struct Scalar {
  Type::Kind kind;
  std::string_view name;      ///< what the schema calls it
  std::string_view sentence;  ///< "a time with its unit, such as 5ms, 1.5s or 2h4m"
  std::string_view pattern;   ///< a regular expression of the whole text (ECMA 262); empty: not to be told by one
};

/// The entry of `kind`; nullptr for whole numbers, words and what is no single value.
const Scalar* scalar(Type::Kind kind);

/// What `type` takes, in words: "a whole number from 1 to 255", "none, dnat-only or full".
std::string describe(const Type& type);

}  // namespace masqsim::scenario
