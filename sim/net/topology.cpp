#include "topology.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>
#include <map>
#include <optional>

#include "network.hpp"

namespace masqsim::net {

namespace {

using Attachment = Topology::Attachment;
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
using Vertex = Graph::vertex_descriptor;

constexpr wire::Prefix everything{{0}, 0};

bool is_router(trace::NodeKind kind) { return kind != trace::NodeKind::host; }

bool stays_unknown(wire::Prefix p) { return p.address.is_private() || p.address.is_shared(); }

/// Who is plugged into a segment.
struct Plug {
  trace::NodeId node;
  const Attachment* attachment;
};

/// How routes spread: from a segment to its routers, from a router to its other segments. Vertices are the nodes, then
/// the segments, then one that stands for the whole internet.
class Spreading {
 public:
  Spreading(const Topology& topology, bool private_prefix)
      : nodes_(topology.nodes.size()), graph_(nodes_ + topology.segments + 1), from_(boost::num_vertices(graph_)) {
    for (trace::NodeId id = 0; id < nodes_; ++id) {
      const Topology::NodeAt& node = topology.nodes[id];
      if (!is_router(node.kind)) continue;
      const bool cloud = node.kind == trace::NodeKind::cloud;
      if (cloud && private_prefix) continue;
      if (cloud) boost::add_edge(internet(), id, graph_);
      for (const Attachment& attachment : node.attachments) {
        boost::add_edge(segment(attachment.segment), id, graph_);
        if (private_prefix && attachment.outside) continue;
        boost::add_edge(id, segment(attachment.segment), graph_);
      }
    }
  }

  Vertex internet() const { return boost::num_vertices(graph_) - 1; }
  Vertex segment(std::uint32_t index) const { return nodes_ + index; }

  /// From now on `learned_from` tells how what `origin` stands for has spread.
  void spread(Vertex origin) {
    std::fill(from_.begin(), from_.end(), unknown);
    const auto note = boost::record_predecessors(from_.data(), boost::on_tree_edge());
    boost::breadth_first_search(graph_, origin, boost::visitor(boost::make_bfs_visitor(note)));
    from_[origin] = origin;
  }

  /// The segment by which router `id` heard of it; nothing where it did not, or is itself the origin of it.
  std::optional<std::uint32_t> learned_from(trace::NodeId id) const {
    const Vertex via = from_[id];
    if (via == unknown || via < nodes_ || via == internet()) return std::nullopt;
    return static_cast<std::uint32_t>(via - nodes_);
  }
  /// The router that made it known on `segment`; nothing where none did.
  std::optional<trace::NodeId> told_on(std::uint32_t index) const {
    const Vertex who = from_[segment(index)];
    if (who >= nodes_) return std::nullopt;
    return static_cast<trace::NodeId>(who);
  }

 private:
  static constexpr Vertex unknown = static_cast<Vertex>(-1);
  std::size_t nodes_;
  Graph graph_;
  std::vector<Vertex> from_;
};

class Computation {
 public:
  explicit Computation(const Topology& topology)
      : topology_(topology),
        plugs_(topology.segments),
        routers_(topology.segments),
        told_(topology.nodes.size()),
        tables_(topology.nodes.size()) {
    for (trace::NodeId id = 0; id < topology.nodes.size(); ++id) {
      for (const Attachment& attachment : topology.nodes[id].attachments) {
        plugs_[attachment.segment].push_back({id, &attachment});
        if (is_router(topology.nodes[id].kind)) routers_[attachment.segment].push_back(id);
      }
    }
    for (const Topology::Static& route : topology.statics) told_[route.node] = true;
  }

  std::vector<RouteTable> run() {
    add_computed();
    for (trace::NodeId id = 0; id < topology_.nodes.size(); ++id) {
      if (!is_router(topology_.nodes[id].kind)) add_only_router(id);
    }
    for (trace::NodeId id = 0; id < topology_.nodes.size(); ++id) add_connected(id);
    for (const Topology::Static& route : topology_.statics) add_static(route);
    return std::move(tables_);
  }

 private:
  void add_computed() {
    Spreading open(topology_, false);
    Spreading closed(topology_, true);
    open.spread(open.internet());
    learn(everything, open);
    for (const auto& [prefix, segment] : prefixes()) {
      Spreading& way = stays_unknown(prefix) ? closed : open;
      way.spread(way.segment(segment));
      learn(prefix, way);
    }
  }

  /// The subnets of LANs and links, each with its segment.
  std::map<wire::Prefix, std::uint32_t> prefixes() const {
    std::map<wire::Prefix, std::uint32_t> found;
    for (const Topology::NodeAt& node : topology_.nodes) {
      for (const Attachment& a : node.attachments) {
        if (a.prefix_length < 32) found.emplace(wire::prefix_of(a.address, a.prefix_length), a.segment);
      }
    }
    return found;
  }

  void learn(wire::Prefix prefix, const Spreading& way) {
    for (trace::NodeId id = 0; id < topology_.nodes.size(); ++id) {
      const Topology::NodeAt& node = topology_.nodes[id];
      if (node.kind == trace::NodeKind::cloud && prefix == everything) continue;
      if (told_[id] && prefix != everything) continue;
      if (is_router(node.kind)) {
        if (const auto segment = way.learned_from(id)) add_by(id, prefix, *segment, way.told_on(*segment));
        continue;
      }
      if (routers_of(node) < 2 && prefix != everything) continue;  // a default route will do
      for (const Attachment& a : node.attachments) {
        const auto router = way.told_on(a.segment);
        if (!router || tables_[id].find(prefix.address) != nullptr) continue;
        add_by(id, prefix, a.segment, router);
      }
    }
  }

  void add_by(trace::NodeId id, wire::Prefix prefix, std::uint32_t segment, std::optional<trace::NodeId> router) {
    if (!router) return;  // the prefix is the segment's own
    const Attachment* own = attachment_of(id, segment);
    const Attachment* other = attachment_of(*router, segment);
    const bool to_cloud = topology_.nodes[*router].kind == trace::NodeKind::cloud;
    tables_[id].add({.to = prefix, .out = own->interface, .via = to_cloud ? wire::Address{} : other->address});
  }

  /// A host whose LANs have one router in all sends everything there, even where that router leads nowhere in
  /// particular.
  void add_only_router(trace::NodeId id) {
    const Topology::NodeAt& node = topology_.nodes[id];
    if (tables_[id].find(everything.address) != nullptr || routers_of(node) != 1) return;
    for (const Attachment& a : node.attachments) {
      for (const trace::NodeId router : routers_[a.segment]) add_by(id, everything, a.segment, router);
    }
  }

  std::size_t routers_of(const Topology::NodeAt& node) const {
    std::size_t count = 0;
    for (const Attachment& a : node.attachments) count += routers_[a.segment].size();
    return count;
  }

  void add_connected(trace::NodeId id) {
    const Topology::NodeAt& node = topology_.nodes[id];
    for (const Attachment& a : node.attachments) {
      if (a.prefix_length < 32) tables_[id].add_subnet(wire::prefix_of(a.address, a.prefix_length), a.interface);
      if (node.kind != trace::NodeKind::cloud) continue;
      for (const Plug& plug : plugs_[a.segment]) {
        if (plug.node == id) continue;
        add_attached(id, a.interface, *plug.attachment);
        for (const wire::Prefix pool : topology_.nodes[plug.node].pools) {
          if (plug.attachment->outside) tables_[id].add({.to = pool, .out = a.interface});
        }
      }
    }
  }

  void add_attached(trace::NodeId cloud, InterfaceIndex out, const Attachment& attached) {
    tables_[cloud].add_before({.to = {attached.address, 32}, .out = out});
    for (const wire::Address other : attached.also) tables_[cloud].add_before({.to = {other, 32}, .out = out});
  }

  /// Out of the interface in whose subnet the next hop lies, else of the link at whose other end it is.
  void add_static(const Topology::Static& route) {
    for (const Attachment& a : topology_.nodes[route.node].attachments) {
      const bool in_subnet = a.prefix_length < 32 && wire::prefix_of(a.address, a.prefix_length).contains(route.via);
      if (!in_subnet && !is_other_end(route.node, a, route.via)) continue;
      tables_[route.node].add({.to = route.to, .out = a.interface, .via = route.via});
      return;
    }
  }

  bool is_other_end(trace::NodeId id, const Attachment& own, wire::Address via) const {
    if (own.prefix_length < 32) return false;
    for (const Plug& plug : plugs_[own.segment]) {
      if (plug.node != id && plug.attachment->address == via) return true;
    }
    return false;
  }

  const Attachment* attachment_of(trace::NodeId id, std::uint32_t segment) const {
    for (const Attachment& a : topology_.nodes[id].attachments) {
      if (a.segment == segment) return &a;
    }
    return nullptr;
  }

  const Topology& topology_;
  std::vector<std::vector<Plug>> plugs_;             // by segment
  std::vector<std::vector<trace::NodeId>> routers_;  // by segment
  std::vector<bool> told_;                           // by node: it has static routes
  std::vector<RouteTable> tables_;
};

}  // namespace

Topology topology_of(const Network& network) {
  Topology topology;
  topology.segments = static_cast<std::uint32_t>(network.segment_count());
  for (trace::NodeId id = 0; id < network.node_count(); ++id) {
    Topology::NodeAt& node = topology.nodes.emplace_back();
    node.kind = network.header().nodes[id].kind;
    const std::vector<Interface>& interfaces = network.node(id).interfaces();
    for (std::size_t n = 0; n < interfaces.size(); ++n) {
      node.attachments.push_back({.interface = static_cast<InterfaceIndex>(n),
                                  .segment = interfaces[n].segment,
                                  .address = interfaces[n].address,
                                  .prefix_length = interfaces[n].prefix_length,
                                  .also = {}});
      for (const Alias& alias : interfaces[n].also) node.attachments.back().also.push_back(alias.address);
    }
  }
  return topology;
}

std::vector<RouteTable> compute(const Topology& topology) { return Computation(topology).run(); }

std::vector<std::uint32_t> islands(const Topology& topology) {
  boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS> graph(topology.nodes.size() + topology.segments);
  for (trace::NodeId id = 0; id < topology.nodes.size(); ++id) {
    for (const Attachment& a : topology.nodes[id].attachments) {
      boost::add_edge(id, topology.nodes.size() + a.segment, graph);
    }
  }
  std::vector<std::uint32_t> component(boost::num_vertices(graph));
  boost::connected_components(graph, component.data());
  component.resize(topology.nodes.size());
  std::map<std::uint32_t, std::uint32_t> renamed;
  for (std::uint32_t& island : component) {
    island = renamed.emplace(island, static_cast<std::uint32_t>(renamed.size())).first->second;
  }
  return component;
}

}  // namespace masqsim::net
