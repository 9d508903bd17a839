// masqsim grade LAB --answers FILES...: what students took away from a lab, held against it.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "limits.hpp"
#include "masqsim/base/input.hpp"
#include "masqsim/base/output.hpp"
#include "program.hpp"
#include "sim/page/engine.hpp"
#include "sim/page/grade.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  std::string lab;
  std::vector<std::string> answers;
  std::string format = "text";
};

/// "anna" of "class/anna-answers.json"; the whole path where two files would have one name.
std::string student_of(const std::string& path, const std::map<std::string, int>& stems) {
  const std::string stem = std::filesystem::path(path).stem().string();
  return stems.at(stem) == 1 ? stem : path;
}

page::Graded graded(page::Grader& grader, const std::string& path, const std::string& student) {
  page::Graded result{.student = student, .file = path};
  const FileText read = read_file(path, page::most_of_a_sheet);
  try {
    if (!read.problem.empty()) throw page::SheetError(0, read.problem);
    result.grade = grader.grade(page::read_sheet(read.text));
  } catch (const page::SheetError& error) {
    result.error = error.what();
    const std::string line = error.line() == 0 ? "" : ':' + std::to_string(error.line());
    complain("masqsim: error: " + path + line + ": " + error.what() + '\n');
  }
  return result;
}

int grade(const Arguments& arguments) {
  if (arguments.format != "text" && arguments.format != "csv" && arguments.format != "json") {
    throw UsageError("unknown format '" + arguments.format + "'", "text, csv or json");
  }
  if (arguments.answers.empty()) {
    throw UsageError("--answers is required", "masqsim grade LAB --answers FILES...; the page and quiz save them");
  }
  only_one_dash(arguments.answers);
  const scenario::Loaded lab = load_written_or_tell(arguments.lab);
  if (lab.scenario->lab.empty()) throw UsageError(arguments.lab + ": it asks nothing", "a lab: with questions");
  tell_if_too_large(arguments.lab, *lab.scenario, page::limits);
  try {
    page::Grader grader(lab);
    std::map<std::string, int> stems;
    for (const std::string& path : arguments.answers) ++stems[std::filesystem::path(path).stem().string()];
    std::vector<page::Graded> students;
    for (const std::string& path : arguments.answers) {
      students.push_back(graded(grader, path, student_of(path, stems)));
    }
    const std::string& name = lab.scenario->name;
    if (arguments.format == "csv")
      print_bytes(page::grades_csv(students));
    else if (arguments.format == "json")
      print_bytes(page::grades_json(name, students));
    else
      print(page::grades_text(name, students));
    const auto failed = [](const page::Graded& s) { return !s.error.empty(); };
    return std::ranges::any_of(students, failed) ? Exit::invalid : Exit::good;
  } catch (const std::invalid_argument& error) {
    throw UsageError(arguments.lab + ": " + error.what());
  }
}

}  // namespace

void add_grade(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("grade", "hold what students answered, predicted and changed against a lab");
  verb->add_option("lab", arguments->lab, "scenario FILE that asks questions; its variant is the student's choice")
      ->required();
  verb->add_option("--answers", arguments->answers, "files that the lab page or quiz saved, a student each")
      ->type_name("FILE ...");
  verb->add_option("--format", arguments->format, "text, csv or json")->type_name("FORMAT");
  verb->footer("Example:\n  masqsim grade scenarios/03-inbound-fails.yaml --answers class/*.json --format csv");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return grade(*arguments); }; });
}

}  // namespace masqsim::cli
