#include "masqsim/trace/golden.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

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
  EXPECT_EQ(goldens.compare("lab", trace(), "f").state, State::missing);
  goldens.keep("lab", trace(), "f");
  EXPECT_EQ(goldens.compare("lab", trace(), "f").state, State::equal);
  EXPECT_EQ(goldens.compare("lab", trace(), "f").instead, "");
}

TEST_F(GoldensTest, SaysWhichFlowDiffers) {
  const Goldens goldens(folder_);
  std::string other = trace();
  other.replace(other.find("no-mapping"), 10, "filtered  ");
  goldens.keep("lab", other, "f");
  const Goldens::Comparison found = goldens.compare("lab", trace(), "f");
  EXPECT_EQ(found.state, State::differs);
  EXPECT_TRUE(found.instead.starts_with("same: out")) << found.instead;
  EXPECT_NE(found.instead.find("public: first difference 4.020000 s, gw\n"), std::string::npos) << found.instead;
}

TEST_F(GoldensTest, OfALargeTraceKeepsTheFingerprintAlone) {
  const Goldens goldens(folder_);
  const std::string large(1'100'000, 'x');
  goldens.keep("lab", large, "0123abcd");
  EXPECT_EQ(fs::file_size(goldens.path("lab")), std::string("# masqsim trace fingerprint 1: 0123abcd\n").size());
  EXPECT_EQ(goldens.compare("lab", large, "0123abcd").state, State::equal);
  EXPECT_EQ(goldens.compare("lab", large, "0123abce").state, State::differs);
}

TEST_F(GoldensTest, NeitherReadsNorReplacesWhatIsNoFile) {
  const Goldens goldens(folder_);
  ASSERT_EQ(mkfifo(goldens.path("lab").c_str(), 0600), 0);
  const Goldens::Comparison found = goldens.compare("lab", trace(), "f");
  EXPECT_EQ(found.state, State::unreadable);
  EXPECT_EQ(found.instead, "is not a regular file");
  EXPECT_THROW(goldens.keep("lab", trace(), "f"), MachineError);
}

}  // namespace
}  // namespace masqsim::trace
