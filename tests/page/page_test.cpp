#include "sim/page/page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace masqsim::page {
namespace {

constexpr std::string_view places =
    "<title>@TITLE@</title>@PICTURES@<pre>@STORY@</pre>@TABLES@<ol>@ASKED@</ol>@FINGERPRINT@ a@b.c <script>@LAB@</script>";

std::string yaml_titled(const std::string& title) {
  return "masqsim: 1\nname: evil\ntitle: '" + title + R"('
networks: {home: {kind: lan, subnet: 192.168.1.0/24}, internet: {kind: cloud}}
nodes:
  laptop: {interfaces: {home: 192.168.1.10/24}}
  gw: {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}
  web: {interfaces: {internet: 198.51.100.10}, services: [{udp: 53, reply: 9B}]}
actions: [{at: 0s, id: out, from: "laptop:5000", udp: "web:53"}]
expect: [{flow: out, result: replied}]
lab: [{ask: "<script>alert(1)</script>?", when: {flow: out}, answer: replied, hint: "<b>"}]
)";
}

TEST(Page, NamesTitlesAndQuestionsBecomeTextAndNeverMarkup) {
  const std::string page = page_of(places, {yaml_titled("<script>alert(1)</script><!-- @LAB@ & \" ]]>"),
                                            "",
                                            {{"<i>\"'", "<svg onload=\"alert(1)\">&#@STORY@</svg>"}}});
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<!--"), std::string::npos);
  EXPECT_EQ(page.find("<svg"), std::string::npos);
  EXPECT_EQ(page.find("<i>"), std::string::npos);
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(page.find("<title>&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- @LAB@ &amp; &quot; ]]&gt;</title>"),
            std::string::npos);
  EXPECT_NE(page.find(" a@b.c "), std::string::npos);
}

TEST(Page, HoldsTheFileTheQuestionsAndTheRecordedRunAndTheSameBytesEachTime) {
  const Lab lab{yaml_titled("A title"), "", {}};
  const std::string page = page_of(places, lab);
  EXPECT_EQ(page, page_of(places, lab));
  const std::size_t begin = page.find("<script>") + 8;
  const auto data = nlohmann::json::parse(page.substr(begin, page.rfind("</script>") - begin));
  EXPECT_EQ(data["recorded"]["ok"], true);
  EXPECT_EQ(data["recorded"]["flows"][0]["result"], "replied");
  EXPECT_EQ(data["questions"][""][0]["ask"], "<script>alert(1)</script>?");
  EXPECT_EQ(data["yaml"].get<std::string>().find("answer"), std::string::npos);
  EXPECT_NE(page.find("<td>192.168.1.10:5000</td>"), std::string::npos) << "the table for readers without JavaScript";
}

TEST(Page, ALabThatTheEngineRefusesBecomesNoPage) {
  EXPECT_THROW(page_of(places, {"masqsim: 1\nname: x\n", "", {}}), std::invalid_argument);
}

}  // namespace
}  // namespace masqsim::page
