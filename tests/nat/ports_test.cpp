// Outside ports that one inside endpoint alone may hold: which is chosen, and that all of them are.
#include <gtest/gtest.h>

#include "sim/nat/behaviour.hpp"
#include "tests/nat/bench.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint64_t any_port = ~std::uint64_t{0}, even_ports = 0x5555555555555555;

/// The next free port as one would look for it by hand; -1 if there is none.
int next_by_hand(const PortBook& book, int from, PortRange range, int step_mask) {
  for (int n = 0; n <= range.last - range.first; ++n) {
    const int port = range.first + (from - range.first + n) % (range.last - range.first + 1);
    if ((step_mask < 0 || port % 2 == step_mask) && !book.is_held(static_cast<std::uint16_t>(port))) return port;
  }
  return -1;
}

TEST(PortBook, FindsTheNextFreePortAroundTheRange) {
  Random random(1, "ports");
  for (int round = 0; round < 300; ++round) {
    PortBook book;
    const auto first = static_cast<std::uint16_t>(random.below(65300));
    const auto last = static_cast<std::uint16_t>(first + random.below(200));
    const PortRange range{first, last};
    const std::uint64_t held = random.below(static_cast<std::uint64_t>(last - first) + 20) * 3;
    for (std::uint64_t n = 0; n < held; ++n) {
      book.hold(static_cast<std::uint16_t>(first + random.below(last - first + 1u)));
    }
    for (int n = 0; n < 5; ++n) {
      const auto from = static_cast<std::uint16_t>(first + random.below(last - first + 1u));
      const auto found = [&](std::uint64_t mask) {
        const std::optional<std::uint16_t> port = book.next_free(from, range, mask);
        return port ? int{*port} : -1;
      };
      ASSERT_EQ(found(any_port), next_by_hand(book, from, range, -1)) << first << '-' << last << " from " << from;
      ASSERT_EQ(found(even_ports), next_by_hand(book, from, range, 0)) << first << '-' << last << " from " << from;
      ASSERT_EQ(found(even_ports << 1), next_by_hand(book, from, range, 1)) << first << '-' << last << " from " << from;
    }
  }
}

TEST(PortBook, KnowsTheFirstAndTheLastPortOfAll) {
  PortBook book;
  EXPECT_EQ(book.next_free(0, {0, 65535}, any_port), 0);
  EXPECT_EQ(book.next_free(65535, {0, 65535}, any_port), 65535);
  book.hold(0);
  book.hold(65535);
  EXPECT_EQ(book.next_free(65535, {0, 65535}, any_port), 1);
  EXPECT_EQ(book.next_free(65535, {65535, 65535}, any_port), std::nullopt);
  book.free(65535);
  EXPECT_EQ(book.next_free(65535, {65535, 65535}, any_port), 65535);
  EXPECT_TRUE(book.is_held(0));
  EXPECT_FALSE(book.is_held(65535));
}

// RFC 4787 REQ-3: a port below 1024 becomes one below 1024, another one of the others. RFC 6888 REQ-13: all of them
// serve.
TEST(Mapping, UsesEveryPortOfItsClassAndNoOther) {
  Config config = masquerading();
  config.mapping = Mapping::endpoint_independent;
  config.limits.table = 100'000;
  Bench b(config);
  for (unsigned port = 1024; port < 65536; ++port) {
    b.from_inside(udp(at(a_host, static_cast<std::uint16_t>(port)), at(remote, 53)));
  }
  EXPECT_EQ(b.nat.size(), 64512u);
  EXPECT_EQ(b.from_inside(udp(at(b_host, 5000), at(remote, 53))), "X ports-exhausted");
  EXPECT_EQ(b.from_inside(udp(at(b_host, 1023), at(remote, 53))),
            "out: 203.0.113.1:1023 > 198.51.100.7:53 udp len=5 ttl=64");
  for (std::uint16_t port = 1; port < 1023; ++port) b.from_inside(udp(at(a_host, port), at(remote, 53)));
  EXPECT_EQ(b.nat.size(), 65535u);
  EXPECT_EQ(b.from_inside(udp(at(c_host, 80), at(remote, 53))), "X ports-exhausted");
}

TEST(Mapping, TakesTheLastFreePortOfItsClassWhereverItIs) {
  Config config = masquerading();
  config.mapping = Mapping::endpoint_independent;
  for (const std::uint16_t left : {std::uint16_t{1}, std::uint16_t{512}, std::uint16_t{1023}}) {
    Bench b(config);
    for (std::uint16_t port = 1; port < 1024; ++port) {
      if (port != left) b.from_inside(udp(at(a_host, port), at(remote, 53)));
    }
    EXPECT_EQ(b.from_inside(udp(at(b_host, 80), at(remote, 53))),
              "out: 203.0.113.1:" + std::to_string(left) + " > 198.51.100.7:53 udp len=5 ttl=64");
  }
}

TEST(Mapping, IsLeftWhereANewPoolNoLongerHasItsAddress) {
  const auto pool = [](std::uint8_t last) {
    Config config = masquerading();
    config.mapping = Mapping::endpoint_independent;
    config.source[0].action = SourceRule::Action::source_nat;
    config.source[0].addresses = {wire::address(203, 0, 113, last), wire::address(203, 0, 113, last)};
    return config;
  };
  for (const std::uint8_t other : {std::uint8_t{19}, std::uint8_t{20}, std::uint8_t{21}}) {
    Bench b(pool(20));
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
              "out: 203.0.113.20:5000 > 198.51.100.7:53 udp len=5 ttl=64");
    b.nat.configure(pool(other));
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote2, 53))),
              "out: 203.0.113." + std::to_string(other) + ":5000 > 198.51.100.8:53 udp len=5 ttl=64");
    EXPECT_EQ(b.from_inside(udp(at(a_host, 5000), at(remote, 53))),
              "out: 203.0.113.20:5000 > 198.51.100.7:53 udp len=5 ttl=64");
  }
}

TEST(Mapping, FindsTheOnlyPortOfItsParity) {
  for (const std::uint16_t first : {std::uint16_t{1086}, std::uint16_t{1087}}) {  // 1087 is the last of a word of 64
    for (std::uint64_t seed = 1; seed < 6; ++seed) {
      Config config = masquerading();
      config.mapping = Mapping::endpoint_independent;
      config.keep_parity = true;
      config.source[0].ports = PortRange{first, static_cast<std::uint16_t>(first + 1)};
      Bench odd(config, seed), even(config, seed);
      odd.from_inside(udp(at(a_host, 5001), at(remote, 53)));
      even.from_inside(udp(at(a_host, 5000), at(remote, 53)));
      EXPECT_EQ(odd.nat.table(odd.now).at(0).outside.port, 1087);
      EXPECT_EQ(even.nat.table(even.now).at(0).outside.port, first == 1086 ? 1086 : 1088);
    }
  }
}

}  // namespace
}  // namespace masqsim::nat::testing
