#include "masqsim/kernel/linux_gateway.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::kernel {
namespace {

constexpr std::uint16_t lan = 0, wan = 1;
constexpr wire::Address inside_a = wire::address(192, 168, 1, 10), remote = wire::address(198, 51, 100, 7),
                        outside = wire::address(203, 0, 113, 1);

GatewaySetup home_gateway() {
  GatewaySetup setup;
  setup.interfaces = {{"lan0", {{wire::address(192, 168, 1, 1), 24}}, 1500, {inside_a}},
                      {"wan0", {{outside, 24}}, 1500, {wire::address(203, 0, 113, 254)}}};
  setup.addressing = {"route add default via 203.0.113.254 dev wan0"};
  nat::Config config;
  config.source.push_back({});
  config.source.back().out = wan;
  setup.ruleset = ruleset_of(config, {{"lan0", "wan0"}, {lan}, outside}).nft;
  return setup;
}

std::vector<std::uint8_t> datagram(wire::Address from, wire::Address to, std::uint16_t port, std::uint16_t to_port) {
  const std::uint8_t data[] = {'h', 'i'};
  return wire::udp_packet({.source = from, .destination = to, .id = 7}, port, to_port, data);
}

class KernelGateway : public testing::Test {
 protected:
  void SetUp() override {
    if (missing()) GTEST_SKIP() << "SKIPPED, NOTHING PROVED: " << *missing();
  }
  std::vector<std::string> inject(LinuxGateway& gateway, std::uint16_t interface, const std::vector<std::uint8_t>& packet) {
    std::vector<Out> out;
    gateway.inject(interface, packet, out);
    std::vector<std::string> lines;
    for (const Out& o : out) lines.push_back((o.interface == lan ? "lan " : "wan ") + wire::describe(o.bytes));
    return lines;
  }
};

TEST_F(KernelGateway, MasqueradesAndBringsTheReplyBack) {
  LinuxGateway gateway(home_gateway());
  std::vector<Out> out;
  gateway.inject(lan, datagram(inside_a, remote, 5000, 53), out);
  ASSERT_EQ(out.size(), 1u);
  std::vector<std::uint8_t> expected = datagram(outside, remote, 5000, 53);
  wire::Ipv4Edit::parse(std::span(expected))->rewrite_ttl(63);
  EXPECT_EQ(wire::hex(out[0].bytes), wire::hex(expected));
  EXPECT_EQ(out[0].interface, wan);

  out.clear();
  gateway.inject(wan, datagram(remote, outside, 53, 5000), out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].interface, lan);
  EXPECT_EQ(wire::tuple_of(out[0].bytes)->destination, (wire::Endpoint{inside_a, 5000}));
}

TEST_F(KernelGateway, TellsItsTableAndForgetsIt) {
  LinuxGateway gateway(home_gateway());
  inject(gateway, lan, datagram(inside_a, remote, 5000, 53));
  ASSERT_EQ(gateway.table().size(), 1u);
  EXPECT_NE(gateway.table()[0].find("src=192.168.1.10 dst=198.51.100.7 sport=5000 dport=53 [UNREPLIED]"), std::string::npos)
      << gateway.table()[0];
  gateway.flush();
  EXPECT_EQ(gateway.table(), std::vector<std::string>{});
}

TEST_F(KernelGateway, AnswersForItselfAtOnce) {
  LinuxGateway gateway(home_gateway());
  const std::vector<std::string> lines = inject(gateway, wan, datagram(remote, outside, 53, 5000));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find("wan 203.0.113.1 > 198.51.100.7 icmp port unreachable"), 0u) << lines[0];
}

TEST_F(KernelGateway, GivesNothingMoreOnceTheMarkerIsBack) {
  LinuxGateway gateway(home_gateway());
  for (std::uint16_t port = 1024; port < 3024; ++port) {
    ASSERT_EQ(inject(gateway, lan, datagram(inside_a, remote, port, 53)).size(), 1u) << port;
  }
  std::vector<Out> late;
  gateway.wait(20_ms, late);
  EXPECT_EQ(late.size(), 0u);
}

TEST_F(KernelGateway, TakesPacketsOfAnyBytes) {
  LinuxGateway gateway(home_gateway());
  for (std::size_t size = 1; size < 70; ++size) inject(gateway, lan, std::vector<std::uint8_t>(size, 0x45));
  EXPECT_EQ(inject(gateway, lan, datagram(inside_a, remote, 5000, 53)).size(), 1u);
}

TEST_F(KernelGateway, IsSilentWhileAnInterfaceIsDown) {
  LinuxGateway gateway(home_gateway());
  gateway.ip("link set wan0 down");
  std::vector<Out> out;
  gateway.inject(wan, datagram(remote, outside, 53, 5000), out);
  EXPECT_EQ(out.size(), 0u);
}

TEST_F(KernelGateway, SaysWhatTheKernelRefused) {
  GatewaySetup setup = home_gateway();
  setup.ruleset = "table ip nat { chain post { nonsense } }";
  try {
    LinuxGateway gateway(setup);
    FAIL() << "nft took nonsense";
  } catch (const Failure& failure) {
    EXPECT_EQ(std::string_view(failure.what()).substr(0, 18), "nft -f - failed: /") << failure.what();
  }
}

// The namespace's inode tells namespaces apart: when nobody holds it, /proc shows no process in it and no name leads to it.
TEST_F(KernelGateway, LeavesNoTraceWhenItsProcessIsKilled) {
  const auto names = [] {
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns", none)) found.push_back(entry.path());
    for (const auto& entry : std::filesystem::directory_iterator("/sys/class/net", none)) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
  };
  const std::vector<std::string> before = names();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    LinuxGateway gateway(home_gateway());
    [[maybe_unused]] const ssize_t told = ::write(ready[1], "x", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(names(), before);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(names(), before);
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace masqsim::kernel
