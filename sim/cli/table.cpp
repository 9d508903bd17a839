// masqsim table FILE: the gateways' translation tables at one moment of the run.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "limits.hpp"
#include "masqsim/base/parse.hpp"
#include "program.hpp"
#include "sim/standin/table_words.hpp"
#include "viz/table.hpp"
#include "viz/words.hpp"

namespace masqsim::cli {

namespace {

struct Arguments {
  ScenarioArguments scenario;
  LimitArguments limits;
  std::string at;
  std::string as = "masqsim";
};

/// Keeps the tables that are told at one moment.
class Tables final : public trace::Sink {
 public:
  explicit Tables(std::optional<Time> at) : at_(at) {}

  void record(const trace::Record& record) override {
    if (record.kind != trace::Kind::table || !record.row || (at_ && record.at != *at_)) return;
    if (!rows_.empty() && record.at != told_) rows_.clear();  // the last that is told is the end's
    told_ = record.at;
    std::vector<trace::Row>& rows = rows_[record.node];
    const auto known = std::ranges::find(rows, record.row->flow, &trace::Row::flow);
    if (known == rows.end()) rows.push_back(*record.row);
  }
  trace::Kinds kinds() const override { return trace::only(trace::Kind::table); }

  const std::vector<trace::Row>& rows_of(trace::NodeId node) const {
    static const std::vector<trace::Row> none;
    const auto found = rows_.find(node);
    return found == rows_.end() ? none : found->second;
  }

 private:
  std::optional<Time> at_;
  Time told_;
  std::map<trace::NodeId, std::vector<trace::Row>> rows_;
};

std::string own_text(const std::vector<trace::Row>& rows) {
  viz::Table table({"#", "proto", "inside", "outside", "remote", "state", "left"}, {0});
  for (const trace::Row& row : rows) {
    table.add({row.number == 0 ? "-" : std::to_string(row.number), wire::to_string(row.protocol), to_string(row.inside),
               to_string(row.outside), to_string(row.remote), viz::printable(row.state), viz::left_text(row.left)});
  }
  return table.text("");
}

std::optional<Time> moment(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto parsed = parse::duration(text);
  const Duration* since = std::get_if<Duration>(&parsed);
  if (since == nullptr) throw UsageError("--at " + std::get<parse::Problem>(parsed).text, "--at 5s");
  return Time{} + *since;
}

int table(const Arguments& arguments) {
  using Words = std::string (*)(const std::vector<trace::Row>&);
  const std::map<std::string, Words> all{
      {"masqsim", own_text}, {"conntrack", standin::conntrack_text}, {"ios", standin::ios_text}};
  const auto words = all.find(arguments.as);
  if (words == all.end()) throw UsageError("unknown words '" + arguments.as + "'", "masqsim, conntrack or ios");
  const std::optional<Time> at = moment(arguments.at);
  scenario::RunOptions options = arguments.limits.options();
  scenario::Scenario scenario = arguments.scenario.load();
  tell_if_too_large(arguments.scenario.file, scenario, options.limits);
  std::vector<scenario::NodeIndex> gateways;
  for (scenario::NodeIndex n = 0; n < scenario.nodes.size(); ++n) {
    if (!scenario.nodes[n].nat) continue;
    gateways.push_back(n);
    scenario::TableExpectation asked;
    asked.gateway = n;
    asked.at = at;
    scenario.expect.emplace_back(asked);
  }
  if (gateways.empty()) throw UsageError(arguments.scenario.file + ": no gateway in it translates", "a node with nat:");

  Tables tables(at);
  options.sinks = {&tables};
  const scenario::Finished finished = scenario::run(scenario, options);
  const Time told = at.value_or(finished.end);
  if (!finished.broken_off && told > finished.end) {
    throw UsageError("--at " + arguments.at + ": the run ends at " + seconds(finished.end, 6) + " s");
  }
  std::string text;
  for (const scenario::NodeIndex n : gateways) {
    if (gateways.size() > 1) text += (text.empty() ? "" : "\n") + scenario.nodes[n].name + '\n';
    const auto node = std::ranges::find(finished.header.nodes, scenario.nodes[n].name, &trace::NodeInfo::name);
    text += words->second(tables.rows_of(static_cast<trace::NodeId>(node - finished.header.nodes.begin())));
  }
  print(text);
  return ended(finished, Exit::good);
}

}  // namespace

void add_table(CLI::App& app, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("table", "print the gateways' translation tables at one moment of the run");
  arguments->scenario.add_to(*verb);
  arguments->limits.add_to(*verb);
  verb->add_option("--at", arguments->at, "when; without it at the end")->type_name("TIME");
  verb->add_option("--as", arguments->as,
                   "masqsim; conntrack, as conntrack -L prints it; ios, as show ip nat translations does")
      ->type_name("WORDS");
  verb->footer("Example:\n  masqsim table scenarios/03-inbound-fails.yaml --at 1s --as conntrack");
  verb->callback([arguments, &chosen] { chosen = [arguments] { return table(*arguments); }; });
}

}  // namespace masqsim::cli
