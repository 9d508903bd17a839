#include "masqsim/trace/pcap.hpp"

#include <gtest/gtest.h>

#include <set>

#include "masqsim/trace/capture.hpp"
#include "masqsim/wire/describe.hpp"
#include "tests/trace/capture_files.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

class PcapDir : public sample::CaptureFiles {
 protected:
  void write() {
    PcapDirSink sink(at("out"));
    const Header header = sample::header();
    sample::tell(sink, header);
    EXPECT_EQ(names(), std::set<std::string>{}) << "seen before it was whole";
    sink.commit();
  }
  std::set<std::string> names() const {
    std::set<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "out")) {
      list.insert(entry.path().filename());
    }
    return list;
  }
};

TEST_F(PcapDir, WritesOneFileAPoint) {
  write();
  EXPECT_EQ(names(),
            (std::set<std::string>{"gw-home.pcap", "gw-internet.pcap", "laptop-home.pcap", "web-internet.pcap"}));
}

TEST_F(PcapDir, IsTheseBytes) {
  write();
  const std::string bytes = contents("out/laptop-home.pcap");
  EXPECT_EQ(wire::hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}),
            "4d3cb2a1"
            "02000400"
            "00000000"
            "00000000"
            "00000400"
            "e4000000"
            "00000000"
            "00000000"
            "28000000"
            "28000000"
            "450000280000400040064ee0c0a8010ac633640a9c40005000000000000000005002faf02c710000");
}

TEST_F(PcapDir, SplitsTheTimeIntoSecondsAndNanoseconds) {
  write();
  const Capture capture = read_capture(at("out/gw-internet.pcap"));
  std::vector<std::int64_t> times;
  for (const CapturedPacket& packet : capture.packets) times.push_back(packet.at.ns);
  EXPECT_EQ(times, (std::vector<std::int64_t>{1'003'527, 4'020'000'000, 4'020'000'000}));
}

TEST_F(PcapDir, IsReadByTsharkWithoutAWarning) {
  if (!have_tshark()) GTEST_SKIP() << "tshark is not installed: the capture is NOT checked by another program";
  write();
  EXPECT_EQ(tshark("out/gw-internet.pcap",
                   "-e frame.time_epoch -e ip.src -e ip.checksum.status -e tcp.checksum.status -e _ws.malformed"),
            "0.001003527 203.0.113.5 1 1 \n"
            "4.020000000 198.51.100.66 1 1 \n"
            "4.020000000 203.0.113.5 1 1 \n");
}

TEST_F(PcapDir, HoldsFewDescriptorsForManyPoints) {
  Header header;
  for (int i = 0; i < 600; ++i) {
    header.points.push_back({.name = std::to_string(i) + "/x", .network = "", .address = {}});
  }
  PcapDirSink sink(at("out"));
  sink.begin(header);
  const sample::Bytes bytes = sample::syn(sample::laptop, 1, sample::web, 2, 64);
  for (int round = 0; round < 3; ++round) {
    for (PointId point = 0; point < header.points.size(); ++point) {
      sink.record(sample::packet(round, Kind::send, 0, point, 1, 1, bytes));
    }
  }
  sink.commit();
  EXPECT_EQ(names().size(), 600u);
  EXPECT_EQ(read_capture(at("out/599-x.pcap")).packets.size(), 3u);
}

TEST_F(PcapDir, SaysThatTheDirectoryCannotBeMade) {
  std::ofstream(at("file")) << "x";
  PcapDirSink sink(at("file"));
  try {
    sink.begin(sample::header());
    FAIL() << "no error";
  } catch (const MachineError& error) {
    EXPECT_EQ(std::string(error.what()), at("file") + ": cannot make the directory: Not a directory");
  }
}

TEST(CaptureNames, AreNumberedWhereManyAreEqual) {
  Header header;
  header.points.resize(20'000, {.name = "a/b", .network = "", .address = {}});
  const std::vector<std::string> names = capture_names(header);
  EXPECT_EQ(names[1], "a-b-2.pcap");
  EXPECT_EQ(names.back(), "a-b-20000.pcap");
}

TEST(CaptureNames, AreSafeAndUnique) {
  Header header;
  for (const char* name : {"gw/home", "gw-home", "GW/home", "../../etc/passwd", "a b\"\n", "", ".", "gw-home-2"}) {
    header.points.push_back({.name = name, .network = "", .address = {}});
  }
  header.points.push_back({.name = std::string(500, 'x'), .network = "", .address = {}});
  EXPECT_EQ(capture_names(header),
            (std::vector<std::string>{"gw-home.pcap", "gw-home-2.pcap", "GW-home-3.pcap", "_..-..-etc-passwd.pcap",
                                      "a_b__.pcap", "_.pcap", "_..pcap", "gw-home-2-2.pcap",
                                      std::string(190, 'x') + ".pcap"}));
}

}  // namespace
}  // namespace masqsim::trace
