#include "remedy_text.hpp"

#include <algorithm>
#include <vector>

#include "engine.hpp"
#include "file_text.hpp"
#include "masqsim/scenario/run.hpp"

namespace masqsim::page {

namespace {

/// Makes the run judge flows also where the file expects nothing.
class Nobody final : public trace::Sink {
 public:
  void record(const trace::Record&) override {}
};

/// Where a key of whoever is named so may stand, the likeliest first.
std::vector<Path> places_of(const scenario::Scenario& scenario, const std::string& whose, const std::string& key) {
  std::vector<Path> places;
  if (scenario.node_named(whose)) {
    places.push_back(nat_path(scenario.variant, whose, key));
    if (!scenario.variant.empty()) places.push_back(nat_path({}, whose, key));
    places.push_back({"nodes", whose, key});
  }
  if (scenario.network_named(whose)) places.push_back({"networks", whose, key});
  if (const auto action = scenario.action_with_id(whose)) places.push_back({"actions", std::to_string(*action), key});
  return places;
}

bool ends_so(const std::string& yaml, const scenario::Written& written, const scenario::Remedy& remedy,
             const std::string& flow) {
  const scenario::Loaded loaded = scenario::load_text(yaml, written.options, written.stem);
  if (!loaded.scenario) return false;
  Nobody nobody;
  const scenario::Finished finished = scenario::run(*loaded.scenario, {.sinks = {&nobody}, .limits = limits});
  const auto found = std::ranges::find(finished.flows, flow, &scenario::FlowOutcome::id);
  return found != finished.flows.end() && found->result == remedy.result;
}

}  // namespace

std::optional<std::string> remedied(const scenario::Loaded& loaded, const scenario::Remedy& remedy,
                                    const std::string& flow) {
  const std::size_t colon = remedy.change.find(": ");
  if (colon == std::string::npos) return std::nullopt;
  const std::string key = remedy.change.substr(0, colon);
  std::string value = remedy.change.substr(colon + 2);
  const std::string whose = remedy.where.substr(0, remedy.where.find(','));
  for (const Path& path : places_of(*loaded.scenario, whose, key)) {
    const std::optional<std::string> there = text_at(loaded.written.text, path);
    std::string whole = value;
    // "[..., x]": the list that is there with one more.
    if (constexpr std::string_view more = "[..., "; value.starts_with(more)) {
      if (!there || there->size() < 2) continue;
      const std::string last = value.substr(more.size(), value.size() - more.size() - 1);
      whole = there->front() == '[' ? there->substr(0, there->size() - 1) + ", " + last + "]"
                                    : "[" + *there + ", " + last + "]";
    }
    std::optional<std::string> yaml = with(loaded.written.text, path, whole);
    if (yaml && ends_so(*yaml, loaded.written, remedy, flow)) return yaml;
  }
  return std::nullopt;
}

}  // namespace masqsim::page
