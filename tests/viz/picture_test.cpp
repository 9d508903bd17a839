#include "tests/viz/expected.hpp"
#include "viz/dot.hpp"
#include "viz/render.hpp"

namespace masqsim::viz {
namespace {

using viz_test::shipped;

std::string path_of(const scenario::Scenario& scenario, const std::string& flow) {
  FlowPath path(flow);
  const scenario::Finished finished = viz_test::run_into(scenario, path);
  return path.told(scenario, finished);
}

TEST(Topology, HasInsideAndOutsideAndTheGatewayBetween) {
  viz_test::expect_file("03-inbound-fails.dot", topology(shipped("03-inbound-fails")));
}

TEST(Topology, DrawsRoutersInARowAndAGroupAsOneNode) {
  viz_test::expect_file("22-routed-office.dot", topology(shipped("22-routed-office")));
  viz_test::expect_file("23-thousand-hosts.dot", topology(shipped("23-thousand-hosts")));
}

TEST(FlowPath, NumbersTheHopsAndShowsBeforeAndAfter) {
  viz_test::expect_file("03-out.dot", path_of(shipped("03-inbound-fails"), "out"));
}

TEST(FlowPath, EndsADropInAnOctagonWithTheReason) {
  viz_test::expect_file("03-public.dot", path_of(shipped("03-inbound-fails"), "public"));
}

TEST(FlowPath, DrawsTheProbeThatGotFarthestAndWhoAnsweredTheOthers) {
  viz_test::expect_file("22-trace.dot", path_of(shipped("22-routed-office"), "trace"));
}

TEST(FlowPath, DrawsAWayInCirclesOnce) {
  viz_test::expect_file("22-loop.dot", path_of(shipped("22-routed-office", "loop"), "inside"));
}

TEST(Dot, QuotesWhateverANameHolds) {
  EXPECT_EQ(dot_quoted("\"]; x [URL=\"javascript:alert(1)"), "\"\\\"]; x [URL=\\\"javascript:alert(1)\"");
  EXPECT_EQ(dot_quoted("\\N"), "\"\\\\N\"");
  EXPECT_EQ(dot_quoted("a\nb\x01"), "\"a\\\\x0ab\\\\x01\"");
  EXPECT_EQ(dot_html("<script>&\"\\N"), "&lt;script&gt;&amp;&quot;&#92;N");
}

TEST(Render, AHostileTitleStaysText) {
  scenario::Scenario scenario = shipped("03-inbound-fails");
  scenario.title = "\"]; evil [URL=\"javascript:alert(1)\", label=\"<b>\\N\\G";
  const std::string svg = render(topology(scenario), Picture::svg);
  EXPECT_EQ(svg.find("<a "), std::string::npos);
  EXPECT_NE(svg.find("javascript:alert(1)&quot;"), std::string::npos);  // as text
  EXPECT_NE(svg.find("\\N\\G"), std::string::npos);
}

TEST(Render, EveryFormatIsWhatItSaysAndTheSameTwice) {
  const std::string dot = topology(shipped("03-inbound-fails"));
  const auto begins = [&](Picture picture, std::string_view magic) {
    const std::string once = render(dot, picture);
    EXPECT_EQ(once.substr(0, magic.size()), magic);
    if (picture == Picture::pdf) return;  // cairo numbers its fonts on
    EXPECT_TRUE(once == render(dot, picture)) << magic;
  };
  begins(Picture::dot, "graph \"inbound-fails\"");
  begins(Picture::svg, "<?xml");
  begins(Picture::png, "\x89PNG");
  begins(Picture::pdf, "%PDF");
}

TEST(Render, SaysWhatGraphvizSaysOfABrokenText) {
  try {
    render("graph {", Picture::svg);
    FAIL() << "it was drawn";
  } catch (const RenderError& error) {
    EXPECT_NE(std::string(error.what()).find("syntax error"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace masqsim::viz
