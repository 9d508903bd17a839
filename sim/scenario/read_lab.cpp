#include <algorithm>

#include <fmt/format.h>

#include "draft.hpp"
#include "facts.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::array<Word<Fact>, 11> facts{{{"source", Fact::source},
                                            {"destination", Fact::destination},
                                            {"ttl", Fact::ttl},
                                            {"result", Fact::result},
                                            {"reason", Fact::reason},
                                            {"place", Fact::place},
                                            {"count", Fact::count},
                                            {"inside", Fact::inside},
                                            {"outside", Fact::outside},
                                            {"remote", Fact::remote},
                                            {"state", Fact::state}}};

bool needs_place(Fact fact) { return fact == Fact::source || fact == Fact::destination || fact == Fact::ttl; }
bool is_of_table(Fact fact) { return fact >= Fact::count; }

void read_flow_moment(Draft& draft, const Value& value, Question& question) {
  const Fields when(draft.report, value, "lab.when", value.span, flow_moment_keys().section);
  const Value* name = when.get("flow");
  if (const auto flow = name ? find_flow(draft, *name) : std::nullopt) {
    question.flow = flow->action;
    question.member = flow->member;
  }
  if (const Value* at = when.get("at")) question.at = find_place(draft, "lab", *at);
  question.what = when.has("at") ? Fact::source : Fact::result;
  const bool said = when.word<Fact>("what", facts, question.what);
  flow_moment_keys().read(when, question);
  if (is_of_table(question.what)) {
    draft.report.error(when.get("what")->span,
                       fmt::format("'{}' is asked of a table ('nat'), not of a flow", word(question.what)));
  } else if (needs_place(question.what) && !when.has("at")) {
    draft.report.error(value.span, fmt::format("'{}' needs the place where it is read ('at')", word(question.what)));
  } else if (said && !needs_place(question.what) && when.has("at")) {
    draft.report.error(when.key_span("at"),
                       fmt::format("'{}' is asked of the whole flow, not of one place", word(question.what)));
  }
}

void read_table_moment(Draft& draft, const Value& value, Question& question) {
  const Fields when(draft.report, value, "lab.when", value.span, table_moment_keys().section);
  if (const Value* name = when.get("nat")) question.gateway = find_gateway(draft, *name);
  table_moment_keys().read(when, question);
  question.what = Fact::count;
  when.word<Fact>("what", facts, question.what);
  if (!is_of_table(question.what)) {
    draft.report.error(when.get("what")->span,
                       fmt::format("'{}' is asked of a flow, not of a table", word(question.what)));
  }
}

/// An answer that could never be the fact asked for is a slip of the pen.
void check_answer(Draft& draft, const Question& question, Span where) {
  const std::string& text = question.answer;
  const auto refuse = [&](std::string_view what) {
    draft.report.error(where, fmt::format("answer {} is not {}", quoted(text), what));
  };
  switch (question.what) {
    case Fact::source:
    case Fact::destination:
    case Fact::inside:
    case Fact::outside:
    case Fact::remote:
      if (!wire::parse_endpoint(text) && !wire::parse_address(text)) refuse("an address or an address and port");
      return;
    case Fact::ttl:
    case Fact::count:
      if (std::holds_alternative<parse::Problem>(parse::whole(text, 0, 16'777'216))) refuse("a whole number");
      return;
    case Fact::result:
      if (!result_of(text)) refuse("a result");
      return;
    case Fact::reason:
      if (!reason_of(text)) refuse("a reason");
      return;
    case Fact::place:
      if (!draft.networks.contains(text) && !draft.nodes.contains(text.substr(0, text.rfind('.'))) &&
          !draft.nodes.contains(text)) {
        refuse("a node or network");
      }
      return;
    case Fact::state: return;
  }
}

/// Text, or a bare number.
std::string read_answer(Draft& draft, const Value& value, std::string_view what) {
  const bool number = value.is_scalar() && value.plain &&
                      std::holds_alternative<std::uint64_t>(parse::whole(value.text, 0, UINT32_MAX));
  if (number) return value.text;
  const std::string* text = plain_text(draft.report, value, what);
  return text ? *text : std::string{};
}

Question read_question(Draft& draft, const Value& value) {
  const Fields fields(draft.report, value, "lab", value.span, question_keys().section);
  Question question;
  question.position = position_of(draft, value.span);
  if (!fields.ok()) return question;
  fields.need("ask");
  fields.text("ask", question.ask);
  fields.text("hint", question.hint);
  if (const Value* when = fields.need("when")) {
    question.when_position = position_of(draft, when->span);
    const bool flow = when->is_map() && when->find("flow");
    const bool table = when->is_map() && when->find("nat");
    if (flow == table) {
      draft.report.error(when->span, "'when' names a 'flow' or a gateway's table ('nat')");
    } else if (flow) {
      read_flow_moment(draft, *when, question);
    } else {
      read_table_moment(draft, *when, question);
    }
  }
  if (const Value* answer = fields.need("answer")) {
    question.answer_position = position_of(draft, answer->span);
    question.answer = read_answer(draft, *answer, "answer");
    if (!question.answer.empty()) check_answer(draft, question, answer->span);
  }
  const auto* choices = fields.list("choices");
  if (!choices) return question;
  for (const Value& choice : *choices) question.choices.push_back(read_answer(draft, choice, "choice"));
  if (std::find(question.choices.begin(), question.choices.end(), question.answer) == question.choices.end()) {
    draft.report.error(fields.get("choices")->span,
                       fmt::format("choices must hold the answer {}", quoted(question.answer)));
  }
  return question;
}

}  // namespace

std::string_view word(Fact fact) {
  for (const auto& entry : facts) {
    if (entry.value == fact) return entry.text;
  }
  return {};
}

void read_lab(Draft& draft, const Fields& root) {
  const auto* questions = root.list("lab");
  if (!questions) return;
  for (const Value& value : *questions) draft.scenario.lab.push_back(read_question(draft, value));
}

}  // namespace masqsim::scenario
