#include <benchmark/benchmark.h>

#include <vector>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::wire {
namespace {

void checksum_of(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)), 0x5a);
  for (auto _ : state) benchmark::DoNotOptimize(checksum(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum_of)->Arg(20)->Arg(92)->Arg(1500);

void rewrite_source_and_ttl(benchmark::State& state) {
  std::vector<std::uint8_t> packet =
      udp_packet({.source = address(192, 168, 1, 10), .destination = address(198, 51, 100, 7)}, 5'000, 53,
                 std::vector<std::uint8_t>(64));
  const auto ip = Ipv4Edit::parse(packet);
  std::uint32_t n = 0;
  for (auto _ : state) {
    ip->rewrite_source({++n});
    ip->rewrite_ttl(static_cast<std::uint8_t>(n));
    benchmark::DoNotOptimize(packet.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rewrite_source_and_ttl);

void build_udp(benchmark::State& state) {
  std::vector<std::uint8_t> room(2'000);
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)), 1);
  const IpFields ip{.source = address(192, 168, 1, 10), .destination = address(198, 51, 100, 7)};
  for (auto _ : state) benchmark::DoNotOptimize(write_udp(room, ip, 5'000, 53, data));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(build_udp)->Arg(64)->Arg(1'472);

}  // namespace
}  // namespace masqsim::wire
