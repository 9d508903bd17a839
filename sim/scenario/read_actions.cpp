#include <algorithm>

#include <fmt/format.h>

#include "draft.hpp"
#include "nat_changes.hpp"
#include "read_raw.hpp"
#include "sections.hpp"

namespace masqsim::scenario {

namespace {

constexpr std::array<Word<Verb>, 6> verbs{{{"tcp", Verb::tcp},
                                           {"udp", Verb::udp},
                                           {"ping", Verb::ping},
                                           {"traceroute", Verb::traceroute},
                                           {"raw", Verb::raw},
                                           {"set", Verb::set}}};
constexpr std::array<Word<bool>, 2> link_words{{{"down", false}, {"up", true}}};
constexpr std::uint16_t traceroute_port = 33434;
constexpr std::uint64_t largest_datagram = 65507;

class ActionReader {
 public:
  ActionReader(Draft& draft, const Value& value, std::size_t number)
      : draft_(draft),
        report_(draft.report),
        number_(number),
        fields_(draft.report, value, "actions", value.span, action_keys().section) {}

  std::optional<Action> read() {
    if (!fields_.ok() || !find_verb()) return std::nullopt;
    action_.position = position_of(draft_, fields_.where());
    if (action_.verb != Verb::set) read_from();
    set_defaults();
    action_keys().read(fields_, action_);
    if (action_.verb == Verb::set) {
      read_set();
      return action_;
    }
    if (action_.verb == Verb::raw) {
      read_raw();
    } else {
      read_target();
      read_payload();
    }
    read_network();
    const bool group = from_known_ && from().group && action_.from.member == 0;
    if (fields_.has("stagger") && from_known_ && !group) say(fields_.key_span("stagger"), "'stagger' is for groups");
    return action_;
  }

  Span id_span() const { return fields_.key_span("id"); }
  /// The gateway whose translation a `set` changes.
  std::optional<NodeIndex> changes_translation_of() const {
    if (!action_.set) return std::nullopt;
    if (const auto* nat = std::get_if<SetNat>(&*action_.set)) return nat->node;
    const auto* address = std::get_if<SetAddress>(&*action_.set);
    return address && is_natting(address->node.node) ? std::optional(address->node.node) : std::nullopt;
  }
  /// Of a `set` of `nat`: what is to be merged in.
  const Value* nat_change() const { return nat_change_; }
  /// Of a `raw` packet: the id of the action whose connection it is of; it may stand further down.
  const Value* of() const { return of_; }

 private:
  void say(Span where, std::string message) { report_.error(where, std::move(message)); }

  bool find_verb() {
    const Word<Verb>* found = nullptr;
    for (const Word<Verb>& verb : verbs) {
      if (!fields_.has(verb.text)) continue;
      if (found) {
        say(fields_.key_span(verb.text), fmt::format("an action has one verb; '{}' is there already", found->text));
        return false;
      }
      found = &verb;
    }
    if (!found) {
      if (std::none_of(verbs.begin(), verbs.end(), [&](const Word<Verb>& verb) { return fields_.meant(verb.text); })) {
        say(fields_.where(), "an action needs a verb (tcp, udp, ping, traceroute, raw, set)");
      }
      return false;
    }
    action_.verb = found->value;
    read_id();
    refuse_foreign_keys();
    return true;
  }

  void read_id() {
    if (fields_.text("id", action_.id)) {
      const Value* id = fields_.get("id");
      check_name(report_, "flow", action_.id, id->span, false);
      return;
    }
    // Lists are short and read by people: the third action is tcp-3, wherever the other tcp actions stand.
    if (!fields_.has("id")) action_.id = fmt::format("{}-{}", word(action_.verb), number_);
  }

  /// Keys that mean something for some verbs only.
  void refuse_foreign_keys() {
    for (const KeyRow& row : action_keys().section.rows) {
      if (row.verbs == 0 || !fields_.has(row.name)) continue;
      if (row.verbs >> static_cast<int>(action_.verb) & 1) continue;
      say(fields_.key_span(row.name), fmt::format("'{}' does not go with '{}'", row.name, word(action_.verb)));
    }
  }

  /// The defaults that the verb and the node decide.
  void set_defaults() {
    switch (action_.verb) {
      case Verb::udp:
      case Verb::traceroute: action_.send = 32; break;
      case Verb::ping: action_.send = 56; break;
      default: break;
    }
    action_.df = action_.verb == Verb::tcp;
    const bool shaped = action_.verb == Verb::tcp || action_.verb == Verb::udp || action_.verb == Verb::ping;
    if (shaped && from_known_) action_.ttl = from().ttl;
  }

  void read_from() {
    const Value* value = fields_.need("from");
    const std::string* text = value ? plain_text(report_, *value, "from") : nullptr;
    if (!text) return;
    const std::size_t colon = text->find(':');
    const auto node = find_node(draft_, flow(), std::string_view(*text).substr(0, colon), value->span);
    if (colon != std::string::npos) {
      const bool ping = action_.verb == Verb::ping;
      const auto port = parse::whole(std::string_view(*text).substr(colon + 1), ping ? 0 : 1, 65535);
      if (const auto* problem = std::get_if<parse::Problem>(&port)) {
        say(value->span, (ping ? "query id " : "port ") + problem->text);
      } else {
        action_.from_port = static_cast<std::uint16_t>(std::get<std::uint64_t>(port));
      }
    }
    if (!node) return;
    action_.from = *node;
    from_known_ = true;
  }

  std::string flow() const { return action_.id.empty() ? "action" : fmt::format("action '{}'", action_.id); }

  const Node& from() const { return draft_.scenario.nodes[action_.from.node]; }

  /// A packet as hex digits, or by its fields.
  void read_raw() {
    const Value* raw = fields_.get("raw");
    if (!raw) return;
    if (raw->is_map()) {
      action_.packet = read_raw_packet(draft_, flow(), *raw, [&](NodeRef ref) { return address_of(ref); });
      of_ = raw->find("of");
      return;
    }
    if (const auto bytes = read_hex(report_, *raw, "raw")) action_.payload = *bytes;
    action_.send = action_.payload.size();
  }

  void read_network() {
    const Value* network = fields_.has("network") ? fields_.get("network") : nullptr;
    if (!network) return;
    action_.network = find_network(draft_, flow(), *network);
    if (action_.network && from_known_ && !interface_on(from(), *action_.network)) {
      say(network->span, fmt::format("'{}' has no interface on '{}'", from().name, network->text));
    }
  }

  void read_target() {
    const std::string_view verb = word(action_.verb);
    const Value* value = fields_.get(verb);
    const std::string* text = value ? plain_text(report_, *value, verb) : nullptr;
    if (!text) return;
    Target& target = action_.target;
    target.position = position_of(draft_, value->span);
    target.text = *text;
    const std::size_t colon = text->find(':');
    const std::string_view host = std::string_view(*text).substr(0, colon);
    const bool ported = action_.verb == Verb::tcp || action_.verb == Verb::udp;
    if (colon != std::string::npos && action_.verb == Verb::ping) {
      say(value->span, fmt::format("ping has no port; write {}", quoted(host)));
    } else if (colon != std::string::npos) {
      target.port = read_port(report_, value->span, std::string_view(*text).substr(colon + 1)).value_or(0);
    } else if (ported) {
      say(value->span, fmt::format("{} needs a port, such as \"{}:80\"", verb, host.substr(0, 63)));
    } else if (action_.verb == Verb::traceroute) {
      target.port = traceroute_port;
    }
    if (looks_like_address(host)) {
      target.address = read_address(report_, value->span, host).value_or(wire::Address{});
      return;
    }
    const auto node = find_node(draft_, flow(), host, value->span);
    if (!node) return;
    const Node& peer = draft_.scenario.nodes[node->node];
    if (peer.group && node->member == 0) {
      say(value->span, fmt::format("'{0}' is a group; name one member, such as {0}.1", host));
      return;
    }
    target.node = node;
    target.address = address_of(*node).value_or(wire::Address{});
  }

  /// The node's address on a network it shares with the caller, else its first.
  std::optional<wire::Address> address_of(NodeRef ref) const {
    const Node& peer = draft_.scenario.nodes[ref.node];
    const std::uint32_t offset = ref.member > 0 ? ref.member - 1 : 0;
    const Interface* best = peer.interfaces.empty() ? nullptr : &peer.interfaces[0];
    for (const Interface& interface : peer.interfaces) {
      if (!from_known_ || !interface_on(from(), interface.network)) continue;
      best = &interface;
      break;
    }
    if (!best) return std::nullopt;
    return wire::Address{best->addresses[0].address.value + offset};
  }

  void read_payload() {
    const int given = (fields_.has("send") ? 1 : 0) + (fields_.has("text") ? 1 : 0) + (fields_.has("hex") ? 1 : 0);
    if (given > 1) {
      say(fields_.where(), "an action sends one of 'send', 'text' and 'hex'");
      return;
    }
    std::string text;
    if (fields_.text("text", text)) action_.payload.assign(text.begin(), text.end());
    if (fields_.has("hex") && fields_.get("hex")) {
      action_.payload = read_hex(report_, *fields_.get("hex"), "hex").value_or(std::vector<std::uint8_t>{});
    }
    if (!action_.payload.empty()) action_.send = action_.payload.size();
    if (action_.verb != Verb::tcp && action_.send > largest_datagram) {
      say(fields_.where(),
          fmt::format("one datagram carries at most {}B, got {}", largest_datagram, parse::size_text(action_.send)));
    }
  }

  // --- set ---------------------------------------------------------------------------------------------------------

  void read_set() {
    const Value* value = fields_.get("set");
    if (!value) return;
    const Fields set(report_, *value, "set", value->span, set_keys().section);
    if (!set.ok()) return;
    std::optional<NodeRef> node;
    if (const Value* name = set.get("node")) node = find_node(draft_, "set", *name);
    std::optional<NetworkIndex> network;
    if (const Value* name = set.get("network")) network = find_network(draft_, "set", *name);
    const bool broken = (set.has("node") && !node) || (set.has("network") && !network);
    static constexpr std::array<std::string_view, 4> kinds{"address", "link", "nat", "flush"};
    const bool channel = std::ranges::any_of(
        set_keys().rows, [&](const Row<SetChannel>& row) { return row.read && set.has(row.key.name); });
    int given = channel ? 1 : 0;
    for (const std::string_view key : kinds) given += set.has(key) ? 1 : 0;
    if (given != 1) {
      say(value->span,
          "'set' changes one thing: address, link, nat, flush, or what a network does to packets (delay, loss, ...)");
      return;
    }
    if (broken) return;
    if (set.has("flush")) return set_flush(set);
    if (set.has("nat")) return set_nat(set, node);
    if (set.has("address")) return set_address(set, node, network);
    if (set.has("link")) return set_link(set, node, network);
    set_channel(set, node, network);
  }

  void set_flush(const Fields& set) {
    const Value* name = set.get("flush");
    std::optional<NodeRef> gateway;
    if (name) gateway = find_node(draft_, "set", *name);
    if (set.has("node") || set.has("network")) say(set.where(), "'flush' names the gateway itself");
    if (!gateway) return;
    if (!is_natting(gateway->node)) return say(name->span, fmt::format("'{}' does not translate", name->text));
    action_.set = Flush{gateway->node};
  }

  bool is_natting(NodeIndex node) const {
    const Value* section = draft_.nat_sections[node];
    return section && !section->is_scalar();
  }

  void set_nat(const Fields& set, std::optional<NodeRef> node) {
    const Value* change = set.get("nat");
    if (!node) return say(set.where(), "'set' needs the 'node' whose 'nat' changes");
    if (!change) return;
    if (!is_natting(node->node)) {
      return say(set.key_span("nat"), fmt::format("'{}' does not translate", draft_.scenario.nodes[node->node].name));
    }
    if (!change->is_map()) {
      return say(change->span, fmt::format("'nat' must be a map of keys and values, got {}", kind_word(*change)));
    }
    action_.set = SetNat{node->node, {}, {}};
    nat_change_ = change;
  }

  /// The interface that `node` and `network` name together.
  std::optional<std::uint32_t> attachment(const Fields& set, std::optional<NodeRef> node,
                                          std::optional<NetworkIndex> network) {
    if (!node || !network) {
      say(set.where(), "'set' needs 'node' and 'network'");
      return std::nullopt;
    }
    const Node& owner = draft_.scenario.nodes[node->node];
    const auto interface = interface_on(owner, *network);
    if (!interface) {
      say(set.where(),
          fmt::format("'{}' has no interface on '{}'", owner.name, draft_.scenario.networks[*network].name));
    }
    return interface;
  }

  void set_address(const Fields& set, std::optional<NodeRef> node, std::optional<NetworkIndex> network) {
    const auto interface = attachment(set, node, network);
    wire::Address address;
    const Value* value = set.get("address");
    if (!interface || !value) return;
    const Network& on = draft_.scenario.networks[*network];
    const bool cloud = on.kind == NetworkKind::cloud;
    const std::size_t slash = value->text.find('/');
    if (value->is_scalar() && !cloud && slash != std::string::npos) {
      const auto alone = read_address(report_, value->span, std::string_view(value->text).substr(0, slash));
      const auto length = parse::whole(std::string_view(value->text).substr(slash + 1), 1, 31);
      if (!alone) return;
      if (const auto* problem = std::get_if<parse::Problem>(&length)) {
        return say(value->span, "prefix length " + problem->text);
      }
      if (!on.subnet || std::get<std::uint64_t>(length) != on.subnet->length) {
        return say(value->span, fmt::format("{} must have the prefix length of '{}'", quoted(value->text), on.name));
      }
      address = *alone;
    } else if (!set.address("address", address)) {
      return;
    }
    if (!cloud && on.subnet && !on.subnet->contains(address)) {
      return say(value->span, fmt::format("{} is not in the subnet {} of '{}'", quoted(value->text),
                                          wire::to_string(*on.subnet), on.name));
    }
    const std::uint8_t length = cloud || !on.subnet ? std::uint8_t{32} : on.subnet->length;
    action_.set = SetAddress{*node, *interface, {{address, length}}, {}};
  }

  void set_link(const Fields& set, std::optional<NodeRef> node, std::optional<NetworkIndex> network) {
    if (!network) return say(set.where(), "'set' needs the 'network' whose link changes");
    if (node && !attachment(set, node, network)) return;
    bool up = true;
    if (set.word<bool>("link", link_words, up)) action_.set = SetLink{*network, node, up};
  }

  void set_channel(const Fields& set, std::optional<NodeRef> node, std::optional<NetworkIndex> network) {
    if (!network || node) return say(set.where(), "'set' needs the 'network' that changes, and no 'node'");
    SetChannel made;
    made.network = *network;
    set_keys().read(set, made);
    action_.set = made;
  }

  Draft& draft_;
  Report& report_;
  std::size_t number_;
  Fields fields_;
  Action action_;
  const Value* nat_change_ = nullptr;
  const Value* of_ = nullptr;
  bool from_known_ = false;
};

/// A `set` that changes how a gateway translates: its `nat`, or an address that its forwards follow.
struct NatChange {
  ActionIndex action = 0;
  NodeIndex node = 0;
  const Value* change = nullptr;  // to be merged in; none for an address
};

/// Carries changes out on the draft, in the order of time: each changes what the ones before it have left.
class NatChanges {
 public:
  explicit NatChanges(Draft& draft) : draft_(draft) {}

  void read(std::vector<NatChange> changes) {
    std::vector<Action>& actions = draft_.scenario.actions;
    std::ranges::stable_sort(changes, {}, [&](const NatChange& c) { return actions[c.action].at; });
    for (const NatChange& c : changes) {
      Node& node = draft_.scenario.nodes[c.node];
      if (!node.nat) continue;  // reported where it stands
      const auto now =
          in_force_.try_emplace(c.node, InForce{*draft_.nat_sections[c.node], *node.nat, node.interfaces}).first;
      if (!(c.change ? change_nat(c, actions[c.action], now->second)
                     : follow_address(c, actions[c.action], now->second))) {
        break;
      }
    }
    for (const auto& [node, first] : in_force_) draft_.scenario.nodes[node].interfaces = first.interfaces;
  }

 private:
  struct InForce {
    Value section;
    NatSpec spec;
    std::vector<Interface> interfaces;  // as they are in the beginning
  };

  /// False where no more changes can be read.
  bool change_nat(const NatChange& c, Action& action, InForce& now) {
    if (!afford(now.section, c.change->span) || !merge(draft_.report, draft_.merge_budget, now.section, *c.change)) {
      return false;
    }
    auto spec = read_nat(draft_, c.node, now.section, c.change->span);
    if (!spec) return true;
    std::string told = changes_of(now.spec, *spec);
    now.spec = *spec;
    action.set = SetNat{c.node, std::move(*spec), std::move(told)};
    return true;
  }

  bool follow_address(const NatChange& c, Action& action, InForce& now) {
    auto& set = std::get<SetAddress>(*action.set);
    draft_.scenario.nodes[c.node].interfaces[set.interface].addresses = set.addresses;
    if (!afford(now.section, now.section.span)) return false;
    auto spec = read_nat(draft_, c.node, now.section, now.section.span);
    if (!spec || spec->config == now.spec.config) return true;
    set.nat = spec->config;
    now.spec = std::move(*spec);
    return true;
  }

  /// Each rule is read anew.
  bool afford(const Value& section, Span where) {
    const std::size_t cost = 4 * section.count();
    if (draft_.merge_budget < cost) {
      draft_.report.error(where, "too many changes of 'nat' to check");
      return false;
    }
    draft_.merge_budget -= cost;
    return true;
  }

  Draft& draft_;
  std::map<NodeIndex, InForce> in_force_;
};

}  // namespace

void read_actions(Draft& draft, const Fields& root) {
  const auto* actions = root.list("actions");
  draft.lost_actions.all = !actions && (root.has("actions") || root.meant("actions"));
  if (!actions) return;
  std::vector<Span> ids;
  std::vector<NatChange> nat_changes;
  std::vector<std::pair<ActionIndex, const Value*>> connections;
  for (const Value& value : *actions) {
    ActionReader reader(draft, value, static_cast<std::size_t>(&value - actions->data()) + 1);
    std::optional<Action> action = reader.read();
    if (!action) {
      if (const Value* id = value.is_map() ? value.find("id") : nullptr) draft.lost_actions.names.insert(id->text);
      continue;
    }
    if (!action->id.empty()) {
      const auto [first, fresh] =
          draft.actions.emplace(action->id, static_cast<ActionIndex>(draft.scenario.actions.size()));
      if (!fresh) {
        draft.report.error(reader.id_span(),
                           fmt::format("duplicate id {} (first defined on line {})", quoted(action->id),
                                       draft.report.position(ids[first->second]).line));
      }
    }
    const auto index = static_cast<ActionIndex>(draft.scenario.actions.size());
    if (const auto node = reader.changes_translation_of()) nat_changes.push_back({index, *node, reader.nat_change()});
    if (reader.of() && action->packet) connections.emplace_back(index, reader.of());
    ids.push_back(reader.id_span());
    draft.scenario.actions.push_back(std::move(*action));
  }
  for (const auto& [index, of] : connections) {
    RawPacket packet = *draft.scenario.actions[index].packet;
    if (find_connection(draft, *of, packet)) draft.scenario.actions[index].packet = std::move(packet);
  }
  NatChanges(draft).read(std::move(nat_changes));
}

}  // namespace masqsim::scenario
