#include "masqsim/trace/diff.hpp"

#include <gtest/gtest.h>

#include "tests/trace/sample.hpp"

namespace masqsim::trace {
namespace {

Line line(std::int64_t ns, Kind kind, const char* place, std::uint64_t packet, const char* flow, const char* story,
          std::uint64_t cause = 0) {
  return {{ns}, kind, place, packet, cause, flow, story};
}

constexpr const char* knock = "198.51.100.66:50001 > 203.0.113.5:22 tcp SYN seq=0 win=64240 len=0 ttl=62";

/// A run where `out` goes well with `shift` packets before it, as other flows' packets shift the numbers.
Lines base(std::uint64_t shift = 0) {
  Lines t{.scenario = "inbound-fails", .variant = "", .seed = 1, .lines = {}, .end = Time{11'000'000'000}};
  const std::string made = std::to_string(shift + 1);
  t.lines = {
      line(1'000, Kind::receive, "gw/home", shift + 1, "out", "192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0"),
      line(1'000, Kind::translate, "gw", shift + 1, "out",
           (std::string("SYN > 198.51.100.10:80 src 192.168.1.10:40000 => 203.0.113.5:40000, ttl 64 => 63, ip sum ") +
            (shift == 0 ? "4edb => d587" : "4eda => d586") + ", tcp sum 10cd => 9679 | new mapping #" + made +
            ", new flow #" + made)
               .c_str()),
      line(9'000, Kind::send, "web/internet", shift + 2, "out", "198.51.100.10:80 > 203.0.113.5:40000 tcp S+A seq=0",
           shift + 1),
      line(9'500, Kind::result, "laptop", 0, "out", "established"),
      line(2'010'000'000, Kind::drop, "internet", shift + 3, "private",
           "198.51.100.66:50000 > 192.168.1.10:22 tcp SYN seq=0 | no-route: private address"),
  };
  return t;
}

Lines refused() {
  Lines t = base();
  t.lines.push_back(line(4'020'000'000, Kind::receive, "gw/internet", 4, "public", knock));
  t.lines.push_back(line(4'020'000'000, Kind::drop, "gw", 4, "public",
                         (std::string(knock) + " | no-mapping: nothing owns 203.0.113.5:22/tcp").c_str()));
  t.lines.push_back(line(4'020'000'000, Kind::send, "gw/internet", 5, "public", "203.0.113.5:22 > x tcp RST+A", 4));
  t.lines.push_back(line(4'040'000'000, Kind::result, "stranger", 0, "public", "refused"));
  return t;
}

Lines forwarded() {
  Lines t = base();
  t.variant = "forwarded";
  t.lines.push_back(line(4'020'000'000, Kind::receive, "gw/internet", 4, "public", knock));
  t.lines.push_back(line(4'020'000'000, Kind::translate, "gw", 4, "public",
                         "SYN > 192.168.1.10:22 dst 203.0.113.5:22 => 192.168.1.10:22, ttl 62 => 61, ip sum 1 => 2, "
                         "tcp sum 679a => e1ed | new mapping #2, new flow #2"));
  t.lines.push_back(line(4'021'000'000, Kind::send, "laptop/home", 5, "public", "192.168.1.10:22 > x tcp S+A", 4));
  t.lines.push_back(line(4'022'000'000, Kind::send, "x/home", 6, "public", "x > 192.168.1.10:22 tcp ACK", 5));
  t.lines.push_back(line(4'023'000'000, Kind::send, "x/home", 7, "public", "x > 192.168.1.10:22 tcp FIN+A", 5));
  t.lines.push_back(line(4'040'000'000, Kind::result, "stranger", 0, "public", "established"));
  return t;
}

TEST(Diff, NamesTheFirstDifferingDecisionAndWhatFollowed) {
  const Diff d = diff(refused(), forwarded());
  EXPECT_FALSE(d.same());
  EXPECT_FALSE(d.identical());
  EXPECT_EQ(d.nodes_first, std::vector<std::string>{});
  EXPECT_EQ(d.nodes_second, std::vector<std::string>{"x"});
  EXPECT_EQ(to_text(d),
            "same: out, private (3 packets)\n"
            "public: first difference 4.020000 s, gw\n"
            "- SYN > 203.0.113.5:22    X no-mapping\n"
            "+ SYN > 192.168.1.10:22   dst rewritten, tcp sum 679a=>e1ed\n"
            "+ 2 packets; REFUSED => ESTABLISHED\n");
}

TEST(Diff, SaysThatEqualTracesAreTheSame) {
  const Diff d = diff(refused(), refused());
  EXPECT_TRUE(d.identical());
  EXPECT_EQ(to_text(d), "same: out, private, public (5 packets)\n");
}

// A packet of another flow shifts every number after it, and the sender's running IP id.
TEST(Diff, TakesShiftedNumbersForTheSameDecisions) {
  const Diff d = diff(base(), base(7));
  EXPECT_TRUE(d.same());
  EXPECT_FALSE(d.identical());
  EXPECT_EQ(to_text(d),
            "same: out, private (3 packets)\n"
            "same decisions; record 1 is the first that differs in anything\n"
            "- SYN > 198.51.100.10:80   received as packet 1\n"
            "+ SYN > 198.51.100.10:80   received as packet 8\n");
}

TEST(Diff, TellsWhatSetsApartWhatIsAlikeInShort) {
  const auto told = [](const auto& change) {
    Lines other = base();
    change(other.lines);
    const std::string text = to_text(diff(base(), other));
    return text.substr(text.find("\n- ") + 1);
  };
  EXPECT_EQ(told([](auto& lines) { lines[1].at.ns += 1; }),
            "- SYN > 198.51.100.10:80   src rewritten, tcp sum 10cd=>9679 at 0.000001 s\n"
            "+ SYN > 198.51.100.10:80   src rewritten, tcp sum 10cd=>9679 at 0.000001001 s\n");
  EXPECT_EQ(told([](auto& lines) { lines[0].story = "192.168.1.11:40000 > 198.51.100.10:80 tcp SYN seq=0"; }),
            "- SYN > 198.51.100.10:80   received from 192.168.1.10:40000\n"
            "+ SYN > 198.51.100.10:80   received from 192.168.1.11:40000\n");
  EXPECT_EQ(told([](auto& lines) { lines[0].story = "192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=7"; }),
            "- SYN > 198.51.100.10:80   received seq=0\n"
            "+ SYN > 198.51.100.10:80   received seq=7\n");
}

TEST(Diff, TellsThingsOfTwoKindsByWhenAndWhereTheyHappened) {
  Lines a = base(), b = base();
  a.lines.insert(a.lines.begin(),
                 line(0, Kind::send, "laptop/home", 9, "out", "192.168.1.10:40000 > 198.51.100.10:80 tcp SYN seq=0"));
  b.lines.insert(b.lines.begin(), line(0, Kind::event, "laptop", 0, "out", "retransmits SYN (2)"));
  EXPECT_NE(to_text(diff(a, b))
                .find("- 0.000000 s laptop: SYN > 198.51.100.10:80   sent\n"
                      "+ 0.000000 s laptop: laptop says              retransmits SYN (2)\n"),
            std::string::npos)
      << to_text(diff(a, b));
}

TEST(Diff, NamesFlowsThatOnlyOneSideHas) {
  EXPECT_EQ(to_text(diff(base(), refused())),
            "same: out, private (3 packets)\n"
            "public: only in the second (2 packets)\n");
  EXPECT_EQ(to_text(diff(refused(), base())),
            "same: out, private (3 packets)\n"
            "public: only in the first (2 packets)\n");
}

TEST(Diff, SaysWhereOneSideEnds) {
  Lines cut = base();
  cut.lines.erase(cut.lines.begin() + 2, cut.lines.end());
  EXPECT_EQ(to_text(diff(base(), cut)),
            "out: first difference 0.000009 s, web\n"
            "- S+A > 203.0.113.5:40000   sent\n"
            "+ nothing more\n"
            "- 1 packet; ESTABLISHED => no result\n"
            "private: only in the first (1 packet)\n");
}

TEST(Diff, SaysThatTheSeedsDiffer) {
  Lines other = base();
  other.seed = 2;
  EXPECT_EQ(to_text(diff(base(), other)), "seed: 1 => 2\nsame: out, private (3 packets)\n");
  EXPECT_FALSE(diff(base(), other).identical());
}

TEST(Diff, ComparesWhatBelongsToNoFlow) {
  Lines a = base(), b = base();
  a.lines.push_back(line(5, Kind::change, "gw", 0, "-", "expired mapping #1 flow #4 tcp a b c established left 0s"));
  b.lines.push_back(line(5, Kind::change, "gw", 0, "-", "expired mapping #3 flow #9 tcp a b c established left 0s"));
  EXPECT_TRUE(diff(a, b).same());
  b.lines.back().story = "removed mapping #3 flow #9 tcp a b c established left 0s";
  EXPECT_EQ(to_text(diff(a, b)),
            "same: out, private (3 packets)\n"
            "beside the flows: first difference 0.000000005 s, gw\n"
            "- tcp a as b   its entry is expired\n"
            "+ tcp a as b   its entry is removed\n");
}

TEST(Diff, LooksAtNoRowThatWasAskedFor) {
  Lines asked = base();
  asked.lines.push_back(line(9, Kind::table, "gw", 0, "-", "mapping #1 flow #1 tcp a b c established left 0s"));
  EXPECT_TRUE(diff(base(), asked).same());
}

// Entries and mappings are counted apart: another entry of the same mapping is the same decision, another mapping is
// not.
TEST(Diff, TellsTheNumberOfAnEntryFromThatOfAMapping) {
  const auto changes = [](const char* first, const char* second) {
    Lines lines = base();
    lines.lines.push_back(line(5, Kind::change, "gw", 0, "-", first));
    lines.lines.push_back(line(6, Kind::change, "gw", 0, "-", second));
    return lines;
  };
  const Lines shared = changes("expired mapping #1 flow #1 tcp a b c established left 0s",
                               "expired mapping #1 flow #2 tcp a b d established left 0s");
  const Lines renumbered = changes("expired mapping #7 flow #5 tcp a b c established left 0s",
                                   "expired mapping #7 flow #7 tcp a b d established left 0s");
  const Lines apart = changes("expired mapping #7 flow #5 tcp a b c established left 0s",
                              "expired mapping #8 flow #7 tcp a b d established left 0s");
  EXPECT_TRUE(diff(shared, renumbered).same());
  EXPECT_FALSE(diff(shared, apart).same());
}

TEST(Diff, TellsAnUntranslatedEntryByItsTwoEnds) {
  Lines more = base();
  more.lines.push_back(line(5, Kind::change, "gw", 0, "-", "removed mapping #0 flow #2 tcp a b c close left 2m"));
  Lines less = base();
  less.lines.push_back(line(4, Kind::event, "gw", 0, "-", "starts"));
  EXPECT_NE(to_text(diff(more, less)).find("tcp a with c   its entry is removed\n"), std::string::npos)
      << to_text(diff(more, less));
}

TEST(Diff, ShortensALongListOfSameFlows) {
  Lines t = base();
  t.lines.clear();
  for (int i = 0; i < 12; ++i) {
    t.lines.push_back(line(i, Kind::event, "laptop", 0, ("echo" + std::to_string(i)).c_str(), "starts"));
  }
  EXPECT_EQ(to_text(diff(t, t)),
            "same: echo0, echo1, echo2, echo3, echo4, echo5, echo6, echo7, echo8, echo9 and 2 more (0 packets)\n");
}

TEST(Diff, NamesMembersThatFollowOneAnotherOnce) {
  Lines few = base(), many = base();
  few.lines.clear();
  many.lines.clear();
  for (int i = 1; i <= 12; ++i) {
    const Line starts =
        line(i, Kind::send, "laptop", static_cast<std::uint64_t>(i), ("echo." + std::to_string(i)).c_str(), "starts");
    many.lines.push_back(starts);
    if (i <= 3) few.lines.push_back(starts);
  }
  many.lines.push_back(line(13, Kind::send, "laptop", 13, "other", "starts"));
  EXPECT_EQ(to_text(diff(few, many)),
            "same: echo.1 to echo.3 (3 packets)\n"
            "echo.4 to echo.12: only in the second (9 packets)\n"
            "other: only in the second (1 packet)\n");
}

}  // namespace
}  // namespace masqsim::trace
