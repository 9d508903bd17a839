// What a student takes away from a lab, and a teacher grades: one small JSON file, which the page and `masqsim quiz`
// write:
//
//   {"masqsim": "answers", "lab": NAME, "variant": NAME, "trace": FINGERPRINT,
//    "answers": [{"question": 1, "ask": TEXT, "answer": TEXT, "tries": 2, "trace": FINGERPRINT}],
//    "predictions": [{"flow": ID, "result": WORD, "place": NAME, "variant": NAME, "file": YAML}],
//    "file": YAML}
//
// `trace` of an answer is the run that it was given about, `file` the scenario as the student left it, without its
// questions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace masqsim::page {

/// Something is wrong with a sheet, on that line; 0: with all of it.
class SheetError : public std::runtime_error {
 public:
  SheetError(std::size_t line, const std::string& message) : std::runtime_error(message), line_(line) {}
  std::size_t line() const { return line_; }

 private:
  std::size_t line_;
};

struct Answer {
  std::size_t question = 0;  ///< from 1, in the order of the lab
  std::string ask;
  std::string text;
  std::uint64_t tries = 1;
  std::string trace;     ///< empty: of the lab's own run
  std::size_t line = 0;  ///< of the sheet
};

struct Prediction {
  std::string flow, result, place, variant;
  std::string file;
};

struct AnswerSheet {
  std::string lab;
  std::string variant;
  std::string trace;  ///< of the lab's own run
  std::vector<Answer> answers;
  std::vector<Prediction> predictions;
  std::string file;
};

/// Bytes that a sheet may have.
inline constexpr std::size_t most_of_a_sheet = 16'000'000;

/// Throws SheetError.
AnswerSheet read_sheet(std::string_view text);
std::string text_of(const AnswerSheet& sheet);

}  // namespace masqsim::page
