// What signals leave behind: outputs as of a run that ended then, and never a hidden file.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/cli/program.hpp"

namespace masqsim::cli_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int ended_by = 1000;  // plus N: what `wait` gives where signal N was not handled

/// The program in a process of its own, killed when the test is over or after 60 s.
class Running {
 public:
  /// `input` may be a FIFO that nobody writes to.
  Running(std::vector<std::string> words, const std::string& output, const std::string& input = "/dev/null") {
    child_ = fork();
    if (child_ != 0) return;
    alarm(60);
    dup2(open(input.c_str(), O_RDWR), 0);
    if (std::freopen((output + ".out").c_str(), "w", stdout) == nullptr) _exit(126);
    if (std::freopen((output + ".err").c_str(), "w", stderr) == nullptr) _exit(126);
    words.insert(words.begin(), MASQSIM_BINARY_DIR "/masqsim");
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  ~Running() {
    if (child_ > 0) kill(child_, SIGKILL), waitpid(child_, nullptr, 0);
  }
  void signal(int number) const { kill(child_, number); }
  /// Exit code; `ended_by` + N for signal N that was not handled.
  int wait() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : ended_by + WTERMSIG(status);
  }

 private:
  pid_t child_ = 0;
};

/// Two echo services that answer each other for ever.
std::string storm(const Folder& folder) {
  return folder.write("storm.yaml", R"(masqsim: 1
networks: {net: {kind: lan, subnet: 10.0.0.0/24, delay: 1ms}}
nodes:
  a: {interfaces: {net: 10.0.0.2/24}, services: [{udp: 7, echo: true}]}
  b: {interfaces: {net: 10.0.0.3/24}, services: [{udp: 7, echo: true}]}
  c: {interfaces: {net: 10.0.0.4/24}}
actions:
  - {at: 0s, id: x, from: c, raw: "4500001e00010000401166ca0a0000020a00000300070007000a835e6869"}
)");
}

/// Names in `path` that are hidden, in folders of it as well.
std::vector<std::string> hidden_in(const std::string& path) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.path().filename().string().starts_with('.')) found.push_back(entry.path());
  }
  return found;
}

const std::vector<std::string> unlimited{"--limits", "events=1000G,output=1000GB"};

TEST(Signals, EndARunAsIfItHadEndedThen) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const Folder folder;
    std::vector<std::string> words{"run",    storm(folder),         "--trace", folder.file("t.trace"),
                                   "--json", folder.file("t.json"), "--pcap",  folder.file("t.pcapng")};
    words.insert(words.end(), unlimited.begin(), unlimited.end());
    Running run(words, folder.file("told"));
    std::this_thread::sleep_for(700ms);
    run.signal(number);
    EXPECT_EQ(run.wait(), 128 + number);
    EXPECT_EQ(hidden_in(folder.file("")), std::vector<std::string>{});
    const std::string trace = read(folder.file("t.trace")), json = read(folder.file("t.json"));
    EXPECT_EQ(trace.substr(0, 18), "# masqsim trace 1\n");
    EXPECT_NE(trace.find("\n# broken off: "), std::string::npos) << number;
    EXPECT_TRUE(trace.ends_with("\n"));
    EXPECT_NE(trace.find("\n# end: "), std::string::npos);
    EXPECT_NE(json.find("\"broken_off\":\""), std::string::npos);
    EXPECT_NE(read(folder.file("t.pcapng")).find("the run was broken off after this packet"), std::string::npos);
    EXPECT_NE(read(folder.file("told.out")).find("broken off at "), std::string::npos);
  }
}

TEST(Signals, WhereNothingRunsEndTheProgramAtOnce) {
  const Folder folder;
  ASSERT_EQ(mkfifo(folder.file("fifo").c_str(), 0600), 0);
  Running run({"run", "-"}, folder.file("told"), folder.file("fifo"));
  std::this_thread::sleep_for(500ms);
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 128 + SIGINT);
  EXPECT_EQ(read(folder.file("told.out")) + read(folder.file("told.err")), "");
}

TEST(Signals, LeaveNoHiddenFileOfVeryManyCaptures) {
  const Folder folder;
  for (const auto delay : {50ms, 200ms, 500ms, 1000ms}) {
    Running run({"run", shipped("23-thousand-hosts"), "--pcap-dir", folder.file("points")}, folder.file("told"));
    std::this_thread::sleep_for(delay);
    run.signal(SIGINT);
    const int code = run.wait();
    // On a slow machine the first signal comes before the program heeds any, and ends it as the system does.
    EXPECT_TRUE(code == 128 + SIGINT || code == 0 || code == ended_by + SIGINT) << code;
    EXPECT_EQ(hidden_in(folder.file("")), std::vector<std::string>{});
  }
}

TEST(Signals, ASecondOneEndsTheProgramAtOnceWithoutHiddenFiles) {
  const Folder folder;
  Running run({"run", shipped("23-thousand-hosts"), "--pcap-dir", folder.file("points")}, folder.file("told"));
  std::this_thread::sleep_for(400ms);
  run.signal(SIGTERM);
  run.signal(SIGINT);
  const int code = run.wait();
  EXPECT_TRUE(code == 128 + SIGINT || code == 128 + SIGTERM || code == ended_by + SIGTERM || code == 0) << code;
  EXPECT_EQ(hidden_in(folder.file("")), std::vector<std::string>{});
}

TEST(Signals, EndATestWithoutAGoldenTraceOfHalfARun) {
  const Folder folder;
  std::vector<std::string> words{"test", storm(folder), "--golden", folder.file("golden"), "--update"};
  words.insert(words.end(), unlimited.begin(), unlimited.end());
  Running run(words, folder.file("told"));
  std::this_thread::sleep_for(500ms);
  run.signal(SIGINT);
  EXPECT_EQ(run.wait(), 128 + SIGINT);
  EXPECT_FALSE(fs::exists(folder.file("golden")));
  EXPECT_EQ(hidden_in(folder.file("")), std::vector<std::string>{});
}

TEST(Signals, ThatTheParentIgnoresAreIgnored) {
  const Folder folder;
  ::signal(SIGHUP, SIG_IGN);  // as nohup does
  Running run({"run", storm(folder), "--quiet", "--limits", "events=400k"}, folder.file("told"));
  ::signal(SIGHUP, SIG_DFL);
  std::this_thread::sleep_for(200ms);
  run.signal(SIGHUP);
  EXPECT_EQ(run.wait(), 4);
}

}  // namespace
}  // namespace masqsim::cli_test
