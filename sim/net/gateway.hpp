// The gateway: a router whose packets pass the NAT core at netfilter's hook points, and its own stack.
#pragma once

#include <cstdint>
#include <vector>

#include "forwarder.hpp"
#include "gateway_node.hpp"
#include "masqsim/nat/fragments.hpp"
#include "masqsim/nat/nat.hpp"
#include "sim/engine/engine.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Gateway final : public GatewayNode, private Hooks, private Unowned, private engine::Handler {
 public:
  /// `config` names interfaces by their place in `interfaces()`. Chance comes from the stream "nat/NAME".
  Gateway(Network& network, trace::NodeId id, nat::Config config);
  ~Gateway();

  void receive(Packet packet, InterfaceIndex in) override { path_.receive(std::move(packet), in); }
  void output(Packet packet) override { path_.output(std::move(packet)); }
  void changed() override;

  void ready() override;
  void say_table() override;
  void flush() override;
  void configure(nat::Config config) override;
  void interface_lost(InterfaceIndex interface) override;
  /// The interface has lost this address.
  void address_lost(InterfaceIndex interface, wire::Address gone);

  /// See Forwarder::forget_waiting.
  void forget_waiting(InterfaceIndex interface, wire::Prefix network) { path_.forget_waiting(interface, network); }

  Stack& stack() { return stack_; }
  const nat::Nat& nat() const { return nat_; }
  /// See nat::Nat::prefer_port.
  void prefer_port(std::optional<std::uint16_t> port) { nat_.prefer_port(port); }
  /// RFC 3704, strict.
  void set_reverse_path_filter(bool strict) { path_.set_reverse_path_filter(strict); }
  /// See Forwarder::set_redirects.
  void set_redirects(bool on) { path_.set_redirects(on); }

 private:
  bool prerouting(Passage& p) override;
  bool forward(Passage& p) override;
  bool input(Passage& p) override;
  bool output(Passage& p) override;
  bool postrouting(Passage& p) override;
  bool may_redirect(const Passage& p) override { return nat_.keeps_addresses(p.track); }
  void keep(nat::Track& track) override { nat_.keep(track); }

  bool on_unowned(const Packet& packet, InterfaceIndex in, Reason reason, std::string_view text) override;
  void on_event(std::uint64_t argument) override;

  bool go_on(Passage& p, const nat::Decision& decision);
  void say_end(const Passage& p, Reason reason) const;
  bool put_together(Passage& p);
  void hold(Packet piece);
  void expire_fragments();
  bool nobody_owns(const Passage& p) const;
  void note_unowned(const Passage& p);
  void say_unowned(const Packet& packet, InterfaceIndex in);
  void answer_late(Packet syn);
  void end_of_patience();

  void remember(Passage& p) const;
  void say_translation(const Passage& p);
  std::vector<Step> steps_of(const Passage& p) const;
  void say_changes();
  void plan_wake();
  void learn_own_addresses();
  void answer_for_twins();
  bool is_outside(InterfaceIndex interface) const;
  bool told(trace::Kind kind) const { return network_.trace().on(kind); }
  Time now() const { return network_.now(); }

  nat::Nat nat_;
  nat::Reassembler reassembler_;
  Stack stack_;
  Forwarder path_;

  std::vector<wire::Address> outside_;  ///< the addresses that inside hosts are translated to
  Time expiry_wake_ = Time::never();
  bool watching_ = false;

  // Of the last packet that nobody owned, for its record: asked before the packet's own entry is made.
  std::uint64_t unowned_packet_ = 0;
  std::vector<std::uint8_t> unowned_before_;
  Reason unowned_ = Reason::none;
  std::vector<Step> steps_;

  /// A datagram whose pieces are not all there, in the order of their times: the piece that came last.
  struct Held {
    Packet piece;
    Time due;
  };
  std::vector<Held> held_;

  /// A SYN that nothing owned, whose sender hears of it late (RFC 5382 REQ-4); in the order of their times.
  struct Late {
    Packet syn;
    Time due;
  };
  std::vector<Late> late_;
};

}  // namespace masqsim::net
