#include "tests/cli/program.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace masqsim::cli_test {

namespace fs = std::filesystem;

Ran masqsim(const std::vector<std::string>& arguments, const How& how) {
  const Folder folder;
  const std::string in = folder.write("in", how.input);
  const std::string out = how.out_to.empty() ? folder.file("out") : how.out_to;
  const std::string err = folder.file("err");
  const pid_t child = fork();
  if (child == 0) {
    if (how.memory > 0) {
      const rlimit limit{how.memory, how.memory};
      setrlimit(RLIMIT_AS, &limit);
    }
    const auto open_as = [](const std::string& path, int flags, int as) { dup2(open(path.c_str(), flags, 0600), as); };
    open_as(in, O_RDONLY, 0);
    open_as(err, O_WRONLY | O_CREAT, 2);
    if (how.closed_pipe) {
      int ends[2];
      if (pipe(ends) != 0) _exit(126);
      dup2(ends[1], 1);
      close(ends[0]);
      close(ends[1]);
    } else {
      open_as(out, O_WRONLY | O_CREAT, 1);
    }
    std::vector<std::string> words{MASQSIM_BINARY_DIR "/masqsim"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Ran ran;
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (how.out_to.empty() && !how.closed_pipe) ran.out = read(out);
  ran.err = read(err);
  return ran;
}

Folder::Folder() {
  std::string pattern = (fs::temp_directory_path() / "masqsim-cli-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}
Folder::~Folder() { fs::remove_all(path_); }

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(file(name), std::ios::binary) << text;
  return file(name);
}

std::vector<std::string> Folder::names() const {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(path_)) found.push_back(entry.path().filename().string());
  std::ranges::sort(found);
  return found;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string shipped(const std::string& name) {
  const std::size_t variant = std::min(name.find('@'), name.size());
  return std::string(MASQSIM_SOURCE_DIR) + "/scenarios/" + name.substr(0, variant) + ".yaml" + name.substr(variant);
}

namespace {

const std::string lab = shipped("03-inbound-fails");

// --- the verbs -----------------------------------------------------------------------------------------------------

TEST(Run, TellsTheStoryAndEndsWithZero) {
  const Ran ran = masqsim({"run", lab});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_NE(ran.out.find("[3] public   stranger:50001 -> 203.0.113.5:22 tcp    REFUSED       ok, expected\n"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("4 of 4 expectations met. Why: masqsim explain " + lab + " public\n"), std::string::npos);
}

TEST(Run, EndsWithOneWhereAnExpectationFails) {
  const Folder folder;
  std::string text = read(lab);
  const std::string good = "result: refused", bad = "result: no-answer";
  text.replace(text.find(good), good.size(), bad);
  const Ran ran = masqsim({"run", folder.write("lab.yaml", text), "--quiet"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out + ran.err, "");
}

TEST(Run, TakesTheScenarioFromStandardInput) {
  const Ran ran = masqsim({"run", "-", "--quiet"}, {.input = read(lab)});
  EXPECT_EQ(ran.code, 0) << ran.err;
}

TEST(Run, WritesEveryOutputWholeAndNothingElse) {
  const Folder folder;
  const Ran ran =
      masqsim({"run", lab + "@forwarded", "--quiet", "--trace", folder.file("t.trace"), "--json", folder.file("t.json"),
               "--pcap", folder.file("t.pcapng"), "--pcap-dir", folder.file("points")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"points", "t.json", "t.pcapng", "t.trace"}));
  EXPECT_EQ(read(folder.file("t.trace")).substr(0, 18), "# masqsim trace 1\n");
}

TEST(Run, WritesTheTraceAloneToStandardOutput) {
  const Ran ran = masqsim({"run", lab, "--trace", "-"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out.substr(0, 18), "# masqsim trace 1\n");
  EXPECT_EQ(ran.out.find("expectations met"), std::string::npos);
}

TEST(Run, SpeaksTheFormatsOfMachines) {
  EXPECT_EQ(masqsim({"run", lab, "--format", "tap"}).out.substr(0, 15), "TAP version 13\n");
  EXPECT_EQ(masqsim({"run", lab, "--format", "junit"}).out.substr(0, 5), "<?xml");
  EXPECT_EQ(masqsim({"run", lab, "--format", "json"}).out.substr(0, 2), "{\n");
  EXPECT_EQ(masqsim({"run", lab, "--format", "yaml"}).code, 2);
}

TEST(Run, ExportsTheRulesetInsteadOfRunning) {
  const std::string wanted = R"(#!/usr/sbin/nft -f
# Gateway gw of scenario port-forward. Interfaces: home (192.168.1.1/24), internet (203.0.113.5/32); call them as the router does.
# Forwarding must be on: sysctl -w net.ipv4.ip_forward=1
table ip nat {
)";
  const Ran ran = masqsim({"run", shipped("04-port-forward"), "--export-nft", "-"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.substr(0, wanted.size()), wanted);
  EXPECT_NE(ran.out.find("  oifname \"internet\" masquerade\n"), std::string::npos) << ran.out;
  const Folder folder;
  EXPECT_EQ(masqsim({"run", shipped("04-port-forward"), "--export-nft", folder.file("nat.nft")}).out, "");
  EXPECT_EQ(read(folder.file("nat.nft")), ran.out);
}

TEST(Run, SaysInTheRulesetWhatIsSetLater) {
  const Folder folder;
  std::string text = read(lab);
  const std::string actions = "actions:\n";
  text.insert(text.find(actions) + actions.size(), "  - {at: 3s, set: {node: gw, nat: {timeouts: {udp: 9s}}}}\n");
  const Ran ran = masqsim({"run", folder.write("lab.yaml", text), "--export-nft", "-"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("# Not said below: what the scenario sets at 3s: timeouts.udp 9s\n"), std::string::npos)
      << ran.out;
}

TEST(Run, HasNoRulesetToExportWithoutNat) {
  const std::string file = shipped("02-no-nat");
  const Ran ran = masqsim({"run", file, "--export-nft", "-"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err.substr(0, ran.err.find('\n')),
            "masqsim: error: " + file + ": no gateway has a nat section, so there is no ruleset");
}

TEST(Run, SkipsWhatWaitsForKernelTimers) {
  const std::string file = shipped("21-lossy-link");
  const Ran ran = masqsim({"run", file, "--gateway", "linux"});
  if (ran.code == 3) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << ran.err;
  EXPECT_EQ(ran.code, 77);
  EXPECT_EQ(ran.out, "");
  const Ran machine = masqsim({"run", file, "--gateway", "linux", "--format", "tap"});
  EXPECT_EQ(machine.code, 77);
  EXPECT_TRUE(machine.out.starts_with("TAP version 13\n1..1\nok 1 - lossy-link: run # SKIP waits for ")) << machine.out;
  EXPECT_EQ(masqsim({"diff", file, file, "--gateway", "own,linux"}).code, 77);
  EXPECT_TRUE(ran.err.starts_with("masqsim: skipped: " + file + " waits for kernel timers: ")) << ran.err;
  EXPECT_TRUE(ran.err.ends_with("; --real-time waits, too\n")) << ran.err;
}

TEST(Run, AtTheKernelsOwnPaceSendsEachPacketOnce) {
  const std::string file = shipped("05-same-port");
  const Ran ran = masqsim({"diff", file, file, "--gateway", "own,linux", "--real-time"});
  if (ran.code == 3) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << ran.err;
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(ran.out.ends_with("same: first, second (4 packets)\n")) << ran.out;
}

const std::string example = std::string("exec:") + MASQSIM_BINARY_DIR + "/tests/masqsim_example_nat";

TEST(GatewayProgram, PlaysForEveryVerbThatRunsAGateway) {
  EXPECT_EQ(masqsim({"run", lab, "--quiet", "--gateway", example}).code, 0);
  const Ran tested = masqsim({"test", lab, "--gateway", example});
  EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
  EXPECT_EQ(tested.out.find("golden"), std::string::npos);
  EXPECT_NE(masqsim({"explain", lab, "public", "--gateway", example}).out.find("no-mapping"), std::string::npos);
  const Ran compared = masqsim({"diff", lab, lab, "--gateway", "own," + example});
  EXPECT_LE(compared.code, 1) << compared.err;
  const Ran examined = masqsim({"rfc", "--gateway", example, "--format", "json"});
  EXPECT_EQ(examined.code, 1) << examined.err;
  EXPECT_NE(examined.out.find("\"id\""), std::string::npos);
}

TEST(GatewayProgram, IsNamedWithTheLimitsByTheHintThatExplains) {
  const std::vector<std::string> within{"--limits",  "hosts=3k", "--limits",          "time=60s", "--strict-limits",
                                        "--gateway", example,    "--gateway-timeout", "9s"};
  std::vector<std::string> words{"run", lab};
  words.insert(words.end(), within.begin(), within.end());
  const Ran other = masqsim(words);
  std::string hint = " Why: masqsim explain " + lab + " public";
  for (const std::string& word : within) hint += ' ' + word;
  EXPECT_NE(other.out.find(hint + '\n'), std::string::npos) << other.out;
  words[0] = "explain";
  EXPECT_EQ(masqsim(words).code, 0) << "the hint's words are words of explain";
}

TEST(GatewayProgram, RunsAreEqualToTheByte) {
  const std::vector<std::string> words{"run", lab, "--quiet", "--gateway", example, "--trace", "-"};
  const Ran once = masqsim(words);
  EXPECT_EQ(once.code, 0) << once.err;
  EXPECT_NE(once.out, "");
  EXPECT_EQ(masqsim(words).out, once.out);
}

TEST(GatewayProgram, ThatFailsEndsTheRunWithExitCodeThree) {
  const Ran dead = masqsim({"run", lab, "--gateway", "exec:sh -c 'read hello; echo Hello; read more'"});
  EXPECT_EQ(dead.code, 3);
  EXPECT_EQ(dead.out, "");
  EXPECT_NE(dead.err.find("it wrote a line that is no JSON object; right would be {\"done\": true}"), std::string::npos)
      << dead.err;
  EXPECT_NE(dead.err.find("\n  last line:  Hello\n"), std::string::npos) << dead.err;
  const Ran slow = masqsim({"run", lab, "--gateway", "exec:sleep 1000", "--gateway-timeout", "200ms"});
  EXPECT_EQ(slow.code, 3);
  EXPECT_NE(slow.err.find("it has not answered in 200ms"), std::string::npos) << slow.err;
  EXPECT_EQ(masqsim({"run", lab, "--gateway", "exec:/nonexistent/nat"}).code, 3);
}

/// No gateway but this project's own runs programs of the scenario.
TEST(Run, RefusesProgramsOnAGatewayThatIsABox) {
  const Folder folder;
  const std::string head =
      "masqsim: 1\nname: crash\nnetworks: {internet: {kind: cloud, delay: 10ms}}\nnodes:\n"
      "  web: {interfaces: {internet: 198.51.100.10}}\n  gw: {kind: gateway, interfaces: {internet: 203.0.113.5}, "
      "nat: {masquerade: {out: internet}}";
  const std::string caller =
      folder.write("caller.yaml", head + "}\nactions: [{at: 0s, id: own, from: gw, udp: \"web:53\"}]\n");
  const std::string server = folder.write(
      "server.yaml",
      head + ", services: [{tcp: 80}]}\nactions: [{at: 0s, id: in, from: web, tcp: \"203.0.113.5:80\"}]\n");
  for (const std::string& gateway : {std::string("linux"), example}) {
    const Ran calling = masqsim({"run", caller, "--gateway", gateway});
    EXPECT_EQ(calling.code, 2);
    EXPECT_EQ(calling.err, "masqsim: error: " + caller +
                               ": action own runs on gw, and only this project's own gateway runs programs\n"
                               "hint: --gateway own, or a host beside the gateway\n");
    const Ran serving = masqsim({"diff", server, server, "--gateway", "own," + gateway});
    EXPECT_EQ(serving.code, 2);
    EXPECT_EQ(serving.err, "masqsim: error: " + server +
                               ": gw has a service, and only this project's own gateway runs programs\n"
                               "hint: --gateway own, or a host beside the gateway\n");
  }
}

TEST(Check, TellsEveryErrorAndRunsNothing) {
  const Folder folder;
  const std::string file =
      folder.write("broken.yaml", "masqsim: 1\nname: broken\nnetworks:\n  internet: {kind: cloud, delay: 10}\n");
  const Ran ran = masqsim({"check", lab, file});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.out.find(lab + ": ok\n"), std::string::npos);
  EXPECT_NE(ran.out.find(file + ":4:34: error: delay needs a unit"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("nothing was run\n"), std::string::npos);
}

TEST(Show, PrintsAScenarioThatLoadsAgain) {
  const Ran shown = masqsim({"show", lab});
  EXPECT_EQ(shown.code, 0);
  const Ran again = masqsim({"show", "-"}, {.input = shown.out});
  EXPECT_EQ(again.out, shown.out) << again.err;
}

TEST(Explain, KnowsItsFlows) {
  EXPECT_NE(masqsim({"explain", lab, "public"}).out.find("=> no-mapping; gw answers RST\n"), std::string::npos);
  const Ran unknown = masqsim({"explain", lab, "nobody"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.err, "masqsim: error: no flow is called 'nobody'\nhint: known flows: out, private, public\n");
}

TEST(Diff, ComparesScenariosAndTraceFiles) {
  const Folder folder;
  const std::string trace = folder.file("a.trace");
  ASSERT_EQ(masqsim({"run", lab, "--quiet", "--trace", trace}).code, 0);
  EXPECT_EQ(masqsim({"diff", trace, lab}).code, 0);
  const Ran ran = masqsim({"diff", lab, lab + "@forwarded"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.out.find("public: first difference 4.020000 s, gw\n"), std::string::npos) << ran.out;
}

TEST(Diff, FindsNoDecisionOfTheRunningKernelThatDiffers) {
  for (const char* name : {"01-outbound", "03-inbound-fails", "04-port-forward", "05-same-port"}) {
    const Ran ran = masqsim({"diff", shipped(name), shipped(name), "--gateway", "own,linux"});
    if (ran.code == 3) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << ran.err;
    EXPECT_EQ(ran.code, 0) << name << '\n' << ran.out << ran.err;
    EXPECT_NE(ran.out.find("same: "), std::string::npos) << ran.out;
  }
}

TEST(Diff, ShowsWhereTheRunningKernelDecidesOtherwise) {
  // By RFC 4787 the second host gets an outside port of its own; Linux shares one between remotes. By RFC 6864
  // datagrams that may be in pieces get the gateway's ids; Linux copies them.
  const std::string file = shipped("05-same-port");
  const Ran ran = masqsim({"diff", file + "@rfc", file + "@two-remotes", "--gateway", "own,linux"});
  if (ran.code == 3) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << ran.err;
  EXPECT_EQ(ran.code, 1) << ran.err;
  const std::string_view first =
      "first: first difference 0.001005440 s, gw\n"
      "- UDP > 198.51.100.10:53   src rewritten, ip id 21770=>1, udp sum 9f83=>2530\n"
      "+ UDP > 198.51.100.10:53   src rewritten, udp sum 9f83=>2530\n"
      "second: first difference 1.001005440 s, gw\n";
  EXPECT_EQ(ran.out.substr(0, first.size()), first);
}

TEST(Diff, ComparesOurGatewayWithItself) {
  const std::string file = shipped("05-same-port");
  const Ran ran = masqsim({"diff", file, file, "--gateway", "own,own"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "same: first, second (4 packets)\n");
}

TEST(Graph, DrawsAndNamesItsPictureTypes) {
  EXPECT_EQ(masqsim({"graph", lab}).out.substr(0, 6), "graph ");
  EXPECT_EQ(masqsim({"graph", lab, "--flow", "public"}).out.substr(0, 8), "digraph ");
  EXPECT_EQ(masqsim({"graph", lab, "-T", "svg"}).out.substr(0, 5), "<?xml");
  EXPECT_EQ(masqsim({"graph", lab, "-T", "gif"}).code, 2);
  EXPECT_EQ(masqsim({"graph", lab, "--flow", "nobody"}).code, 2);
}

TEST(Graph, DrawsTheSameBytesEachTime) {
  for (const char* type : {"svg", "png", "pdf"}) {
    EXPECT_TRUE(masqsim({"graph", lab, "-T", type}).out == masqsim({"graph", lab, "-T", type}).out) << type;
  }
}

TEST(Test, HoldsTracesAgainstGoldenOnesAndUpdatesThem) {
  const Folder folder;
  const auto test = [&](const std::string& more) {
    std::vector<std::string> words{"test", lab, "--golden", folder.file("")};
    if (!more.empty()) words.push_back(more);
    return masqsim(words);
  };
  EXPECT_EQ(test("").code, 1);
  EXPECT_EQ(test("--update").code, 0);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"inbound-fails.trace", "inbound-fails@forwarded.trace"}));
  EXPECT_EQ(test("").code, 0);
  std::string trace = read(folder.file("inbound-fails.trace"));
  trace.replace(trace.find("no-mapping"), 10, "filtered  ");
  folder.write("inbound-fails.trace", trace);
  const Ran differs = test("");
  EXPECT_EQ(differs.code, 1);
  EXPECT_NE(differs.out.find("public: first difference"), std::string::npos) << differs.out;
}

// --- what is wrong with the arguments ------------------------------------------------------------------------------

TEST(CommandLine, EveryVerbsHelpShowsAnExample) {
  for (const char* verb : {"run", "check", "show", "explain", "diff", "graph", "test", "conform", "rfc"}) {
    const Ran ran = masqsim({verb, "--help"});
    EXPECT_EQ(ran.code, 0) << verb;
    EXPECT_NE(ran.out.find(std::string("  masqsim ") + verb), std::string::npos) << ran.out;
  }
  EXPECT_EQ(masqsim({"--help"}).code, 0);
}

TEST(CommandLine, EveryMistakeEndsWithTwoAndSaysWhy) {
  const std::vector<std::vector<std::string>> mistakes{
      {},
      {"frob"},
      {"run"},
      {"run", lab, "--frob"},
      {"run", lab, "--seed", "-1"},
      {"run", lab, "--seed", ""},
      {"run", lab, "--seed", "010"},
      {"run", lab, "--seed", "0x10"},
      {"run", lab, "--seed", "1e3"},
      {"run", lab, "--seed", "18446744073709551616"},
      {"run", lab, "--set", "clients"},
      {"run", lab, "--set", "=1"},
      {"run", lab, "--set", "nothing.such=1"},
      {"run", lab + "@nosuch"},
      {"run", "/nonexistent.yaml"},
      {"run", "/tmp"},
      {"run", lab, lab},
      {"run", lab, "--trace", "-", "--json", "-"},
      {"diff", lab},
      {"diff", "/nonexistent.trace", lab},
      {"diff", lab, lab, "--gateway", "linux"},
      {"diff", lab, lab, "--gateway", "own,bsd"},
      {"run", lab, "--gateway", "bsd"},
      {"run", lab, "--gateway", "exec:"},
      {"run", lab, "--gateway", "exec:nat 'one"},
      {"run", lab, "--gateway-timeout", "soon"},
      {"test", lab, "--gateway", "exec:nat", "--update"},
      {"diff", "x.trace", lab, "--gateway", "own,own"},
      {"test", "/nonexistent"},
      {"run", lab, "--real-time"},
      {"graph", lab, "-o", "/tmp/picture.gif"},
      {"graph", lab, "-T", "gif"},
  };
  for (const std::vector<std::string>& words : mistakes) {
    const Ran ran = masqsim(words);
    EXPECT_EQ(ran.code, 2) << ::testing::PrintToString(words);
    EXPECT_NE(ran.err, "") << ::testing::PrintToString(words);
    EXPECT_EQ(ran.out, "") << ::testing::PrintToString(words);
  }
}

TEST(CommandLine, SuggestsTheNearestVerbOrOption) {
  const auto said = [](const std::vector<std::string>& words) { return masqsim(words).err; };
  EXPECT_EQ(said({"rnu", lab}), "masqsim: error: unknown verb 'rnu'\nhint: did you mean 'masqsim run'?\n");
  EXPECT_EQ(
      said({"bogus"}),
      "masqsim: error: unknown verb 'bogus'\n"
      "hint: known verbs: list, new, run, check, show, explain, diff, table, graph, test, conform, rfc, lab, quiz, grade, help, schema\n");
  EXPECT_EQ(said({"run", lab, "--pcapdir", "x"}),
            "masqsim: error: unknown option '--pcapdir'\nhint: did you mean '--pcap-dir'?\n");
  EXPECT_EQ(said({"graph", lab, "--flw=public"}),
            "masqsim: error: unknown option '--flw'\nhint: did you mean '--flow'?\n");
  EXPECT_EQ(said({"run", "--bogus"}), "masqsim: error: unknown option '--bogus'\nhint: masqsim run --help\n");
  EXPECT_EQ(said({"--versoin"}), "masqsim: error: unknown option '--versoin'\nhint: did you mean '--version'?\n");
  EXPECT_EQ(said({"run", lab, "more"}), "masqsim: error: unexpected argument 'more'\nhint: masqsim run --help\n");
  EXPECT_EQ(said({"conform", "--random", "-1"}),
            "masqsim: error: --random must be a whole number from 1 to 18446744073709551615, got '-1'\n");
}

TEST(CommandLine, AFifoIsNoScenarioAndIsNotWaitedFor) {
  const Folder folder;
  ASSERT_EQ(mkfifo(folder.file("fifo.yaml").c_str(), 0600), 0);
  const Ran ran = masqsim({"run", folder.file("fifo.yaml")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("is not a regular file"), std::string::npos) << ran.err;
}

// --- what is wrong with the machine --------------------------------------------------------------------------------

TEST(Machine, AFullDiskEndsWithThree) {
  EXPECT_EQ(masqsim({"run", lab}, {.out_to = "/dev/full"}).code, 3);
  EXPECT_EQ(masqsim({"run", lab, "--quiet", "--trace", "/dev/full"}).code, 3);
  EXPECT_EQ(masqsim({"graph", lab, "-o", "/dev/full"}).code, 3);
  EXPECT_EQ(masqsim({"--help"}, {.out_to = "/dev/full"}).code, 3);
}

TEST(Machine, APlaceThatCannotBeWrittenEndsWithThree) {
  const Folder folder;
  const std::string closed = folder.write("t.trace", "");
  std::filesystem::permissions(closed, fs::perms::owner_read);
  if (access(closed.c_str(), W_OK) == 0) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: root writes everywhere";
  const Ran ran = masqsim({"run", lab, "--quiet", "--trace", closed});
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find(closed), std::string::npos) << ran.err;
}

TEST(Machine, OutOfMemoryEndsWithThreeAndASentence) {
#ifdef MASQSIM_SANITIZED
  GTEST_SKIP() << "SKIPPED, NOTHING PROVED: the sanitizer takes the memory itself";
#endif
  const Folder folder;
  const std::string file = folder.write("lab.yaml",
                                        "masqsim: 1\nnetworks: {net: {kind: lan, subnet: 10.0.0.0/8}}\n"
                                        "nodes: {g: {count: 500000, interfaces: {net: 10.0.0.1/8}}}\n");
  const Ran ran = masqsim({"run", file}, {.memory = 200'000'000});
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.err, "masqsim: error: out of memory\n");
}

TEST(Machine, AReaderThatLeavesIsNoError) {
  const Ran ran = masqsim({"run", lab, "--all"}, {.closed_pipe = true});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
}

}  // namespace
}  // namespace masqsim::cli_test
