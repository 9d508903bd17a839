#include "case.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json_words.hpp"
#include "setup_words.hpp"

namespace masqsim::cases {

namespace {

box::Action action(const std::string& line) {
  const std::vector<std::string_view> words = split(line);
  const auto bad = [&]() -> box::Action {
    wrong(
        "do: cannot read '{}'; known are: flush-table, remove-nat-rules, readdress IF A/N, IF down, IF up, "
        "send udp from A:P to B:Q payload HEX; or words of the gateway as an object",
        line);
  };
  box::Action a;
  if (line == "flush-table") {
    a.kind = box::Action::Kind::flush_table;
    return a;
  }
  if (line == "remove-nat-rules") {
    a.kind = box::Action::Kind::remove_nat_rules;
    return a;
  }
  if (words.size() == 3 && words[0] == "readdress") {
    a.kind = box::Action::Kind::readdress;
    a.interface = interface(words[1], "do");
    std::tie(a.address, a.length) = interface_address(words[2], "do");
    return a;
  }
  if (words.size() == 2 && (words[1] == "down" || words[1] == "up")) {
    a.kind = words[1] == "down" ? box::Action::Kind::down : box::Action::Kind::up;
    a.interface = interface(words[0], "do");
    return a;
  }
  if (words.size() >= 6 && words[0] == "send" && words[1] == "udp" && words[2] == "from" && words[4] == "to") {
    const auto from = wire::parse_endpoint(words[3]), to = wire::parse_endpoint(words[5]);
    if (!from || !to) return bad();
    a.kind = box::Action::Kind::send_udp;
    a.from = *from;
    a.to = *to;
    if (words.size() == 8 && words[6] == "payload") {
      a.payload = bytes(Json(std::string(words[7])), "payload");
    } else if (words.size() != 6 && !(words.size() == 7 && words[6] == "payload")) {  // an empty one has no digits
      return bad();
    }
    return a;
  }
  return bad();
}

/// `setup` is the gateway before the step, and after it.
Step step(const Json& value, box::Setup& setup) {
  only(value, "a step", {"dir", "hex", "relative", "wait_ms", "sh", "do", "note"});
  if (value.contains("wait_ms")) {
    const std::uint64_t ms = whole(value["wait_ms"], "wait_ms", 1'000'000'000);
    return Wait{Duration{static_cast<std::int64_t>(ms) * 1'000'000}};
  }
  if (value.contains("hex")) {
    return Inject{side(need(value, "dir", "an injection"), "dir"), bytes(value["hex"], "hex"),
                  value.contains("relative") && yes(value["relative"], "relative")};
  }
  if (value.contains("do") && value["do"].is_object()) {
    read_change(value["do"], setup);
    box::Action change{.kind = box::Action::Kind::configure};
    change.nat = setup.nat;
    return change;
  }
  if (value.contains("do")) return action(text(value["do"], "do"));
  wrong("a step is {{dir, hex}}, {{wait_ms}} or {{sh, do}}");
}

Observed observed(const Json& value, std::size_t steps) {
  only(value, "an observed packet", {"step", "side", "hex", "varies"});
  Observed o;
  o.step = whole(need(value, "step", "an observed packet"), "step", steps == 0 ? 0 : steps - 1);
  o.side = side(need(value, "side", "an observed packet"), "side");
  o.bytes = bytes(need(value, "hex", "an observed packet"), "hex");
  maybe(value, "varies", [&](const Json& v) {
    for (const Json& at : list(v, "varies")) o.varies.push_back(whole(at, "varies", 65535));
  });
  std::sort(o.varies.begin(), o.varies.end());
  return o;
}

KernelWords kernel_words(const Json& value) {
  KernelWords words;
  object(value, "config");
  maybe(value, "nft", [&](const Json& v) { words.ruleset = text(v, "nft"); });
  maybe(value, "sysctl", [&](const Json& v) {
    for (const auto& [name, setting] : object(v, "sysctl").items()) {
      words.sysctls[name] = setting.is_string() ? setting.get<std::string>() : shown(setting);
    }
  });
  return words;
}

constexpr std::uint64_t longest_settle_ms = 60'000;

Case read_case(const Json& value) {
  only(value, "a case", {"name", "why", "gateway", "config", "steps", "observed", "stable", "ct"});
  Case c;
  c.name = text(need(value, "name", "a case"), "name");
  const auto plain = [](char letter) { return letter >= ' ' && letter <= '~'; };
  if (c.name.empty() || !std::ranges::all_of(c.name, plain)) wrong("name must be printable ASCII");
  maybe(value, "why", [&](const Json& v) { c.why = text(v, "why"); });
  c.setup = plain_setup();
  read_gateway(need(value, "gateway", "a case"), c.setup);
  maybe(value, "config", [&](const Json& v) {
    c.kernel = kernel_words(v);
    maybe(v, "settle_ms", [&](const Json& ms) {
      c.settle = Duration{static_cast<std::int64_t>(whole(ms, "settle_ms", longest_settle_ms)) * 1'000'000};
    });
  });
  box::Setup setup = c.setup;
  for (const Json& one : list(need(value, "steps", "a case"), "steps")) c.steps.push_back(step(one, setup));
  maybe(value, "observed", [&](const Json& v) {
    for (const Json& one : list(v, "observed")) c.observed.push_back(observed(one, c.steps.size()));
  });
  maybe(value, "ct", [&](const Json& v) {
    for (const Json& line : list(v, "ct")) {
      const std::string row_text = text(line, "ct");
      const std::optional<box::TableRow> row = box::read_table_row(row_text);
      if (!row) wrong("ct: not a line of /proc/net/nf_conntrack: '{}'", row_text);
      c.table.push_back(*row);
    }
  });
  return c;
}

Json parsed(std::string_view json) {
  constexpr int depth_at_most = 16;
  const auto not_too_deep = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > depth_at_most) wrong("nested deeper than {} levels", depth_at_most);
    return true;
  };
  try {
    return Json::parse(json, not_too_deep);
  } catch (const Json::parse_error& e) {
    wrong("not JSON (at byte {})", e.byte);
  } catch (const Json::exception&) {
    wrong("a number in it is out of range");
  }
}

}  // namespace

Cases read_cases(std::string_view text, std::string_view file_name) {
  Cases result;
  const auto take = [&](const Json& value, std::string line, int number) {
    Case c = read_case(value);
    c.line = std::move(line);
    c.line_number = number;
    result.cases.push_back(std::move(c));
  };
  const auto complain = [&](int number, std::string_view what) {
    result.errors.push_back(fmt::format("{}:{}: {}", file_name, number, what));
  };

  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) {
    complain(1, "no case in it");
    return result;
  }
  if (text[begin] == '[') {
    try {
      const Json all = parsed(text);
      for (const Json& value : all) take(value, value.dump(), 1);
    } catch (const Wrong& e) {
      complain(1, fmt::format("case {}: {}", result.cases.size() + 1, e.what()));
    }
    return result;
  }

  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    try {
      take(parsed(line), std::string(line), number);
    } catch (const Wrong& e) {
      complain(number, e.what());
    }
  }
  return result;
}

std::string record_line(const Case& of, const std::vector<Observed>& observed,
                        const std::vector<box::TableRow>& table) {
  Json value = Json::parse(of.line);
  Json packets = Json::array();
  for (const Observed& o : observed) {
    Json packet{{"step", o.step}, {"side", word(o.side)}, {"hex", wire::hex(o.bytes)}};
    if (!o.varies.empty()) packet["varies"] = o.varies;
    packets.push_back(std::move(packet));
  }
  Json lines = Json::array();
  for (const box::TableRow& row : table) lines.push_back(to_string(row));
  value["observed"] = std::move(packets);
  value["ct"] = std::move(lines);
  return value.dump();
}

}  // namespace masqsim::cases
