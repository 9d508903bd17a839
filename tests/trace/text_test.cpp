#include "masqsim/trace/text.hpp"

#include <gtest/gtest.h>

#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

TEST(TextTrace, SaysEveryKindOfRecordInOneLine) {
  OutputText out;
  TextSink sink(out);
  const Header header = sample::header();
  sample::tell(sink, header);
  EXPECT_EQ(out.text(), R"(# masqsim trace 1
# scenario: inbound-fails
# seed: 1
0.000000000   laptop/home        send      p1      out      192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64
0.001003527   gw/home            receive   p1      out      192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=64
0.001003527   gw                 translate p1      out      SYN > 198.51.100.10:80 src 192.168.1.10:40000 => 203.0.113.5:40000, ttl 64 => 63, ip sum 4ee0 => d58c, tcp sum 2c71 => b21d | new mapping #1, new flow #2
0.001003527   gw/internet        send      p1      out      203.0.113.5:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=63
0.021003527   web/internet       receive   p1      out      203.0.113.5:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=63
0.021003527   web                deliver   p1      out      203.0.113.5:40000 > 198.51.100.10:80 tcp SYN seq=0 win=64240 len=0 ttl=63 | to tcp:80
0.042000000   laptop             event     -       out      retransmits SYN
4.020000000   gw/internet        receive   p2      public   198.51.100.66:50001 > 203.0.113.5:22 tcp SYN seq=0 win=64240 len=0 ttl=62
4.020000000   gw/internet        drop      p2      public   198.51.100.66:50001 > 203.0.113.5:22 tcp SYN seq=0 win=64240 len=0 ttl=62 | no-mapping: nothing owns 203.0.113.5:22/tcp
4.020000000   gw/internet        send      p3<p2   public   203.0.113.5:22 > 198.51.100.66:50001 tcp RST+A seq=0 ack=1 win=0 len=0 ttl=64
4.040000000   laptop             result    -       public   refused
5.000000000   gw                 action    -       -        set gw nat.mapping: \xc3\xa4\x0a
121.003527000 gw                 change    -       -        expired mapping #1 flow #2 tcp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 syn-sent left 2m
121.003527000 gw                 table     -       -        mapping #1 flow #2 tcp 192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 syn-sent left 2m
# end: 122.000000000
)");
}

TEST(TextTrace, SaysWhyARunWasBrokenOff) {
  OutputText out;
  TextSink sink(out);
  const Header header = sample::header();
  sample::tell(sink, header, "10 events are all that\nevents=10 allows");
  const std::string tail = "# broken off: 10 events are all that\\x0aevents=10 allows\n# end: 122.000000000\n";
  EXPECT_TRUE(out.text().ends_with(tail)) << out.text();
  EXPECT_EQ(sink.size(), out.text().size());
}

TEST(TextTrace, NamesTheVariantOfARunThatHasOne) {
  OutputText out;
  TextSink sink(out);
  Header header = sample::header();
  header.variant = "forwarded";
  sink.begin(header);
  EXPECT_EQ(out.text(),
            "# masqsim trace 1\n"
            "# scenario: inbound-fails\n"
            "# variant: forwarded\n"
            "# seed: 1\n");
}

TEST(TextTrace, SaysWhyThePacketPassedUnchanged) {
  const Header header = sample::header();
  const sample::Bytes bytes = sample::syn(sample::laptop, 40000, sample::web, 80, 63);
  Record r = sample::packet(5, Kind::translate, 1, nowhere, 1, 4, bytes);
  r.before = bytes;
  r.reason = Reason::invalid;
  EXPECT_EQ(line_of(header, r),
            "0.000000005   gw                 translate p4      out      SYN > 198.51.100.10:80 unchanged | invalid");
}

TEST(TextTrace, KeepsNamesInOneColumn) {
  Header header = sample::header();
  header.nodes[0].name = "-";
  header.flows[0].id = "a b\\";
  Record r = sample::packet(5, Kind::event, 0, nowhere, 1, 0, {});
  r.text = "tab\there";
  EXPECT_EQ(line_of(header, r), "0.000000005   \\x2d               event     -       a\\x20b\\x5c tab\\x09here");
}

TEST(TextTrace, SurvivesPlacesThatTheHeaderDoesNotKnow) {
  Record r = sample::packet(5, Kind::event, 7, 9, 12, 0, {});
  EXPECT_EQ(line_of(sample::header(), r), "0.000000005   ?                  event     -       ?");
}

}  // namespace
}  // namespace masqsim::trace
