#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "masqsim/scenario/load.hpp"

namespace masqsim::scenario {
namespace {

namespace fs = std::filesystem;

constexpr const char* home = R"(masqsim: 1
vars: {student: 10, wait: 3s}
networks:
  home: {kind: lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop:
    interfaces: {home: "192.168.1.${student}/24"}
    services: [{tcp: 22}]
  clients: {count: 20, interfaces: {home: 192.168.1.100/24}}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat: {masquerade: {out: internet}, forward: [{tcp: 22, to: "laptop:22"}]}
  web: {interfaces: {internet: 198.51.100.10}}
actions:
  - {at: 1s, id: out, from: "laptop:40000", tcp: "web:80", wait: "${wait}"}
  - {at: 2s, id: many, from: clients, udp: "gw:53"}
variants:
  closed: {nodes: {gw: {nat: {forward: []}}}}
  rfc: {nodes: {gw: {nat: {preset: rfc, timeouts: {udp: 7m}}}}}
)";

Scenario good(const LoadOptions& options = {}) {
  Loaded loaded = load_text(home, options);
  EXPECT_TRUE(loaded.scenario.has_value()) << print_diagnostics("home", loaded.diagnostics);
  return loaded.scenario.value_or(Scenario{});
}

std::string faults(std::string_view text, const LoadOptions& options = {}) {
  const Loaded loaded = load_text(text, options);
  return print_diagnostics("f", loaded.diagnostics);
}

class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "masqsim-load-XXXXXX").string();
    path_ = ::mkdtemp(path.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string file_fault(const std::string& path) {
  const Loaded loaded = load(path);
  return print_diagnostics("lab.yaml", loaded.diagnostics);
}

TEST(LoadFile, SaysWhyAFileCannotBeRead) {
  const Folder folder;
  EXPECT_EQ(file_fault(folder.path("none.yaml")), "lab.yaml: error: cannot open: No such file or directory\n");
  EXPECT_EQ(file_fault(folder.path("")), "lab.yaml: error: is a directory\n");
  ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(file_fault(folder.path("fifo")), "lab.yaml: error: is not a regular file\n");
  EXPECT_EQ(file_fault(folder.file("big.yaml", std::string(5'000'016, '#'))),
            "lab.yaml: error: file is 5000016 bytes; the limit is 1048576\n");
}

TEST(LoadFile, TakesTheNameFromTheFileWhereTheTextHasNone) {
  const Folder folder;
  const Loaded loaded = load(folder.file("03-inbound-fails.yaml", home));
  ASSERT_TRUE(loaded.scenario.has_value());
  EXPECT_EQ(loaded.scenario->name, "inbound-fails");
}

TEST(LoadFile, AcceptsAByteOrderMarkAndWindowsLineEnds) {
  std::string text = "\xef\xbb\xbf";
  for (const char c : std::string_view(home)) text += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(faults(text), "");
}

TEST(Loader, KeepsWhatAVariantsMapLeavesStandingOfARuleOfTheBase) {
  const std::string text = R"(masqsim: 1
networks: {home: {kind: lan, subnet: 192.168.1.0/24}, internet: {kind: cloud}}
nodes:
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}
    nat: {masquerade: {out: internet, ports: 50000-50003, pick: random}}
variants:
  merged: {nodes: {gw: {nat: {masquerade: {out: internet}}}}}
  replaced: {nodes: {gw: {nat: {masquerade: [{out: internet}]}}}}
  deleted: {nodes: {gw: {nat: {masquerade: {ports: null, pick: null}}}}}
)";
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.kept.size(), 2u);
  EXPECT_EQ(loaded.kept[0].line, 9u);
  EXPECT_EQ(loaded.kept[0].column, 31u);
  EXPECT_EQ(loaded.kept[0].message,
            "'ports', 'pick' of the base's masquerade stay: a variant's map is merged in, a list replaces");
  EXPECT_EQ(loaded.kept[1].message,
            "'out' of the base's masquerade stays: a variant's map is merged in, a list replaces");
}

TEST(Diagnostics, CountColumnsInCharacters) {
  EXPECT_EQ(
      faults(
          "masqsim: 1\nx-n: {\xc3\xa4: \xc3\xb6}\nnetworks: {h: {title: \xc3\xbc, x-\xc3\xbc: 1, delay: 5}}\nnodes: {}\n"),
      "f:3:16: error: unknown key 'title' in 'networks.h'; known keys: kind, subnet, delay, jitter, rate, queue, loss, "
      "duplicate, reorder, mtu\n"
      " 3 | networks: {h: {title: \xc3\xbc, x-\xc3\xbc: 1, delay: 5}}\n"
      "   |                ^~~~~\n"
      "f:3:41: error: delay needs a unit (ns, us, ms, s, m, h), got '5'\n"
      " 3 | networks: {h: {title: \xc3\xbc, x-\xc3\xbc: 1, delay: 5}}\n"
      "   |                                         ^ write 5ms or 5s\n");
}

TEST(Diagnostics, OfALongLineShowTheFaultAndWhatIsAroundIt) {
  const std::string text = "masqsim: 1\nnetworks: {}\nnodes: {}\ntitle: " + std::string(400, 'x') + "\x01\n";
  const std::string said = faults(text);
  EXPECT_EQ(said.substr(0, said.find('\n')), "f:4:408: error: control character U+0001");
  EXPECT_NE(said.find(" 4 | ..."), std::string::npos);
  EXPECT_LT(said.size(), 500u);
}

TEST(Diagnostics, AreTheFirstTwentyOfAllThatWereFound) {
  std::string text = "masqsim: 1\nnetworks: {}\nnodes: {}\n";
  for (int n = 0; n < 50; ++n) text += "k" + std::to_string(n) + ": 1\n";
  const Loaded loaded = load_text(text);
  EXPECT_EQ(loaded.diagnostics.size(), 20u);
  EXPECT_EQ(loaded.found, 50u);
  EXPECT_EQ(closing_line(loaded.found), "50 errors (the first 20 are shown); nothing was run\n");
  EXPECT_EQ(closing_line(1), "1 error; nothing was run\n");
}

TEST(Variables, StandForTheirValuesAndAreSetFromOutside) {
  EXPECT_EQ(good().nodes[0].interfaces[0].addresses[0].address, wire::address(192, 168, 1, 10));
  const Scenario other = good({.variant = {}, .sets = {{"student", "42"}, {"wait", "9s"}}, .seed = {}});
  EXPECT_EQ(other.nodes[0].interfaces[0].addresses[0].address, wire::address(192, 168, 1, 42));
  EXPECT_EQ(other.actions[0].wait, 9_s);
  EXPECT_EQ(other.nodes[2].nat->forward[0].to, wire::address(192, 168, 1, 42));
}

TEST(Variables, MayNotBringInABadValueUnseen) {
  EXPECT_EQ(faults(home, {.variant = {}, .sets = {{"wait", "soon"}}, .seed = {}}),
            "f: error: --set wait=soon: wait must be a number with a unit, such as 5ms or 2h4m, got 'soon'\n");
}

TEST(Sets, ReachAnyScalarByItsPath) {
  const Scenario s = good({.variant = {},
                           .sets = {{"nodes.gw.nat.timeouts.udp", "5s"},
                                    {"networks.home.delay", "7ms"},
                                    {"actions.out.send", "12B"},
                                    {"seed", "9"}},
                           .seed = {}});
  EXPECT_EQ(s.nodes[2].nat->config.timeouts.udp, 5_s);
  EXPECT_EQ(s.networks[0].channel.delay, 7_ms);
  EXPECT_EQ(s.actions[0].send, 12u);
  EXPECT_EQ(s.seed, 9u);
}

TEST(Sets, HoldForTheVariantThatIsRun) {
  const Scenario s =
      good({.variant = "closed", .sets = {{"networks.home.delay", "7ms"}, {"student", "20"}}, .seed = {}});
  EXPECT_EQ(s.networks[0].channel.delay, 7_ms);
  EXPECT_EQ(s.nodes[0].interfaces[0].addresses[0].address, wire::address(192, 168, 1, 20));
}

TEST(Addresses, OfHostsAreThoseOfTheClassesAToC) {
  const auto fault = [](const std::string& address) {
    return faults("masqsim: 1\nnetworks: {internet: {kind: cloud}}\nnodes: {web: {interfaces: {internet: " + address +
                  "}}}\n");
  };
  for (const std::string good_one : {"1.0.0.1", "126.255.255.254", "208.0.0.1", "223.255.255.254"}) {
    EXPECT_EQ(fault(good_one), "");
  }
  for (const std::string bad : {"0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"}) {
    EXPECT_EQ(fault(bad).substr(0, fault(bad).find('\n')),
              "f:3:38: error: '" + bad + "' cannot be the address of a host");
  }
}

TEST(Addresses, OfAGroupFillANetworkOfTwoButNotMore) {
  const auto fault = [](const std::string& network, const std::string& first, int count) {
    return faults("masqsim: 1\nnetworks: {home: {kind: lan, subnet: " + network +
                  "}}\nnodes: {a: {count: " + std::to_string(count) + ", interfaces: {home: " + first + "}}}\n");
  };
  EXPECT_EQ(fault("10.0.0.0/31", "10.0.0.0/31", 2), "");
  EXPECT_NE(fault("10.0.0.0/31", "10.0.0.0/31", 3).find("3 addresses from 10.0.0.0 do not fit into 10.0.0.0/31"),
            std::string::npos);
  EXPECT_EQ(fault("10.0.0.0/30", "10.0.0.1/30", 2), "");
  EXPECT_NE(fault("10.0.0.0/30", "10.0.0.1/30", 3).find("3 addresses from 10.0.0.1 do not fit into 10.0.0.0/30"),
            std::string::npos);
}

TEST(Sets, ThatLeadNowhereAreRefused) {
  EXPECT_EQ(faults(home, {.variant = {}, .sets = {{"studnt", "1"}}, .seed = {}}),
            "f: error: --set studnt=1: unknown variable; did you mean 'student'?\n");
  EXPECT_EQ(faults(home, {.variant = {}, .sets = {{"nodes.gw", "1"}}, .seed = {}}),
            "f: error: --set nodes.gw=1: no scalar has this path\n");
  EXPECT_EQ(faults(home, {.variant = {}, .sets = {{"title", "a\nb"}}, .seed = {}}),
            "f: error: --set title=a\\x0ab: the value holds the control character U+000A\n");
}

TEST(Sets, ThatARunWouldNotLookAtAreRefusedWithWhatWouldBeRight) {
  const auto told = [](const std::string& key, const std::string& value) {
    return faults(home, {.variant = {}, .sets = {{key, value}}, .seed = {}});
  };
  EXPECT_EQ(told("vars.student", "1"),
            "f: error: --set vars.student=1: a variable is set by its own name: --set student=...\n");
  EXPECT_EQ(
      told("variants.closed.seed", "1"),
      "f: error: --set variants.closed.seed=1: a variant is chosen as FILE@closed, and its values are set by their "
      "path in the file: --set seed=...\n");
  EXPECT_EQ(told("x-foo.bar", "1"), "f: error: --set x-foo.bar=1: 'x-foo' is a note that no run looks at\n");
  EXPECT_EQ(told("nodes.gw.x-note", "1"),
            "f: error: --set nodes.gw.x-note=1: 'x-note' is a note that no run looks at\n");
}

TEST(Sets, HoldNothingThatAFileMayNotHold) {
  const auto told = [](const std::string& key, const std::string& value) {
    return faults(home, {.variant = {}, .sets = {{key, value}}, .seed = {}});
  };
  EXPECT_EQ(told("title", "a\xc2\x9b"),
            "f: error: --set title=a\\xc2\\x9b: the value holds the control character U+009B\n");
  EXPECT_EQ(told("title", "\xe2\x80\xae"),
            "f: error: --set title=\\xe2\\x80\\xae: the value holds the control character U+202E\n");
  EXPECT_EQ(told("title", "\x7f"), "f: error: --set title=\\x7f: the value holds the control character U+007F\n");
  EXPECT_EQ(told("title", "\xff"), "f: error: --set title=\\xff: the value is not valid UTF-8\n");
  EXPECT_EQ(told("student", "\x7f"), "f: error: --set student=\\x7f: the value holds the control character U+007F\n");
  EXPECT_EQ(told("student", "${wait}"),
            "f: error: --set student=${wait}: the value of a variable holds no variables\n");
  const std::string long_value(1001, '1');
  EXPECT_NE(told("student", long_value).find("the value of a variable is at most 1000 bytes\n"), std::string::npos);
}

TEST(Sets, GiveWhatShowPrintsSoThatItLoadsAgain) {
  for (const std::string title :
       {"plain", "\"quoted\"", "back\\slash", "a: b # c", "\xc3\xa4\xc3\xb6", "'", "- x", "~"}) {
    const Scenario first = good({.variant = {}, .sets = {{"title", title}}, .seed = {}});
    const Loaded again = load_text(resolved(first));
    ASSERT_TRUE(again.scenario) << title << print_diagnostics("f", again.diagnostics);
    EXPECT_EQ(again.scenario->title, title);
  }
}

TEST(Sets, ThatAreWrongAreNamedAndNotAPlaceInTheFile) {
  const auto told = [](const std::string& key, const std::string& value) {
    return faults(home, {.variant = {}, .sets = {{key, value}}, .seed = {}});
  };
  EXPECT_EQ(
      told("nodes.gw.nat.timeouts.udp", "abc"),
      "f: error: --set nodes.gw.nat.timeouts.udp=abc: udp must be a number with a unit, such as 5ms or 2h4m, got 'abc'\n");
  EXPECT_EQ(
      told("nodes.gw.nat.tmeouts.udp", "5s"),
      "f: error: --set nodes.gw.nat.tmeouts.udp=5s: unknown key 'tmeouts' in 'nodes.gw.nat'; did you mean 'timeouts'?\n");
  EXPECT_EQ(
      told("networks.home.delay", "5"),
      "f: error: --set networks.home.delay=5: delay needs a unit (ns, us, ms, s, m, h), got '5'; write 5ms or 5s\n");
  EXPECT_EQ(told("nodes.foo.ttl", "9"), "f: error: --set nodes.foo.ttl=9: 'nodes.foo' needs 'interfaces'\n");
}

TEST(Seed, OfTheOptionsReplacesTheFiles) {
  EXPECT_EQ(good().seed, 1u);
  EXPECT_EQ(good({.variant = {}, .sets = {}, .seed = 77}).seed, 77u);
}

TEST(Variants, MergeMapsAndReplaceLists) {
  EXPECT_EQ(good().nodes[2].nat->forward.size(), 1u);
  const Scenario closed = good({.variant = "closed", .sets = {}, .seed = {}});
  EXPECT_EQ(closed.variant, "closed");
  EXPECT_TRUE(closed.nodes[2].nat->forward.empty());
  EXPECT_EQ(closed.nodes[2].nat->masquerade.size(), 1u);
  EXPECT_EQ(closed.variants.size(), 2u);
}

TEST(Variants, ThatAreNotThereAreNamed) {
  EXPECT_EQ(faults(home, {.variant = "close", .sets = {}, .seed = {}}),
            "f: error: no variant 'close'; did you mean 'closed'?\n");
}

TEST(Variants, AreTakenOffTheArgumentAtItsLastAt) {
  EXPECT_EQ(split_variant("a@b.yaml@closed"), (std::pair<std::string, std::string>{"a@b.yaml", "closed"}));
  EXPECT_EQ(split_variant("a.yaml"), (std::pair<std::string, std::string>{"a.yaml", ""}));
  const Folder folder;
  const std::string path = folder.file("a@b", home);
  EXPECT_EQ(split_variant(path), (std::pair{path, std::string{}}));
}

TEST(Nat, PresetComesFirstAndTheFileOverridesIt) {
  const Scenario rfc = good({.variant = "rfc", .sets = {}, .seed = {}});
  const nat::Config& config = rfc.nodes[2].nat->config;
  EXPECT_EQ(config.mapping, nat::Mapping::endpoint_independent);
  EXPECT_EQ(config.hairpin, nat::Hairpin::full);
  EXPECT_EQ(config.timeouts.udp, 7_min);
  EXPECT_EQ(config.source.size(), 1u);
}

TEST(Nat, RulesNameInterfacesByTheirPlaceInTheNode) {
  const NatSpec spec = good().nodes[2].nat.value_or(NatSpec{});
  nat::SourceRule out;
  out.out = 1;
  nat::DestinationRule in;
  in.to = {wire::address(203, 0, 113, 5), 32};
  in.protocol = wire::Protocol::tcp;
  in.port = nat::PortRange{22, 22};
  in.forward = wire::address(192, 168, 1, 10);
  in.forward_port = 22;
  EXPECT_EQ(spec.config.source, std::vector{out});
  EXPECT_EQ(spec.config.destination, std::vector{in});
  EXPECT_EQ(spec.config.firewall.inside, std::vector<nat::InterfaceId>{0});
  EXPECT_EQ(spec.outside, std::vector<NetworkIndex>{1});
}

TEST(Target, OfANodeIsItsAddressOnANetworkThatBothAreOn) {
  const Scenario s = good();
  EXPECT_EQ(s.actions[0].target.address, wire::address(198, 51, 100, 10));
  EXPECT_EQ(s.actions[1].target.address, wire::address(192, 168, 1, 1));  // gw, from inside
}

TEST(Groups, HaveMembersWithNamesOfTheirOwn) {
  const Scenario s = good();
  EXPECT_EQ(s.name_of(NodeRef{1, 7}), "clients.7");
  EXPECT_EQ(s.name_of(s.actions[1].from), "clients");
}

/// Processor time and peak memory of loading `text`; the memory of the process only grows, so it is an upper bound.
void expect_cheap(const std::string& what, const std::string& text) {
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_SELF, &before);
  const Loaded loaded = load_text(text);
  ::getrusage(RUSAGE_SELF, &after);
  const auto ms = [](const timeval& t) {
    return static_cast<long>(t.tv_sec) * 1000 + static_cast<long>(t.tv_usec) / 1000;
  };
  const long spent = ms(after.ru_utime) - ms(before.ru_utime) + ms(after.ru_stime) - ms(before.ru_stime);
  EXPECT_FALSE(loaded.scenario.has_value()) << what;
  // The promise is 250 ms of an optimised build; unoptimised and sanitised ones are several times slower.
  EXPECT_LT(spent, 4000) << what;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  for (std::size_t n = 0; n < times; ++n) all += part;
  return all;
}

TEST(HostileText, CostsLittle) {
  expect_cheap("brackets", std::string(1'000'000, '['));
  expect_cheap("brackets in lines", repeated("[\n", 500'000));
  expect_cheap("braces", std::string(1'000'000, '{'));
  expect_cheap("quotes", repeated("\"\n", 500'000));
  expect_cheap("long line", "a: " + std::string(1'000'000, 'x'));
  expect_cheap("one list in brackets", "[" + repeated("1,\n", 300'000) + "]");
  expect_cheap("block list", repeated("- 1\n", 250'000));
  expect_cheap("keys", [] {
    std::string text;
    for (int n = 0; n < 80'000; ++n) text += "k" + std::to_string(n) + ": 1\n";
    return text;
  }());
  expect_cheap("actions", "actions:\n" + repeated("  - {at: 0s, id: x, from: y, tcp: \"z:80\"}\n", 20'000));
  expect_cheap("aliases", "a: &a [x, x]\n" + repeated("b: [*a, *a]\n", 20'000));
  expect_cheap("block scalar", "a: |\n" + repeated(" x\n", 300'000));
  expect_cheap("variables", "masqsim: 1\nvars: {v: \"" + std::string(900, 'x') + "\"}\n" +
                                repeated("x-a: \"${v}${v}${v}\"\n", 40'000));
}

// The limit of depth is held before the text is read as YAML; a doubled quote does not end the string there either.
TEST(HostileText, BracketsInASingleQuotedStringAreNoNesting) {
  const std::string many = repeated(" [", 40);
  const std::string file = "masqsim: 1\nnetworks: {home: {}}\nnodes: {laptop: {interfaces: {home: 192.168.1.10/24}}}\n";
  const Loaded loaded = load_text(file + "title: 'it''s" + many + "'\n");
  ASSERT_EQ(print_diagnostics("f", loaded.diagnostics), "");
  EXPECT_EQ(loaded.scenario->title, "it's" + many);
  EXPECT_NE(faults(file + "title: it''s" + many + "\n"), "");
}

}  // namespace
}  // namespace masqsim::scenario
