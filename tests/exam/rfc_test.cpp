// The RFC table against our own gateway: what Linux is known to deviate in, and what the rfc preset is to meet.
#include "sim/exam/rfc.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fmt/format.h>
#include <filesystem>

#include "sim/box/box_bench.hpp"
#include "sim/box/own_bench.hpp"
#include "sim/box/program_box.hpp"

namespace masqsim::exam {
namespace {

nat::Config masquerade() {
  nat::Config config;
  config.source.emplace_back();
  return config;
}

std::vector<Finding> examined(const nat::Config& nat) {
  RfcOptions options;
  options.nat = bench_config(nat);
  options.bench = [](const box::Setup& setup) { return std::make_unique<box::OwnBench>(setup); };
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
            "4787 REQ-1\n4787 REQ-2\n4787 REQ-3\n4787 REQ-4\n4787 REQ-5\n4787 REQ-5c\n4787 REQ-7\n4787 REQ-7\n"
            "4787 REQ-8\n4787 REQ-9\n4787 REQ-9a\n4787 REQ-11\n4787 REQ-14a\n"
            "5382 REQ-1\n5382 REQ-3\n5382 REQ-4\n5382 REQ-4\n5382 REQ-4\n5382 REQ-5\n5382 REQ-5\n5382 REQ-5\n"
            "5382 REQ-7\n5382 REQ-8\n5382 REQ-8a\n"
            "5508 REQ-1a\n5508 REQ-2\n5508 REQ-3\n5508 REQ-3a\n5508 REQ-5\n5508 REQ-7\n5508 REQ-7a\n5508 REQ-8\n"
            "5508 REQ-10c\n"
            "6888 REQ-2\n6888 REQ-7\n6888 REQ-11\n6888 REQ-11\n6888 REQ-11\n6888 REQ-15\n"
            "7857 2.1\n7857 2.2\n7857 4\n7857 7.1\n7857 10\n7857 12\n");
  EXPECT_EQ(those(findings, Outcome::not_testable),
            "4787 REQ-10a\n"
            "6888 REQ-1\n6888 REQ-9\n6888 REQ-10\n6888 REQ-12\n6888 REQ-14\n");
}

TEST(Rfc, ThePresetMeetsEveryMustAndAllTheRestButOne) {
  const std::vector<Finding> findings = examined(nat::rfc_preset(masquerade()));
  EXPECT_TRUE(meets_every_must(findings));
  EXPECT_EQ(those(findings, Outcome::deviates), "6888 REQ-15\n");
  nat::Config hidden = masquerade();
  hidden.source.front().random = true;
  EXPECT_EQ(those(examined(nat::rfc_preset(hidden)), Outcome::deviates), "");
}

struct Choice {
  std::string_view name;
  void (*take_back)(nat::Config&);
};

TEST(Rfc, EveryChoiceOfThePresetIsHeldByRowsThatFailWithoutIt) {
  constexpr Choice choices[] = {
      {"mapping", [](nat::Config& c) { c.mapping = nat::Mapping::linux_like; }},
      {"mapping by address", [](nat::Config& c) { c.mapping = nat::Mapping::address_dependent; }},
      {"filtering", [](nat::Config& c) { c.filtering = nat::Filtering::address_and_port_dependent; }},
      {"hairpin", [](nat::Config& c) { c.hairpin = nat::Hairpin::none; }},
      {"unsolicited", [](nat::Config& c) { c.unsolicited = nat::Unsolicited::reject; }},
      {"drop_invalid", [](nat::Config& c) { c.firewall.drop_invalid = false; }},
      {"rst_keeps_state", [](nat::Config& c) { c.rst_keeps_state = false; }},
      {"rst_refreshes", [](nat::Config& c) { c.rst_refreshes = true; }},
      {"verify_quoted", [](nat::Config& c) { c.verify_quoted = false; }},
      {"obsolete_icmp", [](nat::Config& c) { c.obsolete_icmp = true; }},
      {"keep_parity", [](nat::Config& c) { c.keep_parity = false; }},
      {"unique_ids", [](nat::Config& c) { c.unique_ids = false; }},
      {"oldest_pieces_go", [](nat::Config& c) { c.oldest_pieces_go = false; }},
      {"overlap", [](nat::Config& c) { c.overlap = false; }},
      {"port_rest_s", [](nat::Config& c) { c.port_rest_s = 0; }},
      {"early_drop", [](nat::Config& c) { c.limits.early_drop = true; }},
      {"reject_exhausted", [](nat::Config& c) { c.limits.reject_exhausted = false; }},
      {"udp", [](nat::Config& c) { c.timeouts.udp = 119_s; }},
      {"udp_stream", [](nat::Config& c) { c.timeouts.udp_stream = 119_s; }},
      {"tcp_established", [](nat::Config& c) { c.timeouts.tcp_established = 2_h + 3_min; }},
      {"tcp_unacknowledged", [](nat::Config& c) { c.timeouts.tcp_unacknowledged = 2_h + 3_min; }},
      {"tcp_syn_sent", [](nat::Config& c) { c.timeouts.tcp_syn_sent = 3_min; }},
      {"tcp_syn_recv", [](nat::Config& c) { c.timeouts.tcp_syn_recv = 3_min; }},
      {"tcp_fin_wait", [](nat::Config& c) { c.timeouts.tcp_fin_wait = 3_min; }},
      {"tcp_close_wait", [](nat::Config& c) { c.timeouts.tcp_close_wait = 3_min; }},
      {"tcp_last_ack", [](nat::Config& c) { c.timeouts.tcp_last_ack = 3_min; }},
      {"tcp_time_wait", [](nat::Config& c) { c.timeouts.tcp_time_wait = 3_min; }},
      {"icmp", [](nat::Config& c) { c.timeouts.icmp = 59_s; }},
  };
  std::string text;
  for (const Choice& choice : choices) {
    nat::Config config = nat::rfc_preset(masquerade());
    choice.take_back(config);
    text += std::string(choice.name) + ':';
    for (const Finding& f : examined(config)) {
      const bool always = f.requirement->rfc == 6888 && f.requirement->id == "REQ-15";
      if (f.outcome == Outcome::deviates && !always) {
        text += fmt::format(" {} {},", f.requirement->rfc, f.requirement->id);
      }
    }
    text.back() = '\n';
  }
  EXPECT_EQ(
      text,
      "mapping: 4787 REQ-1, 4787 REQ-2, 4787 REQ-3, 4787 REQ-4, 4787 REQ-11, 5382 REQ-1, 5382 REQ-7, 5508 REQ-1a, "
      "6888 REQ-2, 6888 REQ-8, 6888 REQ-8, 6888 REQ-11, 7857 4\n"
      "mapping by address: 4787 REQ-1, 4787 REQ-9a, 5382 REQ-1, 5382 REQ-8a, 5508 REQ-1a\n"
      "filtering: 4787 REQ-8, 4787 REQ-9, 4787 REQ-9a, 5382 REQ-3, 5382 REQ-8, 5382 REQ-8a, 5508 REQ-7a, 6888 REQ-7, "
      "7857 12\n"
      "hairpin: 4787 REQ-9, 4787 REQ-9a, 5382 REQ-8, 5382 REQ-8a, 5508 REQ-7, 5508 REQ-7a, 7857 12\n"
      "unsolicited: 5382 REQ-4, 5382 REQ-4, 5382 REQ-4\n"
      "drop_invalid: 5508 REQ-3, 5508 REQ-5\n"
      "rst_keeps_state: 7857 2.2\n"
      "rst_refreshes: 7857 7.1\n"
      "verify_quoted: 5508 REQ-3a\n"
      "obsolete_icmp: 5508 REQ-10c\n"
      "keep_parity: 4787 REQ-4\n"
      "unique_ids: 7857 10\n"
      "oldest_pieces_go: 4787 REQ-14a\n"
      "overlap: 4787 REQ-7, 4787 REQ-7\n"
      "port_rest_s: 6888 REQ-8\n"
      "early_drop: 6888 REQ-11\n"
      "reject_exhausted: 5508 REQ-8, 6888 REQ-11\n"
      "udp: 4787 REQ-5, 4787 REQ-5c\n"
      "udp_stream: 4787 REQ-5, 4787 REQ-5c\n"
      "tcp_established: 5382 REQ-5\n"
      "tcp_unacknowledged: 5382 REQ-5\n"
      "tcp_syn_sent: 5382 REQ-5, 7857 2.1\n"
      "tcp_syn_recv: 5382 REQ-5\n"
      "tcp_fin_wait: 5382 REQ-5\n"
      "tcp_close_wait: 5382 REQ-5\n"
      "tcp_last_ack: 5382 REQ-5\n"
      "tcp_time_wait: 5382 REQ-5, 7857 2.1\n"
      "icmp: 5508 REQ-2\n");
}

TEST(Rfc, AProgramThatDiesAtItsFirstPacketCostsTheRowsAndNotTheReport) {
  RfcOptions options;
  options.nat = bench_config(masquerade());
  options.bench = [](const box::Setup& setup) {
    box::ProgramCommand dies{.words = {"sh", "-c", R"(read hello; echo '{"done": true}'; read packet; echo oh >&2)"}};
    return std::make_unique<box::BoxBench>(std::make_unique<box::ProgramBox>(std::move(dies)), setup);
  };
  const std::vector<Finding> findings = examine(options);
  EXPECT_EQ(findings.size(), rfc_requirements().size());
  for (const Finding& finding : findings) {
    const bool may = finding.requirement->level == Level::may;
    if (finding.packets.empty()) continue;
    EXPECT_EQ(finding.outcome, may ? Outcome::not_testable : Outcome::deviates) << finding.requirement->id;
    EXPECT_EQ(finding.note, "gateway program 'sh' of gateway: it ended with exit code 0; oh");
  }
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
  const std::string name = "masqsim-rfc-captures-" + std::to_string(::getpid());  // suites may run beside each other
  const std::filesystem::path directory = std::filesystem::path(::testing::TempDir()) / name;
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
}  // namespace masqsim::exam
