// The promise of every view: one that exists is in bounds. The sanitizers' build is what gives these tests their teeth:
// each packet lies in a heap block of exactly its size.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <tuple>
#include <vector>

#include "masqsim/base/random.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "masqsim/wire/udp.hpp"
#include "tests/wire/hex.hpp"

namespace masqsim::wire {
namespace {

constexpr std::string_view syn_with_options =
    "4500003c1234400040063c9bc0a8010ac63364079c400050000003e800000000a0c2faf0bfe80000020405b40402080a000000010000000001030307";
constexpr std::string_view source_routed_udp =
    "47000029123440004011ad97c0a8010ac63364078307040102030400138e0035000dbc5168656c6c6f";
constexpr std::string_view ttl_exceeded =
    "45000038123440004001c1f8c6336463cb0071010b0086950000000045000024123440003f01c368cb007101c63364070800666200070001";

/// The first `size` bytes in a block of their own.
struct Block {
  explicit Block(ByteView bytes) : memory(std::make_unique<std::uint8_t[]>(bytes.size())), size(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), memory.get());
  }
  ByteView view() const { return {memory.get(), size}; }
  ByteEdit edit() const { return {memory.get(), size}; }
  std::unique_ptr<std::uint8_t[]> memory;
  std::size_t size;
};

/// Reads all that a view offers; the sum keeps the reads alive.
std::size_t read_all(ByteView bytes) {
  std::size_t sum = 0;
  const auto add = [&](ByteView part) {
    for (const std::uint8_t byte : part) sum += byte;
  };
  const auto segment = [&](ByteView part) {
    if (const auto tcp = TcpView::parse(part)) {
      add(tcp->options()), add(tcp->payload());
      const TcpOptions options = read_options(*tcp);
      sum += tcp->sequence() + tcp->acknowledgment() + tcp->window() + tcp->urgent_pointer() + options.mss.value_or(0);
    }
    if (const auto udp = UdpView::parse(part)) add(udp->payload()), sum += udp->length_ok();
    if (const auto icmp = IcmpView::parse(part)) {
      add(icmp->payload()), sum += icmp->sum_ok() + icmp->id() + icmp->sequence();
      if (const auto inner = Ipv4View::parse_quoted(icmp->payload())) add(inner->header()), add(inner->payload());
    }
  };
  if (const auto ip = Ipv4View::parse(bytes)) {
    add(ip->header()), add(ip->options()), add(ip->payload());
    sum += ip->sum_ok();
    segment(ip->payload());
  }
  if (const auto ip = Ipv4View::parse_quoted(bytes)) segment(ip->payload());
  segment(bytes);
  return sum;
}

TEST(Views, StayInBoundsWhereverAPacketIsCut) {
  for (const std::string_view text : {syn_with_options, source_routed_udp, ttl_exceeded}) {
    const std::vector<std::uint8_t> bytes = from_hex(text);
    for (std::size_t size = 0; size <= bytes.size(); ++size) (void)read_all(Block(ByteView(bytes).first(size)).view());
  }
}

TEST(Views, StayInBoundsOnAnyBytes) {
  Random stream(1, "bytes");
  for (int n = 0; n < 30'000; ++n) {
    std::vector<std::uint8_t> bytes(stream.below(80));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(stream.next());
    if (!bytes.empty()) bytes[0] = static_cast<std::uint8_t>(0x40 | (bytes[0] & 15));
    (void)read_all(Block(bytes).view());
  }
}

TEST(Ipv4, ShowsTheFieldsOfAHeader) {
  const std::vector<std::uint8_t> bytes = from_hex(source_routed_udp);
  const auto ip = Ipv4View::parse(bytes);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->header_length(), 28u);
  EXPECT_EQ(ip->tos(), 0);
  EXPECT_EQ(ip->total_length(), 41);
  EXPECT_EQ(ip->id(), 0x1234);
  EXPECT_TRUE(ip->has_df());
  EXPECT_FALSE(ip->has_mf());
  EXPECT_FALSE(ip->is_fragment());
  EXPECT_EQ(ip->ttl(), 64);
  EXPECT_EQ(ip->protocol(), Protocol::udp);
  EXPECT_EQ(ip->sum(), 0xad97);
  EXPECT_EQ(ip->source(), address(192, 168, 1, 10));
  EXPECT_EQ(ip->destination(), address(198, 51, 100, 7));
  EXPECT_EQ(ip->options().size(), 8u);
  EXPECT_EQ(ip->payload().size(), 13u);
}

TEST(Ipv4, IsNotParsedWhereTheHeaderLies) {
  const auto parses = [](std::size_t place, std::uint8_t value) {
    std::vector<std::uint8_t> bytes = from_hex(source_routed_udp);
    bytes[place] = value;
    return Ipv4View::parse(bytes).has_value();
  };
  EXPECT_TRUE(parses(0, 0x47));
  EXPECT_TRUE(parses(0, 0x45)) << "the options become payload";
  EXPECT_FALSE(parses(0, 0x44)) << "a header of 16 bytes";
  EXPECT_FALSE(parses(0, 0x4f)) << "a header of 60 bytes in 41";
  EXPECT_FALSE(parses(0, 0x67)) << "version 6";
  EXPECT_FALSE(parses(3, 27)) << "shorter than its header";
  EXPECT_TRUE(parses(3, 28)) << "no payload";
  EXPECT_FALSE(parses(3, 42)) << "longer than what came";
}

TEST(Ipv4, RewritesItsIdWithItsSum) {
  std::vector<std::uint8_t> bytes = from_hex(source_routed_udp);
  const auto ip = *Ipv4Edit::parse(bytes);
  ip.rewrite_id(0xfedc);
  EXPECT_EQ(ip.id(), 0xfedc);
  EXPECT_TRUE(ip.sum_ok());
}

TEST(Ipv4, LeavesOutWhatFollowsTheTotalLength) {
  std::vector<std::uint8_t> bytes = from_hex(source_routed_udp);
  bytes.insert(bytes.end(), 5, 0xee);
  EXPECT_EQ(Ipv4View::parse(bytes)->bytes().size(), 41u);
  EXPECT_EQ(Ipv4View::parse(bytes)->payload().size(), 13u);
}

TEST(Ipv4, AQuotedHeaderMayPromiseMoreThanIsThere) {
  const std::vector<std::uint8_t> bytes = from_hex("45000044123440003f11c338cb007101c6336407");
  EXPECT_FALSE(Ipv4View::parse(bytes));
  const auto quoted = Ipv4View::parse_quoted(bytes);
  ASSERT_TRUE(quoted);
  EXPECT_EQ(quoted->total_length(), 68);
  EXPECT_TRUE(quoted->payload().empty());
  EXPECT_FALSE(Ipv4View::parse_quoted(ByteView(bytes).first(19)));
}

TEST(Ipv4, TellsFragmentsByFlagAndOffset) {
  const auto with_word = [](std::uint16_t word) {
    std::vector<std::uint8_t> bytes = from_hex("45000014 0000 0000 4011 0000 0a000001 0a000002");
    store16(&bytes[6], word);
    const auto ip = Ipv4View::parse(bytes);
    return std::tuple(ip->is_fragment(), ip->has_mf(), ip->has_df(), ip->fragment_offset());
  };
  EXPECT_EQ(with_word(0x0000), std::tuple(false, false, false, 0u));
  EXPECT_EQ(with_word(0x4000), std::tuple(false, false, true, 0u));
  EXPECT_EQ(with_word(0x8000), std::tuple(false, false, false, 0u)) << "the reserved bit says nothing";
  EXPECT_EQ(with_word(0x2000), std::tuple(true, true, false, 0u));
  EXPECT_EQ(with_word(0x0001), std::tuple(true, false, false, 8u));
  EXPECT_EQ(with_word(0x3fff), std::tuple(true, true, false, 65528u));
}

TEST(Ipv4, RewritesRepairTheChecksumByDifference) {
  // what a Linux gateway makes of the packet on its way out: source 203.0.113.1, TTL 63
  std::vector<std::uint8_t> bytes = from_hex("450000281234400040063cafc0a8010ac6336407");
  bytes.resize(40);
  const auto ip = Ipv4Edit::parse(bytes);
  ip->rewrite_source(address(203, 0, 113, 1));
  ip->rewrite_ttl(63);
  EXPECT_EQ(std::vector(bytes.begin(), bytes.begin() + 20), from_hex("45000028123440003f06c35fcb007101c6336407"));
  ip->rewrite_destination(address(10, 0, 0, 1));
  EXPECT_TRUE(ip->sum_ok());
  EXPECT_EQ(ip->destination(), address(10, 0, 0, 1));
}

TEST(Ipv4, RewritesKeepAWrongChecksumWrong) {
  std::vector<std::uint8_t> bytes = from_hex("45000014 1234 4000 4006 dead c0a8010a c6336407");
  const auto ip = Ipv4Edit::parse(bytes);
  ip->rewrite_source(address(203, 0, 113, 1));
  EXPECT_FALSE(ip->sum_ok());
  ip->rewrite_source(address(192, 168, 1, 10));
  EXPECT_EQ(ip->sum(), 0xdead);
  ip->fix_sum();
  EXPECT_TRUE(ip->sum_ok());
}

TEST(Ipv4, SettersWriteTheirFieldOnly) {
  std::vector<std::uint8_t> bytes = from_hex("45000014 0000 0000 0000 0000 00000000 00000000");
  const auto ip = Ipv4Edit::parse(bytes);
  ip->set_tos(0xb8);
  ip->set_total_length(0x0102);
  ip->set_id(0x0304);
  ip->set_fragment_word(0x2005);
  ip->set_sum(0x0607);
  EXPECT_EQ(bytes, from_hex("45b80102 0304 2005 0000 0607 00000000 00000000"));
}

TEST(Tcp, ShowsTheFieldsOfASegment) {
  const std::vector<std::uint8_t> bytes = from_hex(syn_with_options);
  const auto tcp = TcpView::parse(Ipv4View::parse(bytes)->payload());
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->source_port(), 40'000);
  EXPECT_EQ(tcp->destination_port(), 80);
  EXPECT_EQ(tcp->sequence(), 1'000u);
  EXPECT_EQ(tcp->acknowledgment(), 0u);
  EXPECT_EQ(tcp->header_length(), 40u);
  EXPECT_EQ(to_string(tcp->flags()), "SEC");
  EXPECT_EQ(tcp->window(), 64'240);
  EXPECT_EQ(tcp->sum(), 0xbfe8);
  EXPECT_EQ(tcp->urgent_pointer(), 0);
  EXPECT_EQ(tcp->payload().size(), 0u);
  const TcpOptions options = read_options(*tcp);
  EXPECT_EQ(options.mss, 1'460);
  EXPECT_EQ(options.window_scale, 7);
  EXPECT_TRUE(options.sack_permitted);
  EXPECT_EQ(options.timestamps, (TcpTimestamps{1, 0}));
}

TEST(Tcp, NeedsItsWholeHeader) {
  std::vector<std::uint8_t> bytes(24, 0);
  const auto parses = [&](std::uint8_t words, std::size_t size) {
    bytes[12] = static_cast<std::uint8_t>(words << 4);
    return TcpView::parse(ByteView(bytes).first(size)).has_value();
  };
  EXPECT_TRUE(parses(5, 20));
  EXPECT_FALSE(parses(5, 19));
  EXPECT_FALSE(parses(4, 24));
  EXPECT_TRUE(parses(6, 24));
  EXPECT_FALSE(parses(6, 23));
  EXPECT_FALSE(parses(15, 24));
}

TEST(Tcp, SettersWriteTheirFieldOnly) {
  std::vector<std::uint8_t> bytes = from_hex("0000 0000 00000000 00000000 5000 0000 0000 0000");
  const auto tcp = TcpEdit::parse(bytes);
  tcp->set_source_port(0x0102);
  tcp->set_destination_port(0x0304);
  tcp->set_sequence(0x05060708);
  tcp->set_acknowledgment(0x090a0b0c);
  tcp->set_window(0x0d0e);
  tcp->set_sum(0x0f10);
  EXPECT_EQ(bytes, from_hex("0102 0304 05060708 090a0b0c 5000 0d0e 0f10 0000"));
}

TEST(TcpOptions, AMalformedListEndsTheWalkAndKeepsWhatCameBefore) {
  const auto read = [](std::string_view options) {
    std::vector<std::uint8_t> bytes = from_hex("0000 0000 00000000 00000000 5002 0000 0000 0000");
    const std::vector<std::uint8_t> list = from_hex(options);
    bytes.insert(bytes.end(), list.begin(), list.end());
    bytes[12] = static_cast<std::uint8_t>(bytes.size() / 4 << 4);
    return read_options(*TcpView::parse(bytes));
  };
  EXPECT_EQ(read("020405b4 03030e00").mss, 1'460);
  EXPECT_EQ(read("020405b4 03030e00").window_scale, 14);
  EXPECT_EQ(read("0303ff00").window_scale, 14) << "RFC 7323 section 2.3: more than 14 counts as 14";
  EXPECT_EQ(read("01010101 020405b4").mss, 1'460) << "padding is skipped";
  EXPECT_EQ(read("00000000 020405b4").mss, std::nullopt) << "nothing follows the end";
  EXPECT_EQ(read("020305b4").mss, std::nullopt) << "an MSS of the wrong length";
  EXPECT_EQ(read("020405b4 03000000").mss, 1'460) << "a length of zero";
  EXPECT_EQ(read("020405b4 0301 0402").sack_permitted, false) << "a length of one";
  EXPECT_EQ(read("01010102").mss, std::nullopt) << "the length itself is cut off";
  EXPECT_EQ(read("0101080a").timestamps, std::nullopt) << "longer than the list";
  EXPECT_EQ(read("04020000").sack_permitted, true);
}

TEST(TcpFlags, ReadAsInTheStory) {
  const auto text = [](int bits) { return to_string(TcpFlags{static_cast<std::uint8_t>(bits)}); };
  EXPECT_EQ(text(0), "none");
  EXPECT_EQ(text(TcpFlags::syn), "SYN");
  EXPECT_EQ(text(TcpFlags::syn | TcpFlags::ack), "S+A");
  EXPECT_EQ(text(TcpFlags::ack), "ACK");
  EXPECT_EQ(text(TcpFlags::fin | TcpFlags::ack), "FIN+A");
  EXPECT_EQ(text(TcpFlags::psh | TcpFlags::ack), "PSH+A");
  EXPECT_EQ(text(TcpFlags::rst), "RST");
  EXPECT_EQ(text(TcpFlags::rst | TcpFlags::ack), "RST+A");
  EXPECT_EQ(text(TcpFlags::syn | TcpFlags::fin), "SF");
  EXPECT_EQ(text(0xff), "SFRPUEC+A");
  EXPECT_TRUE(TcpFlags{0x12}.has(0x12));
  EXPECT_FALSE(TcpFlags{0x02}.has(0x12));
  EXPECT_TRUE(TcpFlags{0x02}.any(0x12));
}

TEST(Udp, IsReadUpToItsLengthWhereThatIsSound) {
  const auto payload = [](std::uint16_t length, std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    store16(&bytes[4], length);
    const auto udp = UdpView::parse(bytes);
    return std::pair(udp->length_ok(), udp->payload().size());
  };
  EXPECT_EQ(payload(12, 12), std::pair(true, std::size_t{4}));
  EXPECT_EQ(payload(10, 12), std::pair(true, std::size_t{2})) << "two bytes of padding";
  EXPECT_EQ(payload(8, 8), std::pair(true, std::size_t{0}));
  EXPECT_EQ(payload(13, 12), std::pair(false, std::size_t{4}));
  EXPECT_EQ(payload(7, 12), std::pair(false, std::size_t{4}));
  EXPECT_FALSE(UdpView::parse(from_hex("00000000000000")));
}

TEST(Udp, SettersWriteTheirFieldOnly) {
  std::vector<std::uint8_t> bytes(8);
  const auto udp = UdpEdit::parse(bytes);
  udp->set_source_port(0x0102);
  udp->set_destination_port(0x0304);
  udp->set_length(0x0506);
  udp->set_sum(0x0708);
  EXPECT_EQ(bytes, from_hex("0102 0304 0506 0708"));
}

TEST(Icmp, ShowsTheFieldsOfAMessageAndOfWhatItQuotes) {
  std::vector<std::uint8_t> bytes = from_hex(ttl_exceeded);
  const auto icmp = IcmpEdit::parse(Ipv4Edit::parse(bytes)->payload());
  ASSERT_TRUE(icmp);
  EXPECT_EQ(icmp->type(), icmp::time_exceeded);
  EXPECT_EQ(icmp->code(), 0);
  EXPECT_TRUE(icmp->sum_ok());
  EXPECT_TRUE(icmp->is_error());
  const auto quoted = Ipv4Edit::parse_quoted(icmp->payload());
  ASSERT_TRUE(quoted);
  EXPECT_EQ(quoted->source(), address(203, 0, 113, 1));
  const auto query = IcmpEdit::parse(quoted->payload());
  EXPECT_EQ(query->id(), 7);
  EXPECT_EQ(query->sequence(), 1);
  query->set_id(8);
  EXPECT_FALSE(icmp->sum_ok()) << "the outer sum covers the quoted bytes";
  icmp->fix_sum();
  EXPECT_TRUE(icmp->sum_ok());
  EXPECT_FALSE(IcmpView::parse(ByteView(bytes).subspan(20, 7)));
}

TEST(Icmp, SortsTypesIntoQueriesAndErrors) {
  for (unsigned type = 0; type < 256; ++type) {
    const auto t = static_cast<std::uint8_t>(type);
    const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
    const bool query = type == 0 || type == 8 || (type >= 13 && type <= 18);
    EXPECT_EQ(icmp::is_error(t), error) << type;
    EXPECT_EQ(icmp::is_query(t), query) << type;
    EXPECT_EQ(icmp::is_request(t), type == 8 || type == 13 || type == 15 || type == 17) << type;
    EXPECT_FALSE(icmp::name(t, 0).empty());
  }
  EXPECT_EQ(icmp::name(8, 0), "echo request");
  EXPECT_EQ(icmp::name(3, 3), "port unreachable");
  EXPECT_EQ(icmp::name(11, 0), "TTL exceeded");
  EXPECT_EQ(icmp::name(3, 99), "ICMP 3/99");
}

}  // namespace
}  // namespace masqsim::wire
