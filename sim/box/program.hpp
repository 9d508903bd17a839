// A process that is asked one line at a time and answers with lines.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/output.hpp"
#include "masqsim/base/time.hpp"

namespace masqsim::box {

/// A program did what it must not. `what()` has several lines: the last ones are the end of the program's standard
/// error, each behind four spaces.
class ProgramFailure final : public MachineError {
 public:
  using MachineError::MachineError;
  /// One line: what it did, and the last line of its standard error.
  std::string shortly() const;
};

/// The words of a command: split at spaces, where '...' and "..." hold together what they enclose (within "..." and
/// outside of quotes \ takes the next character as it is). Throws std::invalid_argument for a quote that does not end
/// and for no word at all.
std::vector<std::string> split_words(std::string_view command);

/// Runs without a shell, in a process group of its own. All of that group ends when this object does, and also when
/// this process ends in whatever way. What the program does wrong throws ProgramFailure, which tells what the program
/// was told and wrote last, and the end of its standard error; what the machine refuses throws MachineError.
class Program {
 public:
  /// `patience`: how long the program may take for one line, in the machine's own time. `title` is what messages call
  /// it.
  Program(std::vector<std::string> words, std::string title, Duration patience);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Writes `line` and a line feed. The program must have written nothing since the last line that was taken.
  void tell(std::string line);
  /// The next line that the program writes, without its line feed.
  std::string hear();
  /// Ends with ProgramFailure: the last line that was heard is not what was wanted.
  [[noreturn]] void fail(const std::string& what);
  /// Writes a last line and lets the program end by itself for a moment. Never throws.
  void dismiss(std::string line) noexcept;

 private:
  class Process;
  std::unique_ptr<Process> process_;
};

}  // namespace masqsim::box
