#include <fmt/format.h>

#include <algorithm>

#include "dot.hpp"
#include "look.hpp"
#include "setup_words.hpp"
#include "zones.hpp"

namespace masqsim::viz {

namespace {

using scenario::Network;
using scenario::NetworkIndex;
using scenario::NetworkKind;
using scenario::Node;
using scenario::NodeIndex;
using scenario::Scenario;

class Picture {
 public:
  explicit Picture(const Scenario& scenario) : scenario_(scenario), zones_(zones_of(scenario)) {}

  std::string text() {
    std::string name = scenario_.name;
    if (!scenario_.variant.empty()) name += '@' + scenario_.variant;
    out_ = look::head("graph", name, scenario_.title.empty() ? name : scenario_.title);
    for (NetworkIndex n = 0; n < scenario_.networks.size(); ++n) cluster(n);
    for (NodeIndex n = 0; n < scenario_.nodes.size(); ++n) {
      if (!zones_.homes[n]) node(n, "  ");
    }
    for (NodeIndex n = 0; n < scenario_.nodes.size(); ++n) edges(n);
    for (NetworkIndex n = 0; n < scenario_.networks.size(); ++n) {
      if (scenario_.networks[n].kind == NetworkKind::link) wire_edge(n);
    }
    return out_ + "}\n";
  }

 private:
  std::string net_id(NetworkIndex n) const { return dot_quoted("net " + scenario_.networks[n].name); }
  std::string node_id(NodeIndex n) const { return dot_quoted(scenario_.nodes[n].name); }

  void cluster(NetworkIndex n) {
    const Network& network = scenario_.networks[n];
    if (network.kind == NetworkKind::link) return;
    const Side side = zones_.networks[n];
    const std::string_view where = look::word(side);
    out_ += look::cluster_head("cluster " + network.name, side,
                               where.empty() ? network.name : fmt::format("{}: {}", where, network.name));
    std::vector<std::string> lines = channel_words(network.channel);
    if (network.subnet) lines.insert(lines.begin(), wire::to_string(*network.subnet));
    const bool cloud = network.kind == NetworkKind::cloud;
    if (cloud) lines.insert(lines.begin(), "no route to private addresses");
    const look::Colours c = look::of(side);
    out_ +=
        fmt::format("    {} [label={}, shape={}, style=filled, fillcolor=\"white\", color=\"{}\", penwidth={}]\n",
                    net_id(n), look::label(network.name, lines), cloud ? "ellipse" : "box", c.line, cloud ? 1.6 : 2.4);
    for (NodeIndex i = 0; i < scenario_.nodes.size(); ++i) {
      if (zones_.homes[i] == n) node(i, "    ");
    }
    out_ += "  }\n";
  }

  void node(NodeIndex n, std::string_view indent) {
    const Node& node = scenario_.nodes[n];
    std::vector<std::string> lines;
    if (node.interfaces.size() == 1) lines.push_back(address_text(node, node.interfaces.front()));
    if (node.kind != scenario::NodeKind::host) lines.insert(lines.begin(), std::string(word(node.kind)));
    for (std::string& line : nat_lines(scenario_, node)) lines.push_back(std::move(line));
    if (std::string services = service_text(node); !services.empty()) lines.push_back(std::move(services));
    const std::string name = node.group ? fmt::format("{} x {}", node.count, node.name) : node.name;
    const look::Colours c = look::of(node);
    out_ += fmt::format("{}{} [label={}, color=\"{}\", fillcolor=\"{}\"{}{}]\n", indent, node_id(n),
                        look::label(name, lines), c.line, c.fill, node.nat ? ", penwidth=2" : "",
                        node.group ? ", peripheries=2" : "");
  }

  /// Edges lead from inside to outside, so that the picture reads from left to right.
  void edges(NodeIndex n) {
    const Node& node = scenario_.nodes[n];
    for (const scenario::Interface& interface : node.interfaces) {
      if (scenario_.networks[interface.network].kind == NetworkKind::link) continue;
      const bool inner = is_inner(node, interface.network);
      const std::string network = net_id(interface.network);
      const std::string label = node.interfaces.size() > 1
                                    ? fmt::format(" [label={}]", dot_quoted(' ' + address_text(node, interface) + ' '))
                                    : "";
      out_ += inner ? fmt::format("  {} -- {}{}\n", network, node_id(n), label)
                    : fmt::format("  {} -- {}{}\n", node_id(n), network, label);
    }
  }

  /// True where the network lies left of the node.
  bool is_inner(const Node& node, NetworkIndex network) const {
    if (node.interfaces.size() == 1) return zones_.distance[network] == 0;
    std::uint32_t nearest = zones_.distance[network];
    for (const auto& i : node.interfaces) nearest = std::min(nearest, zones_.distance[i.network]);
    return zones_.distance[network] > nearest;
  }

  void wire_edge(NetworkIndex n) {
    struct End {
      NodeIndex node;
      std::uint32_t nearest;
      std::string address;
    };
    std::vector<End> ends;
    for (NodeIndex i = 0; i < scenario_.nodes.size(); ++i) {
      const Node& node = scenario_.nodes[i];
      for (const auto& interface : node.interfaces) {
        if (interface.network != n) continue;
        End end{i, 0xffffffff, address_text(node, interface)};
        for (const auto& other : node.interfaces) {
          if (other.network != n) end.nearest = std::min(end.nearest, zones_.distance[other.network]);
        }
        ends.push_back(std::move(end));
      }
    }
    if (ends.size() != 2) return;
    if (ends[0].nearest < ends[1].nearest) std::swap(ends[0], ends[1]);
    const Network& network = scenario_.networks[n];
    std::string text = network.name;
    for (const std::string& line : channel_words(network.channel)) text += "  " + line;
    const std::string label =
        fmt::format("<<b>{}</b><br/>{}  to  {}>", dot_html(text), dot_html(ends[0].address), dot_html(ends[1].address));
    out_ += fmt::format("  {} -- {} [label={}, penwidth=1.6]\n", node_id(ends[0].node), node_id(ends[1].node), label);
  }

  const Scenario& scenario_;
  Zones zones_;
  std::string out_;
};

}  // namespace

std::string topology(const Scenario& scenario) { return Picture(scenario).text(); }

}  // namespace masqsim::viz
