// What the stack answers to single packets, whole, as Linux answers them with no filter loaded.
#include "sim/net/stack.hpp"

#include <gtest/gtest.h>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/udp.hpp"
#include "tests/net/two_hosts.hpp"

namespace masqsim::net {
namespace {

using test::TwoHosts;
using trace::Kind;
using wire::TcpFlags;
using Strings = std::vector<std::string>;
using Bytes = std::vector<std::uint8_t>;

constexpr wire::IpFields to_b{.source = TwoHosts::a_address, .destination = TwoHosts::b_address, .tos = 0x10, .id = 9};

/// What ended at b; that nobody at a waits for its answers is another matter.
Strings drops_of_b(const TwoHosts& lab) {
  Strings lines = lab.lines.of({Kind::drop});
  std::erase_if(lines, [](const std::string& line) { return line.find(" b drop ") == std::string::npos; });
  return lines;
}

struct Answer {
  TwoHosts lab;
  explicit Answer(const Bytes& packet) {
    lab.inject(packet);
    lab.run();
  }
  /// The packet that b sent back; empty if it kept silent.
  Bytes bytes() const { return lab.lines.packets.empty() ? Bytes{} : lab.lines.packets.front(); }
  Strings drops() const { return drops_of_b(lab); }
};

Bytes segment(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, std::size_t data = 0) {
  return wire::tcp_packet(
      to_b, {.source_port = 1000, .destination_port = 22, .sequence = seq, .acknowledgment = ack, .flags = {flags}},
      Bytes(data, 'x'));
}

/// What Linux answers: TTL 64, the asker's TOS, DF, id 0, window 0.
Bytes reset(std::uint8_t flags, std::uint32_t seq, std::uint32_t ack) {
  return wire::tcp_packet({.source = TwoHosts::b_address, .destination = TwoHosts::a_address, .tos = 0x10},
                          {.source_port = 22,
                           .destination_port = 1000,
                           .sequence = seq,
                           .acknowledgment = ack,
                           .flags = {flags},
                           .window = 0},
                          {});
}

TEST(ClosedTcpPort, AnswersASynWithResetAndAcknowledgment) {
  EXPECT_EQ(Answer(segment(TcpFlags::syn, 5000, 0)).bytes(), reset(TcpFlags::rst | TcpFlags::ack, 0, 5001));
}

TEST(ClosedTcpPort, CountsDataSynAndFinInWhatItAcknowledges) {
  EXPECT_EQ(Answer(segment(TcpFlags::fin | TcpFlags::psh | TcpFlags::urg, 5000, 0, 7)).bytes(),
            reset(TcpFlags::rst | TcpFlags::ack, 0, 5008));
}

TEST(ClosedTcpPort, AnswersAnAcknowledgmentWithAResetAtThatPlace) {
  EXPECT_EQ(Answer(segment(TcpFlags::ack, 5000, 777)).bytes(), reset(TcpFlags::rst, 777, 0));
}

TEST(ClosedTcpPort, CopiesTheTosWithoutItsEcnBits) {
  Bytes asked = segment(TcpFlags::syn, 5000, 0);
  const auto ip = *wire::Ipv4Edit::parse(asked);
  ip.set_tos(0xff);
  ip.fix_sum();
  EXPECT_EQ(wire::Ipv4View::parse(Answer(asked).bytes())->tos(), 0xfc);
}

TEST(ClosedTcpPort, KeepsSilentAboutAReset) {
  const Answer answer(segment(TcpFlags::rst, 5000, 0));
  EXPECT_EQ(answer.bytes(), Bytes{});
  EXPECT_EQ(answer.drops(),
            Strings{"0.000 b drop stale no such connection | 10.0.0.1:1000 > 10.0.0.2:22 tcp RST seq=5000 win=64240 "
                    "len=0 ttl=64 tos=10"});
}

TEST(ClosedUdpPort, AnswersPortUnreachableWithThePacketInIt) {
  const Bytes asked = wire::udp_packet(to_b, 1000, 53, Bytes(20, 'x'));
  const Answer answer(asked);
  Bytes expected = wire::icmp_packet({.source = TwoHosts::b_address,
                                      .destination = TwoHosts::a_address,
                                      .tos = 0xd0,
                                      .id = wire::Ipv4View::parse(answer.bytes())->id(),
                                      .fragment_word = 0},
                                     {.type = 3, .code = 3}, asked);
  EXPECT_EQ(answer.bytes(), expected);
  EXPECT_EQ(answer.drops(), Strings{"0.000 b drop refused no program on udp:53 | 10.0.0.1:1000 > 10.0.0.2:53 udp "
                                    "len=20 ttl=64 tos=10"});
  EXPECT_EQ(answer.lab.lines.causes.front().second, 1u) << "the answer names the packet it answers";
}

TEST(IcmpError, QuotesNoMoreThan576BytesHold) {
  EXPECT_EQ(Answer(wire::udp_packet(to_b, 1000, 53, Bytes(1000, 'x'))).bytes().size(), 576u);
}

TEST(UnknownProtocol, IsAnsweredProtocolUnreachable) {
  const Answer answer(wire::ip_packet(to_b, wire::Protocol::gre, Bytes(12, 0)));
  EXPECT_EQ(answer.lab.lines.sent,
            Strings{"b: 10.0.0.2 > 10.0.0.1 icmp protocol unreachable {10.0.0.1 > 10.0.0.2 gre len=12 ttl=64 tos=10} "
                    "ttl=64 tos=d0"});
}

/// UDP-Lite from port 256 to 9, with `covered` in its length field and a checksum over `summed` bytes.
Bytes udplite(std::uint16_t covered, std::size_t summed) {
  Bytes segment{1, 0, 0, 9, 0, 0, 0, 0, 'd', 'a', 't', 'a'};
  wire::store16(&segment[4], covered);
  const std::uint16_t sum = wire::Sum{}
                                .add32(TwoHosts::a_address.value)
                                .add32(TwoHosts::b_address.value)
                                .add32(136 + 12)
                                .add(wire::ByteView(segment).first(summed))
                                .checksum();
  wire::store16(&segment[6], sum);
  return wire::ip_packet(to_b, wire::Protocol::udplite, segment);
}

TEST(UdpLite, IsRefusedWhereItsChecksumIsRightForWhatItCovers) {
  EXPECT_EQ(Answer(udplite(0, 12)).drops(), Strings{"0.000 b drop refused no program on udplite:9 | 10.0.0.1:256 > "
                                                    "10.0.0.2:9 udplite len=12 ttl=64 tos=10"});
  EXPECT_EQ(Answer(udplite(0, 12)).lab.lines.sent,
            Strings{"b: 10.0.0.2 > 10.0.0.1 icmp port unreachable {10.0.0.1:256 > 10.0.0.2:9 udplite len=12 ttl=64 "
                    "tos=10} ttl=64 tos=d0"});
  for (const std::size_t covered : {8u, 10u, 12u}) {
    EXPECT_EQ(Answer(udplite(static_cast<std::uint16_t>(covered), covered)).bytes().size(), 60u) << covered;
  }
}

// RFC 3828 section 3.1.
TEST(UdpLite, IsDamagedWithoutAChecksumOrWhereItCoversLessThanItsHeaderOrMoreThanThereIs) {
  Bytes without = udplite(0, 12);
  without[26] = without[27] = 0;
  const Bytes cut = wire::ip_packet(to_b, wire::Protocol::udplite, Bytes(7, 1));
  for (const Bytes& packet : {without, udplite(7, 7), udplite(1, 1), udplite(13, 12), udplite(8, 12), cut}) {
    const Strings drops = Answer(packet).drops();
    ASSERT_EQ(drops.size(), 1u);
    EXPECT_TRUE(drops[0].starts_with("0.000 b drop bad-checksum of UDP-Lite | ")) << drops[0];
  }
}

TEST(Echo, IsAnsweredWithTheSameDataAndTos) {
  const Answer answer(wire::icmp_packet(to_b, {.type = 8, .rest = 7u << 16 | 3}, Bytes{'p', 'i', 'n'}));
  EXPECT_EQ(answer.bytes(), wire::icmp_packet({.source = TwoHosts::b_address,
                                               .destination = TwoHosts::a_address,
                                               .tos = 0x10,
                                               .id = wire::Ipv4View::parse(answer.bytes())->id(),
                                               .fragment_word = 0},
                                              {.type = 0, .rest = 7u << 16 | 3}, Bytes{'p', 'i', 'n'}));
}

TEST(Timestamp, IsAnsweredWithTheTimeOfDay) {
  TwoHosts lab;
  lab.run(Time{} + 5_s);
  lab.inject(wire::icmp_packet(to_b, {.type = 13, .rest = 7u << 16}, Bytes{0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0}));
  lab.run();
  const auto answer = wire::Ipv4View::parse(lab.lines.packets.at(0));
  EXPECT_EQ(wire::hex(answer->payload().subspan(4)),
            "00070000"
            "00000009"
            "00001388"
            "00001388");
}

TEST(Stack, KeepsSilentAboutWhatIsDamaged) {
  struct Case {
    const char* what;
    Bytes packet;
    Reason reason;
  };
  const auto changed = [](Bytes bytes, std::size_t at) { return bytes[at] ^= 1, bytes; };
  const Bytes udp = wire::udp_packet(to_b, 1000, 53, Bytes(4, 'x'));
  Bytes long_udp = udp;
  wire::store16(&long_udp[24], 99);
  Bytes short_offset = segment(TcpFlags::syn, 1, 0);
  short_offset[32] = 0x40;
  const Case cases[] = {
      {"UDP sum", changed(udp, 30), Reason::bad_checksum},
      {"UDP length", long_udp, Reason::malformed},
      {"TCP sum", changed(segment(TcpFlags::syn, 1, 0), 25), Reason::bad_checksum},
      {"TCP offset", short_offset, Reason::malformed},
      {"ICMP sum", changed(wire::icmp_packet(to_b, {.type = 8}, {}), 25), Reason::bad_checksum},
      {"IP sum", changed(udp, 8), Reason::bad_checksum},
      {"version", changed(udp, 0), Reason::bad_header},
      {"orphan error", wire::icmp_packet(to_b, {.type = 3, .code = 3}, udp), Reason::unrelated_icmp},
      {"orphan reply", wire::icmp_packet(to_b, {.type = 0}, {}), Reason::unrelated_icmp},
      {"own source", wire::udp_packet({.source = TwoHosts::b_address, .destination = TwoHosts::b_address}, 1, 2, {}),
       Reason::martian},
      {"somebody else's",
       wire::udp_packet({.source = TwoHosts::a_address, .destination = wire::address(10, 0, 0, 9)}, 1, 2, {}),
       Reason::not_for_us},
      {"broadcast",
       wire::udp_packet({.source = TwoHosts::a_address, .destination = wire::address(10, 0, 0, 255)}, 1, 2, {}),
       Reason::broadcast},
  };
  for (const Case& c : cases) {
    const Answer answer(c.packet);
    EXPECT_EQ(answer.bytes(), Bytes{}) << c.what;
    const Strings drops = answer.drops();
    ASSERT_EQ(drops.size(), 1u) << c.what;
    EXPECT_TRUE(drops[0].starts_with("0.000 b drop " + std::string(word(c.reason)))) << c.what << ": " << drops[0];
  }
}

struct Listener final : DatagramHandler {
  void on_datagram(DatagramSocket& socket, const Datagram& d) override {
    got.push_back(to_string(d.from) + " " + std::to_string(d.data.size()));
    if (answers) socket.reply(d, d.data);
  }
  void on_trouble(DatagramSocket&, const Trouble& t) override { got.push_back(t.text()); }
  bool answers = false;
  Strings got;
};

TEST(Datagrams, LargerThanTheLinkGoInPiecesAndArriveWhole) {
  TwoHosts lab;
  Listener a, b;
  b.answers = true;
  lab.b.stack().open_udp(53, b);
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({lab.b_address, 53});
  socket->send(Bytes(4000, 'x'));
  lab.run();
  EXPECT_EQ(b.got, Strings{"10.0.0.1:5000 4000"});
  EXPECT_EQ(a.got, Strings{"10.0.0.2:53 4000"});
  EXPECT_EQ(lab.lines.packets.size(), 6u);
}

TEST(Datagrams, HoldAsMuchAsIpv4Carries) {
  TwoHosts lab;
  Listener a, b;
  lab.b.stack().open_udp(53, b);
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({lab.b_address, 53});
  socket->send(Bytes(65'507, 'x'));
  socket->send(Bytes(65'508, 'x'));
  lab.run();
  EXPECT_EQ(b.got, (Strings{"10.0.0.1:5000 65507", "10.0.0.1:5000 65507"}));
}

TEST(Datagrams, ThatMustNotBeCutAndAreTooLargeAreAnError) {
  TwoHosts lab;
  Listener a;
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({lab.b_address, 53});
  socket->send(Bytes(4000, 'x'), {.df = true});
  EXPECT_EQ(a.got, Strings{}) << "never told before its own call has returned";
  lab.run();
  EXPECT_EQ(a.got, Strings{"fragmentation needed from 10.0.0.1"});
}

TEST(Datagrams, ToWhereNoRouteLeadsAreAnError) {
  TwoHosts lab;
  Listener a;
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({wire::address(192, 0, 2, 1), 53});
  socket->send(Bytes(4, 'x'));
  lab.run();
  EXPECT_EQ(a.got, Strings{"net unreachable from 10.0.0.1"});
}

TEST(Datagrams, ToANeighbourThatIsNotThereFailAfterThreeSeconds) {
  TwoHosts lab;
  Listener a;
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({wire::address(10, 0, 0, 9), 53});
  socket->send(Bytes(4, 'x'));
  lab.run();
  EXPECT_EQ(a.got, Strings{"host unreachable from 10.0.0.1"});
  EXPECT_EQ(lab.lines.of({Kind::drop}),
            Strings{"3.000 a drop host-unreachable no neighbour answered for 3 s | 10.0.0.1:5000 > 10.0.0.9:53 udp "
                    "len=4 ttl=64"});
}

/// Gives a the address 10.0.0.77 in the place of 10.0.0.1.
void readdress(TwoHosts& lab) {
  lab.network.set_addresses(lab.a, 0, {{wire::address(10, 0, 0, 77), 24}});
  lab.a.changed();
}

TEST(Datagrams, OfASocketThatIsBoundToNoAddressLeaveFromTheNewOne) {
  TwoHosts lab;
  Listener a;
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  readdress(lab);
  socket->send_to({lab.b_address, 53}, Bytes(4, 'x'));
  lab.run();
  EXPECT_EQ(lab.lines.sent.at(0), "a: 10.0.0.77:5000 > 10.0.0.2:53 udp len=4 ttl=64");
}

// Linux 6.18: ENETUNREACH.
TEST(Datagrams, OfASocketWhoseAddressTheHostHasNoLongerDoNotLeave) {
  TwoHosts lab;
  Listener a;
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({lab.b_address, 53});
  readdress(lab);
  socket->send(Bytes(4, 'x'));
  lab.run();
  EXPECT_EQ(a.got, Strings{"net unreachable from 10.0.0.1"});
  EXPECT_EQ(lab.lines.of({Kind::drop, Kind::send}),
            Strings{"0.000 a drop no-route 10.0.0.1 is no address of this node any more | 10.0.0.1:5000 > 10.0.0.2:53 "
                    "udp len=4 ttl=64"});
}

TEST(Datagrams, ToTheNodeItselfComeBack) {
  TwoHosts lab;
  Listener a, b;
  lab.a.stack().open_udp(53, b);
  DatagramSocket* socket = lab.a.stack().open_udp(5000, a);
  socket->connect({lab.a_address, 53});
  socket->send(Bytes(4, 'x'));
  EXPECT_EQ(b.got, Strings{});
  lab.run();
  EXPECT_EQ(b.got, Strings{"10.0.0.1:5000 4"});
}

TEST(Datagrams, OfAConnectedSocketComeFromItsPeerOnly) {
  TwoHosts lab;
  Listener b;
  DatagramSocket* socket = lab.b.stack().open_udp(53, b);
  socket->connect({lab.a_address, 1000});
  lab.inject(wire::udp_packet(to_b, 1000, 53, Bytes(4, 'x')));
  lab.inject(wire::udp_packet(to_b, 1001, 53, Bytes(5, 'x')));
  lab.run();
  EXPECT_EQ(b.got, Strings{"10.0.0.1:1000 4"});
  EXPECT_EQ(drops_of_b(lab), Strings{"0.000 b drop wrong-peer udp:53 talks to 10.0.0.1:1000 only | "
                                     "10.0.0.1:1001 > 10.0.0.2:53 udp len=5 ttl=64 tos=10"});
}

TEST(Pieces, ThatNeverGetWholeEndAfterThirtySecondsAndTheSenderIsTold) {
  TwoHosts lab;
  Bytes piece = wire::ip_packet(
      {.source = TwoHosts::a_address, .destination = TwoHosts::b_address, .id = 4, .fragment_word = 0x2000},
      wire::Protocol::udp, Bytes(16, 'x'));
  lab.inject(piece);
  lab.run();
  EXPECT_EQ(lab.lines.sent, Strings{"b: 10.0.0.2 > 10.0.0.1 icmp reassembly time exceeded {10.0.0.1:30840 > "
                                    "10.0.0.2:30840 udp len=30832 ttl=64 frag=0+} ttl=64 tos=c0"});
  EXPECT_EQ(lab.network.now().ns, 30'000'000'000 + 1'000'000);
}

TEST(Ports, ThatAreGivenBackLeaveTheOthersOpen) {
  TwoHosts lab;
  Listener one, two, three;
  lab.b.stack().open_udp(53, one);
  DatagramSocket* closed = lab.b.stack().open_udp(54, two);
  lab.b.stack().open_udp(55, three);
  lab.b.stack().close(*closed);
  for (const std::uint16_t port : {std::uint16_t{53}, std::uint16_t{54}, std::uint16_t{55}})
    lab.inject(wire::udp_packet(to_b, 1000, port, Bytes(4, 'x')));
  lab.run();
  EXPECT_EQ(one.got, Strings{"10.0.0.1:1000 4"});
  EXPECT_EQ(two.got, Strings{});
  EXPECT_EQ(three.got, Strings{"10.0.0.1:1000 4"});
}

TEST(Ports, ThatTheStackPicksAreFreeAndInLinuxsRange) {
  TwoHosts lab;
  Listener handler;
  std::vector<bool> seen(65536);
  for (int n = 0; n < 28232; ++n) {
    const DatagramSocket* socket = lab.a.stack().open_udp(0, handler);
    ASSERT_NE(socket, nullptr);
    ASSERT_TRUE(socket->port() >= 32768 && socket->port() < 61000 && !seen[socket->port()]) << socket->port();
    seen[socket->port()] = true;
  }
  EXPECT_EQ(lab.a.stack().open_udp(0, handler), nullptr);
}

}  // namespace
}  // namespace masqsim::net
