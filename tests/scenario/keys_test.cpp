// Every key of the table does its work everywhere: a value that is not the default is read, printed, told by the story
// of a `set`, and known to the JSON Schema.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/lines.hpp"
#include "sim/nat/config_keys.hpp"
#include "sim/scenario/keys.hpp"
#include "sim/scenario/manual.hpp"
#include "sim/scenario/schema.hpp"
#include "sim/scenario/sections.hpp"
#include "sim/scenario/tree.hpp"

namespace masqsim::scenario {
namespace {

using Json = nlohmann::json;

Scenario loaded(const std::string& text) {
  Loaded result = load_text(text, {}, "test");
  EXPECT_TRUE(result.scenario) << text << print_diagnostics("test.yaml", result.diagnostics);
  return result.scenario.value_or(Scenario{});
}

/// A gateway that masquerades, and at 1 s `change` of its `nat`.
std::string changing(std::string_view change) {
  return fmt::format(R"(masqsim: 1
networks: {{home: {{}}, internet: {{kind: cloud}}}}
nodes:
  gw: {{kind: gateway, interfaces: {{home: 192.168.1.1/24, internet: 203.0.113.5}}, nat: {{masquerade: {{out: internet}}}}}}
actions:
  - {{at: 1s, set: {{node: gw, nat: {}}}}}
)",
                     change);
}

/// A value that the key may have and `now` is not.
nat::KeyValue another(const nat::ConfigKey& key, nat::KeyValue now) {
  switch (key.kind) {
    case nat::KeyKind::boolean:
    case nat::KeyKind::words: return 1 - *now;
    case nat::KeyKind::word: return key.words[0].value == *now ? key.words[1].value : key.words[0].value;
    case nat::KeyKind::duration:
    case nat::KeyKind::number: break;
  }
  return now ? *now + key.step : key.least;
}

std::string change_of(const nat::ConfigKey& key, const std::string& value) {
  const std::string pair = fmt::format("{{{}: {}}}", key.leaf(), value);
  return key.group().empty() ? pair : fmt::format("{{{}: {}}}", key.group(), pair);
}

std::vector<std::string> story_of(const Scenario& scenario) {
  trace::LinesSink lines;
  run(scenario, {.sinks = {&lines}});
  std::vector<std::string> told;
  for (const trace::Line& line : lines.lines().lines) {
    if (line.kind == trace::Kind::action) told.push_back(line.story);
  }
  return told;
}

TEST(NatKeys, AreEachReadToldAndPrintedWhenASetChangesThem) {
  for (const nat::ConfigKey& key : nat::config_keys()) {
    SCOPED_TRACE(key.name);
    const nat::KeyValue value = another(key, key.get({}));
    const std::string text = to_string(key, value);
    const Scenario scenario = loaded(changing(change_of(key, text)));
    ASSERT_EQ(scenario.actions.size(), 1u);
    EXPECT_EQ(key.get(std::get<SetNat>(*scenario.actions[0].set).nat.config), value);
    EXPECT_EQ(story_of(scenario), std::vector{fmt::format("gw: nat changes: {} {}", key.name, text)});
    const std::string shown = resolved(scenario);
    EXPECT_NE(shown.find(fmt::format(" {}: {}\n", key.leaf(), text), shown.find("actions:")), shown.npos) << shown;
    EXPECT_EQ(loaded(shown).actions, scenario.actions);
  }
}

TEST(NatKeys, AreEachReadAndPrintedWhereTheGatewayHasThem) {
  for (const nat::ConfigKey& key : nat::config_keys()) {
    SCOPED_TRACE(key.name);
    const nat::KeyValue value = another(key, key.get({}));
    std::string file = changing("{}");
    const std::string change = change_of(key, to_string(key, value));
    file.insert(file.find("masquerade:"), change.substr(1, change.size() - 2) + ", ");
    const Scenario scenario = loaded(file);
    ASSERT_EQ(scenario.nodes.size(), 1u);
    EXPECT_EQ(key.get(scenario.nodes[0].nat->config), value);
    EXPECT_EQ(loaded(resolved(scenario)).nodes, scenario.nodes);
  }
}

TEST(SetKeys, ThatChangeANetworkAreEachToldAndPrinted) {
  const std::vector<std::pair<std::string, std::string>> changes{
      {"delay", "3ms"}, {"jitter", "1ms"},     {"rate", "10Mbps"}, {"rate", "unlimited"},
      {"loss", "2%"},   {"duplicate", "0.5%"}, {"reorder", "100%"}};
  std::set<std::string> seen;
  for (const auto& [key, value] : changes) {
    const Scenario scenario = loaded(
        fmt::format("masqsim: 1\nnetworks: {{home: {{}}}}\nnodes: {{pc: {{interfaces: {{home: 192.168.1.2/24}}}}}}\n"
                    "actions: [{{at: 1s, set: {{network: home, {}: {}}}}}]\n",
                    key, value));
    EXPECT_EQ(story_of(scenario), std::vector{fmt::format("home: {} {}", key, value)});
    EXPECT_EQ(loaded(resolved(scenario)).actions, scenario.actions);
    seen.insert(key);
  }
  for (const Row<SetChannel>& row : set_keys().rows) {
    EXPECT_EQ(row.read != nullptr, seen.contains(std::string(row.key.name))) << row.key.name;
  }
}

TEST(NatKeys, OfOneGroupFollowEachOther) {
  std::vector<std::string_view> groups;
  for (const nat::ConfigKey& key : nat::config_keys()) {
    if (groups.empty() || groups.back() != key.group()) groups.push_back(key.group());
  }
  EXPECT_EQ(groups, (std::vector<std::string_view>{"", "timeouts", "limits", "firewall", ""}));
}

/// The text of `path` in the tree of the project.
std::string file_text(const std::string& path) {
  std::ifstream in(MASQSIM_SOURCE_DIR "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Keys, MakeTheSchemaThatIsShipped) {
  EXPECT_TRUE(json_schema() == file_text("scenarios/masqsim.schema.json"))
      << "masqsim schema > scenarios/masqsim.schema.json";
}

TEST(Keys, MakeTheManualThatIsShipped) {
  EXPECT_TRUE(manual() == file_text("scenarios/format.md")) << "masqsim help --markdown > scenarios/format.md";
}

TEST(Keys, OfNatAreInSchemaAndManualWithDefaultAndSentence) {
  const Json schema = Json::parse(json_schema());
  for (const nat::ConfigKey& key : nat::config_keys()) {
    SCOPED_TRACE(key.name);
    const std::string section(key.group().empty() ? "nat" : key.group());
    const std::string told = schema["$defs"][section]["properties"][std::string(key.leaf())]["description"];
    const std::string standard = fmt::format("Default: {}.", to_string(key, key.get({})));
    EXPECT_TRUE(told.starts_with(key.sentence)) << told;
    EXPECT_NE(told.find(standard), told.npos) << told;
    EXPECT_NE(manual().find(fmt::format("\n| `{}` | ", key.leaf())), std::string::npos);
    EXPECT_TRUE(key_help(fmt::format("nodes.gw.nat.{}", key.name))) << "masqsim help";
  }
}

using Place = std::pair<std::string_view, std::string_view>;  // of a section and a key

/// Which keys `value` uses, where `type` may stand.
void collect(const Value& value, const Type& type, std::set<Place>& used) {
  switch (type.kind) {
    case Type::Kind::either:
      for (const Type& one : type.of) collect(value, one, used);
      return;
    case Type::Kind::list:
      for (const Value& item : value.items) {
        if (value.is_list()) collect(item, type.of[0], used);
      }
      return;
    case Type::Kind::named:
      for (const Value& item : value.items) {
        if (value.is_map()) collect(item, type.of[0], used);
      }
      return;
    case Type::Kind::section: break;
    default: return;
  }
  const Section& section = type.section();
  const auto known = [&](const Key& key) { return key.text.starts_with("x-") || section.find(key.text); };
  if (!value.is_map() || !std::ranges::all_of(value.keys, known)) return;
  for (std::size_t n = 0; n < value.keys.size(); ++n) {
    const KeyRow* row = section.find(value.keys[n].text);
    if (!row) continue;
    used.insert({section.name, row->name});
    collect(value.items[n], row->type, used);
  }
}

void all_keys(const Section& section, std::set<Place>& all) {
  const auto follow = [&](const auto& self, const Type& type) -> void {
    for (const Type& one : type.of) self(self, one);
    if (type.kind == Type::Kind::section && !all.contains({type.section().name, type.section().rows[0].name})) {
      all_keys(type.section(), all);
    }
  };
  for (const KeyRow& row : section.rows) all.insert({section.name, row.name});
  for (const KeyRow& row : section.rows) follow(follow, row.type);
}

TEST(Keys, StandEachInTheFileOfEverything) {
  const Source source(file_text("tests/scenario/files/good/everything.yaml"));
  Report report(source);
  const auto tree = read_yaml(source, report);
  ASSERT_TRUE(tree);
  std::set<Place> used, all;
  collect(*tree, type::section(file_section), used);
  all_keys(file_section(), all);
  std::vector<std::string> missing;
  for (const auto& [section, key] : all) {
    if (!used.contains({section, key})) missing.push_back(fmt::format("{}.{}", section, key));
  }
  EXPECT_EQ(missing, std::vector<std::string>{});
}

// --- help ------------------------------------------------------------------------------------------------------------

TEST(Help, TellsOfAKeyByItsPathTheEndOfItOrItsName) {
  const std::string udp =
      "nodes.NAME.nat.timeouts.udp: a time with its unit, such as 5ms, 1.5s or 2h4m, above zero\n"
      "  Idle time of a UDP flow that has no answer or is younger than 2 s.\n"
      "  Default: 30s\n"
      "  Linux: sysctl net.netfilter.nf_conntrack_udp_timeout\n";
  EXPECT_EQ(key_help("nodes.gw.nat.timeouts.udp"), udp);
  EXPECT_EQ(key_help("timeouts.udp"), udp);
  EXPECT_EQ(key_help("hairpin"),
            "nodes.NAME.nat.hairpin: none, dnat-only or full\n"
            "  What inside hosts get that call an outside endpoint of the gateway (RFC 4787 section 6).\n"
            "    none: the gateway itself answers; forwards are for outside callers\n"
            "    dnat-only: forwards translate the destination; the server sees the inside caller\n"
            "    full: source and destination are translated (RFC 4787 REQ-9a)\n"
            "  Default: none\n");
  EXPECT_EQ(key_help("actions.out.hops"),
            "actions.hops: a whole number from 1 to 255\n"
            "  The largest time to live that is tried.\n"
            "  Default: 30\n"
            "  Goes with: traceroute\n");
  EXPECT_EQ(
      key_help("unique-ids"),
      "nodes.NAME.nat.unique-ids: true or false\n"
      "  Translated datagrams without DF leave with IP ids of the gateway's own (RFC 7857 section 10, RFC 6864).\n"
      "  Default: false\n"
      "  Linux cannot: Linux copies IP ids\n");
}

TEST(Help, NamesTheKeysOfASection) {
  const std::optional<std::string> told = key_help("nat.limits");
  ASSERT_TRUE(told);
  EXPECT_NE(told->find("  Keys of nodes.NAME.nat.limits: table, early-drop, per-host, excess, exhausted, resting\n"),
            told->npos)
      << *told;
}

TEST(Help, KnowsNoOtherKeysAndSaysWhichWasMeant) {
  EXPECT_EQ(key_help("timeouts.upd"), std::nullopt);
  EXPECT_EQ(key_help("networks.gw.nat.hairpin"), std::nullopt);
  EXPECT_EQ(key_help(""), std::nullopt);
  EXPECT_EQ(key_hint("hairpn"), "did you mean 'nodes.NAME.nat.hairpin'?");
  EXPECT_EQ(key_hint("zzzzzz"), "masqsim help lists the sections and their keys");
}

}  // namespace
}  // namespace masqsim::scenario
