#include "topology.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/connected_components.hpp>
#include <map>
#include <optional>
#include <set>

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

/// How routes spread: from a segment to its routers, from a router to its other segments. Vertices are the nodes, the
/// segments, one that stands for the whole internet, and the nodes once more, as those that heard of it outside.
class Spreading {
 public:
  Spreading(const Topology& topology, bool private_prefix)
      : nodes_(topology.nodes.size()),
        segments_(topology.segments),
        graph_(2 * nodes_ + segments_ + 1),
        from_(boost::num_vertices(graph_)) {
    for (trace::NodeId id = 0; id < nodes_; ++id) {
      const Topology::NodeAt& node = topology.nodes[id];
      if (!is_router(node.kind)) continue;
      const bool cloud = node.kind == trace::NodeKind::cloud;
      if (cloud && private_prefix) continue;
      if (cloud) boost::add_edge(internet(), id, graph_);
      for (const Attachment& attachment : node.attachments) {
        const bool provider = attachment.outside && !attachment.address.is_private();
        boost::add_edge(segment(attachment.segment), provider ? heard_outside(id) : Vertex{id}, graph_);
        if (private_prefix && attachment.outside) continue;
        boost::add_edge(id, segment(attachment.segment), graph_);
        if (!provider) boost::add_edge(heard_outside(id), segment(attachment.segment), graph_);
      }
    }
  }

  Vertex internet() const { return nodes_ + segments_; }
  Vertex segment(std::uint32_t index) const { return nodes_ + index; }

  /// From now on `learned_from` tells how what `origin` stands for has spread.
  void spread(Vertex origin) {
    std::fill(from_.begin(), from_.end(), unknown);
    std::vector<boost::default_color_type> colours(from_.size());
    const auto colour_map = boost::make_iterator_property_map(colours.begin(), boost::get(boost::vertex_index, graph_));
    boost::breadth_first_search(graph_, origin, boost::visitor(Note(*this, colours)).color_map(colour_map));
    from_[origin] = origin;
  }

  /// The segment by which router `id` heard of it; nothing where it did not, or is itself the origin of it.
  std::optional<std::uint32_t> learned_from(trace::NodeId id) const {
    const Vertex heard = from_[id] != unknown ? Vertex{id} : heard_outside(id);
    const Vertex via = from_[heard];
    if (via == unknown || via < nodes_ || via >= internet()) return std::nullopt;
    return static_cast<std::uint32_t>(via - nodes_);
  }
  /// The router that made it known on `segment`; nothing where none did.
  std::optional<trace::NodeId> told_on(std::uint32_t index) const {
    const Vertex who = from_[segment(index)];
    if (who == unknown) return std::nullopt;
    if (who < nodes_) return static_cast<trace::NodeId>(who);
    if (who <= internet()) return std::nullopt;
    return static_cast<trace::NodeId>(who - internet() - 1);
  }

 private:
  /// Keeps who made it known to whom. What a router has heard first it has heard: not once more on its other side.
  struct Note : boost::default_bfs_visitor {
    Note(Spreading& all, std::vector<boost::default_color_type>& colours) : spreading(&all), seen(&colours) {}
    void tree_edge(Graph::edge_descriptor edge, const Graph& graph) const {
      spreading->from_[boost::target(edge, graph)] = boost::source(edge, graph);
    }
    void discover_vertex(Vertex vertex, const Graph&) const {
      if (const auto other = spreading->other_side(vertex)) (*seen)[*other] = boost::black_color;
    }
    Spreading* spreading;
    std::vector<boost::default_color_type>* seen;
  };

  static constexpr Vertex unknown = static_cast<Vertex>(-1);
  Vertex heard_outside(trace::NodeId id) const { return internet() + 1 + id; }
  /// Of the two vertices of a node the other one.
  std::optional<Vertex> other_side(Vertex vertex) const {
    if (vertex < nodes_) return vertex + internet() + 1;
    if (vertex > internet()) return vertex - internet() - 1;
    return std::nullopt;
  }

  std::size_t nodes_, segments_;
  Graph graph_;
  std::vector<Vertex> from_;
};

class Computation {
 public:
  explicit Computation(const Topology& topology)
      : topology_(topology),
        plugs_(topology.segments),
        routers_(topology.segments),
        clouds_(topology.segments),
        tables_(topology.nodes.size()) {
    for (trace::NodeId id = 0; id < topology.nodes.size(); ++id) {
      for (const Attachment& attachment : topology.nodes[id].attachments) {
        plugs_[attachment.segment].push_back({id, &attachment});
        if (is_router(topology.nodes[id].kind)) routers_[attachment.segment].push_back(id);
        if (topology.nodes[id].kind == trace::NodeKind::cloud) clouds_[attachment.segment] = id;
      }
    }
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

  /// The subnets of LANs and links, each with its segment; an address with a prefix of 32 is one of its own.
  std::map<wire::Prefix, std::uint32_t> prefixes() const {
    std::map<wire::Prefix, std::uint32_t> found;
    for (const Topology::NodeAt& node : topology_.nodes) {
      for (const Attachment& a : node.attachments) {
        if (clouds_[a.segment]) continue;
        found.emplace(wire::prefix_of(a.address, a.prefix_length), a.segment);
        for (const Alias& alias : a.also) found.emplace(alias.subnet(), a.segment);
      }
    }
    std::erase_if(found, [&](const auto& one) { return one.first.length == 32 && is_covered(found, one); });
    return found;
  }

  /// A single address in a wider subnet of its segment is no subnet.
  static bool is_covered(const std::map<wire::Prefix, std::uint32_t>& subnets,
                         const std::pair<const wire::Prefix, std::uint32_t>& single) {
    for (std::uint8_t length = 31; length > 0; --length) {
      const auto wider = subnets.find(wire::prefix_of(single.first.address, length));
      if (wider != subnets.end() && wider->second == single.second) return true;
    }
    return false;
  }

  void learn(wire::Prefix prefix, const Spreading& way) {
    for (trace::NodeId id = 0; id < topology_.nodes.size(); ++id) {
      const Topology::NodeAt& node = topology_.nodes[id];
      if (node.kind == trace::NodeKind::cloud && prefix == everything) continue;
      if (prefix == everything ? !node.learns_default : !node.learns_others) continue;
      if (is_router(node.kind)) {
        if (const auto segment = way.learned_from(id)) learn_by(id, prefix, *segment, way.told_on(*segment));
        continue;
      }
      if (routers_of(node) < 2 && prefix != everything) continue;  // a default route will do
      for (const Attachment& a : node.attachments) {
        const auto router = way.told_on(a.segment);
        if (!router || tables_[id].find(prefix.address) != nullptr) continue;
        add_by(id, prefix, a.segment, *router);
      }
    }
  }

  /// By `router`, or where it is unset on the segment itself, whose subnet `prefix` is.
  void learn_by(trace::NodeId id, wire::Prefix prefix, std::uint32_t segment, std::optional<trace::NodeId> router) {
    if (router) return add_by(id, prefix, segment, *router);
    tables_[id].add({.to = prefix, .out = attachment_of(id, segment)->interface, .via = {}});
  }

  void add_by(trace::NodeId id, wire::Prefix prefix, std::uint32_t segment, trace::NodeId router) {
    const Attachment* own = attachment_of(id, segment);
    const Attachment* other = attachment_of(router, segment);
    const bool to_cloud = topology_.nodes[router].kind == trace::NodeKind::cloud;
    tables_[id].add({.to = prefix, .out = own->interface, .via = to_cloud ? wire::Address{} : other->address});
  }

  /// A host whose LANs have one router in all sends everything there, even where that router leads nowhere in
  /// particular.
  void add_only_router(trace::NodeId id) {
    const Topology::NodeAt& node = topology_.nodes[id];
    if (!node.learns_default) return;
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
      for (const Alias& alias : a.also) {
        if (alias.prefix_length < 32) tables_[id].add_subnet(alias.subnet(), a.interface);
      }
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
    for (const Alias& other : attached.also) tables_[cloud].add_before({.to = {other.address, 32}, .out = out});
  }

  /// Out of the interface in whose subnet the next hop lies, else of the one behind which it is attached.
  void add_static(const Topology::Static& route) {
    const auto add = [&](InterfaceIndex out) {
      tables_[route.node].add({.to = route.to, .out = out, .via = route.via});
    };
    if (route.out != no_interface) return add(route.out);
    const std::vector<Attachment>& attachments = topology_.nodes[route.node].attachments;
    for (const Attachment& a : attachments) {
      if (is_in_subnet(a, route.via)) return add(a.interface);
    }
    for (const Attachment& a : attachments) {
      if (is_attached(route.node, a, route.via)) return add(a.interface);
    }
  }

  static bool is_in_subnet(const Attachment& a, wire::Address via) {
    const auto holds = [&](wire::Prefix subnet) { return subnet.length < 32 && subnet.contains(via); };
    return holds(wire::prefix_of(a.address, a.prefix_length)) ||
           std::ranges::any_of(a.also, [&](const Alias& alias) { return holds(alias.subnet()); });
  }

  /// True if somebody else on the segment of `own`, or behind the cloud that it leads to, has the address.
  bool is_attached(trace::NodeId id, const Attachment& own, wire::Address via) {
    if (const auto cloud = clouds_[own.segment]) return attached_to(*cloud).contains(via);
    const auto has = [&](const Attachment& a) {
      return a.address == via || std::ranges::any_of(a.also, [&](const Alias& other) { return other.address == via; });
    };
    return std::ranges::any_of(plugs_[own.segment],
                               [&](const Plug& plug) { return plug.node != id && has(*plug.attachment); });
  }

  /// The addresses of all that is attached to a cloud; made when first asked for.
  const std::set<wire::Address>& attached_to(trace::NodeId cloud) {
    const auto [place, fresh] = attached_.try_emplace(cloud);
    if (!fresh) return place->second;
    for (const Attachment& a : topology_.nodes[cloud].attachments) {
      for (const Plug& plug : plugs_[a.segment]) {
        place->second.insert(plug.attachment->address);
        for (const Alias& other : plug.attachment->also) place->second.insert(other.address);
      }
    }
    return place->second;
  }

  const Attachment* attachment_of(trace::NodeId id, std::uint32_t segment) const {
    for (const Attachment& a : topology_.nodes[id].attachments) {
      if (a.segment == segment) return &a;
    }
    return nullptr;
  }

  const Topology& topology_;
  std::vector<std::vector<Plug>> plugs_;              // by segment
  std::vector<std::vector<trace::NodeId>> routers_;   // by segment
  std::vector<std::optional<trace::NodeId>> clouds_;  // by segment: the cloud that it is a way into
  std::map<trace::NodeId, std::set<wire::Address>> attached_;
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
                                  .also = interfaces[n].also});
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
