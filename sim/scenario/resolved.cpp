#include <fmt/format.h>

#include <algorithm>

#include "masqsim/scenario/model.hpp"
#include "nat_words.hpp"
#include "raw_packet.hpp"
#include "sections.hpp"
#include "sim/nat/config_keys.hpp"
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
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      default: out += c;
    }
  }
  return out + '"';
}

/// A name: bare where every YAML reader takes it for text.
std::string name(std::string_view s) {
  const bool bare = read_as(s).empty() && s != "null" && s != "Null" && s != "NULL";
  return bare ? std::string(s) : text(s);
}

std::string_view boolean(bool value) { return value ? "true" : "false"; }

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

std::string bytes(const std::vector<std::uint8_t>& b) { return text(std::string(b.begin(), b.end())); }

class Resolver {
 public:
  explicit Resolver(const Scenario& scenario) : s_(scenario) {}

  std::string write() {
    lines(file_keys(), s_, [&](std::string_view key) {
      if (key == "masqsim") w_.line(key, "1");
      if (key == "name") w_.line(key, name(s_.name));
      if (key == "title") w_.line(key, text(s_.title));
      if (key == "networks") write_networks();
      if (key == "nodes") write_nodes();
      if (key == "actions") list(key, s_.actions, [&](const Action& a) { write_action(a); });
      if (key == "expect") {
        list(key, s_.expect,
             [&](const Expectation& e) { std::visit([&](const auto& one) { write_expectation(one); }, e); });
      }
      if (key == "lab") list(key, s_.lab, [&](const Question& q) { write_question(q); });
    });
    return w_.take();
  }

 private:
  /// Each key of `table` in its order: those with a member as the row prints it, the others by `other(key)`.
  template <typename Model, typename Other>
  void lines(const Table<Model>& table, const Model& model, Other other) {
    for (const Row<Model>& row : table.rows) {
      if (!row.text) {
        other(row.key.name);
      } else if (const std::optional<std::string> value = row.text(model)) {
        w_.line(row.key.name, *value);
      }
    }
  }

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
      lines(network_keys(), network, [](std::string_view) {});
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
    lines(node_keys(), node, [&](std::string_view key) {
      if (key == "interfaces") write_interfaces(node);
      if (key == "services") {
        list(key, node.services, [&](const Service& s) {
          lines(service_keys(), s, [&](std::string_view one) {
            if (one == "text" && !s.text.empty()) w_.line(one, bytes(s.text));
            if (one == "say" && !s.greeting.empty()) w_.line(one, bytes(s.greeting));
          });
        });
      }
      if (key == "routes" && !node.other_routes) {
        list(key, node.routes, [&](const Route& route) {
          w_.line("to", route.to.length == 0 ? "default" : wire::to_string(route.to));
          w_.line("via", route.network ? network_name(*route.network) : wire::to_string(route.via));
        });
      }
      if (key == "nat" && node.kind == NodeKind::gateway) write_translation(node);
    });
  }

  void write_interfaces(const Node& node) {
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
  }

  void write_translation(const Node& node) {
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
    std::string_view group;
    for (const nat::ConfigKey& key : nat::config_keys()) {
      if (key.group() != group) {
        if (!group.empty()) close_group(group, c, node);
        group = key.group();
        if (!group.empty()) w_.open(group);
      }
      w_.line(key.leaf(), to_string(key, key.get(c)));
    }
    if (!group.empty()) close_group(group, c, node);
  }

  /// Ends a map of settings with the keys of it that are none.
  void close_group(std::string_view group, const nat::Config& c, const Node& node) {
    if (group == "firewall") {
      w_.line("inside", flow_list(c.firewall.inside,
                                  [&](nat::InterfaceId id) { return network_name(node.interfaces[id].network); }));
    }
    w_.close();
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
    const bool has_bytes = (a.verb == Verb::tcp || a.verb == Verb::udp) && !a.payload.empty();
    lines(action_keys(), a, [&](std::string_view key) {
      if (key == "id") w_.line(key, name(a.id));
      if (key == "set" && a.verb == Verb::set) write_setting(*a.set);
      if (a.verb == Verb::set) return;
      if (key == "from") {
        const std::string from = s_.name_of(a.from);
        w_.line(key, text(a.from_port ? fmt::format("{}:{}", from, *a.from_port) : from));
      }
      if (key == "raw" && a.packet) {
        w_.open(key);
        write_packet(*a.packet);
        w_.close();
      } else if (key == word(a.verb)) {
        w_.line(key, a.verb == Verb::raw ? hex(a.payload) : text(a.target.text));
      }
      if (key == "network" && a.network) w_.line(key, network_name(*a.network));
      if (key == "hex" && has_bytes) w_.line(key, hex(a.payload));
      if (key == "stagger" && s_.nodes[a.from.node].group && a.from.member == 0) w_.line(key, to_string(a.stagger));
    });
  }

  void write_packet(const RawPacket& p) {
    if (p.of) w_.line("of", flow_name(*p.of, p.of_member));
    if (p.source) w_.line("source", wire::to_string(*p.source));
    if (p.destination) w_.line("destination", wire::to_string(*p.destination));
    w_.line("ttl", std::to_string(p.ttl));
    w_.line("tos", std::to_string(p.tos));
    w_.line("id", std::to_string(p.id));
    w_.line("df", boolean(p.df));
    w_.open(wire::to_string(p.protocol));
    if (p.from_port) w_.line("from", std::to_string(*p.from_port));
    if (p.to_port) w_.line("to", std::to_string(*p.to_port));
    if (p.protocol == wire::Protocol::tcp) {
      const auto number = [](RawNumber n) {
        if (!n.relative) return std::to_string(n.value);
        return fmt::format("{:+d}", static_cast<std::int32_t>(n.value));
      };
      w_.line("flags", flags_text(p.flags));
      w_.line("seq", number(p.seq));
      w_.line("ack", number(p.ack));
      w_.line("window", std::to_string(p.window));
      w_.line("urgent", std::to_string(p.urgent));
      if (p.mss) w_.line("mss", std::to_string(*p.mss));
    }
    if (p.protocol == wire::Protocol::icmp) {
      w_.line("type", std::to_string(p.type));
      w_.line("code", std::to_string(p.code));
      if (p.mtu) w_.line("mtu", std::to_string(*p.mtu));
      if (!p.mtu && p.quoting.empty()) {
        w_.line("id", std::to_string(p.query_id));
        w_.line("seq", std::to_string(p.query_sequence));
      }
      if (!p.quoting.empty()) {
        w_.open("quoting");
        write_packet(p.quoting.front());
        w_.close();
      }
    }
    if (!p.payload.empty()) w_.line("hex", hex(p.payload));
    if (p.bad_checksum) w_.line("checksum", "bad");
    if (p.checksum) w_.line("checksum", std::to_string(*p.checksum));
    w_.close();
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
    lines(set_keys(), set, [&](std::string_view key) {
      if (key == "network") w_.line(key, network_name(set.network));
    });
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
    lines(flow_expectation_keys(), e, [&](std::string_view key) {
      if (key == "flow") w_.line(key, flow_name(e.flow, e.member));
      if (key == "at" && e.at) w_.line(key, name(s_.name_of(*e.at)));
      if (key == "path" && !e.path.empty()) {
        w_.line(key, flow_list(e.path, [&](const Place& p) { return name(s_.name_of(p)); }));
      }
      if (key != "seen" || e.seen.empty()) return;
      w_.open(key);
      const auto source = [](const SeenSource& as) { return endpoint(as.endpoint, as.any_port); };
      for (const Seen& seen : e.seen) {
        w_.line(name(s_.name_of(seen.node)),
                seen.as.size() == 1 ? source(seen.as.front()) : flow_list(seen.as, source));
      }
      w_.close();
    });
  }

  void write_expectation(const TableExpectation& e) {
    lines(table_expectation_keys(), e, [&](std::string_view key) {
      if (key == "nat") w_.line(key, name(s_.nodes[e.gateway].name));
      if (key == "has" && !e.has.empty()) list(key, e.has, [&](const TablePattern& p) { write_pattern(p); });
      if (key == "not" && !e.lacks.empty()) list(key, e.lacks, [&](const TablePattern& p) { write_pattern(p); });
    });
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
      lines(flow_moment_keys(), q, [&](std::string_view key) {
        if (key == "flow") w_.line(key, flow_name(*q.flow, q.member));
        if (key == "at" && q.at) w_.line(key, name(s_.name_of(*q.at)));
        if (key == "what") w_.line(key, word(q.what));
      });
    } else if (q.gateway) {
      lines(table_moment_keys(), q, [&](std::string_view key) {
        if (key == "nat") w_.line(key, name(s_.nodes[*q.gateway].name));
        if (key == "what") w_.line(key, word(q.what));
      });
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
