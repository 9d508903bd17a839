// What the table of keys tells a person: one key, the list of sections, or the manual of all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace masqsim::scenario {

/// What is said of each key that `wanted` may mean: a whole path ("nodes.gw.nat.timeouts.udp"), the end of one
/// ("timeouts.udp"), a name ("hairpin"), or the place of a section ("nat.limits"). Nothing where no key is called so.
std::optional<std::string> key_help(std::string_view wanted);

/// "; did you mean 'nodes.NAME.nat.hairpin'?" for a key that nobody knows; may be empty.
std::string key_hint(std::string_view wanted);

/// Every section: its place, its sentence and the names of its keys.
std::string sections_help();

/// The manual of all keys as Markdown, as scenarios/format.md holds it.
std::string manual();

}  // namespace masqsim::scenario
