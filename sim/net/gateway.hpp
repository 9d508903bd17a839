// The gateway: a router whose packets pass the NAT core at netfilter's hook points, and its own stack.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "gateway_node.hpp"
#include "ip_layer.hpp"
#include "late_errors.hpp"
#include "masqsim/nat/nat.hpp"
#include "masqsim/nat/sides.hpp"
#include "sim/engine/engine.hpp"
#include "stack.hpp"

namespace masqsim::net {

class Gateway final : public GatewayNode, private Hooks, private engine::Handler {
 public:
  /// `config` names interfaces by their place in `interfaces()`. Chance comes from the stream "nat/NAME".
  Gateway(Network& network, trace::NodeId id, nat::Config config);
  ~Gateway() override;

  void receive(Packet packet, InterfaceIndex in) override { ip_.receive(std::move(packet), in); }
  void output(Packet packet) override { ip_.output(std::move(packet)); }
  void changed() override;

  void ready() override;
  void say_table() override;
  void flush() override;
  void configure(nat::Config config) override;
  void interface_lost(InterfaceIndex interface) override;
  /// The interface has lost this address.
  void address_lost(InterfaceIndex interface, wire::Address gone);

  /// See IpLayer::forget_waiting.
  void forget_waiting(InterfaceIndex interface, wire::Prefix network) { ip_.forget_waiting(interface, network); }

  Stack& stack() { return stack_; }
  const nat::Nat& nat() const { return nat_; }
  /// See nat::Nat::prefer_port.
  void prefer_port(std::optional<std::uint16_t> port) { nat_.prefer_port(port); }
  /// RFC 3704, strict.
  void set_reverse_path_filter(bool strict) { ip_.set_reverse_path_filter(strict); }
  /// See IpLayer::set_redirects.
  void set_redirects(bool on) { ip_.set_redirects(on); }

 private:
  bool prerouting(PacketContext& p) override;
  bool forward(PacketContext& p) override;
  bool input(PacketContext& p) override;
  bool output(PacketContext& p) override;
  bool postrouting(PacketContext& p) override;
  bool may_redirect(const PacketContext& p) override { return nat_.keeps_addresses(p.track); }
  void detach_track(nat::Track& track) override { nat_.detach_track(track); }

  void on_event(std::uint64_t argument) override;

  bool apply(const nat::Decision& decision, PacketContext& p);
  void say_end(const PacketContext& p, Reason reason) const;
  bool is_unsolicited(const PacketContext& p) const;
  bool answer_unsolicited(PacketContext& p);
  UnclaimedReason why_unclaimed(const PacketContext& p) const;

  void remember(PacketContext& p) const;
  void tell_translation(const PacketContext& p) const;
  std::vector<Step> steps_of(const PacketContext& p) const;
  void tell_changes();
  void plan_wake();
  void learn_addresses();
  void enable_proxy_arp_for_overlap();
  bool told(trace::Kind kind) const { return network_.trace().on(kind); }
  Time now() const { return network_.now(); }

  nat::Nat nat_;
  nat::Sides sides_;
  Stack stack_;
  IpLayer ip_;
  LateErrors late_errors_;

  std::vector<wire::Address> outside_;  ///< the own addresses on outside interfaces
  Time expiry_wake_ = Time::never();
  bool watching_ = false;
};

}  // namespace masqsim::net
