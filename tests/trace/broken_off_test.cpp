// A run that a limit or a signal ended: every way of writing a trace says so, and what reads it back knows.
#include <gtest/gtest.h>

#include "masqsim/trace/diff.hpp"
#include "masqsim/trace/json.hpp"
#include "masqsim/trace/pcapng.hpp"
#include "masqsim/trace/read.hpp"
#include "masqsim/trace/text.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

const std::string why = "10 events are all that \"events=10\" allows";

template <typename Written>
std::string written(std::string_view broken_off) {
  OutputText out;
  Written sink(out);
  const Header header = sample::header();
  sample::tell(sink, header, broken_off);
  return out.text();
}

TEST(BrokenOff, IsReadBackFromText) {
  const Lines lines = parse_lines(written<TextSink>(why), "t");
  EXPECT_EQ(lines.broken_off, why);
  EXPECT_EQ(lines.end, Time{122'000'000'000});
}

TEST(BrokenOff, IsReadBackFromJsonLines) {
  const std::string text = written<JsonSink>(why);
  EXPECT_TRUE(text.ends_with(R"({"end_ns":122000000000,"broken_off":"10 events are all that \"events=10\" allows"}
)")) << text;
  EXPECT_EQ(parse_recording(text, "t").broken_off, why);
  EXPECT_EQ(parse_lines(text, "t").broken_off, why);
}

TEST(BrokenOff, TheLastPacketOfACaptureSaysSo) {
  const Header header = sample::header();
  OutputText out;
  PcapngSink sink(out);
  sink.begin(header);
  const sample::Bytes bytes = sample::syn(sample::laptop, 40000, sample::web, 80, 64);
  sink.record(sample::packet(0, Kind::send, 0, 0, 1, 1, bytes));
  sink.broken_off({0}, why);
  EXPECT_NE(out.text().find("masqsim: the run was broken off after this packet: " + why), std::string::npos);
}

TEST(BrokenOff, DiffTellsThatOneSideDidNotRunToItsEnd) {
  const Lines whole = parse_lines(written<TextSink>({}), "a"), cut = parse_lines(written<TextSink>(why), "b");
  const Diff difference = diff(whole, cut);
  EXPECT_EQ(difference.header, (std::vector<std::string>{"broken off: ran to its end => " + why}));
  EXPECT_FALSE(difference.identical());
}

}  // namespace
}  // namespace masqsim::trace
