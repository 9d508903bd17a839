#include "sim/kernel/linux_gateway.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "masqsim/nat/nat.hpp"
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
  std::vector<std::string> inject(LinuxGateway& gateway, std::uint16_t interface,
                                  const std::vector<std::uint8_t>& packet) {
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
  EXPECT_NE(gateway.table()[0].find("src=192.168.1.10 dst=198.51.100.7 sport=5000 dport=53 [UNREPLIED]"),
            std::string::npos)
      << gateway.table()[0];
  gateway.flush();
  EXPECT_EQ(gateway.table(), std::vector<std::string>{});
}

/// A SYN with these options, through the NAT core with `config`, as it leaves by `wan`.
std::vector<std::uint8_t> through_the_core(const nat::Config& config, std::vector<std::uint8_t> packet,
                                           std::uint16_t mtu) {
  nat::Nat core(config, Random(1, "nat"));
  const auto size = static_cast<std::uint32_t>(packet.size());
  packet.resize(size + 64);
  wire::Buffer buffer{packet.data(), size, size + 64};
  nat::Track track;
  core.prerouting(buffer, lan, Time{}, track);
  wire::Ipv4Edit::parse(buffer.bytes())->rewrite_ttl(63);
  core.forward(buffer, lan, wan, Time{}, track, mtu);
  core.postrouting(buffer, {wan, outside}, Time{}, track);
  packet.resize(buffer.size);
  return packet;
}

TEST_F(KernelGateway, ClampsTheMssAsTheCoreDoesByteForByte) {
  using Bytes = std::vector<std::uint8_t>;
  const std::vector<Bytes> all_options{{},
                                       {2, 4, 5, 180},
                                       {2, 4, 3, 232},
                                       {2, 4, 5, 172},
                                       {2, 4, 0, 0},
                                       {1, 2, 4, 5, 180, 0, 0, 0},
                                       {0, 0, 0, 0, 2, 4, 5, 180},
                                       {2, 4, 5, 180, 2, 4, 5, 180},
                                       {1, 1, 2, 4},
                                       {2, 3, 5, 0, 2, 4, 5, 180},
                                       {3, 3, 7, 2, 4, 5, 180, 0},
                                       {30, 0, 2, 4, 5, 180, 0, 0}};
  for (const std::uint16_t to : {std::uint16_t{0}, std::uint16_t{1400}}) {
    GatewaySetup setup = home_gateway();
    setup.interfaces[wan].mtu = 1492;
    nat::Config config;
    config.source.emplace_back().out = wan;
    config.mss_clamp = nat::MssClamp{to};
    setup.ruleset = ruleset_of(config, {{"lan0", "wan0"}, {lan}, outside}).nft;
    LinuxGateway gateway(setup);
    std::uint16_t port = 5000;
    for (const Bytes& options : all_options) {
      const wire::TcpFields syn{.source_port = port++,
                                .destination_port = 80,
                                .sequence = 77,
                                .flags = {wire::TcpFlags::syn},
                                .options = options};
      const Bytes packet = wire::tcp_packet({.source = inside_a, .destination = remote, .id = 7}, syn, {});
      std::vector<Out> out;
      gateway.inject(lan, packet, out);
      ASSERT_EQ(out.size(), 1u) << wire::hex(packet);
      EXPECT_EQ(wire::hex(through_the_core(config, packet, 1492)), wire::hex(out[0].bytes)) << wire::hex(options);
    }
  }
}

TEST_F(KernelGateway, SendsNoIcmpErrorWhereItIsSilent) {
  GatewaySetup setup = home_gateway();
  setup.ruleset += silence_rules();
  LinuxGateway gateway(setup);
  EXPECT_EQ(inject(gateway, wan, datagram(remote, outside, 53, 5000)), std::vector<std::string>{});
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

/// "net:[4026532000]": the network namespaces that a process holds open, besides the one in which it lives.
std::vector<std::string> held_namespaces(const std::string& process) {
  std::vector<std::string> found;
  std::error_code gone;
  const std::string own = std::filesystem::read_symlink("/proc/self/ns/net", gone).string();
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + process + "/fd", gone)) {
    const std::string to = std::filesystem::read_symlink(entry.path(), gone).string();
    if (to.starts_with("net:[") && to != own) found.push_back(to);
  }
  return found;
}

/// The names and processes that lead to the namespace; others' namespaces may come and go meanwhile.
std::vector<std::string> ways_to(const std::string& name_space) {
  std::vector<std::string> found;
  std::error_code gone;
  const std::string inode = name_space.substr(5, name_space.size() - 6);
  for (const auto& entry : std::filesystem::directory_iterator("/run/netns", gone)) {
    struct stat status {};
    if (::stat(entry.path().c_str(), &status) == 0 && std::to_string(status.st_ino) == inode) {
      found.push_back(entry.path());
    }
  }
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    const std::string process = entry.path().filename();
    if (process.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::vector<std::string> held = held_namespaces(process);
    const bool lives_there = std::filesystem::read_symlink(entry.path() / "ns/net", gone) == name_space;
    if (lives_there || std::find(held.begin(), held.end(), name_space) != held.end()) found.push_back(process);
  }
  return found;
}

TEST_F(KernelGateway, LeavesNoTraceWhenItsProcessIsKilled) {
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
  const std::vector<std::string> held = held_namespaces(std::to_string(child));
  EXPECT_EQ(held.size(), 1u);
  for (const std::string& its : held) EXPECT_EQ(ways_to(its), std::vector{std::to_string(child)});
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  for (const std::string& its : held) EXPECT_EQ(ways_to(its), std::vector<std::string>{});
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace masqsim::kernel
