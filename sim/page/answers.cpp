#include "answers.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "file_text.hpp"
#include "masqsim/scenario/notes.hpp"
#include "sim/nat/config_keys.hpp"
#include "viz/story.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

/// The keys of `nat` that hold rules; all others are nat::config_keys().
constexpr std::array<std::string_view, 5> rule_keys{"masquerade", "forward", "source", "one-to-one", "twice-nat"};

std::string_view word(nat::KeyKind kind) {
  switch (kind) {
    case nat::KeyKind::boolean: return "boolean";
    case nat::KeyKind::word: return "word";
    case nat::KeyKind::words: return "words";
    case nat::KeyKind::duration: return "duration";
    case nat::KeyKind::number: break;
  }
  return "number";
}

Json key_of(const nat::ConfigKey& key, const nat::Config& config) {
  Json json{{"name", key.name}, {"kind", word(key.kind)}, {"sentence", key.sentence}};
  json["value"] = nat::to_string(key, key.get(config));
  json["standard"] = nat::to_string(key, key.get(nat::Config{}));
  json["words"] = Json::array();
  for (const nat::KeyWord& w : key.words) json["words"].push_back({{"text", w.text}, {"sentence", w.sentence}});
  return json;
}

/// What the file says of each key of a gateway, the variant before the base.
std::vector<std::optional<std::string>> written_of(std::string_view yaml, const std::string& variant,
                                                   const std::string& gateway) {
  std::vector<Path> base, changed;
  const auto add = [&](std::string_view key) {
    base.push_back(nat_path({}, gateway, key));
    changed.push_back(nat_path(variant, gateway, key));
  };
  for (const std::string_view name : rule_keys) add(name);
  for (const nat::ConfigKey& key : nat::config_keys()) add(key.name);
  std::vector<std::optional<std::string>> texts = texts_at(yaml, changed);
  if (variant.empty()) return texts;
  const std::vector<std::optional<std::string>> of_base = texts_at(yaml, base);
  for (std::size_t n = 0; n < texts.size(); ++n) {
    if (!texts[n]) texts[n] = of_base[n];
  }
  return texts;
}

}  // namespace

Json errors_of(const scenario::Loaded& loaded) {
  Json errors = Json::array();
  for (const scenario::Diagnostic& d : loaded.diagnostics) {
    errors.push_back(
        {{"line", d.line}, {"column", d.column}, {"length", d.length}, {"message", d.message}, {"hint", d.hint}});
  }
  return {{"ok", false}, {"found", loaded.found}, {"errors", std::move(errors)}};
}

Json notes_of(const scenario::Loaded& loaded) {
  Json list = Json::array();
  for (const scenario::Note& note : scenario::notes_of(loaded)) {
    list.push_back({{"line", note.position.line}, {"message", note.message}});
  }
  return list;
}

Json verdicts_of(const std::vector<scenario::Verdict>& verdicts) {
  Json list = Json::array();
  for (const scenario::Verdict& v : verdicts) {
    list.push_back({{"met", v.met}, {"what", v.what}, {"instead", v.instead}, {"flow", v.flow}, {"line", v.line}});
  }
  return list;
}

Json flows_of(const scenario::Finished& finished) {
  Json list = Json::array();
  for (std::size_t n = 0; n < finished.flows.size(); ++n) {
    const scenario::FlowOutcome& outcome = finished.flows[n];
    const trace::FlowInfo& info = finished.header.flows[n];
    const bool lost = outcome.reason != Reason::none;
    list.push_back({{"id", info.id},
                    {"from", info.from},
                    {"to", info.to},
                    {"verb", info.verb},
                    {"result", outcome.result ? scenario::word(*outcome.result) : std::string_view("unfinished")},
                    {"well", viz::went_well(outcome.result)},
                    {"reason", lost ? word(outcome.reason) : std::string_view()},
                    {"sentence", lost ? sentence(outcome.reason) : std::string_view()},
                    {"at", outcome.at},
                    {"packet", outcome.packet}});
  }
  return list;
}

Json results() {
  Json words = Json::array();
#define X(name, text, good, sentence) words.push_back(text);
  MASQSIM_RESULTS(X)
#undef X
  return words;
}

Json forms_of(const scenario::Scenario& scenario, std::string_view yaml) {
  Json forms = Json::array();
  for (const scenario::Node& node : scenario.nodes) {
    if (!node.nat) continue;
    Json form{{"gateway", node.name}, {"rules", Json::array()}, {"keys", Json::array()}};
    const std::vector<std::optional<std::string>> written = written_of(yaml, scenario.variant, node.name);
    auto next = written.begin();
    for (const std::string_view name : rule_keys) {
      const std::optional<std::string>& text = *next++;
      form["rules"].push_back({{"name", name}, {"text", text.value_or("")}, {"written", text.has_value()}});
    }
    for (const nat::ConfigKey& key : nat::config_keys()) {
      Json json = key_of(key, node.nat->config);
      json["written"] = (next++)->has_value();
      form["keys"].push_back(std::move(json));
    }
    forms.push_back(std::move(form));
  }
  return forms;
}

Json difference_of(const trace::Diff& difference) {
  Json flows = Json::array();
  for (const trace::FlowDiff& flow : difference.flows) {
    Json json{{"flow", flow.flow}, {"same", flow.same()}};
    if (!flow.same()) {
      json["ns"] = flow.at().ns;
      json["node"] = flow.node();
      json["text"] = trace::to_text(flow);
    }
    flows.push_back(std::move(json));
  }
  return {{"same", difference.same()}, {"flows", std::move(flows)}};
}

}  // namespace masqsim::page
