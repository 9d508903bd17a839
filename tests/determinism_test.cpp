// The same file and seed give the same bytes, whatever surrounds the process. That compilers and optimisation levels
// agree, too, is proven where several builds are at hand: .ci/same-traces, called by .ci/run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace masqsim {
namespace {

namespace fs = std::filesystem;

const std::string program = MASQSIM_PROGRAM;
const std::string scenarios = MASQSIM_SOURCE_DIR "/scenarios/";

std::string quoted(const std::string& text) { return "'" + text + "'"; }

/// What a run writes: text trace, JSON lines, capture and story, in one string.
class Runner {
 public:
  Runner() : folder_(fs::temp_directory_path() / ("masqsim-determinism-" + std::string(test_name()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Runner() { fs::remove_all(folder_); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// `around` goes before the program's name in a shell's command line, such as "env LC_ALL=C".
  std::string run(const std::string& scenario, const std::string& options = {}, const std::string& around = {},
                  const std::string& name = program) {
    for (const char* kind : kinds) fs::remove(path(kind));
    std::string command = around + ' ' + quoted(name) + " run " + quoted(scenario) + ' ' + options;
    for (const char* kind : {"trace", "json", "pcap"}) command += std::string(" --") + kind + ' ' + quoted(path(kind));
    command += " >" + quoted(path("story")) + " </dev/null";
    const int status = std::system(command.c_str());
    EXPECT_EQ(status, 0) << command;
    std::string all;
    for (const char* kind : kinds) all += std::string("--- ") + kind + '\n' + read(path(kind));
    return all;
  }

  std::string trace() const { return read(path("trace")); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  static constexpr const char* kinds[] = {"trace", "json", "pcap", "story"};

  static const char* test_name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  static std::string read(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }

  fs::path folder_;
};

/// The first line in which the two differ, so that a failure is short.
std::string first_difference(const std::string& a, const std::string& b) {
  std::istringstream left(a);
  std::istringstream right(b);
  std::string l;
  std::string r;
  while (true) {
    const bool more_left = static_cast<bool>(std::getline(left, l));
    const bool more_right = static_cast<bool>(std::getline(right, r));
    if (!more_left && !more_right) return {};
    if (more_left != more_right || l != r) return (more_left ? l : "(end)") + "\n" + (more_right ? r : "(end)");
  }
}

TEST(Determinism, TwoRunsWriteTheSameBytes) {
  Runner runner;
  const std::string first = runner.run(scenarios + "21-lossy-link.yaml");
  ASSERT_GT(first.size(), 10'000u);
  EXPECT_EQ(first_difference(first, runner.run(scenarios + "21-lossy-link.yaml")), "");
}

TEST(Determinism, TheSurroundingsOfTheProcessChangeNothing) {
  Runner runner;
  const std::string scenario = scenarios + "21-lossy-link.yaml";
  const std::string plain = runner.run(scenario);
  const std::string large(60'000, 'x');
  const std::string elsewhere = runner.path("a-much-longer-name-for-the-same-program-so-that-the-stack-lies-elsewhere");
  fs::create_symlink(program, elsewhere);
  struct Surroundings {
    const char* what;
    std::string around;
    std::string name;
  };
  const Surroundings all[] = {
      {"the C locale", "env LC_ALL=C", program},
      {"an unknown locale", "env LC_ALL=tlh_QO LANG=tlh_QO", program},
      {"an empty environment", "env -i", program},
      {"a large environment", "env FILLER=" + large, program},
      {"another time zone", "env TZ=Asia/Kathmandu", program},
      {"another name of the program", "", elsewhere},
      {"another working directory", "cd / &&", program},
      {"another memory layout", "env MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1", program},
  };
  for (const Surroundings& s : all) {
    EXPECT_EQ(first_difference(plain, runner.run(scenario, "", s.around, s.name)), "") << s.what;
  }
}

TEST(Determinism, ALocaleWithCommasForPointsChangesNothing) {
  Runner runner;
  const std::string locale = runner.path("de_DE.UTF-8");
  if (std::system(
          ("localedef -i de_DE -f UTF-8 " + quoted(locale) + " >" + quoted(runner.path("log")) + " 2>&1").c_str()) !=
      0) {
    GTEST_SKIP() << "no German locale can be made here (package locales): nothing proved";
  }
  const std::string scenario = scenarios + "21-lossy-link.yaml";
  const std::string german = "env LOCPATH=" + quoted(fs::path(locale).parent_path().string()) + " LC_ALL=de_DE.UTF-8";
  ASSERT_EQ(std::system((german + " sh -c 'test \"$(locale decimal_point)\" = ,'").c_str()), 0)
      << "the locale does not work";
  EXPECT_EQ(first_difference(runner.run(scenario), runner.run(scenario, "", german)), "");
}

TEST(Determinism, TwoSeedsDiffer) {
  Runner runner;
  (void)runner.run(scenarios + "21-lossy-link.yaml", "--seed 1");
  const std::string one = runner.trace();
  (void)runner.run(scenarios + "21-lossy-link.yaml", "--seed 2");
  EXPECT_NE(one, runner.trace());
}

TEST(Readme, ShowsTheVeryStoryThatItsFirstCommandTells) {
  Runner runner;
  const std::string story_file = runner.path("told");
  const std::string command = "cd " + quoted(MASQSIM_SOURCE_DIR) + " && " + quoted(program) +
                              " run scenarios/03-inbound-fails.yaml >" + quoted(story_file) + " </dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ostringstream told;
  told << std::ifstream(story_file).rdbuf();
  std::ostringstream readme;
  readme << std::ifstream(MASQSIM_SOURCE_DIR "/README.md").rdbuf();
  EXPECT_NE(readme.str().find("```\n" + told.str() + "```\n"), std::string::npos) << told.str();
}

constexpr const char* lossy_home = R"(masqsim: 1
name: streams
title: A lossy link, with and without a neighbour
networks:
  home:     {kind: lan, subnet: 192.168.1.0/24, delay: 1ms, rate: 100Mbps, loss: 20%, jitter: 1ms}
@network@  internet: {kind: cloud, delay: 10ms}
nodes:
@node@  laptop:
    interfaces: {home: 192.168.1.10/24}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, @interface@internet: 203.0.113.5}
    nat: {masquerade: {out: internet}}
  web:
    interfaces: {internet: 198.51.100.10}
    services: [{udp: 7, echo: true}]
actions:
@action@  - {at: 0s, id: calls, from: "laptop:41000", udp: "web:7", send: 100B, times: 100, every: 20ms}
)";

std::string filled(std::string text, const std::vector<std::pair<std::string, std::string>>& parts) {
  for (const auto& [mark, part] : parts) text.replace(text.find(mark), mark.size(), part);
  return text;
}

/// The trace's lines of one flow without the packets' numbers, which count all packets of a run.
std::string lines_of_flow(const std::string& trace, const std::string& flow) {
  std::istringstream stream(trace);
  std::string kept;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string time;
    std::string place;
    std::string kind;
    std::string packet;
    std::string of;
    words >> time >> place >> kind >> packet >> of;
    if (of != flow) continue;
    std::string rest;
    std::getline(words >> std::ws, rest);
    kept += time + ' ' + place + ' ' + kind + ' ' + rest + '\n';
  }
  return kept;
}

TEST(Determinism, AComponentThatIsAddedDisturbsNoOther) {
  Runner runner;
  const std::string alone = runner.write(
      "alone.yaml", filled(lossy_home, {{"@network@", ""}, {"@node@", ""}, {"@interface@", ""}, {"@action@", ""}}));
  const std::string beside = runner.write(
      "beside.yaml",
      filled(lossy_home,
             {{"@network@", "  attic:    {kind: lan, subnet: 192.168.2.0/24, delay: 2ms, loss: 30%, jitter: 2ms}\n"},
              {"@node@", "  attic-pc:\n    interfaces: {attic: 192.168.2.10/24}\n"},
              {"@interface@", "attic: 192.168.2.1/24, "},
              {"@action@", "  - {at: 0s, id: noise, from: attic-pc, ping: gw, times: 50, every: 7ms}\n"}}));
  (void)runner.run(alone);
  const std::string quiet = lines_of_flow(runner.trace(), "calls");
  (void)runner.run(beside);
  const std::string noisy = lines_of_flow(runner.trace(), "calls");
  ASSERT_NE(quiet.find("link-loss"), std::string::npos) << "nothing was lost, so this would prove nothing";
  EXPECT_NE(lines_of_flow(runner.trace(), "noise"), "");
  EXPECT_EQ(first_difference(quiet, noisy), "");
}

}  // namespace
}  // namespace masqsim
