// The FTP helper alone: what it takes for an announcement, what it writes in its place, and what it then expects.
#include <gtest/gtest.h>

#include <set>

#include "bench.hpp"
#include "sim/nat/alg_ftp.hpp"

namespace masqsim::nat::testing {
namespace {

constexpr std::uint8_t A = wire::TcpFlags::ack, P = wire::TcpFlags::psh;
constexpr Direction ours = Direction::original, theirs = Direction::reply;
constexpr std::string_view dropped = "dropped";

/// A helper with its table; time stands still unless it is told otherwise.
struct Talk {
  /// A control connection A:port -> R:21, seen from outside as from `outside`; both ends have ended a line.
  std::uint32_t client(wire::Address outside, std::uint16_t port = 5000) {
    return begin({a_host.value, remote.value, port, 21}, {remote.value, outside.value, 21, port}, status::source_nat);
  }
  /// One R:5000 -> outside:21 that is forwarded to A:21.
  std::uint32_t server() {
    return begin({remote.value, outer.value, 5000, 21}, {a_host.value, remote.value, 21, 5000},
                 status::destination_nat);
  }
  std::uint32_t begin(const Key& original, const Key& reply, std::uint16_t kind) {
    const std::uint32_t index = table.make(original, proto_tcp);
    table[index].reply = reply;
    if (reply != inverse(original, proto_tcp)) table[index].set(kind);
    helper.begin(index);
    for (const Direction d : {ours, theirs}) says(index, d, "x\n", 998);
    return index;
  }
  /// What leaves when a line begins at `sequence`; `dropped` if nothing does.
  std::string says(std::uint32_t index, Direction d, std::string_view text, std::uint32_t sequence = 1000,
                   std::uint32_t room = 65600) {
    const Key from = inverse(table[index].key(opposite(d)), proto_tcp);
    Bytes bytes = tcp({{from.source}, from.source_port}, {{from.destination}, from.destination_port},
                      {P | A, sequence, 1, 64240, std::string(text), options});
    const auto size = static_cast<std::uint32_t>(bytes.size());
    bytes.insert(bytes.end(), behind.begin(), behind.end());
    bytes.resize(65600);
    wire::Buffer buffer{bytes.data(), size, room};
    if (helper.read(buffer, table, random, index, d, now) == FtpHelper::Fate::dropped) return std::string(dropped);
    segment.assign(bytes.begin(), bytes.begin() + buffer.size);
    const wire::ByteView data = wire::TcpView::parse(wire::Ipv4View::parse(segment)->payload())->payload();
    return std::string(data.begin(), data.end());
  }
  /// The data connection from R:20 to `port` of `to` is expected.
  bool expects(std::uint16_t port, wire::Address to = outer, wire::Address from = remote) {
    return helper.fulfil({from.value, to.value, 20, port}, now).has_value();
  }

  Table table{Mapping::linux_like};
  Random random{1, "ftp"};
  FtpHelper helper;
  Time now{0};
  Bytes options;
  std::string behind;  // what the buffer holds behind the segment
  Bytes segment;       // the last that left
};

std::string client_says(std::string_view text) {
  Talk t;
  return t.says(t.client(outer), ours, text);
}
std::string server_says(std::string_view text) {
  Talk t;
  return t.says(t.server(), theirs, text);
}

/// Dropped whether the connection is translated or not.
bool client_is_refused(std::string_view text) {
  Talk plain;
  return client_says(text) == dropped && plain.says(plain.client(a_host), ours, text) == dropped;
}
bool server_is_refused(std::string_view text) {
  Talk plain;
  return server_says(text) == dropped && plain.says(plain.client(a_host), theirs, text) == dropped;
}

TEST(FtpAnnouncements, PortTakesSixNumbersUpToTheCarriageReturn) {
  const std::string outside = "203,0,113,1,7,208\r\n";
  EXPECT_EQ(client_says("PORT 192,168,1,10,7,208\r\n"), "PORT " + outside);
  EXPECT_EQ(client_says("pOrT 192,168,1,10,7,208\r\n"), "pOrT " + outside);
  EXPECT_EQ(client_says("PORT-like 192,168,1,10,7,208\r\n"), "PORT-like " + outside);  // as Linux
  EXPECT_EQ(client_says("PORT 192,168,1,10,0,2000\r\n"), "PORT " + outside);  // a number may be more than a byte
  EXPECT_EQ(client_says("PORT 192,168,0,266,7,208\r\n"), "PORT " + outside);
  EXPECT_EQ(client_says("PORT 4294967488,168,1,10,7,208\r\n"), "PORT " + outside);     // 192 + 2^32
  EXPECT_EQ(client_says("PORT 192,168,1,10,,208\r\n"), "PORT 203,0,113,1,0,208\r\n");  // no digit is 0
  EXPECT_EQ(client_says("PORT 192,168,1,10,255,255\r\n"), "PORT 203,0,113,1,255,255\r\n");
  EXPECT_EQ(client_says("PORT 192,168,1,10,9,0\r\nNOOP\r\n"), "PORT 203,0,113,1,9,0\r\nNOOP\r\n");
  for (const std::string_view text :
       {"P", "PO", "PORT", "PORT ", "PORT\r\n", "PORT \r\n", "PORT  192,168,1,10,7,208\r\n", "PORT 192,168,1,10,7\r\n",
        "PORT 192,168,1,10,7,208,9\r\n", "PORT 192,168,1,10,7,208", "PORT 192,168,1,10,7,208\n",
        "PORT 192,168,1,10,7.208\r\n", "PORT 192,168,1,10,7,208 \r\n"}) {
    EXPECT_TRUE(client_is_refused(text)) << text;
  }
}

TEST(FtpAnnouncements, EprtTakesAnyDelimiterThatIsPrintedAndNoDigit) {
  const std::string outside = "EPRT |1|203.0.113.1|2001|\r\n";
  EXPECT_EQ(client_says("EPRT |1|192.168.1.10|2001|\r\n"), outside);
  EXPECT_EQ(client_says("EPRT !1!192.168.1.10!2001!\r\n"), outside);
  EXPECT_EQ(client_says("EPRT ~1~192.168.1.10~2001~\r\n"), outside);
  EXPECT_TRUE(client_is_refused("EPRT  1 192.168.1.10 2001 \r\n"));
  EXPECT_TRUE(
      client_is_refused("EPRT \x7f"
                        "1\x7f"
                        "192.168.1.10\x7f"
                        "2001\x7f\r\n"));
  EXPECT_TRUE(
      client_is_refused("EPRT \x80"
                        "1\x80"
                        "192.168.1.10\x80"
                        "2001\x80\r\n"));
  EXPECT_TRUE(
      client_is_refused("EPRT \x1f"
                        "1\x1f"
                        "192.168.1.10\x1f"
                        "2001\x1f\r\n"));
  EXPECT_TRUE(client_is_refused("EPRT 111192.168.1.1012001|\r\n"));
}

TEST(FtpAnnouncements, EprtIsOneIpv4AddressAndOnePort) {
  EXPECT_EQ(client_says("EPRT |1|192.168.1.10|1|\r\n"), "EPRT |1|203.0.113.1|1|\r\n");
  EXPECT_EQ(client_says("EPRT |1|192.168.1.10|65535|\r\n"), "EPRT |1|203.0.113.1|65535|\r\n");
  EXPECT_EQ(client_says("EPRT |1|192.168.1.10|67537|\r\n"), "EPRT |1|203.0.113.1|2001|\r\n");  // 2001 + 2^16, as Linux
  EXPECT_EQ(client_says("EPRT |1|192.168.1.10|2001|"), "EPRT |1|203.0.113.1|2001|");
  EXPECT_EQ(client_says("EPRT |1|192.168.1.10|2001|more\r\n"), "EPRT |1|203.0.113.1|2001|more\r\n");
  for (const std::string_view text : {"EPRT |",
                                      "EPRT |1",
                                      "EPRT |1|",
                                      "EPRT |1||",
                                      "EPRT |1||2001|\r\n",
                                      "EPRT |1|x2001|\r\n",
                                      "EPRT |1|\r\n",
                                      "EPRT |2|192.168.1.10|2001|\r\n",
                                      "EPRT ||1192.168.1.10|2001|\r\n",
                                      "EPRT 1||192.168.1.10|2001|\r\n",
                                      "EPRT |1!192.168.1.10|2001|\r\n",
                                      "EPRT |1|192.168.266|2001|\r\n",
                                      "EPRT |1|192.168.1.10.0|2001|\r\n",
                                      "EPRT |1|192.168.1.10!2001|\r\n",
                                      "EPRT |1|192,168,1,10|2001|\r\n",
                                      "EPRT |1|192.168.1.10|2001\r\n",
                                      "EPRT |1|192.168.1.10|2001",
                                      "EPRT |1|192.168.1.10|2001!\r\n",
                                      "EPRT |1|192.168.1.10|0|\r\n",
                                      "EPRT |1|192.168.1.10|65536|\r\n",
                                      "EPRT .1.192.168.1.10.2001.\r\n",
                                      "EPRT |1|192.168.1.10||\r\n",
                                      "EPRT |1|192.168.1.10|"}) {
    EXPECT_TRUE(client_is_refused(text)) << text;
  }
}

TEST(FtpAnnouncements, PassiveAnswersBeginWithTheFirstDigitAndEndWithWhateverIsNone) {
  EXPECT_EQ(server_says("227 Entering Passive Mode (192,168,1,10,8,1)\r\n"),
            "227 Entering Passive Mode (203,0,113,1,8,1)\r\n");
  EXPECT_EQ(server_says("227 =192,168,1,10,8,1\r\n"), "227 =203,0,113,1,8,1\r\n");  // RFC 1123 section 4.1.2.6
  EXPECT_EQ(server_says("227 192,168,1,10,8,1 ok\r\n"), "227 203,0,113,1,8,1 ok\r\n");
  for (const std::string_view text :
       {"2", "22", "227", "227 ", "227 none\r\n", "227 9", "227 (192,168,1,10,8)\r\n", "227 192,168,1,10,8,1",
        "227 (192.168,1,10,8,1)\r\n", "227 (192,168,1,10,8,1,)\r\n", "227 (192,168,1,10,8,1,5)\r\n"}) {
    EXPECT_TRUE(server_is_refused(text)) << text;
  }
}

TEST(FtpAnnouncements, ExtendedPassiveAnswersHaveThreeDelimitersAPortAndAFourth) {
  EXPECT_EQ(server_says("229 Extended (|||3000|)\r\n"), "229 Extended (|||3000|)\r\n");
  EXPECT_EQ(server_says("229 (!!!3000!)\r\n"), "229 (|||3000|)\r\n");
  EXPECT_EQ(server_says("229 (~~~9~)\r\n"), "229 (|||9|)\r\n");
  for (const std::string_view text : {"229",
                                      "229 ",
                                      "229 (",
                                      "229 (|",
                                      "229 (||",
                                      "229 (|||",
                                      "229 |||3000|\r\n",
                                      "229 (|x|3000|)\r\n",
                                      "229 (||x3000|)\r\n",
                                      "229 (x||3000|)\r\n",
                                      "229 (xx|3000|)\r\n",
                                      "229 (|xx3000|)\r\n",
                                      "229 (|||3000x)\r\n",
                                      "229 (|||3000",
                                      "229 (|||0|)\r\n",
                                      "229 (||||)\r\n",
                                      "229 (   3000 )\r\n",
                                      "229 (\x7f\x7f\x7f"
                                      "3000\x7f)\r\n",
                                      "229 (11130001)\r\n",
                                      "229 (|||30x0|)\r\n"}) {
    EXPECT_TRUE(server_is_refused(text)) << text;
  }
}

TEST(FtpAnnouncements, AreReadNoFurtherThanTheirSegment) {
  const auto halves = {std::pair<std::string_view, std::string_view>{"PORT", " 192,168,1,10,7,208\r\n"},
                       {"PORT 192,168,1,10,7,208", "\r\n"},
                       {"PORT 192,168,1,10,7,20", "8\r\n"},
                       {"EPRT ", "|1|192.168.1.10|2001|\r\n"},
                       {"EPRT |1", "|192.168.1.10|2001|\r\n"},
                       {"EPRT |1|", "192.168.1.10|2001|\r\n"},
                       {"EPRT |1|192.168.1.10", "|2001|\r\n"},
                       {"EPRT |1|192.168.1.10|", "2001|\r\n"},
                       {"EPRT |1|192.168.1.10|200", "1|\r\n"},
                       {"EPRT |1|192.168.1.10|2001", "|\r\n"}};
  for (const auto& [text, behind] : halves) {
    Talk t;
    t.behind = behind;
    EXPECT_EQ(t.says(t.client(outer), ours, text), dropped) << text;
  }
  const auto answers = {std::pair<std::string_view, std::string_view>{"227 192,168,1,10,8,1", ")\r\n"},
                        {"227 ", "192,168,1,10,8,1)\r\n"},
                        {"229 ", "(|||3000|)\r\n"},
                        {"229 (||", "|3000|)\r\n"},
                        {"229 (|||300", "0|)\r\n"},
                        {"229 (|||3000", "|)\r\n"}};
  for (const auto& [text, behind] : answers) {
    Talk t;
    t.behind = behind;
    EXPECT_EQ(t.says(t.server(), theirs, text), dropped) << text;
  }
}

TEST(FtpAnnouncements, OtherLinesAndThoseOfTheOtherSideAreLeftAlone) {
  for (const std::string_view text :
       {"Q", "PX", "PASV\r\n", "POET 192,168,1,10,7,208\r\n", " PORT 192,168,1,10,7,208\r\n",
        "227 (192,168,1,10,8,1)\r\n", "229 (!!!3000!)\r\n", "2", "PORT 192,168,1,11,7,208\r\n",
        "EPRT !1!192.168.1.11!2001!\r\n"}) {
    EXPECT_EQ(client_says(text), text);
  }
  for (const std::string_view text : {"3", "226 ok\r\n", "227-192,168,1,10,8,1\r\n", "PORT 192,168,1,10,7,208\r\n",
                                      "EPRT |1|192.168.1.10|2001|\r\n", "P", "227 (192,168,1,11,8,1)\r\n"}) {
    EXPECT_EQ(server_says(text), text);
  }
}

TEST(FtpAnnouncements, TheSegmentIsMadeAnewAroundTheNewWords) {
  Talk t;
  t.options = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  const std::uint32_t longer = t.client(wire::address(203, 100, 113, 111));
  t.says(longer, ours, "PORT 192,168,1,10,7,208\r\nNOOP\r\n");
  EXPECT_EQ(t.segment, tcp(at(wire::address(203, 100, 113, 111), 5000), at(remote, 21),
                           {P | A, 1000, 1, 64240, "PORT 203,100,113,111,7,208\r\nNOOP\r\n", t.options}));
  const std::uint32_t shorter = t.client(outer, 5001);
  t.says(shorter, ours, "EPRT |1|192.168.1.10|2001|\r\n");
  EXPECT_EQ(t.segment,
            tcp(at(outer, 5001), at(remote, 21), {P | A, 1000, 1, 64240, "EPRT |1|203.0.113.1|2001|\r\n", t.options}));
}

TEST(FtpAnnouncements, AnAnnouncementThatGrowsNeedsRoomForItAndAtMost65535Bytes) {
  const wire::Address longer = wire::address(203, 100, 113, 111);
  const std::string text = "PORT 192,168,1,10,7,208\r\n", said = "PORT 203,100,113,111,7,208\r\n";
  const auto whole = static_cast<std::uint32_t>(40 + said.size());
  Talk roomy, tight;
  EXPECT_EQ(roomy.says(roomy.client(longer), ours, text, 1000, whole), said);
  EXPECT_EQ(tight.says(tight.client(longer), ours, text, 1000, whole - 1), dropped);
  for (const std::size_t size : {65535u, 65536u}) {
    Talk t;
    const std::string rest(size - whole, 'x');
    EXPECT_EQ(t.says(t.client(longer), ours, text + rest) == said + rest, size == 65535) << size;
  }
}

TEST(FtpAnnouncements, TheDataConnectionIsExpectedAsItWasAnnounced) {
  Talk t;
  const std::uint32_t client = t.client(outer), server = t.server();
  t.now = Time{0} + 7_s;
  t.says(client, ours, "PORT 192,168,1,10,7,208\r\n");
  t.says(server, theirs, "229 (|||3000|)\r\n");
  const auto active = t.helper.fulfil({remote.value, outer.value, 20, 2000}, t.now);
  ASSERT_TRUE(active);
  EXPECT_EQ(active->source, remote.value);
  EXPECT_EQ(active->destination, at(outer, 2000));
  EXPECT_EQ(active->master, client);
  EXPECT_EQ(active->direction, theirs);
  EXPECT_EQ(active->port, 2000);
  EXPECT_EQ(active->until, Time{0} + 307_s);
  const auto passive = t.helper.fulfil({remote.value, outer.value, 12345, 3000}, t.now);
  ASSERT_TRUE(passive);
  EXPECT_EQ(passive->source, remote.value);
  EXPECT_EQ(passive->destination, at(outer, 3000));
  EXPECT_EQ(passive->master, server);
  EXPECT_EQ(passive->direction, ours);
  EXPECT_EQ(passive->port, 3000);
  EXPECT_FALSE(t.expects(2000)) << "fulfilled";
  EXPECT_FALSE(t.expects(3000)) << "fulfilled";
}

TEST(FtpAnnouncements, OnlyFromTheServerAndOnlyToWhatWasAnnounced) {
  Talk t;
  t.says(t.client(outer), ours, "PORT 192,168,1,10,7,208\r\n");
  EXPECT_FALSE(t.expects(2001));
  EXPECT_FALSE(t.expects(2000, a_host));
  EXPECT_FALSE(t.expects(2000, outer, remote2));
  EXPECT_TRUE(t.expects(2000));
}

TEST(FtpAnnouncements, SomebodyElsesAddressIsNotExpected) {
  Talk t;
  const std::uint32_t client = t.client(outer);
  t.says(client, ours, "PORT 192,168,1,11,7,208\r\n");
  EXPECT_FALSE(t.expects(2000));
  EXPECT_FALSE(t.expects(2000, b_host));
}

TEST(FtpAnnouncements, OneConnectionExpectsOneDataConnection) {
  Talk t;
  const std::uint32_t first = t.client(outer), second = t.client(outer, 5001);
  t.says(second, ours, "PORT 192,168,1,10,8,0\r\n");
  t.says(first, ours, "PORT 192,168,1,10,7,208\r\n");
  EXPECT_EQ(t.says(first, ours, "PORT 192,168,1,10,7,208\r\n"), "PORT 203,0,113,1,7,208\r\n") << "it is its own";
  t.says(first, ours, "PORT 192,168,1,10,7,209\r\n");
  EXPECT_FALSE(t.expects(2000));
  EXPECT_TRUE(t.expects(2001));
  EXPECT_TRUE(t.expects(2048)) << "of another connection";
}

TEST(FtpAnnouncements, EndWithTheirConnectionAlone) {
  Talk t;
  const std::uint32_t first = t.client(outer), second = t.client(outer, 5001);
  t.says(first, ours, "PORT 192,168,1,10,7,208\r\n");
  t.says(second, ours, "PORT 192,168,1,10,7,209\r\n");
  t.helper.end(first);
  EXPECT_FALSE(t.expects(2000));
  EXPECT_TRUE(t.expects(2001));
  EXPECT_EQ(t.says(first, ours, "PORT 192,168,1,10,7,208\r\n"), "PORT 192,168,1,10,7,208\r\n") << "no session";
}

TEST(FtpAnnouncements, APortIsFreeAgainAfterFiveMinutesToTheSecond) {
  for (const Duration span : {299_s, 300_s}) {
    Talk t;
    const std::uint32_t first = t.client(a_host), second = t.client(a_host, 5001);
    t.says(first, ours, "PORT 192,168,1,10,7,208\r\n");
    t.now += span;
    EXPECT_EQ(t.says(second, ours, "PORT 192,168,1,10,7,208\r\n") != dropped, span == 300_s);
    EXPECT_TRUE(t.expects(2000, a_host));
  }
}

TEST(FtpAnnouncements, UntranslatedAPortThatIsTakenIsRefusedAndNothingIsWritten) {
  Talk t;
  const std::uint32_t first = t.client(a_host), second = t.client(a_host, 5001);
  EXPECT_EQ(t.says(first, ours, "EPRT !1!192.168.1.10!2000!\r\n"), "EPRT !1!192.168.1.10!2000!\r\n");
  EXPECT_EQ(t.says(second, ours, "PORT 192,168,1,10,7,208\r\n"), dropped);
  EXPECT_EQ(t.random.next(), Random(1, "ftp").next()) << "no other is drawn";
  EXPECT_TRUE(t.expects(2000, a_host));
  EXPECT_EQ(t.says(second, ours, "PORT 192,168,1,10,7,208\r\n"), "PORT 192,168,1,10,7,208\r\n");
  EXPECT_TRUE(t.expects(2000, a_host));
  EXPECT_FALSE(t.table[first].any(status::adjusts_sequence));
}

TEST(FtpAnnouncements, PortZeroIsExpectedButNotWritten) {
  Talk t;
  EXPECT_EQ(t.says(t.client(a_host), ours, "PORT 192,168,1,10,0,0\r\n"), "PORT 192,168,1,10,0,0\r\n");
  EXPECT_TRUE(t.expects(0, a_host));
  EXPECT_EQ(t.says(t.client(outer, 5001), ours, "PORT 192,168,1,10,0,0\r\n"), dropped);
  EXPECT_EQ(client_says("PORT 192,168,1,10,,\r\n"), dropped);
  EXPECT_EQ(t.says(t.client(outer, 5002), ours, "PORT 192,168,1,10,0,1\r\n"), "PORT 203,0,113,1,0,1\r\n");
}

/// What the second of two clients announces that both say `port`.
std::string second_of_two(std::uint16_t port, std::uint64_t seed) {
  Talk t;
  const std::string text = "EPRT |1|192.168.1.10|" + std::to_string(port) + "|\r\n";
  t.random = Random(seed, "ftp");
  t.says(t.client(outer), ours, text);
  return t.says(t.client(outer, 5001), ours, text);
}

TEST(FtpAnnouncements, ATakenPortGivesWayToARandomOneFromItselfTo65534) {
  const auto said = [](unsigned port) { return "EPRT |1|203.0.113.1|" + std::to_string(port) + "|\r\n"; };
  std::set<std::string> high;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random model(seed, "ftp");
    EXPECT_EQ(second_of_two(2000, seed), said(2000 + static_cast<unsigned>(model.below(63535))));
    high.insert(second_of_two(65532, seed));
  }
  // Three ports to choose from, three tries more: sometimes all three are the one that is taken.
  EXPECT_EQ(high, (std::set<std::string>{said(65533), said(65534), std::string(dropped)}));
  EXPECT_EQ(second_of_two(65534, 1), dropped);
  EXPECT_EQ(second_of_two(65535, 1), dropped);
}

TEST(FtpAnnouncements, ATakenPortIsTriedOnceAndThen128Others) {
  constexpr std::uint16_t first = 65300, last = 65534, only = 65400;
  Talk t;
  std::uint16_t port = 5000;
  for (std::uint16_t n = first; n <= last; ++n) {
    if (n != only) t.says(t.client(outer, port++), ours, "EPRT |1|192.168.1.10|" + std::to_string(n) + "|\r\n");
  }
  const std::uint32_t client = t.client(outer, port);
  const auto tries = [&](std::uint64_t seed) {  // that it takes to draw the only free one
    Random model(seed, "ftp");
    int n = 1;
    while (model.below(65535 - first) != only - first) ++n;
    return n;
  };
  std::set<int> seen;
  for (std::uint64_t seed = 1; seen.size() < 5; ++seed) {
    const int wanted = tries(seed);
    if (wanted != 1 && (wanted < 127 || wanted > 130)) continue;
    seen.insert(wanted);
    t.random = Random(seed, "ftp");
    EXPECT_EQ(t.says(client, ours, "EPRT |1|192.168.1.10|65300|\r\n"),
              wanted <= 128 ? "EPRT |1|203.0.113.1|65400|\r\n" : dropped)
        << wanted;
  }
}

TEST(FtpAnnouncements, ThatCannotBeMadeLeaveWhatWasExpectedBefore) {
  Talk t;
  const std::uint32_t first = t.client(outer), second = t.client(outer, 5001);
  EXPECT_EQ(t.says(first, ours, "EPRT |1|192.168.1.10|65535|\r\n"), "EPRT |1|203.0.113.1|65535|\r\n");
  EXPECT_EQ(t.says(second, ours, "EPRT |1|192.168.1.10|2000|\r\n"), "EPRT |1|203.0.113.1|2000|\r\n");
  EXPECT_EQ(t.says(second, ours, "EPRT |1|192.168.1.10|65535|\r\n"), dropped) << "there is no higher one";
  EXPECT_TRUE(t.expects(2000));
  EXPECT_TRUE(t.expects(65535));
}

TEST(FtpAnnouncements, ThatDoNotFitAreNotExpected) {
  Talk t;
  const std::uint32_t client = t.client(wire::address(203, 100, 113, 111));
  const std::string line = "PORT 192,168,1,10,7,208\r\n";
  EXPECT_EQ(t.says(client, ours, line, 1000, static_cast<std::uint32_t>(40 + line.size())), dropped);
  EXPECT_FALSE(t.expects(2000, wire::address(203, 100, 113, 111)));
  EXPECT_EQ(t.says(client, ours, line), "PORT 203,100,113,111,7,208\r\n");
  EXPECT_TRUE(t.expects(2000, wire::address(203, 100, 113, 111)));
}

TEST(FtpAnnouncements, WhereTwoServersAreAskedOnePortDoesForBoth) {
  Talk t;
  const std::uint32_t first = t.client(outer);
  const std::uint32_t second =
      t.begin({a_host.value, remote2.value, 5000, 21}, {remote2.value, outer.value, 21, 5000}, status::source_nat);
  EXPECT_EQ(t.says(first, ours, "PORT 192,168,1,10,7,208\r\n"), "PORT 203,0,113,1,7,208\r\n");
  EXPECT_EQ(t.says(second, ours, "PORT 192,168,1,10,7,208\r\n"), "PORT 203,0,113,1,7,208\r\n");
  EXPECT_TRUE(t.expects(2000));
  EXPECT_TRUE(t.expects(2000, outer, remote2));
}

}  // namespace
}  // namespace masqsim::nat::testing
