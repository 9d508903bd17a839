#include "masqsim/base/output.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

namespace masqsim {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Both ways of writing: nameless with a descriptor held, and hidden with none.
class OutputFileTest : public testing::TestWithParam<bool> {
 protected:
  OutputFileTest() {
    std::string name = testing::TempDir() + "masqsim-output-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~OutputFileTest() override { fs::remove_all(directory_); }

  fs::path at(const std::string& name) const { return directory_ / name; }
  OutputFile::Options options() const { return {.buffer = 64, .hold_open = GetParam()}; }
  /// Names in the directory, hidden ones too.
  std::set<std::string> names() const {
    std::set<std::string> list;
    for (const auto& entry : fs::directory_iterator(directory_)) list.insert(entry.path().filename());
    return list;
  }

  fs::path directory_;
};

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const MachineError& error) {
    return error.what();
  }
  return "no error";
}

TEST_P(OutputFileTest, AppearsOnlyWhenCommitted) {
  std::string expected;
  OutputFile file(at("out.txt"), options());
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i) + '\n';
    file.write(line);
    expected += line;
  }
  file.flush();
  EXPECT_FALSE(fs::exists(at("out.txt")));
  file.commit();
  EXPECT_EQ(contents(at("out.txt")), expected);
  EXPECT_EQ(names(), std::set<std::string>{"out.txt"});
}

TEST_P(OutputFileTest, LeavesNothingWithoutCommitAndKeepsWhatStoodThere) {
  std::ofstream(at("out.txt")) << "old";
  try {
    OutputFile file(at("out.txt"), options());
    file.write(std::string(1000, 'x'));
    throw std::runtime_error("the run failed");
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(contents(at("out.txt")), "old");
  EXPECT_EQ(names(), std::set<std::string>{"out.txt"});
}

TEST_P(OutputFileTest, KeepsThePermissionsOfTheFileItReplaces) {
  std::ofstream(at("out.txt")) << "old";
  fs::permissions(at("out.txt"), fs::perms{0640});
  OutputFile file(at("out.txt"), options());
  file.write(std::string_view("new"));
  file.commit();
  EXPECT_EQ(contents(at("out.txt")), "new");
  EXPECT_EQ(fs::status(at("out.txt")).permissions(), fs::perms{0640});
}

TEST_P(OutputFileTest, GivesANewFileTheUsualPermissions) {
  OutputFile file(at("out.txt"), options());
  file.commit();
  std::ofstream(at("usual.txt")) << "";
  EXPECT_EQ(fs::status(at("out.txt")).permissions(), fs::status(at("usual.txt")).permissions());
}

TEST_P(OutputFileTest, WritesThroughALink) {
  std::ofstream(at("real.txt")) << "old";
  fs::create_symlink("real.txt", at("link.txt"));
  fs::create_symlink("later.txt", at("dangling.txt"));
  for (const char* name : {"link.txt", "dangling.txt"}) {
    OutputFile file(at(name), options());
    file.write(std::string_view("new"));
    file.commit();
    EXPECT_TRUE(fs::is_symlink(at(name)));
  }
  EXPECT_EQ(contents(at("real.txt")), "new");
  EXPECT_EQ(contents(at("later.txt")), "new");
}

TEST_P(OutputFileTest, SaysWhereAndWhyItCannotWrite) {
  const auto open = [&](const std::string& path) { return error_of([&] { OutputFile file(path, options()); }); };
  EXPECT_EQ(open(at("none/out.txt")), at("none/out.txt").string() + ": cannot write: No such file or directory");
  EXPECT_EQ(open(directory_), directory_.string() + ": cannot write: Is a directory");
  EXPECT_EQ(open(""), "'': cannot write: No such file or directory");
  EXPECT_EQ(open(at(std::string(300, 'x'))).substr(at("").string().size() + 300), ": cannot write: File name too long");
}

TEST_P(OutputFileTest, SaysThatTheDiskIsFull) {
  OutputFile file("/dev/full", options());
  EXPECT_EQ(error_of([&] {
              file.write(std::string_view("x"));
              file.commit();
            }),
            "/dev/full: cannot write: No space left on device");
}

TEST_P(OutputFileTest, WritesInPlaceWhatIsNoRegularFile) {
  OutputFile file("/dev/null", options());
  file.write(std::string(1000, 'x'));
  file.commit();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

// The whole program is killed while it writes: no half file under the name.
TEST_P(OutputFileTest, LeavesNoHalfFileWhenKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    OutputFile file(at("out.txt"), options());
    file.write(std::string(1000, 'x'));
    ::kill(::getpid(), SIGKILL);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(fs::exists(at("out.txt")));
}

// A limit on the file's size stands for a disk that fills up half way.
TEST_P(OutputFileTest, LeavesNothingWhenTheDiskFillsUp) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{500, 500};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    OutputFile file(at("out.txt"), options());
    const std::string error = error_of([&] { file.write(std::string(1000, 'x')); });
    ::_exit(error == at("out.txt").string() + ": cannot write: File too large" ? 7 : 8);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(names(), std::set<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(BothWays, OutputFileTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Nameless" : "Hidden"; });

/// Runs `action` in a child whose standard output is a pipe; returns what came out and the exit status.
std::pair<std::string, int> in_a_pipe(bool reader, const std::function<void()>& action) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::dup2(ends[1], STDOUT_FILENO);
    if (!reader) {
      ::close(ends[1]);
    }
    action();
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  if (reader) {
    char buffer[4096];
    for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return {text, status};
}

TEST(OutputFileDash, IsStandardOutput) {
  const auto [text, status] = in_a_pipe(true, [] {
    OutputFile file("-");
    file.write(std::string_view("hello\n"));
    file.commit();
  });
  EXPECT_EQ(text, "hello\n");
  EXPECT_EQ(status, 0);
}

TEST(OutputFileDash, TakesAReaderThatGoesAwayAsTheEnd) {
  const auto [text, status] = in_a_pipe(false, [] {
    ignore_broken_pipes();
    OutputFile file("-", {.buffer = 16});
    while (!file.reader_gone()) file.write(std::string_view("hello\n"));
    file.write(std::string(1000, 'x'));
    file.commit();
  });
  EXPECT_EQ(status, 0);
}

TEST(OutputFileDash, SaysThatStandardOutputIsClosed) {
  const auto [text, status] = in_a_pipe(false, [] {
    ::close(STDOUT_FILENO);
    OutputFile file("-");
    const std::string error = error_of([&] {
      file.write(std::string_view("x"));
      file.commit();
    });
    ::_exit(error == "standard output: cannot write: Bad file descriptor" ? 7 : 8);
  });
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(OutputText, KeepsTheOrderOfSmallLargeAndClaimed) {
  OutputText out;
  out.write(std::string_view("a"));
  out.write(std::string(10'000, 'b'));
  std::uint8_t* place = out.claim(8'000);
  std::memset(place, 'c', 8'000);
  out.write(std::string_view("d"));
  EXPECT_EQ(out.text(), "a" + std::string(10'000, 'b') + std::string(8'000, 'c') + "d");
}

}  // namespace
}  // namespace masqsim
