// What is read and what is written: no output over an input, nothing foreign on the terminal, nothing waited for.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/cli/program.hpp"

namespace masqsim::cli_test {
namespace {

namespace fs = std::filesystem;
const std::string lab = shipped("03-inbound-fails");

// --- one file, two uses --------------------------------------------------------------------------------------------

TEST(Outputs, NeverReplaceTheScenario) {
  const Folder folder;
  const std::string text = read(lab), file = folder.write("lab.yaml", text);
  fs::create_symlink(file, folder.file("link.yaml"));
  fs::create_hard_link(file, folder.file("hard.yaml"));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", file, "--trace", file},
                                                {"run", file, "--json", folder.file("./lab.yaml")},
                                                {"run", file, "--pcap", folder.file("link.yaml")},
                                                {"run", folder.file("hard.yaml"), "--trace", file},
                                                {"run", file, "--export-nft", file},
                                                {"graph", file, "-T", "dot", "-o", file},
                                                {"run", file + "@forwarded", "--trace", file}}) {
    const Ran ran = masqsim(words);
    EXPECT_EQ(ran.code, 2) << ::testing::PrintToString(words);
    EXPECT_NE(ran.err.find(" would replace the scenario\nhint: "), std::string::npos) << ran.err;
    EXPECT_TRUE(read(file) == text);
  }
}

TEST(Outputs, NeverReplaceOneAnother) {
  const Folder folder;
  const std::string same = folder.file("x");
  const Ran ran = masqsim({"run", lab, "--trace", same, "--pcap",
                           folder.file("../") + fs::path(folder.file("")).parent_path().filename().string() + "/x"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("--trace and --pcap name one file, "), std::string::npos) << ran.err;
  EXPECT_EQ(folder.names(), std::vector<std::string>{});
  EXPECT_EQ(masqsim({"run", lab, "--quiet", "--trace", "/dev/null", "--pcap", "/dev/null"}).code, 0);
}

TEST(Outputs, WhoseNameIsNoPlaceForAFileAreAMistakeInTheArguments) {
  for (const char* place : {"/", "/nonexistent/x.svg", "/dev/null/x.svg"}) {
    const Ran ran = masqsim({"graph", lab, "-T", "dot", "-o", place});
    EXPECT_EQ(ran.code, 2) << place;
    EXPECT_NE(ran.err.find(": cannot write: "), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(masqsim({"run", lab, "--trace", place}).code, 2) << place;
  }
  for (const char* option : {"--trace", "--json", "--pcap", "--pcap-dir", "--export-nft"}) {
    const Ran ran = masqsim({"run", lab, option, ""});
    EXPECT_EQ(ran.code, 2) << option;
    EXPECT_NE(ran.err.find(std::string(option) + ": needs a name"), std::string::npos) << ran.err;
  }
  EXPECT_EQ(masqsim({"graph", lab, "-o", ""}).code, 2);
}

TEST(Outputs, AnEmptyVariantIsNone) {
  for (const char* verb : {"run", "check", "show"}) {
    const Ran ran = masqsim({verb, lab + "@"});
    EXPECT_EQ(ran.code, 2) << verb;
    EXPECT_NE(ran.err.find(lab + "@ names no variant behind its '@'\n"), std::string::npos) << ran.err;
  }
}

// --- what is no file ----------------------------------------------------------------------------------------------

TEST(Inputs, AFifoInThePlaceOfATraceIsNotWaitedFor) {
  const Folder folder;
  const std::string fifo = folder.file("t.trace");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const Ran ran = masqsim({"diff", fifo, lab});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "masqsim: error: " + fifo + ": is not a regular file\n");
  EXPECT_EQ(masqsim({"diff", "/dev/zero", lab}).err, "masqsim: error: /dev/zero: is not a regular file\n");
}

TEST(Inputs, AFifoInThePlaceOfAGoldenTraceIsAFailureAndStays) {
  const Folder folder;
  const std::string fifo = folder.file("outbound.trace");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const Ran ran = masqsim({"test", shipped("01-outbound"), "--golden", folder.file(""), "--update"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.out.find("is not a regular file\n"), std::string::npos) << ran.out;
  EXPECT_TRUE(fs::is_fifo(fifo));
}

// --- what is foreign ----------------------------------------------------------------------------------------------

TEST(Terminal, IsObeyedByNoTraceThatDiffShows) {
  const Folder folder;
  ASSERT_EQ(masqsim({"run", lab, "--quiet", "--trace", folder.file("a.trace")}).code, 0);
  std::string text = read(folder.file("a.trace"));
  const std::string result = "result    -       public   refused";
  text.replace(text.find(result), result.size(), "result    -       public   re\033]0;pwned\007fu\xc2\x9bsed");
  text.replace(text.find("inbound-fails"), 7, "in\033[2Jd");
  const Ran ran = masqsim({"diff", folder.file("a.trace"), folder.write("b.trace", text)});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.out.find("re\\x1b]0;pwned\\x07fu\\xc2\\x9bsed"), std::string::npos) << ran.out;
  for (const char c : ran.out) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << int{c};
  EXPECT_EQ(ran.out.find("\xc2\x9b"), std::string::npos);
}

TEST(Terminal, IsObeyedByNoNameOfAFile) {
  const std::string name = "/nonexistent/a\033[31m\nb.yaml";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"run", name}, {"diff", name, lab}, {"check", name}}) {
    const Ran ran = masqsim(words);
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ((ran.out + ran.err).find('\033'), std::string::npos) << ran.err;
  }
}

TEST(Terminal, AnInvisibleCharacterIsNoPartOfAFile) {
  const Folder folder;
  for (const char* invisible : {"\xc2\xad", "\xd8\x9c", "\xe1\x85\x9f", "\xe1\xa0\x8e", "\xe3\x85\xa4", "\xef\xbf\xb9",
                                "\xf3\xa0\x81\x81", "\xef\xb7\x90"}) {
    const std::string text =
        "masqsim: 1\ntitle: \"a" + std::string(invisible) +
        "b\"\nnetworks: {net: {kind: lan, subnet: 10.0.0.0/24}}\nnodes: {a: {interfaces: {net: 10.0.0.1/24}}}\n";
    EXPECT_EQ(masqsim({"check", folder.write("lab.yaml", text)}).code, 2) << ::testing::PrintToString(invisible);
  }
}

// --- golden traces ------------------------------------------------------------------------------------------------

TEST(Test, TwoFilesOfOneNameShareNoGoldenTrace) {
  const Folder folder;
  const std::string text =
      "masqsim: 1\nname: sec\nnetworks: {net: {kind: lan, subnet: 10.0.0.0/24}}\nnodes: {a: {interfaces: {net: 10.0.0.1/24}}}\n";
  const std::string a = folder.write("a.yaml", text), b = folder.write("b.yaml", text);
  const Ran ran = masqsim({"test", a, b, "--golden", folder.file("golden"), "--update"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "masqsim: error: " + a + " and " + b +
                         " are both called 'sec', and would share one golden trace\nhint: name: another\n");
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_EQ(masqsim({"test", a, a, "--golden", folder.file("golden"), "--update"}).code, 0);
}

TEST(Test, AFileWithTheNameOfAVariantSharesNoGoldenTrace) {
  const Folder folder;
  const std::string body =
      "networks: {net: {kind: lan, subnet: 10.0.0.0/24}}\nnodes: {a: {interfaces: {net: 10.0.0.1/24}}}\n";
  const std::string f = folder.write("f.yaml", "masqsim: 1\nname: f\n" + body + "variants: {g: {title: other}}\n");
  const std::string g = folder.write("g.yaml", "masqsim: 1\nname: \"f@g\"\n" + body);
  const Ran ran = masqsim({"test", f, g, "--golden", folder.file("golden"), "--update"});
  EXPECT_EQ(ran.code, 2) << ran.out;
  EXPECT_FALSE(fs::exists(folder.file("golden")));
}

// --- what the command line changes --------------------------------------------------------------------------------

TEST(Changes, AreTakenByEveryVerbThatRuns) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", R"(masqsim: 1
vars: {size: 10B}
networks: {net: {kind: lan, subnet: 10.0.0.0/24, loss: 50%}}
nodes: {a: {interfaces: {net: 10.0.0.1/24}}, b: {interfaces: {net: 10.0.0.2/24}, services: [{udp: 7, echo: true}]}}
actions: [{at: 0s, id: x, from: a, udp: "b:7", send: "${size}", times: 20}]
expect: [{flow: x, result: replied, arrived: 1MB}]
)");
  const auto trace = [&](const std::vector<std::string>& changes, const std::string& to) {
    std::vector<std::string> words{"run", file, "--quiet", "--trace", folder.file(to)};
    words.insert(words.end(), changes.begin(), changes.end());
    return masqsim(words).code;
  };
  ASSERT_EQ(trace({"--seed", "7", "--set", "size=20B"}, "seven.trace"), 1);
  EXPECT_EQ(masqsim({"diff", folder.file("seven.trace"), file, "--seed", "7", "--set", "size=20B"}).code, 0);
  EXPECT_EQ(masqsim({"diff", folder.file("seven.trace"), file, "--seed", "8", "--set", "size=20B"}).code, 1);
  EXPECT_EQ(masqsim({"diff", folder.file("seven.trace"), folder.file("seven.trace"), "--seed", "8"}).code, 2);
  EXPECT_EQ(masqsim({"check", file, "--set", "size=10"}).code, 2);
  EXPECT_EQ(masqsim({"check", file, "--set", "size=11B"}).code, 0);
  ASSERT_EQ(
      masqsim({"test", file, "--golden", folder.file("golden"), "--update", "--seed", "7", "--set", "size=20B"}).code,
      1);
  EXPECT_TRUE(read(folder.file("golden/lab.trace")) == read(folder.file("seven.trace")));
}

TEST(Changes, AreRepeatedByTheHintThatExplains) {
  const Ran ran = masqsim({"run", lab, "--seed", "7", "--set", "title=it's new"});
  EXPECT_NE(ran.out.find(" Why: masqsim explain " + lab + " public --set 'title=it'\\''s new' --seed 7\n"),
            std::string::npos)
      << ran.out;
}

TEST(Changes, ReachTheGatewayThatRfcTries) {
  EXPECT_EQ(masqsim({"rfc", "--set", "seed=7"}).err.substr(0, 73),
            "masqsim: error: --set and --seed change a scenario, and none is named\n");
  const auto row = [](const std::vector<std::string>& words) {
    const std::string out = masqsim(words).out;
    const std::size_t at = out.find("RFC 4787 REQ-5 ");
    return out.substr(at, out.find('\n', at) - at);
  };
  const std::string times = "nodes.gw.nat.timeouts.";
  EXPECT_EQ(row({"rfc", lab}),
            "RFC 4787 REQ-5     MUST        DEVIATES      a mapping lives at least 2 minutes (not after 0 answers)");
  EXPECT_EQ(row({"rfc", lab, "--set", times + "udp=121s", "--set", times + "udp-stream=121s"}),
            "RFC 4787 REQ-5     MUST        complies      a mapping lives at least 2 minutes");
}

}  // namespace
}  // namespace masqsim::cli_test
