// The links between nodes, and what all nodes of a run share: clock, packets, trace, chance.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "address_index.hpp"
#include "masqsim/base/parse.hpp"
#include "masqsim/base/random.hpp"
#include "masqsim/trace/sink.hpp"
#include "node.hpp"
#include "packet.hpp"
#include "sim/engine/engine.hpp"

namespace masqsim::net {

/// What a link does to packets. Defaults: nothing at all.
struct LinkParams {
  Duration delay;    ///< of one crossing
  parse::Rate rate;  ///< of each sender; 0: no serialisation time. Bytes of IP count, there is no framing.
  std::optional<std::uint64_t> queue;  ///< bytes that may wait before a sender's wire; unset: without limit
  Ratio loss;
  Duration jitter;  ///< at most `delay`: the delay varies by up to so much either way; packets stay in order
  Ratio duplicate;
  Ratio reorder;  ///< the chance to take half the delay and overtake those before
  std::uint16_t mtu = 1500;
};

/// What became of a packet that was put on a link, as far as its sender can know.
enum class Sent : std::uint8_t {
  yes,           ///< on its way (or lost: the sender cannot tell)
  no_neighbour,  ///< nobody on the link has the next hop's address; the packet was not taken
  down           ///< the interface is down; the packet was dropped and recorded
};

/// A shared segment or a two-ended link. Neighbours are found without ARP packets on the wire.
struct Segment {
  struct Port {
    Node* node = nullptr;
    InterfaceIndex interface = 0;
    Time free_at;       ///< when this sender's wire is next free
    Time last_arrival;  ///< of what this sender sent in order
  };
  std::string name;
  LinkParams params;
  bool shared = true;  ///< false: two ends, everything goes to the other
  bool down = false;
  Random loss, jitter, duplicate, reorder;
  std::vector<Port> ports;
  AddressIndex neighbours;  ///< by address
  struct Proxy {
    std::uint32_t port = 0;
    std::vector<wire::Prefix> for_whom;
  };
  std::vector<Proxy> proxies;
};

class Network final : private engine::Handler {
 public:
  explicit Network(std::uint64_t seed);
  ~Network();

  engine::Engine& engine() { return engine_; }
  Time now() const { return engine_.now(); }
  Pool& pool() { return pool_; }
  trace::Trace& trace() { return trace_; }
  trace::Header& header() { return header_; }
  const trace::Header& header() const { return header_; }
  std::uint64_t seed() const { return seed_; }
  /// The stream `name` of this run.
  Random random(std::string_view name) const { return Random(seed_, name); }

  // Building.
  /// Makes a node of type T(Network&, NodeId, args...) and names it in the header.
  template <typename T, typename... Args>
  T& add(std::string_view name, trace::NodeKind kind, Args&&... args) {
    const trace::NodeId id = name_node(name, kind);
    auto node = std::make_unique<T>(*this, id, std::forward<Args>(args)...);
    T& made = *node;
    nodes_.push_back(std::move(node));
    return made;
  }
  std::uint32_t add_segment(std::string_view name, const LinkParams& params, bool shared);
  /// Plugs a new interface of `node` into a segment. `label` names it: the point is "NODE/LABEL".
  InterfaceIndex attach(Node& node, std::uint32_t segment, std::string_view label, std::string_view network,
                        wire::Address address, std::uint8_t prefix_length,
                        std::optional<std::uint16_t> mtu = std::nullopt);

  Node& node(trace::NodeId id) { return *nodes_[id]; }
  const Node& node(trace::NodeId id) const { return *nodes_[id]; }
  std::size_t node_count() const { return nodes_.size(); }
  const std::string& name(trace::NodeId id) const { return header_.nodes[id].name; }
  Segment& segment(std::uint32_t index) { return *segments_[index]; }
  std::size_t segment_count() const { return segments_.size(); }
  /// From now on the interface has these addresses and no others, the first one as its primary; none: it has none.
  /// Neighbours find them, the node's own routes lead to their subnets, and the router of a cloud that the interface is
  /// attached to learns them. An address that another node has as well is answered for by who announced it last, and by
  /// the other one again when it is given up. The node is not told: see Node::changed.
  void set_addresses(Node& node, InterfaceIndex interface, const std::vector<Alias>& addresses);
  /// One more address, in the subnet of the interface's first unless told otherwise.
  void add_address(Node& node, InterfaceIndex interface, wire::Address address,
                   std::optional<std::uint8_t> length = {});

  /// From now on `interface` answers ARP for the addresses within `for_whom` that no node on its segment has (RFC
  /// 1027), and for no others but its own.
  void proxy_arp(const Node& node, InterfaceIndex interface, std::vector<wire::Prefix> for_whom);

  /// Puts `packet` on the link behind `out`. `next_hop` is who takes it from a shared segment (broadcast addresses:
  /// everybody else); a two-ended link has only the other end. On `no_neighbour` the packet stays the caller's.
  Sent transmit(Node& from, InterfaceIndex out, Packet& packet, wire::Address next_hop);

  /// Bytes that packets have taken and waiting events take.
  std::uint64_t memory() const { return pool_.memory() + engine_.pending() * engine::Engine::event_bytes; }

  /// Link crossings so far: the benchmark's packet-hops.
  std::uint64_t hops() const { return hops_; }

  /// Writes a record at this moment; the caller has checked `trace().on(kind)`.
  void emit(trace::Record record) {
    record.at = now();
    trace_.emit(record);
  }
  void say_event(trace::NodeId node, trace::FlowId flow, std::string_view text);

 private:
  void on_event(std::uint64_t argument) override;
  static std::optional<std::uint32_t> taker(const Segment& segment, wire::Address next_hop, std::uint32_t sender);
  void tell_cloud(const Interface& attached, wire::Address address, bool is_there);
  trace::NodeId name_node(std::string_view name, trace::NodeKind kind);
  void depart(Node& from, const Interface& out, Segment& segment, Segment::Port& port, Packet packet, Node& receiver,
              InterfaceIndex in);
  void say(trace::Kind kind, trace::NodeId node, trace::PointId point, const Packet& packet,
           Reason reason = Reason::none);

  std::uint64_t seed_;
  engine::Engine engine_;
  Pool pool_;
  trace::Trace trace_;
  trace::Header header_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::uint64_t hops_ = 0;
};

}  // namespace masqsim::net
