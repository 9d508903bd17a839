// The RFC table against our own gateway: what Linux is known to deviate in, and what the rfc preset is to meet.
#include "masqsim/conform/rfc.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fmt/format.h>

#include "masqsim/conform/own_bench.hpp"

namespace masqsim::conform {
namespace {

nat::Config masquerade() {
  nat::Config config;
  config.source.emplace_back();
  return config;
}

std::vector<Finding> examined(const nat::Config& nat) {
  RfcOptions options;
  options.nat = bench_config(nat);
  options.bench = [](const Setup& setup) { return std::make_unique<OwnBench>(setup); };
  return examine(options);
}

/// "4787 REQ-1" of every requirement with that outcome, one a line.
std::string those(const std::vector<Finding>& findings, Outcome outcome) {
  std::string text;
  for (const Finding& f : findings) {
    if (f.outcome == outcome) text += fmt::format("{} {}\n", f.requirement->rfc, f.requirement->id);
  }
  return text;
}

TEST(Rfc, LinuxMasqueradeDeviatesWhereTheReferenceSaysSoAndNowhereElse) {
  const std::vector<Finding> findings = examined(masquerade());
  EXPECT_FALSE(meets_every_must(findings));
  EXPECT_EQ(those(findings, Outcome::deviates),
            "4787 REQ-1\n4787 REQ-2\n4787 REQ-3\n4787 REQ-4\n4787 REQ-5\n4787 REQ-5c\n4787 REQ-7\n"
            "4787 REQ-8\n4787 REQ-9\n4787 REQ-9a\n4787 REQ-11\n"
            "5382 REQ-1\n5382 REQ-3\n5382 REQ-4\n5382 REQ-4\n5382 REQ-5\n5382 REQ-5\n5382 REQ-5\n"
            "5382 REQ-7\n5382 REQ-8\n"
            "5508 REQ-1a\n5508 REQ-2\n5508 REQ-3\n5508 REQ-3a\n5508 REQ-5\n5508 REQ-7\n5508 REQ-8\n"
            "5508 REQ-10c\n"
            "6888 REQ-2\n6888 REQ-7\n6888 REQ-8\n6888 REQ-11\n6888 REQ-11\n6888 REQ-11\n6888 REQ-15\n"
            "7857 2.1\n7857 2.2\n7857 4\n7857 10\n7857 12\n");
  EXPECT_EQ(those(findings, Outcome::not_testable),
            "4787 REQ-10a\n"
            "6888 REQ-1\n6888 REQ-9\n6888 REQ-10\n6888 REQ-12\n6888 REQ-14\n");
}

TEST(Rfc, ThePresetDeviatesInOneMustOnlyOverlappingNetworks) {
  const std::vector<Finding> findings = examined(nat::rfc_preset(masquerade()));
  std::string musts;
  for (const Finding& f : findings) {
    if (f.outcome == Outcome::deviates && binds(f.requirement->level)) musts += std::string(f.requirement->text) + '\n';
  }
  EXPECT_EQ(musts, "inside and outside networks with the same addresses do not harm\n");
  EXPECT_EQ(those(findings, Outcome::deviates),
            "4787 REQ-7\n5508 REQ-8\n6888 REQ-15\n");
}

TEST(Rfc, ARowTellsRequirementLevelOutcomeAndThePacketsThatShowIt) {
  const std::vector<Finding> findings = examined(masquerade());
  const std::string text = to_text(findings, true);
  const std::size_t row = text.find("RFC 4787 REQ-3 ");
  ASSERT_NE(row, std::string::npos);
  EXPECT_EQ(text.substr(row, text.find("RFC 4787 REQ-3a") - row),
            "RFC 4787 REQ-3     MUST NOT    DEVIATES      an outside port never serves two inside endpoints at once "
            "(203.0.113.1:5000 and 203.0.113.1:5000)\n"
            "            0.00  lan0 in   192.168.1.10:5000 > 198.51.100.7:53 udp len=8 ttl=64\n"
            "            0.00  wan0 out  203.0.113.1:5000 > 198.51.100.7:53 udp len=8 ttl=63\n"
            "            0.03  lan0 in   192.168.1.11:5000 > 198.51.100.8:53 udp len=8 ttl=64\n"
            "            0.03  wan0 out  203.0.113.1:5000 > 198.51.100.8:53 udp len=8 ttl=63\n");
}

TEST(Rfc, EveryRequirementGetsItsCapture) {
  const std::filesystem::path directory = std::filesystem::path(::testing::TempDir()) / "masqsim-rfc-captures";
  std::filesystem::remove_all(directory);
  const std::vector<Finding> findings = examined(masquerade());
  write_captures(findings, directory.string());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files += entry.path().extension() == ".pcap";
  EXPECT_EQ(files, findings.size());
  EXPECT_GT(std::filesystem::file_size(directory / "rfc4787-req-3.pcap"), 24u + 4 * (16u + 36u) - 1);
  std::filesystem::remove_all(directory);
}

TEST(Rfc, AGatewayThatDoesNotTranslateIsTriedAsItIs) {
  EXPECT_TRUE(bench_config({}).source.empty());
  EXPECT_FALSE(meets_every_must(examined({})));
}

}  // namespace
}  // namespace masqsim::conform
