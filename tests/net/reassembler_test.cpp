#include "sim/net/reassembler.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {
namespace {

using namespace masqsim::literals;
using Bytes = std::vector<std::uint8_t>;

constexpr wire::Address a_host = wire::address(192, 168, 1, 10), remote = wire::address(198, 51, 100, 7);

using What = Reassembler::Outcome::What;

/// Bytes [begin, end) of the payload of `whole` as a fragment.
Bytes piece(const Bytes& whole, std::size_t begin, std::size_t end, std::uint16_t flags = 0, std::uint8_t tos = 0) {
  const wire::Ipv4View ip = *wire::Ipv4View::parse(whole);
  const bool last = end == ip.payload().size();
  const auto word = static_cast<std::uint16_t>(flags | (last ? 0 : 0x2000) | begin / 8);
  return wire::ip_packet(
      {.source = ip.source(), .destination = ip.destination(), .tos = tos, .id = 7, .fragment_word = word},
      ip.protocol(), ip.payload().subspan(begin, end - begin));
}

Bytes datagram(std::size_t data) {
  std::string text(data, '\0');
  std::iota(text.begin(), text.end(), '\1');
  return wire::udp_packet({.source = a_host, .destination = remote}, 5000, 53, Bytes(text.begin(), text.end()));
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
  EXPECT_EQ(done.whole.sizes.payloads, (std::vector<std::uint16_t>{104, 800, 104}));
  EXPECT_EQ(done.whole.sizes.largest, 820);
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
  const Bytes empty = wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = 0x2000},
                                      wire::Protocol::udp, {});
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
  EXPECT_EQ(gone[0].fragments, 2u);
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

/// With room for little, where the oldest gives way.
struct FewFragments : Fragments {
  Reassembler small{30_s, Reassembler::Full::drops_oldest, 2000};
  /// Bytes [begin, end) of the datagram with that id.
  Reassembler::Outcome numbered(std::uint16_t id, std::size_t begin, std::size_t end) {
    Bytes p = piece(whole, begin, end);
    const wire::Ipv4Edit ip = *wire::Ipv4Edit::parse(p);
    ip.set_id(id);
    ip.fix_sum();
    return small.add(p, now);
  }
};

TEST_F(FewFragments, BeyondTheMemoryTheOldestGivesWayIfItIsToBe) {
  for (std::uint16_t id = 0; id < 6; ++id) {
    const Reassembler::Outcome outcome = numbered(id, 0, 800);
    EXPECT_EQ(outcome.what, What::held) << id;
    EXPECT_EQ(outcome.gave_way.size(), id < 2 ? 0u : 1u) << id;
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

TEST_F(Fragments, ExpireBeforeAnotherPieceIsTaken) {
  add(piece(whole, 0, 800));
  now += 30_s - 1_ns;
  EXPECT_EQ(add(piece(whole, 800, 1008)), What::complete);
  add(piece(whole, 0, 800));
  now += 30_s;
  EXPECT_EQ(add(piece(whole, 800, 1008)), What::held) << "the first of a new one";
  EXPECT_EQ(assembler.size(), 1u);
  EXPECT_EQ(assembler.next_expiry(), now + 30_s);
}

TEST_F(Fragments, OfAllTheSameThingAreOfOneDatagram) {
  const auto other = [&](auto change) {
    Bytes p = piece(whole, 800, 1008);
    const wire::Ipv4Edit ip = *wire::Ipv4Edit::parse(p);
    change(ip, p);
    ip.fix_sum();
    return add(p);
  };
  add(piece(whole, 0, 800));
  EXPECT_EQ(other([](const wire::Ipv4Edit& ip, Bytes&) { ip.set_id(8); }), What::held);
  EXPECT_EQ(other([](const wire::Ipv4Edit&, Bytes& p) { p[9] = static_cast<std::uint8_t>(wire::Protocol::tcp); }),
            What::held);
  EXPECT_EQ(other([](const wire::Ipv4Edit&, Bytes& p) { p[15] ^= 1; }), What::held);
  EXPECT_EQ(other([](const wire::Ipv4Edit&, Bytes& p) { p[19] ^= 1; }), What::held);
  EXPECT_EQ(other([](const wire::Ipv4Edit&, Bytes&) {}), What::complete);
}

TEST_F(Fragments, BeyondAnEndThatIsKnownAreDiscarded) {
  const Bytes longer = datagram(1200);
  const auto second = [&](const Bytes& first, const Bytes& p) {
    assembler = Reassembler{30_s};
    add(first);
    return add(p);
  };
  const Bytes last = piece(whole, 800, 1008);
  EXPECT_EQ(second(last, piece(longer, 400, 800)), What::held) << "up to it";
  EXPECT_EQ(second(last, piece(longer, 1000, 1008)), What::duplicate) << "at its end, and there already";
  EXPECT_EQ(second(last, piece(longer, 1008, 1016)), What::discarded);
  EXPECT_EQ(second(piece(longer, 1000, 1016), last), What::discarded) << "an end before what is there";
  EXPECT_EQ(second(piece(longer, 1000, 1008), last), What::discarded) << "overlaps in part";
  EXPECT_EQ(second(piece(longer, 0, 800), last), What::complete);
  EXPECT_EQ(second(piece(datagram(792), 400, 800), last), What::discarded) << "a later end";
  EXPECT_EQ(second(last, last), What::duplicate);
}

TEST_F(Fragments, MayOverlapOnlyWhereAllIsThere) {
  const auto third = [&](std::size_t begin, std::size_t end) {
    assembler = Reassembler{30_s};
    add(piece(whole, 80, 160));
    add(piece(whole, 160, 240));
    add(piece(whole, 320, 400));
    return add(piece(whole, begin, end));
  };
  EXPECT_EQ(third(0, 80), What::held);
  EXPECT_EQ(third(0, 88), What::discarded);
  EXPECT_EQ(third(80, 240), What::duplicate);
  EXPECT_EQ(third(88, 232), What::duplicate);
  EXPECT_EQ(third(72, 240), What::discarded);
  EXPECT_EQ(third(80, 248), What::discarded);
  EXPECT_EQ(third(240, 320), What::held);
  EXPECT_EQ(third(232, 320), What::discarded);
  EXPECT_EQ(third(240, 328), What::discarded);
  EXPECT_EQ(third(160, 400), What::discarded) << "a gap";
  EXPECT_EQ(third(400, 480), What::held);
  EXPECT_EQ(third(392, 480), What::discarded);
}

TEST_F(Fragments, SayWhyTheyAreDiscardedAndThatADuplicateCostNobody) {
  add(piece(whole, 0, 400));
  const Reassembler::Outcome again = assembler.add(piece(whole, 0, 400), now);
  EXPECT_EQ(again.what, What::duplicate);
  EXPECT_EQ(again.reason, Reason::none);
  EXPECT_EQ(again.gave_way.size(), 0u);
  const Reassembler::Outcome empty = assembler.add(piece(whole, 400, 400), now);
  EXPECT_EQ(empty.reason, Reason::malformed);
  EXPECT_EQ(assembler.size(), 0u);
  add(piece(whole, 800, 1008));
  EXPECT_EQ(assembler.add(piece(datagram(2000), 1008, 1600), now).reason, Reason::fragment_overlap);
}

TEST_F(FewFragments, AreNotTheOldestOnceTheyWereBegunAnew) {
  numbered(1, 0, 8);
  numbered(2, 0, 8);
  EXPECT_EQ(numbered(2, 8, 1008).what, What::complete);
  numbered(3, 0, 8);
  EXPECT_EQ(numbered(3, 8, 1008).what, What::complete);
  numbered(4, 0, 800);
  numbered(2, 0, 800);
  const Reassembler::Outcome fresh = numbered(5, 0, 800);
  EXPECT_EQ(fresh.gave_way.size(), 2u) << "1 and 4, which are there still";
  EXPECT_EQ(small.size(), 2u);
  EXPECT_EQ(numbered(2, 800, 1008).what, What::complete);
  EXPECT_EQ(numbered(5, 800, 1008).what, What::complete);
  EXPECT_EQ(small.size(), 0u);
}

TEST_F(Fragments, FillTheMemoryOnlyBeyondItsLastByte) {
  const auto second = [&](std::size_t memory) {
    Reassembler small(30_s, Reassembler::Full::refuses, memory);
    small.add(piece(whole, 0, 800), now);
    Bytes p = piece(whole, 0, 800);
    wire::Ipv4Edit::parse(p)->set_id(8);
    const What what = small.add(p, now).what;
    EXPECT_EQ(small.add(piece(whole, 800, 1008), now).what, What::complete) << "what is begun goes on";
    return what;
  };
  EXPECT_EQ(second(20 + 800 + 256), What::held);
  EXPECT_EQ(second(20 + 800 + 255), What::discarded);
}

TEST_F(Fragments, MakeTheOldestGiveWayOnlyBeyondTheLastByteOfMemory) {
  for (const std::size_t memory : {20u + 800u + 256u, 20u + 800u + 255u}) {
    Reassembler small(30_s, Reassembler::Full::drops_oldest, memory);
    small.add(piece(whole, 0, 800), now);
    Bytes p = piece(whole, 0, 800);
    wire::Ipv4Edit::parse(p)->set_id(8);
    const Reassembler::Outcome outcome = small.add(p, now);
    EXPECT_EQ(outcome.what, What::held);
    EXPECT_EQ(outcome.gave_way.size(), memory == 1076 ? 0u : 1u);
  }
}

TEST_F(Fragments, ExpireSoonerIfTheTimeBecameShorterSinceOthersCame) {
  const auto numbered = [&](std::uint16_t id) {
    Bytes p = piece(whole, id, id + 8u);
    wire::Ipv4Edit::parse(p)->set_id(id);
    return add(p);
  };
  numbered(8);
  assembler.set_timeout(10_s);
  numbered(16);
  EXPECT_EQ(assembler.next_expiry(), now + 10_s);
  std::vector<Reassembler::Expired> gone = assembler.expire(now + 10_s);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].fragments, 1u);
  EXPECT_TRUE(gone[0].first.empty()) << "it never came";
  EXPECT_EQ(assembler.next_expiry(), now + 30_s);
  EXPECT_EQ(assembler.expire(now + 30_s).size(), 1u);
  EXPECT_EQ(assembler.next_expiry(), Time::never());
}

TEST_F(Fragments, MakeADatagramWithTheOptionsOfItsFirstPiece) {
  const wire::ByteView payload = wire::ByteView(whole).subspan(20);
  const Bytes options{1, 1, 1, 0}, others{1, 1, 1, 1, 1, 1, 1, 0};
  const auto part = [&](std::size_t begin, std::size_t end, std::uint16_t flags, const Bytes& with) {
    const auto word = static_cast<std::uint16_t>(flags | begin / 8);
    return wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = word, .options = with},
                           wire::Protocol::udp, payload.subspan(begin, end - begin));
  };
  add(part(400, 800, 0x2000, others));
  EXPECT_EQ(add(part(392, 400, 0x2000, {})), What::held) << "they touch, no more";
  add(part(800, 1008, 0, {}));
  const Reassembler::Outcome done = assembler.add(part(0, 392, 0x2000, options), now);
  ASSERT_EQ(done.what, What::complete);
  const wire::IpFields ip{.source = a_host, .destination = remote, .id = 7, .fragment_word = 0, .options = options};
  EXPECT_EQ(done.whole.bytes, wire::ip_packet(ip, wire::Protocol::udp, payload));
  EXPECT_EQ(done.whole.sizes.payloads, (std::vector<std::uint16_t>{392, 8, 400, 208}));
  EXPECT_EQ(done.whole.sizes.largest, 28 + 400);
}

TEST_F(Fragments, GiveTheirMemoryBackWheneverTheyGo) {
  Reassembler small(30_s, Reassembler::Full::refuses, 1000);
  for (int n = 0; n < 3; ++n) {
    EXPECT_EQ(small.add(piece(whole, 0, 800), now).what, What::held);
    EXPECT_EQ(small.add(piece(whole, 800, 1008), now).what, What::complete);
    EXPECT_EQ(small.add(piece(whole, 0, 800), now).what, What::held);
    EXPECT_EQ(small.add(piece(whole, 792, 1008), now).what, What::discarded);
    EXPECT_EQ(small.add(piece(whole, 0, 800), now).what, What::held);
    now += 30_s;
    EXPECT_EQ(small.expire(now).size(), 1u);
  }
}

// RFC 3168 section 5.3 as Linux reads it.
TEST_F(Fragments, OfAnyTwoEcnFieldsMakeWhatIsSaidOfThem) {
  enum : int { no = -1 };
  constexpr int expected[4][4] = {
      // second: not-ECT, ECT(1), ECT(0), CE
      {0, no, no, no},
      {no, 1, 1, 3},
      {no, 2, 2, 3},
      {no, 3, 3, 3},
  };
  for (std::uint8_t first = 0; first < 4; ++first) {
    for (std::uint8_t second = 0; second < 4; ++second) {
      add(piece(whole, 0, 400, 0, static_cast<std::uint8_t>(0xb8 | first)));
      const Reassembler::Outcome done = assembler.add(piece(whole, 400, 1008, 0, second), now);
      const int field = done.what == What::complete ? done.whole.bytes[1] : -1;
      EXPECT_EQ(field, expected[first][second] == no ? -1 : 0xb8 | expected[first][second]) << +first << ' ' << +second;
      EXPECT_EQ(done.reason, expected[first][second] == no ? Reason::malformed : Reason::none);
    }
  }
}

TEST_F(Fragments, ThatWereCutToldTheirOwnLength) {
  const Bytes cut = wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = 0x2000},
                                    wire::Protocol::udp, wire::ByteView(whole).subspan(20, 807));
  add(cut);
  const Reassembler::Outcome done = assembler.add(piece(whole, 800, 1008), now);
  ASSERT_EQ(done.what, What::complete);
  EXPECT_EQ(done.whole.sizes.payloads, (std::vector<std::uint16_t>{800, 208}));
  EXPECT_EQ(done.whole.sizes.largest, 820);
}

TEST_F(Fragments, MakeAtMostTheLongestDatagramThatThereIs) {
  for (const std::size_t last_bytes : {3u, 4u}) {
    const auto part = [](std::size_t at_byte, std::size_t size, bool more) {
      const auto word = static_cast<std::uint16_t>((more ? 0x2000 : 0) | at_byte / 8);
      return wire::ip_packet({.source = a_host, .destination = remote, .id = 7, .fragment_word = word},
                             wire::Protocol::udp, Bytes(size, 1));
    };
    add(part(0, 32768, true));
    add(part(32768, 32744, true));
    const Reassembler::Outcome done = assembler.add(part(65512, last_bytes, false), now);
    EXPECT_EQ(done.what, last_bytes == 3 ? What::complete : What::discarded);
    EXPECT_EQ(done.reason, last_bytes == 3 ? Reason::none : Reason::malformed);
    EXPECT_EQ(done.whole.bytes.size(), last_bytes == 3 ? 65535u : 0u);
    EXPECT_EQ(assembler.size(), 0u);
  }
}

TEST_F(Fragments, LongerThanIpAllowsAreDiscarded) {
  const Bytes data(64, 1);
  const wire::IpFields last{.source = a_host, .destination = remote, .id = 7, .fragment_word = 0x1fff};
  for (std::size_t at_byte = 0; at_byte < 65528; at_byte += 8184) {
    const Bytes middle(std::min<std::size_t>(8184, 65528 - at_byte), 0);
    add(wire::ip_packet({.source = a_host,
                         .destination = remote,
                         .id = 7,
                         .fragment_word = static_cast<std::uint16_t>(0x2000 | at_byte / 8)},
                        wire::Protocol::udp, middle));
  }
  EXPECT_EQ(add(wire::ip_packet(last, wire::Protocol::udp, data)), What::discarded);
}

TEST_F(Fragments, OfLaterDatagramsWaitForTheNewTime) {
  Reassembler pieces(30_s);
  const auto piece = [](std::uint16_t id) {
    const wire::IpFields ip{.source = a_host, .destination = remote, .id = id, .fragment_word = 0x2000};
    return wire::ip_packet(ip, wire::Protocol::udp, Bytes(16));
  };
  pieces.add(piece(1), Time{});
  pieces.set_timeout(5_s);
  pieces.add(piece(2), Time{} + 1_s);
  EXPECT_EQ(pieces.next_expiry(), Time{} + 6_s);
  EXPECT_EQ(pieces.expire(Time{} + 6_s).size(), 1u);
  EXPECT_EQ(pieces.next_expiry(), Time{} + 30_s);
}

}  // namespace
}  // namespace masqsim::net
