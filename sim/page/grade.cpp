#include "grade.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine.hpp"
#include "lab_file.hpp"
#include "mark.hpp"
#include "masqsim/trace/fingerprint.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

scenario::Loaded load(const std::string& text, const std::string& variant, std::vector<scenario::Edit> edits = {}) {
  return scenario::load_text(
      text, {.variant = variant, .sets = {}, .seed = {}, .alone = true, .edits = std::move(edits)}, "lab");
}

std::string first_fault(const scenario::Loaded& loaded) {
  const scenario::Diagnostic& d = loaded.diagnostics.front();
  return "the file is wrong: line " + std::to_string(d.line) + ": " + d.message;
}

/// Nothing where the run would be too large, or did not end; `fault` then says why.
std::optional<scenario::Finished> run(const scenario::Scenario& scenario, trace::FingerprintSink& watched,
                                      std::string& fault) try {
  scenario::Finished finished = scenario::run(scenario, {.sinks = {&watched}, .limits = limits});
  if (!finished.broken_off) return finished;
  fault = "the run was broken off: " + finished.broken_off->sentence();
  return std::nullopt;
} catch (const scenario::TooLarge& error) {
  fault = std::string("the file asks for too much: ") + error.what();
  return std::nullopt;
}

/// One run about which the lab's questions are asked.
struct Sitting {
  std::string trace;
  scenario::Scenario scenario;
  std::vector<int> kept;  ///< which of the scenario's questions each of the lab's is; -1: none
  scenario::Finished finished;
};

std::optional<Sitting> sit(const std::string& text, const std::string& variant, const Json& questions,
                           std::string& fault) {
  const scenario::Loaded loaded = load(text, variant);
  if (!loaded.scenario) {
    fault = first_fault(loaded);
    return std::nullopt;
  }
  Sitting sitting;
  sitting.scenario = with_questions(loaded, questions, sitting.kept);
  trace::FingerprintSink fingerprint;
  std::optional<scenario::Finished> finished = run(sitting.scenario, fingerprint, fault);
  if (!finished) return std::nullopt;
  sitting.finished = std::move(*finished);
  sitting.trace = fingerprint.hex();
  return sitting;
}

/// "clients" of "clients.17".
std::string group_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  const bool member = dot != std::string::npos && dot + 1 < name.size() &&
                      name.find_first_not_of("0123456789", dot + 1) == std::string::npos;
  return member ? name.substr(0, dot) : name;
}

bool comes_true(const Prediction& prediction) {
  const scenario::Loaded loaded = load(prediction.file, prediction.variant);
  if (!loaded.scenario) return false;
  trace::FingerprintSink watched;
  std::string fault;
  const std::optional<scenario::Finished> finished = run(*loaded.scenario, watched, fault);
  if (!finished) return false;
  const auto flow = std::ranges::find(finished->flows, prediction.flow, &scenario::FlowOutcome::id);
  return flow != finished->flows.end() && flow->result && scenario::word(*flow->result) == prediction.result &&
         group_of(flow->at) == prediction.place;
}

GradedAnswer graded(const Answer& answer, const Sitting& own, const Sitting* theirs) {
  GradedAnswer graded{.given = true, .right = false, .tries = answer.tries, .text = answer.text};
  const Sitting* about = answer.trace.empty() || answer.trace == own.trace ? &own : theirs;
  if (about == nullptr || (about == theirs && answer.trace != theirs->trace)) {
    graded.remark = "given about a run that is neither the lab's nor the saved file's";
    return graded;
  }
  const int n = about->kept[answer.question - 1];
  if (n < 0) {
    graded.remark = "the saved file no longer has what this asks about";
    return graded;
  }
  const auto at = static_cast<std::size_t>(n);
  graded.right = mark(about->scenario.lab[at], about->finished.lab[at], answer.text).right;
  return graded;
}

}  // namespace

std::size_t Grade::right() const {
  return static_cast<std::size_t>(std::ranges::count_if(answers, &GradedAnswer::right));
}
std::size_t Grade::met() const {
  return static_cast<std::size_t>(std::ranges::count_if(expectations, &scenario::Verdict::met));
}

struct Grader::Lab {
  std::string name;
  std::string text;  ///< as the teacher wrote it
  LabFile parts;     ///< as students get it
  Json questions;    ///< by variant
  std::vector<std::string> variants;
  std::map<std::string, Sitting> own;  ///< the lab's own runs, by variant, as they are asked for

  /// The base's questions where the variant has none of its own, as in the page.
  Json asked(const std::string& variant) const {
    if (questions.contains(variant)) return questions[variant];
    return questions.value("", Json::array());
  }
  const Sitting& sitting(const std::string& variant) {
    if (const auto known = own.find(variant); known != own.end()) return known->second;
    std::string fault;
    std::optional<Sitting> sitting = sit(parts.yaml, variant, asked(variant), fault);
    if (!sitting) throw std::invalid_argument(fault);
    return own.emplace(variant, std::move(*sitting)).first->second;
  }
};

Grader::Grader(const scenario::Loaded& lab) : lab_(std::make_unique<Lab>()) {
  lab_->name = lab.scenario->name;
  lab_->text = lab.written.text;
  lab_->parts = take_apart(lab_->text);
  lab_->questions = Json::parse(lab_->parts.questions);
  for (const scenario::VariantInfo& variant : lab.scenario->variants) lab_->variants.push_back(variant.name);
}
Grader::~Grader() = default;

Grade Grader::grade(const AnswerSheet& sheet) {
  if (sheet.lab != lab_->name) {
    throw SheetError(0, "these are answers to the lab '" + sheet.lab + "', not to '" + lab_->name + "'");
  }
  if (!sheet.variant.empty() && std::ranges::find(lab_->variants, sheet.variant) == lab_->variants.end()) {
    throw SheetError(0, "the lab has no variant '" + sheet.variant + "'");
  }
  const Sitting& own = lab_->sitting(sheet.variant);
  Grade grade;
  grade.variant = sheet.variant;
  grade.edited = !sheet.file.empty() && sheet.file != lab_->parts.yaml;
  std::optional<Sitting> theirs;
  if (grade.edited) theirs = sit(sheet.file, sheet.variant, lab_->asked(sheet.variant), grade.fault);

  grade.answers.resize(own.kept.size());
  for (const Answer& answer : sheet.answers) {
    if (answer.question == 0 || answer.question > own.kept.size()) {
      throw SheetError(answer.line, "the lab has no question " + std::to_string(answer.question) + "; it has " +
                                        std::to_string(own.kept.size()));
    }
    grade.answers[answer.question - 1] = graded(answer, own, theirs ? &*theirs : nullptr);
  }

  grade.predictions = sheet.predictions.size();
  grade.predicted = static_cast<std::size_t>(std::ranges::count_if(sheet.predictions, comes_true));

  grade.expected = own.finished.expectations.size();
  if (!grade.edited) {
    grade.expectations = own.finished.expectations;
  } else if (grade.fault.empty()) {
    const scenario::Loaded expecting =
        load(sheet.file, sheet.variant,
             {{scenario::Edit::What::put, {"expect"}, expectations_of(lab_->text, sheet.variant)}});
    trace::FingerprintSink watched;
    if (!expecting.scenario)
      grade.fault = first_fault(expecting);
    else if (const auto finished = run(*expecting.scenario, watched, grade.fault))
      grade.expectations = finished->expectations;
  }
  return grade;
}

}  // namespace masqsim::page
