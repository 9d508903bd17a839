#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "draft.hpp"
#include "nat_rules.hpp"
#include "nat_settings.hpp"
#include "nat_words.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

/// Reads one `nat:` section. The node it belongs to is read but for its `nat`.
class NatReader {
 public:
  NatReader(Draft& draft, NodeIndex owner, const Fields& fields)
      : draft_(draft), report_(draft.report), node_(draft.scenario.nodes[owner]), fields_(fields) {}

  NatSpec read(Span where) {
    NatSpec spec;
    spec.position = position_of(draft_, where);
    spec.forward_position = position_of(draft_, fields_.has("forward") ? fields_.get("forward")->span : where);
    fields_.word<bool>("preset", preset_words, spec.rfc);
    if (spec.rfc) spec.config = nat::rfc_preset(spec.config);
    read_settings(fields_, "", spec.config);
    for (const std::string_view group : {"timeouts", "limits"}) {
      if (const auto map = open_group(group)) read_settings(*map, group, spec.config);
    }
    read_masquerade(spec);
    read_source(spec);
    tell_sides(spec, read_firewall(spec.config));
    read_pairs("one-to-one", spec.one_to_one, !spec.outside.empty());
    read_pairs("twice-nat", spec.twice_nat, !spec.outside.empty());
    read_forwards(spec);
    compile_rules(node_, spec);
    return spec;
  }

 private:
  void say(Span where, std::string message) { report_.error(where, std::move(message)); }

  /// The map called `group` within `nat:`, where the file has it.
  std::optional<Fields> open_group(std::string_view group) {
    const Value* value = fields_.get(group);
    if (!value) return std::nullopt;
    return Fields(report_, *value, fmt::format("{}.{}", fields_.path(), group), fields_.key_span(group),
                  nat_section(group));
  }

  /// The attached network that `out` names.
  std::optional<NetworkIndex> read_out(const Fields& rule) {
    const Value* out = rule.need("out");
    const auto network = out ? find_network(draft_, rule.path(), *out) : std::nullopt;
    if (!network || interface_on(node_, *network)) return network;
    say(out->span, fmt::format("'{}' has no interface on '{}'", node_.name, out->text));
    return std::nullopt;
  }

  void read_protocol(const Fields& rule, std::optional<wire::Protocol>& out) {
    rule.maybe(out, [&](wire::Protocol& p) { return rule.word<wire::Protocol>("protocol", protocol_words, p); });
  }

  void read_prefix_at(const Fields& rule, std::string_view key, std::optional<wire::Prefix>& out) {
    rule.maybe(out, [&](wire::Prefix& p) { return rule.prefix(key, p); });
  }

  void read_range_at(const Fields& rule, std::optional<nat::PortRange>& out) {
    rule.maybe(out, [&](nat::PortRange& p) { return rule.ports("ports", p); });
  }

  /// One map, or a list of them; the word "none" is neither.
  std::vector<const Value*> entries(std::string_view key) {
    std::vector<const Value*> all;
    const Value* value = fields_.get(key);
    if (!value || (value->is_scalar() && value->text == "none")) return all;
    if (!value->is_list()) return {value};
    for (const Value& one : value->items) all.push_back(&one);
    return all;
  }

  void read_masquerade(NatSpec& spec) {
    for (const Value* value : entries("masquerade")) {
      const Fields rule(report_, *value, fields_.path() + ".masquerade", value->span, masquerade_section());
      if (!rule.ok()) continue;
      Masquerade made;
      made.position = position_of(draft_, value->span);
      const auto out = read_out(rule);
      read_prefix_at(rule, "from", made.from);
      read_protocol(rule, made.protocol);
      read_range_at(rule, made.ports);
      rule.word<bool>("pick", masquerade_pick_words, made.random);
      if (!out) continue;
      made.out = *out;
      spec.masquerade.push_back(made);
    }
  }

  std::optional<nat::AddressRange> read_pool(const Fields& rule) {
    const Value* value = rule.need("address");
    const std::string* text = value ? plain_text(report_, *value, "address") : nullptr;
    if (!text) return std::nullopt;
    if (text->find('/') != std::string::npos) {
      const auto prefix = read_prefix(report_, value->span, *text);
      if (!prefix) return std::nullopt;
      return nat::AddressRange{prefix->address, prefix->broadcast()};
    }
    const std::size_t dash = text->find('-');
    const auto first = read_address(report_, value->span, std::string_view(*text).substr(0, dash));
    if (!first || dash == std::string::npos) {
      return first ? std::optional(nat::AddressRange{*first, *first}) : std::nullopt;
    }
    const auto last = read_address(report_, value->span, std::string_view(*text).substr(dash + 1));
    if (!last) return std::nullopt;
    if (*last < *first) {
      say(value->span, fmt::format("address range {} ends before it begins", quoted(*text)));
      return std::nullopt;
    }
    return nat::AddressRange{*first, *last};
  }

  void read_source(NatSpec& spec) {
    for (const Value* value : entries("source")) {
      const Fields rule(report_, *value, fields_.path() + ".source", value->span, source_section());
      if (!rule.ok()) continue;
      SourceNat made;
      made.position = position_of(draft_, value->span);
      const auto out = read_out(rule);
      read_prefix_at(rule, "from", made.from);
      read_prefix_at(rule, "to", made.to);
      read_protocol(rule, made.protocol);
      rule.boolean("exempt", made.exempt);
      Pick pick = Pick::preserve;
      rule.word<Pick>("pick", source_pick_words, pick);
      made.random = pick == Pick::random;
      made.persistent = pick == Pick::persistent;
      if (made.exempt) {
        for (const std::string_view key : {"address", "ports", "pick"}) {
          if (rule.has(key)) {
            say(rule.key_span(key), fmt::format("an exempt rule translates nothing; '{}' has no place in it", key));
          }
        }
      } else {
        read_range_at(rule, made.ports);
        const auto pool = read_pool(rule);
        if (!pool) continue;
        made.addresses = *pool;
      }
      if (!out) continue;
      made.out = *out;
      spec.source.push_back(made);
    }
  }

  /// Where no rule names an outside, the clouds are outside, else what `firewall.inside` leaves. Where nothing tells,
  /// whatever is forwarded is called by the gateway's own addresses, on whichever side the caller is, and nobody is a
  /// stranger to its firewall.
  void tell_sides(NatSpec& spec, bool inside_is_given) {
    std::vector<nat::InterfaceId>& inside = spec.config.firewall.inside;
    std::vector<nat::InterfaceId> clouds, others;
    for (std::size_t n = 0; n < node_.interfaces.size(); ++n) {
      const auto id = static_cast<nat::InterfaceId>(n);
      if (draft_.scenario.networks[node_.interfaces[n].network].kind == NetworkKind::cloud) clouds.push_back(id);
      if (!inside.empty() && std::find(inside.begin(), inside.end(), id) == inside.end()) others.push_back(id);
    }
    spec.config.outside = clouds.empty() ? others : clouds;
    const nat::Sides sides = sides_of(node_, spec);
    spec.config.outside.clear();  // the answer stands there, whichever of these gave it
    for (std::size_t n = 0; n < node_.interfaces.size(); ++n) {
      const auto id = static_cast<nat::InterfaceId>(n);
      const bool is_stranger = sides.are_known() && sides.is_outside(id);
      if (is_stranger) {
        spec.outside.push_back(node_.interfaces[n].network);
        spec.config.outside.push_back(id);
      }
      if (!is_stranger && !inside_is_given) inside.push_back(id);
    }
  }

  void read_pairs(const std::string& key, std::vector<AddressPair>& pairs, bool sides_are_known) {
    for (const Value* value : entries(key)) {
      const Fields rule(report_, *value, fields_.path() + '.' + key, value->span, pair_section());
      if (!rule.ok()) continue;
      if (!sides_are_known) {
        say(value->span, fmt::format("which network is outside? No rule of '{}' translates towards one, and none is a "
                                     "cloud (write 'firewall: {{inside: [...]}}' with the networks that are inside)",
                                     node_.name));
        continue;
      }
      AddressPair made;
      made.position = position_of(draft_, value->span);
      rule.need("inside");
      rule.need("outside");
      const bool inside = rule.has("inside") && rule.prefix("inside", made.inside);
      const bool outside = rule.has("outside") && rule.prefix("outside", made.outside);
      if (!inside || !outside) continue;
      if (made.inside.length != made.outside.length) {
        say(rule.get("outside")->span, fmt::format("outside {} and inside {} must be of one size",
                                                   wire::to_string(made.outside), wire::to_string(made.inside)));
        continue;
      }
      pairs.push_back(made);
    }
  }

  /// "laptop:22", "laptop", "192.168.1.10:22", "192.168.1.10".
  bool read_forward_target(const Fields& rule, Forward& out, const NatSpec& spec) {
    const Value* to = rule.need("to");
    const std::string* text = to ? plain_text(report_, *to, "to") : nullptr;
    if (!text) return false;
    const std::size_t colon = text->rfind(':');
    const std::string_view host = std::string_view(*text).substr(0, colon);
    if (colon != std::string::npos) {
      out.to_port = read_port(report_, to->span, std::string_view(*text).substr(colon + 1));
      if (!out.to_port) return false;
    }
    if (looks_like_address(host)) {
      const auto address = read_address(report_, to->span, host);
      out.to = address.value_or(wire::Address{});
      return address.has_value();
    }
    const auto node = find_node(draft_, rule.path(), host, to->span);
    if (!node) return false;
    const Node& target = draft_.scenario.nodes[node->node];
    if (target.group && node->member == 0) {
      say(to->span, fmt::format("'{0}' is a group; name one member, such as {0}.1", host));
      return false;
    }
    const std::uint32_t offset = node->member > 0 ? node->member - 1 : 0;
    const Interface* best = target.interfaces.empty() ? nullptr : &target.interfaces[0];
    for (const Interface& interface : target.interfaces) {
      const bool outside = std::find(spec.outside.begin(), spec.outside.end(), interface.network) != spec.outside.end();
      if (outside || !interface_on(node_, interface.network)) continue;
      best = &interface;
      break;
    }
    if (!best) return false;
    out.to = {best->addresses[0].address.value + offset};
    return true;
  }

  void read_forwards(NatSpec& spec) {
    const auto* forwards = fields_.list("forward");
    if (!forwards) return;
    for (const Value& value : *forwards) {
      const Fields rule(report_, value, fields_.path() + ".forward", value.span, forward_section());
      if (!rule.ok()) continue;
      Forward made;
      made.position = position_of(draft_, value.span);
      const int kinds = (rule.has("tcp") ? 1 : 0) + (rule.has("udp") ? 1 : 0) + (rule.has("all") ? 1 : 0);
      if (kinds != 1) {
        say(value.span, "a forward needs one of 'tcp', 'udp' and 'all'");
        continue;
      }
      bool good = true;
      if (rule.has("all")) {
        bool all = false;
        good = rule.boolean("all", all);
        if (good && !all) say(rule.get("all")->span, "all must be true");
      } else {
        const bool tcp = rule.has("tcp");
        made.protocol = tcp ? wire::Protocol::tcp : wire::Protocol::udp;
        good = rule.maybe(made.ports, [&](nat::PortRange& p) { return rule.ports(tcp ? "tcp" : "udp", p); });
      }
      read_prefix_at(rule, "from", made.from);
      rule.maybe(made.outside, [&](wire::Address& a) { return rule.address("outside", a); });
      if (!read_forward_target(rule, made, spec) || !good) continue;
      const bool many = !made.ports || made.ports->first != made.ports->last;
      if (many && made.to_port) {
        say(rule.get("to")->span, "many ports keep their numbers; 'to' must be without a port");
        continue;
      }
      refuse_shadowed(made, value.span);
      spec.forward.push_back(made);
    }
  }

  /// The first forward that fits decides: a second one for the same port can never be reached.
  void refuse_shadowed(const Forward& made, Span where) {
    const auto key = std::tuple(made.protocol, made.ports ? made.ports->first : 0, made.ports ? made.ports->last : 0,
                                made.from, made.outside);
    const auto [before, fresh] = forwarded_.emplace(key, made.position.line);
    if (!fresh) say(where, fmt::format("this port is forwarded already (on line {})", before->second));
  }

  /// True where `inside` is given.
  bool read_firewall(nat::Config& config) {
    const auto rules = open_group("firewall");
    if (!rules) return false;
    read_settings(*rules, "firewall", config);
    const auto* names = rules->list("inside");
    if (!names) return false;
    for (const Value& name : *names) {
      const auto network = find_network(draft_, rules->path(), name);
      if (!network) continue;
      if (const auto interface = interface_on(node_, *network)) {
        config.firewall.inside.push_back(static_cast<nat::InterfaceId>(*interface));
      } else {
        say(name.span, fmt::format("'{}' has no interface on '{}'", node_.name, name.text));
      }
    }
    return true;
  }

  Draft& draft_;
  Report& report_;
  const Node& node_;
  const Fields& fields_;
  std::map<
      std::tuple<std::optional<wire::Protocol>, int, int, std::optional<wire::Prefix>, std::optional<wire::Address>>,
      std::uint32_t>
      forwarded_;  // and the line that said so
};

}  // namespace

std::optional<NatSpec> read_nat(Draft& draft, NodeIndex owner, const Value& value, Span where) {
  if (value.is_scalar() && value.text == "none") return std::nullopt;
  const std::string path = "nodes." + draft.scenario.nodes[owner].name + ".nat";
  const Fields fields(draft.report, value, path, where, nat_section(""));
  if (!fields.ok()) return std::nullopt;
  return NatReader(draft, owner, fields).read(value.span);
}

}  // namespace masqsim::scenario
