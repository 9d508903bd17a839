// What is legal and hardly meant: each note with its place, and the silence where a failure is the lesson.
#include "masqsim/scenario/notes.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace masqsim::scenario {
namespace {

constexpr const char* networks =
    "masqsim: 1\n"
    "networks: {home: {kind: lan, subnet: 192.168.1.0/24}, internet: {kind: cloud}}\n";
constexpr const char* laptop = "  laptop: {interfaces: {home: 192.168.1.10/24}, services: [{tcp: 22}]}\n";
constexpr const char* web = "  web: {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80}, {udp: 53}]}\n";

std::string gateway(const std::string& nat) {
  return "  gw: {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: " + nat + "}\n";
}

std::string noted(const std::string& nodes, const std::string& actions, const std::string& rest = {}) {
  const Loaded loaded =
      load_text(std::string(networks) + "nodes:\n" + nodes + "actions:\n" + actions + rest, {}, "lab");
  if (!loaded.scenario) return print_diagnostics("lab", loaded.diagnostics);
  return print_notes("lab", notes_of(loaded));
}

const std::string good = std::string(laptop) + gateway("{masquerade: {out: internet}}") + web;

TEST(Notes, SayNothingOfAFileThatMeansWhatItSays) {
  EXPECT_EQ(noted(good, "  - {at: 0s, id: out, from: laptop, tcp: \"web:80\"}\n"), "");
}

TEST(Notes, SayThatNobodyHasTheAddressOrListensThere) {
  EXPECT_EQ(noted(good,
                  "  - {at: 0s, id: a, from: laptop, ping: 192.168.1.99}\n"
                  "  - {at: 0s, id: b, from: laptop, tcp: \"web:8080\"}\n"
                  "  - {at: 0s, id: c, from: web, tcp: \"203.0.113.5:22\"}\n"),
            "lab:8:41: note: nobody has 192.168.1.99\n"
            "lab:9:40: note: web does not listen on tcp 8080; it listens on tcp 80, udp 53\n"
            "lab:10:37: note: gw neither forwards tcp 22 nor listens there\n");
}

TEST(Notes, AreSilentAboutAnAddressOfMany) {
  for (const std::string address : {"224.0.0.1", "255.255.255.255", "192.168.1.255"}) {
    EXPECT_EQ(noted(good, "  - {at: 0s, id: a, from: laptop, udp: \"" + address + ":53\"}\n"), "") << address;
  }
}

TEST(Notes, AreSilentWhereTheFailureIsExpected) {
  const std::string call = "  - {at: 0s, id: c, from: web, tcp: \"203.0.113.5:22\"}\n";
  EXPECT_EQ(noted(good, call, "expect: [{flow: c, result: refused}]\n"), "");
  EXPECT_EQ(noted(good, call, "expect: [{flow: c, not: established}]\n"), "");
  EXPECT_EQ(noted(good, call, "expect: [{flow: c, result: established}]\n"),
            "lab:8:37: note: gw neither forwards tcp 22 nor listens there\n");
}

TEST(Notes, SayThatASocketOfAnActionIsNoService) {
  EXPECT_EQ(noted(good,
                  "  - {at: 0s, id: ask, from: \"laptop:6000\", udp: \"web:53\"}\n"
                  "  - {at: 1s, id: push, from: web, udp: \"203.0.113.5:6000\"}\n"),
            "")
      << "what the first sends from takes what comes to it";
}

TEST(Notes, FollowAForward) {
  const auto forwarding = [&](const std::string& to) {
    return noted(laptop + gateway("{masquerade: {out: internet}, forward: [{tcp: 22, to: \"" + to + "\"}]}") + web,
                 "  - {at: 0s, id: c, from: web, tcp: \"203.0.113.5:22\"}\n");
  };
  EXPECT_EQ(forwarding("laptop:22"), "");
  EXPECT_EQ(forwarding("192.168.1.99:22"), "lab:5:127: note: it leads to 192.168.1.99, an address that nobody has\n");
  EXPECT_EQ(forwarding("laptop:23"),
            "lab:5:127: note: it leads to laptop, which does not listen on tcp 23; it listens on tcp 22\n");
}

TEST(Notes, SayWhatAMasqueradeMisses) {
  const std::string call = "  - {at: 0s, id: out, from: laptop, tcp: \"web:80\"}\n";
  EXPECT_EQ(noted(laptop + gateway("{masquerade: {out: home}}") + web, call),
            "lab:5:106: note: what leaves by internet keeps its private source: home is masqueraded only\n");
  EXPECT_EQ(noted(laptop + gateway("{masquerade: {out: internet, from: 10.0.0.0/8}}") + web, call),
            "lab:5:122: note: 10.0.0.0/8 holds nobody's address\n");
  EXPECT_EQ(noted(laptop + gateway("{masquerade: {out: internet, from: 203.0.113.0/24}}") + web, call),
            "lab:5:122: note: it leaves out home (192.168.1.0/24), whose hosts go untranslated\n");
  EXPECT_EQ(noted(laptop + gateway("{}") + web, call),
            "lab:5:87: note: gw tracks nothing: no rule of its nat asks for it, so its table stays empty\n");
  EXPECT_EQ(noted(laptop + gateway("none") + web, call), "");
}

TEST(Notes, SayThatANetworkHasNoWayOut) {
  EXPECT_EQ(
      noted(std::string(laptop) +
                "  gw: {kind: gateway, interfaces: {internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}\n" +
                web,
            "  - {at: 0s, id: out, from: laptop, tcp: \"web:80\"}\n"),
      "lab:8:42: note: no router or gateway has an interface in home, so laptop has no way to 198.51.100.10\n");
}

TEST(Notes, SayThatTheNameIsNotTheFiles) {
  const auto called = [](const std::string& name, const std::string& stem) {
    const Loaded loaded = load_text(std::string(networks) + "name: " + name + "\nnodes: {}\n", {}, stem);
    return loaded.scenario ? print_notes("f", notes_of(loaded)) : print_diagnostics("f", loaded.diagnostics);
  };
  const std::string one = called("inbound", "outbound");
  EXPECT_EQ(one, "f:3:7: note: the file is called outbound, and the scenario inbound\n");
  EXPECT_EQ(called("inbound", "03-inbound"), "");
  EXPECT_EQ(called("03-inbound", "03-inbound"), "");
  EXPECT_EQ(called("inbound", "scenario"), "") << "standard input";
}

TEST(Notes, AreGivenOncePerVariantThatAddsThem) {
  EXPECT_EQ(noted(good, "  - {at: 0s, id: b, from: laptop, tcp: \"web:8080\"}\n",
                  "variants:\n"
                  "  same: {title: nothing else}\n"
                  "  other: {actions: [{at: 0s, id: b, from: laptop, ping: 192.168.1.99}]}\n"),
            "lab:8:40: note: web does not listen on tcp 8080; it listens on tcp 80, udp 53\n"
            "lab:11:57: note: nobody has 192.168.1.99 (in variant 'other')\n");
}

TEST(Notes, OfTheShippedScenariosAreNone) {
  for (const auto& entry : std::filesystem::directory_iterator(std::string(MASQSIM_SOURCE_DIR) + "/scenarios")) {
    if (entry.path().extension() != ".yaml") continue;
    const Loaded loaded = load(entry.path().string());
    ASSERT_TRUE(loaded.scenario) << entry.path();
    EXPECT_EQ(print_notes(entry.path().string(), notes_of(loaded)), "");
  }
}

}  // namespace
}  // namespace masqsim::scenario
