#include "masqsim/base/input.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace masqsim {
namespace {

namespace fs = std::filesystem;

class ReadFile : public testing::Test {
 protected:
  ReadFile() {
    std::string name = testing::TempDir() + "masqsim-input-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~ReadFile() override { fs::remove_all(folder_); }
  std::string at(const std::string& name) const { return folder_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }
  fs::path folder_;
};

TEST_F(ReadFile, GivesEveryByteUpToTheLimit) {
  const std::string text(100'000, '\0');
  EXPECT_TRUE(read_file(write("a", text), text.size()).text == text);
  EXPECT_EQ(read_file(at("a"), text.size()).problem, "");
  EXPECT_EQ(read_file(at("a"), text.size() - 1).problem, "file is 100000 bytes; the limit is 99999");
}

TEST_F(ReadFile, TellsWhatIsNotThereFromWhatIsNoFile) {
  const FileText missing = read_file(at("nothing"), 10);
  EXPECT_TRUE(missing.missing);
  EXPECT_EQ(missing.problem, "cannot open: No such file or directory");
  EXPECT_FALSE(read_file(folder_, 10).missing);
  EXPECT_EQ(read_file(folder_, 10).problem, "is a directory");
}

TEST_F(ReadFile, WaitsForNoFifoAndReadsNoDevice) {
  ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_file(at("fifo"), 10).problem, "is not a regular file");
  EXPECT_EQ(read_file("/dev/zero", 10).problem, "is not a regular file");
}

}  // namespace
}  // namespace masqsim
