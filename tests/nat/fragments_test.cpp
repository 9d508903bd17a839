#include "masqsim/nat/fragments.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "bench.hpp"

namespace masqsim::nat::testing {
namespace {

using What = Reassembler::Outcome::What;

/// Bytes [begin, end) of the payload of `whole` as a fragment.
Bytes piece(const Bytes& whole, std::size_t begin, std::size_t end, std::uint16_t flags = 0, std::uint8_t tos = 0) {
  const wire::Ipv4View ip = *wire::Ipv4View::parse(whole);
  const bool last = end == ip.payload().size();
  const auto word = static_cast<std::uint16_t>(flags | (last ? 0 : 0x2000) | begin / 8);
  return wire::ip_packet({.source = ip.source(), .destination = ip.destination(), .tos = tos, .id = 7, .fragment_word = word},
                         ip.protocol(), ip.payload().subspan(begin, end - begin));
}

Bytes datagram(std::size_t data) {
  std::string text(data, '\0');
  std::iota(text.begin(), text.end(), '\1');
  return udp(at(a_host, 5000), at(remote, 53), text);
}

std::string payload_of(const Bytes& bytes) { return wire::hex(wire::Ipv4View::parse(bytes)->payload()); }

struct Fragments : ::testing::Test {
  Reassembler assembler{30_s};
  Time now{0};
  Bytes whole = datagram(1000);
  What add(const Bytes& p) { return assembler.add(p, now).what; }
};

TEST_F(Fragments, MakeTheDatagramInAnyOrderAndTellThePieceSizes) {
  EXPECT_EQ(add(piece(whole, 904, 1008)), What::held);
  EXPECT_EQ(add(piece(whole, 0, 104)), What::held);
  const Reassembler::Outcome done = assembler.add(piece(whole, 104, 904), now);
  ASSERT_EQ(done.what, What::complete);
  EXPECT_EQ(payload_of(done.whole.bytes), payload_of(whole));
  EXPECT_EQ(done.whole.payloads, (std::vector<std::uint16_t>{104, 800, 104}));
  EXPECT_EQ(done.whole.largest, 820);
  EXPECT_FALSE(done.whole.df);
  EXPECT_EQ(wire::describe(done.whole.bytes), "192.168.1.10:5000 > 198.51.100.7:53 udp len=1000 ttl=64");
  EXPECT_EQ(assembler.size(), 0u);
  EXPECT_EQ(assembler.next_expiry(), Time::never());
}

TEST_F(Fragments, KeepDfOnlyIfTheLargestPieceHadIt) {
  add(piece(whole, 0, 400, 0x4000));
  add(piece(whole, 400, 800, 0x4000));
  EXPECT_TRUE(assembler.add(piece(whole, 800, 1008), now).whole.df);
  add(piece(whole, 0, 400));
  add(piece(whole, 400, 1000));
  EXPECT_FALSE(assembler.add(piece(whole, 1000, 1008, 0x4000), now).whole.df);
}

TEST_F(Fragments, TolerateWhatIsThereAlready) {
  add(piece(whole, 0, 400));
  EXPECT_EQ(add(piece(whole, 0, 400)), What::duplicate);
  add(piece(whole, 400, 800));
  EXPECT_EQ(add(piece(whole, 200, 600)), What::duplicate);
  EXPECT_EQ(add(piece(whole, 800, 1008)), What::complete);
}

TEST_F(Fragments, ThatOverlapAreDiscardedWithAllOthers) {
  add(piece(whole, 0, 400));
  const Reassembler::Outcome overlap = assembler.add(piece(whole, 392, 800), now);
  EXPECT_EQ(overlap.what, What::discarded);
  EXPECT_EQ(overlap.reason, Reason::fragment_overlap);
  EXPECT_EQ(add(piece(whole, 800, 1008)), What::held);
}

TEST_F(Fragments, WithTwoEndsAreDiscarded) {
  add(piece(whole, 800, 1008));
  EXPECT_EQ(add(piece(datagram(2000), 1600, 1608)), What::discarded);
  add(piece(datagram(2000), 1600, 1608));
  EXPECT_EQ(add(piece(whole, 800, 1008)), What::discarded);
  EXPECT_EQ(assembler.size(), 0u);
}

TEST_F(Fragments, WithoutDataAreDiscarded) {
  const Bytes empty = wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = 0x2000}, wire::Protocol::udp, {});
  EXPECT_EQ(add(empty), What::discarded);
}

TEST_F(Fragments, AreCutToAMultipleOfEight) {
  Bytes uneven = wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = 0x2000},
                                 wire::Protocol::udp, wire::ByteView(whole).subspan(20, 403));
  add(uneven);
  add(piece(whole, 400, 800));
  const Reassembler::Outcome done = assembler.add(piece(whole, 800, 1008), now);
  EXPECT_EQ(payload_of(done.whole.bytes), payload_of(whole));
}

TEST_F(Fragments, ExpireAfterTheirTimeFromTheFirstPiece) {
  add(piece(whole, 0, 400));
  now += 20_s;
  add(piece(whole, 400, 800));
  EXPECT_EQ(assembler.next_expiry(), Time{} + 30_s);
  EXPECT_TRUE(assembler.expire(Time{} + 29_s).empty());
  const std::vector<Reassembler::Expired> gone = assembler.expire(Time{} + 30_s);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].pieces, 2u);
  EXPECT_EQ(gone[0].first, piece(whole, 0, 400));
  EXPECT_EQ(assembler.size(), 0u);
}

TEST_F(Fragments, BeyondTheMemoryBeginNothingNew) {
  Reassembler small(30_s, Reassembler::Full::refuses, 2000);
  for (std::uint16_t id = 0; id < 4; ++id) {
    Bytes p = piece(whole, 0, 800);
    wire::Ipv4Edit::parse(p)->set_id(id);
    const Reassembler::Outcome outcome = small.add(p, now);
    EXPECT_EQ(outcome.what, id < 2 ? What::held : What::discarded) << id;
    EXPECT_EQ(outcome.reason, id < 2 ? Reason::none : Reason::queue_full) << id;
  }
  small.expire(now + 31_s);
  EXPECT_EQ(small.add(piece(whole, 0, 800), now + 31_s).what, What::held);
}

TEST_F(Fragments, BeyondTheMemoryTheOldestGivesWayIfItIsToBe) {
  Reassembler small(30_s, Reassembler::Full::drops_oldest, 2000);
  const auto numbered = [&](std::uint16_t id, std::size_t begin, std::size_t end) {
    Bytes p = piece(whole, begin, end);
    const wire::Ipv4Edit ip = *wire::Ipv4Edit::parse(p);
    ip.set_id(id);
    ip.fix_sum();
    return small.add(p, now);
  };
  for (std::uint16_t id = 0; id < 6; ++id) {
    const Reassembler::Outcome outcome = numbered(id, 0, 800);
    EXPECT_EQ(outcome.what, What::held) << id;
    EXPECT_EQ(outcome.gave_way, id < 2 ? 0u : 1u) << id;
  }
  EXPECT_EQ(small.size(), 2u);
  EXPECT_EQ(numbered(5, 800, 1008).what, What::complete) << "the newest is there still";
  EXPECT_EQ(numbered(0, 800, 1008).what, What::held) << "the oldest has gone";
}

TEST_F(Fragments, MergeTheCongestionMarkAndRefuseContradictions) {
  add(piece(whole, 0, 400, 0, 2));
  EXPECT_EQ(assembler.add(piece(whole, 400, 1008, 0, 3), now).whole.bytes[1], 3);
  add(piece(whole, 0, 400, 0, 0));
  EXPECT_EQ(add(piece(whole, 400, 1008, 0, 3)), What::discarded);
}

TEST_F(Fragments, LongerThanIpAllowsAreDiscarded) {
  const Bytes data(64, 1);
  const wire::IpFields last{.source = a_host, .destination = remote, .id = 7, .fragment_word = 0x1fff};
  for (std::size_t at_byte = 0; at_byte < 65528; at_byte += 8184) {
    const Bytes middle(std::min<std::size_t>(8184, 65528 - at_byte), 0);
    add(wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = static_cast<std::uint16_t>(0x2000 | at_byte / 8)},
                        wire::Protocol::udp, middle));
  }
  EXPECT_EQ(add(wire::ip_packet(last, wire::Protocol::udp, data)), What::discarded);
}

}  // namespace
}  // namespace masqsim::nat::testing
