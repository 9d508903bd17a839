#include "masqsim/wire/checksum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "tests/wire/hex.hpp"

namespace masqsim::wire {
namespace {

std::vector<std::uint8_t> random_bytes(Random& stream, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(stream.next());
  return bytes;
}

/// RFC 1071 section 4.1 word by word: slow, plain, and another way than the code's.
std::uint16_t plain_sum(ByteView bytes) {
  std::uint32_t sum = 0;
  for (std::size_t n = 0; n < bytes.size(); n += 2) {
    sum += static_cast<std::uint32_t>(bytes[n] << 8 | (n + 1 < bytes.size() ? bytes[n + 1] : 0));
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, GivesTheExampleOfRfc1071Section3) {
  const std::vector<std::uint8_t> bytes = from_hex("00 01 f2 03 f4 f5 f6 f7");
  EXPECT_EQ(Sum{}.add(bytes).folded(), 0xddf2);
  EXPECT_EQ(checksum(bytes), 0x220d);
}

TEST(Checksum, CountsAnOddLastByteAsIfAZeroFollowed) {
  EXPECT_EQ(checksum(from_hex("00 01 f2")), checksum(from_hex("00 01 f2 00")));
  EXPECT_EQ(checksum(from_hex("ff")), 0x00ff);
  EXPECT_EQ(checksum({}), 0xffff);
}

TEST(Checksum, AgreesWithTheWordByWordSumAtEveryLengthAndAlignment) {
  Random stream(1, "sums");
  const std::vector<std::uint8_t> bytes = random_bytes(stream, 256);
  for (std::size_t start = 0; start < 9; ++start) {
    for (std::size_t size = 0; start + size <= bytes.size(); ++size) {
      const ByteView part = ByteView(bytes).subspan(start, size);
      ASSERT_EQ(Sum{}.add(part).folded(), plain_sum(part)) << start << '+' << size;
    }
  }
}

TEST(Checksum, CarriesEveryOverflowBackIn) {
  for (std::size_t size = 0; size <= 70'000; size = size * 3 + 1) {
    const std::vector<std::uint8_t> ones(size & ~std::size_t{1}, 0xff);
    EXPECT_EQ(Sum{}.add(ones).folded(), ones.empty() ? 0 : 0xffff) << size;
  }
  EXPECT_EQ(Sum{}.add32(0xffffffff).add16(0xffff).add16(1).folded(), 1);
}

TEST(Checksum, MayBeAddedInPartsOfEvenLength) {
  Random stream(1, "parts");
  for (int n = 0; n < 500; ++n) {
    const std::vector<std::uint8_t> bytes = random_bytes(stream, 64);
    const std::size_t cut = stream.below(33) * 2;
    EXPECT_EQ(Sum{}.add(ByteView(bytes).subspan(cut)).add(ByteView(bytes).first(cut)).folded(), plain_sum(bytes));
  }
}

// Headers and segments that a Linux gateway sent on; the kernel's sums over them, seen on its wire.
TEST(Checksum, AgreesWithPacketsOfLinux) {
  for (const std::string_view text :
       {"450000281234400040063cafc0a8010ac63364079c4000500000b224000000005002faf07a4f0000",
        "45000028123440003f06c35fcb007101c63364079c4000500000b224000000005002faf000000000",
        "4500001e123440003f11c35ecb007101c633640713880035000affff85e0",
        "47000029123440004011ad97c0a8010ac63364078307040102030400138e0035000dbc5168656c6c6f"}) {
    const std::vector<std::uint8_t> bytes = from_hex(text);
    const auto ip = Ipv4View::parse(bytes);
    ASSERT_TRUE(ip) << text;
    EXPECT_TRUE(ip->sum_ok()) << text;
    EXPECT_EQ(pseudo_checksum(ip->source(), ip->destination(), ip->protocol(), ip->payload()), 0) << text;
  }
}

TEST(Adjust, GivesTheExampleOfRfc1624Section4) {
  EXPECT_EQ(adjust(0xdd2f, 0x5555, 0x3285), 0x0000) << "eqn. 3; RFC 1141's eqn. 2 gives ffff here";
}

TEST(Adjust, EqualsRecomputingForEveryChangeOfOneWord) {
  Random stream(1, "changes");
  for (int n = 0; n < 20'000; ++n) {
    std::vector<std::uint8_t> bytes = random_bytes(stream, 20);
    store16(&bytes[10], 0);
    store16(&bytes[10], checksum(bytes));
    const std::size_t place = stream.below(5) * 2;
    const std::uint16_t from = load16(&bytes[place]);
    const auto to = static_cast<std::uint16_t>(stream.next());
    store16(&bytes[place], to);
    store16(&bytes[10], adjust(load16(&bytes[10]), from, to));
    ASSERT_EQ(checksum(bytes), 0) << from << " => " << to;
  }
}

// A sum over bytes that are not all zero never folds to 0000, so the recomputed field is never ffff: then difference
// and recomputation must give the same field, not only one that verifies.
TEST(Adjust, GivesTheVeryFieldThatRecomputingGives) {
  for (std::uint32_t from = 0; from < 0x10000; from += 251) {
    for (std::uint32_t to = 0; to < 0x10000; to += 253) {
      std::vector<std::uint8_t> bytes = from_hex("4500 0000 0001");
      store16(&bytes[2], static_cast<std::uint16_t>(from));
      const std::uint16_t before = checksum(bytes);
      store16(&bytes[2], static_cast<std::uint16_t>(to));
      ASSERT_EQ(adjust(before, static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)), checksum(bytes));
    }
  }
}

TEST(Adjust, LeavesAWrongChecksumWrongByTheSameAmount) {
  Random stream(1, "wrong");
  for (int n = 0; n < 5'000; ++n) {
    std::vector<std::uint8_t> bytes = random_bytes(stream, 12);
    const std::uint16_t off_by = Sum{}.add(bytes).folded();
    const std::uint32_t from = load32(&bytes[4]);
    const auto to = static_cast<std::uint32_t>(stream.next());
    store32(&bytes[4], to);
    store16(&bytes[0], adjust32(load16(&bytes[0]), from, to));
    ASSERT_EQ(Sum{}.add(bytes).folded() % 0xffff, off_by % 0xffff);
  }
}

TEST(Adjust, UndoesItself) {
  Random stream(1, "undo");
  for (int n = 0; n < 5'000; ++n) {
    const auto sum = static_cast<std::uint16_t>(stream.below(0xffff));
    const auto from = static_cast<std::uint32_t>(stream.next());
    const auto to = static_cast<std::uint32_t>(stream.next());
    ASSERT_EQ(adjust32(adjust32(sum, from, to), to, from), sum);
  }
}

TEST(UdpSum, NeverSendsAComputedZero) {
  EXPECT_EQ(udp_sum(0x0000), 0xffff);
  EXPECT_EQ(udp_sum(0xffff), 0xffff);
  EXPECT_EQ(udp_sum(0x0001), 0x0001);
}

// CRC32c of 32 zero bytes is RFC 3720's example (B.4); the others were computed bit by bit. All in the order of the
// field.
TEST(SctpSum, GivesTheKnownCrc32cValues) {
  EXPECT_EQ(sctp_checksum(std::vector<std::uint8_t>(32, 0)), 0xaa36918au);
  // the four bytes at 8 count as zero, so these 32 bytes equal their variant with a filled field
  std::vector<std::uint8_t> counting(32);
  for (std::size_t n = 0; n < 32; ++n) counting[n] = static_cast<std::uint8_t>(n);
  std::vector<std::uint8_t> blanked = counting;
  std::fill_n(blanked.begin() + 8, 4, std::uint8_t{0});
  EXPECT_EQ(sctp_checksum(counting), 0x9506977fu);
  EXPECT_EQ(sctp_checksum(blanked), 0x9506977fu);
  EXPECT_EQ(sctp_checksum(from_hex("3132333435363738")), 0x9a808760u);
}

}  // namespace
}  // namespace masqsim::wire
