#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "grade.hpp"

namespace masqsim::page {

namespace {

using Json = nlohmann::ordered_json;

std::string of(std::size_t some, std::size_t all) { return fmt::format("{} of {}", some, all); }

/// One letter a question: its number where it was right, x where it was wrong, - where nothing was said.
std::string row_of(const std::vector<GradedAnswer>& answers) {
  std::string row;
  for (std::size_t n = 0; n < answers.size(); ++n) {
    const GradedAnswer& a = answers[n];
    row += (n == 0 ? "" : " ") + (a.right ? std::to_string(n + 1) : std::string(a.given ? "x" : "-"));
  }
  return row;
}

/// What a spreadsheet takes for text and not for a formula.
std::string cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::size_t questions_of(const std::vector<Graded>& students) {
  std::size_t most = 0;
  for (const Graded& s : students) most = std::max(most, s.grade.answers.size());
  return most;
}

std::string remarks_of(const Grade& grade) {
  std::string text;
  for (std::size_t n = 0; n < grade.answers.size(); ++n) {
    const GradedAnswer& a = grade.answers[n];
    if (!a.given || a.right) continue;
    text += fmt::format("  {}: '{}' {}\n", n + 1, a.text, a.remark.empty() ? "is not so" : a.remark);
  }
  for (const scenario::Verdict& v : grade.expectations) {
    if (!v.met)
      text += fmt::format("  expected {}; {}\n", v.what, v.instead.empty() ? "it is not so" : "instead " + v.instead);
  }
  return grade.fault.empty() ? text : text + "  " + grade.fault + '\n';
}

}  // namespace

std::string grades_text(const std::string& lab, const std::vector<Graded>& students) {
  std::size_t width = 7;
  for (const Graded& s : students) width = std::max(width, s.student.size());
  const std::size_t answers = std::max<std::size_t>(9, 2 * questions_of(students));
  std::string text = fmt::format("lab {}\n{:<{}}  {:<{}}  {:<11}  {:<12}  points\n", lab, "student", width, "questions",
                                 answers, "predictions", "expectations");
  for (const Graded& s : students) {
    if (!s.error.empty()) {
      text += fmt::format("{:<{}}  not graded: {}\n", s.student, width, s.error);
      continue;
    }
    const Grade& g = s.grade;
    text += fmt::format("{:<{}}  {:<{}}  {:<11}  {:<12}  {}\n", s.student, width, row_of(g.answers), answers,
                        of(g.predicted, g.predictions), of(g.met(), g.expected),
                        of(g.points(), g.answers.size() + g.predictions));
    text += remarks_of(g);
  }
  return text;
}

std::string grades_csv(const std::vector<Graded>& students) {
  const std::size_t questions = questions_of(students);
  std::string text = "student,variant";
  for (std::size_t n = 1; n <= questions; ++n) text += fmt::format(",question {},tries {}", n, n);
  text += ",right,predictions,came true,expectations,met,points,remark\n";
  for (const Graded& s : students) {
    const Grade& g = s.grade;
    text += cell(s.student) + ',' + cell(g.variant);
    for (std::size_t n = 0; n < questions; ++n) {
      const GradedAnswer a = n < g.answers.size() ? g.answers[n] : GradedAnswer{};
      text += a.given ? fmt::format(",{},{}", a.right ? 1 : 0, a.tries) : ",,";
    }
    text += s.error.empty() ? fmt::format(",{},{},{},{},{},{},", g.right(), g.predictions, g.predicted, g.expected,
                                          g.met(), g.points())
                            : ",,,,,,,";
    text += cell(s.error.empty() ? g.fault : s.error) + '\n';
  }
  return text;
}

std::string grades_json(const std::string& lab, const std::vector<Graded>& students) {
  Json json{{"lab", lab}, {"students", Json::array()}};
  for (const Graded& s : students) {
    const Grade& g = s.grade;
    Json row{{"student", s.student}, {"file", s.file}};
    if (!s.error.empty()) {
      row["error"] = s.error;
      json["students"].push_back(std::move(row));
      continue;
    }
    row["variant"] = g.variant;
    row["answers"] = Json::array();
    for (const GradedAnswer& a : g.answers) {
      Json answer{{"given", a.given}, {"right", a.right}};
      if (a.given) answer.update({{"answer", a.text}, {"tries", a.tries}});
      if (!a.remark.empty()) answer["remark"] = a.remark;
      row["answers"].push_back(std::move(answer));
    }
    row["predictions"] = {{"made", g.predictions}, {"came_true", g.predicted}};
    row["expectations"] = {{"met", g.met()}, {"of", g.expected}, {"unmet", Json::array()}};
    for (const scenario::Verdict& v : g.expectations) {
      if (!v.met) row["expectations"]["unmet"].push_back({{"what", v.what}, {"instead", v.instead}});
    }
    row["edited"] = g.edited;
    if (!g.fault.empty()) row["fault"] = g.fault;
    row["points"] = g.points();
    row["of"] = g.answers.size() + g.predictions;
    json["students"].push_back(std::move(row));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace masqsim::page
