// The file as its user wrote it, and changes of it: what a remedy is laid over.
#pragma once

#include "draft.hpp"

namespace masqsim::scenario {

/// Carries out `edit`; a fault (no such path, no YAML) is reported with the file as a whole.
void apply(Report& report, Value& root, const Edit& edit);

/// Where the merged file says its name, its nodes' keys, and those of `nat` that `set` actions change.
Places places_of(const Report& report, const Value& root);

/// The tree of what was asked for: variant merged in, nothing resolved, `sets` not yet put in.
struct Manuscript {
  Value tree;

  /// The value at `path`; nullptr where nothing is.
  const Value* at(const std::vector<std::string>& path) const;
};
/// Nothing where the file is not good.
std::optional<Manuscript> manuscript_of(const Written& written);

}  // namespace masqsim::scenario
