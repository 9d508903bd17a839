#include "masqsim/scenario/verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "masqsim/base/printable.hpp"

namespace masqsim::scenario {

namespace {

using Json = nlohmann::ordered_json;

/// XML 1.0 takes neither most control characters nor broken UTF-8; nothing here needs more than printable ASCII.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

/// What came instead, with all its lines in the element where it has more than one.
std::string failure(const Check& check) {
  const std::vector<std::string_view> lines = check.lines();
  if (lines.size() < 2) return fmt::format("<failure message=\"{}\"/>", xml("came " + check.instead));
  std::string body;
  for (const std::string_view line : lines) body += '\n' + xml(line);
  return fmt::format("<failure message=\"{}\">{}\n</failure>", xml("came " + std::string(lines.front())), body);
}

/// A scalar of the YAML block behind a failed line: quoted, or a block where it has several lines.
std::string yaml_text(const Check& check) {
  const std::vector<std::string_view> lines = check.lines();
  if (lines.size() < 2) return Json(printable(check.instead)).dump();
  std::string block = "|";
  for (const std::string_view line : lines) block += "\n    " + printable(line);
  return block;
}

/// TAP reads '#' as the start of a directive, and '\' as what takes that meaning away (TAP 14, "Escaping").
std::string tap_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '#' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string dumped(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n'; }

Json checks_json(const std::vector<Check>& checks) {
  Json list = Json::array();
  for (const Check& check : checks) {
    Json entry{{"name", check.name}, {"met", check.met}};
    if (!check.met) entry["instead"] = check.instead;
    list.push_back(std::move(entry));
  }
  return list;
}

Json verdicts_json(const std::vector<Verdict>& verdicts) {
  Json list = Json::array();
  for (const Verdict& v : verdicts) {
    Json entry{{"what", v.what}, {"met", v.met}};
    if (!v.met) entry["instead"] = v.instead;
    if (!v.flow.empty()) entry["flow"] = v.flow;
    if (v.line > 0) {
      entry["line"] = v.line;
      entry["column"] = v.column;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json notes_json(const std::vector<Note>& notes) {
  Json list = Json::array();
  for (const Note& note : notes) {
    list.push_back({{"note", note.message}, {"line", note.position.line}, {"column", note.position.column}});
  }
  return list;
}

}  // namespace

std::optional<Format> format_of(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, Format>, 4> formats{
      {{"text", Format::text}, {"json", Format::json}, {"junit", Format::junit}, {"tap", Format::tap}}};
  for (const auto& [name, format] : formats) {
    if (name == word) return format;
  }
  return std::nullopt;
}

std::vector<std::string_view> Check::lines() const {
  std::vector<std::string_view> found;
  for (std::string_view text = instead; !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

bool Suite::good() const { return failed() == 0; }

std::size_t Suite::failed() const {
  return static_cast<std::size_t>(std::ranges::count_if(checks, [](const Check& check) { return !check.met; }));
}

std::string suite_name(std::string_view scenario, std::string_view variant) {
  return std::string(scenario) + (variant.empty() ? "" : '@' + std::string(variant));
}

Suite suite_of(const Finished& finished, std::string file) {
  Suite suite{suite_name(finished.header.scenario, finished.header.variant),
              std::move(file),
              {},
              finished.end,
              finished.packets};
  if (finished.broken_off) suite.checks.push_back({"the run comes to its end", false, finished.broken_off->sentence()});
  for (const Verdict& v : finished.expectations) suite.checks.push_back({v.what, v.met, v.instead});
  for (const Verdict& v : finished.lab) suite.checks.push_back({v.what, v.met, v.instead});
  return suite;
}

Suite skipped_suite(const Scenario& scenario, std::string file, std::string why) {
  return {.name = suite_name(scenario.name, scenario.variant), .file = std::move(file), .skipped = std::move(why)};
}

std::string junit(const std::vector<Suite>& suites) {
  std::size_t tests = 0, failures = 0, skips = 0;
  std::string body;
  for (const Suite& suite : suites) {
    const std::size_t skipped = suite.skipped.empty() ? 0 : 1;
    tests += suite.checks.size() + skipped;
    failures += suite.failed();
    skips += skipped;
    body +=
        fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" file=\"{}\">\n",
                    xml(suite.name), suite.checks.size() + skipped, suite.failed(), skipped, xml(suite.file));
    const auto head = [&](std::string_view name) {
      return fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(suite.name), xml(name));
    };
    if (skipped > 0) {
      body += fmt::format("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head("run"), xml(suite.skipped));
    }
    for (const Check& check : suite.checks) {
      body += head(check.name);
      body += check.met ? "/>\n" : fmt::format(">\n      {}\n    </testcase>\n", failure(check));
    }
    body += "  </testsuite>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"masqsim\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n{}</testsuites>\n",
      tests, failures, skips, body);
}

std::string tap(const std::vector<Suite>& suites) {
  std::string body;
  std::size_t number = 0;
  for (const Suite& suite : suites) {
    if (!suite.skipped.empty()) {
      body += fmt::format("ok {} - {}: run # SKIP {}\n", ++number, tap_text(suite.name), tap_text(suite.skipped));
    }
    for (const Check& check : suite.checks) {
      body += fmt::format("{}ok {} - {}: {}\n", check.met ? "" : "not ", ++number, tap_text(suite.name),
                          tap_text(check.name));
      if (!check.met) body += fmt::format("  ---\n  came: {}\n  ...\n", yaml_text(check));
    }
  }
  return fmt::format("TAP version 13\n1..{}\n{}", number, body);
}

std::string json(const std::vector<Suite>& suites) {
  Json list = Json::array();
  bool good = true;
  for (const Suite& suite : suites) {
    good = good && suite.good();
    Json entry{{"name", suite.name}, {"file", suite.file}, {"good", suite.good()}};
    if (!suite.skipped.empty()) entry["skipped"] = suite.skipped;
    entry["checks"] = checks_json(suite.checks);
    list.push_back(std::move(entry));
  }
  return dumped({{"suites", list}, {"good", good}});
}

std::string json(const Finished& finished, std::string_view file, std::string_view fingerprint,
                 const std::vector<Note>& notes) {
  Json flows = Json::array();
  for (const FlowOutcome& o : finished.flows) {
    Json entry{{"id", o.id}, {"result", o.result ? Json(word(*o.result)) : Json()}, {"packets", o.packets}};
    if (o.reason != Reason::none) {
      entry["reason"] = word(o.reason);
      entry["at"] = o.at;
      entry["packet"] = o.packet;
    }
    flows.push_back(std::move(entry));
  }
  Json run{{"scenario", finished.header.scenario},
           {"variant", finished.header.variant},
           {"title", finished.header.title},
           {"file", file},
           {"seed", finished.header.seed},
           {"end_ns", finished.end.ns},
           {"packets", finished.packets},
           {"hops", finished.hops},
           {"trace", fingerprint},
           {"flows", flows},
           {"expectations", verdicts_json(finished.expectations)},
           {"lab", verdicts_json(finished.lab)},
           {"notes", notes_json(notes)},
           {"good", finished.good()}};
  if (finished.broken_off) {
    run["broken_off"] = {{"why", finished.broken_off->why}, {"loops", finished.broken_off->loops}};
  }
  return dumped(run);
}

}  // namespace masqsim::scenario
