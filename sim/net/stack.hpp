// The local IPv4 stack of a node: ICMP, UDP and TCP for packets addressed to it. Hosts, routers and gateways own one;
// it answers as Linux does with no filter loaded.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "datagram.hpp"
#include "masqsim/base/random.hpp"
#include "masqsim/base/reason.hpp"
#include "masqsim/base/step.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/icmp.hpp"
#include "node.hpp"
#include "packet.hpp"
#include "sim/engine/engine.hpp"
#include "tcp.hpp"
#include "tcp_segment_handler.hpp"
#include "trouble.hpp"

namespace masqsim::net {

struct Sockets;

/// What is recorded of a packet that no program takes, in place of what the stack by itself knows of it: a gateway
/// knows better why nothing owned it.
struct UnclaimedReason {
  Reason reason = Reason::none;
  std::string text;
  std::vector<std::uint8_t> before;  ///< the packet as it came
  std::vector<Step> steps;
};

class Stack final : private engine::Handler {
 public:
  /// What it sends goes out by `node.output`. An idle stack is small: sockets and chance are made when first needed.
  explicit Stack(Node& node);
  ~Stack();

  /// A whole datagram addressed to the node (a broadcast, too), that came by `in`; `no_interface`: from the node
  /// itself, then it arrives when what is going on now is done. The stack records its delivery or its drop, checks what
  /// lies in it, and answers. `unclaimed` (may be null) is used only during the call.
  void deliver(Packet packet, InterfaceIndex in, const UnclaimedReason* unclaimed = nullptr);

  /// A packet of this node did not get out, for the reason that an ICMP error would give. Its program is told, but not
  /// before what is going on now is done: it may be within the very call that sent the packet.
  void undeliverable(const Packet& packet, const wire::IcmpFields& error);

  /// The ICMP error about `about` from `source`; empty if none may be sent (see icmp_error.hpp) or the node is
  /// silent.
  Packet icmp_error(const Packet& about, wire::Address source, const wire::IcmpFields& error);

  // Sockets. A port of 0: the stack picks a free one (32768 to 60999, from a random start upwards). What is returned
  // stays the stack's, until it is closed; nullptr: the port is taken. Handlers outlive their sockets.
  DatagramSocket* open_udp(std::uint16_t port, DatagramHandler& handler, trace::FlowId flow = 0);
  /// Connected to `remote`. It may share its port with sockets of other remotes and with one of no remote, which hears
  /// what is left (as Linux's with SO_REUSEADDR).
  DatagramSocket* open_udp_to(wire::Endpoint remote, std::uint16_t port, DatagramHandler& handler,
                              trace::FlowId flow = 0);
  /// `id` is the query id, 0 a free one.
  DatagramSocket* open_icmp(std::uint16_t id, DatagramHandler& handler, trace::FlowId flow = 0);
  void close(DatagramSocket& socket);
  /// False: the port is taken.
  bool listen(std::uint16_t port, TcpAcceptor& acceptor, const TcpSettings& settings = {});
  /// From now on the segments to the ports that `handler` serves go to `handler`; nullptr: to nobody but this stack.
  void set_tcp_segment_handler(TcpSegmentHandler* handler);
  /// Sends the SYN; what comes of it is told to `handler`, never before this returns.
  TcpConnection* connect(wire::Endpoint remote, std::uint16_t port, TcpHandler& handler,
                         const TcpSettings& settings = {}, trace::FlowId flow = 0);
  /// The connection of these two ends; nullptr where there is none, or none any more.
  const TcpConnection* connection(wire::Endpoint local, wire::Endpoint remote) const;
  /// The newest connection that carries `flow`.
  const TcpConnection* connection_of(trace::FlowId flow) const;

  /// True where a program would take a packet to `port` from outside.
  bool serves(wire::Protocol protocol, std::uint16_t port) const;
  /// The address from which this node talks to `destination`: of the interface that the route leaves by.
  wire::Address source_for(wire::Address destination) const;
  /// The largest packet that the way to `destination` is known to carry.
  std::uint16_t path_mtu(wire::Address destination) const;
  /// The same as far as ICMP has told it; 65535: nothing is known.
  std::uint16_t learned_mtu(wire::Address destination) const;
  /// The MTU of the interface that the way to `destination` leaves by.
  std::uint16_t interface_mtu(wire::Address destination) const;
  /// A new packet of this node; the packet that is being answered now, if there is one, is its cause.
  Packet make(std::size_t size, trace::FlowId flow);

  /// Whether ICMP errors (RFC 1122 section 3.2.2, redirects included) are kept back, as by a filter of the node's
  /// output.
  void set_silent(bool silent) { silent_ = silent; }
  void set_ttl(std::uint8_t ttl) { ttl_ = ttl; }
  std::uint8_t ttl() const { return ttl_; }
  Node& node() const { return node_; }
  Network& network() const { return node_.network(); }

 private:
  friend class DatagramSocket;
  friend class TcpConnection;

  struct DatagramMarks {
    std::uint16_t id = 0;        // of IP, where the datagram may not be cut
    std::uint16_t sequence = 0;  // of an echo request
    trace::FlowId flow = 0;
    std::uint64_t cause = 0;
  };

  void on_event(std::uint64_t argument) override;
  Sockets& sockets();

  void deliver_udp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in);
  void deliver_udplite(wire::Ipv4View ip, const Packet& packet, InterfaceIndex in);
  void deliver_tcp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in);
  void deliver_icmp(wire::Ipv4View ip, Packet& packet, InterfaceIndex in);
  void answer_query(wire::Ipv4View ip, wire::IcmpView query, Packet& packet, InterfaceIndex in);
  void take_error(wire::IcmpView error, wire::Address from, Packet& packet, InterfaceIndex in);
  bool has_program(const wire::Tuple& about) const;
  void tell_program(const Trouble& trouble, std::uint32_t word);
  void receive(Packet packet, InterfaceIndex in, const UnclaimedReason* unclaimed);
  void complain(const Packet& about, wire::Address source, const wire::IcmpFields& error);
  void happen_later();
  void refuse(const Packet& packet, InterfaceIndex in, Reason reason, std::string_view text);
  void let_handle(TcpSegmentHandler& handler, wire::Ipv4View ip, wire::TcpView tcp, const Packet& packet,
                  InterfaceIndex in);
  void send_reset(wire::Ipv4View ip, wire::TcpView tcp, const Packet& packet);

  DatagramSocket* open(wire::Protocol protocol, std::uint16_t port, wire::Endpoint remote, DatagramHandler& handler,
                       trace::FlowId flow);
  std::uint16_t pick_port(wire::Protocol protocol);
  void send_datagram(const DatagramSocket& socket, wire::Address source, wire::Endpoint to, wire::ByteView data,
                     const SendOptions& options, const DatagramMarks& marks);
  void learn_mtu(wire::Address destination, std::uint16_t mtu);

  TcpConnection* new_connection(wire::Endpoint local, wire::Endpoint remote);
  void release(TcpConnection& connection);
  const TcpConnection* calling(wire::Endpoint local, std::uint16_t remote_port) const;

  Node& node_;
  std::unique_ptr<Sockets> sockets_;
  /// The packet that is being delivered: what a program sends when told of it answers it.
  struct Delivering {
    std::uint64_t packet = 0;
    InterfaceIndex in = no_interface;
    const UnclaimedReason* unclaimed = nullptr;
  };
  Delivering delivering_;
  std::uint8_t ttl_ = 64;
  bool silent_ = false;
};

}  // namespace masqsim::net
