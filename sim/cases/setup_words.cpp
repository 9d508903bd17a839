#include "setup_words.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "masqsim/base/parse.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::cases {

namespace {

// --- settings ------------------------------------------------------------------------------------------------------

/// What the first recorded cases called a row of the table of keys, or a word of it. Every row has its own name, too.
struct OldWord {
  std::string_view word;
  std::string_view row;
  std::string_view value = {};  ///< stands for `means`
  std::string_view means = {};
};
constexpr std::string_view forward_from_inside = "drop unless established, related, or new from lan0 to wan0";
constexpr std::array old_words{
    OldWord{"udp-timeout-s", "timeouts.udp"},
    OldWord{"reassembly-timeout-s", "timeouts.fragment"},
    OldWord{"firewall.input", "firewall.input", "drop unless established, related or from lan0", "protect"},
    OldWord{"firewall.forward", "firewall.forward", forward_from_inside, "protect"},
    OldWord{"firewall.flows-per-inside-host", "limits.per-host"},
    OldWord{"firewall.excess", "limits.excess", "reject admin-prohibited", "reject"}};

std::int64_t word_value(const nat::ConfigKey& key, std::string_view name) {
  const auto word = std::ranges::find(key.words, name, &nat::KeyWord::text);
  if (word != key.words.end()) return word->value;
  std::string known;
  for (const nat::KeyWord& one : key.words) known += (known.empty() ? "" : ", ") + std::string(one.text);
  wrong("unknown {} '{}'; known: {}", key.leaf(), name, known);
}

std::int64_t number_value(const nat::ConfigKey& key, const Json& value) {
  if (value.is_string() && !key.words.empty()) return word_value(key, value.get<std::string>());
  const auto number = static_cast<std::int64_t>(whole(value, key.leaf(), static_cast<std::uint64_t>(key.most)));
  if (number < key.least) wrong("{} must be {} or more, got {}", key.leaf(), key.least, number);
  return number;
}

/// A number is seconds.
std::int64_t duration_value(const nat::ConfigKey& key, const Json& value) {
  std::int64_t ns = 0;
  if (value.is_string()) {
    const auto span = parse::duration(value.get<std::string>());
    if (const auto* problem = std::get_if<parse::Problem>(&span)) wrong("{} {}", key.leaf(), problem->text);
    ns = std::get<Duration>(span).ns;
  } else {
    ns = static_cast<std::int64_t>(whole(value, key.leaf(), 1'000'000)) * (1_s).ns;
  }
  if (ns < key.least || ns > key.most || ns % key.step != 0) {
    wrong("{} must not be {}", key.leaf(), masqsim::to_string(Duration{ns}));
  }
  return ns;
}

std::int64_t words_value(const nat::ConfigKey& key, const Json& value) {
  std::int64_t chosen = 0;
  for (const Json& name : list(value, key.leaf())) chosen |= word_value(key, text(name, key.leaf()));
  return chosen;
}

nat::KeyValue value_of(const nat::ConfigKey& key, const Json& value) {
  if (key.unlimited && value == "unlimited") return std::nullopt;
  switch (key.kind) {
    case nat::KeyKind::boolean: return yes(value, key.leaf()) ? 1 : 0;
    case nat::KeyKind::word: return word_value(key, text(value, key.leaf()));
    case nat::KeyKind::words: return words_value(key, value);
    case nat::KeyKind::duration: return duration_value(key, value);
    case nat::KeyKind::number: break;
  }
  return number_value(key, value);
}

bool is_group(std::string_view name) {
  return std::ranges::find(nat::config_keys(), name, &nat::ConfigKey::group) != nat::config_keys().end();
}

/// `name` is that of a row, "timeouts.udp", or an old word for one.
void read_setting(std::string_view name, Json value, nat::Config& config) {
  const auto old = std::ranges::find(old_words, name, &OldWord::word);
  const std::string_view row = old != old_words.end() ? old->row : name;
  const auto key = std::ranges::find(nat::config_keys(), row, &nat::ConfigKey::name);
  if (key == nat::config_keys().end()) wrong("gateway: unknown word '{}'", name);
  if (old != old_words.end() && !old->value.empty() && value == old->value) {
    if (value == forward_from_inside) config.firewall.admit_forwarded = false;
    value = old->means;
  }
  key->set(config, value_of(*key, value));
}

/// What "firewall" means by right: lan0 is inside, and an excess of flows is dropped silently.
void begin_firewall(nat::Config& config) {
  config.firewall.inside = {box::lan};
  config.limits.reject_excess = false;
}

// --- rules ---------------------------------------------------------------------------------------------------------

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

/// The inside host that a destination rule leads to: an address, an endpoint, or a network of the size of `to`.
void read_target(const Json& value, nat::DestinationRule& rule) {
  const std::string forward = text(value, "forward");
  if (const auto endpoint = wire::parse_endpoint(forward)) {
    rule.forward = endpoint->address;
    rule.forward_port = endpoint->port;
    return;
  }
  if (forward.find('/') == std::string::npos) {
    rule.forward = address(forward, "forward");
    return;
  }
  const wire::Prefix network = prefix(forward, "forward");
  if (network.length != rule.to.length) wrong("forward: '{}' is not of the size of 'to'", forward);
  rule.forward = network.address;
  rule.keep_host_bits = true;
}

nat::DestinationRule destination_rule(const Json& value) {
  only(value, "a destination rule", {"in", "from", "to", "protocol", "port", "forward"});
  nat::DestinationRule rule;
  maybe(value, "in", [&](const Json& v) { rule.in = interface(text(v, "in"), "in"); });
  maybe(value, "from", [&](const Json& v) { rule.from = prefix(text(v, "from"), "from"); });
  rule.to = prefix(text(need(value, "to", "a destination rule"), "to"), "to");
  maybe(value, "protocol", [&](const Json& v) { rule.protocol = protocol(v, "protocol"); });
  maybe(value, "port", [&](const Json& v) {
    rule.port = v.is_array() ? ports(v, "port") : nat::PortRange{port(v, "port"), port(v, "port")};
  });
  read_target(need(value, "forward", "a destination rule"), rule);
  return rule;
}

// --- addressing ----------------------------------------------------------------------------------------------------

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

// --- words ---------------------------------------------------------------------------------------------------------

box::Service service(const Json& value) {
  only(value, "a service", {"proto", "port"});
  const wire::Protocol p = protocol(need(value, "proto", "a service"), "proto");
  if (p != wire::Protocol::tcp && p != wire::Protocol::udp) wrong("a service is tcp or udp");
  return {p, port(need(value, "port", "a service"), "port")};
}

std::uint16_t mtu(const Json& value, std::string_view what) {
  const std::uint16_t bytes = port(value, what);
  if (bytes < 68) wrong("{} must be 68 or more", what);
  return bytes;
}

template <typename One, typename Read>
std::vector<One> all_of(const Json& value, std::string_view what, Read read) {
  std::vector<One> all;
  for (const Json& one : list(value, what)) all.push_back(read(one));
  return all;
}

/// A word whose value no row of the table of keys holds.
struct OtherWord {
  std::string_view word;
  bool may_change;  ///< while a case runs
  void (*read)(const Json& value, box::Setup& setup);
};
constexpr std::array other_words{
    OtherWord{"source", true,
              [](const Json& v, box::Setup& s) { s.nat.source = all_of<nat::SourceRule>(v, "source", source_rule); }},
    OtherWord{"destination", true,
              [](const Json& v, box::Setup& s) {
                s.nat.destination = all_of<nat::DestinationRule>(v, "destination", destination_rule);
              }},
    OtherWord{"services", false,
              [](const Json& v, box::Setup& s) { s.services = all_of<box::Service>(v, "services", service); }},
    OtherWord{"reverse-path-filter", false,
              [](const Json& v, box::Setup& s) { s.reverse_path_filter = yes(v, "reverse-path-filter") ? 1 : 0; }},
    OtherWord{"wan-mtu", false, [](const Json& v, box::Setup& s) { s.wan_mtu = mtu(v, "wan-mtu"); }},
    OtherWord{"lan-mtu", false, [](const Json& v, box::Setup& s) { s.lan_mtu = mtu(v, "lan-mtu"); }},
    OtherWord{"addressing", false, [](const Json& v, box::Setup& s) {
                s.addressing = all_of<box::Addressing>(
                    v, "addressing", [](const Json& line) { return addressing(text(line, "addressing")); });
              }}};

void read_words(const Json& words, box::Setup& setup, bool running) {
  if (object(words, "gateway").contains("firewall")) begin_firewall(setup.nat);
  for (const auto& [word, value] : words.items()) {
    const auto other = std::ranges::find(other_words, word, &OtherWord::word);
    if (other != other_words.end()) {
      if (running && !other->may_change) wrong("gateway: '{}' cannot change while a case runs", word);
      other->read(value, setup);
    } else if (is_group(word)) {
      for (const auto& [leaf, one] : object(value, word).items()) read_setting(word + '.' + leaf, one, setup.nat);
    } else {
      read_setting(word, value, setup.nat);
    }
  }
}

}  // namespace

box::Setup plain_setup() {
  box::Setup setup;
  setup.nat.hairpin = nat::Hairpin::dnat_only;
  return setup;
}

void read_gateway(const Json& words, box::Setup& setup) { read_words(words, setup, false); }

void read_change(const Json& words, box::Setup& setup) { read_words(words, setup, true); }

}  // namespace masqsim::cases
