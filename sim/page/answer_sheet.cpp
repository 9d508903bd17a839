#include "answer_sheet.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

std::size_t line_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

/// Where the `n`-th (from 0) member of that name begins; inside strings quotes are escaped, so no text is taken for
/// one.
std::size_t line_of(std::string_view text, std::string_view key, std::size_t n) {
  const std::string name = '"' + std::string(key) + '"';
  std::size_t at = text.find(name);
  for (; at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t next = text.find_first_not_of(" \t\r\n", at + name.size());
    if (next == std::string_view::npos || text[next] != ':') continue;
    if (n-- == 0) return line_at(text, at);
  }
  return 0;
}

/// Only what the sheet says is looked at; a member of another kind than it should be is the fault of its line.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  AnswerSheet read() {
    const Json json = parsed();
    if (!json.is_object() || json.value("masqsim", Json()) != "answers") {
      throw SheetError(1, "this is no file of answers: \"masqsim\": \"answers\" is missing");
    }
    AnswerSheet sheet{.lab = word(json, "lab"),
                      .variant = word(json, "variant"),
                      .trace = word(json, "trace"),
                      .answers = {},
                      .predictions = {},
                      .file = word(json, "file")};
    for (const Json& answer : list(json, "answers")) sheet.answers.push_back(answer_of(answer, sheet.answers.size()));
    for (const Json& p : list(json, "predictions")) {
      sheet.predictions.push_back(
          {word(p, "flow"), word(p, "result"), word(p, "place"), word(p, "variant"), word(p, "file")});
    }
    return sheet;
  }

 private:
  Json parsed() const {
    try {
      return Json::parse(text_);
    } catch (const Json::parse_error& error) {
      throw SheetError(line_at(text_, error.byte == 0 ? 0 : error.byte - 1), "this is not JSON");
    } catch (const Json::exception&) {
      throw SheetError(1, "a number in it is out of range");
    }
  }

  Answer answer_of(const Json& json, std::size_t n) const {
    const std::size_t line = line_of(text_, "question", n);
    if (!json.is_object() || !json.value("question", Json()).is_number_unsigned()) {
      throw SheetError(line, "an answer names its question by a number, from 1");
    }
    const Json tries = json.value("tries", Json(1U));
    return {.question = json["question"].get<std::size_t>(),
            .ask = word(json, "ask"),
            .text = word(json, "answer"),
            .tries = tries.is_number_unsigned() ? tries.get<std::uint64_t>() : 1,
            .trace = word(json, "trace"),
            .line = line};
  }

  std::string word(const Json& json, const char* key) const {
    if (!json.is_object()) throw SheetError(0, "an element is no object");
    const Json value = json.value(key, Json(""));
    if (!value.is_string()) throw SheetError(line_of(text_, key, 0), std::string(key) + " is no text");
    return value.get<std::string>();
  }

  Json list(const Json& json, const char* key) const {
    Json value = json.value(key, Json::array());
    if (!value.is_array()) throw SheetError(line_of(text_, key, 0), std::string(key) + " is no list");
    return value;
  }

  std::string_view text_;
};

}  // namespace

AnswerSheet read_sheet(std::string_view text) { return Reader(text).read(); }

std::string text_of(const AnswerSheet& sheet) {
  Json json{{"masqsim", "answers"}, {"lab", sheet.lab}, {"variant", sheet.variant}, {"trace", sheet.trace}};
  json["answers"] = Json::array();
  for (const Answer& a : sheet.answers) {
    json["answers"].push_back(
        {{"question", a.question}, {"ask", a.ask}, {"answer", a.text}, {"tries", a.tries}, {"trace", a.trace}});
  }
  json["predictions"] = Json::array();
  for (const Prediction& p : sheet.predictions) {
    json["predictions"].push_back(
        {{"flow", p.flow}, {"result", p.result}, {"place", p.place}, {"variant", p.variant}, {"file", p.file}});
  }
  json["file"] = sheet.file;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace masqsim::page
