// Traces from files, text or JSON lines. A file from a stranger gives a trace or one clear error, never more.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "masqsim/trace/lines.hpp"
#include "masqsim/trace/recording.hpp"

namespace masqsim::trace {

/// The file cannot be read or is not what it should be. `what()` is "FILE:LINE: what is wrong (what would be right)",
/// or "FILE: cannot open: No such file or directory".
class ReadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace limits {
inline constexpr std::size_t file_bytes = 1u << 30;
inline constexpr std::size_t line_bytes = 1u << 20;  ///< two packets of 65,535 bytes in hex, and their words
inline constexpr std::size_t records = 20'000'000;
}  // namespace limits

/// Text or JSON lines, told apart by the first byte. "-" is standard input. Throws ReadError.
Lines read_lines(const std::string& path);
/// JSON lines only: the text trace does not hold the bytes. Throws ReadError.
Recording read_recording(const std::string& path);

// The same from memory; `name` stands for the file in errors.
Lines parse_lines(std::string_view text, const std::string& name);
Recording parse_recording(std::string_view text, const std::string& name);

}  // namespace masqsim::trace
