// What students took away from a lab, held against it: each answer against the run that it was given about, each
// prediction against a run of its file, the lab's expectations against the file as the student left it. Students' files
// are strangers' files: every run keeps to the page's limits.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "answer_sheet.hpp"
#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"

namespace masqsim::page {

struct GradedAnswer {
  bool given = false;
  bool right = false;
  std::uint64_t tries = 0;
  std::string text;
  std::string remark{};  ///< why it could not be held against a run; empty where it could
};

struct Grade {
  std::string variant;
  std::vector<GradedAnswer> answers;            ///< one a question of the lab, in its order
  std::size_t predictions = 0;                  ///< that were made
  std::size_t predicted = 0;                    ///< and came true
  bool edited = false;                          ///< the student changed the file
  std::vector<scenario::Verdict> expectations;  ///< the lab's, of the student's file
  std::size_t expected = 0;                     ///< how many there are
  std::string fault{};                          ///< why the student's file was not run; empty where it was

  std::size_t right() const;
  std::size_t met() const;
  /// A right answer is one, a prediction that came true is one.
  std::size_t points() const { return right() + predicted; }
};

class Grader {
 public:
  /// `lab` is good, and has been loaded without changes. Throws std::invalid_argument where its questions cannot be
  /// told from the rest of the file.
  explicit Grader(const scenario::Loaded& lab);
  ~Grader();
  Grader(const Grader&) = delete;
  Grader& operator=(const Grader&) = delete;

  /// Throws SheetError: another lab, a variant or a question that the lab does not have.
  Grade grade(const AnswerSheet& sheet);

 private:
  struct Lab;
  std::unique_ptr<Lab> lab_;
};

/// How grades are told. `students` names each; one without a grade could not be graded.
struct Graded {
  std::string student;
  std::string file;  ///< as the user named it
  Grade grade{};
  std::string error{};  ///< set: there is no grade
};
std::string grades_text(const std::string& lab, const std::vector<Graded>& students);
std::string grades_csv(const std::vector<Graded>& students);
std::string grades_json(const std::string& lab, const std::vector<Graded>& students);

}  // namespace masqsim::page
