#include "lab_file.hpp"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "file_text.hpp"
#include "mark.hpp"
#include "sha256.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

bool is_whole_number(const std::string& text) {
  return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string::npos;
}

/// Numbers and truths stay what they are, because a key may take nothing else; all other scalars become text.
Json json_of(const YAML::Node& node) {
  if (node.IsMap()) {
    Json map = Json::object();
    for (const auto& entry : node) map[entry.first.Scalar()] = json_of(entry.second);
    return map;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const YAML::Node& element : node) list.push_back(json_of(element));
    return list;
  }
  if (!node.IsScalar()) return "";
  const bool plain = node.Tag() == "?";
  if (plain && is_whole_number(node.Scalar())) return std::stoul(node.Scalar());
  if (plain && (node.Scalar() == "true" || node.Scalar() == "false")) return node.Scalar() == "true";
  return node.Scalar();
}

Json questions_of(const YAML::Node& lab, const std::string& salt) {
  Json list = Json::array();
  for (const YAML::Node& node : lab) {
    Json question = json_of(node);
    question.erase("answer");
    question["salt"] = sha256(salt + '#' + std::to_string(list.size())).substr(0, 16);
    question["hash"] = sha256(question["salt"].get<std::string>() + folded(node["answer"].Scalar()));
    list.push_back(std::move(question));
  }
  return list;
}

/// What could be the answer, so that the reader takes the question; whether it is one, the run tells. The likeliest
/// first.
std::vector<Json> placeholders(const Json& question) {
  if (question.contains("choices")) return {question["choices"].begin(), question["choices"].end()};
  const Json& when = question.value("when", Json::object());
  const std::string usual = when.contains("nat") ? "count" : when.contains("at") ? "source" : "result";
  const std::string what = when.value("what", usual);
  if (what == "count" || what == "ttl") return {0};
  if (what == "result" || what == "state") return {"established"};
  if (what == "reason") return {"no-route"};
  if (what == "place") return {when.value("flow", ""), "gw"};
  return {"0.0.0.0"};
}

scenario::Loaded load_asking(const scenario::Loaded& loaded, Json questions) {
  for (Json& question : questions) {
    question.erase("salt");
    question.erase("hash");
  }
  scenario::LoadOptions options = loaded.written.options;
  options.alone = true;
  options.edits.push_back({scenario::Edit::What::put, {"lab"}, questions.dump()});
  return scenario::load_text(loaded.written.text, options, loaded.written.stem);
}

/// The question as the reader takes it; nothing where the file no longer has what it asks about.
std::optional<scenario::Question> read(const scenario::Loaded& loaded, Json question) {
  for (const Json& answer : placeholders(question)) {
    question["answer"] = answer;
    const scenario::Loaded asking = load_asking(loaded, Json::array({question}));
    if (asking.scenario && asking.scenario->lab.size() == 1) return asking.scenario->lab.front();
  }
  return std::nullopt;
}

}  // namespace

LabFile take_apart(std::string_view text) {
  LabFile file{std::string(text), {}};
  Json all = Json::object();
  const auto take = [&](const Path& path, const std::string& variant, const YAML::Node& lab) {
    if (!lab.IsDefined() || !lab.IsSequence()) return;
    all[variant] = questions_of(lab, sha256(text) + '@' + variant);
    std::optional<std::string> rest = without(file.yaml, path);
    if (!rest) throw std::invalid_argument("the questions cannot be told from the rest of the file");
    file.yaml = std::move(*rest);
  };
  const YAML::Node root = YAML::Load(std::string(text));
  take({"lab"}, "", root["lab"]);
  if (root["variants"].IsDefined() && root["variants"].IsMap()) {
    for (const auto& variant : root["variants"]) {
      const std::string& name = variant.first.Scalar();
      if (variant.second.IsMap()) take({"variants", name, "lab"}, name, variant.second["lab"]);
    }
  }
  file.questions = all.dump();
  return file;
}

scenario::Scenario with_questions(const scenario::Loaded& loaded, const Json& questions, std::vector<int>& kept) {
  scenario::Scenario scenario = *loaded.scenario;
  scenario.lab.clear();
  kept.clear();
  Json guessed = questions;
  for (Json& question : guessed) question["answer"] = placeholders(question).front();
  if (scenario::Loaded asking = load_asking(loaded, guessed); asking.scenario) {
    for (std::size_t n = 0; n < questions.size(); ++n) kept.push_back(static_cast<int>(n));
    scenario.lab = std::move(asking.scenario->lab);
    return scenario;
  }
  for (const Json& question : questions) {
    std::optional<scenario::Question> asked = read(loaded, question);
    kept.push_back(asked ? static_cast<int>(scenario.lab.size()) : -1);
    if (asked) scenario.lab.push_back(std::move(*asked));
  }
  return scenario;
}

std::string expectations_of(std::string_view text, const std::string& variant) {
  const YAML::Node root = YAML::Load(std::string(text));
  YAML::Node expect = root["expect"];
  if (!variant.empty() && root["variants"][variant]["expect"].IsDefined()) expect = root["variants"][variant]["expect"];
  return expect.IsDefined() && expect.IsSequence() ? json_of(expect).dump() : "[]";
}

}  // namespace masqsim::page
