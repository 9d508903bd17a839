#include "engine.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "answers.hpp"
#include "capped.hpp"
#include "file_text.hpp"
#include "lab_file.hpp"
#include "mark.hpp"
#include "masqsim/base/output.hpp"
#include "masqsim/scenario/remedy.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "masqsim/trace/json.hpp"
#include "masqsim/trace/pcapng.hpp"
#include "remedy_text.hpp"
#include "setup.hpp"
#include "viz/explain.hpp"
#include "viz/story.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

/// A browser reads it always: what is no UTF-8 is replaced.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string refused(std::string_view why) { return dumped({{"ok", false}, {"error", why}}); }

/// JSON lines as the elements of one array, without the header's line and the end's.
std::string array_of(std::string_view lines) {
  std::string array = "[";
  lines.remove_prefix(std::min(lines.find('\n'), lines.size() - 1) + 1);
  while (!lines.empty() && !lines.starts_with("{\"end_ns\"")) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    if (array.size() > 1) array += ',';
    array += lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return array + ']';
}

/// Read as a file of the scenario's own name, because a page has no other for it.
scenario::Loaded load(std::string_view yaml, const std::string& variant) {
  scenario::Loaded loaded = scenario::load_text(yaml, {.variant = variant, .sets = {}, .seed = {}}, "lab");
  if (loaded.scenario) loaded.written.stem = loaded.scenario->name;
  return loaded;
}

}  // namespace

struct Engine::Run {
  scenario::Loaded loaded;      ///< as the student wrote it
  scenario::Scenario scenario;  ///< with the questions
  std::vector<int> kept;        ///< which of the scenario's questions each of the asked ones is; -1: none
  scenario::Finished finished;
  trace::Lines lines;  ///< of the records that the page is told
};

Engine::Engine() = default;
Engine::~Engine() = default;

std::string Engine::ask(std::string_view text) try {
  const Json json = Json::parse(text);
  const std::string verb = json.at("do").get<std::string>();
  if (verb == "run") {
    return run(json.at("yaml").get<std::string>(), json.value("variant", ""),
               json.value("questions", Json::array()).dump());
  }
  if (verb == "check") {
    const scenario::Loaded loaded = load(json.at("yaml").get<std::string>(), json.value("variant", ""));
    return dumped(loaded.scenario ? Json{{"ok", true}, {"notes", notes_of(loaded)}} : errors_of(loaded));
  }
  if (!last_) return refused("nothing has run yet");
  if (verb == "differences") return differences();
  if (verb == "explain") return explain(json.at("flow").get<std::string>());
  if (verb == "answer") return is_right(json.at("question").get<std::size_t>(), json.at("text").get<std::string>());
  if (verb == "edit") {
    return edit(json.at("gateway").get<std::string>(), json.at("key").get<std::string>(),
                json.at("value").get<std::string>());
  }
  return refused("unknown request '" + verb + "'");
} catch (const std::exception& error) {
  return refused(error.what());
}

std::string Engine::run(std::string_view yaml, const std::string& variant, std::string_view questions) {
  auto run = std::make_shared<Run>();
  run->loaded = load(yaml, variant);
  if (!run->loaded.scenario) return dumped(errors_of(run->loaded));
  const Json asked = Json::parse(questions);
  run->scenario = with_questions(run->loaded, asked, run->kept);

  viz::Story story(false);
  trace::FingerprintSink fingerprint;
  OutputText text;
  trace::JsonSink json(text);
  trace::LinesSink lines;
  Capped capped_json(json, Capped::Bytes::as_the_page_needs_them), capped_lines(lines, Capped::Bytes::all);
  run->finished =
      scenario::run(run->scenario, {.sinks = {&fingerprint, &story, &capped_json, &capped_lines}, .limits = limits});
  run->lines = lines.take();

  Json answer{{"ok", true}, {"fingerprint", fingerprint.hex()}, {"end_ns", run->finished.end.ns}};
  answer["packets"] = run->finished.packets;
  if (run->finished.broken_off) answer["broken_off"] = run->finished.broken_off->sentence();
  answer["records"] = capped_json.seen();
  answer["told"] = capped_json.told();
  answer["setup"] = setup_of(run->scenario);
  answer["forms"] = forms_of(run->scenario, yaml);
  answer["results"] = results();
  answer["flows"] = flows_of(run->finished);
  answer["expectations"] = verdicts_of(run->finished.expectations);
  answer["notes"] = notes_of(run->loaded);
  answer["questions"] = Json::array();
  for (std::size_t n = 0; n < run->kept.size(); ++n) {
    answer["questions"].push_back({{"ask", asked[n].value("ask", "")},
                                   {"choices", asked[n].value("choices", Json::array())},
                                   {"hint", asked[n].value("hint", "")},
                                   {"asked", run->kept[n] >= 0}});
  }
  // What the placeholders of the questions were held against is nobody's to read.
  scenario::Finished told = run->finished;
  told.lab.clear();
  const std::string file = run->scenario.name + (variant.empty() ? ".yaml" : ".yaml@" + variant);
  answer["story"] = story.told(told, {file, fingerprint.hex(), {}});

  before_ = std::exchange(last_, std::move(run));
  if (!first_) first_ = last_;
  std::string out = dumped(answer);
  out.pop_back();
  return out + ",\"trace\":" + array_of(text.text()) + "}";
}

std::string Engine::differences() const {
  Json answer{{"ok", true}};
  answer["lab"] = difference_of(trace::diff(first_->lines, last_->lines));
  if (before_) answer["before"] = difference_of(trace::diff(before_->lines, last_->lines));
  return dumped(answer);
}

std::string Engine::explain(const std::string& flow) const {
  viz::Explanation explanation(flow);
  const scenario::Finished finished = scenario::run(last_->scenario, {.sinks = {&explanation}, .limits = limits});
  const std::optional<scenario::Remedy> remedy =
      scenario::remedy(last_->loaded.written, *last_->loaded.scenario, finished, flow);
  Json answer{{"ok", true}, {"text", explanation.told(last_->scenario, finished, remedy, {})}};
  if (remedy) {
    answer["remedy"] = {
        {"change", remedy->change}, {"where", remedy->where}, {"result", scenario::word(remedy->result)}};
    if (const auto yaml = remedied(last_->loaded, *remedy, flow)) answer["remedy"]["yaml"] = *yaml;
  }
  return dumped(answer);
}

std::string Engine::is_right(std::size_t question, std::string_view text) const {
  if (question >= last_->kept.size() || last_->kept[question] < 0) return refused("there is no such question");
  const auto n = static_cast<std::size_t>(last_->kept[question]);
  const Mark given = mark(last_->scenario.lab[n], last_->finished.lab[n], text);
  return dumped({{"ok", true}, {"right", given.right}, {"none", given.none}});
}

std::string Engine::edit(const std::string& gateway, const std::string& key, const std::string& value) const {
  const scenario::Written& written = last_->loaded.written;
  Path path = nat_path(written.options.variant, gateway, key);
  if (!text_at(written.text, path)) path = nat_path({}, gateway, key);
  const std::optional<std::string> yaml = value.empty() ? without(written.text, path) : with(written.text, path, value);
  return yaml ? dumped({{"ok", true}, {"yaml", *yaml}}) : refused("the file cannot be changed here; change its text");
}

std::string Engine::capture(const std::vector<std::string>& points) const {
  if (!last_) return {};
  using Which = trace::CapturePoints::Which;
  OutputText text;
  trace::PcapngSink sink(text, {points.empty() ? Which::once : Which::named, points});
  scenario::run(last_->scenario, {.sinks = {&sink}, .limits = limits});
  return text.text();
}

}  // namespace masqsim::page
