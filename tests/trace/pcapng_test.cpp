#include "masqsim/trace/pcapng.hpp"

#include <gtest/gtest.h>

#include "masqsim/trace/capture.hpp"
#include "masqsim/wire/describe.hpp"
#include "tests/trace/capture_files.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

using Pcapng = sample::CaptureFiles;

std::string hex_of(const std::string& bytes) {
  return wire::hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

/// A packet as its block says it.
struct Told {
  std::string text;  ///< "4.020000000 gw/internet in 198.51.100.66:50001 > 203.0.113.5:22 tcp SYN ..."
  std::string comment;
};

/// Reads the blocks of a file, one after the other.
std::vector<Told> blocks_of(const std::string& file) {
  const auto u32 = [&](std::size_t at) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v |= std::uint32_t{static_cast<unsigned char>(file.at(at + i))} << (8 * i);
    return v;
  };
  std::vector<std::string> interfaces;
  std::vector<Told> list;
  for (std::size_t at = 0; at < file.size(); at += u32(at + 4)) {
    EXPECT_EQ(u32(at + 4), u32(at + u32(at + 4) - 4)) << "a block's two lengths";
    if (u32(at) == 1) interfaces.push_back(file.substr(at + 20, u32(at + 16) >> 16));
    if (u32(at) != 6) continue;
    const std::uint32_t size = u32(at + 20);
    const std::size_t option = at + 28 + (size + 3) / 4 * 4;
    const std::uint32_t head = u32(option);
    const bool commented = (head & 0xffff) == 1;
    const std::uint32_t flags = u32(commented ? option + 4 + ((head >> 16) + 3) / 4 * 4 + 4 : option + 4);
    const std::uint64_t ns = std::uint64_t{u32(at + 12)} << 32 | u32(at + 16);
    const std::string bytes = file.substr(at + 28, size);
    list.push_back({seconds({static_cast<std::int64_t>(ns)}) + ' ' + interfaces.at(u32(at + 8)) +
                        (flags == 1 ? " in " : " out ") +
                        wire::describe({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}),
                    commented ? file.substr(option + 4, head >> 16) : ""});
  }
  return list;
}

std::vector<std::string> comments_of(const std::string& file) {
  std::vector<std::string> list;
  for (const Told& told : blocks_of(file)) list.push_back(told.comment);
  return list;
}

/// A packet a line, its comment behind it.
std::string lines_of(const std::string& file) {
  std::string text;
  for (const Told& told : blocks_of(file)) {
    text += told.text + (told.comment.empty() ? "" : " | " + told.comment) + '\n';
  }
  return text;
}

const CapturePoints all{CapturePoints::Which::all};

/// The capture of what `tell` says of the sample's network, beside whose gateway a router r stands.
template <typename Tell>
std::string captured(const CapturePoints& points, const Tell& tell) {
  OutputText out;
  PcapngSink sink(out, points);
  Header header = sample::header();
  header.nodes.push_back({"r", NodeKind::router});
  header.points.push_back({3, "r/home", "home", {}, 24, 1500});
  header.points.push_back({3, "r/office", "office", {}, 24, 1500});
  sink.begin(header);
  tell(sink);
  sink.end({3'600'000'000'000});
  return lines_of(out.text());
}
enum : PointId { laptop_home, gw_home, gw_internet, web_internet, r_home, r_office };
enum : NodeId { laptop_, gw_, web_, r_ };

TEST_F(Pcapng, IsTheseBytes) {
  OutputText out;
  PcapngSink sink(out, all);
  Header header = sample::header();
  header.points.resize(1);
  sink.begin(header);
  const sample::Bytes bytes{0x45, 1, 2, 3, 4};
  sink.record(sample::packet(0x1'00000002, Kind::send, 0, 0, 1, 1, bytes));
  Record drop = sample::packet(0x1'00000002, Kind::drop, 0, 0, 1, 1, bytes);
  drop.reason = Reason::link_loss;
  sink.record(drop);
  sink.end({0x1'00000003});
  EXPECT_EQ(hex_of(out.text()),
            "0a0d0d0a50000000"
            "4d3c2b1a"
            "01000000"
            "ffffffffffffffff"
            "01001e00"
            "7363656e6172696f20696e626f756e642d6661696c732c20736565642031"
            "0000"
            "04000700"
            "6d61737173696d"
            "00"
            "00000000"
            "50000000"
            "010000003c000000"
            "e4000000"
            "00000000"
            "02000b00"
            "6c6170746f702f686f6d65"
            "00"
            "04000800"
            "c0a8010affffff00"
            "09000100"
            "09000000"
            "00000000"
            "3c000000"
            "060000004c000000"
            "00000000"
            "01000000"
            "02000000"
            "05000000"
            "05000000"
            "4501020304000000"
            "01001400"
            "6d61737173696d3a2058206c696e6b2d6c6f7373"
            "02000400"
            "02000000"
            "00000000"
            "4c000000");
}

TEST_F(Pcapng, CommentsOnWhatWasRewrittenAndOnWhatEnded) {
  OutputText out;
  PcapngSink sink(out, all);
  const Header header = sample::header();
  sample::tell(sink, header);
  EXPECT_EQ(comments_of(out.text()),
            (std::vector<std::string>{"", "", "masqsim: src 192.168.1.10:40000 => 203.0.113.5:40000, mapping #1", "",
                                      "masqsim: X no-mapping: nothing owns 203.0.113.5:22/tcp", ""}));
}

TEST_F(Pcapng, CommentsOnAPacketThatWasRewrittenAndTakenIn) {
  OutputText out;
  PcapngSink sink(out, all);
  const Header header = sample::header();
  const sample::Bytes before = sample::syn(sample::stranger, 50001, sample::gateway, 22, 62);
  const sample::Bytes after = sample::syn(sample::stranger, 50001, sample::gateway, 2222, 62);
  sink.begin(header);
  sink.record(sample::packet(5, Kind::receive, 1, 2, 2, 7, before));
  Record translate = sample::packet(5, Kind::translate, 1, nowhere, 2, 7, after);
  translate.before = before;
  sink.record(translate);
  sink.record(sample::packet(5, Kind::deliver, 1, nowhere, 2, 7, after));
  sink.end({6});
  EXPECT_EQ(comments_of(out.text()), std::vector<std::string>{"masqsim: dst 203.0.113.5:22 => 203.0.113.5:2222"});
}

TEST_F(Pcapng, CommentsOnAPacketThatWasRewrittenBeforeItEnded) {
  OutputText out;
  PcapngSink sink(out, all);
  const Header header = sample::header();
  const sample::Bytes before = sample::syn(sample::stranger, 50001, sample::gateway, 22, 62);
  const sample::Bytes after = sample::syn(sample::stranger, 50001, sample::laptop, 22, 61);
  sink.begin(header);
  sink.record(sample::packet(5, Kind::receive, 1, 2, 2, 7, before));
  Record drop = sample::packet(5, Kind::drop, 1, nowhere, 2, 7, after);
  drop.before = before;
  drop.reason = Reason::firewall;
  sink.record(drop);
  sink.end({6});
  EXPECT_EQ(comments_of(out.text()),
            std::vector<std::string>{"masqsim: dst 203.0.113.5:22 => 192.168.1.10:22; X firewall"});
}

// The piece itself is written long before; what became of it is said on the ICMP error that answers it.
TEST_F(Pcapng, CommentsOnTheErrorThatAnswersAPacketWhichEndedLate) {
  for (const bool answer_first : {true, false}) {
    OutputText out;
    PcapngSink sink(out, all);
    const Header header = sample::header();
    const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
    sink.begin(header);
    sink.record(sample::packet(5, Kind::receive, 1, 1, 1, 7, bytes));
    Record drop = sample::packet(30, Kind::drop, 1, nowhere, 1, 7, bytes);
    drop.reason = Reason::reassembly_timeout;
    Record answer = sample::packet(30, Kind::send, 1, 1, 1, 8, bytes);
    answer.cause = 7;
    sink.record(answer_first ? answer : drop);
    sink.record(answer_first ? drop : answer);
    sink.end({31});
    EXPECT_EQ(comments_of(out.text()), (std::vector<std::string>{"", "masqsim: X reassembly-timeout"}));
  }
}

TEST_F(Pcapng, SaysWhyAPacketPassedUntranslatedAndNothingOfAPlainHop) {
  OutputText out;
  PcapngSink sink(out, all);
  const Header header = sample::header();
  const sample::Bytes before = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  const sample::Bytes after = sample::syn(sample::laptop, 1, sample::web, 2, 63);
  sink.begin(header);
  for (const Reason reason : {Reason::none, Reason::invalid}) {
    Record translate = sample::packet(5, Kind::translate, 1, nowhere, 1, 7, after);
    translate.before = before;
    translate.reason = reason;
    sink.record(translate);
    sink.record(sample::packet(5, Kind::send, 1, 2, 1, 7, after));
  }
  sink.end({6});
  EXPECT_EQ(comments_of(out.text()), (std::vector<std::string>{"", "masqsim: passed untranslated: invalid"}));
}

TEST_F(Pcapng, CutsACommentThatIsTooLongForAReader) {
  OutputText out;
  PcapngSink sink(out, all);
  const Header header = sample::header();
  const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  sink.begin(header);
  sink.record(sample::packet(5, Kind::send, laptop_, laptop_home, 1, 7, bytes));
  Record drop = sample::packet(5, Kind::drop, laptop_, laptop_home, 1, 7, bytes);
  const std::string text(70'000, 'x');
  drop.reason = Reason::link_loss;
  drop.text = text;
  sink.record(drop);
  sink.end({6});
  EXPECT_EQ(comments_of(out.text()), std::vector<std::string>{"masqsim: X link-loss: " + std::string(1'000 - 22, 'x')});
}

TEST_F(Pcapng, DoesNotHoldBackAllThatHappensAtOnce) {
  for (const CapturePoints& points : {CapturePoints{}, all}) {
    OutputText out;
    PcapngSink sink(out, points);
    const Header header = sample::header();
    const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
    sink.begin(header);
    for (std::uint64_t n = 1; n <= 40'000; ++n) {
      sink.record(sample::packet(5, Kind::send, laptop_, laptop_home, 1, n, bytes));
    }
    EXPECT_EQ(blocks_of(out.text()).size(), 40'000u - 16'384u);
    sink.end({6});
    EXPECT_EQ(blocks_of(out.text()).size(), 40'000u);
  }
}

TEST_F(Pcapng, ShowsEachPacketOnceInEachOfItsForms) {
  OutputText out;
  PcapngSink sink(out);
  const Header header = sample::header();
  sample::tell(sink, header);
  EXPECT_EQ(
      lines_of(out.text()),
      "0.001003527 gw/home in 192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64\n"
      "0.001003527 gw/internet out 203.0.113.5:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=63"
      " | masqsim: src 192.168.1.10:40000 => 203.0.113.5:40000, mapping #1\n"
      "4.020000000 gw/internet in 198.51.100.66:50001 > 203.0.113.5:22 tcp SYN seq=0 win=64240 len=0 ttl=62"
      " | masqsim: X no-mapping: nothing owns 203.0.113.5:22/tcp\n"
      "4.020000000 gw/internet out 203.0.113.5:22 > 198.51.100.66:50001 tcp RST+A seq=0 ack=1 win=0 len=0 ttl=64\n");
}

TEST_F(Pcapng, ShowsAPacketThatReachesNoGatewayWhereItWasSentAndWhatBecameOfItLater) {
  const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  EXPECT_EQ(captured({},
                     [&](Sink& sink) {
                       sink.record(sample::packet(1, Kind::send, laptop_, laptop_home, 1, 7, bytes));
                       sink.record(sample::packet(2, Kind::send, web_, web_internet, 1, 8, bytes));
                       sink.record(sample::packet(3, Kind::receive, r_, r_home, 1, 7, bytes));
                       sink.record(sample::packet(3, Kind::send, r_, r_office, 1, 7, bytes));
                       Record drop = sample::packet(4, Kind::drop, r_, r_office, 1, 7, bytes);
                       drop.reason = Reason::no_route;
                       drop.text = "nowhere to go";
                       sink.record(drop);
                       sink.record(sample::packet(5, Kind::receive, gw_, gw_internet, 1, 8, bytes));
                     }),
            "0.000000001 laptop/home out 192.168.1.10:1 > 198.51.100.10:2 tcp SYN seq=0 win=64240 len=0 ttl=64"
            " | masqsim: X no-route at r: nowhere to go\n"
            "0.000000005 gw/internet in 192.168.1.10:1 > 198.51.100.10:2 tcp SYN seq=0 win=64240 len=0 ttl=64\n");
}

TEST_F(Pcapng, ShowsAPacketThatAGatewayPassesOnUnchangedOnItsFirstSideAlone) {
  const sample::Bytes before = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  const sample::Bytes after = sample::syn(sample::laptop, 1, sample::web, 2, 63);
  EXPECT_EQ(captured({},
                     [&](Sink& sink) {
                       sink.record(sample::packet(1, Kind::send, laptop_, laptop_home, 1, 7, before));
                       sink.record(sample::packet(2, Kind::receive, gw_, gw_home, 1, 7, before));
                       Record translate = sample::packet(2, Kind::translate, gw_, nowhere, 1, 7, after);
                       translate.before = before;
                       translate.reason = Reason::invalid;
                       sink.record(translate);
                       sink.record(sample::packet(2, Kind::send, gw_, gw_internet, 1, 7, after));
                       sink.record(sample::packet(3, Kind::receive, web_, web_internet, 1, 7, after));
                       sink.record(sample::packet(3, Kind::deliver, web_, web_internet, 1, 7, after));
                     }),
            "0.000000002 gw/home in 192.168.1.10:1 > 198.51.100.10:2 tcp SYN seq=0 win=64240 len=0 ttl=64"
            " | masqsim: passed untranslated: invalid\n");
}

// A second gateway on the way sees the form that the first one gave the packet; what it does is told there.
TEST_F(Pcapng, SaysWhatASecondGatewayDoesWhereThePacketIsShown) {
  const sample::Bytes bytes = sample::syn(sample::gateway, 1, sample::web, 2, 64);
  OutputText out;
  PcapngSink sink(out);
  Header header = sample::header();
  header.nodes.push_back({"gw2", NodeKind::gateway});
  header.points.push_back({3, "gw2/internet", "internet", {}, 24, 1500});
  sink.begin(header);
  sink.record(sample::packet(1, Kind::send, gw_, gw_internet, 1, 7, bytes));
  sink.record(sample::packet(2, Kind::receive, 3, 4, 1, 7, bytes));
  Record drop = sample::packet(2, Kind::drop, 3, 4, 1, 7, bytes);
  drop.reason = Reason::firewall;
  sink.record(drop);
  sink.end({6});
  EXPECT_EQ(lines_of(out.text()),
            "0.000000001 gw/internet out 203.0.113.5:1 > 198.51.100.10:2 tcp SYN seq=0 win=64240 len=0 ttl=64"
            " | masqsim: X firewall at gw2\n");
}

// The pieces that a router makes are the packet that is shown already: Wireshark would put it together a second time.
TEST_F(Pcapng, DoesNotShowAPacketAgainInPieces) {
  const auto piece = [](std::uint16_t fragment_word, std::size_t size) {
    return wire::udp_packet(
        {.source = sample::laptop, .destination = sample::web, .id = 9, .fragment_word = fragment_word}, 1, 2,
        std::vector<std::uint8_t>(size, 'x'));
  };
  const sample::Bytes whole = piece(0, 40), first = piece(0x2000, 16), second = piece(0x0003, 16), other = piece(0, 4);
  EXPECT_EQ(captured({},
                     [&](Sink& sink) {
                       sink.record(sample::packet(1, Kind::send, laptop_, laptop_home, 1, 7, whole));
                       sink.record(sample::packet(2, Kind::receive, r_, r_home, 1, 7, whole));
                       sink.record(sample::packet(2, Kind::send, r_, r_office, 1, 7, first));
                       sink.record(sample::packet(2, Kind::send, r_, r_office, 1, 8, second));
                       sink.record(sample::packet(2, Kind::send, r_, r_office, 1, 9, other));
                       Record drop = sample::packet(3, Kind::drop, web_, web_internet, 1, 8, second);
                       drop.reason = Reason::reassembly_timeout;
                       sink.record(drop);
                     }),
            "0.000000001 laptop/home out 192.168.1.10:1 > 198.51.100.10:2 udp len=40 ttl=64"
            " | masqsim: X reassembly-timeout at web\n"
            "0.000000002 r/office out 192.168.1.10:1 > 198.51.100.10:2 udp len=4 ttl=64\n");
}

TEST_F(Pcapng, AwaitsFiveSecondsWhatBecomesOfAPacket) {
  const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  const std::string line = " 192.168.1.10:1 > 198.51.100.10:2 tcp SYN seq=0 win=64240 len=0 ttl=64\n";
  const auto reached_gateway_after = [&](std::int64_t ns) {
    return captured({}, [&](Sink& sink) {
      sink.record(sample::packet(0, Kind::send, laptop_, laptop_home, 1, 7, bytes));
      sink.record(sample::packet(ns, Kind::receive, gw_, gw_home, 1, 7, bytes));
    });
  };
  EXPECT_EQ(reached_gateway_after(5'000'000'000), "5.000000000 gw/home in" + line);
  EXPECT_EQ(reached_gateway_after(5'000'000'001), "0.000000000 laptop/home out" + line);
}

TEST_F(Pcapng, ShowsEverythingAtTheLinkEndsAndNodesThatAreNamed) {
  const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  const auto tell = [&](Sink& sink) {
    sink.record(sample::packet(1, Kind::send, laptop_, laptop_home, 1, 7, bytes));
    sink.record(sample::packet(2, Kind::receive, r_, r_home, 1, 7, bytes));
    sink.record(sample::packet(2, Kind::send, r_, r_office, 1, 7, bytes));
    sink.record(sample::packet(3, Kind::receive, web_, web_internet, 1, 7, bytes));
  };
  const std::string line = " 192.168.1.10:1 > 198.51.100.10:2 tcp SYN seq=0 win=64240 len=0 ttl=64\n";
  EXPECT_EQ(captured({CapturePoints::Which::named, {"r", "laptop/home"}}, tell),
            "0.000000001 laptop/home out" + line + "0.000000002 r/home in" + line + "0.000000002 r/office out" + line);
  EXPECT_EQ(captured({CapturePoints::Which::named, {"r/office"}}, tell), "0.000000002 r/office out" + line);
}

TEST_F(Pcapng, KeepsItsOrderWhenVeryMuchHappensAtOnce) {
  OutputText out;
  PcapngSink sink(out, all);
  const Header header = sample::header();
  sink.begin(header);
  const std::uint32_t count = 40'000;
  for (std::uint32_t i = 0; i < count; ++i) {
    sample::Bytes bytes(20, 0);
    bytes[0] = 0x45;
    wire::store32(&bytes[12], i);
    sink.record(sample::packet(5, Kind::send, 0, 0, 1, i + 1, bytes));
  }
  sink.end({6});
  const std::string& text = out.text();
  const Capture capture = parse_capture({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "memory");
  ASSERT_EQ(capture.packets.size(), count);
  for (std::uint32_t i = 0; i < count; ++i) ASSERT_EQ(wire::load32(&capture.packets[i].bytes[12]), i);
}

TEST_F(Pcapng, IsReadByTsharkWithoutAWarning) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed: the capture is NOT checked by another program";
  OutputFile file(at("run.pcapng"));
  PcapngSink sink(file, all);
  const Header header = sample::header();
  sample::tell(sink, header);
  file.commit();
  EXPECT_EQ(
      tshark("run.pcapng",
             "-e frame.time_epoch -e frame.interface_name -e frame.packet_flags_direction -e ip.src "
             "-e ip.checksum.status -e tcp.checksum.status -e frame.comment -e _ws.malformed"),
      "0.000000000 laptop/home 0x00000002 192.168.1.10 1 1  \n"
      "0.001003527 gw/home 0x00000001 192.168.1.10 1 1  \n"
      "0.001003527 gw/internet 0x00000002 203.0.113.5 1 1 masqsim: src 192.168.1.10:40000 => 203.0.113.5:40000, "
      "mapping #1 \n"
      "0.021003527 web/internet 0x00000001 203.0.113.5 1 1  \n"
      "4.020000000 gw/internet 0x00000001 198.51.100.66 1 1 masqsim: X no-mapping: nothing owns 203.0.113.5:22/tcp \n"
      "4.020000000 gw/internet 0x00000002 203.0.113.5 1 1  \n");
}

}  // namespace
}  // namespace masqsim::trace
