#include "proposals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "masqsim/scenario/idle.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::scenario {

void FlowFacts::record(const trace::Record& r) {
  using trace::Kind;
  if (r.kind == Kind::change && r.row != nullptr && gone.size() < most) {
    gone.push_back({header_->nodes[r.node].name, r.at, *r.row});
  }
  if (r.flow != flow_) return;
  const auto ip = wire::Ipv4View::parse_quoted(r.bytes);
  if (r.kind == Kind::drop && r.packet == ended_) end = trace::OwnedRecord::from(r);
  if (r.kind != Kind::send || !ip || r.point >= header_->points.size()) return;
  if (from_ == trace::nowhere) from_ = r.node;
  if (!initiator && r.node == from_) initiator = ip->source();
  const bool outward = r.cause == 0 && initiator && r.node != from_;
  if (!outward || passed.size() >= most) return;
  const std::string& node = header_->nodes[r.node].name;
  const std::string& network = header_->points[r.point].network;
  const bool known = std::ranges::any_of(passed, [&](const Passed& p) { return p.node == node; });
  if (!known) passed.push_back({node, ip->source(), network, ip->source() != *initiator});
}

namespace {

using Path = std::vector<std::string>;

bool owns(const Node& node, wire::Address address) {
  return std::ranges::any_of(node.interfaces, [&](const Interface& i) {
    return std::ranges::any_of(i.addresses, [&](const InterfaceAddress& a) {
      return address.value >= a.address.value && address.value < a.address.value + node.count;
    });
  });
}

bool is_on(const Node& node, NetworkIndex network) {
  return std::ranges::any_of(node.interfaces, [&](const Interface& i) { return i.network == network; });
}

/// The smallest network that holds both.
wire::Prefix joined(wire::Prefix a, wire::Prefix b) {
  const std::uint32_t differs = a.address.value ^ b.address.value;
  const auto common = static_cast<std::uint8_t>(std::countl_zero(differs));
  return wire::prefix_of(a.address, std::min({common, a.length, b.length}));
}

/// A round time that is longer than `idle`.
std::string longer_than(Duration idle) {
  constexpr std::array<std::int64_t, 14> rounds{30,   60,   120,  180,   300,   600,    900,
                                                1800, 3600, 7200, 18000, 86400, 432000, 2592000};
  for (const std::int64_t seconds : rounds) {
    if (seconds * 1'000'000'000 > idle.ns) return to_string(Duration{seconds * 1'000'000'000});
  }
  return to_string(Duration{rounds.back() * 1'000'000'000});
}

class Search {
 public:
  Search(const Scenario& scenario, const Manuscript& manuscript, const FlowOutcome& failed, ActionIndex action,
         const FlowFacts& facts)
      : scenario_(scenario), manuscript_(manuscript), failed_(failed), number_(action), facts_(facts) {}

  std::vector<Proposal> all() {
    const Reason reason = failed_.reason;
    switch (reason) {
      case Reason::no_route:
        for_default_route();
        for_untranslated();
        for_private_call();
        for_missing_leg();
        for_wrong_forward();
        for_wrong_address();
        for_static_routes();
        break;
      case Reason::host_unreachable:
      case Reason::not_for_us:
        for_wrong_forward();
        for_untranslated();
        for_private_call();
        for_wrong_address();
        for_static_routes();
        break;
      case Reason::refused:
      case Reason::no_mapping:
      case Reason::unsolicited:
        for_hairpin();
        for_gone_entry();
        for_caller_of_forward();
        for_wrong_forward();
        for_other_door();
        for_new_forward();
        for_other_port();
        break;
      case Reason::filtered:
        for_caller_of_forward();
        nat_everywhere("filtering", "address-dependent");
        nat_everywhere("filtering", "endpoint-independent");
        for_new_forward();
        break;
      case Reason::wrong_peer:
      case Reason::hairpin_off:
      case Reason::martian: for_hairpin(); break;
      case Reason::mapping_expired: for_gone_entry(); break;
      case Reason::stale:
      case Reason::invalid:
        for_hairpin();
        for_gone_entry();
        for_invalid();
        break;
      case Reason::table_full:
        nat_everywhere("limits.early-drop", "true");
        nat_everywhere("limits.table", "262144");
        break;
      case Reason::host_limit: nat_everywhere("limits.per-host", "unlimited"); break;
      case Reason::ports_exhausted: for_ports(); break;
      case Reason::firewall: for_firewall(); break;
      case Reason::reverse_path: for_node("rp-filter", "false"); break;
      case Reason::ttl_exceeded: for_ttl(); break;
      case Reason::too_big: for_size(); break;
      case Reason::link_loss: channel("loss", "0%"); break;
      case Reason::queue_full: channel("queue", "unlimited"); break;
      case Reason::link_down: for_links_down(); break;
      case Reason::bad_checksum: nat_everywhere("verify-checksums", "false"); break;
      default: break;
    }
    if (reason == Reason::no_route || reason == Reason::host_unreachable) for_node("overlap", "true");
    if (reason == Reason::none && failed_.result == Result::no_answer) for_patience();
    return std::move(found_);
  }

 private:
  // --- what is asked of the file

  const Action& action() const { return scenario_.actions[number_]; }
  bool is_stream() const { return action().verb == Verb::tcp || action().verb == Verb::udp; }
  wire::Protocol protocol() const {
    switch (action().verb) {
      case Verb::tcp: return wire::Protocol::tcp;
      case Verb::udp: return wire::Protocol::udp;
      default: return wire::Protocol::icmp;
    }
  }
  const Node& caller() const { return scenario_.nodes[action().from.node]; }
  const Node* node_named(std::string_view name) const {
    const std::string whole(name);
    if (const auto index = scenario_.node_named(whole)) return &scenario_.nodes[*index];
    const auto group = scenario_.node_named(whole.substr(0, whole.rfind('.')));
    return group ? &scenario_.nodes[*group] : nullptr;
  }
  const Node* place() const { return node_named(failed_.at); }
  const Node* owner(wire::Address address) const {
    const auto found = std::ranges::find_if(scenario_.nodes, [&](const Node& n) { return owns(n, address); });
    return found == scenario_.nodes.end() ? nullptr : &*found;
  }
  static bool is_outside(const Node& gateway, NetworkIndex network) {
    return gateway.nat && std::ranges::find(gateway.nat->outside, network) != gateway.nat->outside.end();
  }
  /// On a network that `gateway` serves as its inside.
  static bool is_inside(const Node& gateway, const Node& host) {
    return std::ranges::any_of(host.interfaces, [&](const Interface& i) {
      return is_on(gateway, i.network) && !is_outside(gateway, i.network);
    });
  }
  std::optional<wire::Tuple> ended() const {
    return facts_.end ? wire::tuple_of(facts_.end->bytes) : std::optional<wire::Tuple>();
  }

  static Path path_of(const Node& node) { return {"nodes", node.name}; }
  static Path nat_of(const Node& node) { return {"nodes", node.name, "nat"}; }
  Path action_path() const { return {"actions", std::to_string(number_)}; }
  static Path under(Path path, const std::string& dotted) {
    std::size_t begin = 0;
    for (std::size_t dot = dotted.find('.'); dot != std::string::npos; dot = dotted.find('.', begin)) {
      path.push_back(dotted.substr(begin, dot - begin));
      begin = dot + 1;
    }
    path.push_back(dotted.substr(begin));
    return path;
  }
  bool has(const Path& path) const { return manuscript_.at(path) != nullptr; }
  bool is_list(const Path& path) const {
    const Value* value = manuscript_.at(path);
    return value != nullptr && value->is_list();
  }
  bool says(const Path& path, std::string_view text) const {
    const Value* value = manuscript_.at(path);
    return value != nullptr && value->is_scalar() && value->text == text;
  }
  /// Rule `n` of a section that may be one map or a list of them.
  Path rule(const Node& gateway, const std::string& section, std::size_t n) const {
    Path path = under(nat_of(gateway), section);
    if (is_list(path)) path.push_back(std::to_string(n));
    return path;
  }

  // --- what is proposed

  /// "gw, 16:25": the owner, and where what is changed stands; where it is not there yet, only the owner.
  std::string where(const std::string& owner, const Path& path) const {
    const auto at = scenario_.places.of.find(fmt::format("{}", fmt::join(path, ".")));
    if (at == scenario_.places.of.end() || at->second.line == 0) return owner;
    return fmt::format("{}, {}:{}", owner, at->second.line, at->second.column);
  }
  void propose(std::string change, std::string where, std::vector<Edit> edits) {
    const auto same = [&](const Proposal& p) { return p.edits == edits; };
    if (std::ranges::none_of(found_, same)) found_.push_back({std::move(change), std::move(where), std::move(edits)});
  }
  static Edit put(Path path, std::string value) { return {Edit::What::put, std::move(path), std::move(value)}; }
  static Edit append(Path path, std::string value) { return {Edit::What::append, std::move(path), std::move(value)}; }
  static Edit erase(Path path) { return {Edit::What::erase, std::move(path), {}}; }

  /// `key` of `nat`, "timeouts.udp", becomes `value`: told as "timeouts: {udp: 1h}".
  void nat_key(const Node& gateway, const std::string& key, const std::string& value) {
    if (!gateway.nat) return;
    const Path path = under(nat_of(gateway), key);
    if (says(path, value)) return;
    const std::size_t dot = key.find('.');
    const std::string change = dot == std::string::npos
                                   ? fmt::format("{}: {}", key, value)
                                   : fmt::format("{}: {{{}: {}}}", key.substr(0, dot), key.substr(dot + 1), value);
    propose(change, where(gateway.name, path), {put(path, value)});
  }
  void nat_everywhere(const std::string& key, const std::string& value) {
    for (const Node& node : scenario_.nodes) nat_key(node, key, value);
  }
  /// The list at `path` with one more element: "forward: [..., {...}]".
  static std::string longer(const std::string& key, bool has_some, const std::string& element) {
    return fmt::format("{}: [{}{}]", key, has_some ? "..., " : "", element);
  }

  // --- the source is not translated

  void for_untranslated() {
    for (const FlowFacts::Passed& way : facts_.passed) {
      const Node* node = node_named(way.node);
      if (node == nullptr || node->kind == NodeKind::host || way.translated || !facts_.initiator) continue;
      if (!facts_.initiator->is_private() && !facts_.initiator->is_shared()) continue;
      translate_at(*node, way);
      break;  // the first one on the way is the caller's own
    }
  }

  void translate_at(const Node& node, const FlowFacts::Passed& way) {
    const std::string rule_text = fmt::format("{{out: {}}}", way.network);
    if (node.kind == NodeKind::router) {
      const std::string nat = fmt::format("{{masquerade: {}}}", rule_text);
      propose("kind: gateway, nat: " + nat, where(node.name, under(path_of(node), "kind")),
              {put(under(path_of(node), "kind"), "gateway"), put(nat_of(node), nat)});
      return;
    }
    if (!node.nat) {
      propose(fmt::format("nat: {{masquerade: {}}}", rule_text), where(node.name, nat_of(node)),
              {put(nat_of(node), fmt::format("{{masquerade: {}}}", rule_text))});
      return;
    }
    for (std::size_t n = 0; n < node.nat->masquerade.size(); ++n) masquerade_takes(node, n, way);
    for (std::size_t n = 0; n < node.nat->source.size(); ++n) source_takes(node, n, way);
    const Path path = under(nat_of(node), "masquerade");
    if (node.nat->masquerade.empty()) {
      propose("masquerade: " + rule_text, where(node.name, path), {put(path, rule_text)});
    } else {
      propose(longer("masquerade", true, rule_text), where(node.name, path), {append(path, rule_text)});
    }
  }

  /// "masquerade: {out: internet}" of rule `n`, as a variant would say it.
  void rule_key(const Node& node, const std::string& section, std::size_t n, const std::string& key,
                const std::string& value) {
    const Path path = under(rule(node, section, n), key);
    propose(fmt::format("{}: {{{}: {}}}", section, key, value), where(node.name, path), {put(path, value)});
  }
  void rule_without(const Node& node, const std::string& section, std::size_t n, const std::string& key) {
    const Path path = under(rule(node, section, n), key);
    if (has(path)) propose(fmt::format("{} without {}", section, key), where(node.name, path), {erase(path)});
  }

  void masquerade_takes(const Node& node, std::size_t n, const FlowFacts::Passed& way) {
    const Masquerade& m = node.nat->masquerade[n];
    if (scenario_.networks[m.out].name != way.network) {
      if (node.nat->masquerade.size() == 1) rule_key(node, "masquerade", n, "out", way.network);
      return;
    }
    if (m.from && !m.from->contains(*facts_.initiator)) {
      widen(node, "masquerade", n, *m.from);
      rule_without(node, "masquerade", n, "from");
    }
    if (m.protocol && *m.protocol != protocol()) rule_without(node, "masquerade", n, "protocol");
  }

  void source_takes(const Node& node, std::size_t n, const FlowFacts::Passed& way) {
    const SourceNat& s = node.nat->source[n];
    const Path path = rule(node, "source", n);
    if (s.exempt) {
      propose("source without this exempt rule", where(node.name, path), {erase(path)});
      return;
    }
    if (scenario_.networks[s.out].name != way.network) return rule_key(node, "source", n, "out", way.network);
    if (s.from && !s.from->contains(*facts_.initiator)) {
      widen(node, "source", n, *s.from);
      rule_without(node, "source", n, "from");
    }
    if (s.protocol && *s.protocol != protocol()) rule_without(node, "source", n, "protocol");
  }

  /// `from` covers the caller's network as well, where the two lie near each other.
  void widen(const Node& node, const std::string& section, std::size_t n, wire::Prefix from) {
    constexpr std::uint8_t widest = 12;
    for (const Network& network : scenario_.networks) {
      if (!network.subnet || !network.subnet->contains(*facts_.initiator)) continue;
      const wire::Prefix both = joined(from, *network.subnet);
      if (both.length >= widest) rule_key(node, section, n, "from", wire::to_string(both));
    }
  }

  // --- routes and legs

  /// A node without a way: told not to have a default route, or told routes that lead elsewhere.
  void for_default_route() {
    const Node* node = place();
    if (node == nullptr) return;
    const Path routes = under(path_of(*node), "routes"), no_default = under(path_of(*node), "default-route");
    if (has(no_default)) propose("no default-route key", where(node->name, no_default), {erase(no_default)});
    if (!has(routes)) return;
    if (node->routes.empty()) propose("no routes key", where(node->name, routes), {erase(routes)});
    default_route_by_neighbours(*node);
  }

  void default_route_by_neighbours(const Node& node) {
    const Path path = under(path_of(node), "routes");
    for (const Interface& i : node.interfaces) {
      for (const Node& other : scenario_.nodes) {
        if (&other == &node || other.kind == NodeKind::host) continue;
        for (const Interface& theirs : other.interfaces) {
          if (theirs.network != i.network || scenario_.networks[i.network].kind == NetworkKind::cloud) continue;
          const std::string route =
              fmt::format("{{to: default, via: {}}}", wire::to_string(theirs.addresses.front().address));
          propose(longer("routes", !node.routes.empty(), route), where(node.name, path), {append(path, route)});
        }
      }
    }
  }

  /// Routes of the file on the nodes that were passed: one of them may lead astray.
  void for_static_routes() {
    std::vector<const Node*> asked{&caller()};
    for (const FlowFacts::Passed& way : facts_.passed) asked.push_back(node_named(way.node));
    asked.push_back(place());
    if (const Node* target = owner(action().target.address)) asked.push_back(target);
    for (const Node* node : asked) {
      if (node == nullptr) continue;
      const Path all = under(path_of(*node), "routes");
      if (node->routes.size() == 1 && has(all)) {  // an empty list would take the default route away as well
        propose("no routes key", where(node->name, all), {erase(all)});
        continue;
      }
      for (std::size_t n = 0; n < node->routes.size(); ++n) {
        const Path path = under(all, std::to_string(n));
        if (has(path)) propose("routes without this one", where(node->name, path), {erase(path)});
      }
    }
    const Node* node = place();
    if (node == nullptr || !ended()) return;
    const wire::Address to = ended()->destination.address;
    for (const Network& network : scenario_.networks) {
      if (!network.subnet || !network.subnet->contains(to)) continue;
      route_by_neighbours(*node, *network.subnet);
    }
  }

  void route_by_neighbours(const Node& node, wire::Prefix to) {
    const Path path = under(path_of(node), "routes");
    for (const Interface& i : node.interfaces) {
      if (scenario_.networks[i.network].kind == NetworkKind::cloud) continue;
      for (const Node& other : scenario_.nodes) {
        if (&other == &node || other.kind == NodeKind::host) continue;
        for (const Interface& theirs : other.interfaces) {
          if (theirs.network != i.network) continue;
          const std::string route = fmt::format("{{to: {}, via: {}}}", wire::to_string(to),
                                                wire::to_string(theirs.addresses.front().address));
          propose(longer("routes", !node.routes.empty(), route), where(node.name, path), {append(path, route)});
        }
      }
    }
  }

  /// A gateway or router that has no interface in the network of the node that knows no way.
  void for_missing_leg() {
    const Node* node = place();
    if (node == nullptr || node->kind != NodeKind::host) return;
    for (const Interface& i : node->interfaces) {
      const Network& network = scenario_.networks[i.network];
      if (!network.subnet) continue;
      const bool led = std::ranges::any_of(
          scenario_.nodes, [&](const Node& n) { return n.kind != NodeKind::host && is_on(n, i.network); });
      if (led) continue;
      const std::optional<wire::Address> free = free_address(i.network, *network.subnet);
      for (const Node& gateway : scenario_.nodes) {
        if (gateway.kind == NodeKind::host || !free) continue;
        const Path path = under(under(path_of(gateway), "interfaces"), network.name);
        const std::string address = fmt::format("{}/{}", wire::to_string(*free), network.subnet->length);
        propose(fmt::format("interfaces: {{{}: {}}}", network.name, address), gateway.name, {put(path, address)});
      }
    }
  }

  /// The first address of the network that nobody has, or its last.
  std::optional<wire::Address> free_address(NetworkIndex network, wire::Prefix subnet) const {
    const auto taken = [&](wire::Address a) {
      return std::ranges::any_of(scenario_.nodes, [&](const Node& n) { return is_on(n, network) && owns(n, a); });
    };
    for (std::uint32_t k = 1; k < 255 && subnet.address.value + k < subnet.broadcast().value; ++k) {
      const wire::Address a{subnet.address.value + k};
      if (!taken(a)) return a;
    }
    return std::nullopt;
  }

  // --- forwards

  /// Hosts that listen for such a flow on `port`.
  std::vector<const Node*> listeners(std::uint16_t port) const {
    std::vector<const Node*> hosts;
    for (const Node& node : scenario_.nodes) {
      const bool listens = std::ranges::any_of(
          node.services, [&](const Service& s) { return s.protocol == protocol() && s.port == port; });
      if (listens && node.kind == NodeKind::host) hosts.push_back(&node);
    }
    return hosts;
  }
  static std::string one_of(const Node& node) { return node.group ? node.name + ".1" : node.name; }

  bool serves(const Forward& f) const {
    return (!f.ports || (f.ports->first <= action().target.port && action().target.port <= f.ports->last));
  }
  /// The gateway whose address the flow calls.
  const Node* called_gateway() const {
    const Node* node = owner(action().target.address);
    return node != nullptr && node->kind == NodeKind::gateway && node->nat ? node : nullptr;
  }

  /// The forward that took the flow leads to nobody, or to somebody who does not listen.
  void for_wrong_forward() {
    const Node* gateway = called_gateway();
    if (gateway == nullptr || !is_stream()) return;
    for (std::size_t n = 0; n < gateway->nat->forward.size(); ++n) {
      const Forward& f = gateway->nat->forward[n];
      if (!serves(f) || (f.protocol && *f.protocol != protocol())) continue;
      const std::uint16_t port = f.to_port.value_or(action().target.port);
      for (const Node* host : listeners(port)) {
        if (is_inside(*gateway, *host) && !owns(*host, f.to)) lead_to(*gateway, n, one_of(*host), port, f);
      }
      const Node* host = owner(f.to);
      if (host == nullptr) continue;
      for (const Service& s : host->services) {
        if (s.protocol == protocol() && s.port != port) lead_to(*gateway, n, one_of(*host), s.port, f);
      }
      for (const Node* other : listeners(action().target.port)) {
        if (is_inside(*gateway, *other)) lead_to(*gateway, n, one_of(*other), action().target.port, f);
      }
      if (host->kind == NodeKind::host && is_inside(*gateway, *host)) service(*host, port);
    }
  }

  void lead_to(const Node& gateway, std::size_t n, const std::string& host, std::uint16_t port, const Forward& f) {
    const Path path = under(under(under(nat_of(gateway), "forward"), std::to_string(n)), "to");
    const bool many = !f.ports || f.ports->first != f.ports->last;
    const std::string to = many ? host : fmt::format("\"{}:{}\"", host, port);
    const std::string what = f.protocol ? wire::to_string(*f.protocol) : "all";
    const std::string ports = !f.ports ? "true"
                              : many   ? fmt::format("\"{}-{}\"", f.ports->first, f.ports->last)
                                       : std::to_string(f.ports->first);
    const std::string callers = f.from ? ", from: " + wire::to_string(*f.from) : "";
    const std::string rule = fmt::format("{{{}: {}, to: {}{}}}", what, ports, to, callers);
    propose(longer("forward", gateway.nat->forward.size() > 1, rule), where(gateway.name, path), {put(path, to)});
  }

  /// A forward would have taken the flow but for its caller, its protocol, or the address that was called.
  void for_caller_of_forward() {
    const Node* gateway = called_gateway();
    if (gateway == nullptr || !is_stream()) return;
    for (std::size_t n = 0; n < gateway->nat->forward.size(); ++n) {
      const Forward& f = gateway->nat->forward[n];
      if (!serves(f)) continue;
      const Path path = under(under(nat_of(*gateway), "forward"), std::to_string(n));
      const std::string ports = f.ports ? std::to_string(action().target.port) : "";
      if (f.protocol && *f.protocol != protocol()) {
        const Value* written = manuscript_.at(under(path, wire::to_string(*f.protocol)));
        if (written == nullptr) continue;
        propose(fmt::format("forward: [{{{}: {}, ...}}]", wire::to_string(protocol()), written->text),
                where(gateway->name, path),
                {erase(under(path, wire::to_string(*f.protocol))),
                 put(under(path, wire::to_string(protocol())), written->text)});
      }
      for (const std::string key : {"from", "outside"}) {
        if (!has(under(path, key))) continue;
        propose(fmt::format("forward {} {} without {}", f.protocol ? wire::to_string(*f.protocol) : "all", ports, key),
                where(gateway->name, under(path, key)), {erase(under(path, key))});
      }
    }
  }

  /// The gateway has a door to such a service, under another number.
  void for_other_door() {
    const Node* gateway = called_gateway();
    if (gateway == nullptr || !is_stream()) return;
    for (const Forward& f : gateway->nat->forward) {
      const bool fits = f.protocol == protocol() && f.ports && f.to_port == action().target.port;
      if (fits && !f.from) call(wire::to_string(action().target.address), f.ports->first);
    }
  }

  void for_new_forward() {
    const Node* gateway = called_gateway();
    if (gateway == nullptr || !is_stream()) return;
    for (const Node* host : listeners(action().target.port)) {
      if (is_inside(*gateway, *host)) add_forward(*gateway, *host);
    }
  }

  std::string forward_text(const Node& host) const {
    return fmt::format("{{{}: {}, to: \"{}:{}\"}}", word(action().verb), action().target.port, one_of(host),
                       action().target.port);
  }
  void add_forward(const Node& gateway, const Node& host) {
    const Path path = under(nat_of(gateway), "forward");
    propose(longer("forward", !gateway.nat->forward.empty(), forward_text(host)), where(gateway.name, path),
            {append(path, forward_text(host))});
  }

  /// A private address cannot be called from outside: the gateway's own can, where it forwards.
  void for_private_call() {
    const wire::Address called = action().target.address;
    if (!called.is_private() || !is_stream()) return;
    const Node* host = owner(called);
    if (host == nullptr) return;
    for (const Node& gateway : scenario_.nodes) {
      if (gateway.kind != NodeKind::gateway || !gateway.nat || !is_inside(gateway, *host)) continue;
      for (const Interface& i : gateway.interfaces) {
        if (is_outside(gateway, i.network)) call_instead(gateway, i.addresses.front().address, *host);
      }
    }
  }

  void call_instead(const Node& gateway, wire::Address own, const Node& host) {
    for (const Forward& f : gateway.nat->forward) {
      const bool leads = f.protocol == protocol() && f.ports && !f.from && owns(host, f.to) &&
                         f.to_port.value_or(f.ports->first) == action().target.port;
      if (leads) return call(wire::to_string(own), f.ports->first);
    }
    const Path path = under(nat_of(gateway), "forward");
    const std::string target = fmt::format("\"{}:{}\"", wire::to_string(own), action().target.port);
    propose(fmt::format("{}, and calling {}:{}", longer("forward", !gateway.nat->forward.empty(), forward_text(host)),
                        wire::to_string(own), action().target.port),
            where(gateway.name, path),
            {append(path, forward_text(host)), put(under(action_path(), std::string(word(action().verb))), target)});
  }

  // --- whom the action calls

  void call(const std::string& host, std::uint16_t port) {
    const Path path = under(action_path(), std::string(word(action().verb)));
    const std::string target = fmt::format("\"{}:{}\"", host, port);
    const Position at = action().target.position;
    propose(fmt::format("{}: {}", word(action().verb), target),
            at.line == 0 ? action().id : fmt::format("{}, {}:{}", action().id, at.line, at.column),
            {put(path, target)});
  }

  /// The service is there, on another port.
  void for_other_port() {
    const Node* host = owner(action().target.address);
    if (host == nullptr || !is_stream() || !called_itself()) return;
    const std::string& text = action().target.text;
    for (const Service& s : host->services) {
      if (s.protocol == protocol() && s.port != action().target.port) call(text.substr(0, text.rfind(':')), s.port);
    }
    if (host->kind == NodeKind::host) service(*host, action().target.port);
  }
  /// Whoever refused is who was called.
  bool called_itself() const {
    const Node* node = place();
    return node != nullptr && owns(*node, action().target.address);
  }

  void service(const Node& host, std::uint16_t port) {
    const Path path = under(path_of(host), "services");
    const std::string made = fmt::format("{{{}: {}}}", wire::to_string(protocol()), port);
    propose(longer("services", !host.services.empty(), made), where(host.name, path), {append(path, made)});
  }

  /// How far the host's address is from the one that was called.
  std::uint32_t distance(const Node& host) const {
    return host.interfaces.empty()
               ? UINT32_MAX
               : host.interfaces.front().addresses.front().address.value ^ action().target.address.value;
  }

  /// Nobody has the address that was called: somebody who offers what was wanted may have been meant.
  void for_wrong_address() {
    if (owner(action().target.address) != nullptr) return;
    if (is_stream()) {
      std::vector<const Node*> hosts = listeners(action().target.port);
      std::erase(hosts, &caller());
      std::ranges::stable_sort(hosts, {}, [&](const Node* host) { return distance(*host); });
      for (const Node* host : hosts) call(one_of(*host), action().target.port);
      return;
    }
    const wire::Address called = action().target.address;
    for (const Node& node : scenario_.nodes) {
      const bool near = !node.interfaces.empty() && std::ranges::any_of(node.interfaces, [&](const Interface& i) {
        return wire::prefix_of(i.addresses.front().address, 24).contains(called);
      });
      if (!near || node.kind != NodeKind::host) continue;
      const Path path = under(action_path(), std::string(word(action().verb)));
      propose(fmt::format("{}: {}", word(action().verb), one_of(node)), action().id, {put(path, one_of(node))});
    }
  }

  // --- entries that went, and what the tracker makes of packets

  void for_hairpin() {
    for (const Node& gateway : scenario_.nodes) {
      if (!gateway.nat || !owns(gateway, action().target.address) || !is_inside(gateway, caller())) continue;
      if (gateway.nat->config.hairpin == nat::Hairpin::none && !gateway.nat->forward.empty()) {
        nat_key(gateway, "hairpin", "dnat-only");
      }
      nat_key(gateway, "hairpin", "full");
      for (const Node* host : listeners(action().target.port)) {
        if (!is_inside(gateway, *host) || !gateway.nat->forward.empty()) continue;
        const Path path = under(nat_of(gateway), "forward");
        propose(fmt::format("forward: [{}], hairpin: full", forward_text(*host)), where(gateway.name, path),
                {append(path, forward_text(*host)), put(under(nat_of(gateway), "hairpin"), "full")});
      }
    }
  }

  /// Of the entry that the flow would have needed: the idle time that was too short.
  void for_gone_entry() {
    if (!ended()) return;
    const FlowFacts::Gone* gone = nullptr;
    for (const FlowFacts::Gone& g : facts_.gone) {
      if (g.at > facts_.end->plain.at || !concerns(g.row)) continue;
      gone = &g;
      break;
    }
    const Node* gateway = gone != nullptr ? node_named(gone->gateway) : nullptr;
    if (gateway == nullptr || !gateway->nat) return;
    for (const std::string& key : idle_keys(gone->row)) {
      const Duration had{*nat::config_key("timeouts." + key).get(gateway->nat->config)};
      nat_key(*gateway, "timeouts." + key, longer_than(facts_.end->plain.at - gone->at + had));
    }
    if (!gateway->nat->config.inbound_refreshes) nat_key(*gateway, "inbound-refreshes", "true");
    nat_key(*gateway, "rst-keeps-state", "true");
    nat_key(*gateway, "limits.table", "262144");
    for (std::size_t n = 0; n < scenario_.actions.size(); ++n) {
      const Action& a = scenario_.actions[n];
      if (!a.set || a.at != gone->at) continue;
      propose(fmt::format("no action {}", a.id), fmt::format("{}:{}", a.position.line, a.position.column),
              {erase({"actions", std::to_string(n)})});
    }
  }
  bool concerns(const trace::Row& row) const {
    const wire::Tuple t = *ended();
    if (row.protocol != t.protocol) return false;
    const auto is = [&](const wire::Endpoint& e) { return e == t.source || e == t.destination; };
    return is(row.outside) || is(row.inside);
  }
  void for_invalid() {
    for (const Node& node : scenario_.nodes) {
      if (!node.nat) continue;
      if (node.nat->config.firewall.drop_invalid) nat_key(node, "firewall.invalid", "pass");
      nat_key(node, "tcp-be-liberal", "true");
      if (!node.nat->config.tcp_loose) nat_key(node, "tcp-loose", "true");
      if (!node.nat->config.firewall.drop_invalid) nat_key(node, "firewall.invalid", "drop");
    }
  }

  void for_ports() {
    for (const Node& node : scenario_.nodes) {
      if (!node.nat) continue;
      for (std::size_t n = 0; n < node.nat->masquerade.size(); ++n) {
        if (node.nat->masquerade[n].ports) rule_key(node, "masquerade", n, "ports", "1024-65535");
      }
      for (std::size_t n = 0; n < node.nat->source.size(); ++n) {
        const SourceNat& s = node.nat->source[n];
        if (s.exempt) continue;
        if (s.ports) rule_key(node, "source", n, "ports", "1024-65535");
        const std::uint32_t size = s.addresses.last.value - s.addresses.first.value + 1;
        for (const std::uint32_t more : {1u, size, 4 * size}) {
          rule_key(node, "source", n, "address",
                   fmt::format("{}-{}", wire::to_string(s.addresses.first),
                               wire::to_string(wire::Address{s.addresses.last.value + more})));
        }
      }
      if (node.nat->config.port_rest_s > 0) nat_key(node, "port-rest", "0s");
    }
  }

  void for_firewall() {
    const Node* node = place();
    if (node == nullptr || !node->nat) return;
    const nat::Firewall& firewall = node->nat->config.firewall;
    if (firewall.protect_input || firewall.protect_forward) inside_is_what_is_not_outside(*node);
    if (firewall.drop_direct) nat_key(*node, "firewall.direct", "pass");
    if (firewall.protect_input) nat_key(*node, "firewall.input", "open");
    if (firewall.protect_forward) nat_key(*node, "firewall.forward", "open");
    if (firewall.drop_invalid) nat_key(*node, "firewall.invalid", "pass");
  }

  void inside_is_what_is_not_outside(const Node& node) {
    const Path path = under(nat_of(node), "firewall.inside");
    const bool translates = !node.nat->masquerade.empty() || !node.nat->source.empty();
    if (!has(path) || !translates) return;
    std::string names;
    for (const Interface& i : node.interfaces) {
      if (!is_outside(node, i.network)) names += (names.empty() ? "" : ", ") + scenario_.networks[i.network].name;
    }
    if (!names.empty()) {
      propose(fmt::format("firewall: {{inside: [{}]}}", names), where(node.name, path),
              {put(path, fmt::format("[{}]", names))});
    }
  }

  // --- links, sizes, times

  /// A key of the node where the flow ended; "overlap" is one of its `nat`.
  void for_node(const std::string& key, const std::string& value) {
    const Node* node = place();
    if (key == "overlap") {
      for (const Node& gateway : scenario_.nodes) {
        if (gateway.nat && has_twin_networks(gateway)) nat_key(gateway, key, value);
      }
      return;
    }
    if (node == nullptr) return;
    const Path path = under(path_of(*node), key);
    propose(fmt::format("{}: {}", key, value), where(node->name, path), {put(path, value)});
  }
  /// RFC 4787 REQ-7.
  bool has_twin_networks(const Node& gateway) const {
    for (const Interface& a : gateway.interfaces) {
      for (const Interface& b : gateway.interfaces) {
        const auto& one = scenario_.networks[a.network].subnet;
        if (&a != &b && one && one == scenario_.networks[b.network].subnet) return true;
      }
    }
    return false;
  }

  void network_key(const Network& network, const std::string& key, const std::string& value) {
    const Position at = network.position;
    propose(fmt::format("{}: {}", key, value),
            at.line == 0 ? network.name : fmt::format("{}, {}:{}", network.name, at.line, at.column),
            {put({"networks", network.name, key}, value)});
  }
  void channel(const std::string& key, const std::string& value) {
    if (const auto network = scenario_.network_named(failed_.at)) {
      network_key(scenario_.networks[*network], key, value);
    }
  }

  void action_key(const std::string& key, const std::string& value) {
    const Position at = action().position;
    propose(fmt::format("{}: {}", key, value),
            at.line == 0 ? action().id : fmt::format("{}, {}:{}", action().id, at.line, at.column),
            {put(under(action_path(), key), value)});
  }

  void for_size() {
    for (const Network& network : scenario_.networks) {
      if (network.channel.mtu < 1500) network_key(network, "mtu", "1500");
    }
    if (action().df && action().verb != Verb::tcp) action_key("df", "false");
  }

  void for_ttl() {
    if (action().ttl < 64 && action().verb != Verb::traceroute) action_key("ttl", "64");
    if (caller().ttl < 64) {
      propose("ttl: 64", where(caller().name, under(path_of(caller()), "ttl")),
              {put(under(path_of(caller()), "ttl"), "64")});
    }
    const Node* target = owner(action().target.address);
    if (target != nullptr && target->ttl < 64) {
      propose("ttl: 64", where(target->name, under(path_of(*target), "ttl")),
              {put(under(path_of(*target), "ttl"), "64")});
    }
    for_static_routes();
  }

  void for_links_down() {
    for (std::size_t n = 0; n < scenario_.actions.size(); ++n) {
      const Action& a = scenario_.actions[n];
      const SetLink* set = a.set ? std::get_if<SetLink>(&*a.set) : nullptr;
      if (set == nullptr || set->up) continue;
      const Path path{"actions", std::to_string(n), "set", "link"};
      propose("link: up", fmt::format("{}, {}:{}", a.id, a.position.line, a.position.column), {put(path, "up")});
    }
  }

  void for_patience() { action_key("wait", longer_than(action().wait * 4)); }

  const Scenario& scenario_;
  const Manuscript& manuscript_;
  const FlowOutcome& failed_;
  ActionIndex number_;
  const FlowFacts& facts_;
  std::vector<Proposal> found_;
};

}  // namespace

std::vector<Proposal> proposals(const Scenario& scenario, const Manuscript& manuscript, const FlowOutcome& failed,
                                ActionIndex action, const FlowFacts& facts) {
  return Search(scenario, manuscript, failed, action, facts).all();
}

}  // namespace masqsim::scenario
