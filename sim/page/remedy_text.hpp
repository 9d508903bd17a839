// A remedy as a change of the file's text, so that the page can offer to try it.
#pragma once

#include <optional>
#include <string>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/remedy.hpp"

namespace masqsim::page {

/// The text of `loaded` with the remedy in it: a key of a node, of its `nat`, of a network or of an action that gets
/// another value. Nothing where it is no such change, or where the flow would not end as the remedy says.
std::optional<std::string> remedied(const scenario::Loaded& loaded, const scenario::Remedy& remedy,
                                    const std::string& flow);

}  // namespace masqsim::page
