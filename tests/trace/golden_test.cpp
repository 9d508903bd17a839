#include "masqsim/trace/golden.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "masqsim/base/output.hpp"
#include "masqsim/trace/text.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

namespace fs = std::filesystem;
using State = Goldens::State;

class GoldensTest : public testing::Test {
 protected:
  GoldensTest() {
    std::string name = testing::TempDir() + "masqsim-golden-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~GoldensTest() override { fs::remove_all(folder_); }

  static std::string trace() {
    OutputText out;
    TextSink sink(out);
    const Header header = sample::header();
    sample::tell(sink, header);
    return out.text();
  }

  fs::path folder_;
};

TEST_F(GoldensTest, WhatIsKeptComparesEqual) {
  const Goldens goldens(folder_ / "new");
  const GoldenRun run{trace(), "f", "told"};
  EXPECT_EQ(goldens.compare("lab", run).state, State::missing);
  goldens.keep("lab", run);
  EXPECT_EQ(goldens.compare("lab", run).state, State::equal);
  EXPECT_EQ(goldens.compare("lab", run).instead, "");
}

TEST_F(GoldensTest, SaysWhichFlowDiffers) {
  const Goldens goldens(folder_);
  std::string other = trace();
  other.replace(other.find("no-mapping"), 10, "filtered  ");
  goldens.keep("lab", {other, "f", "told"});
  const Goldens::Comparison found = goldens.compare("lab", {trace(), "f", "told"});
  EXPECT_EQ(found.state, State::differs);
  EXPECT_TRUE(found.instead.starts_with("same: out")) << found.instead;
  EXPECT_NE(found.instead.find("public: first difference 4.020000 s, gw\n"), std::string::npos) << found.instead;
}

/// A trace of `lines` lines behind its four of head, each 100 bytes long.
std::string long_trace(int lines) {
  std::string text = "# masqsim trace 1\n# scenario: lab\n# variant: long\n# seed: 1\n";
  for (int n = 0; n < lines; ++n) {
    std::string line = "0." + std::to_string(100'000'000 + n) + "   gw event - out said";
    line.resize(99, '.');
    text += line + '\n';
  }
  return text;
}

TEST_F(GoldensTest, OfALongTraceKeepsTheFingerprintTheBeginningAndTheStory) {
  const Goldens goldens(folder_);
  const GoldenRun run{long_trace(1'000), "0123abcd", "lab: a long run\n[1] out ESTABLISHED\n"};
  goldens.keep("lab", run);
  std::ostringstream file;
  file << std::ifstream(goldens.path("lab")).rdbuf();
  EXPECT_EQ(file.str(), "# masqsim golden 1, fingerprint 0123abcd\n" + long_trace(76) +
                            "# The trace goes on. The story:\n"
                            "lab: a long run\n[1] out ESTABLISHED\n");
  EXPECT_EQ(goldens.compare("lab", run).state, State::equal);
}

TEST_F(GoldensTest, SaysWhichPartOfALongRunDiffers) {
  const Goldens goldens(folder_);
  const GoldenRun run{long_trace(1'000), "0123abcd", "lab: a long run\n[1] out ESTABLISHED\n"};
  goldens.keep("lab", run);
  const std::string hint = "to see every difference, write both traces with run --trace and compare them with diff";
  EXPECT_EQ(goldens.compare("lab", {run.trace, "0123abce", run.story}).instead,
            "the same beginning and story, another fingerprint; " + hint);
  EXPECT_EQ(goldens.compare("lab", {run.trace, "0123abce", "lab: a long run\n[1] out REFUSED\n"}).instead,
            "the same beginning, another story; " + hint + "\n- [1] out ESTABLISHED\n+ [1] out REFUSED\n");
  std::string other = run.trace;
  other.replace(other.find("said"), 4, "says");
  const std::string instead = goldens.compare("lab", {other, "0123abce", run.story}).instead;
  EXPECT_NE(instead.find("out: first difference"), std::string::npos) << instead;
}

TEST_F(GoldensTest, TakesALongTraceThatIsKeptWhole) {
  const Goldens goldens(folder_);
  const GoldenRun run{long_trace(1'000), "0123abcd", "told"};
  std::ofstream(goldens.path("lab")) << run.trace;
  EXPECT_EQ(goldens.compare("lab", run).state, State::equal);
  std::string other = run.trace;
  other.replace(other.rfind("said"), 4, "says");
  const std::string instead = goldens.compare("lab", {other, "0123abce", "told"}).instead;
  EXPECT_NE(instead.find("0.100000999"), std::string::npos) << instead;
  std::ofstream(goldens.path("lab")) << "# masqsim trace fingerprint 1: 0123abcd\n";
  EXPECT_EQ(goldens.compare("lab", run).state, State::equal);
}

TEST_F(GoldensTest, NeitherReadsNorReplacesWhatIsNoFile) {
  const Goldens goldens(folder_);
  ASSERT_EQ(mkfifo(goldens.path("lab").c_str(), 0600), 0);
  const Goldens::Comparison found = goldens.compare("lab", {trace(), "f", "told"});
  EXPECT_EQ(found.state, State::unreadable);
  EXPECT_EQ(found.instead, "is not a regular file");
  EXPECT_THROW(goldens.keep("lab", {trace(), "f", "told"}), MachineError);
}

}  // namespace
}  // namespace masqsim::trace
