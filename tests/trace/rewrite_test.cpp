#include "masqsim/trace/rewrite.hpp"

#include <gtest/gtest.h>

#include "masqsim/base/random.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

using sample::Bytes;

std::vector<std::string> words(const Bytes& before, const Bytes& after) {
  std::vector<std::string> list;
  for (const FieldChange& change : changes_of(before, after)) list.push_back(to_text(change));
  return list;
}

Bytes quoting(wire::Address to, const Bytes& quoted) {
  return wire::icmp_packet({.source = sample::web, .destination = to},
                           {wire::icmp::unreachable, wire::icmp::port_unreachable, 0},
                           wire::ByteView(quoted).first(28));
}

TEST(Rewrite, TellsTheTranslationOfASyn) {
  const Bytes before = sample::syn(sample::laptop, 40000, sample::web, 80, 64);
  const Bytes after = sample::syn(sample::gateway, 40001, sample::web, 80, 63);
  const std::vector<FieldChange> expected{
      {"src", "192.168.1.10:40000", "203.0.113.5:40001", Weight::address},
      {"ttl", "64", "63", Weight::routine},
      {"ip sum", "4ee0", "d58c", Weight::routine},
      {"tcp sum", "2c71", "b21c", Weight::routine},
  };
  EXPECT_EQ(changes_of(before, after), expected);
}

TEST(Rewrite, TellsTheIdOfAPing) {
  const Bytes before =
      wire::icmp_packet({.source = sample::laptop, .destination = sample::web}, {8, 0, 0x04d20001}, {});
  const Bytes after =
      wire::icmp_packet({.source = sample::gateway, .destination = sample::web}, {8, 0, 0x162e0001}, {});
  EXPECT_EQ(words(before, after), (std::vector<std::string>{"src 192.168.1.10 => 203.0.113.5", "icmp id 1234 => 5678",
                                                            "ip sum 4ef1 => d49d", "icmp sum f32c => e1d0"}));
}

TEST(Rewrite, TellsTheQuotedHeaderOfAnIcmpError) {
  const Bytes outside =
      wire::udp_packet({.source = sample::gateway, .destination = sample::web, .ttl = 1}, 40001, 33434, {});
  const Bytes inside =
      wire::udp_packet({.source = sample::laptop, .destination = sample::web, .ttl = 1}, 40000, 33434, {});
  EXPECT_EQ(words(quoting(sample::gateway, outside), quoting(sample::laptop, inside)),
            (std::vector<std::string>{"dst 203.0.113.5 => 192.168.1.10", "ip sum d481 => 4ed5", "icmp sum 635a => e906",
                                      "quoted src 203.0.113.5:40001 => 192.168.1.10:40000",
                                      "quoted ip sum 138e => 8de1", "quoted udp sum 7abe => f512"}));
}

TEST(Rewrite, TellsAPayloadThatGrew) {
  const Bytes four{1, 2, 3, 4}, five{1, 2, 3, 4, 5};
  const wire::IpFields ip{.source = sample::laptop, .destination = sample::web};
  EXPECT_EQ(words(wire::udp_packet(ip, 1, 2, four), wire::udp_packet(ip, 1, 2, five)),
            (std::vector<std::string>{"ip length 32 => 33", "ip sum 4edd => 4edc", "udp length 12 => 13",
                                      "udp sum 0fdd => 0adb", "payload length 4 => 5"}));
}

TEST(Rewrite, ShowsSixteenBytesOfAPayloadAndSumsUpMore) {
  const auto change = [](std::size_t size) {
    const wire::IpFields ip{.source = sample::laptop, .destination = sample::web};
    Bytes before(size, 0x61), after(size, 0x61);
    after.back() = 0x62;
    return words(wire::udp_packet(ip, 1, 2, before), wire::udp_packet(ip, 1, 2, after)).back();
  };
  EXPECT_EQ(change(16), "payload 61616161616161616161616161616161 => 61616161616161616161616161616162");
  EXPECT_EQ(change(17), "payload 17 bytes summing to 6c0b => 17 bytes summing to 6d0b");
}

TEST(Rewrite, TellsBytesThatAreNoPacket) {
  EXPECT_EQ(words({1, 2}, {1, 3}), (std::vector<std::string>{"bytes 0102 => 0103"}));
  EXPECT_EQ(words({1, 2}, {}), (std::vector<std::string>{"bytes length 2 => 0"}));
}

TEST(Rewrite, IsTightWhereAskedTo) { EXPECT_EQ(to_text({"ttl", "64", "63", Weight::routine}, "=>"), "ttl 64=>63"); }

// Whatever differs is told: no flipped bit and no cut goes unnoticed, and equal packets differ in nothing.
TEST(Rewrite, MissesNoFlippedBitAndNoCut) {
  const Bytes quoted = sample::syn(sample::laptop, 40000, sample::web, 80, 1);
  const std::vector<Bytes> packets{
      sample::syn(sample::laptop, 40000, sample::web, 80, 64),
      wire::udp_packet({.source = sample::laptop, .destination = sample::web}, 1, 2, Bytes{1, 2, 3}),
      wire::icmp_packet({.source = sample::laptop, .destination = sample::web}, {8, 0, 1}, Bytes{1, 2, 3}),
      quoting(sample::gateway, quoted),
      wire::ip_packet({.source = sample::laptop, .destination = sample::web, .fragment_word = 3}, wire::Protocol::udp,
                      Bytes{1, 2}),
      wire::ip_packet({.source = sample::laptop, .destination = sample::web}, wire::Protocol::gre,
                      Bytes{1, 2, 3, 4, 5}),
  };
  for (const Bytes& packet : packets) {
    EXPECT_TRUE(changes_of(packet, packet).empty());
    for (std::size_t bit = 0; bit < packet.size() * 8; ++bit) {
      Bytes other = packet;
      other[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
      EXPECT_FALSE(changes_of(packet, other).empty()) << "bit " << bit;
      other.resize(bit / 8);
      EXPECT_FALSE(changes_of(packet, other).empty()) << "cut to " << bit / 8;
      EXPECT_FALSE(changes_of(other, packet).empty()) << "cut to " << bit / 8;
    }
  }
}

TEST(Rewrite, TakesAnyTwoRunsOfBytes) {
  Random random(1, "rewrite");
  const Bytes packet = quoting(sample::gateway, sample::syn(sample::laptop, 40000, sample::web, 80, 1));
  for (int round = 0; round < 20'000; ++round) {
    Bytes a = packet, b = packet;
    for (Bytes* bytes : {&a, &b}) {
      for (std::uint64_t flips = random.below(8); flips > 0; --flips) {
        const std::uint64_t at = random.below(bytes->size());
        (*bytes)[at] = static_cast<std::uint8_t>(random.below(256));
      }
      if (random.below(4) == 0) bytes->resize(random.below(bytes->size() + 1));
    }
    ASSERT_EQ(changes_of(a, b).empty(), a == b);
  }
}

}  // namespace
}  // namespace masqsim::trace
