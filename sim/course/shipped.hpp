// The labs that come with the program: the files of scenarios/, embedded when it is built, so that `masqsim run 03`
// works anywhere.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace masqsim::course {

struct Shipped {
  std::string_view stem;  ///< of the file: "03-inbound-fails"
  std::string_view text;

  /// "03"
  std::string_view number() const { return stem.substr(0, stem.find('-')); }
  /// "inbound-fails"
  std::string_view name() const { return stem.substr(stem.find('-') + 1); }
};

/// In the order of their numbers.
std::span<const Shipped> shipped();

/// The lab of that number ("03" or "3"), name or both; nullptr where none is called so.
const Shipped* lab_called(std::string_view word);

}  // namespace masqsim::course
