#include "masqsim/trace/json.hpp"

#include <gtest/gtest.h>

#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

TEST(JsonTrace, SaysTheHeaderAndEveryFieldOfARecord) {
  OutputText out;
  JsonSink sink(out);
  const Header header = sample::header();
  sample::tell(sink, header);
  const std::vector<std::string> lines = lines_of(out.text());
  ASSERT_EQ(lines.size(), 16u);
  EXPECT_EQ(
      lines[0],
      R"({"masqsim":"trace","version":1,"scenario":"inbound-fails","title":"Outbound works; inbound \"fails\"",)"
      R"("variant":"","seed":1,"nodes":[{"name":"laptop","kind":"host"},{"name":"gw","kind":"gateway"},)"
      R"({"name":"web","kind":"host"}],"points":[)"
      R"({"name":"laptop/home","node":"laptop","network":"home","address":"192.168.1.10","prefix":24,"mtu":1500},)"
      R"({"name":"gw/home","node":"gw","network":"home","address":"192.168.1.1","prefix":24,"mtu":1500},)"
      R"({"name":"gw/internet","node":"gw","network":"internet","address":"203.0.113.5","prefix":24,"mtu":1500},)"
      R"({"name":"web/internet","node":"web","network":"internet","address":"198.51.100.10","prefix":24,)"
      R"("mtu":1500}],"flows":[{"id":"out","from":"laptop:40000","to":"web:80","verb":"tcp"},)"
      R"({"id":"public","from":"stranger:50001","to":"203.0.113.5:22","verb":"tcp"}]})");
  EXPECT_EQ(lines[1], R"({"ns":0,"kind":"send","node":"laptop","point":"laptop/home","flow":"out","packet":1,)"
                      R"("bytes":"45000028000040004006)"
                      R"(4ee0c0a8010ac633640a9c4000500000000000000000)"
                      R"(5002faf02c710000"})");
  EXPECT_EQ(lines[3],
            R"({"ns":1003527,"kind":"translate","node":"gw","flow":"out","packet":1,"mapping":1,"nat_flow":2,)"
            R"("made_mapping":true,"made_flow":true,)"
            R"("bytes":"45000028000040003f06d58ccb007105c633640a9c40005000000000000000005002faf0b21d0000",)"
            R"("before":"450000280000400040064ee0c0a8010ac633640a9c40005000000000000000005002faf02c710000"})");
  EXPECT_EQ(
      lines[9].substr(lines[9].find("\"text\"")),
      R"("text":"nothing owns 203.0.113.5:22/tcp","steps":[{"question":"addressed to gw?","yes":true,"detail":"",)"
      R"("key":""},{"question":"port forward?","yes":false,"detail":"nat.forward is empty","key":"nat.forward"}]})");
  EXPECT_EQ(lines[12],
            "{\"ns\":5000000000,\"kind\":\"action\",\"node\":\"gw\",\"text\":\"set gw nat.mapping: \xc3\xa4\\u000a\"}");
  EXPECT_EQ(lines[13], R"({"ns":121003527000,"kind":"change","node":"gw","text":"expired","row":{"number":1,"flow":2,)"
                       R"("protocol":"tcp","inside":"192.168.1.10:40000","outside":"203.0.113.5:40000",)"
                       R"("remote":"198.51.100.10:80","state":"syn-sent","left_ns":120000000000}})");
  EXPECT_EQ(lines[15], R"({"end_ns":122000000000})");
}

TEST(JsonString, EscapesWhatJsonCannotHold) {
  const auto json = [](std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
  };
  EXPECT_EQ(json("plain"), "\"plain\"");
  EXPECT_EQ(json("\"\\\n\x01\x7f"), R"("\"\\\u000a\u0001\u007f")");
  EXPECT_EQ(json("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  // Latin-1, a cut character, overlong forms, a surrogate, and beyond Unicode.
  EXPECT_EQ(json("\xe4"), R"("\ufffd")");
  EXPECT_EQ(json("\xe2\x82"), R"("\ufffd\ufffd")");
  EXPECT_EQ(json("\xc0\xaf"), R"("\ufffd\ufffd")");
  EXPECT_EQ(json("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
  EXPECT_EQ(json("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");
}

}  // namespace
}  // namespace masqsim::trace
