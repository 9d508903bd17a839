// The way of a packet through a node, as in netfilter's diagram. Hosts, routers and gateways are nodes around one of
// these; a host is a node that does not forward.
//
//   receive:  validate_header - prerouting - route_input - options - deliver: input, reassembly, the stack
//                                                                 \- forward: TTL, MTU, redirect, forward - ip_output
//   output:   route - output - ip_output: postrouting, fragmentation, the neighbour
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fragment.hpp"
#include "masqsim/base/reason.hpp"
#include "masqsim/nat/nat.hpp"
#include "neighbours.hpp"
#include "network.hpp"
#include "node.hpp"
#include "reassembler.hpp"
#include "stack.hpp"

namespace masqsim::net {

class IcmpRateLimits;
struct OptionsRead;

/// One packet on its way through the node, with what has been found out about it (Linux: sk_buff).
struct PacketContext {
  Packet packet;
  InterfaceIndex in = no_interface;  ///< no_interface: the node made it itself
  InterfaceIndex out = no_interface;
  wire::Address next_hop{};
  nat::Track track{};
  const nat::Track* about = nullptr;  ///< of the node's own ICMP error: the track of the packet that it is about
  FragmentSizes sizes{};              ///< as which fragments it came, if it was reassembled
  bool local = false;                 ///< for the node itself, broadcasts included
  const Route* refusing = nullptr;    ///< the route that refuses it; with `unroutable` alone there is no route
  bool unroutable = false;
  Reason untranslated = Reason::none;          ///< why NAT left it as it was, if it did
  std::vector<std::uint8_t> before{};          ///< the packet as it came; only while its translation is recorded
  std::optional<UnclaimedReason> unclaimed{};  ///< the drop record for when no program of the node takes it
};

/// Netfilter's hook points, each called in its place. False: the packet has ended there, and the hook has recorded it.
class Hooks {
 public:
  virtual bool prerouting(PacketContext& p) = 0;
  virtual bool forward(PacketContext& p) = 0;
  virtual bool input(PacketContext& p) = 0;
  virtual bool output(PacketContext& p) = 0;
  virtual bool postrouting(PacketContext& p) = 0;
  /// True if the sender of `p`, which is being forwarded, may be sent a redirect. Records nothing.
  virtual bool may_redirect(const PacketContext& p) = 0;
  /// The packet has to wait behind the last hook: an ICMP error about it may need `track` much later.
  virtual void detach_track(nat::Track& track) = 0;

 protected:
  ~Hooks() = default;
};

enum class Forwarding : bool { off, on };

class IpLayer final : private Neighbours::Owner, private engine::Handler {
 public:
  /// `hooks` may be null: a node without NAT.
  IpLayer(Node& node, Stack& stack, Forwarding forwarding, Hooks* hooks = nullptr);
  ~IpLayer();

  /// A packet from a wire.
  void receive(Packet packet, InterfaceIndex in);
  /// A packet that the node made itself, source address filled in. `about`: of an ICMP error, the track of the packet
  /// that it is about.
  void output(Packet packet, const nat::Track* about = nullptr);

  /// Replaces `p.packet`, a fragment, by its whole datagram when the last fragment has come. False while fragments are
  /// missing. Local input reassembles by itself; a hook that has to see whole datagrams calls this earlier.
  bool reassemble(PacketContext& p);
  /// How long fragments are held (Linux: 30 s), and what becomes of a new datagram when too many are.
  void set_reassembly(Duration timeout, Reassembler::Full when_full);

  /// RFC 3704 strict: the route back to a packet's source leads out of the interface it came by, else it is dropped.
  void set_reverse_path_filter(bool strict) { strict_reverse_path_ = strict; }
  /// RFC 4787 REQ-7: of equal routes a packet takes the one that does not lead back where it came from, the node's
  /// answer the one by which it was asked; and an own address may be another's there. Else the first route, as in
  /// Linux.
  void set_overlap(bool on) { overlap_ = on; }
  /// The router of a cloud carries what it gets to the neighbour whom the sender named as the next hop, as the fabric
  /// of an exchange does; other routers ask their routes for the destination.
  void set_carrying(bool on) { carries_ = on; }
  /// RFC 1812 section 5.2.7.2: whether neighbours are sent redirects.
  void set_redirects(bool on) { redirects_ = on; }
  /// Addresses of interfaces were changed, or an interface was set up or down.
  void changed();
  /// Drops the packets that wait on `interface` for a next hop within `network`.
  void forget_waiting(InterfaceIndex interface, wire::Prefix network = {});

  /// The source address of a packet from this node to `next_hop`: the interface's in the next hop's subnet, else the
  /// interface's first, else that of another interface (Linux: inet_select_addr); zero if none has any.
  wire::Address source_towards(InterfaceIndex out, wire::Address next_hop) const;
  /// The smaller of the MTUs of the way on and of the way back to the packet's source (nft: `rt mtu`).
  std::uint16_t mtu_of_way(const PacketContext& p) const;
  bool is_own(wire::Address a) { return owned(a) == Owned::local; }
  /// True if a packet with these addresses that came by `in` is for the node itself, and its source is not refused.
  bool is_deliverable(wire::Address source, wire::Address destination, InterfaceIndex in);

  /// Sends the ICMP error about a packet to its sender, from the own address that the packet called, else from the one
  /// that faces the sender; nothing where none may be sent (icmp_error.hpp) or no route leads back. Of a packet that
  /// the node made itself, its own stack is told.
  void send_icmp_error(const PacketContext& p, std::uint8_t type, std::uint8_t code, std::uint32_t rest = 0);
  /// The same from another address of the node.
  void send_icmp_error_from(wire::Address source, const Packet& about, std::uint8_t type, std::uint8_t code);

 private:
  enum class Owned : std::uint8_t { no, local, broadcast };
  struct Refusal {
    Reason reason;
    std::string text;
  };

  bool validate_header(PacketContext& p) const;
  bool route_input(PacketContext& p, wire::Address called);
  bool overlaps_on(wire::Address own, InterfaceIndex in) const;
  bool overlaps_beyond(wire::Address own, InterfaceIndex in) const;
  std::optional<Refusal> source_refused(wire::Address source, InterfaceIndex in, InterfaceIndex out);
  void find_route(PacketContext& p, wire::Address destination);
  const Route* route_to(wire::Address destination, InterfaceIndex in, InterfaceIndex asked_by) const;
  /// The source address for a packet to `destination`; zero where no route leads.
  wire::Address source_for(wire::Address destination, InterfaceIndex asked_by = no_interface);
  void send_route_error(const PacketContext& p);
  void redirect(const PacketContext& p);
  IcmpRateLimits& rate_limits();
  void deliver(PacketContext& p);
  bool process_options(PacketContext& p, OptionsRead& options);
  void forward(PacketContext& p, const OptionsRead& options);
  void ip_output(PacketContext& p);
  void transmit(Packet packet, PacketContext& p);
  void refuse(const PacketContext& p, Reason reason, std::string_view text, std::uint8_t type, std::uint8_t code,
              std::uint32_t rest = 0);
  void refuse_too_big(const PacketContext& p, std::uint16_t mtu);
  bool drop(const PacketContext& p, Reason reason, std::string_view text) const;
  void send_icmp_error(const Packet& about, const wire::IcmpFields& error, const nat::Track* track);

  Reassembler& reassembler();
  void expire_fragments();
  void on_event(std::uint64_t argument) override;
  void on_no_neighbour(Neighbours::Waiting waiting, InterfaceIndex out) override;

  Owned owned(wire::Address a);
  void count_addresses();

  Node& node_;
  Stack& stack_;
  Hooks* hooks_;
  bool forwards_;
  bool strict_reverse_path_ = false;
  bool overlap_ = false;
  bool redirects_ = true;
  bool carries_ = false;
  bool readdressed_ = false;  // a socket may still be bound to an address that the node has no longer
  Reassembler::Full when_full_ = Reassembler::Full::refuses;
  std::uint32_t known_interfaces_ = 0;
  Duration reassembly_time_;

  // Made when first needed.
  std::unique_ptr<Neighbours> neighbours_;
  std::unique_ptr<IcmpRateLimits> rate_limits_;
  std::unique_ptr<Reassembler> reassembler_;
  std::unique_ptr<std::unordered_map<std::uint32_t, Owned>> addresses_;  // while there are many; only looked up
};

}  // namespace masqsim::net
