#include "sim/page/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "masqsim/base/output.hpp"
#include "masqsim/scenario/load.hpp"
#include "masqsim/scenario/run.hpp"
#include "masqsim/trace/fingerprint.hpp"
#include "masqsim/trace/recording.hpp"
#include "sim/page/capped.hpp"
#include "sim/page/lab_file.hpp"

namespace masqsim::page {
namespace {

using Json = nlohmann::ordered_json;

std::string file_named(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(MASQSIM_SOURCE_DIR "/scenarios/") + name).rdbuf();
  return text.str();
}

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(MASQSIM_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Json asked(Engine& engine, const Json& request) { return Json::parse(engine.ask(request.dump())); }

Json run(Engine& engine, const std::string& yaml, const std::string& variant = {},
         const Json& questions = Json::array()) {
  return asked(engine, {{"do", "run"}, {"yaml", yaml}, {"variant", variant}, {"questions", questions}});
}

std::string with_forward() {
  std::string yaml = take_apart(file_named("03-inbound-fails.yaml")).yaml;
  return yaml.replace(yaml.find("forward: []"), 11, "forward: [{tcp: 22, to: \"laptop:22\"}]");
}

TEST(PageEngine, RunsEveryScenarioAndVariantAsTheProgramDoesAndWithoutItsQuestions) {
  for (const std::string& name : scenarios()) {
    const std::string text = file_named(name);
    const LabFile file = take_apart(text);
    const scenario::Loaded base = scenario::load_text(text);
    ASSERT_TRUE(base.scenario) << name;
    std::vector<std::string> variants{""};
    for (const scenario::VariantInfo& v : base.scenario->variants) variants.push_back(v.name);
    for (const std::string& variant : variants) {
      const scenario::Loaded loaded = scenario::load_text(text, {.variant = variant, .sets = {}, .seed = {}});
      trace::FingerprintSink fingerprint;
      const scenario::Finished finished = scenario::run(*loaded.scenario, {.sinks = {&fingerprint}});
      Engine engine;
      const Json answer = run(engine, file.yaml, variant);
      ASSERT_EQ(answer["ok"], true) << name << variant << answer.dump();
      EXPECT_EQ(answer["fingerprint"], fingerprint.hex()) << name << '@' << variant;
      EXPECT_EQ(answer["flows"].size(), finished.flows.size());
      EXPECT_LE(answer["trace"].size(), 2 * most_records);
    }
  }
}

TEST(PageEngine, EveryAnswerOfALabIsRightInItsRunAndNoneIsInThePagesText) {
  for (const std::string& name : scenarios()) {
    const std::string text = file_named(name);
    const LabFile file = take_apart(text);
    const Json questions = Json::parse(file.questions);
    EXPECT_EQ(file.yaml.find("answer:"), std::string::npos) << name;
    EXPECT_EQ(file.questions.find("\"answer\":"), std::string::npos) << name;
    for (const auto& [variant, list] : questions.items()) {
      const scenario::Loaded loaded = scenario::load_text(text, {.variant = variant, .sets = {}, .seed = {}});
      Engine engine;
      const Json answer = run(engine, file.yaml, variant, list);
      ASSERT_EQ(answer["questions"].size(), loaded.scenario->lab.size()) << name << '@' << variant;
      EXPECT_EQ(answer["story"].get<std::string>().find("lab answer"), std::string::npos) << name << '@' << variant;
      for (std::size_t n = 0; n < list.size(); ++n) {
        const std::string& right = loaded.scenario->lab[n].answer;
        EXPECT_EQ(answer["questions"][n]["asked"], true) << name << " question " << n;
        EXPECT_EQ(asked(engine, {{"do", "answer"}, {"question", n}, {"text", right}})["right"], true)
            << name << ' ' << right;
        EXPECT_EQ(asked(engine, {{"do", "answer"}, {"question", n}, {"text", right + "x"}})["right"], false);
      }
    }
  }
}

TEST(PageEngine, AQuestionAsksAboutTheRunThatIsShown) {
  const Json questions = Json::parse(take_apart(file_named("03-inbound-fails.yaml")).questions)[""];
  Engine engine;
  run(engine, with_forward(), "", questions);
  const Json dialled = asked(engine, {{"do", "answer"}, {"question", 3}, {"text", " Established "}});
  EXPECT_EQ(dialled["right"], true);
  const Json why = asked(engine, {{"do", "answer"}, {"question", 4}, {"text", "no-mapping"}});
  EXPECT_EQ(why["right"], false);
  EXPECT_EQ(why["none"], true) << "nothing drops the packet any more, and no choice says so";
}

TEST(PageEngine, AQuestionAboutWhatTheFileNoLongerHasIsNotAsked) {
  const LabFile file = take_apart(file_named("03-inbound-fails.yaml"));
  std::string yaml = file.yaml;
  for (std::size_t at = yaml.find("private"); at != std::string::npos; at = yaml.find("private", at))
    yaml.replace(at, 7, "other");
  Engine engine;
  const Json answer = run(engine, yaml, "", Json::parse(file.questions)[""]);
  ASSERT_EQ(answer["ok"], true);
  EXPECT_EQ(answer["questions"][0]["asked"], true);
  EXPECT_EQ(answer["questions"][1]["asked"], false);
  EXPECT_EQ(asked(engine, {{"do", "answer"}, {"question", 1}, {"text", "unreachable"}})["ok"], false);
}

TEST(PageEngine, ARemedyIsAFileWithWhichTheFlowSucceeds) {
  Engine engine;
  const std::string yaml = take_apart(file_named("03-inbound-fails.yaml")).yaml;
  run(engine, yaml);
  const Json explained = asked(engine, {{"do", "explain"}, {"flow", "public"}});
  ASSERT_TRUE(explained["remedy"].contains("yaml")) << explained.dump();
  const Json repaired = run(engine, explained["remedy"]["yaml"]);
  EXPECT_EQ(repaired["flows"][2]["result"], "established");
  const Json difference = asked(engine, {{"do", "differences"}});
  EXPECT_EQ(difference["lab"]["flows"].dump(), difference["before"]["flows"].dump());
  const Json& flows = difference["lab"]["flows"];
  const auto changed = std::find_if(flows.begin(), flows.end(), [](const Json& f) { return f["flow"] == "public"; });
  EXPECT_EQ((*changed)["same"], false);
  EXPECT_EQ((*changed)["node"], "gw");
  EXPECT_EQ((*changed)["text"],
            "- SYN > 203.0.113.5:22    X no-mapping\n"
            "+ SYN > 192.168.1.10:22   dst rewritten, tcp sum 1c78=>96cb\n"
            "+ 1 packet; REFUSED => ESTABLISHED\n");
}

TEST(PageEngine, AFormsKeyChangesTheFileAndTheFileTheForm) {
  Engine engine;
  run(engine, take_apart(file_named("03-inbound-fails.yaml")).yaml);
  const Json edited = asked(engine, {{"do", "edit"}, {"gateway", "gw"}, {"key", "timeouts.udp"}, {"value", "9s"}});
  ASSERT_EQ(edited["ok"], true);
  const Json answer = run(engine, edited["yaml"]);
  const Json& keys = answer["forms"][0]["keys"];
  const auto key = std::find_if(keys.begin(), keys.end(), [](const Json& k) { return k["name"] == "timeouts.udp"; });
  EXPECT_EQ((*key)["value"], "9s");
  EXPECT_EQ((*key)["standard"], "30s");
  EXPECT_EQ((*key)["written"], true);
  const Json back = asked(engine, {{"do", "edit"}, {"gateway", "gw"}, {"key", "timeouts.udp"}, {"value", ""}});
  const Json plain = run(engine, back["yaml"]);
  EXPECT_EQ(plain["ok"], true) << back["yaml"];
}

TEST(PageEngine, WhatIsWrongWithAFileOrARequestIsSaidAndTheLastRunStays) {
  Engine engine;
  EXPECT_EQ(asked(engine, {{"do", "differences"}})["ok"], false);
  EXPECT_EQ(Json::parse(engine.ask("{"))["ok"], false);
  EXPECT_EQ(asked(engine, {{"do", "dance"}})["ok"], false);
  const std::string yaml = take_apart(file_named("01-outbound.yaml")).yaml;
  run(engine, yaml);
  const Json wrong = run(engine, yaml + "nodez: {}\n");
  EXPECT_EQ(wrong["ok"], false);
  EXPECT_GT(wrong["errors"][0]["line"], 10);
  EXPECT_NE(wrong["errors"][0]["message"].get<std::string>().find("nodez"), std::string::npos);
  EXPECT_EQ(asked(engine, {{"do", "differences"}})["ok"], true);
}

TEST(PageEngine, AFileThatAsksForTooMuchIsNotRun) {
  Engine engine;
  const Json answer = run(engine, R"(masqsim: 1
name: crowd
networks: {home: {kind: lan, subnet: 10.0.0.0/8}}
nodes:
  crowd: {count: 200000, interfaces: {home: 10.0.0.1/8}}
actions: [{at: 0s, id: hello, from: crowd, ping: 10.0.0.1}]
)");
  EXPECT_EQ(answer["ok"], false) << answer.dump().substr(0, 200);
}

/// The rows of a gateway's table as translations and changes tell them.
class TableOfRecords final : public trace::Sink {
 public:
  void record(const trace::Record& r) override {
    if (r.row == nullptr) return;
    if (r.kind == trace::Kind::translate) rows[r.row->flow] = {r.row->state, r.at + r.row->left};
    if (r.kind == trace::Kind::change) rows.erase(r.row->flow);
    // An entry of the gateway's own programs has no mapping: nothing was translated for it.
    if (r.kind != trace::Kind::table || r.row->number == 0) return;
    ++compared;
    const auto known = rows.find(r.row->flow);
    ASSERT_NE(known, rows.end());
    EXPECT_EQ(known->second.first, r.row->state);
    EXPECT_EQ(known->second.second, r.at + r.row->left);
  }
  bool wants_rows() const override { return true; }

  std::map<std::uint64_t, std::pair<std::string, Time>> rows;
  int compared = 0;
};

TEST(TranslationRows, TellTheTableAsItIsWhenItIsAskedFor) {
  for (const std::string name :
       {"01-outbound.yaml", "03-inbound-fails.yaml", "05-same-port.yaml", "06-ping-ids.yaml"}) {
    TableOfRecords table;
    scenario::run(*scenario::load_text(file_named(name)).scenario, {.sinks = {&table}});
    EXPECT_GT(table.compared, 0) << name;
  }
}

TEST(Capped, LeavesOutOnlyWhatTheRecordBeforeSays) {
  trace::RecordingSink told, whole;
  Capped capped(told, Capped::Bytes::as_the_page_needs_them);
  scenario::run(*scenario::load_text(file_named("03-inbound-fails.yaml")).scenario, {.sinks = {&capped, &whole}});
  ASSERT_EQ(told.recording().records.size(), whole.recording().records.size());
  std::map<std::uint64_t, std::vector<std::uint8_t>> last;
  std::size_t left_out = 0;
  for (std::size_t n = 0; n < told.recording().records.size(); ++n) {
    const trace::OwnedRecord& cut = told.recording().records[n];
    const trace::OwnedRecord& full = whole.recording().records[n];
    if (full.bytes.empty()) continue;
    left_out += cut.bytes.empty();
    std::vector<std::uint8_t> shown = full.bytes;
    shown.resize(std::min(shown.size(), most_bytes));
    EXPECT_EQ(cut.bytes.empty() ? last[full.plain.packet] : cut.bytes, shown);
    last[full.plain.packet] = shown;
  }
  EXPECT_GT(left_out, told.recording().records.size() / 2);
}

}  // namespace
}  // namespace masqsim::page
