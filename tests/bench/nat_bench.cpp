// The NAT core alone: nanoseconds a packet, one at a time, through the hooks that a router calls. UDP of 64 bytes.
#include <benchmark/benchmark.h>

#include <cstring>
#include <numeric>
#include <utility>
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
  return wire::udp_packet({.source = {0x0a000000u + n / 50000}, .destination = {0xc6336400u + n / 50000}}, port, 53,
                          data);
}

/// The answer to the n-th, as it comes from outside.
std::vector<std::uint8_t> answer(std::uint32_t n, std::uint16_t outside_port) {
  const std::vector<std::uint8_t> data(36, 0x5a);
  return wire::udp_packet({.source = {0xc6336400u + n / 50000}, .destination = outside}, 53, outside_port, data);
}

bool through(nat::Nat& core, wire::Buffer& packet, Time now) {
  nat::Track track;
  return core.prerouting(packet, lan, now, track).pass && core.forward(packet, lan, wan, now, track).pass &&
         core.postrouting(packet, {wan, outside}, now, track).pass;
}

/// What tells one request from another: header checksum and addresses, the inside port, UDP's checksum.
struct Difference {
  std::uint8_t header[10];
  std::uint8_t port[2];
  std::uint8_t sum[2];
};

Difference difference_of(std::uint32_t n) {
  const std::vector<std::uint8_t> bytes = request(n);
  Difference d;
  std::memcpy(d.header, &bytes[10], 10);
  std::memcpy(d.port, &bytes[20], 2);
  std::memcpy(d.sum, &bytes[26], 2);
  return d;
}

void write(const Difference& d, std::uint8_t* packet) {
  std::memcpy(packet + 10, d.header, 10);
  std::memcpy(packet + 20, d.port, 2);
  std::memcpy(packet + 26, d.sum, 2);
}

/// The yardstick beside which to read the others: one access that waits for the one before, in as much memory as the
/// flows and the index of 64 000 flows take, and in a table of a million's.
void memory(benchmark::State& state) {
  const auto lines = static_cast<std::uint32_t>(state.range(0) / 64);
  std::vector<std::uint32_t> order(lines);
  std::iota(order.begin(), order.end(), 0u);
  Random random(3, "order");
  for (std::uint32_t n = lines - 1; n > 0; --n) std::swap(order[n], order[random.below(n + 1)]);
  std::vector<std::uint32_t> next(std::size_t{lines} * 16);
  for (std::uint32_t n = 0; n < lines; ++n) next[std::size_t{order[n]} * 16] = order[(n + 1) % lines] * 16;
  std::uint32_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(at = next[at]);
}
BENCHMARK(memory)->Arg(6 << 20)->Arg(96 << 20);

void established(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  nat::Nat core = masquerading();
  std::vector<std::uint8_t> bytes = request(0);
  for (std::uint32_t n = 0; n < flows; ++n) {
    bytes = request(n);
    wire::Buffer packet{bytes.data(), 64, 64};
    through(core, packet, Time{});
    bytes = answer(n, wire::load16(&bytes[20]));
    packet = {bytes.data(), 64, 64};
    nat::Track track;
    core.prerouting(packet, wan, Time{}, track);
    if (track.relation() != nat::Relation::established) state.SkipWithError("an answer is nobody's");
  }
  // Packets in an order that no cache foresees, each written as it is needed, as a link would bring it.
  constexpr std::uint32_t batch = 65536;
  std::vector<Difference> differences;
  Random random(2, "order");
  for (std::uint32_t n = 0; n < batch; ++n) {
    differences.push_back(difference_of(static_cast<std::uint32_t>(random.below(flows))));
  }
  const std::vector<std::uint8_t> model = request(0);
  std::uint8_t room[64];
  std::size_t at = 0;
  std::int64_t now = 0;
  for (auto _ : state) {
    std::memcpy(room, model.data(), 64);
    write(differences[at], room);
    at = (at + 1) % batch;
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
