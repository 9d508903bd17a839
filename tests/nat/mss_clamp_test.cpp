// The MSS that a forwarded SYN announces. What comes out was measured on Linux 6.18 with nft's
// `tcp flags syn tcp option maxseg size set ...` in the forward chain.
#include "sim/nat/mss_clamp.hpp"

#include <gtest/gtest.h>

#include "bench.hpp"
#include "masqsim/nat/nat.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t syn = 0x02, syn_ack = 0x12, ack = 0x10, syn_rst = 0x06, syn_fin = 0x03;

Bytes segment(std::uint8_t flags, const Bytes& options, const std::string& data = "") {
  return tcp(at(a_host, 5000), at(remote, 80), {.flags = flags, .sequence = 77, .data = data, .options = options});
}
Bytes clamped(Bytes packet, MssClamp clamp, std::uint16_t mtu = 1500) {
  clamp_mss(packet, clamp, mtu);
  return packet;
}
Bytes mss(std::uint16_t value) {
  return {2, 4, static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

TEST(MssClamp, LowersWhatTheMtuOfTheWayHasNoRoomFor) {
  EXPECT_EQ(clamped(segment(syn, mss(1460)), {}, 1492), segment(syn, mss(1452)));
  EXPECT_EQ(clamped(segment(syn, mss(1453)), {}, 1492), segment(syn, mss(1452)));
  EXPECT_EQ(clamped(segment(syn, mss(1460), "early"), {}, 1492), segment(syn, mss(1452), "early"));
}

TEST(MssClamp, NeverRaisesAndNeverAddsTheOption) {
  for (const Bytes& options : {mss(1452), mss(1000), mss(0), Bytes{}, Bytes{1, 1, 2, 4}, Bytes{2, 3, 5, 0}}) {
    EXPECT_EQ(clamped(segment(syn, options), {}, 1492), segment(syn, options));
  }
}

TEST(MssClamp, ConcernsEverySegmentWithSynAndNoOther) {
  for (const std::uint8_t flags : {syn, syn_ack, syn_rst, syn_fin}) {
    EXPECT_EQ(clamped(segment(flags, mss(1460)), {1400}), segment(flags, mss(1400))) << +flags;
  }
  EXPECT_EQ(clamped(segment(ack, mss(1460)), {1400}), segment(ack, mss(1460)));
}

TEST(MssClamp, ChangesTheFirstOptionOnlyWhereverItStandsAtAnEvenPlace) {
  EXPECT_EQ(clamped(segment(syn, {2, 4, 5, 180, 2, 4, 5, 180}), {1400}), segment(syn, {2, 4, 5, 120, 2, 4, 5, 180}));
  EXPECT_EQ(clamped(segment(syn, {1, 1, 2, 4, 5, 180, 1, 1}), {1400}), segment(syn, {1, 1, 2, 4, 5, 120, 1, 1}));
  EXPECT_EQ(clamped(segment(syn, {0, 0, 0, 0, 2, 4, 5, 180}), {1400}), segment(syn, {0, 0, 0, 0, 2, 4, 5, 120}))
      << "the end of the list ends nothing";
  EXPECT_EQ(clamped(segment(syn, {30, 0, 2, 4, 5, 180, 0, 0}), {1400}), segment(syn, {30, 0, 2, 4, 5, 120, 0, 0}))
      << "an option of length zero is one byte long";
}

TEST(MssClamp, LeavesAWrongSumBehindOddPaddingAsLinuxDoes) {
  Bytes expected = segment(syn, {1, 2, 4, 5, 120, 0, 0, 0});
  const Bytes got = clamped(segment(syn, {1, 2, 4, 5, 180, 0, 0, 0}), {1400});
  const auto sum_of = [](const Bytes& packet) { return wire::load16(&packet[36]); };
  EXPECT_NE(sum_of(got), sum_of(expected));
  std::copy_n(&got[36], 2, &expected[36]);
  EXPECT_EQ(got, expected);
}

TEST(MssClamp, AnMtuThatHoldsNoSegmentGivesTheMssOfAnyHost) {
  EXPECT_EQ(clamped(segment(syn, mss(1460)), {}, 40), segment(syn, mss(536)));
  EXPECT_EQ(clamped(segment(syn, mss(1460)), {}, 41), segment(syn, mss(1)));
  EXPECT_EQ(clamped(segment(syn, mss(65535)), {}, 65535), segment(syn, mss(65495)));
}

TEST(MssClamp, TheCoreClampsWhatItForwardsInBothDirections) {
  Config config;
  config.source.emplace_back().out = 1;
  config.mss_clamp = MssClamp{};
  Nat nat(config, Random(1, "nat"));
  Track track;
  Bytes packet = segment(syn, mss(1460));
  packet.resize(packet.size() + 64);
  wire::Buffer buffer{packet.data(), static_cast<std::uint32_t>(packet.size() - 64),
                      static_cast<std::uint32_t>(packet.size())};
  ASSERT_TRUE(nat.prerouting(buffer, 0, Time{}, track).pass);
  ASSERT_TRUE(nat.forward(buffer, 0, 1, Time{}, track, 1492).pass);
  EXPECT_EQ(Bytes(buffer.view().begin(), buffer.view().end()), segment(syn, mss(1452)));
}

}  // namespace
}  // namespace masqsim::nat::testing
