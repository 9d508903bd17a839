// Random packets and what holds for them whatever they are.
#include "sim/lockstep/random_sequence.hpp"

#include <gtest/gtest.h>

#include <map>

#include "masqsim/wire/ipv4.hpp"
#include "sim/box/own_bench.hpp"

namespace masqsim::lockstep {
namespace {

/// RFC 3022 section 4.1, RFC 4787 REQ-3: whatever 20,000 packets that nobody thought of do.
TEST(RandomSequence, UnderTheRfcPresetNoInsideAddressGetsOutAndNoOutsideEndpointServesTwo) {
  const wire::Prefix inside{wire::address(192, 168, 1, 0), 24};
  std::size_t left = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    box::Setup setup;
    nat::Config masquerade;
    masquerade.source = {{.out = box::wan}};
    setup.nat = nat::rfc_preset(masquerade);
    box::OwnBench bench(setup, seed);
    RandomHosts hosts(seed, 1);
    for (const Move& move : random_moves(seed, 1000)) {
      for (const Injection& injection : hosts.packets(move)) {
        const std::vector<box::Emerged> emerged = bench.inject(injection.side, injection.bytes);
        hosts.saw(move, injection, emerged);
        for (const box::Emerged& e : emerged) {
          if (e.side != box::Side::out) continue;
          ++left;
          ASSERT_FALSE(inside.contains(wire::Ipv4View::parse(e.bytes)->source()))
              << "seed " << seed << ": " << wire::describe(injection.bytes) << " leaves as " << wire::describe(e.bytes);
        }
      }
    }
    std::map<std::pair<wire::Protocol, wire::Endpoint>, wire::Endpoint> holders;
    for (const box::TableRow& row : bench.table()) {
      if (!inside.contains(row.original.source.address) || !row.reply.has_ports) continue;
      const auto [held, fresh] = holders.try_emplace({row.protocol, row.reply.destination}, row.original.source);
      ASSERT_EQ(held->second, row.original.source) << "seed " << seed << ": " << to_string(row);
    }
  }
  EXPECT_GT(left, 2000u);
}

}  // namespace
}  // namespace masqsim::lockstep
