// Whole files, read as a program reads what strangers give it: nothing that never ends, nothing that waits.
#pragma once

#include <cstddef>
#include <string>

namespace masqsim {

/// The bytes of a file, or what is wrong with it as a whole.
struct FileText {
  std::string text;
  std::string problem;   ///< "cannot open: No such file or directory", "is a directory"; empty where it was read
  bool missing = false;  ///< there is no such file
};

/// Reads `path`, a regular file of at most `most` bytes; "-" is standard input, which may also be a pipe. Directories,
/// FIFOs and devices are refused at once.
FileText read_file(const std::string& path, std::size_t most);

}  // namespace masqsim
