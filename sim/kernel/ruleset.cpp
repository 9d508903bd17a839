#include "ruleset.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/nat/config_keys.hpp"

#include "masqsim/nat/sides.hpp"

namespace masqsim::kernel {
namespace {

using nat::Config;
using wire::Protocol;

std::string set_of(const Names& names, const std::vector<nat::InterfaceId>& interfaces) {
  std::string text;
  for (const nat::InterfaceId i : interfaces) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", names.interfaces[i]);
  }
  return interfaces.size() == 1 ? text : "{ " + text + " }";
}

std::string range(nat::PortRange r) {
  return r.first == r.last ? fmt::format("{}", r.first) : fmt::format("{}-{}", r.first, r.last);
}

std::string range(nat::AddressRange r) {
  return r.first == r.last ? wire::to_string(r.first) : wire::to_string(r.first) + "-" + wire::to_string(r.last);
}

std::string prefix(wire::Prefix p) { return p.length == 32 ? wire::to_string(p.address) : wire::to_string(p); }

constexpr std::string_view have_ports = "{ tcp, udp, udplite, sctp }";
constexpr std::string_view have_ports_or_ids = "{ tcp, udp, udplite, sctp, icmp, gre }";

// The words "dnat to A:port" and "snat to A:ports" need protocols with ports, or ids in their place, before them.
std::string protocol_match(std::optional<Protocol> protocol, std::string_view needed = "") {
  if (protocol == Protocol::tcp || protocol == Protocol::udp || protocol == Protocol::icmp) {
    return fmt::format("ip protocol {} ", wire::to_string(*protocol));
  }
  if (protocol) return fmt::format("ip protocol {} ", static_cast<unsigned>(*protocol));
  return needed.empty() ? "" : fmt::format("meta l4proto {} ", needed);
}

// The network of `length` that a pool with kept host bits is.
std::string netmap(std::string_view verb, std::string_view field, wire::Prefix from, wire::Address to) {
  return fmt::format("{} ip prefix to ip {} map {{ {} : {} }}", verb, field, wire::to_string(from),
                     wire::to_string(wire::Prefix{to, from.length}));
}

std::string destination_rule(const Config& config, const nat::DestinationRule& rule, const Names& names) {
  std::string line;
  if (rule.in != nat::any_interface) {
    line += fmt::format("iifname \"{}\" ", names.interfaces[rule.in]);
  } else if (config.hairpin == nat::Hairpin::none && !names.inside.empty()) {
    line += fmt::format("iifname != {} ", set_of(names, names.inside));
  }
  if (rule.from) line += fmt::format("ip saddr {} ", prefix(*rule.from));
  line += fmt::format("ip daddr {} ", prefix(rule.to));
  line += protocol_match(rule.protocol, rule.port || rule.forward_port ? have_ports : "");
  if (rule.port) line += fmt::format("th dport {} ", range(*rule.port));
  if (rule.keep_host_bits) return line + netmap("dnat", "daddr", rule.to, rule.forward);
  line += fmt::format("dnat to {}", wire::to_string(rule.forward));
  if (rule.forward_port) line += fmt::format(":{}", *rule.forward_port);
  return line;
}

std::string flags(const nat::SourceRule& rule) {
  std::string text;
  if (rule.random) text += " random";
  if (rule.persistent) text += rule.random ? ",persistent" : " persistent";
  return text;
}

// One line, or two where ports are given for whatever has ports: the rest is translated without them.
std::vector<std::string> source_rule(const nat::SourceRule& rule, const Names& names) {
  std::string matches;
  if (rule.out != nat::any_interface) matches += fmt::format("oifname \"{}\" ", names.interfaces[rule.out]);
  if (rule.in != nat::any_interface) matches += fmt::format("iifname \"{}\" ", names.interfaces[rule.in]);
  if (rule.from) matches += fmt::format("ip saddr {} ", prefix(*rule.from));
  if (rule.to) matches += fmt::format("ip daddr {} ", prefix(*rule.to));
  if (rule.only_port_forwarded) matches += "ct status dnat ";
  if (rule.action == nat::SourceRule::Action::exempt) return {matches + protocol_match(rule.protocol) + "accept"};

  const auto action = [&](bool with_ports) -> std::string {
    const std::string ports = with_ports ? ":" + range(*rule.ports) : "";
    if (rule.action == nat::SourceRule::Action::source_nat) {
      if (rule.keep_host_bits && rule.from) return netmap("snat", "saddr", *rule.from, rule.addresses.first);
      return "snat to " + range(rule.addresses) + ports + flags(rule);
    }
    return "masquerade" + (with_ports ? " to " + ports : "") + flags(rule);
  };
  std::vector<std::string> lines{matches + protocol_match(rule.protocol, rule.ports ? have_ports_or_ids : "") +
                                 action(rule.ports.has_value())};
  if (rule.ports && !rule.protocol) {
    lines.push_back(matches + fmt::format("meta l4proto != {} ", have_ports_or_ids) + action(false));
  }
  return lines;
}

std::string nat_table(const Config& config, const Names& names) {
  std::string text = "table ip nat {\n";
  if (!config.destination.empty()) {
    text += " chain pre {\n  type nat hook prerouting priority -100; policy accept;\n";
    for (const nat::DestinationRule& rule : config.destination) {
      text += fmt::format("  {}\n", destination_rule(config, rule, names));
    }
    text += " }\n";
  }
  text += " chain post {\n  type nat hook postrouting priority 100; policy accept;\n";
  for (const nat::SourceRule& rule : config.source) {
    for (const std::string& line : source_rule(rule, names)) text += fmt::format("  {}\n", line);
  }
  if (config.hairpin == nat::Hairpin::full && !names.inside.empty() && !names.outside.is_zero()) {
    const std::string inside = set_of(names, names.inside);
    text +=
        fmt::format("  iifname {0} oifname {0} ct status dnat snat to {1}\n", inside, wire::to_string(names.outside));
  }
  return text + " }\n}\n";
}

std::string helper_table() {
  return "table ip alg {\n ct helper ftp-control {\n  type \"ftp\" protocol tcp;\n }\n chain pre {\n"
         "  type filter hook prerouting priority 0; policy accept;\n  tcp dport 21 ct helper set \"ftp-control\"\n }\n}\n";
}

std::string chain(std::string_view hook, bool drop, const std::vector<std::string>& rules) {
  if (!drop && rules.empty()) return "";
  std::string text =
      fmt::format(" chain {0} {{\n  type filter hook {0} priority 0; policy {1};\n", hook, drop ? "drop" : "accept");
  for (const std::string& rule : rules) text += fmt::format("  {}\n", rule);
  return text + " }\n";
}

std::string filter_table(const Config& config, const Names& names) {
  const nat::Firewall& firewall = config.firewall;
  const std::vector<nat::InterfaceId>& inside_ids = firewall.inside.empty() ? names.inside : firewall.inside;
  const std::string inside = inside_ids.empty() ? "\"lo\"" : set_of(names, inside_ids);
  std::string sets;
  std::vector<std::string> input, forward;
  if (config.mss_clamp) {
    const std::uint16_t to = config.mss_clamp->to;
    forward.push_back("tcp flags syn tcp option maxseg size set " + (to == 0 ? "rt mtu" : fmt::format("{}", to)));
  }
  if (firewall.drop_invalid) {
    input.push_back("ct state invalid drop");
    forward.push_back("ct state invalid drop");
  }
  if (firewall.drop_direct) {
    forward.push_back(fmt::format("iifname != {} ct status dnat accept", inside));
    forward.push_back(fmt::format("iifname != {} ct state new drop", inside));
  }
  if (config.limits.flows_per_host) {
    sets = " set flows {\n  type ipv4_addr; size 65535; flags dynamic;\n }\n";
    forward.push_back(fmt::format("iifname {} ct state new add @flows {{ ip saddr ct count over {} }} {}", inside,
                                  *config.limits.flows_per_host,
                                  config.limits.reject_excess ? "reject with icmp type admin-prohibited" : "drop"));
  }
  if (firewall.protect_input) {
    input.push_back("ct state established,related accept");
    input.push_back(fmt::format("iifname {} accept", inside));
    input.push_back("iifname \"lo\" accept");
  } else if (config.unsolicited == nat::Unsolicited::drop) {
    input.push_back("ct state established,related accept");
    const std::string behind = names.inside.empty() ? "\"lo\"" : set_of(names, names.inside);
    input.push_back(fmt::format("iifname != {} ip protocol != icmp drop", behind));
  }
  if (firewall.protect_forward) {
    forward.push_back("ct state established,related accept");
    forward.push_back(fmt::format("iifname {0} oifname != {0} ct state new accept", inside));
    if (firewall.admit_forwarded && !config.destination.empty()) forward.push_back("ct status dnat accept");
  }
  const std::string chains =
      chain("input", firewall.protect_input, input) + chain("forward", firewall.protect_forward, forward);
  return chains.empty() ? "" : "table ip filter {\n" + sets + chains + "}\n";
}

/// The value of a sysctl: whole seconds of a duration, 0 or 1 of a switch.
std::string sysctl_value(const nat::ConfigKey& key, const Config& config) {
  const std::int64_t value = *key.get(config);
  return fmt::format("{}", key.kind == nat::KeyKind::duration ? value / (1_s).ns : value);
}

void tell_sysctls(const Config& config, const Config& before, Ruleset& set) {
  for (const nat::ConfigKey& key : nat::config_keys()) {
    const std::string_view sysctl = key.linux_side.sysctl;
    if (sysctl.empty() || key.same(config, before)) continue;
    set.sysctls.push_back({std::string(sysctl), sysctl_value(key, config)});
    if (key.kind == nat::KeyKind::duration && *key.get(config) % (1_s).ns != 0) {
      set.cannot.push_back(fmt::format("{} of {}: Linux counts whole seconds, the rest is cut off", sysctl,
                                       to_string(key, key.get(config))));
    }
  }
}

void tell_what_cannot_be(const Config& config, Ruleset& set) {
  const auto cannot = [&](const nat::ConfigKey& key, std::string_view why) {
    if (!why.empty()) set.cannot.push_back(fmt::format("{}: {}", key.name, why));
  };
  for (const nat::ConfigKey& key : nat::config_keys()) {
    if (key.same(config, {})) continue;
    cannot(key, key.linux_side.cannot);
    if (key.kind != nat::KeyKind::word) continue;
    cannot(key, std::ranges::find(key.words, *key.get(config), &nat::KeyWord::value)->cannot);
  }
}

}  // namespace

Names names_by_side(const Config& config, std::vector<std::string> interfaces,
                    const std::vector<wire::Address>& addresses) {
  Names names{std::move(interfaces), {}, {}};
  const nat::Sides sides(config);
  for (std::size_t n = 0; n < names.interfaces.size(); ++n) {
    const auto id = static_cast<nat::InterfaceId>(n);
    if (!sides.is_outside(id)) {
      names.inside.push_back(id);
    } else if (names.outside.is_zero()) {
      names.outside = addresses[n];
    }
  }
  return names;
}

Ruleset ruleset_of(const Config& config, const Names& names, const Config& before) {
  Ruleset set;
  set.nft = nat_table(config, names) + (config.alg_ftp ? helper_table() : "") + filter_table(config, names);
  tell_sysctls(config, before, set);
  tell_what_cannot_be(config, set);
  return set;
}

std::string silence_rules() {
  return "table ip silence {\n chain output {\n  type filter hook output priority 0; policy accept;\n"
         "  icmp type { destination-unreachable, source-quench, redirect, time-exceeded, parameter-problem } drop\n"
         " }\n}\n";
}

std::string export_text(const Ruleset& ruleset, std::string_view title) {
  std::string text = "#!/usr/sbin/nft -f\n";
  text += fmt::format("# {}\n# Forwarding must be on: sysctl -w net.ipv4.ip_forward=1\n", title);
  for (const Sysctl& s : ruleset.sysctls) text += fmt::format("# sysctl -w {}={}\n", s.name, s.value);
  for (const std::string& sentence : ruleset.cannot) text += fmt::format("# Not said below: {}\n", sentence);
  return text + ruleset.nft;
}

}  // namespace masqsim::kernel
