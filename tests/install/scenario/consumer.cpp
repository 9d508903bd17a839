// A program that is no part of masqsim: it loads a scenario, runs it, and reads from the records where each packet
// ended.
#include <masqsim/scenario/load.hpp>
#include <masqsim/scenario/run.hpp>
#include <masqsim/trace/record.hpp>
#include <masqsim/trace/sink.hpp>
#include <masqsim/trace/text.hpp>
#include <masqsim/wire/describe.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace scenario = masqsim::scenario;
namespace trace = masqsim::trace;

namespace {

constexpr const char* home = R"(
masqsim: 1
networks:
  home:     {kind: lan, subnet: 192.168.1.0/24}
  internet: {kind: cloud}
nodes:
  laptop:   {interfaces: {home: 192.168.1.10/24}}
  gw:       {kind: gateway, interfaces: {home: 192.168.1.1/24, internet: 203.0.113.5}, nat: {masquerade: {out: internet}}}
  web:      {interfaces: {internet: 198.51.100.10}, services: [{tcp: 80}]}
actions:
  - {at: 0s, id: out, from: "laptop:40000", tcp: "web:80"}
  - {at: 1s, id: knock, from: "web:50000", tcp: "203.0.113.5:22"}
)";

/// Keeps what was dropped, a line each.
class Drops : public trace::Sink {
 public:
  void begin(const trace::Header& header) override { header_ = &header; }
  void record(const trace::Record& record) override {
    if (record.kind != trace::Kind::drop) return;
    lines += header_->nodes[record.node].name + " dropped " + masqsim::wire::describe(record.bytes) + ": " +
             std::string(masqsim::word(record.reason)) + '\n';
  }
  trace::Kinds kinds() const override { return trace::only(trace::Kind::drop); }

  std::string lines;

 private:
  const trace::Header* header_ = nullptr;
};

void expect(const std::string& came, const std::string& wanted) {
  if (came == wanted) return;
  std::fprintf(stderr, "came:   %s\nwanted: %s\n", came.c_str(), wanted.c_str());
  std::exit(1);
}

}  // namespace

int main() {
  const scenario::Loaded loaded = scenario::load_text(home);
  expect(scenario::print_diagnostics("home.yaml", loaded.diagnostics), "");

  Drops drops;
  masqsim::OutputText text;
  trace::TextSink as_text(text);
  const scenario::Finished finished = scenario::run(*loaded.scenario, {.sinks = {&drops, &as_text}});

  expect(std::string(scenario::word(*finished.flows.at(0).result)), "established");
  expect(std::string(scenario::word(*finished.flows.at(1).result)), "refused");
  expect(finished.flows.at(1).at, "gw");
  expect(drops.lines.substr(0, drops.lines.find(" tcp")), "gw dropped 198.51.100.10:50000 > 203.0.113.5:22");
  expect(drops.lines.substr(drops.lines.find(": ")), ": no-mapping\n");
  expect(text.text().substr(0, text.text().find('\n')), "# masqsim trace 1");

  std::puts("the installed libraries run a scenario");
}
