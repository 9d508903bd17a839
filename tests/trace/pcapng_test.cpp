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

/// The comments of a capture, one line a packet, read off its blocks.
std::vector<std::string> comments_of(const std::string& file) {
  const auto u32 = [&](std::size_t at) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v |= std::uint32_t{static_cast<unsigned char>(file.at(at + i))} << (8 * i);
    return v;
  };
  std::vector<std::string> list;
  for (std::size_t at = 0; at < file.size(); at += u32(at + 4)) {
    EXPECT_EQ(u32(at + 4), u32(at + u32(at + 4) - 4)) << "a block's two lengths";
    if (u32(at) != 6) continue;
    const std::size_t option = at + 28 + (u32(at + 20) + 3) / 4 * 4;
    const std::uint32_t head = u32(option);
    list.push_back((head & 0xffff) == 1 ? file.substr(option + 4, head >> 16) : "");
  }
  return list;
}

TEST_F(Pcapng, IsTheseBytes) {
  OutputText out;
  PcapngSink sink(out);
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
  PcapngSink sink(out);
  const Header header = sample::header();
  sample::tell(sink, header);
  EXPECT_EQ(comments_of(out.text()),
            (std::vector<std::string>{"", "", "masqsim: src 192.168.1.10:40000 => 203.0.113.5:40000, mapping #1", "",
                                      "masqsim: X no-mapping: nothing owns 203.0.113.5:22/tcp", ""}));
}

TEST_F(Pcapng, CommentsOnAPacketThatWasRewrittenAndTakenIn) {
  OutputText out;
  PcapngSink sink(out);
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
  PcapngSink sink(out);
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
    PcapngSink sink(out);
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
  PcapngSink sink(out);
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

TEST_F(Pcapng, KeepsItsOrderWhenVeryMuchHappensAtOnce) {
  OutputText out;
  PcapngSink sink(out);
  const Header header = sample::header();
  sink.begin(header);
  const std::uint32_t count = 10'000;
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
  PcapngSink sink(file);
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
