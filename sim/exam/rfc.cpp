#include "rfc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "masqsim/trace/pcap.hpp"
#include "rfc_exam.hpp"
#include "sim/box/program.hpp"

namespace masqsim::exam {

namespace {

/// "rfc4787-req-3a"
std::string file_name(const Requirement& r) {
  std::string name = fmt::format("rfc{}-{}", r.rfc, r.id);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

Finding examine(const Requirement& requirement, const RfcOptions& options) {
  Exam exam(options);
  Finding finding{.requirement = &requirement};
  try {
    finding.outcome = requirement.examine(exam);
    finding.note = exam.take_note();
    if (requirement.level == Level::may && finding.outcome == Outcome::deviates) finding.outcome = Outcome::complies;
  } catch (const NotTestable& why) {
    finding.outcome = Outcome::not_testable;
    finding.note = why.what();
  } catch (const box::ProgramFailure& failure) {  // of this requirement's gateway; the others have one of their own
    finding.outcome = requirement.level == Level::may ? Outcome::not_testable : Outcome::deviates;
    finding.note = failure.shortly();
  }
  finding.packets = exam.take_packets();
  return finding;
}

std::string packet_line(const Seen& seen) {
  const std::string_view way = seen.side == box::Side::in ? (seen.entered ? "lan0 in " : "lan0 out")
                               : seen.entered             ? "wan0 in "
                                                          : "wan0 out";
  return fmt::format("    {:>12}  {}  {}\n", seconds(seen.at, 2), way, wire::describe(seen.bytes));
}

struct Counts {
  std::size_t comply = 0, deviate = 0, not_testable = 0, musts = 0, musts_deviate = 0;
};

Counts counts_of(const std::vector<Finding>& findings) {
  Counts counts;
  for (const Finding& f : findings) {
    const bool must = binds(f.requirement->level);
    counts.comply += f.outcome == Outcome::complies;
    counts.deviate += f.outcome == Outcome::deviates;
    counts.not_testable += f.outcome == Outcome::not_testable;
    counts.musts += must;
    counts.musts_deviate += must && f.outcome == Outcome::deviates;
  }
  return counts;
}

}  // namespace

std::string_view word(Level level) {
  switch (level) {
    case Level::must: return "MUST";
    case Level::must_not: return "MUST NOT";
    case Level::should: return "SHOULD";
    case Level::should_not: return "SHOULD NOT";
    case Level::recommended: return "REC";
    case Level::may: break;
  }
  return "MAY";
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::complies: return "complies";
    case Outcome::deviates: return "DEVIATES";
    case Outcome::not_testable: break;
  }
  return "not testable";
}

const std::vector<Requirement>& rfc_requirements() {
  static const std::vector<Requirement> all = [] {
    std::vector<Requirement> rows;
    for (const auto& rfc : {rfc_4787(), rfc_5382(), rfc_5508(), rfc_6888(), rfc_7857()}) {
      rows.insert(rows.end(), rfc.begin(), rfc.end());
    }
    return rows;
  }();
  return all;
}

nat::Config bench_config(nat::Config nat) {
  nat::SourceRule rule;
  const auto translating = std::ranges::find_if(
      nat.source, [](const nat::SourceRule& r) { return r.action != nat::SourceRule::Action::exempt; });
  if (translating != nat.source.end()) {
    rule.ports = translating->ports;
    rule.random = translating->random;
    rule.persistent = translating->persistent;
  }
  rule.out = box::wan;
  const bool translates = !nat.source.empty();
  nat.source.clear();
  if (translates) nat.source.push_back(rule);
  nat.destination.clear();
  if (!nat.firewall.inside.empty()) nat.firewall.inside = {box::lan};
  return nat;
}

std::vector<Finding> examine(const RfcOptions& options) {
  std::vector<Finding> findings;
  for (const Requirement& requirement : rfc_requirements()) findings.push_back(examine(requirement, options));
  return findings;
}

bool meets_every_must(const std::vector<Finding>& findings) { return counts_of(findings).musts_deviate == 0; }

std::string to_text(const std::vector<Finding>& findings, bool packets) {
  std::string text;
  for (const Finding& f : findings) {
    const Requirement& r = *f.requirement;
    text += fmt::format("RFC {} {:<8}  {:<10}  {:<12}  {}", r.rfc, r.id, word(r.level), word(f.outcome), r.text);
    text += f.note.empty() ? "\n" : fmt::format(" ({})\n", f.note);
    if (!packets) continue;
    for (const Seen& seen : f.packets) text += packet_line(seen);
  }
  const Counts c = counts_of(findings);
  text +=
      fmt::format("{} requirements: {} complies, {} DEVIATES, {} not testable; of {} MUST and MUST NOT {} DEVIATES\n",
                  findings.size(), c.comply, c.deviate, c.not_testable, c.musts, c.musts_deviate);
  return text;
}

std::string to_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Finding& f : findings) {
    nlohmann::ordered_json packets = nlohmann::ordered_json::array();
    for (const Seen& seen : f.packets) {
      packets.push_back({{"time", seconds(seen.at)},
                         {"interface", seen.side == box::Side::in ? "lan0" : "wan0"},
                         {"direction", seen.entered ? "in" : "out"},
                         {"text", wire::describe(seen.bytes)},
                         {"hex", wire::hex(seen.bytes)}});
    }
    rows.push_back({{"rfc", f.requirement->rfc},
                    {"id", f.requirement->id},
                    {"level", word(f.requirement->level)},
                    {"outcome", word(f.outcome)},
                    {"text", f.requirement->text},
                    {"note", f.note},
                    {"packets", std::move(packets)}});
  }
  const Counts c = counts_of(findings);
  nlohmann::ordered_json all;
  all["requirements"] = std::move(rows);
  all["summary"] = {{"complies", c.comply},
                    {"deviates", c.deviate},
                    {"not-testable", c.not_testable},
                    {"musts", c.musts},
                    {"musts-deviate", c.musts_deviate}};
  return all.dump(2) + '\n';
}

void write_captures(const std::vector<Finding>& findings, const std::string& directory) {
  trace::Header header;
  for (const Finding& f : findings) {
    trace::PointInfo point;
    point.name = file_name(*f.requirement);
    header.points.push_back(point);
  }
  trace::PcapDirSink sink(directory);
  sink.begin(header);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    for (const Seen& seen : findings[i].packets) {
      trace::Record record;
      record.at = seen.at;
      record.kind = seen.entered ? trace::Kind::receive : trace::Kind::send;
      record.point = static_cast<trace::PointId>(i);
      record.bytes = seen.bytes;
      sink.record(record);
    }
  }
  sink.commit();
}

}  // namespace masqsim::exam
