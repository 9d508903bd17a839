// What to try where the flow reached nobody who listens: forwards, hairpin, services, and whom the action calls.
#include <fmt/format.h>

#include <algorithm>

#include "proposal_search.hpp"
#include "proposals_by_cause.hpp"

namespace masqsim::scenario {

namespace {

bool serves(ProposalSearch& search, const Forward& f) {
  return (!f.ports || (f.ports->first <= search.action().target.port && search.action().target.port <= f.ports->last));
}

/// The gateway whose address the flow calls.
const Node* called_gateway(ProposalSearch& search) {
  const Node* node = search.owner(search.action().target.address);
  return node != nullptr && node->kind == NodeKind::gateway && node->nat ? node : nullptr;
}

void lead_to(ProposalSearch& search, const Node& gateway, std::size_t n, const std::string& host, std::uint16_t port,
             const Forward& f) {
  const Path path = under(under(under(nat_of(gateway), "forward"), std::to_string(n)), "to");
  const bool many = !f.ports || f.ports->first != f.ports->last;
  const std::string to = many ? host : fmt::format("\"{}:{}\"", host, port);
  const std::string what = f.protocol ? wire::to_string(*f.protocol) : "all";
  const std::string ports = !f.ports ? "true"
                            : many   ? fmt::format("\"{}-{}\"", f.ports->first, f.ports->last)
                                     : std::to_string(f.ports->first);
  const std::string callers = f.from ? ", from: " + wire::to_string(*f.from) : "";
  const std::string rule = fmt::format("{{{}: {}, to: {}{}}}", what, ports, to, callers);
  search.propose(longer("forward", gateway.nat->forward.size() > 1, rule), search.where(gateway.name, path),
                 {put(path, to)});
}

std::string forward_text(ProposalSearch& search, const Node& host) {
  return fmt::format("{{{}: {}, to: \"{}:{}\"}}", word(search.action().verb), search.action().target.port, one_of(host),
                     search.action().target.port);
}

void add_forward(ProposalSearch& search, const Node& gateway, const Node& host) {
  const Path path = under(nat_of(gateway), "forward");
  search.propose(longer("forward", !gateway.nat->forward.empty(), forward_text(search, host)),
                 search.where(gateway.name, path), {append(path, forward_text(search, host))});
}

void call(ProposalSearch& search, const std::string& host, std::uint16_t port) {
  const Path path = under(search.action_path(), std::string(word(search.action().verb)));
  const std::string target = fmt::format("\"{}:{}\"", host, port);
  search.propose(fmt::format("{}: {}", word(search.action().verb), target),
                 ProposalSearch::where(search.action().id, search.action().target.position), {put(path, target)});
}

void call_instead(ProposalSearch& search, const Node& gateway, wire::Address own, const Node& host) {
  for (const Forward& f : gateway.nat->forward) {
    const bool leads = f.protocol == search.protocol() && f.ports && !f.from && owns(host, f.to) &&
                       f.to_port.value_or(f.ports->first) == search.action().target.port;
    if (leads) return call(search, wire::to_string(own), f.ports->first);
  }
  const Path path = under(nat_of(gateway), "forward");
  const std::string target = fmt::format("\"{}:{}\"", wire::to_string(own), search.action().target.port);
  search.propose(
      fmt::format("{}, and calling {}:{}", longer("forward", !gateway.nat->forward.empty(), forward_text(search, host)),
                  wire::to_string(own), search.action().target.port),
      search.where(gateway.name, path),
      {append(path, forward_text(search, host)),
       put(under(search.action_path(), std::string(word(search.action().verb))), target)});
}

/// Whoever refused is who was called.
bool called_itself(ProposalSearch& search) {
  const Node* node = search.place();
  return node != nullptr && owns(*node, search.action().target.address);
}

void service(ProposalSearch& search, const Node& host, std::uint16_t port) {
  const Path path = under(path_of(host), "services");
  const std::string made = fmt::format("{{{}: {}}}", wire::to_string(search.protocol()), port);
  search.propose(longer("services", !host.services.empty(), made), search.where(host.name, path), {append(path, made)});
}

/// How far the host's address is from the one that was called.
std::uint32_t distance(ProposalSearch& search, const Node& host) {
  return host.interfaces.empty()
             ? UINT32_MAX
             : host.interfaces.front().addresses.front().address.value ^ search.action().target.address.value;
}

}  // namespace

/// The forward that took the flow leads to nobody, or to somebody who does not listen.
void for_wrong_forward(ProposalSearch& search) {
  const Node* gateway = called_gateway(search);
  if (gateway == nullptr || !search.is_stream()) return;
  for (std::size_t n = 0; n < gateway->nat->forward.size(); ++n) {
    const Forward& f = gateway->nat->forward[n];
    if (!serves(search, f) || (f.protocol && *f.protocol != search.protocol())) continue;
    const std::uint16_t port = f.to_port.value_or(search.action().target.port);
    for (const Node* host : search.listeners(port)) {
      if (is_inside(*gateway, *host) && !owns(*host, f.to)) lead_to(search, *gateway, n, one_of(*host), port, f);
    }
    const Node* host = search.owner(f.to);
    if (host == nullptr) continue;
    for (const Service& s : host->services) {
      if (s.protocol == search.protocol() && s.port != port) lead_to(search, *gateway, n, one_of(*host), s.port, f);
    }
    for (const Node* other : search.listeners(search.action().target.port)) {
      if (is_inside(*gateway, *other)) lead_to(search, *gateway, n, one_of(*other), search.action().target.port, f);
    }
    if (host->kind == NodeKind::host && is_inside(*gateway, *host)) service(search, *host, port);
  }
}

/// A forward would have taken the flow but for its caller, its protocol, or the address that was called.
void for_caller_of_forward(ProposalSearch& search) {
  const Node* gateway = called_gateway(search);
  if (gateway == nullptr || !search.is_stream()) return;
  for (std::size_t n = 0; n < gateway->nat->forward.size(); ++n) {
    const Forward& f = gateway->nat->forward[n];
    if (!serves(search, f)) continue;
    const Path path = under(under(nat_of(*gateway), "forward"), std::to_string(n));
    const std::string ports = f.ports ? std::to_string(search.action().target.port) : "";
    if (f.protocol && *f.protocol != search.protocol()) {
      const Value* written = search.manuscript.at(under(path, wire::to_string(*f.protocol)));
      if (written == nullptr) continue;
      search.propose(fmt::format("forward: [{{{}: {}, ...}}]", wire::to_string(search.protocol()), written->text),
                     search.where(gateway->name, path),
                     {erase(under(path, wire::to_string(*f.protocol))),
                      put(under(path, wire::to_string(search.protocol())), written->text)});
    }
    for (const std::string key : {"from", "outside"}) {
      if (!search.has(under(path, key))) continue;
      search.propose(
          fmt::format("forward {} {} without {}", f.protocol ? wire::to_string(*f.protocol) : "all", ports, key),
          search.where(gateway->name, under(path, key)), {erase(under(path, key))});
    }
  }
}

/// The gateway has a door to such a service, under another number.
void for_other_door(ProposalSearch& search) {
  const Node* gateway = called_gateway(search);
  if (gateway == nullptr || !search.is_stream()) return;
  for (const Forward& f : gateway->nat->forward) {
    const bool fits = f.protocol == search.protocol() && f.ports && f.to_port == search.action().target.port;
    if (fits && !f.from) call(search, wire::to_string(search.action().target.address), f.ports->first);
  }
}

void for_new_forward(ProposalSearch& search) {
  const Node* gateway = called_gateway(search);
  if (gateway == nullptr || !search.is_stream()) return;
  for (const Node* host : search.listeners(search.action().target.port)) {
    if (is_inside(*gateway, *host)) add_forward(search, *gateway, *host);
  }
}

/// A private address cannot be called from outside: the gateway's own can, where it forwards.
void for_private_call(ProposalSearch& search) {
  const wire::Address called = search.action().target.address;
  if (!called.is_private() || !search.is_stream()) return;
  const Node* host = search.owner(called);
  if (host == nullptr) return;
  for (const Node& gateway : search.scenario.nodes) {
    if (gateway.kind != NodeKind::gateway || !gateway.nat || !is_inside(gateway, *host)) continue;
    for (const Interface& i : gateway.interfaces) {
      if (is_outside(gateway, i.network)) call_instead(search, gateway, i.addresses.front().address, *host);
    }
  }
}

/// The service is there, on another port.
void for_other_port(ProposalSearch& search) {
  const Node* host = search.owner(search.action().target.address);
  if (host == nullptr || !search.is_stream() || !called_itself(search)) return;
  const std::string& text = search.action().target.text;
  for (const Service& s : host->services) {
    if (s.protocol == search.protocol() && s.port != search.action().target.port)
      call(search, text.substr(0, text.rfind(':')), s.port);
  }
  if (host->kind == NodeKind::host) service(search, *host, search.action().target.port);
}

/// Nobody has the address that was called: somebody who offers what was wanted may have been meant.
void for_wrong_address(ProposalSearch& search) {
  if (search.owner(search.action().target.address) != nullptr) return;
  if (search.is_stream()) {
    std::vector<const Node*> hosts = search.listeners(search.action().target.port);
    std::erase(hosts, &search.caller());
    std::ranges::stable_sort(hosts, {}, [&](const Node* host) { return distance(search, *host); });
    for (const Node* host : hosts) call(search, one_of(*host), search.action().target.port);
    return;
  }
  const wire::Address called = search.action().target.address;
  for (const Node& node : search.scenario.nodes) {
    const bool near = !node.interfaces.empty() && std::ranges::any_of(node.interfaces, [&](const Interface& i) {
      return wire::prefix_of(i.addresses.front().address, 24).contains(called);
    });
    if (!near || node.kind != NodeKind::host) continue;
    const Path path = under(search.action_path(), std::string(word(search.action().verb)));
    search.propose(fmt::format("{}: {}", word(search.action().verb), one_of(node)), search.action().id,
                   {put(path, one_of(node))});
  }
}

/// An inside host called the outside address.
void for_hairpin(ProposalSearch& search) {
  for (const Node& gateway : search.scenario.nodes) {
    if (!gateway.nat || !owns(gateway, search.action().target.address) || !is_inside(gateway, search.caller()))
      continue;
    if (gateway.nat->config.hairpin == nat::Hairpin::none && !gateway.nat->forward.empty()) {
      search.put_nat(gateway, "hairpin", "dnat-only");
    }
    search.put_nat(gateway, "hairpin", "full");
    for (const Node* host : search.listeners(search.action().target.port)) {
      if (!is_inside(gateway, *host) || !gateway.nat->forward.empty()) continue;
      const Path path = under(nat_of(gateway), "forward");
      search.propose(fmt::format("forward: [{}], hairpin: full", forward_text(search, *host)),
                     search.where(gateway.name, path),
                     {append(path, forward_text(search, *host)), put(under(nat_of(gateway), "hairpin"), "full")});
    }
  }
}

}  // namespace masqsim::scenario
