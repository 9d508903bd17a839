#include "forwarder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cutting.hpp"
#include "ip_options.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "peers.hpp"

namespace masqsim::net {

namespace {

using wire::Address;
using wire::Ipv4Edit;
using wire::Ipv4View;
namespace icmp = wire::icmp;

constexpr std::size_t few_addresses = 8;

Ipv4Edit header_of(const Passage& p) { return *Ipv4Edit::parse(p.packet.bytes()); }

bool is_impossible_source(Address source, Address destination) {
  return source.is_multicast() || source.is_limited_broadcast() || source.is_loopback() ||
         (source.is_zero() && !destination.is_limited_broadcast());
}

/// An ICMP error whose number Linux would limit (icmp_ratemask, without "fragmentation needed").
bool is_limited_error(Ipv4Edit ip) {
  if (ip.protocol() != wire::Protocol::icmp || ip.payload().size() < 2) return false;
  const std::uint8_t type = ip.payload()[0];
  if (type == icmp::unreachable) return ip.payload()[1] != icmp::fragmentation_needed;
  return type == icmp::time_exceeded || type == icmp::parameter_problem;
}

/// 224.0.0.1: every node is a member (RFC 1112).
constexpr Address all_hosts = wire::address(224, 0, 0, 1);

}  // namespace

Forwarder::Forwarder(Node& node, Stack& stack, Hooks* hooks)
    : node_(node), stack_(stack), hooks_(hooks), neighbours_(node, *this) {}
Forwarder::~Forwarder() = default;

// From a wire. Linux: ip_rcv, ip_rcv_finish, then ip_local_deliver or ip_forward.
void Forwarder::receive(Packet packet, InterfaceIndex in) {
  Passage p{.packet = std::move(packet), .in = in};
  if (!sound(p)) return;
  const Address called = header_of(p).destination();
  if (hooks_ && !hooks_->prerouting(p)) return;
  if (!find_way(p, called)) return;
  OptionsRead options;
  if (header_of(p).header_length() > 20 && !take(p, options)) return;
  if (p.local) return deliver(p);
  if (p.unroutable) return refuse_way(p);
  forward(p, options);
}

// Made here. Linux: ip_local_out. Without a route nothing is made, and so no flow begins; where the hook gives the
// packet another destination, it is routed anew.
void Forwarder::output(Packet packet) {
  Passage p{.packet = std::move(packet), .about = std::exchange(about_, nullptr)};
  const Address meant = header_of(p).destination();
  if (!is_own(meant)) find_route(p, meant);
  if (p.unroutable) return refuse_way(p);
  if (is_limited_error(header_of(p))) peers().told(meant, node_.network().now());
  if (hooks_ && !hooks_->output(p)) return;
  const Address destination = header_of(p).destination();
  if (is_own(destination)) return deliver(p);
  if (destination != meant) find_route(p, destination);
  if (p.unroutable) return refuse_way(p);
  leave(p);
}

void Forwarder::deliver(Passage& p) {
  if (hooks_ && !hooks_->input(p)) return;
  asked_by_ = p.in;
  stack_.deliver(std::move(p.packet), p.in);
  asked_by_ = no_interface;
}

void Forwarder::forward(Passage& p, const OptionsRead& options) {
  const Ipv4Edit ip = header_of(p);
  if (ip.ttl() <= 1) return refuse(p, Reason::ttl_exceeded, "", icmp::time_exceeded, 0);

  const std::uint16_t mtu = node_.interfaces()[p.out].mtu;
  const bool came_larger = p.pieces.largest > mtu;
  if (p.packet.size() > mtu && ip.has_df() && (p.pieces.largest == 0 || came_larger)) {
    return refuse(p, Reason::too_big,
                  node_.network().trace().on(trace::Kind::drop)
                      ? fmt::format("{} bytes, the link takes {}", p.packet.size(), mtu)
                      : "",
                  icmp::unreachable, icmp::fragmentation_needed, mtu);
  }
  ip.rewrite_ttl(static_cast<std::uint8_t>(ip.ttl() - 1));
  if (redirects_ && p.out == p.in) redirect(p);
  if (hooks_ && !hooks_->forward(p)) return;
  finish_options(header_of(p), options, source_towards(p.out, p.next_hop));
  leave(p);
}

void Forwarder::leave(Passage& p) {
  if (hooks_ && !hooks_->postrouting(p)) return;
  const Ipv4Edit ip = header_of(p);
  std::uint16_t mtu = node_.interfaces()[p.out].mtu;
  if (p.in == no_interface && !ip.has_df()) mtu = std::min(mtu, stack_.path_mtu(ip.destination()));
  if (p.packet.size() <= mtu && p.pieces.largest == 0) return transmit(std::move(p.packet), p);
  if (p.packet.size() > mtu && p.pieces.largest == 0 && ip.has_df()) {  // made here, or grown on its way
    return refuse(p, Reason::too_big, "", icmp::unreachable, icmp::fragmentation_needed, mtu);
  }
  for (Packet& piece : cut(std::move(p.packet), mtu, p.pieces)) transmit(std::move(piece), p);
}

void Forwarder::transmit(Packet packet, Passage& p) {
  if (node_.network().transmit(node_, p.out, packet, p.next_hop) != Sent::no_neighbour) return;
  if (hooks_) hooks_->keep(p.track);
  neighbours_.wait_for(p.next_hop, p.out,
                       {std::move(packet), std::move(p.track)});  // of pieces the first: only it is told of
}

// RFC 1812 section 5.2.2; what lies behind the total length was the link's padding.
bool Forwarder::sound(Passage& p) const {
  const wire::ByteEdit bytes = p.packet.bytes();
  if (bytes.size() < 20) return drop(p, Reason::bad_header, "shorter than a header");
  if (bytes[0] >> 4 != 4) return drop(p, Reason::bad_header, "not version 4");
  const std::optional<Ipv4Edit> ip = Ipv4Edit::parse(bytes);
  if (!ip) return drop(p, Reason::bad_header, "lengths that do not fit");
  if (!ip->sum_ok()) return drop(p, Reason::bad_checksum, "of the IP header");
  p.packet.buffer().size = ip->total_length();
  return true;
}

// RFC 1812 section 5.2.4. Linux: ip_rcv_options.
bool Forwarder::take(Passage& p, OptionsRead& options) {
  const Ipv4Edit ip = header_of(p);
  const Address facing = p.local ? ip.destination() : source_for(ip.source());
  options = take_options(ip, node_.network().now(), facing, [&](Address a) { return is_own(a); });
  if (options.source_route) return drop(p, Reason::source_route, "");
  if (!options.problem) return true;
  refuse(p, Reason::bad_header, "damaged IP options", icmp::parameter_problem, 0,
         std::uint32_t{*options.problem} << 24);
  return false;
}

// Local, to be forwarded, or neither. Linux: ip_route_input.
bool Forwarder::find_way(Passage& p, Address called) {
  const Ipv4Edit ip = header_of(p);
  const Address source = ip.source(), destination = ip.destination();
  if (is_impossible_source(source, destination)) return drop(p, Reason::martian, "a source no host can have");
  if (destination.is_multicast() && destination != all_hosts) {
    return drop(p, Reason::broadcast, "multicast is not forwarded");
  }
  if (destination.is_loopback() || destination.is_zero()) {
    return drop(p, Reason::martian, "a destination that is on no wire");
  }

  const Owned mine =
      destination.is_limited_broadcast() || destination == all_hosts ? Owned::broadcast : owned(destination);
  p.local = mine != Owned::no && (destination == called || !twin_elsewhere(destination, p.in));
  if (!p.local) find_route(p, destination);
  if (p.unroutable) return true;
  const std::optional<Refusal> refusal = source_refused(source, p.in);
  return !refusal || drop(p, refusal->reason, refusal->text);
}

/// An own address of another interface, which somebody on that one may have as well.
bool Forwarder::twin_there(Address own, InterfaceIndex in) const {
  if (!overlap_ || node_.interfaces()[in].owns(own)) return false;
  return std::ranges::any_of(node_.routes().routes_to(own), [&](const Route& r) { return r.out == in; });
}

/// An own address of this interface, which somebody elsewhere may have as well.
bool Forwarder::twin_elsewhere(Address own, InterfaceIndex in) const {
  if (!overlap_ || !node_.interfaces()[in].owns(own)) return false;
  return std::ranges::any_of(node_.routes().routes_to(own), [&](const Route& r) { return r.out != in; });
}

/// Why no packet may bear this source; nothing where it may. Linux: fib_validate_source.
std::optional<Forwarder::Refusal> Forwarder::source_refused(Address source, InterfaceIndex in) {
  const Owned mine = owned(source);
  if (mine == Owned::local && !twin_there(source, in)) {
    return Refusal{Reason::martian, "the source is this node's own address"};
  }
  if (!strict_reverse_path_) return std::nullopt;
  if (mine == Owned::broadcast) return Refusal{Reason::martian, "the source is a broadcast address"};
  if (source.is_zero()) return std::nullopt;
  for (const Route& back : node_.routes().routes_to(source)) {
    if (back.kind == Route::Kind::forward && back.out == in) return std::nullopt;
    if (!overlap_) break;
  }
  if (!node_.network().trace().on(trace::Kind::drop)) return Refusal{Reason::reverse_path, ""};
  const auto network_of = [&](InterfaceIndex n) {
    return node_.network().header().points[node_.interfaces()[n].point].network;
  };
  const Route* back = node_.routes().find(source);
  const bool leads = back != nullptr && back->kind == Route::Kind::forward;
  return Refusal{Reason::reverse_path,
                 fmt::format("it came by {}, and the way back to {} {}", network_of(in), to_string(source),
                             leads ? "is by " + network_of(back->out) : "is none")};
}

bool Forwarder::is_deliverable(Address source, Address destination, InterfaceIndex in) {
  return owned(destination) == Owned::local && !is_impossible_source(source, destination) &&
         !source_refused(source, in);
}

/// Of a packet from `in`; of one made here where that is no_interface.
const Route* Forwarder::route_to(Address destination, InterfaceIndex in) const {
  if (!overlap_) return node_.routes().find(destination);
  const std::span<const Route> equal = node_.routes().routes_to(destination);
  for (const Route& route : equal) {
    if (in == no_interface ? route.out == asked_by_ : route.out != in) return &route;
  }
  return equal.empty() ? nullptr : &equal.front();
}

void Forwarder::find_route(Passage& p, Address destination) {
  const Route* route = route_to(destination, p.in);
  const bool leads_on = route && route->kind == Route::Kind::forward;
  if (leads_on && node_.interfaces()[route->out].up) {
    p.out = route->out;
    p.next_hop = route->via.is_zero() ? destination : route->via;
    return;
  }
  p.unroutable = true;
  p.refusing = leads_on ? nullptr : route;
}

// Linux: ip_error.
void Forwarder::refuse_way(const Passage& p) {
  const bool told = node_.network().trace().on(trace::Kind::drop);
  const Ipv4Edit ip = header_of(p);
  const bool may_tell = p.in == no_interface || peers().may_refuse(ip.source(), node_.network().now());
  const auto end = [&](Reason reason, std::string_view text, std::uint8_t code) {
    drop(p, reason, text);
    if (may_tell) complain(p, icmp::unreachable, code);
  };
  if (!p.refusing) {
    std::string text = told ? "to " + to_string(ip.destination()) : std::string();
    if (node_.network().header().nodes[node_.id()].kind == trace::NodeKind::cloud) {
      if (ip.destination().is_private()) text = "private address (RFC 1918)";
      if (ip.destination().is_shared()) text = "shared address (RFC 6598)";
    }
    return end(Reason::no_route, text, icmp::net_unreachable);
  }
  const std::string text = told ? "the route to " + to_string(p.refusing->to) + " refuses" : std::string();
  switch (p.refusing->kind) {
    case Route::Kind::unreachable: return end(Reason::no_route, text, icmp::host_unreachable);
    case Route::Kind::prohibit: return end(Reason::firewall, text, icmp::admin_prohibited);
    default: drop(p, Reason::no_route, text);
  }
}

/// A neighbour sent through here what it could have sent to another. Linux: ip_rt_send_redirect.
void Forwarder::redirect(const Passage& p) {
  const Address sender = header_of(p).source();
  const Route* back = node_.routes().find(sender);
  const bool is_neighbour = back && back->kind == Route::Kind::forward && back->out == p.in && back->via.is_zero();
  if (!is_neighbour || !peers().may_redirect(sender, node_.network().now())) return;
  if (!hooks_ || hooks_->may_redirect(p)) complain(p, icmp::redirect, icmp::redirect_host, p.next_hop.value);
}

Peers& Forwarder::peers() {
  if (!peers_) peers_ = std::make_unique<Peers>();
  return *peers_;
}

// The end of a packet whose sender is told why.
void Forwarder::refuse(const Passage& p, Reason reason, std::string_view text, std::uint8_t type, std::uint8_t code,
                       std::uint32_t rest) {
  drop(p, reason, text);
  complain(p, type, code, rest);
}

void Forwarder::complain(const Passage& p, std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
  complain(p.packet, type, code, rest, &p.track);
}

void Forwarder::complain(const Packet& about, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                         const nat::Track* track) {
  const Ipv4Edit ip = *Ipv4Edit::parse(about.bytes());
  const Owned called = owned(ip.destination());
  if (called == Owned::broadcast) return;
  const wire::IcmpFields error{.type = type, .code = code, .rest = rest};
  const bool made_here = about.marks().interface == no_interface;
  if (made_here) return stack_.undeliverable(about, error);
  const InterfaceIndex before = std::exchange(asked_by_, about.marks().interface);
  const Address source = called == Owned::local ? ip.destination() : source_for(ip.source());
  about_ = track;
  if (!source.is_zero()) stack_.complain(about, source, error);
  about_ = nullptr;
  asked_by_ = before;
}

void Forwarder::complain_from(Address source, const Packet& about, std::uint8_t type, std::uint8_t code) {
  const InterfaceIndex before = std::exchange(asked_by_, about.marks().interface);
  stack_.complain(about, source, {.type = type, .code = code});
  asked_by_ = before;
}

bool Forwarder::drop(const Passage& p, Reason reason, std::string_view text) const {
  say_drop(p.packet, reason, text, p.in);
  return false;
}

void Forwarder::say_drop(const Packet& packet, Reason reason, std::string_view text, InterfaceIndex at,
                         wire::ByteView before, std::span<const Step> steps) const {
  Network& network = node_.network();
  if (!network.trace().on(trace::Kind::drop)) return;
  trace::Record record;
  record.kind = trace::Kind::drop;
  record.reason = reason;
  record.node = node_.id();
  record.point = at == no_interface ? trace::nowhere : node_.interfaces()[at].point;
  record.flow = packet.flow();
  record.packet = packet.id();
  record.cause = packet.marks().cause;
  record.bytes = packet.view();
  record.before = before;
  record.text = text;
  record.steps = steps;
  network.emit(record);
}

void Forwarder::on_no_neighbour(Neighbours::Waiting waiting, InterfaceIndex out) {
  say_drop(waiting.packet, Reason::host_unreachable, "", out);
  // Linux reads its options once more then, and writes into them again; the sum stays as it was.
  const Ipv4Edit ip = *Ipv4Edit::parse(waiting.packet.bytes());
  const OptionsRead again =
      take_options(ip, node_.network().now(), source_for(ip.source()), [&](Address a) { return is_own(a); });
  if (again.problem) return;
  complain(waiting.packet, icmp::unreachable, icmp::host_unreachable, 0, &waiting.track);
}

// --- own addresses -------------------------------------------------------------------------------------------------

Address Forwarder::source_towards(InterfaceIndex out, Address next_hop) const {
  const Interface& interface = node_.interfaces()[out];
  const bool has_network = interface.prefix_length < 32 && !interface.address.is_zero();
  if (has_network && interface.subnet().contains(next_hop)) return interface.address;
  for (const Alias& alias : interface.also) {
    if (alias.prefix_length < 32 && alias.subnet().contains(next_hop)) return alias.address;
  }
  if (!interface.address.is_zero()) return interface.address;
  if (!interface.also.empty()) return interface.also.front().address;
  for (const Interface& other : node_.interfaces()) {
    if (!other.address.is_zero()) return other.address;
  }
  return {};
}

Address Forwarder::source_for(Address destination) {
  if (is_own(destination)) return destination;
  const Route* route = route_to(destination, no_interface);
  if (!route || route->kind != Route::Kind::forward) return {};
  return source_towards(route->out, route->via.is_zero() ? destination : route->via);
}

bool Forwarder::is_own(Address a) { return owned(a) == Owned::local; }

Forwarder::Owned Forwarder::owned(Address a) {
  if (known_interfaces_ != node_.interfaces().size()) learn_addresses();
  if (many_.empty()) {
    for (const auto& [address, what] : few_) {
      if (address == a.value) return what;
    }
    return Owned::no;
  }
  const auto found = many_.find(a.value);
  return found == many_.end() ? Owned::no : found->second;
}

void Forwarder::learn_addresses() {
  known_interfaces_ = node_.interfaces().size();
  few_.clear();
  many_.clear();
  std::unordered_map<std::uint32_t, Owned> all;
  const auto note = [&](Address a, Owned what) {
    if (a.is_zero()) return;
    if (all.emplace(a.value, what).second) few_.emplace_back(a.value, what);
  };
  for (const Interface& interface : node_.interfaces()) {
    note(interface.address, Owned::local);
    for (const Alias& alias : interface.also) note(alias.address, Owned::local);
  }
  for (const Interface& interface : node_.interfaces()) {
    if (!interface.up) continue;  // its own addresses stay its own, of its networks' nothing does
    if (interface.prefix_length < 31) note(interface.subnet().broadcast(), Owned::broadcast);
    for (const Alias& alias : interface.also) {
      if (alias.prefix_length < 31) note(alias.subnet().broadcast(), Owned::broadcast);
    }
  }
  if (few_.size() > few_addresses) many_ = std::move(all);
}

}  // namespace masqsim::net
