// Any bytes as a scenario file: a scenario or diagnostics, never a crash; and what loads is resolved to what loads
// back.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "masqsim/scenario/load.hpp"

using namespace masqsim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  scenario::Loaded loaded = scenario::load_text(text);
  (void)scenario::print_diagnostics("fuzz", loaded.diagnostics);
  if (loaded.scenario.has_value() != (loaded.found == 0)) std::abort();
  if (!loaded.scenario) return 0;
  scenario::Loaded again = scenario::load_text(scenario::resolved(*loaded.scenario));
  if (!again.scenario) std::abort();
  for (scenario::Scenario* s : {&*loaded.scenario, &*again.scenario}) {
    s->vars.clear();
    s->variants.clear();
  }
  if (!(*loaded.scenario == *again.scenario)) std::abort();
  return 0;
}
