// The parts of the engine's answers, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/diff.hpp"

namespace masqsim::page {

/// {"ok":false,"found":2,"errors":[{"line","column","length","message","hint"}]}
nlohmann::ordered_json errors_of(const scenario::Loaded& loaded);

/// [{"line","message"}]: what a file says and hardly means.
nlohmann::ordered_json notes_of(const scenario::Loaded& loaded);

/// [{"met","what","instead","flow","line"}]
nlohmann::ordered_json verdicts_of(const std::vector<scenario::Verdict>& verdicts);

/// [{"id","from","to","verb","result","well","reason","sentence","at","packet"}]. Whether a flow ended as the file
/// expects is the verdicts' matter.
nlohmann::ordered_json flows_of(const scenario::Finished& finished);

/// Every word that a flow's result can be.
nlohmann::ordered_json results();

/// The settings of each gateway with a NAT, as its form shows them:
///
///   [{"gateway":"gw","rules":[{"name":"forward","text":"[]","written":true}],
///     "keys":[{"name":"timeouts.udp","kind":"duration","sentence":"...","value":"30s","standard":"30s","written":false,
///              "words":[{"text","sentence"}]}]}]
///
/// `written`: the file says it; a rule's `text` is as it stands there. `yaml` is what was loaded.
nlohmann::ordered_json forms_of(const scenario::Scenario& scenario, std::string_view yaml);

/// {"same":false,"flows":[{"flow","same","ns","node","first","second"}],"text":"..."}: how a run differs from an
/// earlier one; `first` and `second` are what the trace says of either side, absent where that side has ended.
nlohmann::ordered_json difference_of(const trace::Diff& difference);

}  // namespace masqsim::page
