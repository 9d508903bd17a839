#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "paint.hpp"

namespace masqsim::viz {

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

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// What came instead, with all its lines in the element where it has more than one.
std::string failure(std::string_view instead) {
  const std::vector<std::string_view> lines = lines_of(instead);
  if (lines.size() < 2) return fmt::format("<failure message=\"{}\"/>", xml("came " + std::string(instead)));
  std::string body;
  for (const std::string_view line : lines) body += '\n' + xml(line);
  return fmt::format("<failure message=\"{}\">{}\n</failure>", xml("came " + std::string(lines.front())), body);
}

/// A scalar of the YAML block behind a failed line: quoted, or a block where it has several lines.
std::string yaml_text(std::string_view text) {
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.size() < 2) return Json(printable(text)).dump();
  std::string block = "|";
  for (const std::string_view line : lines) block += "\n    " + printable(line);
  return block;
}

/// TAP reads '#' as the start of a directive.
std::string tap_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '#') out += '\\';
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

Json verdicts_json(const std::vector<scenario::Verdict>& verdicts) {
  Json list = Json::array();
  for (const scenario::Verdict& v : verdicts) {
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

Json notes_json(const std::vector<scenario::Note>& notes) {
  Json list = Json::array();
  for (const scenario::Note& note : notes) {
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

bool Suite::good() const { return std::ranges::all_of(checks, &Check::met); }

Suite suite_of(const scenario::Finished& finished, std::string file) {
  std::string name = finished.header.scenario;
  if (!finished.header.variant.empty()) name += '@' + finished.header.variant;
  Suite suite{std::move(name), std::move(file), {}, finished.end, finished.packets};
  for (const scenario::Verdict& v : finished.expectations) suite.checks.push_back({v.what, v.met, v.instead});
  for (const scenario::Verdict& v : finished.lab) suite.checks.push_back({v.what, v.met, v.instead});
  return suite;
}

std::string text(const std::vector<Suite>& suites, const Paint& paint) {
  std::string out;
  std::size_t checks = 0, failed = 0, width = 0;
  for (const Suite& suite : suites) width = std::max(width, suite.name.size());
  for (const Suite& suite : suites) {
    const auto missed =
        static_cast<std::size_t>(std::ranges::count_if(suite.checks, [](const Check& check) { return !check.met; }));
    checks += suite.checks.size();
    failed += missed;
    const std::string status =
        missed == 0 ? paint.good(std::string(paint.tick()) + "ok") : paint.bad(fmt::format("{} FAILED", paint.cross()));
    out += fmt::format("{}  {:>3} checks  {}\n", padded(printable(suite.name), width), suite.checks.size(), status);
    for (const Check& check : suite.checks) {
      if (check.met) continue;
      out += "    " + printable(check.name) + '\n';
      for (const std::string_view line : lines_of(check.instead)) out += "      " + printable(line) + '\n';
    }
  }
  const std::string last = fmt::format("{} of {} checks good in {} run{}", checks - failed, checks, suites.size(),
                                       suites.size() == 1 ? "" : "s");
  return out + (failed == 0 ? paint.good(last) : paint.bad(last)) + '\n';
}

std::string junit(const std::vector<Suite>& suites) {
  std::size_t tests = 0, failures = 0;
  std::string body;
  for (const Suite& suite : suites) {
    const auto failed =
        static_cast<std::size_t>(std::ranges::count_if(suite.checks, [](const Check& check) { return !check.met; }));
    tests += suite.checks.size();
    failures += failed;
    body += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" file=\"{}\">\n",
                        xml(suite.name), suite.checks.size(), failed, xml(suite.file));
    for (const Check& check : suite.checks) {
      body += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(suite.name), xml(check.name));
      body += check.met ? "/>\n" : fmt::format(">\n      {}\n    </testcase>\n", failure(check.instead));
    }
    body += "  </testsuite>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"masqsim\" tests=\"{}\" failures=\"{}\">\n{}</testsuites>\n",
      tests, failures, body);
}

std::string tap(const std::vector<Suite>& suites) {
  std::string body;
  std::size_t number = 0;
  for (const Suite& suite : suites) {
    for (const Check& check : suite.checks) {
      body += fmt::format("{}ok {} - {}: {}\n", check.met ? "" : "not ", ++number, tap_text(suite.name),
                          tap_text(check.name));
      if (!check.met) body += fmt::format("  ---\n  came: {}\n  ...\n", yaml_text(check.instead));
    }
  }
  return fmt::format("TAP version 13\n1..{}\n{}", number, body);
}

std::string json(const std::vector<Suite>& suites) {
  Json list = Json::array();
  bool good = true;
  for (const Suite& suite : suites) {
    good = good && suite.good();
    list.push_back(
        {{"name", suite.name}, {"file", suite.file}, {"good", suite.good()}, {"checks", checks_json(suite.checks)}});
  }
  return dumped({{"suites", list}, {"good", good}});
}

std::string json(const scenario::Finished& finished, std::string_view file, std::string_view fingerprint,
                 const std::vector<scenario::Note>& notes) {
  Json flows = Json::array();
  for (const scenario::FlowOutcome& o : finished.flows) {
    Json entry{{"id", o.id}, {"result", o.result ? Json(word(*o.result)) : Json()}, {"packets", o.packets}};
    if (o.reason != Reason::none) {
      entry["reason"] = word(o.reason);
      entry["at"] = o.at;
      entry["packet"] = o.packet;
    }
    flows.push_back(std::move(entry));
  }
  return dumped({{"scenario", finished.header.scenario},
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
                 {"good", finished.good()}});
}

}  // namespace masqsim::viz
