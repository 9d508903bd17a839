// The page about the trace's words, sim/trace/README.md, says what the sinks write.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "masqsim/trace/json.hpp"
#include "masqsim/trace/text.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

std::string page() {
  std::ostringstream text;
  text << std::ifstream(MASQSIM_SOURCE_DIR "/sim/trace/README.md").rdbuf();
  return text.str();
}

/// The first block between ``` lines behind the heading.
std::string example_under(const std::string& heading) {
  const std::string text = page();
  const std::size_t at = text.find("\n## " + heading + "\n");
  const std::size_t begin = text.find("\n```\n", at) + 5;
  return text.substr(begin, text.find("```\n", begin) - begin);
}

template <typename Written>
std::string sample_as() {
  OutputText out;
  Written sink(out);
  const Header header = sample::header();
  sample::tell(sink, header);
  return out.text();
}

TEST(TracePage, ShowsTheTextOfTheSampleRun) { EXPECT_EQ(example_under("Text"), sample_as<TextSink>()); }

TEST(TracePage, ShowsLinesOfTheSampleRunsJson) {
  const std::string all = '\n' + sample_as<JsonSink>();
  std::istringstream lines(example_under("JSON lines"));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_NE(all.find('\n' + line + '\n'), std::string::npos) << line;
  }
  EXPECT_EQ(count, 4);
}

TEST(TracePage, ExplainsEveryKindOfRecordInItsOrder) {
  std::string kinds;
  for (auto kind = Kind::send; kind <= Kind::action; kind = Kind(static_cast<int>(kind) + 1)) {
    kinds += std::string(word(kind)) + '\n';
  }
  const std::string text = page();
  std::istringstream lines(text.substr(text.find("\n## The kinds of records\n")));
  std::string explained;
  for (std::string line; std::getline(lines, line) && !line.starts_with("## Text");) {
    if (line.starts_with("| `")) explained += line.substr(3, line.find('`', 3) - 3) + '\n';
  }
  EXPECT_EQ(explained, kinds);
}

}  // namespace
}  // namespace masqsim::trace
