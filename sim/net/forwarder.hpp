// The way of a packet through a router, as in netfilter's diagram. Routers and gateways are nodes around one of these.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "masqsim/base/reason.hpp"
#include "masqsim/base/step.hpp"
#include "masqsim/nat/nat.hpp"
#include "neighbours.hpp"
#include "network.hpp"
#include "node.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Peers;
struct OptionsRead;

/// How a datagram came that was put together from pieces.
struct Pieces {
  std::vector<std::uint16_t> payloads;  ///< bytes after the header, in order; empty: it came whole
  std::uint16_t largest = 0;            ///< bytes of the largest piece, header included; 0: it came whole
};

/// One packet on its way through the node, with what has been found out about it.
struct Passage {
  Packet packet;
  InterfaceIndex in = no_interface;  ///< no_interface: the node made it itself
  InterfaceIndex out = no_interface;
  wire::Address next_hop{};
  nat::Track track{};
  const nat::Track* about = nullptr;  ///< of the node's own ICMP error: the flow of the packet it complains of
  Pieces pieces{};
  bool local = false;               ///< for the node itself, broadcasts included
  const Route* refusing = nullptr;  ///< the route that takes nothing; with `unroutable` alone there is none
  bool unroutable = false;
  Reason untranslated = Reason::none;  ///< why NAT left it as it was, if it did
  std::vector<std::uint8_t> before{};  ///< the packet as it came; only while somebody listens
};

/// Netfilter's hook points. Each is asked in its place; false: the packet has ended there, and the hook has said so.
class Hooks {
 public:
  virtual bool prerouting(Passage& p) = 0;
  virtual bool forward(Passage& p) = 0;
  virtual bool input(Passage& p) = 0;
  virtual bool output(Passage& p) = 0;
  virtual bool postrouting(Passage& p) = 0;
  /// Whether the sender of `p`, which is on its way, may be redirected. Says nothing.
  virtual bool may_redirect(const Passage& p) = 0;
  /// A packet has to wait behind the last hook; `complain` may ask for its flow much later.
  virtual void keep(nat::Track& track) = 0;

 protected:
  ~Hooks() = default;
};

class Forwarder final : private Neighbours::Owner {
 public:
  /// `hooks` may be null: a router without NAT.
  Forwarder(Node& node, Stack& stack, Hooks* hooks);
  ~Forwarder();

  /// A packet from a wire.
  void receive(Packet packet, InterfaceIndex in);
  /// A packet that the node made itself, source address filled in.
  void output(Packet packet);

  /// RFC 3704 strict: the way back to a packet's source leads out of the interface it came by, else it is dropped.
  void set_reverse_path_filter(bool strict) { strict_reverse_path_ = strict; }
  /// RFC 4787 REQ-7: of equal routes a packet takes the one that does not lead back where it came from, the node's
  /// answer the one by which it was asked; and an own address may be another's there. Else the first route, as in
  /// Linux.
  void set_overlap(bool on) { overlap_ = on; }
  /// RFC 1812 section 5.2.7.2: whether neighbours are told by ICMP of the neighbour that leads on.
  void set_redirects(bool on) { redirects_ = on; }
  /// Addresses have changed.
  void changed() { known_interfaces_ = 0; }
  /// The way to these neighbours is gone: what waits for one of them goes without a word.
  void forget_waiting(InterfaceIndex interface, wire::Prefix network = {}) { neighbours_.forget(interface, network); }

  /// The address that a packet from this node to `next_hop` bears as its source: the interface's in the next hop's
  /// subnet, else the interface's first, else that of another interface (Linux: inet_select_addr); zero if none has
  /// any.
  wire::Address source_towards(InterfaceIndex out, wire::Address next_hop) const;
  /// The source address for a packet to `destination`; zero where no route leads.
  wire::Address source_for(wire::Address destination);
  bool is_own(wire::Address a);
  /// True if a packet with these addresses that came by `in` is for the node itself, and its source is not refused.
  bool is_deliverable(wire::Address source, wire::Address destination, InterfaceIndex in);

  /// Tells the sender of `about` by ICMP what became of it, from the own address that it called, else from the one that
  /// faces it; nothing where that may not be (icmp_error.hpp) or no route leads back. A packet the node made itself is
  /// told of to its own stack.
  void complain(const Passage& p, std::uint8_t type, std::uint8_t code, std::uint32_t rest = 0);
  void complain(const Packet& about, std::uint8_t type, std::uint8_t code, std::uint32_t rest = 0,
                const nat::Track* track = nullptr);
  /// The same from another address of the node.
  void complain_from(wire::Address source, const Packet& about, std::uint8_t type, std::uint8_t code);
  /// The record that `packet` ended here.
  void say_drop(const Packet& packet, Reason reason, std::string_view text, InterfaceIndex at = no_interface,
                wire::ByteView before = {}, std::span<const Step> steps = {}) const;

 private:
  enum class Owned : std::uint8_t { no, local, broadcast };
  struct Refusal {
    Reason reason;
    std::string text;
  };

  bool sound(Passage& p) const;
  bool find_way(Passage& p, wire::Address called);
  bool twin_there(wire::Address own, InterfaceIndex in) const;
  bool twin_elsewhere(wire::Address own, InterfaceIndex in) const;
  std::optional<Refusal> source_refused(wire::Address source, InterfaceIndex in);
  void find_route(Passage& p, wire::Address destination);
  const Route* route_to(wire::Address destination, InterfaceIndex in) const;
  void refuse_way(const Passage& p);
  void redirect(const Passage& p);
  Peers& peers();
  void deliver(Passage& p);
  bool take(Passage& p, OptionsRead& options);
  void forward(Passage& p, const OptionsRead& options);
  void leave(Passage& p);
  void transmit(Packet packet, Passage& p);
  void refuse(const Passage& p, Reason reason, std::string_view text, std::uint8_t type, std::uint8_t code,
              std::uint32_t rest = 0);
  bool drop(const Passage& p, Reason reason, std::string_view text) const;

  void on_no_neighbour(Neighbours::Waiting waiting, InterfaceIndex out) override;

  Owned owned(wire::Address a);
  void learn_addresses();

  Node& node_;
  Stack& stack_;
  Hooks* hooks_;
  Neighbours neighbours_;
  bool strict_reverse_path_ = false;
  bool overlap_ = false;
  InterfaceIndex asked_by_ = no_interface;  // while the node deals with a packet from there
  const nat::Track* about_ = nullptr;       // while the sender of a packet on its way is told why it ends

  std::unique_ptr<Peers> peers_;  // made when first needed
  bool redirects_ = true;

  std::size_t known_interfaces_ = 0;
  std::vector<std::pair<std::uint32_t, Owned>> few_;  // own and broadcast addresses, while they are few
  std::unordered_map<std::uint32_t, Owned> many_;     // only looked up, never walked
};

}  // namespace masqsim::net
