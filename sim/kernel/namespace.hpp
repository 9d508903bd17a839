// A network namespace without a name, and the doors into it.
#pragma once

#include <string>
#include <vector>

#include "descriptor.hpp"

namespace masqsim::kernel {

/// Alive while an object of it, or a socket made inside it, is alive.
class Namespace {
 public:
  /// A fresh one, loopback down. Throws Failure.
  Namespace();

  /// The calling thread is inside while an object of this lives; children that it starts are, too.
  class Inside {
   public:
    explicit Inside(const Namespace& ns);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Descriptor home_;
  };

 private:
  Descriptor fd_;
};

/// Writes /proc/sys of the namespace that the calling thread is in. Throws Failure.
void write_sysctl(const std::string& name, const std::string& value);
/// Whether the kernel has it.
bool has_sysctl(const std::string& name);

/// Runs a program with `input` on its standard input; throws Failure with what it said unless it succeeds.
void run_program(const std::vector<std::string>& command, const std::string& input);

}  // namespace masqsim::kernel
