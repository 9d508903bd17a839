// The NAT core alone: nanoseconds a packet, one at a time, through the hooks that a router calls. UDP of 64 bytes.
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "masqsim/nat/nat.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace {

using namespace masqsim;

constexpr nat::InterfaceId lan = 0, wan = 1;
constexpr wire::Address outside = wire::address(203, 0, 113, 1);

nat::Nat masquerading() {
  nat::Config config;
  config.source.push_back({.out = wan});
  config.limits.table = 8'000'000;
  return nat::Nat(config, Random(1, "bench"));
}

/// The n-th inside endpoint and its remote: 50000 ports a host, 16 remotes.
std::vector<std::uint8_t> request(std::uint32_t n) {
  const std::vector<std::uint8_t> data(36, 0x5a);
  const auto port = static_cast<std::uint16_t>(1024 + n % 50000);
  return wire::udp_packet({.source = {0x0a000000u + n / 50000}, .destination = {0xc6336400u + n / 50000}}, port, 53, data);
}

bool through(nat::Nat& core, wire::Buffer& packet, Time now) {
  nat::Track track;
  return core.prerouting(packet, lan, now, track).pass && core.forward(packet, lan, wan, now, track).pass &&
         core.postrouting(packet, {wan, outside}, now, track).pass;
}

void established(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  nat::Nat core = masquerading();
  std::vector<std::uint8_t> bytes = request(0);
  for (std::uint32_t n = 0; n < flows; ++n) {
    bytes = request(n);
    wire::Buffer packet{bytes.data(), 64, 64};
    through(core, packet, Time{});
  }
  // Packets in an order that no cache foresees; each is copied fresh, as a link would bring it.
  constexpr std::uint32_t batch = 65536;
  std::vector<std::uint8_t> packets;
  Random random(2, "order");
  for (std::uint32_t n = 0; n < batch; ++n) {
    bytes = request(static_cast<std::uint32_t>(random.below(flows)));
    packets.insert(packets.end(), bytes.begin(), bytes.end());
  }
  std::uint8_t room[64];
  std::size_t at = 0;
  std::int64_t now = 0;
  for (auto _ : state) {
    std::memcpy(room, packets.data() + at, 64);
    at = (at + 64) % packets.size();
    wire::Buffer packet{room, 64, 64};
    benchmark::DoNotOptimize(through(core, packet, Time{now += 100}));
  }
  state.counters["flows"] = static_cast<double>(core.size());
}
BENCHMARK(established)->Arg(1000)->Arg(64000)->Arg(1000000);

void new_flow(benchmark::State& state) {
  nat::Nat core = masquerading();
  std::uint32_t n = 0;
  std::int64_t now = 0;
  std::uint8_t room[64];
  const std::vector<std::uint8_t> model = request(0);
  for (auto _ : state) {
    std::memcpy(room, model.data(), 64);
    const auto ip = *wire::Ipv4Edit::parse(wire::ByteEdit(room));
    ip.rewrite_source({0x0a000000u + n / 50000});
    ip.rewrite_destination({0xc6336400u + n / 50000});
    wire::store16(room + 20, static_cast<std::uint16_t>(1024 + n % 50000));
    wire::store32(room + 24, 0x00300000);  // no checksum: the packet is made here
    wire::store16(room + 24, 44);
    ++n;
    wire::Buffer packet{room, 64, 64};
    benchmark::DoNotOptimize(through(core, packet, Time{now += 300'000}));  // 30 s: 100 000 flows at once
  }
  state.counters["flows"] = static_cast<double>(core.size());
}
BENCHMARK(new_flow);

}  // namespace
