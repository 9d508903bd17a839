#include "masqsim/trace/read.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "masqsim/base/random.hpp"
#include "masqsim/trace/json.hpp"
#include "masqsim/trace/text.hpp"
#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

template <typename TheSink>
std::string written() {
  OutputText out;
  TheSink sink(out);
  const Header header = sample::header();
  sample::tell(sink, header);
  return out.text();
}

Lines told() {
  LinesSink sink;
  const Header header = sample::header();
  sample::tell(sink, header);
  return sink.take();
}

std::string error_of(const std::string& text) {
  try {
    parse_lines(text, "a.trace");
  } catch (const ReadError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadTrace, GivesBackTheTextTrace) {
  const Lines lines = parse_lines(written<TextSink>(), "a.trace");
  const Lines expected = told();
  ASSERT_EQ(lines.lines.size(), expected.lines.size());
  for (std::size_t i = 0; i < lines.lines.size(); ++i) {
    EXPECT_EQ(lines.lines[i].story, expected.lines[i].story);
    EXPECT_TRUE(lines.lines[i] == expected.lines[i]) << i;
  }
  EXPECT_TRUE(lines == expected);
}

TEST(ReadTrace, GivesTheSameLinesFromJson) { EXPECT_TRUE(parse_lines(written<JsonSink>(), "a.json") == told()); }

TEST(ReadTrace, LosesNothingThroughJson) {
  const std::string text = written<JsonSink>();
  const Recording recording = parse_recording(text, "a.json");
  OutputText again;
  JsonSink sink(again);
  recording.replay(sink);
  EXPECT_EQ(again.text(), text);
}

TEST(ReadTrace, TakesTheLargestNumbersThatItsFieldsHold) {
  Header header = sample::header();
  header.points[0].prefix_length = 32;
  header.points[0].mtu = UINT32_MAX;
  OutputText out;
  JsonSink sink(out);
  sink.begin(header);
  const Header read = parse_recording(out.text(), "a.json").header;
  EXPECT_EQ(read.points[0].prefix_length, 32);
  EXPECT_EQ(read.points[0].mtu, UINT32_MAX);
  std::string text = out.text();
  text.replace(text.find("\"prefix\":32"), 11, "\"prefix\":33");
  EXPECT_EQ(error_of(text), "a.trace:1: 'prefix' must be a whole number from 0 to 32");
}

TEST(ReadTrace, KeepsNamesThatNeedEscapes) {
  Header header = sample::header();
  header.nodes[0].name = "a b\\x41";
  header.flows[0].id = "-";
  header.scenario = "caf\xc3\xa9 \\";
  OutputText out;
  TextSink text(out);
  text.begin(header);
  text.record(sample::packet(5, Kind::event, 0, nowhere, 1, 0, {}));
  const Lines lines = parse_lines(out.text(), "a.trace");
  EXPECT_EQ(lines.scenario, header.scenario);
  EXPECT_EQ(lines.lines.at(0).place, header.nodes[0].name);
  EXPECT_FALSE(lines.end.has_value());
}

TEST(ReadTrace, SaysWhatIsWrongWithTextAndWhere) {
  const std::string head = "# masqsim trace 1\n# seed: 1\n";
  EXPECT_EQ(error_of(""), "a.trace: the file is empty (a trace begins with '# masqsim trace 1')");
  EXPECT_EQ(error_of("hello\n"),
            "a.trace:1: not a masqsim trace (it would begin with '# masqsim trace 1' or a JSON header), got 'hello'");
  EXPECT_EQ(error_of("\x7f"
                     "ELF\x01\n"),
            "a.trace:1: not a masqsim trace (it would begin with '# masqsim trace 1' or a JSON header), got "
            "'\\x7fELF\\x01'");
  EXPECT_EQ(error_of(head + "0.1 gw drop p1 out x\n"),
            "a.trace:3: a time has nine decimals, such as 4.020000000, got '0.1'");
  EXPECT_EQ(error_of(head + "0.000000001 gw drip p1 out x\n"),
            "a.trace:3: unknown kind 'drip' (a kind is one of send, receive, translate, deliver, drop, event, result, "
            "change, table, action)");
  EXPECT_EQ(error_of(head + "0.000000001 gw drop q1 out x\n"), "a.trace:3: a packet is '-', 'p3' or 'p3<p2', got 'q1'");
  EXPECT_EQ(error_of(head + "0.000000001 gw drop p01 out x\n"),
            "a.trace:3: a packet's number is a whole number, got '01'");
  EXPECT_EQ(error_of(head + "0.000000001 gw drop p1\n"),
            "a.trace:3: a line has time, place, kind, packet and flow, got '0.000000001 gw drop p1'");
  EXPECT_EQ(error_of("# masqsim trace 1\n# seed: x\n"), "a.trace:2: the seed is a whole number, got 'x'");
  EXPECT_EQ(error_of(head + "0.000000001 gw drop p1 out"), "a.trace:3: the last line is cut (it has no end of line)");
  EXPECT_EQ(error_of(head + "# end: 1.000000000\n0.000000001 gw drop p1 out x\n"),
            "a.trace:4: a record after the end of the trace");
  EXPECT_EQ(error_of(head + std::string(limits::line_bytes + 2, 'x') + "\n"),
            "a.trace:3: the line is too long (at most 1048576 bytes)");
}

TEST(ReadTrace, SaysWhatIsWrongWithJsonAndWhere) {
  const std::string json = written<JsonSink>();
  const std::string head = json.substr(0, json.find('\n') + 1);
  EXPECT_EQ(error_of("{}\n"),
            "a.trace:1: not a masqsim trace (the first line would be {\"masqsim\":\"trace\",\"version\":1,...})");
  EXPECT_EQ(error_of("{\"masqsim\":\"trace\",\"version\":2}\n"),
            "a.trace:1: unknown version of the trace (this program reads version 1)");
  EXPECT_EQ(error_of(head + "{\"ns\":1,}\n"), "a.trace:2: not JSON: something is wrong at column 9");
  EXPECT_EQ(error_of(head + "[]\n"), "a.trace:2: expected a JSON object");
  EXPECT_EQ(error_of(head + "{\"ns\":1}\n"), "a.trace:2: 'kind' is missing");
  EXPECT_EQ(error_of(head + "{\"ns\":1.5,\"kind\":\"send\"}\n"),
            "a.trace:2: 'ns' must be a whole number of nanoseconds");
  EXPECT_EQ(error_of(head + "{\"ns\":1e999,\"kind\":\"send\"}\n"), "a.trace:2: not JSON: a number is out of range");
  EXPECT_EQ(error_of(head + "{\"ns\":1,\"kind\":\"send\",\"node\":\"gv\"}\n"),
            "a.trace:2: unknown node 'gv' (the header names none such)");
  EXPECT_EQ(error_of(head + "{\"ns\":1,\"kind\":\"send\",\"packet\":-1}\n"),
            "a.trace:2: 'packet' must be a whole number from 0 to 18446744073709551615");
  EXPECT_EQ(error_of(head + "{\"ns\":1,\"kind\":\"send\",\"bytes\":\"45g0\"}\n"),
            "a.trace:2: 'bytes' must be lower-case hex, two digits a byte");
  EXPECT_EQ(error_of(head + "{\"ns\":1,\"kind\":\"drop\",\"reason\":\"because\"}\n"),
            "a.trace:2: unknown reason 'because'");
  EXPECT_EQ(error_of(head + std::string(100'000, '[') + "\n"), "a.trace:2: the JSON is nested too deep");
  EXPECT_EQ(error_of(head + "{\"end_ns\":1}\n{\"ns\":1,\"kind\":\"send\"}\n"),
            "a.trace:3: a line after the end of the trace");
}

TEST(ReadTrace, DrawsRecordsFromJsonOnly) {
  try {
    parse_recording(written<TextSink>(), "a.trace");
    FAIL() << "the text trace was taken";
  } catch (const ReadError& error) {
    EXPECT_STREQ(error.what(), "a.trace:1: not a trace in JSON lines (write one with --json), got '# masqsim trace 1'");
  }
}

TEST(ReadTrace, SaysWhichFileItCannotRead) {
  const auto error = [](const std::string& path) -> std::string {
    try {
      read_lines(path);
    } catch (const ReadError& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error("/nowhere/a.trace"), "/nowhere/a.trace: cannot open: No such file or directory");
  EXPECT_EQ(error("/dev/zero"), "/dev/zero: is not a regular file");
  EXPECT_EQ(error("/"), "/: is a directory");
}

TEST(ReadTrace, WaitsForNoWriterOfAFifo) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "masqsim-read-test.fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::string error = "no error";
  try {
    read_lines(path);
  } catch (const ReadError& e) {
    error = e.what();
  }
  EXPECT_EQ(error, path.string() + ": is not a regular file");
  std::filesystem::remove(path);
}

TEST(ReadTrace, ReadsAFile) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "masqsim-read-test.trace";
  std::ofstream(path) << written<TextSink>();
  EXPECT_TRUE(read_lines(path) == told());
  std::filesystem::remove(path);
}

// Damaged files: cut anywhere, bytes flipped, lines swapped about. Each gives a trace or a ReadError that names its
// line.
void damage(const std::string& whole, const std::function<void(const std::string&)>& read) {
  Random random(7, "read");
  for (std::size_t cut = 0; cut < whole.size(); cut += 1 + random.below(40)) read(whole.substr(0, cut));
  for (int round = 0; round < 500; ++round) {
    std::string text = whole;
    for (std::uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
      const std::uint64_t at = random.below(text.size());
      text[at] = static_cast<char>(random.below(256));
    }
    read(text);
  }
}

TEST(ReadTrace, SurvivesDamage) {
  int good = 0, bad = 0;
  const auto read = [&](const std::string& text) {
    try {
      const Lines lines = parse_lines(text, "a.trace");
      ++good;
    } catch (const ReadError& error) {
      EXPECT_EQ(std::string(error.what()).substr(0, 8), "a.trace:");
      ++bad;
    }
  };
  damage(written<TextSink>(), read);
  damage(written<JsonSink>(), read);
  EXPECT_GT(good, 0);
  EXPECT_GT(bad, 0);
}

}  // namespace
}  // namespace masqsim::trace
