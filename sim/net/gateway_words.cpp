#include "gateway_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "masqsim/nat/asked.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "network.hpp"

namespace masqsim::net {

namespace {

constexpr std::size_t most_rules = 8;  // of those that did not fit

std::string_view question(const nat::SourceRule& rule) {
  if (rule.only_port_forwarded) return "twice NAT?";
  switch (rule.action) {
    case nat::SourceRule::Action::masquerade: return "masquerade?";
    case nat::SourceRule::Action::source_nat: return "source NAT?";
    case nat::SourceRule::Action::exempt: return "exempt?";
  }
  return "";
}

wire::Ipv4View header(wire::ByteView packet) { return *wire::Ipv4View::parse(packet); }

/// The packet as it came; where nobody listened then, as it is.
wire::ByteView came(const PacketContext& p) { return p.before.empty() ? p.packet.view() : wire::ByteView(p.before); }

}  // namespace

std::string GatewayWords::network_of(InterfaceIndex interface) const {
  if (interface >= gateway_.interfaces().size()) return "the gateway itself";
  return network_.header().points[gateway_.interfaces()[interface].point].network;
}

std::string GatewayWords::insides() const {
  std::string text;
  for (const nat::InterfaceId id : config_.firewall.inside) text += (text.empty() ? "" : ", ") + network_of(id);
  return text.empty() ? "no network" : text;
}

std::vector<Step> GatewayWords::translation(const PacketContext& p) const {
  std::vector<Step> steps;
  if (p.track.relation() == nat::Relation::related) {
    return {{"expected by a helper?", true, "the ftp helper read of it in its control connection", "nat.alg"}};
  }
  if (p.in != no_interface) destination(p, steps);
  if (p.out != no_interface) source(p, steps);
  return steps;
}

void GatewayWords::destination(const PacketContext& p, std::vector<Step>& steps) const {
  const wire::Address called = header(came(p)).destination(), reached = header(p.packet.view()).destination();
  const std::vector<nat::RuleAsked> asked = nat::destination_rules_asked(config_, came(p), p.in);
  if (!asked.empty() && asked.back().unmet == nat::Unmet::none) {
    const std::optional<wire::Tuple> to = wire::tuple_of(p.packet.view());
    const bool port = to && to->has_ports && to->protocol != wire::Protocol::icmp;
    steps.push_back({"port forward?", true, "to " + (port ? to_string(to->destination) : to_string(reached)),
                     fmt::format("nat.destination-rule.{}", asked.back().number)});
  } else if (called != reached) {
    steps.push_back({"existing mapping?", true, "it lets this remote in, too", "nat.filtering"});
  }
}

void GatewayWords::source(const PacketContext& p, std::vector<Step>& steps) const {
  const bool forwarded = header(came(p)).destination() != header(p.packet.view()).destination();
  const bool translated = header(came(p)).source() != header(p.packet.view()).source();
  const std::vector<nat::RuleAsked> asked = nat::source_rules_asked(
      config_, came(p), p.packet.view(), p.in == no_interface ? nat::any_interface : p.in, p.out);
  if (!asked.empty() && asked.back().unmet == nat::Unmet::none) {
    const nat::SourceRule& rule = config_.source[asked.back().number];
    const bool exempts = rule.action == nat::SourceRule::Action::exempt;
    steps.push_back({std::string(question(rule)), true,
                     exempts ? "its source stays as it is" : "it leaves by " + network_of(p.out),
                     fmt::format("nat.source-rule.{}", asked.back().number)});
    return;
  }
  if (translated) {
    steps.push_back({"hairpin?", true, "the server sees the outside address", "nat.hairpin"});
    return;
  }
  if (forwarded) return;  // called from outside: nobody expects its source to change
  if (asked.empty()) steps.push_back({"a rule for its source?", false, "nat has none", "nat"});
  for (std::size_t n = 0; n < asked.size() && n < most_rules; ++n) {
    const nat::SourceRule& rule = config_.source[asked[n].number];
    const std::string_view key = nat::word(asked[n].unmet);
    if (rule.only_port_forwarded || key.empty()) continue;
    steps.push_back({std::string(question(rule)), false, mismatch(rule, p, key),
                     fmt::format("nat.source-rule.{}.{}", asked[n].number, key)});
  }
}

/// "out is home, this packet leaves by internet"
std::string GatewayWords::mismatch(const nat::SourceRule& rule, const PacketContext& p, std::string_view key) const {
  const auto text = [&](const auto& wanted, const auto& verb, const auto& is) {
    return fmt::format("{} is {}, this packet {} {}", key, wanted, verb, is);
  };
  if (key == "out") return text(network_of(rule.out), "leaves by", network_of(p.out));
  if (key == "protocol") return text(to_string(*rule.protocol), "is", to_string(header(came(p)).protocol()));
  if (key == "from") return text(to_string(*rule.from), "comes from", to_string(header(came(p)).source()));
  return text(to_string(*rule.to), "goes to", to_string(header(p.packet.view()).destination()));
}

Step GatewayWords::firewall(const PacketContext& p, bool outside) const {
  const nat::Firewall& firewall = config_.firewall;
  const auto is_inside = [&](InterfaceIndex id) {
    return std::ranges::find(firewall.inside, static_cast<nat::InterfaceId>(id)) != firewall.inside.end();
  };
  if (p.local) {
    return {"may it reach the gateway itself?", false,
            fmt::format("input: protect takes answers and what comes from inside ({}); this came from {}", insides(),
                        network_of(p.in)),
            "nat.firewall.input"};
  }
  const bool called = header(came(p)).destination() != header(p.packet.view()).destination();
  const bool fresh = p.track.relation() == nat::Relation::fresh;
  if (firewall.drop_direct && fresh && outside && !is_inside(p.in) && !called) {
    return {"does a forward or a mapping let it in?", false, "direct: drop refuses who calls an inside address itself",
            "nat.firewall.direct"};
  }
  return {"may it pass to the other side?", false,
          fmt::format("forward: protect passes answers and what is new from inside ({}); this goes from {} to {}",
                      insides(), network_of(p.in), network_of(p.out)),
          "nat.firewall.forward"};
}

}  // namespace masqsim::net
