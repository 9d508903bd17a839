#include "masqsim/nat/sides.hpp"

#include <gtest/gtest.h>

namespace masqsim::nat {
namespace {

constexpr InterfaceId home = 0, dmz = 1, internet = 2;

SourceRule masquerade_out(InterfaceId out) {
  SourceRule rule;
  rule.out = out;
  return rule;
}

/// The interfaces that are outside, "?" before all where nothing tells them apart.
std::string outside_of(const Config& config) {
  const Sides sides(config);
  std::string text = sides.are_known() ? "" : "? ";
  if (sides.is_outside(home)) text += "home ";
  if (sides.is_outside(dmz)) text += "dmz ";
  if (sides.is_outside(internet)) text += "internet ";
  return text;
}

TEST(Sides, OutsideIsWhatSourceRulesTranslateTowards) {
  Config config;
  config.source = {masquerade_out(internet)};
  EXPECT_EQ(outside_of(config), "internet ");
  config.source.push_back(masquerade_out(dmz));
  EXPECT_EQ(outside_of(config), "dmz internet ");
}

TEST(Sides, AnExemptionAndTheBackRuleOfTwiceNatChangeNothing) {
  Config config;
  config.source = {masquerade_out(dmz), masquerade_out(home), masquerade_out(internet)};
  config.source[0].action = SourceRule::Action::exempt;
  config.source[1].only_port_forwarded = true;
  EXPECT_EQ(outside_of(config), "internet ");
}

TEST(Sides, WhereNoRuleNamesAnOutsideTheConfigurationDoes) {
  Config config;
  config.outside = {internet};
  EXPECT_EQ(outside_of(config), "internet ");
  config.source = {masquerade_out(dmz)};
  EXPECT_EQ(outside_of(config), "dmz ");
  config.source = {masquerade_out(any_interface)};
  EXPECT_EQ(outside_of(config), "internet ");
}

TEST(Sides, WhereNothingTellsThemApartEveryInterfaceCountsAsOutside) {
  Config config;
  EXPECT_EQ(outside_of(config), "? home dmz internet ");
  config.source = {masquerade_out(internet)};
  config.source[0].action = SourceRule::Action::exempt;
  EXPECT_EQ(outside_of(config), "? home dmz internet ");
}

}  // namespace
}  // namespace masqsim::nat
