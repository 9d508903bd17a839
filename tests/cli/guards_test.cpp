// Files that ask for more than a machine has, or that start what never ends: each ends soon, with a sentence.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/cli/program.hpp"

namespace masqsim::cli_test {
namespace {

/// One LAN; `more` is added to the nodes, `actions` is the list of actions.
std::string lan(const std::string& channel, const std::string& nodes, const std::string& actions) {
  return fmt::format("masqsim: 1\nnetworks: {{net: {{kind: lan, subnet: 10.0.0.0/8{}}}}}\nnodes:\n{}actions:\n{}",
                     channel, nodes, actions);
}

const std::string echoes =
    "  a: {interfaces: {net: 10.0.0.2/8}, services: [{udp: 7, echo: true}]}\n"
    "  b: {interfaces: {net: 10.0.0.3/8}, services: [{udp: 7, echo: true}]}\n"
    "  c: {interfaces: {net: 10.0.0.4/8}}\n";
/// A datagram from a's echo service to b's, as c forges it.
const std::string forged =
    "  - {at: 2s, id: x, from: c, raw: \"4500001e00010000401166ca0a0000020a00000300070007000a835e6869\"}\n";

/// Runs the file within limits that a sanitizer's build reaches soon, and holds that it was broken off by `limit`, with
/// `sentence` on standard output.
void expect_broken_off(const std::string& text, const std::string& limit, const std::string& sentence) {
  const Folder folder;
  const Ran ran = masqsim({"run", folder.write("lab.yaml", text), "--limits", "events=100k,instant=50k"});
  EXPECT_EQ(ran.code, 4) << ran.out << ran.err;
  std::string out;  // without the breaks of lines
  for (std::size_t n = 0; n < ran.out.size(); ++n) {
    const bool wraps = ran.out[n] == '\n' && ran.out.compare(n + 1, 4, "    ") == 0;
    out += wraps ? ' ' : ran.out[n];
    if (wraps) n = ran.out.find_first_not_of(' ', n + 1) - 1;
  }
  EXPECT_NE(out.find("broken off at "), std::string::npos) << ran.out;
  EXPECT_NE(out.find("--limits " + limit), std::string::npos) << ran.out;
  EXPECT_NE(out.find(sentence), std::string::npos) << ran.out;
}

void expect_refused(const std::string& text, const std::string& sentence) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", text);
  const Ran ran = masqsim({"run", file});
  EXPECT_EQ(ran.code, 2) << ran.out;
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find(file + ": " + sentence), std::string::npos) << ran.err;
  const Ran checked = masqsim({"check", file});
  EXPECT_EQ(checked.code, 2);
  EXPECT_NE(checked.out.find(file + ": error: " + sentence), std::string::npos) << checked.out;
}

// --- what never ends -----------------------------------------------------------------------------------------------

TEST(Guard, NamesAnEchoStormThatNeverLetsTheClockMove) {
  expect_broken_off(lan("", echoes, forged), "instant=",
                    "each packet answers another (echo storm), begun by flow x at 2.000 s: "
                    "b -> a over net (10.0.0.3:7 > 10.0.0.2:7 udp), a -> b over net (10.0.0.2:7 > 10.0.0.3:7 udp)");
}

TEST(Guard, NamesAnEchoStormThatUntilDoesNotEnd) {
  expect_broken_off(lan("", "  z: {interfaces: {net: 10.0.0.9/8}}\n" + echoes, forged + "until: 10s\n"),
                    "instant=", "(echo storm), begun by flow x at 2.000 s");
}

TEST(Guard, NamesAnEchoStormOverALinkWithADelay) {
  expect_broken_off(lan(", delay: 1ms", echoes, forged), "events=", "(echo storm), begun by flow x at 2.000 s");
}

TEST(Guard, NamesTheNetworkThatCopiesPackets) {
  expect_broken_off(lan(", duplicate: 50%", echoes, forged), "", "net copies packets (duplicate: 50%)");
}

TEST(Guard, NamesAStormThatABroadcastBegan) {
  // As if a had asked everybody, b answers a, whose service answers b.
  std::string broadcast = forged;
  const std::string to_b = "66ca0a0000020a000003", to_everybody = "65ce0a0000020affffff";
  broadcast.replace(broadcast.find(to_b), to_b.size(), to_everybody);
  const std::string sum = "835e", none = "0000";
  broadcast.replace(broadcast.find(sum), sum.size(), none);
  expect_broken_off(lan("", echoes, broadcast),
                    "instant=", "each packet answers another (echo storm), begun by flow x");
}

TEST(Guard, NamesARoutingLoopWithCopies) {
  expect_broken_off(R"(masqsim: 1
networks:
  net: {kind: lan, subnet: 10.0.0.0/24, duplicate: 100%}
  m: {kind: link, subnet: 10.1.0.0/30, duplicate: 100%}
nodes:
  c: {interfaces: {net: 10.0.0.2/24}, routes: [{to: default, via: a}], ttl: 255}
  a: {kind: router, interfaces: {net: 10.0.0.1/24, m: 10.1.0.1/30}, routes: [{to: default, via: b}]}
  b: {kind: router, interfaces: {m: 10.1.0.2/30}, routes: [{to: default, via: a}]}
actions:
  - {at: 0s, id: x, from: c, udp: "9.9.9.9:7", ttl: 255}
)",
                    "", "packets go round (routing loop), begun by flow x at 0.000 s: ");
}

TEST(Guard, KeepsWhatWasRecordedUntilThen) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", lan(", delay: 1ms", echoes, forged));
  const Ran ran = masqsim({"run", file, "--quiet", "--limits", "events=1k", "--trace", folder.file("t.trace"), "--json",
                           folder.file("t.json"), "--pcap", folder.file("t.pcapng")});
  EXPECT_EQ(ran.code, 4);
  const std::string told =
      "1000 events are all that --limits events=1k allows; each packet answers another (echo storm)";
  EXPECT_NE(ran.err.find(told), std::string::npos) << ran.err;
  EXPECT_TRUE(ran.err.starts_with("masqsim: broken off at ")) << ran.err;
  EXPECT_NE(read(folder.file("t.trace")).find("\n# broken off: " + told), std::string::npos);
  EXPECT_NE(read(folder.file("t.json")).find("\"broken_off\":\"" + told), std::string::npos);
  EXPECT_NE(read(folder.file("t.pcapng")).find("masqsim: the run was broken off after this packet: " + told),
            std::string::npos);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"lab.yaml", "t.json", "t.pcapng", "t.trace"}));
}

TEST(Guard, CountsEqualOnEveryRun) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", lan(", delay: 1ms, duplicate: 1%", echoes, forged));
  const auto trace = [&] { return masqsim({"run", file, "--limits", "events=5k", "--trace", "-"}).out; };
  EXPECT_TRUE(trace() == trace());
}

TEST(Guard, EndsARunWhoseOutputGrowsTooLarge) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", lan(", delay: 1ms", echoes, forged));
  const Ran ran = masqsim({"run", file, "--quiet", "--limits", "output=5MB", "--trace", folder.file("t.trace")});
  EXPECT_EQ(ran.code, 4);
  EXPECT_NE(ran.err.find(" MB of output are all that --limits output=5MB allows"), std::string::npos) << ran.err;
  EXPECT_LT(read(folder.file("t.trace")).size(), 12'000'000u);
}

TEST(Guard, TellsMachinesThatTheRunDidNotComeToItsEnd) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", lan("", echoes, forged));
  const auto as = [&](const std::string& format) {
    const Ran ran = masqsim({"run", file, "--limits", "events=1k", "--format", format});
    EXPECT_EQ(ran.code, 4);
    return ran.out;
  };
  EXPECT_NE(as("json").find("\"broken_off\": {\n"), std::string::npos);
  EXPECT_NE(as("tap").find("not ok 1 - lab: the run comes to its end\n"), std::string::npos);
  EXPECT_NE(as("junit").find("name=\"the run comes to its end\""), std::string::npos);
}

TEST(Guard, HoldsForEveryVerbThatRuns) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", lan("", echoes, forged));
  const std::vector<std::string> limits{"--limits", "events=1k"};
  for (std::vector<std::string> words : {std::vector<std::string>{"explain", file, "x"},
                                         {"diff", file, file},
                                         {"graph", file, "--flow", "x"},
                                         {"test", file, "--golden", folder.file("golden"), "--update"}}) {
    words.insert(words.end(), limits.begin(), limits.end());
    const Ran ran = masqsim(words);
    EXPECT_EQ(ran.code, 4) << ::testing::PrintToString(words) << ran.err;
    EXPECT_NE(ran.err.find("masqsim: broken off at 2.000000 s: 1000 events are all that"), std::string::npos)
        << ran.err;
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"lab.yaml"});  // no golden trace of half a run
}

// --- what is too large ---------------------------------------------------------------------------------------------

TEST(Guard, RefusesTooManyHosts) {
  std::string nodes;
  for (int n = 0; n < 15; ++n)
    nodes += fmt::format("  l{}: {{count: 1000000, interfaces: {{net: 10.{}.0.1/8}}}}\n", n, 16 * n);
  expect_refused(lan("", nodes, "  []\n"), "15,000,000 hosts are more than --limits hosts=2M allows");
}

TEST(Guard, RefusesTooManyPackets) {
  const std::string repeated = "  - {{at: 0s, id: x, from: a, {}, times: 1000000000, every: {}}}\n";
  expect_refused(lan("", echoes, fmt::format(fmt::runtime(repeated), "udp: \"b:7\"", "1ns")),
                 "2,000,000,000 packets (requests and answers of 1 flows) are more than --limits packets=30M allows");
  expect_refused(lan("", echoes, fmt::format(fmt::runtime(repeated), "ping: b", "1s")), "2,000,000,000 packets");
  expect_refused(lan("", echoes, fmt::format(fmt::runtime(repeated), "tcp: \"b:80\", send: 1B", "1us")),
                 "2,000,000,000 packets");
}

TEST(Guard, RefusesTooManyServicesInterfacesAndFlows) {
  std::string services, actions, networks, interfaces;
  for (int n = 1; n <= 100; ++n) {
    services += fmt::format("{}{{udp: {}}}", n == 1 ? "" : ", ", n);
    actions += fmt::format("  - {{at: 0s, id: f{}, from: g, udp: \"10.0.0.1:9\"}}\n", n);
    networks += fmt::format("  n{}: {{kind: lan, subnet: {}.0.0.0/8}}\n", n, n + 10);
    interfaces += fmt::format("{}n{}: {}.0.0.1/8", n == 1 ? "" : ", ", n, n + 10);
  }
  const std::string group = "  g: {count: 1000000, interfaces: {net: 10.0.1.1/8}";
  expect_refused(lan("", group + ", services: [" + services + "]}\n", "  []\n"), "about ");
  expect_refused(lan("", group + "}\n", actions), "200,000,000 packets");
  expect_refused(
      "masqsim: 1\nnetworks:\n" + networks + "nodes:\n  g: {count: 1000000, interfaces: {" + interfaces + "}}\n",
      "about ");
}

TEST(Guard, ALimitThatWasLiftedLetsItThrough) {
  const Folder folder;
  const std::string file =
      folder.write("lab.yaml", lan("", echoes, "  - {at: 0s, id: x, from: a, ping: b, times: 100}\n"));
  EXPECT_EQ(masqsim({"run", file, "--limits", "packets=100"}).code, 2);
  EXPECT_EQ(masqsim({"run", file, "--limits", "packets=200,hosts=3"}).code, 0);
  EXPECT_EQ(masqsim({"run", file, "--limits", "packets=200", "--limits", "hosts=2"}).code, 2);
}

TEST(Guard, LetsAMillionClientsThrough) {
  const Folder folder;
  const std::string file = folder.write(
      "lab.yaml", lan(", delay: 1ms",
                      "  web: {interfaces: {net: 10.0.0.1/8}, services: [{tcp: 80, reply: 2kB}]}\n"
                      "  g: {count: 1000000, interfaces: {net: 10.1.0.1/8}}\n",
                      "  - {at: 0s, id: x, from: g, tcp: \"web:80\", send: 200B, times: 3, stagger: 10us}\n"));
  EXPECT_EQ(masqsim({"check", file}).out, file + ": ok\n");
}

TEST(Limits, SayWhatIsWrongWithThem) {
  const Folder folder;
  const std::string file = folder.write("lab.yaml", lan("", echoes, "  []\n"));
  for (const auto& [words, problem] : {std::pair<std::string, std::string>{"hsts=2", "unknown limit 'hsts'"},
                                       {"hosts", "hosts needs a whole number such as 2M"},
                                       {"hosts=2MB", "hosts needs a whole number such as 2M"},
                                       {"memory=8", "memory needs a size such as 8GB"},
                                       {"hosts=0", "hosts needs a whole number such as 2M"},
                                       {"events=99999999999999999999G", "events needs a whole number"},
                                       {"time=5", "time needs a unit"},
                                       {"hosts=2M,", "unknown limit ''"}}) {
    const Ran ran = masqsim({"run", file, "--limits", words});
    EXPECT_EQ(ran.code, 2) << words;
    EXPECT_NE(ran.err.find("--limits: " + problem), std::string::npos) << ran.err;
  }
}

TEST(Limits, StrictOnesEndARunAfterTenSecondsAtMostAndRefuseWhatIsLarge) {
  const Folder folder;
  const std::string large =
      folder.write("large.yaml", lan("", "  g: {count: 100001, interfaces: {net: 10.1.0.1/8}}\n", "  []\n"));
  const Ran refused = masqsim({"run", large, "--strict-limits"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("100,001 hosts are more than --limits hosts=100k allows"), std::string::npos)
      << refused.err;
  const std::string storm = folder.write("storm.yaml", lan(", delay: 1ms", echoes, forged));
  const Ran ran = masqsim({"run", storm, "--quiet", "--strict-limits", "--limits", "time=300ms,events=1000G", "--trace",
                           folder.file("t.trace")});
  EXPECT_EQ(ran.code, 4);
  EXPECT_NE(ran.err.find("300ms of wall time are all that --limits time=300ms allows"), std::string::npos) << ran.err;
  EXPECT_NE(read(folder.file("t.trace")).find("\n# broken off: 300ms of wall time"), std::string::npos);
}

}  // namespace
}  // namespace masqsim::cli_test
