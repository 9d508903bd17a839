#include "setup_words.hpp"

#include <fmt/format.h>

#include <utility>

namespace masqsim::viz {

using scenario::Channel;
using scenario::Node;
using scenario::Scenario;

namespace {

std::string ports_text(const std::optional<nat::PortRange>& ports) {
  if (!ports) return "";
  return ports->first == ports->last ? fmt::format(" {}", ports->first)
                                     : fmt::format(" {}-{}", ports->first, ports->last);
}

std::string short_text(wire::Prefix p) { return p.length == 32 ? wire::to_string(p.address) : wire::to_string(p); }

}  // namespace

std::string range_text(const Node& node, const scenario::InterfaceAddress& a, bool prefix) {
  std::string text = wire::to_string(a.address);
  if (node.group && node.count > 1) {
    text += " to " + wire::to_string(wire::Address{a.address.value + node.count - 1});
  }
  return prefix && a.length < 32 ? text + fmt::format("/{}", a.length) : text;
}

std::string address_text(const Node& node, const scenario::Interface& interface) {
  std::string text;
  for (const scenario::InterfaceAddress& a : interface.addresses)
    text += (text.empty() ? "" : ", ") + range_text(node, a, false);
  return text;
}

std::vector<std::string> channel_words(const Channel& c) {
  std::vector<std::string> words;
  std::string line;
  const auto word = [&](bool set, const std::string& text) {
    if (set) line += (line.empty() ? "" : "  ") + text;
  };
  word(c.delay.ns != 0, to_string(c.delay));
  word(c.rate.bits_per_second != 0, parse::to_string(c.rate));
  word(c.mtu != 1500, fmt::format("mtu {}", c.mtu));
  if (!line.empty()) words.push_back(std::exchange(line, {}));
  word(!c.loss.is_zero(), "loss " + parse::percent_text(c.loss));
  word(c.jitter.ns != 0, "jitter " + to_string(c.jitter));
  word(!c.duplicate.is_zero(), "duplicates " + parse::percent_text(c.duplicate));
  word(!c.reorder.is_zero(), "reorders " + parse::percent_text(c.reorder));
  if (!line.empty()) words.push_back(line);
  return words;
}

std::string service_text(const Node& node) {
  std::string text;
  for (const scenario::Service& s : node.services) {
    text += fmt::format("{}{} {}", text.empty() ? "listens: " : ", ", wire::to_string(s.protocol), s.port);
  }
  return text;
}

std::vector<std::string> nat_lines(const Scenario& scenario, const Node& node) {
  constexpr std::size_t most_forwards = 6;
  if (!node.nat)
    return node.kind == scenario::NodeKind::gateway ? std::vector<std::string>{"no NAT"} : std::vector<std::string>{};
  const scenario::NatSpec& nat = *node.nat;
  std::vector<std::string> lines;
  for (const auto& m : nat.masquerade) lines.push_back("masquerades to " + scenario.networks[m.out].name);
  for (const auto& s : nat.source) {
    lines.push_back(s.exempt
                        ? "exempts some to " + scenario.networks[s.out].name
                        : "source NAT to " + wire::to_string(s.addresses.first) +
                              (s.addresses.first == s.addresses.last ? "" : " - " + wire::to_string(s.addresses.last)));
  }
  for (const auto& o : nat.one_to_one) lines.push_back("1:1 " + short_text(o.inside) + " = " + short_text(o.outside));
  for (const auto& n : nat.twice_nat)
    lines.push_back("outside " + short_text(n.outside) + " = inside " + short_text(n.inside));
  for (const auto& f : nat.forward) {
    if (lines.size() > most_forwards) {
      lines.push_back("...");
      break;
    }
    const std::string port = f.to_port ? fmt::format(":{}", *f.to_port) : "";
    const std::string callers = f.from ? fmt::format(", from {} only", short_text(*f.from)) : "";
    lines.push_back(fmt::format("forwards {}{} to {}{}{}", f.protocol ? wire::to_string(*f.protocol) : "all",
                                ports_text(f.ports), wire::to_string(f.to), port, callers));
  }
  if (lines.empty()) lines.push_back("NAT without rules");
  return lines;
}

}  // namespace masqsim::viz
