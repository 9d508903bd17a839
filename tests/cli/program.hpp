// Runs the program as a user's shell does: arguments, standard input, and where its output goes.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace masqsim::cli_test {

struct Ran {
  int code = -1;  ///< exit code; 128 + N for signal N
  std::string out;
  std::string err;
};

struct How {
  std::string input{};
  std::string out_to{};      ///< a path for standard output instead of `Ran::out`, such as "/dev/full"
  bool closed_pipe = false;  ///< standard output is a pipe whose reader is gone
  std::uint64_t memory = 0;  ///< bytes of address space that it may take; 0: no limit
};

Ran masqsim(const std::vector<std::string>& arguments, const How& how = {});

/// A folder of its own for a test, gone with it.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string file(const std::string& name) const { return path_ + '/' + name; }
  std::string write(const std::string& name, const std::string& text) const;
  std::vector<std::string> names() const;

 private:
  std::string path_;
};

std::string read(const std::string& path);
std::string shipped(const std::string& name);

}  // namespace masqsim::cli_test
