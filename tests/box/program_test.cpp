// Processes that are asked line by line: what becomes of those that fail, and that none is left behind.
#include "sim/box/program.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

#include "masqsim/base/output.hpp"

namespace masqsim::box {
namespace {

using Words = std::vector<std::string>;

std::string failure(const std::function<void()>& act) {
  try {
    act();
  } catch (const MachineError& error) {
    return error.what();
  }
  return "no failure";
}

/// What is told where the shell program `script` is asked "one".
std::string failure_of(const std::string& script, Duration patience = 10_s) {
  return failure([&] {
    Program program({"sh", "-c", script}, "program", patience);
    program.tell("one");
    while (true) program.hear();
  });
}

TEST(SplitWords, AreSplitAtSpacesThatNoQuoteHolds) {
  EXPECT_EQ(split_words("python3 nat.py"), (Words{"python3", "nat.py"}));
  EXPECT_EQ(split_words("  ./a  -x   "), (Words{"./a", "-x"}));
  EXPECT_EQ(split_words(R"('my nat' "a \"b\" $c" d\ e '' f'g h'i)"),
            (Words{"my nat", "a \"b\" $c", "d e", "", "fg hi"}));
  EXPECT_THROW(split_words(""), std::invalid_argument);
  EXPECT_THROW(split_words("   "), std::invalid_argument);
  EXPECT_THROW(split_words("a 'b"), std::invalid_argument);
}

TEST(Program, IsAskedAndAnswersWithLines) {
  Program program({"sh", "-c", "while read line; do echo \"got $line\"; echo end; done"}, "program", 10_s);
  program.tell("one");
  EXPECT_EQ(program.hear(), "got one");
  EXPECT_EQ(program.hear(), "end");
  program.tell("two");
  EXPECT_EQ(program.hear(), "got two");
}

TEST(Program, TakesLongLinesInBothDirections) {
  Program program({"cat"}, "program", 10_s);
  const std::string line(1'000'000, 'x');
  program.tell(line);
  EXPECT_EQ(program.hear(), line);
}

TEST(Program, ThatCannotBeStartedIsNamed) {
  EXPECT_EQ(failure([] { Program({"/nonexistent/nat"}, "program", 10_s); }),
            "program: '/nonexistent/nat' cannot be started: No such file or directory");
}

TEST(Program, ThatEndsIsToldWithItsLastLineAndItsStandardError) {
  EXPECT_EQ(failure_of("read line; echo last; echo oh >&2; echo no >&2; exit 3"),
            "program: it ended with exit code 3\n  told:       one\n  last line:  last\n"
            "  the end of its standard error:\n    oh\n    no");
  EXPECT_EQ(failure_of("kill -SEGV $$"),
            "program: signal 11 ended it\n  told:       one\n  last line:  none\n  on standard error: nothing");
  EXPECT_EQ(failure_of("read line; printf half; exit 0"),
            "program: it ended with exit code 0, in the middle of a line\n  told:       one\n  last line:  none\n"
            "  on standard error: nothing");
}

TEST(Program, ThatHangsIsToldAfterItsPatience) {
  EXPECT_EQ(failure_of("read line; echo thinking >&2; sleep 1000", 300_ms),
            "program: it has not answered in 300ms\n  told:       one\n  last line:  none\n"
            "  the end of its standard error:\n    thinking");
}

TEST(Program, ThatWritesWithoutEndIsCutOff) {
  const std::string text = failure_of("yes | tr -d '\\n'");
  EXPECT_TRUE(
      text.starts_with("program: it wrote a line of more than 4194304 bytes\n  told:       one\n  last line:  yyy"))
      << text.substr(0, 200);
  EXPECT_LT(text.size(), 1000u);
}

TEST(Program, ThatSpeaksUnaskedIsTold) {
  Program program({"sh", "-c", "read line; echo a; echo b; read line"}, "program", 10_s);
  program.tell("one");
  EXPECT_EQ(program.hear(), "a");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(failure([&] { program.tell("two"); }),
            "program: it wrote more after its done\n  told:       one\n  last line:  b\n  on standard error: nothing");
}

/// Waits until no process `pid` is there that still runs.
bool is_gone(pid_t pid) {
  for (int tries = 0; tries < 300; ++tries) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    if (!(file >> number >> name >> state) || state == "Z") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// A shell that has started a process of its own and tells both.
const std::string family = "read line; sleep 1000 & echo $$; echo $!; wait";

TEST(Program, LeavesNoProcessBehind) {
  pid_t first = 0, second = 0;
  {
    Program program({"sh", "-c", family}, "program", 10_s);
    program.tell("one");
    first = std::stoi(program.hear());
    second = std::stoi(program.hear());
  }
  EXPECT_TRUE(is_gone(first));
  EXPECT_TRUE(is_gone(second));
}

TEST(Program, LeavesNoProcessBehindWhereASignalEndsWhoeverStartedIt) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t starter = fork();
    if (starter == 0) {
      Program program({"sh", "-c", family}, "program", 10_s);
      program.tell("one");
      const pid_t pids[2] = {std::stoi(program.hear()), std::stoi(program.hear())};
      [[maybe_unused]] const ssize_t written = write(ends[1], pids, sizeof pids);
      pause();
      _exit(0);
    }
    pid_t pids[2] = {0, 0};
    ASSERT_EQ(read(ends[0], pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
    kill(starter, signal);
    waitpid(starter, nullptr, 0);
    EXPECT_TRUE(is_gone(pids[0])) << "signal " << signal;
    EXPECT_TRUE(is_gone(pids[1])) << "signal " << signal;
    close(ends[0]);
    close(ends[1]);
  }
}

}  // namespace
}  // namespace masqsim::box
