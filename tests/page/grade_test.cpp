#include "sim/page/grade.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "masqsim/trace/fingerprint.hpp"
#include "sim/page/lab_file.hpp"
#include "sim/page/mark.hpp"

namespace masqsim::page {
namespace {

std::string file_named(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(MASQSIM_SOURCE_DIR "/scenarios/") + name).rdbuf();
  return text.str();
}

const std::string lab = file_named("03-inbound-fails.yaml");

Grade grade(const AnswerSheet& sheet) { return Grader(scenario::load_text(lab)).grade(sheet); }

AnswerSheet sheet_with(const std::vector<std::string>& answers) {
  AnswerSheet sheet{.lab = "inbound-fails",
                    .variant = "",
                    .trace = "",
                    .answers = {},
                    .predictions = {},
                    .file = take_apart(lab).yaml};
  for (std::size_t n = 0; n < answers.size(); ++n)
    sheet.answers.push_back({.question = n + 1, .ask = "", .text = answers[n], .trace = ""});
  return sheet;
}

std::string with_forward(const std::string& target) {
  std::string yaml = take_apart(lab).yaml;
  return yaml.replace(yaml.find("forward: []"), 11, "forward: [{tcp: 22, to: \"" + target + "\"}]");
}

std::string trace_of(const std::string& yaml) {
  trace::FingerprintSink fingerprint;
  scenario::run(*scenario::load_text(yaml).scenario, {.sinks = {&fingerprint}});
  return fingerprint.hex();
}

std::string fault_of(const AnswerSheet& sheet) try {
  grade(sheet);
  return "none";
} catch (const SheetError& error) {
  return std::to_string(error.line()) + ": " + error.what();
}

TEST(Mark, ComparesFoldedTextAndTellsWhereNoChoiceIsRight) {
  scenario::Question question;
  question.answer = "No Answer";
  scenario::Verdict verdict{.met = true, .what = {}, .instead = {}, .flow = {}};
  EXPECT_TRUE(mark(question, verdict, "  no \t answer ").right);
  EXPECT_FALSE(mark(question, verdict, "noanswer").right);
  question.choices = {"a", "b"};
  verdict = {.met = false, .what = {}, .instead = "B", .flow = {}};
  EXPECT_TRUE(mark(question, verdict, "b").right);
  verdict.instead = "c";
  EXPECT_TRUE(mark(question, verdict, "b").none);
}

TEST(Grade, HoldsEachAnswerAgainstTheLabsOwnRun) {
  const Grade graded = grade(sheet_with({"203.0.113.5:40000", "Unreachable", "gw"}));
  ASSERT_EQ(graded.answers.size(), 5u);
  EXPECT_TRUE(graded.answers[0].right);
  EXPECT_TRUE(graded.answers[1].right);
  EXPECT_FALSE(graded.answers[2].right);
  EXPECT_FALSE(graded.answers[3].given);
  EXPECT_EQ(graded.points(), 2u);
  EXPECT_FALSE(graded.edited);
  EXPECT_EQ(graded.met(), 4u);
}

TEST(Grade, HoldsAnAnswerAboutTheEditedRunAgainstThatRun) {
  AnswerSheet sheet = sheet_with({"203.0.113.5:40000"});
  sheet.file = with_forward("laptop:22");
  sheet.answers.push_back({.question = 4, .ask = "", .text = "established", .trace = trace_of(sheet.file)});
  sheet.answers.push_back({.question = 3, .ask = "", .text = "internet", .trace = std::string(32, '0')});
  const Grade graded = grade(sheet);
  EXPECT_TRUE(graded.edited);
  EXPECT_TRUE(graded.answers[0].right) << "of the lab's own run";
  EXPECT_TRUE(graded.answers[3].right) << "of the edited one";
  EXPECT_FALSE(graded.answers[2].right);
  EXPECT_EQ(graded.answers[2].remark, "given about a run that is neither the lab's nor the saved file's");
}

TEST(Grade, LaysTheLabsExpectationsOverTheStudentsFile) {
  AnswerSheet sheet = sheet_with({});
  sheet.variant = "forwarded";
  sheet.file = take_apart(lab).yaml;
  sheet.file.replace(sheet.file.find("to: \"laptop:22\"}]}}}"), 20, "to: \"laptop:23\"}]}}}");
  const std::size_t cheat = sheet.file.find("{flow: public, result: established, seen");
  sheet.file.replace(cheat, sheet.file.find('\n', cheat) - cheat, "{flow: public, result: refused}");
  const Grade graded = grade(sheet);
  EXPECT_EQ(graded.expected, 4u);
  EXPECT_EQ(graded.met(), 2u) << "the file's own expectations are not asked";
  EXPECT_EQ(graded.fault, "");
}

TEST(Grade, RunsAPredictionsFileAgain) {
  AnswerSheet sheet = sheet_with({});
  sheet.predictions = {{"public", "established", "", "", with_forward("laptop:22")},
                       {"public", "established", "", "", with_forward("laptop:23")},
                       {"public", "refused", "gw", "", take_apart(lab).yaml},
                       {"public", "established", "", "", "not a scenario"}};
  const Grade graded = grade(sheet);
  EXPECT_EQ(graded.predictions, 4u);
  EXPECT_EQ(graded.predicted, 2u);
  EXPECT_EQ(graded.points(), 2u);
}

TEST(Grade, OfAFileThatIsWrongOrTooLargeTellsWhy) {
  AnswerSheet sheet = sheet_with({"203.0.113.5:40000"});
  sheet.file.replace(sheet.file.find("masquerade:"), 11, "masqerade:");
  Grade graded = grade(sheet);
  EXPECT_EQ(graded.points(), 1u);
  EXPECT_EQ(graded.fault,
            "the file is wrong: line 16: unknown key 'masqerade' in 'nodes.gw.nat'; did you mean 'masquerade'?");
  sheet.file =
      "masqsim: 1\nname: crowd\nnetworks: {home: {kind: lan, subnet: 10.0.0.0/8}}\nnodes:\n"
      "  crowd: {count: 200000, interfaces: {home: 10.0.0.1/8}}\nactions: []\n";
  graded = grade(sheet);
  EXPECT_EQ(graded.fault.substr(0, 27), "the file asks for too much:");
}

TEST(Grade, OfAnotherLabVariantOrQuestionIsRefused) {
  AnswerSheet sheet = sheet_with({});
  sheet.lab = "outbound";
  EXPECT_EQ(fault_of(sheet), "0: these are answers to the lab 'outbound', not to 'inbound-fails'");
  sheet = sheet_with({});
  sheet.variant = "closed";
  EXPECT_EQ(fault_of(sheet), "0: the lab has no variant 'closed'");
  sheet = sheet_with({});
  sheet.answers.push_back({.question = 6, .ask = "", .text = "x", .trace = "", .line = 17});
  EXPECT_EQ(fault_of(sheet), "17: the lab has no question 6; it has 5");
}

TEST(AnswerSheet, IsReadAsItWasWritten) {
  AnswerSheet sheet = sheet_with({"a \"b\"\n", "c"});
  sheet.predictions = {{"public", "refused", "gw", "v", "x: 1\n"}};
  const AnswerSheet back = read_sheet(text_of(sheet));
  EXPECT_EQ(back.lab, sheet.lab);
  ASSERT_EQ(back.answers.size(), 2u);
  EXPECT_EQ(back.answers[0].text, "a \"b\"\n");
  EXPECT_EQ(back.answers[1].line, 15u);
  EXPECT_EQ(back.predictions[0].place, "gw");
  EXPECT_EQ(back.file, sheet.file);
}

TEST(AnswerSheet, ThatIsNoneIsRefusedWithItsLine) {
  const auto fault = [](std::string_view text) -> std::string {
    try {
      read_sheet(text);
      return "none";
    } catch (const SheetError& error) {
      return std::to_string(error.line()) + ": " + error.what();
    }
  };
  EXPECT_EQ(fault(""), "1: this is not JSON");
  EXPECT_EQ(fault("{\"a\": 1,\n\n ]"), "3: this is not JSON");
  EXPECT_EQ(fault("{\"a\": 1e999}"), "1: a number in it is out of range");
  EXPECT_EQ(fault("[]"), "1: this is no file of answers: \"masqsim\": \"answers\" is missing");
  EXPECT_EQ(fault("{\"masqsim\": \"answers\",\n\"lab\": 7}"), "2: lab is no text");
  EXPECT_EQ(fault("{\"masqsim\": \"answers\",\n\"answers\": {}}"), "2: answers is no list");
  EXPECT_EQ(fault("{\"masqsim\": \"answers\",\n\"answers\": [\n{\"question\": -1}]}"),
            "3: an answer names its question by a number, from 1");
}

TEST(Grades, AreToldAsTextAndAsCsvWithoutFormulas) {
  std::vector<Graded> students{
      {.student = "=SUM(A1)", .file = "f", .grade = grade(sheet_with({"203.0.113.5:40000", "x"}))},
      {.student = "ben", .file = "g", .grade = {}, .error = "this is not JSON"}};
  EXPECT_EQ(grades_text("inbound-fails", students),
            "lab inbound-fails\n"
            "student   questions   predictions  expectations  points\n"
            "=SUM(A1)  1 x - - -   0 of 0       4 of 4        1 of 5\n"
            "  2: 'x' is not so\n"
            "ben       not graded: this is not JSON\n");
  const std::string csv = grades_csv(students);
  EXPECT_EQ(csv.substr(csv.find('\n') + 1),
            "'=SUM(A1),,1,1,0,1,,,,,,,1,0,0,4,4,1,\n"
            "ben,,,,,,,,,,,,,,,,,,this is not JSON\n");
}

}  // namespace
}  // namespace masqsim::page
