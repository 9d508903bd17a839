#include "sim/page/file_text.hpp"

#include <gtest/gtest.h>

namespace masqsim::page {
namespace {

constexpr std::string_view file = R"(# a lab
name: small            # its name
nodes:
  laptop:
    interfaces: {home: 192.168.1.10/24}
  gw:
    kind: gateway
    interfaces: {home: 192.168.1.1/24, internet: "203.0.113.5"}
    nat:
      masquerade: {out: internet}   # everybody
      forward: []
  bare: {kind: gateway, nat: }
actions:
- {at: 0s, id: out, from: laptop, tcp: "web:80"}  # the first
- at: 1s
  id: back
lab:
  - ask: "who?"
    answer: it's me
# the end
)";

std::string changed(const Path& path, const std::string& value) { return with(file, path, value).value_or("nothing"); }

TEST(FileText, FindsTheTextOfAValueInEitherStyle) {
  EXPECT_EQ(text_at(file, {"name"}), "small");
  EXPECT_EQ(text_at(file, {"nodes", "gw", "nat", "masquerade"}), "{out: internet}");
  EXPECT_EQ(text_at(file, {"nodes", "gw", "interfaces", "internet"}), "\"203.0.113.5\"");
  EXPECT_EQ(text_at(file, {"actions", "0", "tcp"}), "\"web:80\"");
  EXPECT_EQ(text_at(file, {"actions", "1", "id"}), "back");
  EXPECT_EQ(text_at(file, {"lab", "0", "answer"}), "it's me");
  EXPECT_EQ(text_at(file, {"nodes", "gw", "nat", "hairpin"}), std::nullopt);
  EXPECT_EQ(text_at(file, {"actions", "2"}), std::nullopt);
  EXPECT_EQ(text_at("a: [", {"a"}), std::nullopt);
}

TEST(FileText, AValueIsReplacedAndEveryOtherCharacterStays) {
  std::string expected(file);
  expected.replace(expected.find("[]"), 2, "[{tcp: 22, to: \"laptop:22\"}]");
  EXPECT_EQ(changed({"nodes", "gw", "nat", "forward"}, "[{tcp: 22, to: \"laptop:22\"}]"), expected);
}

TEST(FileText, ANewKeyBecomesALineOfItsMapOrAMemberOfItsBraces) {
  EXPECT_NE(changed({"nodes", "gw", "nat", "hairpin"}, "full").find("    nat:\n      hairpin: full\n      masquerade"),
            std::string::npos);
  EXPECT_NE(changed({"nodes", "gw", "nat", "timeouts", "udp"}, "9s").find("\n      timeouts: {udp: 9s}\n"),
            std::string::npos);
  EXPECT_NE(
      changed({"nodes", "gw", "nat", "masquerade", "from"}, "10.0.0.0/8").find("{from: 10.0.0.0/8, out: internet}"),
      std::string::npos);
  EXPECT_NE(changed({"nodes", "bare", "nat", "hairpin"}, "full").find("nat: {hairpin: full}"), std::string::npos);
  EXPECT_NE(changed({"actions", "1", "tcp"}, "\"x:1\"").find("- tcp: \"x:1\"\n  at: 1s"), std::string::npos);
}

TEST(FileText, WhatCannotBeWrittenIsRefused) {
  EXPECT_EQ(with(file, {"name"}, "two\nlines"), std::nullopt);
  EXPECT_EQ(with(file, {"name"}, "{open"), std::nullopt);
  EXPECT_EQ(with("a: [", {"a"}, "1"), std::nullopt);
  EXPECT_EQ(with(file, {}, "1"), std::nullopt);
}

TEST(FileText, AKeyIsTakenOutWithItsBlockAndWithItsComma) {
  std::string expected(file);
  expected.erase(expected.find("lab:"), expected.find("# the end") - expected.find("lab:"));
  EXPECT_EQ(without(file, {"lab"}), expected);
  expected = file;
  expected.replace(expected.find("home: 192.168.1.1/24, "), 22, "");
  EXPECT_EQ(without(file, {"nodes", "gw", "interfaces", "home"}), expected);
  expected = file;
  expected.replace(expected.find(", internet: \"203.0.113.5\""), 25, "");
  EXPECT_EQ(without(file, {"nodes", "gw", "interfaces", "internet"}), expected);
  EXPECT_EQ(without(file, {"nobody"}), std::nullopt);
}

TEST(FileText, QuotesAndCommentsHoldNoBraces) {
  const std::string text = "a: [{x: \"]}\"}, 'it''s ]', # ]\n  b]  # c\nd: 1\n";
  EXPECT_EQ(text_at(text, {"a"}), "[{x: \"]}\"}, 'it''s ]', # ]\n  b]");
  EXPECT_EQ(text_at(text, {"a", "0", "x"}), "\"]}\"");
  EXPECT_EQ(without(text, {"a"}), "d: 1\n");
}

TEST(FileText, AKeyOfANatStandsInTheVariantThatIsNamed) {
  EXPECT_EQ(nat_path("", "gw", "timeouts.udp"), (Path{"nodes", "gw", "nat", "timeouts", "udp"}));
  EXPECT_EQ(nat_path("v", "gw", "forward"), (Path{"variants", "v", "nodes", "gw", "nat", "forward"}));
}

}  // namespace
}  // namespace masqsim::page
