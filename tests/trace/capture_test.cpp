#include "masqsim/trace/capture.hpp"

#include <gtest/gtest.h>

#include "masqsim/base/random.hpp"
#include "masqsim/trace/pcapng.hpp"
#include "masqsim/wire/describe.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

using sample::Bytes;

void put16(Bytes& b, std::uint32_t v) {
  b.push_back(static_cast<std::uint8_t>(v));
  b.push_back(static_cast<std::uint8_t>(v >> 8));
}
void put32(Bytes& b, std::uint32_t v) {
  put16(b, v & 0xffff);
  put16(b, v >> 16);
}

/// A classic capture of one frame with microseconds.
Bytes classic(std::uint32_t link_type, const Bytes& frame, std::uint32_t on_the_wire = 0, std::uint32_t micros = 7) {
  Bytes b;
  put32(b, 0xa1b2c3d4), put16(b, 2), put16(b, 4), put32(b, 0), put32(b, 0), put32(b, 65535), put32(b, link_type);
  const auto size = static_cast<std::uint32_t>(frame.size());
  put32(b, 3), put32(b, micros), put32(b, size), put32(b, on_the_wire == 0 ? size : on_the_wire);
  b.insert(b.end(), frame.begin(), frame.end());
  return b;
}

Bytes joined(Bytes head, const Bytes& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

std::string error_of(const Bytes& file) {
  try {
    parse_capture(file, "a.pcap");
  } catch (const ReadError& error) {
    return error.what();
  }
  return "no error";
}

const Bytes syn = sample::syn(sample::laptop, 40000, sample::web, 80, 64);

TEST(ReadCapture, GivesBackWhatPcapngHolds) {
  OutputText out;
  PcapngSink sink(out, {CapturePoints::Which::all});
  const Header header = sample::header();
  sample::tell(sink, header);
  const std::string& text = out.text();
  const Capture capture = parse_capture({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "a.pcapng");
  std::vector<std::string> lines;
  for (const CapturedPacket& p : capture.packets) lines.push_back(seconds(p.at) + ' ' + wire::describe(p.bytes));
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "0.000000000 192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64",
                       "0.001003527 192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64",
                       "0.001003527 203.0.113.5:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=63",
                       "0.021003527 203.0.113.5:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=63",
                       "4.020000000 198.51.100.66:50001 > 203.0.113.5:22 tcp SYN seq=0 win=64240 len=0 ttl=62",
                       "4.020000000 203.0.113.5:22 > 198.51.100.66:50001 tcp RST+A seq=0 ack=1 win=0 len=0 ttl=64"}));
}

TEST(ReadCapture, TakesTheLinksHeaderOff) {
  const Bytes macs(12, 0x02);
  const std::vector<std::pair<std::uint32_t, Bytes>> files{
      {1, joined(joined(macs, {8, 0}), syn)},
      {1, joined(joined(macs, {0x81, 0, 0, 5, 8, 0}), syn)},
      {1, joined(joined(macs, {0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0}), syn)},
      {101, syn},
      {228, syn},
      {113, joined(joined(Bytes(14, 0), {8, 0}), syn)},
      {276, joined(joined({8, 0}, Bytes(18, 0)), syn)},
      {0, joined({2, 0, 0, 0}, syn)},
      {108, joined({0, 0, 0, 2}, syn)},
  };
  for (const auto& [type, frame] : files) {
    const Capture capture = parse_capture(classic(type, frame), "a.pcap");
    ASSERT_EQ(capture.packets.size(), 1u) << type;
    EXPECT_EQ(capture.packets[0].bytes, syn) << type;
    EXPECT_EQ(capture.packets[0].at, Time{3'000'007'000}) << type;
    EXPECT_EQ(capture.skipped, 0u) << type;
  }
}

TEST(ReadCapture, CountsFramesThatAreNotIpv4) {
  const Bytes macs(12, 0x02);
  for (const auto& [type, frame] : std::vector<std::pair<std::uint32_t, Bytes>>{{1, joined(joined(macs, {8, 6}), syn)},
                                                                                {1, macs},
                                                                                {1, {1}},
                                                                                {101, {0x60, 0}},
                                                                                {101, {}},
                                                                                {0, {30, 0, 0, 0}},
                                                                                {276, {8}}}) {
    const Capture capture = parse_capture(classic(type, frame), "a.pcap");
    EXPECT_EQ(capture.packets.size(), 0u);
    EXPECT_EQ(capture.skipped, 1u);
  }
}

TEST(ReadCapture, TellsHowMuchWasNotCaptured) {
  EXPECT_EQ(parse_capture(classic(101, syn, 1500), "a.pcap").packets.at(0).cut, 1460u);
}

TEST(ReadCapture, SaysWhatIsWrong) {
  EXPECT_EQ(error_of({}), "a.pcap: not a capture: the file is empty");
  EXPECT_EQ(error_of({'h', 'e', 'l', 'l', 'o'}).substr(0, 23), "a.pcap: not a capture: ");
  EXPECT_EQ(error_of(classic(105, syn)),
            "a.pcap: link type IEEE802_11 is not read (Ethernet, raw IP, Linux cooked and loopback are)");
  Bytes cut = classic(101, syn);
  cut.pop_back();
  EXPECT_EQ(error_of(cut), "a.pcap: packet 1: truncated dump file; tried to read 40 captured bytes, only got 39");
  EXPECT_EQ(error_of(classic(101, syn, 0, 1'000'000)), "a.pcap: packet 1: its time is out of range");
}

TEST(ReadCapture, SaysWhichFileItCannotRead) {
  const auto error = [](const std::string& path) -> std::string {
    try {
      read_capture(path);
    } catch (const ReadError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error("/nowhere/a.pcap"), "/nowhere/a.pcap: cannot open: No such file or directory");
  EXPECT_EQ(error("/"), "/: is a directory");
}

TEST(ReadCapture, SurvivesDamage) {
  OutputText out;
  PcapngSink sink(out, {CapturePoints::Which::all});
  const Header header = sample::header();
  sample::tell(sink, header);
  const Bytes ng(out.text().begin(), out.text().end());
  Random random(3, "capture");
  int good = 0, bad = 0;
  for (const Bytes& whole : {ng, classic(1, joined(joined(Bytes(12, 2), {8, 0}), syn))}) {
    for (int round = 0; round < 3'000; ++round) {
      Bytes file = whole;
      for (std::uint64_t flips = random.below(4); flips > 0; --flips) {
        const std::uint64_t at = random.below(file.size());
        file[at] = static_cast<std::uint8_t>(random.below(256));
      }
      if (random.below(2) == 0) file.resize(random.below(file.size() + 1));
      const std::string error = error_of(file);
      if (error == "no error") {
        ++good;
      } else {
        ++bad;
        EXPECT_EQ(error.substr(0, 8), "a.pcap: ");
      }
    }
  }
  EXPECT_GT(good, 0);
  EXPECT_GT(bad, 0);
}

}  // namespace
}  // namespace masqsim::trace
