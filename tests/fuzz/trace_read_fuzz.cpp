// Any bytes as a trace: lines that print and read back to themselves, or one error.
#include <cstdlib>

#include "masqsim/trace/diff.hpp"
#include "masqsim/trace/json.hpp"
#include "masqsim/trace/read.hpp"

namespace {

using namespace masqsim;

void write_again(const std::string& text) {
  OutputText once, twice;
  trace::JsonSink first(once), second(twice);
  trace::parse_recording(text, "fuzz").replay(first);
  trace::parse_recording(once.text(), "again").replay(second);
  if (once.text() != twice.text()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const trace::Lines lines = trace::parse_lines(text, "fuzz");
    if (!trace::diff(lines, lines).identical()) std::abort();
    (void)trace::to_text(trace::diff(lines, {}));
    if (text.starts_with('{')) write_again(text);
  } catch (const trace::ReadError&) {
  }
  return 0;
}
