#include "masqsim/scenario/notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "build.hpp"
#include "masqsim/nat/nat.hpp"

namespace masqsim::scenario {

namespace {

bool owns(const Node& node, wire::Address a) {
  return std::ranges::any_of(node.interfaces, [&](const Interface& i) {
    return std::ranges::any_of(i.addresses, [&](const InterfaceAddress& own) {
      return a.value >= own.address.value && a.value < own.address.value + node.count;
    });
  });
}

bool is_on(const Node& node, NetworkIndex network) {
  return std::ranges::any_of(node.interfaces, [&](const Interface& i) { return i.network == network; });
}

std::string service_text(wire::Protocol protocol, std::uint16_t port) {
  return fmt::format("{} {}", wire::to_string(protocol), port);
}

class Reader {
 public:
  explicit Reader(const Scenario& scenario) : scenario_(scenario) {}

  std::vector<Note> all() {
    for (const Action& action : scenario_.actions) called(action);
    for (const Node& node : scenario_.nodes) {
      if (node.nat) rules(node, *node.nat);
    }
    std::ranges::stable_sort(notes_, {}, [](const Note& n) { return std::pair{n.position.line, n.position.column}; });
    return std::move(notes_);
  }

 private:
  void say(Position at, std::string message) {
    Note note{at, std::move(message)};
    if (std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(std::move(note));
  }

  // --- what the file expects

  template <typename Fits>
  bool expects_failure(const Fits& fits) const {
    return std::ranges::any_of(scenario_.expect, [&](const Expectation& expectation) {
      const auto* e = std::get_if<FlowExpectation>(&expectation);
      if (e == nullptr || !fits(scenario_.actions[e->flow])) return false;
      return (e->result && !is_good(*e->result)) || (e->not_result && is_good(*e->not_result)) || e->reason || e->at;
    });
  }
  bool is_to_fail(const Action& action) const {
    return expects_failure([&](const Action& other) { return &other == &action; });
  }
  /// Somebody with a private address calls outside, and that is to fail: what is said of missing translation is meant.
  bool a_call_outwards_is_to_fail() const {
    return expects_failure([&](const Action& a) {
      const Node& caller = scenario_.nodes[a.from.node];
      const bool inside =
          !caller.interfaces.empty() && caller.interfaces.front().addresses.front().address.is_private();
      return a.verb != Verb::set && inside && !a.target.address.is_private();
    });
  }
  /// A call that `f` takes is to fail for that reason, or for one that is not said.
  bool is_to_fail_behind(const Node& gateway, const Forward& f, Reason reason) const {
    return std::ranges::any_of(scenario_.expect, [&](const Expectation& expectation) {
      const auto* e = std::get_if<FlowExpectation>(&expectation);
      if (e == nullptr || (e->reason && *e->reason != reason)) return false;
      const Action& a = scenario_.actions[e->flow];
      const bool taken = owns(gateway, a.target.address) &&
                         (!f.ports || (f.ports->first <= a.target.port && a.target.port <= f.ports->last));
      return taken && (e->reason || (e->result && !is_good(*e->result)) || (e->not_result && is_good(*e->not_result)));
    });
  }

  // --- who is there

  const Node* owner(wire::Address address) const {
    const auto found = std::ranges::find_if(scenario_.nodes, [&](const Node& n) { return owns(n, address); });
    return found == scenario_.nodes.end() ? nullptr : &*found;
  }
  /// Somebody has the address, gets it in the run, or translates it.
  bool is_taken(wire::Address address) const {
    if (owner(address) != nullptr) return true;
    for (const Action& action : scenario_.actions) {
      const auto* set = action.set ? std::get_if<SetAddress>(&*action.set) : nullptr;
      if (set == nullptr) continue;
      for (const InterfaceAddress& own : set->addresses) {
        if (own.address == address) return true;
      }
    }
    return std::ranges::any_of(scenario_.nodes, [&](const Node& n) { return n.nat && translates(*n.nat, address); });
  }
  static bool translates(const NatSpec& nat, wire::Address address) {
    const auto pair = [&](const AddressPair& p) { return p.inside.contains(address) || p.outside.contains(address); };
    const auto pool = [&](const SourceNat& s) {
      return !s.exempt && s.addresses.first <= address && address <= s.addresses.last;
    };
    return std::ranges::any_of(nat.one_to_one, pair) || std::ranges::any_of(nat.twice_nat, pair) ||
           std::ranges::any_of(nat.source, pool) ||
           std::ranges::any_of(nat.forward, [&](const Forward& f) { return f.outside == address; });
  }
  bool is_for_many(wire::Address address) const {
    if (address.is_multicast() || address.is_limited_broadcast()) return true;
    return std::ranges::any_of(scenario_.networks,
                               [&](const Network& n) { return n.subnet && n.subnet->broadcast() == address; });
  }
  /// An action sends from this port, so its socket, or its mapping on a gateway, takes what comes there.
  bool is_a_socket(std::uint16_t port) const {
    return std::ranges::any_of(scenario_.actions, [&](const Action& a) { return a.from_port == port; });
  }
  static bool listens(const Node& node, wire::Protocol protocol, std::uint16_t port) {
    return std::ranges::any_of(node.services,
                               [&](const Service& s) { return s.protocol == protocol && s.port == port; });
  }
  static std::string listens_on(const Node& node) {
    std::string text;
    for (const Service& s : node.services) text += (text.empty() ? "" : ", ") + service_text(s.protocol, s.port);
    return text.empty() ? "" : "; it listens on " + text;
  }

  // --- actions

  void called(const Action& action) {
    if (action.verb == Verb::set || action.verb == Verb::raw || is_to_fail(action)) return;
    const wire::Address to = action.target.address;
    if (is_for_many(to)) return;
    if (no_way_out(action)) return;
    if (!is_taken(to)) return say(action.target.position, fmt::format("nobody has {}", wire::to_string(to)));
    if (action.verb != Verb::tcp && action.verb != Verb::udp) return;
    const wire::Protocol protocol = action.verb == Verb::tcp ? wire::Protocol::tcp : wire::Protocol::udp;
    const Node* node = owner(to);
    if (node == nullptr || is_a_socket(action.target.port)) return;
    if (node->nat && forwards(*node->nat, protocol, action.target.port)) return;  // told of the forward
    if (service_at(scenario_, protocol, {to, action.target.port}) != nullptr) return;
    const std::string what = service_text(protocol, action.target.port);
    say(action.target.position, node->nat
                                    ? fmt::format("{} neither forwards {} nor listens there", node->name, what)
                                    : fmt::format("{} does not listen on {}{}", node->name, what, listens_on(*node)));
  }
  static bool forwards(const NatSpec& nat, wire::Protocol protocol, std::uint16_t port) {
    return std::ranges::any_of(nat.forward, [&](const Forward& f) {
      return (!f.protocol || *f.protocol == protocol) &&
             (!f.ports || (f.ports->first <= port && port <= f.ports->last));
    });
  }

  /// The caller's networks have no router, and the one it calls is on none of them.
  bool no_way_out(const Action& action) {
    const Node& caller = scenario_.nodes[action.from.node];
    if (caller.kind != NodeKind::host || !caller.routes.empty()) return false;
    for (const Interface& i : caller.interfaces) {
      const Network& network = scenario_.networks[i.network];
      if (network.kind == NetworkKind::cloud || !network.subnet || network.subnet->contains(action.target.address)) {
        return false;
      }
      const bool led = std::ranges::any_of(
          scenario_.nodes, [&](const Node& n) { return n.kind != NodeKind::host && is_on(n, i.network); });
      if (led) return false;
    }
    const std::string network = scenario_.networks[caller.interfaces.front().network].name;
    say(action.target.position, fmt::format("no router or gateway has an interface in {}, so {} has no way to {}",
                                            network, caller.name, wire::to_string(action.target.address)));
    return true;
  }

  // --- rules

  void rules(const Node& gateway, const NatSpec& nat) {
    if (!nat::Nat(nat.config, Random(scenario_.seed, "notes")).tracks() && !a_call_outwards_is_to_fail()) {
      say(nat.position,
          fmt::format("{} tracks nothing: no rule of its nat asks for it, so its table stays empty", gateway.name));
    }
    for (const Forward& f : nat.forward) forward(gateway, f);
    if (!a_call_outwards_is_to_fail()) {
      for (std::size_t n = 0; n < nat.masquerade.size(); ++n) masquerade(gateway, nat, n);
      untranslated(gateway, nat);
    }
  }

  void forward(const Node& gateway, const Forward& f) {
    if (!is_taken(f.to)) {
      if (is_to_fail_behind(gateway, f, Reason::host_unreachable)) return;
      return say(f.position, fmt::format("it leads to {}, an address that nobody has", wire::to_string(f.to)));
    }
    const Node* host = owner(f.to);
    if (host == nullptr || host->kind != NodeKind::host || !f.protocol || !f.ports) return;
    if (f.ports->first != f.ports->last) return;
    const std::uint16_t port = f.to_port.value_or(f.ports->first);
    if (listens(*host, *f.protocol, port) || is_a_socket(port)) return;
    if (is_to_fail_behind(gateway, f, Reason::refused)) return;
    say(f.position, fmt::format("it leads to {}, which does not listen on {}{}", host->name,
                                service_text(*f.protocol, port), listens_on(*host)));
  }

  Position place(const Node& gateway, const std::string& key, Position otherwise) const {
    const auto found = scenario_.places.of.find(fmt::format("nodes.{}.nat.{}", gateway.name, key));
    return found == scenario_.places.of.end() || found->second.line == 0 ? otherwise : found->second;
  }

  void masquerade(const Node& gateway, const NatSpec& nat, std::size_t number) {
    const Masquerade& m = nat.masquerade[number];
    const bool somebody =
        scenario_.networks[m.out].kind == NetworkKind::cloud ||
        std::ranges::any_of(scenario_.nodes, [&](const Node& n) { return &n != &gateway && is_on(n, m.out); });
    const std::string key = fmt::format("masquerade.{}", number);
    if (!somebody) {
      say(place(gateway, key + ".out", m.position),
          fmt::format("no packet leaves by {}: nobody else is there", scenario_.networks[m.out].name));
    }
    if (!m.from) return;
    const bool covers = std::ranges::any_of(scenario_.nodes, [&](const Node& n) {
      return std::ranges::any_of(n.interfaces,
                                 [&](const Interface& i) { return m.from->contains(i.addresses.front().address); });
    });
    const Position at = place(gateway, key + ".from", m.position);
    if (!covers) return say(at, fmt::format("{} holds nobody's address", wire::to_string(*m.from)));
    for (const Interface& i : gateway.interfaces) left_out(nat, m.out, i, at);
  }

  /// A network on the inside of which no rule towards `out` takes any host.
  void left_out(const NatSpec& nat, NetworkIndex out, const Interface& i, Position at) {
    const bool outside = std::ranges::find(nat.outside, i.network) != nat.outside.end();
    if (outside || !nat.source.empty() || !nat.one_to_one.empty()) return;
    bool hosts = false, taken = false;
    for (const Node& node : scenario_.nodes) {
      if (node.kind != NodeKind::host) continue;
      for (const Interface& theirs : node.interfaces) {
        const wire::Address a = theirs.addresses.front().address;
        if (theirs.network != i.network || !a.is_private()) continue;
        hosts = true;
        taken = taken || std::ranges::any_of(nat.masquerade, [&](const Masquerade& m) {
                  return m.out == out && (!m.from || m.from->contains(a));
                });
      }
    }
    if (!hosts || taken) return;
    say(at, fmt::format("it leaves out {} ({}), whose hosts go untranslated", scenario_.networks[i.network].name,
                        scenario_.networks[i.network].subnet ? wire::to_string(*scenario_.networks[i.network].subnet)
                                                             : std::string()));
  }

  /// Private addresses leave by a cloud, and what is masqueraded leaves by another network.
  void untranslated(const Node& gateway, const NatSpec& nat) {
    if (nat.masquerade.empty() || !nat.source.empty() || !nat.one_to_one.empty()) return;
    const bool inside = std::ranges::any_of(gateway.interfaces, [&](const Interface& i) {
      return scenario_.networks[i.network].kind != NetworkKind::cloud && i.addresses.front().address.is_private();
    });
    for (const Interface& i : gateway.interfaces) {
      const Network& network = scenario_.networks[i.network];
      if (network.kind != NetworkKind::cloud || !inside) continue;
      if (std::ranges::any_of(nat.masquerade, [&](const Masquerade& m) { return m.out == i.network; })) continue;
      say(place(gateway, "masquerade.0.out", nat.masquerade.front().position),
          fmt::format("what leaves by {} keeps its private source: {} is masqueraded only", network.name,
                      scenario_.networks[nat.masquerade.front().out].name));
    }
  }

  const Scenario& scenario_;
  std::vector<Note> notes_;
};

/// "03-inbound-fails" may be called so, or "inbound-fails".
bool fits(std::string_view name, std::string_view stem) {
  if (name == stem) return true;
  const std::size_t digits = std::min(stem.find_first_not_of("0123456789"), stem.size());
  return digits > 0 && digits + 1 < stem.size() && stem[digits] == '-' && name == stem.substr(digits + 1);
}

}  // namespace

std::vector<Note> notes(const Scenario& scenario, std::string_view stem) {
  std::vector<Note> all = Reader(scenario).all();
  const auto name = scenario.places.of.find("name");
  const bool called = !stem.empty() && stem != "scenario";  // what standard input is called
  if (called && name != scenario.places.of.end() && !fits(scenario.name, stem)) {
    all.insert(all.begin(),
               {name->second, fmt::format("the file is called {}, and the scenario {}", stem, scenario.name)});
  }
  return all;
}

namespace {

constexpr std::size_t most_read_again = 500'000;  // bytes

}  // namespace

std::vector<Note> notes_of(const Loaded& loaded) {
  if (!loaded.scenario) return {};
  const std::string& stem = loaded.written.stem;
  std::vector<Note> all = notes(*loaded.scenario, stem);
  for (const Diagnostic& kept : loaded.kept) all.push_back({{kept.line, kept.column}, kept.message});
  if (!loaded.written.options.variant.empty()) return all;
  // Each is read anew: what takes long to check is checked, and no more is said of it.
  if (loaded.written.text.size() * loaded.scenario->variants.size() > most_read_again) return all;
  for (const VariantInfo& variant : loaded.scenario->variants) {
    LoadOptions options = loaded.written.options;
    options.variant = variant.name;
    options.alone = true;
    const Loaded other = load_text(loaded.written.text, options, loaded.written.stem);
    if (!other.scenario) continue;
    for (Note& note : notes(*other.scenario, stem)) {
      if (std::ranges::find(all, note) != all.end()) continue;
      note.message += " (in variant '" + variant.name + "')";
      all.push_back(std::move(note));
    }
  }
  return all;
}

std::string print_notes(std::string_view path, const std::vector<Note>& notes) {
  std::string text;
  for (const Note& note : notes) {
    text += note.position.line == 0
                ? fmt::format("{}: note: {}\n", path, note.message)
                : fmt::format("{}:{}:{}: note: {}\n", path, note.position.line, note.position.column, note.message);
  }
  return text;
}

}  // namespace masqsim::scenario
