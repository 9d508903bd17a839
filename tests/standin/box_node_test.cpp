// A box in the place of a scenario's gateway: the running kernel, and gateway programs. What decides whether a scenario
// can be played on the kernel at once.
#include "sim/standin/box_node.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "masqsim/base/output.hpp"
#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/lines.hpp"
#include "sim/box/program.hpp"
#include "sim/kernel/linux_gateway.hpp"
#include "sim/standin/timers.hpp"

namespace masqsim::standin {
namespace {

scenario::Scenario scenario_with(const std::string& actions) {
  scenario::Loaded loaded = scenario::load_text(R"(masqsim: 1
name: kernel
networks:
  home: {kind: lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}, services: [{tcp: 22}]}
  gw: {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}
  web: {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80, reply: 100B}, {udp: 53, reply: 100B}]}
actions:
)" + actions);
  EXPECT_TRUE(loaded.scenario) << scenario::print_diagnostics("kernel.yaml", loaded.diagnostics);
  return loaded.scenario.value();
}

const std::string exchanges = R"(
  - {at: 0s, id: name, from: "laptop:41000", udp: "web:53", send: 40B}
  - {at: 1s, id: page, from: "laptop:40000", tcp: "web:80", send: 200B}
)";

/// Table rows as they were told, and results.
std::vector<std::string> told(const trace::Lines& lines) {
  std::vector<std::string> found;
  for (const trace::Line& line : lines.lines) {
    if (line.kind == trace::Kind::result) found.push_back(line.flow + " " + line.story);
    if (line.kind == trace::Kind::table) found.push_back(line.story.substr(0, line.story.find(" left ")));
  }
  return found;
}

TEST(KernelGateway, CarriesUdpAndTcpThroughTheKernelAndShowsItsTable) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  const Doubts doubts = std::make_shared<std::vector<std::string>>();
  BoxGateways kernels = kernel_gateways(false, doubts);
  trace::LinesSink lines;
  scenario::run(scenario_with(exchanges), {{&lines}, &kernels});
  EXPECT_EQ(*doubts, std::vector<std::string>{});
  EXPECT_EQ(told(lines.lines()),
            (std::vector<std::string>{
                "name replied", "page established",
                "mapping #1 flow #1 tcp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 established",
                "mapping #2 flow #2 udp 192.168.1.10:41000 203.0.113.5:41000 198.51.100.10:53 replied"}));
}

TEST(KernelGateway, FlushesTheKernelsTable) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  const Doubts doubts = std::make_shared<std::vector<std::string>>();
  BoxGateways kernels = kernel_gateways(false, doubts);
  trace::LinesSink lines;
  scenario::run(scenario_with(exchanges + "  - {at: 3s, set: {flush: gw}}\n"), {{&lines}, &kernels});
  EXPECT_EQ(told(lines.lines()), (std::vector<std::string>{"name replied", "page established"}));
}

TEST(KernelGateway, TakesNewRulesAndTimersInMidRun) {
  if (kernel::missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *kernel::missing();
  const Doubts doubts = std::make_shared<std::vector<std::string>>();
  BoxGateways kernels = kernel_gateways(false, doubts);
  trace::LinesSink lines;
  scenario::run(scenario_with(R"(
  - {at: 0s, id: closed, from: "web:50000", tcp: "203.0.113.5:22"}
  - {at: 1s, set: {node: gw, nat: {forward: [{tcp: 22, to: laptop}], timeouts: {udp: 500s}, mapping: address-dependent}}}
  - {at: 1s, id: open, from: "web:50001", tcp: "203.0.113.5:22"}
  - {at: 2s, id: long, from: "laptop:41000", udp: "web:53", send: 40B}
  - {at: 3s, set: {node: gw, nat: {timeouts: {udp: 30s}, mapping: linux}}}
  - {at: 4s, id: short, from: "laptop:41001", udp: "web:53", send: 40B}
)"),
                {{&lines}, &kernels});
  EXPECT_EQ(*doubts,
            std::vector<std::string>{"gw: mapping: Linux maps endpoint-dependently by right, and in no other way"});
  EXPECT_EQ(told(lines.lines()),
            (std::vector<std::string>{
                "closed refused", "open established", "long replied", "short replied",
                "mapping #1 flow #1 tcp 192.168.1.10:22 203.0.113.5:22 198.51.100.10:50001 established",
                "mapping #2 flow #2 udp 192.168.1.10:41000 203.0.113.5:41000 198.51.100.10:53 replied",
                "mapping #3 flow #3 udp 192.168.1.10:41001 203.0.113.5:41001 198.51.100.10:53 replied"}));
  std::vector<bool> long_lived;
  for (const trace::Line& line : lines.lines().lines) {
    if (line.kind == trace::Kind::table) long_lived.push_back(line.story.find(" left 8m") != std::string::npos);
  }
  EXPECT_EQ(long_lived, (std::vector<bool>{false, true, false}));
}

// --- programs of the user's -----------------------------------------------------------------------------------------

const std::vector<std::vector<std::string>> examples{{"python3", MASQSIM_SOURCE_DIR "/tests/box/programs/nat.py"},
                                                     {MASQSIM_BINARY_DIR "/tests/masqsim_example_nat"}};

scenario::Scenario shipped(const std::string& name, const std::string& variant = {}) {
  scenario::Loaded loaded =
      scenario::load(MASQSIM_SOURCE_DIR "/scenarios/" + name + ".yaml", {.variant = variant, .sets = {}, .seed = {}});
  EXPECT_TRUE(loaded.scenario) << name << ": " << scenario::print_diagnostics(name, loaded.diagnostics);
  return loaded.scenario.value();
}

TEST(GatewayProgram, OfBothExamplesMeetsTheExpectationsOfFourScenariosAndTheirVariants) {
  for (const std::vector<std::string>& words : examples) {
    for (const char* name : {"01-outbound", "03-inbound-fails", "05-same-port", "06-ping-ids"}) {
      std::vector<std::string> variants{""};
      for (const scenario::VariantInfo& variant : shipped(name).variants) variants.push_back(variant.name);
      for (const std::string& variant : variants) {
        BoxGateways programs = program_gateways({.words = words});
        const scenario::Finished finished = scenario::run(shipped(name, variant), {{}, &programs});
        for (const std::vector<scenario::Verdict>* verdicts : {&finished.expectations, &finished.lab}) {
          for (const scenario::Verdict& verdict : *verdicts) {
            EXPECT_TRUE(verdict.met) << words.back() << ' ' << name << '@' << variant << ": " << verdict.what << ", "
                                     << verdict.instead;
          }
        }
      }
    }
  }
}

TEST(GatewayProgram, ShowsItsTableAndItsReasonsInTheTrace) {
  for (const std::vector<std::string>& words : examples) {
    BoxGateways programs = program_gateways({.words = words});
    trace::LinesSink lines;
    scenario::run(shipped("03-inbound-fails"), {{&lines}, &programs});
    std::vector<std::string> seen;
    for (const trace::Line& line : lines.lines().lines) {
      const std::string& story = line.story;
      if (line.kind == trace::Kind::table) seen.push_back(story.substr(0, story.find(" left ")));
      if (line.kind == trace::Kind::drop && line.flow == "public") seen.push_back(story.substr(story.find(" | ") + 3));
    }
    // the rows have no state, which \x stands for
    const std::string row = "mapping #1 flow #1 tcp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 \\x";
    EXPECT_EQ(seen, (std::vector<std::string>{"no-mapping: nothing in the table owns it", row, row})) << words.back();
  }
}

TEST(GatewayProgram, IsToldOfNewAddressesRulesLinksAndAFlush) {
  for (const std::vector<std::string>& words : examples) {
    BoxGateways programs = program_gateways({.words = words});
    trace::LinesSink lines;
    scenario::run(scenario_with(R"(
  - {at: 0s, id: closed, from: "web:50000", tcp: "203.0.113.5:22"}
  - {at: 1s, set: {node: gw, nat: {forward: [{tcp: 22, to: laptop}]}}}
  - {at: 1s, id: open, from: "web:50001", tcp: "203.0.113.5:22"}
  - {at: 2s, set: {flush: gw}}
  - {at: 3s, set: {node: gw, network: internet, address: 203.0.113.9}}
  - {at: 4s, id: moved, from: "laptop:41000", udp: "web:53", send: 40B}
)"),
                  {{&lines}, &programs});
    EXPECT_EQ(told(lines.lines()),
              (std::vector<std::string>{"closed refused", "open established", "moved replied",
                                        "mapping #1 flow #1 udp 192.168.1.10:41000 203.0.113.9:41000 "
                                        "198.51.100.10:53 replied"}))
        << words.back();
  }
}

/// A program that dies at the first packet, in the words of a shell.
TEST(GatewayProgram, ThatDiesEndsTheRunWithItsLastWords) {
  BoxGateways programs = program_gateways(
      {.words = {"sh", "-c", R"(read hello; echo '{"done": true}'; read packet; echo 'no idea' >&2; exit 7)"}});
  try {
    scenario::run(scenario_with(exchanges), {{}, &programs});
    FAIL() << "the run went on";
  } catch (const MachineError& error) {
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("gateway program 'sh' of gw: it ended with exit code 7\n  told:       {\"at\":"))
        << text;
    EXPECT_TRUE(text.ends_with("\n  last line:  {\"done\": true}\n  the end of its standard error:\n    no idea"))
        << text;
  }
}

TEST(GatewayProgram, ThatGivesNoReasonFailsNoExpectationOfOne) {
  BoxGateways silent = program_gateways({.words = {"sh", "-c", R"(while read line; do echo '{"done": true}'; done)"}});
  scenario::Loaded loaded = scenario::load_text(R"(masqsim: 1
name: silent
networks:
  home: {kind: lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}, services: [{tcp: 22}]}
  gw: {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}
  web: {interfaces: {internet: 198.51.100.10}}
actions: [{at: 0s, id: call, from: "web:5000", udp: "203.0.113.5:22"}]
expect:
  - {flow: call, result: no-answer, at: gw, reason: no-mapping}
  - {flow: call, result: no-answer, at: laptop, reason: no-mapping}
lab:
  - {ask: why, when: {flow: call, what: reason}, answer: no-mapping}
)");
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("silent.yaml", loaded.diagnostics);
  const scenario::Finished finished = scenario::run(*loaded.scenario, {{}, &silent});
  std::vector<std::string> judged;
  for (const auto* verdicts : {&finished.expectations, &finished.lab}) {
    for (const scenario::Verdict& verdict : *verdicts)
      judged.push_back((verdict.met ? "met: " : "not: ") + verdict.what);
  }
  EXPECT_EQ(judged, (std::vector<std::string>{
                        "met: flow call: no-answer at gw (no-mapping), as far as the gateway tells: it gave no reason",
                        "not: flow call: no-answer at laptop (no-mapping)",
                        "met: question 'why': no-mapping, as far as the gateway tells: it gave no reason"}));
}

TEST(GatewayProgram, CannotHaveTheScenariosProgramsOnIt) {
  EXPECT_EQ(needs_own_gateway(scenario_with(exchanges)), "");
  EXPECT_EQ(needs_own_gateway(scenario_with("  - {at: 0s, id: own, from: gw, udp: \"web:53\"}\n")),
            "action own runs on gw");
}

/// The worked dialogue of the protocol's page: lines that masqsim writes begin with "> ", those of the program with "<
/// ".
struct Dialogue {
  std::string scenario;
  std::vector<std::string> told;     // each line that masqsim writes
  std::vector<std::string> written;  // and what the program answered, with line feeds
};

Dialogue dialogue_of_the_page() {
  std::ifstream file(MASQSIM_SOURCE_DIR "/sim/box/README.md");
  std::string fence;
  Dialogue found;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      fence = fence.empty() ? line.substr(3) + "." : "";
    } else if (fence == "yaml.") {
      found.scenario += line + '\n';
    } else if (fence == "dialogue." && line.starts_with("> ")) {
      found.told.push_back(line.substr(2));
      found.written.emplace_back();
    } else if (fence == "dialogue." && line.starts_with("< ")) {
      found.written.back() += line.substr(2) + '\n';
    }
  }
  return found;
}

/// A file of the test's own, gone with it.
struct Scratch {
  explicit Scratch(const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  ~Scratch() { std::remove(path.c_str()); }
  std::string path = ::testing::TempDir() + "masqsim-dialogue-" + std::to_string(::getpid());
};

TEST(TheProtocolsPage, ShowsADialogueThatMasqsimHoldsWordForWord) {
  const Dialogue page = dialogue_of_the_page();
  ASSERT_GE(page.told.size(), 4u);
  std::string script;
  for (std::size_t n = 0; n < page.told.size(); ++n) {
    script += "IFS= read -r line; [ \"$line\" = '" + page.told[n] + "' ] || { echo \"instead: $line\" >&2; exit 9; }\n";
    script += "printf %s '" + page.written[n] + "'\n";
  }
  const Scratch file(script);
  BoxGateways programs = program_gateways({.words = {"sh", file.path}});
  scenario::Loaded loaded = scenario::load_text(page.scenario);
  ASSERT_TRUE(loaded.scenario) << scenario::print_diagnostics("README.md", loaded.diagnostics);
  const scenario::Finished finished = scenario::run(*loaded.scenario, {{}, &programs});
  EXPECT_TRUE(finished.good());
}

TEST(TheProtocolsPage, ShowsWhatTheExampleAnswers) {
  const Dialogue page = dialogue_of_the_page();
  ASSERT_GE(page.told.size(), 4u);
  box::Program program(examples.front(), "example", 10_s);
  for (std::size_t n = 0; n < page.told.size(); ++n) {
    program.tell(page.told[n]);
    std::istringstream wanted(page.written[n]);
    for (std::string line; std::getline(wanted, line);) EXPECT_EQ(program.hear(), line) << "to " << page.told[n];
  }
}

TEST(Timers, AreNotWaitedForInAShortScenario) { EXPECT_EQ(waits_for_timers(scenario_with(exchanges)), std::nullopt); }

TEST(Timers, AreWaitedForWhereAnEntryExpires) {
  const std::string later = "  - {at: 40s, id: again, from: \"laptop:41000\", udp: \"web:53\", send: 40B}\n";
  EXPECT_EQ(waits_for_timers(scenario_with(exchanges + later)),
            "the entry of 192.168.1.10:41000 to 198.51.100.10:53 expires at 30.000000000 s in gw");
}

TEST(Timers, AreWaitedForWhereUdpBecomesAStream) {
  const std::string later =
      "  - {at: 5s, id: again, from: \"laptop:42000\", udp: \"web:53\", send: 40B, times: 2, every: 3s}\n";
  EXPECT_EQ(waits_for_timers(scenario_with(exchanges + later)),
            "192.168.1.10:42000 to 198.51.100.10:53 becomes a stream at 8.000000000 s in gw");
}

}  // namespace
}  // namespace masqsim::standin
