#include "masqsim/scenario/remedy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "masqsim/scenario/load.hpp"

namespace masqsim::scenario {

namespace {

/// A change: laid over the file as a variant, and, where the caller was wrong, another address to call.
struct Candidate {
  std::string change;                   ///< as the user is told
  std::string variant;                  ///< the body of a variant; empty: none
  std::optional<wire::Address> call{};  ///< what the flow's action calls instead
};

/// Makes the run judge flows also where the file expects nothing.
class Nobody final : public trace::Sink {
 public:
  void record(const trace::Record&) override {}
};

bool succeeds(const std::optional<Result>& result) { return result && is_good(*result) && *result != Result::sent; }

class Search {
 public:
  Search(const Scenario& scenario, const FlowOutcome& failed) : scenario_(scenario), failed_(failed) {
    const std::string base = failed.id.substr(0, failed.id.rfind('.'));
    action_ = scenario.action_with_id(failed.id);
    if (!action_) action_ = scenario.action_with_id(base);
  }

  std::optional<Remedy> found() {
    if (!action_ || action().verb == Verb::set || action().verb == Verb::raw) return std::nullopt;
    propose();
    for (std::size_t i = 0; i < candidates_.size() && i < static_cast<std::size_t>(most_remedies); ++i) {
      if (const auto result = tried(candidates_[i])) return Remedy{candidates_[i].change, *result};
    }
    return std::nullopt;
  }

 private:
  const Action& action() const { return scenario_.actions[*action_]; }

  void propose() {
    for (const Node& node : scenario_.nodes) {
      if (node.kind != NodeKind::gateway) continue;
      switch (failed_.reason) {
        case Reason::no_mapping:
        case Reason::refused:
        case Reason::unsolicited:
        case Reason::firewall:
          if (owns(node, action().target.address)) forward(node);
          break;
        case Reason::no_route:
        case Reason::host_unreachable:
          if (!node.nat) masquerade(node);
          if (has_twin_networks(node)) nat(node, "overlap: true");
          call_the_gateway(node);
          break;
        case Reason::filtered: nat(node, "filtering: endpoint-independent"); break;
        case Reason::wrong_peer:  // the server answered an inside caller directly
        case Reason::hairpin_off: nat(node, "hairpin: full"); break;
        case Reason::mapping_expired:
          nat(node, "timeouts: {udp: 1h, udp-stream: 1h}");
          nat(node, "timeouts: {tcp-established: 120h, icmp: 1h}");
          break;
        case Reason::table_full: nat(node, "limits: {table: 262144}"); break;
        case Reason::host_limit: nat(node, "limits: {per-host: 65536}"); break;
        case Reason::ports_exhausted:
          for (const Masquerade& m : specs(node)) {
            nat(node, fmt::format("masquerade: {{out: {}}}", scenario_.networks[m.out].name));
          }
          break;
        default: break;
      }
    }
    if (failed_.reason == Reason::too_big) {
      for (const Network& network : scenario_.networks) {
        if (network.channel.mtu < 1500) {
          add(fmt::format("networks: {{{}: {{mtu: 1500}}}}", network.name),
              fmt::format("networks: {{{}: {{mtu: 1500}}}}", network.name));
        }
      }
    }
  }

  static std::vector<Masquerade> specs(const Node& node) {
    return node.nat ? node.nat->masquerade : std::vector<Masquerade>{};
  }
  static bool owns(const Node& node, wire::Address address) {
    return std::ranges::any_of(node.interfaces, [&](const Interface& i) {
      return std::ranges::any_of(i.addresses, [&](const InterfaceAddress& a) { return a.address == address; });
    });
  }
  /// RFC 4787 REQ-7.
  bool has_twin_networks(const Node& gateway) const {
    std::set<wire::Prefix> seen;
    return std::ranges::any_of(gateway.interfaces, [&](const Interface& i) {
      const std::optional<wire::Prefix>& subnet = scenario_.networks[i.network].subnet;
      return subnet && !seen.insert(*subnet).second;
    });
  }
  static bool is_outside(const Node& gateway, NetworkIndex network) {
    return gateway.nat && std::ranges::find(gateway.nat->outside, network) != gateway.nat->outside.end();
  }

  void add(std::string change, std::string variant, std::optional<wire::Address> call = {}) {
    candidates_.push_back({std::move(change), std::move(variant), call});
  }
  void nat(const Node& gateway, const std::string& keys) {
    if (gateway.nat) add(keys, fmt::format("nodes: {{{}: {{nat: {{{}}}}}}}", gateway.name, keys));
  }

  /// A gateway that translates nothing is told to, towards the cloud it has.
  void masquerade(const Node& gateway) {
    for (const Interface& i : gateway.interfaces) {
      const Network& network = scenario_.networks[i.network];
      if (network.kind != NetworkKind::cloud) continue;
      const std::string keys = fmt::format("masquerade: {{out: {}}}", network.name);
      add("nat: {" + keys + "}", fmt::format("nodes: {{{}: {{nat: {{{}}}}}}}", gateway.name, keys));
    }
  }

  /// An inside host that listens where the flow calls; `wanted` only that address.
  const Node* listener(const Node& gateway, std::optional<wire::Address> wanted) const {
    const wire::Protocol protocol = action().verb == Verb::tcp ? wire::Protocol::tcp : wire::Protocol::udp;
    for (const Node& node : scenario_.nodes) {
      if (node.kind != NodeKind::host || node.group) continue;
      const bool inside = std::ranges::any_of(node.interfaces, [&](const Interface& i) {
        return !is_outside(gateway, i.network) && i.addresses.front().address.is_private();
      });
      const bool listens = std::ranges::any_of(
          node.services, [&](const Service& s) { return s.protocol == protocol && s.port == action().target.port; });
      if (inside && listens && (!wanted || owns(node, *wanted))) return &node;
    }
    return nullptr;
  }

  static std::string words(const Forward& f) {
    const std::string ports = !f.ports ? "true"
                              : f.ports->first == f.ports->last
                                  ? fmt::format("{}", f.ports->first)
                                  : fmt::format("\"{}-{}\"", f.ports->first, f.ports->last);
    const std::string to = wire::to_string(f.to) + (f.to_port ? fmt::format(":{}", *f.to_port) : "");
    std::string text =
        fmt::format("{{{}: {}, to: \"{}\"", f.protocol ? wire::to_string(*f.protocol) : "all", ports, to);
    if (f.from) text += fmt::format(", from: {}", wire::to_string(*f.from));
    if (f.outside) text += fmt::format(", outside: {}", wire::to_string(*f.outside));
    return text + "}";
  }

  /// The gateway's forwards and one more; empty where nobody inside listens.
  std::string forwards(const Node& gateway, std::optional<wire::Address> wanted) const {
    if (!gateway.nat || (action().verb != Verb::tcp && action().verb != Verb::udp)) return {};
    const Node* host = listener(gateway, wanted);
    if (host == nullptr) return {};
    std::string list;
    for (const Forward& f : gateway.nat->forward) list += words(f) + ", ";
    return fmt::format("forward: [{}{{{}: {}, to: \"{}:{}\"}}]", list, word(action().verb), action().target.port,
                       host->name, action().target.port);
  }

  void forward(const Node& gateway) {
    const std::string keys = forwards(gateway, std::nullopt);
    if (!keys.empty()) nat(gateway, keys);
  }

  /// A private address cannot be called from outside: the gateway's own can, where it forwards.
  void call_the_gateway(const Node& gateway) {
    if (!action().target.address.is_private()) return;
    const std::string keys = forwards(gateway, action().target.address);
    if (keys.empty()) return;
    for (const Interface& i : gateway.interfaces) {
      if (!is_outside(gateway, i.network)) continue;
      const wire::Address own = i.addresses.front().address;
      add(fmt::format("{}, and calling {}:{}", keys, wire::to_string(own), action().target.port),
          fmt::format("nodes: {{{}: {{nat: {{{}}}}}}}", gateway.name, keys), own);
    }
  }

  std::optional<Result> tried(const Candidate& candidate) const {
    const std::string text = resolved(scenario_) + "\nvariants:\n  remedy: {" + candidate.variant + "}\n";
    Loaded loaded = load_text(text, {.variant = "remedy", .sets = {}, .seed = {}}, scenario_.name);
    if (!loaded.scenario) return std::nullopt;
    Scenario& changed = *loaded.scenario;
    if (candidate.call) {
      changed.actions[*action_].target.address = *candidate.call;
      changed.actions[*action_].target.node.reset();
    }
    Nobody nobody;
    RunOptions options;
    options.sinks.push_back(&nobody);
    const Finished finished = run(changed, options);
    const auto outcome = std::ranges::find(finished.flows, failed_.id, &FlowOutcome::id);
    return outcome != finished.flows.end() && succeeds(outcome->result) ? outcome->result : std::nullopt;
  }

  const Scenario& scenario_;
  const FlowOutcome& failed_;
  std::optional<ActionIndex> action_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::optional<Remedy> remedy(const Scenario& scenario, const Finished& finished, std::string_view id) {
  const auto outcome = std::ranges::find(finished.flows, id, &FlowOutcome::id);
  if (outcome == finished.flows.end() || succeeds(outcome->result)) return std::nullopt;
  return Search(scenario, *outcome).found();
}

}  // namespace masqsim::scenario
