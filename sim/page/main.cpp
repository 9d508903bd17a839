// The engine's door for the page's worker: one call, JSON in, JSON out. Compiled only for the browser (.ci/page).
#include <sstream>
#include <string>
#include <vector>

#include "engine.hpp"

namespace masqsim::page {

namespace {

Engine& engine() {
  static Engine only;
  return only;
}

std::string& answer() {
  static std::string text;
  return text;
}

}  // namespace

extern "C" {

/// Both texts are UTF-8 and end with a zero byte. The answer is valid until the next call.
__attribute__((used)) const char* masqsim_ask(const char* request) {
  answer() = engine().ask(request);
  return answer().c_str();
}

/// The capture's bytes; their number is written to `size`. `points`: names of link ends, a line each. Valid until the
/// next call.
__attribute__((used)) const char* masqsim_capture(const char* points, unsigned* size) {
  std::vector<std::string> names;
  std::istringstream lines(points);
  for (std::string name; std::getline(lines, name);) names.push_back(name);
  answer() = engine().capture(names);
  *size = static_cast<unsigned>(answer().size());
  return answer().data();
}
}

}  // namespace masqsim::page
