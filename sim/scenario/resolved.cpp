#include <fmt/format.h>

#include "masqsim/scenario/model.hpp"
#include "nat_words.hpp"
#include "timeouts.hpp"
#include "tree.hpp"

namespace masqsim::scenario {

namespace {

/// Writes block YAML: one key a line, indentation kept here.
class Writer {
 public:
  void line(std::string_view key, std::string_view value) { out_ += fmt::format("{}{}: {}\n", lead(), key, value); }
  void open(std::string_view key) {
    out_ += fmt::format("{}{}:\n", lead(), key);
    ++depth_;
  }
  void close() { --depth_; }
  /// The next line begins an element of a list; its keys follow until `close`.
  void item() {
    dash_ = true;
    ++depth_;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string lead() {
    const bool dash = std::exchange(dash_, false);
    return dash ? std::string(2 * (depth_ - 1), ' ') + "- " : std::string(2 * depth_, ' ');
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool dash_ = false;
};

std::string text(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// A name: bare where every YAML reader takes it for text.
std::string name(std::string_view s) {
  const bool bare = read_as(s).empty() && s != "null" && s != "Null" && s != "NULL";
  return bare ? std::string(s) : text(s);
}

std::string_view boolean(bool value) { return value ? "true" : "false"; }
std::string span(Time t) { return to_string(Duration{t.ns}); }
std::string rate(parse::Rate r) { return r.bits_per_second == 0 ? "unlimited" : parse::to_string(r); }

std::string hex(const std::vector<std::uint8_t>& bytes) {
  std::string out = "\"";
  for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out + '"';
}

std::string endpoint(const wire::Endpoint& e, bool any_port) {
  return text(any_port ? wire::to_string(e.address) : wire::to_string(e));
}

std::string ports(const nat::PortRange& r) {
  return r.first == r.last ? fmt::format("{}", r.first) : fmt::format("{}-{}", r.first, r.last);
}

class Resolver {
 public:
  explicit Resolver(const Scenario& scenario) : s_(scenario) {}

  std::string write() {
    w_.line("masqsim", "1");
    w_.line("name", name(s_.name));
    w_.line("title", text(s_.title));
    w_.line("seed", std::to_string(s_.seed));
    if (s_.until) w_.line("until", span(*s_.until));
    write_networks();
    write_nodes();
    list("actions", s_.actions, [&](const Action& a) { write_action(a); });
    list("expect", s_.expect,
         [&](const Expectation& e) { std::visit([&](const auto& one) { write_expectation(one); }, e); });
    list("lab", s_.lab, [&](const Question& q) { write_question(q); });
    return w_.take();
  }

 private:
  template <typename List, typename Write>
  void list(std::string_view key, const List& all, Write write) {
    if (all.empty()) return w_.line(key, "[]");
    w_.open(key);
    for (const auto& one : all) {
      w_.item();
      write(one);
      w_.close();
    }
    w_.close();
  }

  template <typename List, typename Format>
  std::string flow_list(const List& all, Format format) {
    std::string out = "[";
    for (const auto& one : all) out += (out.size() > 1 ? ", " : "") + format(one);
    return out + "]";
  }

  std::string network_name(NetworkIndex index) const { return name(s_.networks[index].name); }

  /// With its prefix on LANs and links, bare on clouds.
  std::string address(const InterfaceAddress& a, NetworkIndex network) const {
    const bool bare = s_.networks[network].kind == NetworkKind::cloud;
    return bare ? wire::to_string(a.address) : fmt::format("{}/{}", wire::to_string(a.address), a.length);
  }

  void write_networks() {
    if (s_.networks.empty()) return w_.line("networks", "{}");
    w_.open("networks");
    for (const Network& network : s_.networks) {
      w_.open(name(network.name));
      w_.line("kind", word(network.kind));
      if (network.subnet) w_.line("subnet", wire::to_string(*network.subnet));
      const Channel& c = network.channel;
      w_.line("delay", to_string(c.delay));
      w_.line("jitter", to_string(c.jitter));
      w_.line("rate", rate(c.rate));
      w_.line("queue", c.queue ? parse::size_text(*c.queue) : "unlimited");
      w_.line("loss", parse::percent_text(c.loss));
      w_.line("duplicate", parse::percent_text(c.duplicate));
      w_.line("reorder", parse::percent_text(c.reorder));
      w_.line("mtu", std::to_string(c.mtu));
      w_.close();
    }
    w_.close();
  }

  void write_nodes() {
    if (s_.nodes.empty()) return w_.line("nodes", "{}");
    w_.open("nodes");
    for (const Node& node : s_.nodes) {
      w_.open(name(node.name));
      write_node(node);
      w_.close();
    }
    w_.close();
  }

  void write_node(const Node& node) {
    w_.line("kind", word(node.kind));
    if (node.group) w_.line("count", std::to_string(node.count));
    w_.line("ttl", std::to_string(node.ttl));
    if (node.kind != NodeKind::host) w_.line("rp-filter", boolean(node.rp_filter));
    w_.open("interfaces");
    for (const Interface& interface : node.interfaces) {
      w_.open(network_name(interface.network));
      w_.line("address", address(interface.addresses[0], interface.network));
      const std::vector<InterfaceAddress> also(interface.addresses.begin() + 1, interface.addresses.end());
      w_.line("also", flow_list(also, [&](const InterfaceAddress& a) { return address(a, interface.network); }));
      w_.line("mtu", std::to_string(interface.mtu));
      w_.close();
    }
    w_.close();
    list("services", node.services, [&](const Service& service) {
      w_.line(wire::to_string(service.protocol), std::to_string(service.port));
      w_.line("echo", boolean(service.echo));
      if (!service.echo) w_.line("reply", parse::size_text(service.reply));
      w_.line("after", to_string(service.after));
      if (service.protocol == wire::Protocol::tcp) w_.line("close", boolean(service.close));
    });
    list("routes", node.routes, [&](const Route& route) {
      w_.line("to", route.to.length == 0 ? "default" : wire::to_string(route.to));
      w_.line("via", wire::to_string(route.via));
    });
    if (node.kind != NodeKind::gateway) return;
    if (!node.nat) return w_.line("nat", "none");
    w_.open("nat");
    write_nat(*node.nat, node);
    w_.close();
  }

  void write_rule_match(NetworkIndex out, const std::optional<wire::Prefix>& from,
                        const std::optional<wire::Protocol>& protocol) {
    w_.line("out", network_name(out));
    if (from) w_.line("from", wire::to_string(*from));
    if (protocol) w_.line("protocol", wire::to_string(*protocol));
  }

  void write_nat(const NatSpec& spec, const Node& node) {
    const nat::Config& c = spec.config;
    w_.line("preset", word_in(preset_words, spec.rfc));
    list("masquerade", spec.masquerade, [&](const Masquerade& m) {
      write_rule_match(m.out, m.from, m.protocol);
      if (m.ports) w_.line("ports", ports(*m.ports));
      w_.line("pick", word_in(masquerade_pick_words, m.random));
    });
    list("source", spec.source, [&](const SourceNat& r) { write_source(r); });
    const auto write_pair = [&](const AddressPair& pair) {
      w_.line("inside", wire::to_string(pair.inside));
      w_.line("outside", wire::to_string(pair.outside));
    };
    list("one-to-one", spec.one_to_one, write_pair);
    list("twice-nat", spec.twice_nat, write_pair);
    list("forward", spec.forward, [&](const Forward& f) { write_forward(f); });
    w_.line("mapping", word_in(mapping_words, c.mapping));
    w_.line("filtering", word_in(filtering_words, c.filtering));
    w_.line("hairpin", word_in(hairpin_words, c.hairpin));
    w_.line("unsolicited", word_in(unsolicited_words, c.unsolicited));
    w_.open("timeouts");
    for (const TimeoutKey& entry : timeout_keys) w_.line(entry.key, to_string(c.timeouts.*entry.member));
    w_.close();
    w_.open("limits");
    w_.line("table", std::to_string(c.limits.table));
    w_.line("early-drop", boolean(c.limits.early_drop));
    w_.line("per-host", c.limits.flows_per_host ? std::to_string(*c.limits.flows_per_host) : "unlimited");
    w_.line("excess", word_in(excess_words, c.limits.reject_excess));
    w_.line("exhausted", word_in(excess_words, c.limits.reject_exhausted));
    w_.line("resting", c.limits.resting ? std::to_string(*c.limits.resting) : "unlimited");
    w_.close();
    w_.open("firewall");
    w_.line("invalid", word_in(invalid_words, c.firewall.drop_invalid));
    w_.line("direct", word_in(invalid_words, c.firewall.drop_direct));
    w_.line("input", word_in(protect_words, c.firewall.protect_input));
    w_.line("forward", word_in(protect_words, c.firewall.protect_forward));
    w_.line("inside", flow_list(c.firewall.inside,
                                [&](nat::InterfaceId id) { return network_name(node.interfaces[id].network); }));
    w_.close();
    w_.line("alg", c.alg_ftp ? "[ftp]" : "[]");
    w_.line("verify-checksums", boolean(c.verify_checksums));
    w_.line("tcp-loose", boolean(c.tcp_loose));
    w_.line("tcp-be-liberal", boolean(c.tcp_be_liberal));
    w_.line("inbound-refreshes", boolean(c.inbound_refreshes));
    w_.line("rst-keeps-state", boolean(c.rst_keeps_state));
    w_.line("rst-refreshes", boolean(c.rst_refreshes));
    w_.line("verify-quoted", boolean(c.verify_quoted));
    w_.line("obsolete-icmp", boolean(c.obsolete_icmp));
    w_.line("keep-parity", boolean(c.keep_parity));
    w_.line("unique-ids", boolean(c.unique_ids));
    w_.line("oldest-pieces-go", boolean(c.oldest_pieces_go));
    w_.line("overlap", boolean(c.overlap));
    w_.line("port-rest", to_string(Duration{std::int64_t{c.port_rest_s} * 1'000'000'000}));
  }

  void write_source(const SourceNat& r) {
    write_rule_match(r.out, r.from, r.protocol);
    if (r.to) w_.line("to", wire::to_string(*r.to));
    w_.line("exempt", boolean(r.exempt));
    if (r.exempt) return;
    w_.line("address", r.addresses.first == r.addresses.last ? wire::to_string(r.addresses.first)
                                                             : fmt::format("{}-{}", wire::to_string(r.addresses.first),
                                                                           wire::to_string(r.addresses.last)));
    if (r.ports) w_.line("ports", ports(*r.ports));
    w_.line("pick", word_in(source_pick_words, r.persistent ? Pick::persistent
                                               : r.random   ? Pick::random
                                                            : Pick::preserve));
  }

  void write_forward(const Forward& f) {
    if (f.protocol) {
      w_.line(wire::to_string(*f.protocol), ports(*f.ports));
    } else {
      w_.line("all", "true");
    }
    w_.line("to", f.to_port ? text(wire::to_string(wire::Endpoint{f.to, *f.to_port})) : wire::to_string(f.to));
    if (f.from) w_.line("from", wire::to_string(*f.from));
    if (f.outside) w_.line("outside", wire::to_string(*f.outside));
  }

  void write_action(const Action& a) {
    w_.line("at", span(a.at));
    w_.line("id", name(a.id));
    if (a.verb == Verb::set) return write_setting(*a.set);
    const std::string from = s_.name_of(a.from);
    w_.line("from", text(a.from_port ? fmt::format("{}:{}", from, *a.from_port) : from));
    w_.line(word(a.verb), a.verb == Verb::raw ? hex(a.payload) : text(a.target.text));
    if (a.verb == Verb::raw && a.network) w_.line("network", network_name(*a.network));
    const bool ping = a.verb == Verb::ping;
    const bool stream = a.verb == Verb::tcp || a.verb == Verb::udp;
    if (stream && !a.payload.empty()) {
      w_.line("hex", hex(a.payload));
    } else if (stream || ping) {
      w_.line("send", parse::size_text(a.send));
    }
    if (a.verb != Verb::traceroute) {
      w_.line("times", std::to_string(a.times));
      w_.line("every", to_string(a.every));
    }
    if (s_.nodes[a.from.node].group && a.from.member == 0) w_.line("stagger", to_string(a.stagger));
    if (a.verb != Verb::raw) w_.line("wait", to_string(a.wait));
    if (a.verb == Verb::tcp) w_.line("close", word(a.close));
    if (a.verb == Verb::tcp) w_.line("keepalive", to_string(a.keepalive));
    if (stream || ping) w_.line("ttl", std::to_string(a.ttl));
    if (a.verb != Verb::raw) w_.line("tos", std::to_string(a.tos));
    if (stream || ping) w_.line("df", boolean(a.df));
    if (a.verb == Verb::traceroute) w_.line("hops", std::to_string(a.hops));
  }

  void write_setting(const Setting& setting) {
    w_.open("set");
    std::visit([&](const auto& one) { write_set(one); }, setting);
    w_.close();
  }
  void write_set(const SetAddress& set) {
    const NetworkIndex network = s_.nodes[set.node.node].interfaces[set.interface].network;
    w_.line("node", name(s_.name_of(set.node)));
    w_.line("network", network_name(network));
    w_.line("address", address(set.addresses[0], network));
  }
  void write_set(const SetLink& set) {
    if (set.node) w_.line("node", name(s_.name_of(*set.node)));
    w_.line("network", network_name(set.network));
    w_.line("link", set.up ? "up" : "down");
  }
  void write_set(const SetChannel& set) {
    w_.line("network", network_name(set.network));
    if (set.delay) w_.line("delay", to_string(*set.delay));
    if (set.jitter) w_.line("jitter", to_string(*set.jitter));
    if (set.rate) w_.line("rate", rate(*set.rate));
    if (set.loss) w_.line("loss", parse::percent_text(*set.loss));
    if (set.duplicate) w_.line("duplicate", parse::percent_text(*set.duplicate));
    if (set.reorder) w_.line("reorder", parse::percent_text(*set.reorder));
  }
  void write_set(const SetNat& set) {
    w_.line("node", name(s_.nodes[set.node].name));
    w_.open("nat");
    write_nat(set.nat, s_.nodes[set.node]);
    w_.close();
  }
  void write_set(const Flush& set) { w_.line("flush", name(s_.nodes[set.node].name)); }

  std::string flow_name(ActionIndex flow, std::uint32_t member) const {
    const std::string& id = s_.actions[flow].id;
    return name(member == 0 ? id : fmt::format("{}.{}", id, member));
  }

  void write_expectation(const FlowExpectation& e) {
    w_.line("flow", flow_name(e.flow, e.member));
    if (e.result) w_.line("result", word(*e.result));
    if (e.not_result) w_.line("not", word(*e.not_result));
    if (e.at) w_.line("at", name(s_.name_of(*e.at)));
    if (e.reason) w_.line("reason", masqsim::word(*e.reason));
    if (!e.seen.empty()) {
      w_.open("seen");
      const auto source = [](const SeenSource& as) { return endpoint(as.endpoint, as.any_port); };
      for (const Seen& seen : e.seen) {
        w_.line(name(s_.name_of(seen.node)),
                seen.as.size() == 1 ? source(seen.as.front()) : flow_list(seen.as, source));
      }
      w_.close();
    }
    if (e.count) w_.line("count", std::to_string(*e.count));
    if (e.replies) w_.line("replies", std::to_string(*e.replies));
    if (e.arrived) w_.line("arrived", parse::size_text(*e.arrived));
    if (e.received) w_.line("received", parse::size_text(*e.received));
    if (!e.path.empty()) w_.line("path", flow_list(e.path, [&](const Place& p) { return name(s_.name_of(p)); }));
  }

  void write_expectation(const TableExpectation& e) {
    w_.line("nat", name(s_.nodes[e.gateway].name));
    if (e.at) w_.line("at", span(*e.at));
    if (e.count) w_.line("count", std::to_string(*e.count));
    if (!e.has.empty()) list("has", e.has, [&](const TablePattern& p) { write_pattern(p); });
    if (!e.lacks.empty()) list("not", e.lacks, [&](const TablePattern& p) { write_pattern(p); });
  }

  void write_pattern(const TablePattern& p) {
    if (p.protocol) {
      w_.line(wire::to_string(*p.protocol), p.inside ? endpoint(*p.inside, p.any_inside_port) : "any");
    }
    // A line always, so that a pattern that matches anything is still an element of the list.
    w_.line("as", p.outside ? endpoint(*p.outside, p.any_outside_port) : "any");
    if (p.remote) w_.line("remote", endpoint(*p.remote, p.any_remote_port));
    if (!p.state.empty()) w_.line("state", name(p.state));
  }

  void write_question(const Question& q) {
    w_.line("ask", text(q.ask));
    w_.open("when");
    if (q.flow) {
      w_.line("flow", flow_name(*q.flow, q.member));
      if (q.at) w_.line("at", name(s_.name_of(*q.at)));
      w_.line("what", word(q.what));
      w_.line("way", q.back ? "back" : "out");
      w_.line("packet", std::to_string(q.packet));
    } else if (q.gateway) {
      w_.line("nat", name(s_.nodes[*q.gateway].name));
      if (q.time) w_.line("at", span(*q.time));
      w_.line("what", word(q.what));
      w_.line("row", std::to_string(q.row));
    }
    w_.close();
    w_.line("answer", text(q.answer));
    if (!q.choices.empty()) w_.line("choices", flow_list(q.choices, [](const std::string& c) { return text(c); }));
    w_.line("hint", text(q.hint));
  }

  const Scenario& s_;
  Writer w_;
};

}  // namespace

std::string resolved(const Scenario& scenario) { return Resolver(scenario).write(); }

}  // namespace masqsim::scenario
