#include "schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "masqsim/scenario/model.hpp"
#include "scalars.hpp"

namespace masqsim::scenario {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view variable = R"(\$\{[A-Za-z0-9._-]+\})";  // may stand in any scalar

Json text_like(std::string_view exact) {
  return {{"type", "string"}, {"pattern", fmt::format("(^({})$)|{}", exact, variable)}};
}
Json any_variable() { return {{"type", "string"}, {"pattern", variable}}; }
Json reference(std::string_view name) { return {{"$ref", fmt::format("#/$defs/{}", name)}}; }
Json required(std::string_view key) { return {{"required", Json::array({key})}}; }

/// What a YAML reader makes of a word.
Json word_value(std::string_view word) {
  if (word == "true" || word == "false") return word == "true";
  return word;
}

Json of_type(const Type& type);

Json any_of(const std::vector<Type>& types) {
  if (types.size() == 1) return of_type(types[0]);
  Json all = Json::array();
  for (const Type& type : types) all.push_back(of_type(type));
  return {{"anyOf", all}};
}

Json of_type(const Type& type) {
  switch (type.kind) {
    case Type::Kind::whole: {
      const Json number{{"type", "integer"}, {"minimum", type.least}, {"maximum", type.most}};
      return {{"anyOf", Json::array({number, text_like("0|[1-9][0-9]*")})}};
    }
    case Type::Kind::word: {
      Json words = Json::array();
      for (const Type::Word& word : type.words) words.push_back(word_value(word.text));
      return {{"anyOf", Json::array({Json{{"enum", words}}, any_variable()})}};
    }
    case Type::Kind::duration:
      if (type.least == 0) break;
      return text_like(fmt::format("(?=.*[1-9]){}", scalar(Type::Kind::duration)->pattern));
    case Type::Kind::list: {
      Json list{{"type", "array"}, {"items", any_of(type.of)}};
      if (type.least > 0) list["minItems"] = type.least;
      return list;
    }
    case Type::Kind::named: {
      Json map{{"type", "object"},
               {"additionalProperties", any_of(type.of)},
               {"propertyNames", {{"pattern", fmt::format("^{}$", scalar(Type::Kind::name)->pattern)}}}};
      if (type.least > 0) map["minProperties"] = type.least;
      return map;
    }
    case Type::Kind::either: return any_of(type.of);
    case Type::Kind::section: return reference(type.section().name);
    default: break;
  }
  return reference(scalar(type.kind)->name);
}

/// The sentence, the default and what Linux says to it.
std::string description(const KeyRow& row) {
  std::string text(row.sentence);
  for (const Type::Word& word : row.type.words) {
    if (!word.sentence.empty()) text += fmt::format(" {}: {}.", word.text, word.sentence);
  }
  if (!row.standard.empty()) text += fmt::format(" Default: {}.", row.standard);
  if (!row.cannot.empty()) text += fmt::format(" Linux cannot: {}.", row.cannot);
  return text;
}

Json with_description(const KeyRow& row, Json schema) {
  Json made{{"description", description(row)}};
  made.update(schema);
  return made;
}

/// A key of a variant: null takes away what the file says, and maps need not be whole.
Json of_variant(const KeyRow& row) {
  const KeyRow* of_file = file_section().find(row.name);
  const bool whole = row.type.kind != Type::Kind::named;
  Json schema = whole ? of_type(row.type) : Json{{"type", "object"}};
  if (of_file && of_file->needed) return schema;
  return {{"anyOf", Json::array({Json{{"type", "null"}}, schema})}};
}

std::string_view verb_name(std::uint8_t verb) { return word(static_cast<Verb>(verb)); }

/// "key needs one of these verbs", for each key that goes with some only.
Json verb_conditions(const Section& section) {
  Json all = Json::array();
  for (const KeyRow& row : section.rows) {
    if (row.verbs == 0) continue;
    Json verbs = Json::array();
    for (std::uint8_t verb = 0; verb < 8; ++verb) {
      if ((row.verbs >> verb & 1) != 0) verbs.push_back(required(verb_name(verb)));
    }
    all.push_back({{"if", required(row.name)}, {"then", {{"anyOf", verbs}}}});
  }
  return all;
}

Json of_section(const Section& section) {
  Json properties = Json::object(), needed = Json::array();
  const bool variant = &section == &variant_section();
  for (const KeyRow& row : section.rows) {
    properties[std::string(row.name)] = with_description(row, variant ? of_variant(row) : of_type(row.type));
    if (row.needed) needed.push_back(row.name);
  }
  Json made{{"description", section.sentence},
            {"type", "object"},
            {"properties", properties},
            {"patternProperties", {{"^x-", true}}},
            {"additionalProperties", false}};
  if (!needed.empty()) made["required"] = needed;
  const auto alternatives = [&](const char* word, const std::vector<std::string_view>& keys) {
    for (const std::string_view key : keys) made[word].push_back(required(key));
  };
  alternatives("oneOf", section.one_of);
  alternatives("anyOf", section.any_of);
  const Json conditions = verb_conditions(section);
  if (!conditions.empty()) made["allOf"] = conditions;
  if (!section.condition.empty()) made.update(Json::parse(section.condition));
  return made;
}

Json of_scalar(const Scalar& one) {
  Json made{{"description", one.sentence}};
  switch (one.kind) {
    case Type::Kind::boolean: made["anyOf"] = Json::array({Json{{"type", "boolean"}}, any_variable()}); break;
    case Type::Kind::ports:
      made["anyOf"] =
          Json::array({Json{{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}}, text_like(one.pattern)});
      break;
    case Type::Kind::answer: made.update(Json{{"type", {"string", "integer"}}, {"minimum", 0}}); break;
    case Type::Kind::value: made["type"] = {"string", "number", "boolean"}; break;
    default:
      if (one.pattern.empty()) {
        made["type"] = "string";
      } else {
        made.update(text_like(one.pattern));
      }
  }
  return made;
}

/// The sections and scalars that are referred to, each after the first that refers to it.
class Definitions {
 public:
  Json all() {
    follow(file_section());
    Json made = scalars_;
    for (const Section* section : sections_) made[std::string(section->name)] = of_section(*section);
    return made;
  }

 private:
  void follow(const Section& section) {
    for (const KeyRow& row : section.rows) follow(row.type);
  }
  void follow(const Type& type) {
    if (const Scalar* one = scalar(type.kind)) scalars_[std::string(one->name)] = of_scalar(*one);
    for (const Type& part : type.of) follow(part);
    if (type.kind != Type::Kind::section) return;
    const Section& section = type.section();
    if (std::ranges::find(sections_, &section) != sections_.end()) return;
    sections_.push_back(&section);
    follow(section);
  }

  Json scalars_ = Json::object();
  std::vector<const Section*> sections_;
};

}  // namespace

std::string json_schema() {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"$id", "masqsim.schema.json"},
              {"title", "masqsim scenario"}};
  schema.update(of_section(file_section()));
  schema["$defs"] = Definitions().all();
  return schema.dump(1) + '\n';
}

}  // namespace masqsim::scenario
