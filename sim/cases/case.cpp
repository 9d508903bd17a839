#include "case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace masqsim::cases {

namespace {

using Json = nlohmann::ordered_json;

/// What is wrong with a case, as the rest of "FILE:LINE: ". Caught where lines are read.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename... Args>
[[noreturn]] void wrong(fmt::format_string<Args...> text, Args&&... args) {
  throw Wrong(fmt::format(text, std::forward<Args>(args)...));
}

/// A value as a message shows it.
std::string shown(const Json& value) { return value.is_structured() ? std::string(value.type_name()) : value.dump(); }

// --- values --------------------------------------------------------------------------------------------------------

const Json& object(const Json& value, std::string_view what) {
  if (!value.is_object()) wrong("{} must be an object", what);
  return value;
}

const Json& list(const Json& value, std::string_view what) {
  if (!value.is_array()) wrong("{} must be a list", what);
  return value;
}

std::string text(const Json& value, std::string_view what) {
  if (!value.is_string()) wrong("{} must be text, got {}", what, shown(value));
  return value.get<std::string>();
}

std::uint64_t whole(const Json& value, std::string_view what, std::uint64_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    wrong("{} must be a whole number from 0 to {}, got {}", what, most, shown(value));
  }
  return value.get<std::uint64_t>();
}

bool yes(const Json& value, std::string_view what) {
  if (value.is_boolean()) return value.get<bool>();
  return whole(value, what, 1) == 1;
}

std::uint16_t port(const Json& value, std::string_view what) {
  return static_cast<std::uint16_t>(whole(value, what, 65535));
}

wire::Address address(std::string_view value, std::string_view what) {
  const auto found = wire::parse_address(value);
  if (!found) wrong("{}: '{}' is not an IPv4 address ({})", what, value, wire::address_problem(value).value_or("?"));
  return *found;
}

/// "A.B.C.D/LENGTH"; host bits may be set.
std::pair<wire::Address, std::uint8_t> interface_address(std::string_view value, std::string_view what) {
  const std::size_t slash = value.find('/');
  if (slash == std::string_view::npos) return {address(value, what), 32};
  const std::string_view bits = value.substr(slash + 1);
  const bool digits = !bits.empty() && bits.size() <= 2 && bits.find_first_not_of("0123456789") == bits.npos;
  const int length = digits ? std::stoi(std::string(bits)) : 33;
  if (length > 32) wrong("{}: '{}' is no prefix length", what, bits);
  return {address(value.substr(0, slash), what), static_cast<std::uint8_t>(length)};
}

wire::Prefix prefix(std::string_view value, std::string_view what) {
  if (value == "default") return {};
  const auto [base, length] = interface_address(value, what);
  return wire::prefix_of(base, length);
}

nat::InterfaceId interface(std::string_view value, std::string_view what) {
  if (value == "lan0") return box::lan;
  if (value == "wan0") return box::wan;
  wrong("{}: no interface is called '{}'; they are lan0 and wan0", what, value);
}

wire::Protocol protocol(const Json& value, std::string_view what) {
  if (value.is_number()) return wire::Protocol{static_cast<std::uint8_t>(whole(value, what, 255))};
  const std::string name = text(value, what);
  constexpr std::array known{wire::Protocol::icmp, wire::Protocol::tcp, wire::Protocol::udp,
                             wire::Protocol::gre,  wire::Protocol::esp, wire::Protocol::sctp};
  for (const wire::Protocol p : known) {
    if (wire::to_string(p) == name) return p;
  }
  wrong("{}: unknown protocol '{}'; write tcp, udp, icmp, gre, esp, sctp or a number", what, name);
}

nat::PortRange ports(const Json& value, std::string_view what) {
  if (!list(value, what).is_array() || value.size() != 2) wrong("{} must be [first, last]", what);
  const nat::PortRange range{port(value[0], what), port(value[1], what)};
  if (range.first > range.last) wrong("{}: {} is after {}", what, range.first, range.last);
  return range;
}

std::vector<std::uint8_t> bytes(const Json& value, std::string_view what) {
  const std::string digits = text(value, what);
  const auto nibble = [&](char c) -> std::uint8_t {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    wrong("{}: not a hexadecimal digit in '{}'", what, digits.substr(0, 40));
  };
  if (digits.size() % 2 != 0) wrong("{}: an odd number of hexadecimal digits", what);
  if (digits.size() / 2 > 65535) wrong("{}: more than 65535 bytes", what);
  std::vector<std::uint8_t> out;
  out.reserve(digits.size() / 2);
  for (std::size_t n = 0; n < digits.size(); n += 2) {
    out.push_back(static_cast<std::uint8_t>(nibble(digits[n]) << 4 | nibble(digits[n + 1])));
  }
  return out;
}

box::Side side(const Json& value, std::string_view what) {
  const std::string name = text(value, what);
  if (name == "in") return box::Side::in;
  if (name == "out") return box::Side::out;
  wrong("{} must be \"in\" or \"out\", got \"{}\"", what, name);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    words.push_back(line.substr(0, line.find(' ')));
    line.remove_prefix(words.back().size());
  }
}

void only(const Json& value, std::string_view what, std::initializer_list<std::string_view> keys) {
  for (const auto& [key, ignored] : object(value, what).items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) wrong("{}: unknown word '{}'", what, key);
  }
}

const Json& need(const Json& value, const char* key, std::string_view what) {
  const auto found = value.find(key);
  if (found == value.end()) wrong("{} needs '{}'", what, key);
  return *found;
}

/// Calls `read` with the value of `key` where there is one.
template <typename Read>
void maybe(const Json& value, const char* key, Read read) {
  const auto found = value.find(key);
  if (found != value.end()) read(*found);
}

// --- the gateway ---------------------------------------------------------------------------------------------------

void read_picks(const Json& value, nat::SourceRule& rule) {
  const Json all = value.is_array() ? value : Json::array({value});
  for (const Json& one : all) {
    const std::string pick = text(one, "pick");
    if (pick == "random" || pick == "fully-random") {
      rule.random = true;
    } else if (pick == "persistent") {
      rule.persistent = true;
    } else {
      wrong("unknown pick '{}'; write random, fully-random or persistent", pick);
    }
  }
}

nat::SourceRule source_rule(const Json& value) {
  only(value, "a source rule", {"out", "in", "protocol", "from", "to", "only", "action", "addresses", "ports", "pick"});
  nat::SourceRule rule;
  maybe(value, "out", [&](const Json& v) { rule.out = interface(text(v, "out"), "out"); });
  maybe(value, "in", [&](const Json& v) { rule.in = interface(text(v, "in"), "in"); });
  maybe(value, "protocol", [&](const Json& v) { rule.protocol = protocol(v, "protocol"); });
  maybe(value, "from", [&](const Json& v) { rule.from = prefix(text(v, "from"), "from"); });
  maybe(value, "to", [&](const Json& v) { rule.to = prefix(text(v, "to"), "to"); });
  maybe(value, "only", [&](const Json& v) {
    if (text(v, "only") != "port-forwarded") wrong("unknown condition '{}'; write port-forwarded", text(v, "only"));
    rule.only_port_forwarded = true;
  });
  const std::string action = text(need(value, "action", "a source rule"), "action");
  if (action == "masquerade") {
    rule.action = nat::SourceRule::Action::masquerade;
  } else if (action == "exempt") {
    rule.action = nat::SourceRule::Action::exempt;
  } else if (action == "source-nat") {
    rule.action = nat::SourceRule::Action::source_nat;
    const Json& pool = list(need(value, "addresses", "source-nat"), "addresses");
    if (pool.size() != 2) wrong("addresses must be [first, last]");
    rule.addresses = {address(text(pool[0], "addresses"), "addresses"),
                      address(text(pool[1], "addresses"), "addresses")};
    if (rule.addresses.first > rule.addresses.last) wrong("addresses: the first is after the last");
  } else {
    wrong("unknown action '{}'; write masquerade, source-nat or exempt", action);
  }
  maybe(value, "ports", [&](const Json& v) { rule.ports = ports(v, "ports"); });
  maybe(value, "pick", [&](const Json& v) { read_picks(v, rule); });
  return rule;
}

nat::DestinationRule destination_rule(const Json& value) {
  only(value, "a destination rule", {"to", "protocol", "port", "forward"});
  nat::DestinationRule rule;
  rule.to = prefix(text(need(value, "to", "a destination rule"), "to"), "to");
  maybe(value, "protocol", [&](const Json& v) { rule.protocol = protocol(v, "protocol"); });
  maybe(value, "port", [&](const Json& v) {
    rule.port = v.is_array() ? ports(v, "port") : nat::PortRange{port(v, "port"), port(v, "port")};
  });
  const std::string forward = text(need(value, "forward", "a destination rule"), "forward");
  if (const auto endpoint = wire::parse_endpoint(forward)) {
    rule.forward = endpoint->address;
    rule.forward_port = endpoint->port;
  } else {
    rule.forward = address(forward, "forward");
  }
  return rule;
}

void read_firewall(const Json& value, nat::Config& config) {
  only(value, "firewall", {"input", "forward", "flows-per-inside-host", "excess"});
  constexpr std::string_view input = "drop unless established, related or from lan0";
  constexpr std::string_view forward = "drop unless established, related, or new from lan0 to wan0";
  maybe(value, "input", [&](const Json& v) {
    if (text(v, "input") != input) wrong("unknown input rule '{}'; write '{}'", text(v, "input"), input);
    config.firewall.protect_input = true;
  });
  maybe(value, "forward", [&](const Json& v) {
    if (text(v, "forward") != forward) wrong("unknown forward rule '{}'; write '{}'", text(v, "forward"), forward);
    config.firewall.protect_forward = true;
    config.firewall.admit_forwarded = false;
  });
  config.firewall.inside = {box::lan};
  config.limits.reject_excess = false;  // only where it is said
  maybe(value, "flows-per-inside-host", [&](const Json& v) {
    config.limits.flows_per_host = static_cast<std::uint32_t>(whole(v, "flows-per-inside-host", 1'000'000));
  });
  maybe(value, "excess", [&](const Json& v) {
    const std::string excess = text(v, "excess");
    if (excess != "reject admin-prohibited" && excess != "drop") {
      wrong("unknown excess '{}'; write 'reject admin-prohibited' or drop", excess);
    }
    config.limits.reject_excess = excess != "drop";
  });
}

box::Addressing addressing(const std::string& line) {
  const std::vector<std::string_view> words = split(line);
  const auto bad = [&]() -> box::Addressing {
    wrong(
        "addressing: cannot read '{}'; known are: addr add|del A/N dev IF, route add|del TO [via A] [dev IF], "
        "route add unreachable|prohibit|blackhole TO, neigh add A [lladdr M] dev IF",
        line);
  };
  if (words.size() < 3) return bad();
  box::Addressing a;
  a.text = line;
  const bool adds = words[1] == "add" || words[1] == "replace", deletes = words[1] == "del";
  if (!adds && !deletes) return bad();
  std::size_t next = 2;
  if (words[0] == "addr") {
    a.kind = adds ? box::Addressing::Kind::add_address : box::Addressing::Kind::delete_address;
    std::tie(a.address, a.length) = interface_address(words[next++], "addressing");
  } else if (words[0] == "neigh" && adds) {
    a.kind = box::Addressing::Kind::add_neighbour;
    a.address = address(words[next++], "addressing");
  } else if (words[0] == "route") {
    a.kind = adds ? box::Addressing::Kind::add_route : box::Addressing::Kind::delete_route;
    using Refusal = box::Addressing::Refusal;
    constexpr std::array refusals{std::pair{"unreachable", Refusal::unreachable},
                                  std::pair{"prohibit", Refusal::prohibit}, std::pair{"blackhole", Refusal::blackhole}};
    for (const auto& [name, refusal] : refusals) {
      if (words[next] != name) continue;
      a.refusal = refusal;
      if (adds) a.kind = box::Addressing::Kind::add_refusal;
      ++next;
      break;
    }
    if (next >= words.size()) return bad();
    a.to = prefix(words[next++], "addressing");
  } else {
    return bad();
  }
  for (; next + 1 < words.size(); next += 2) {
    if (words[next] == "dev") {
      a.interface = interface(words[next + 1], "addressing");
    } else if (words[next] == "via") {
      a.via = address(words[next + 1], "addressing");
    } else if (words[next] != "lladdr" && words[next] != "nud") {
      return bad();
    }
  }
  if (next != words.size()) return bad();
  const bool leads_nowhere = a.kind == box::Addressing::Kind::add_route && !a.via && !a.interface;
  const bool on_no_interface = words[0] != "route" && !a.interface;
  return leads_nowhere || on_no_interface ? bad() : a;
}

box::Setup setup(const Json& value) {
  only(value, "gateway",
       {"source", "destination", "firewall", "alg", "services", "verify-checksums", "tcp-loose", "tcp-be-liberal",
        "reverse-path-filter", "udp-timeout-s", "reassembly-timeout-s", "wan-mtu", "lan-mtu", "addressing"});
  box::Setup s;
  s.nat.hairpin = nat::Hairpin::dnat_only;  // destination rules hold for callers from either side, as the kernel's do
  maybe(value, "source", [&](const Json& v) {
    for (const Json& rule : list(v, "source")) s.nat.source.push_back(source_rule(rule));
  });
  maybe(value, "destination", [&](const Json& v) {
    for (const Json& rule : list(v, "destination")) s.nat.destination.push_back(destination_rule(rule));
  });
  maybe(value, "firewall", [&](const Json& v) { read_firewall(v, s.nat); });
  maybe(value, "alg", [&](const Json& v) {
    for (const Json& name : list(v, "alg")) {
      if (text(name, "alg") != "ftp") wrong("unknown alg '{}'; write ftp", text(name, "alg"));
      s.nat.alg_ftp = true;
    }
  });
  maybe(value, "services", [&](const Json& v) {
    for (const Json& service : list(v, "services")) {
      only(service, "a service", {"proto", "port"});
      const wire::Protocol p = protocol(need(service, "proto", "a service"), "proto");
      if (p != wire::Protocol::tcp && p != wire::Protocol::udp) wrong("a service is tcp or udp");
      s.services.push_back({p, port(need(service, "port", "a service"), "port")});
    }
  });
  maybe(value, "verify-checksums", [&](const Json& v) { s.nat.verify_checksums = yes(v, "verify-checksums"); });
  maybe(value, "tcp-loose", [&](const Json& v) { s.nat.tcp_loose = yes(v, "tcp-loose"); });
  maybe(value, "tcp-be-liberal", [&](const Json& v) { s.nat.tcp_be_liberal = yes(v, "tcp-be-liberal"); });
  maybe(value, "reverse-path-filter",
        [&](const Json& v) { s.reverse_path_filter = yes(v, "reverse-path-filter") ? 1 : 0; });
  const auto seconds = [](const Json& v, std::string_view what) {
    return Duration{static_cast<std::int64_t>(whole(v, what, 1'000'000)) * 1'000'000'000};
  };
  maybe(value, "udp-timeout-s", [&](const Json& v) { s.nat.timeouts.udp = seconds(v, "udp-timeout-s"); });
  maybe(value, "reassembly-timeout-s",
        [&](const Json& v) { s.nat.timeouts.fragment = seconds(v, "reassembly-timeout-s"); });
  const auto mtu = [](const Json& v, std::string_view what) {
    const std::uint16_t bytes_at_most = port(v, what);
    if (bytes_at_most < 68) wrong("{} must be 68 or more", what);
    return bytes_at_most;
  };
  maybe(value, "wan-mtu", [&](const Json& v) { s.wan_mtu = mtu(v, "wan-mtu"); });
  maybe(value, "lan-mtu", [&](const Json& v) { s.lan_mtu = mtu(v, "lan-mtu"); });
  maybe(value, "addressing", [&](const Json& v) {
    for (const Json& line : list(v, "addressing")) s.addressing.push_back(addressing(text(line, "addressing")));
  });
  return s;
}

// --- steps ---------------------------------------------------------------------------------------------------------

box::Action action(const std::string& line) {
  const std::vector<std::string_view> words = split(line);
  const auto bad = [&]() -> box::Action {
    wrong(
        "do: cannot read '{}'; known are: flush-table, remove-nat-rules, readdress IF A/N, IF down, IF up, "
        "send udp from A:P to B:Q payload HEX",
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

Step step(const Json& value) {
  only(value, "a step", {"dir", "hex", "relative", "wait_ms", "sh", "do", "note"});
  if (value.contains("wait_ms")) {
    const std::uint64_t ms = whole(value["wait_ms"], "wait_ms", 1'000'000'000);
    return Wait{Duration{static_cast<std::int64_t>(ms) * 1'000'000}};
  }
  if (value.contains("hex")) {
    return Inject{side(need(value, "dir", "an injection"), "dir"), bytes(value["hex"], "hex"),
                  value.contains("relative") && yes(value["relative"], "relative")};
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
  c.setup = setup(need(value, "gateway", "a case"));
  maybe(value, "config", [&](const Json& v) {
    c.kernel = kernel_words(v);
    maybe(v, "settle_ms", [&](const Json& ms) {
      c.settle = Duration{static_cast<std::int64_t>(whole(ms, "settle_ms", longest_settle_ms)) * 1'000'000};
    });
  });
  for (const Json& one : list(need(value, "steps", "a case"), "steps")) c.steps.push_back(step(one));
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
