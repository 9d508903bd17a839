// Line by line through the text of a file, with its name and number for errors.
#pragma once

#include <string>
#include <string_view>

#include "masqsim/trace/read.hpp"

namespace masqsim::trace {

class LinesOfFile {
 public:
  LinesOfFile(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  /// The next line without its end; false at the end of the file. Throws on a line that is too long or cut.
  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    ++number_;
    const std::size_t end = rest_.substr(0, limits::line_bytes + 1).find('\n');
    if (end == std::string_view::npos) {
      if (rest_.size() > limits::line_bytes) {
        fail("the line is too long (at most " + std::to_string(limits::line_bytes) + " bytes)");
      }
      fail("the last line is cut (it has no end of line)");
    }
    line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw ReadError(name_ + ':' + std::to_string(number_) + ": " + what);
  }

 private:
  std::string_view rest_;
  const std::string& name_;
  std::size_t number_ = 0;
};

/// `text` for a message: printable, at most 40 characters, in quotes.
std::string shown(std::string_view text);

/// The kind called `word`; throws through `at`.
Kind kind_called(std::string_view word, const LinesOfFile& at);

}  // namespace masqsim::trace
