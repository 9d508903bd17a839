// Captures of the shipped scenarios, as Wireshark reads them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cli/program.hpp"
#include "tests/trace/capture_files.hpp"

namespace masqsim::cli_test {
namespace {

class Captures : public trace::sample::CaptureFiles {
 protected:
  /// `scenario`: a shipped one, "03-inbound-fails@forwarded".
  void capture(const std::string& scenario, const std::vector<std::string>& options = {}) {
    const std::size_t variant = std::min(scenario.find('@'), scenario.size());
    std::vector<std::string> arguments{"run", shipped(scenario.substr(0, variant)) + scenario.substr(variant),
                                       "--quiet", "--pcap", at("run.pcapng")};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = masqsim(arguments);
    ASSERT_EQ(ran.code, 0) << ran.err;
  }
  /// A line for each packet that `filter` shows.
  std::string shown(const std::string& filter) {
    return tshark("run.pcapng",
                  "-Y '" + filter + "' -e frame.number -e frame.interface_name -e _ws.col.Info -e _ws.expert.message");
  }
};

/// What Wireshark marks in black or red, and what is true in these runs.
constexpr const char* doubtful =
    "(tcp.analysis.flags && !tcp.analysis.window_update) || ip.checksum.status == \"Bad\" || "
    "tcp.checksum.status == \"Bad\" || udp.checksum.status == \"Bad\" || icmp.checksum.status == \"Bad\"";

TEST_F(Captures, OfRunsWithoutLossHoldNothingThatWiresharkDoubts) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed: the captures are NOT checked by another program";
  for (const char* scenario :
       {"01-outbound", "01-outbound@one-host", "02-no-nat", "02-no-nat@masquerade", "03-inbound-fails",
        "03-inbound-fails@forwarded", "04-port-forward", "04-port-forward@closed", "05-same-port", "05-same-port@rfc",
        "06-ping-ids", "22-routed-office", "23-thousand-hosts@ten", "24-overlap", "24-overlap@twice-nat"}) {
    capture(scenario);
    EXPECT_EQ(shown(doubtful), "") << scenario;
  }
}

TEST_F(Captures, HoldBothConversationsOfAMasqueradedConnectionAndWhatNoGatewaySaw) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed: the capture is NOT checked by another program";
  capture("03-inbound-fails");
  const auto count = [&](const std::string& point) {
    const std::string packets = tshark("run.pcapng", "-Y 'frame.interface_name == \"" + point + "\"' -e frame.number");
    return std::ranges::count(packets, '\n');
  };
  EXPECT_EQ(count("gw/home"), 6);      // out: SYN, SYN+ACK, ACK, data both ways, ACK;
  EXPECT_EQ(count("gw/internet"), 8);  // the same translated, and the SYN and RST of public
  EXPECT_EQ(count("stranger/internet"), 1);
  EXPECT_EQ(count("internet/stranger"), 1);
  EXPECT_EQ(count("laptop/home"), 0);
}

TEST_F(Captures, OfAllLinkEndsHoldAPacketSeveralTimes) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed: the capture is NOT checked by another program";
  capture("03-inbound-fails", {"--pcap-all"});
  EXPECT_NE(shown("tcp.analysis.retransmission"), "");
}

TEST_F(Captures, OfNamedLinkEndsHoldWhatTheseSaw) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed: the capture is NOT checked by another program";
  capture("03-inbound-fails", {"--pcap-at", "gw/home,stranger"});
  const std::string interfaces = tshark("run.pcapng", "-e frame.interface_name");
  EXPECT_EQ(interfaces.find("internet/"), std::string::npos) << interfaces;
  EXPECT_EQ(interfaces.find("gw/internet"), std::string::npos) << interfaces;
  EXPECT_NE(interfaces.find("gw/home"), std::string::npos) << interfaces;
  EXPECT_NE(interfaces.find("stranger/internet"), std::string::npos) << interfaces;
}

TEST_F(Captures, AreRefusedWhereALinkEndIsNamedThatTheRunHasNot) {
  const auto said = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"run", shipped("03-inbound-fails"), "--quiet"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Ran ran = masqsim(arguments);
    return std::to_string(ran.code) + ' ' + ran.err;
  };
  EXPECT_EQ(said({"--pcap", at("x"), "--pcap-at", "gw/hmoe"}),
            "2 masqsim: error: --pcap-at: no link end or node is called 'gw/hmoe'\nhint: did you mean 'gw/home'?\n");
  EXPECT_EQ(said({"--pcap", at("x"), "--pcap-at", "zzzzzz"}),
            "2 masqsim: error: --pcap-at: no link end or node is called 'zzzzzz'\n"
            "hint: a link end is NODE/NETWORK, such as laptop/home\n");
  EXPECT_EQ(said({"--pcap-at", "gw/home"}), "2 masqsim: error: --pcap-at needs --pcap FILE\n");
  EXPECT_EQ(said({"--pcap-all"}), "2 masqsim: error: --pcap-all needs --pcap FILE\n");
  EXPECT_EQ(said({"--pcap", at("x"), "--pcap-all", "--pcap-at", "gw"}),
            "2 masqsim: error: --pcap-all and --pcap-at exclude each other\n");
  EXPECT_FALSE(std::filesystem::exists(at("x")));
}

}  // namespace
}  // namespace masqsim::cli_test
