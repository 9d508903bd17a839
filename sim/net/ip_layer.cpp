#include "ip_layer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "icmp_rate_limits.hpp"
#include "ip_options.hpp"
#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {

namespace {

using wire::Address;
using wire::Ipv4Edit;
namespace icmp = wire::icmp;

constexpr std::size_t few_addresses = 8;
constexpr Duration ipfrag_time = 30_s;

Ipv4Edit header_of(const PacketContext& p) { return *Ipv4Edit::parse(p.packet.bytes()); }

/// 224.0.0.1: every node is a member (RFC 1112).
constexpr Address all_hosts = wire::address(224, 0, 0, 1);
constexpr Address localhost = wire::address(127, 0, 0, 1);

/// 224.0.0.0/24 (RFC 5771).
bool is_local_multicast(Address a) { return a.value >> 8 == all_hosts.value >> 8; }

/// Measured on Linux 6.18, the same on hosts and routers: 0/8 but for 0.0.0.0, and 240/4, are sources like others.
bool is_martian_source(Address source, Address destination) {
  if (source.is_multicast() || source.is_limited_broadcast()) return true;
  if (source.is_loopback()) return !destination.is_limited_broadcast() || source == localhost;
  return source.is_zero() && !destination.is_limited_broadcast() && !is_local_multicast(destination);
}

/// An ICMP error whose number Linux would limit (icmp_ratemask, without "fragmentation needed").
bool is_limited_error(Ipv4Edit ip) {
  if (ip.protocol() != wire::Protocol::icmp || ip.payload().size() < 2) return false;
  const std::uint8_t type = ip.payload()[0];
  if (type == icmp::unreachable) return ip.payload()[1] != icmp::fragmentation_needed;
  return type == icmp::time_exceeded || type == icmp::parameter_problem;
}

}  // namespace

IpLayer::IpLayer(Node& node, Stack& stack, Forwarding forwarding, Hooks* hooks)
    : node_(node),
      stack_(stack),
      hooks_(hooks),
      forwards_(forwarding == Forwarding::on),
      reassembly_time_(ipfrag_time) {}
IpLayer::~IpLayer() = default;

// Linux: ip_rcv, ip_rcv_finish, then ip_local_deliver or ip_forward.
void IpLayer::receive(Packet packet, InterfaceIndex in) {
  PacketContext p{.packet = std::move(packet), .in = in};
  if (!validate_header(p)) return;
  const Address called = header_of(p).destination();
  if (hooks_ && !hooks_->prerouting(p)) return;
  if (!route_input(p, called)) return;
  OptionsRead options;
  if (header_of(p).header_length() > 20 && !process_options(p, options)) return;
  if (p.local) return deliver(p);
  if (p.unroutable) return send_route_error(p);
  forward(p, options);
}

// Linux: ip_local_out. Without a route no packet is made, and so no flow begins; where the hook gives the packet
// another destination, it is routed anew. A socket that is bound to an address which the node has lost gets
// ENETUNREACH.
void IpLayer::output(Packet packet, const nat::Track* about) {
  PacketContext p{.packet = std::move(packet), .about = about};
  const Ipv4Edit ip = header_of(p);
  const Address meant = ip.destination();
  if (readdressed_ && !p.packet.marks().forged && !ip.source().is_zero() && !is_own(ip.source())) {
    const bool told = node_.network().trace().on(trace::Kind::drop);
    return refuse(p, Reason::no_route, told ? to_string(ip.source()) + " is no address of this node any more" : "",
                  icmp::unreachable, icmp::net_unreachable);
  }
  if (!is_own(meant)) find_route(p, meant);
  if (p.unroutable) return send_route_error(p);
  if (is_limited_error(ip)) rate_limits().charge(meant, node_.network().now());
  Address destination = meant;
  if (hooks_) {
    if (!hooks_->output(p)) return;
    destination = header_of(p).destination();
  }
  if (is_own(destination)) return deliver(p);
  if (destination != meant) find_route(p, destination);
  if (p.unroutable) return send_route_error(p);
  ip_output(p);
}

// The stack reassembles nothing.
void IpLayer::deliver(PacketContext& p) {
  p.local = true;
  if (header_of(p).is_fragment() && !reassemble(p)) return;
  if (hooks_ && !hooks_->input(p)) return;
  stack_.deliver(std::move(p.packet), p.in, p.unclaimed ? &*p.unclaimed : nullptr);
}

void IpLayer::forward(PacketContext& p, const OptionsRead& options) {
  const Ipv4Edit ip = header_of(p);
  if (ip.ttl() <= 1) return refuse(p, Reason::ttl_exceeded, "", icmp::time_exceeded, 0);

  const std::uint16_t mtu = node_.interfaces()[p.out].mtu;
  const bool came_larger = p.sizes.largest > mtu;
  if (p.packet.size() > mtu && ip.has_df() && (p.sizes.largest == 0 || came_larger)) return refuse_too_big(p, mtu);
  ip.rewrite_ttl(static_cast<std::uint8_t>(ip.ttl() - 1));
  if (redirects_ && p.out == p.in) redirect(p);
  if (hooks_ && !hooks_->forward(p)) return;
  finish_options(header_of(p), options, source_towards(p.out, p.next_hop));
  ip_output(p);
}

void IpLayer::ip_output(PacketContext& p) {
  if (hooks_ && !hooks_->postrouting(p)) return;
  const Ipv4Edit ip = header_of(p);
  std::uint16_t mtu = node_.interfaces()[p.out].mtu;
  if (p.in == no_interface && !ip.has_df()) mtu = std::min(mtu, stack_.learned_mtu(ip.destination()));
  if (p.packet.size() <= mtu && p.sizes.largest == 0) return transmit(std::move(p.packet), p);
  const bool is_too_big = p.packet.size() > mtu && p.sizes.largest == 0 && ip.has_df();  // made here, or grown
  if (is_too_big) return refuse_too_big(p, mtu);
  for (Packet& part : fragment(std::move(p.packet), mtu, p.sizes)) transmit(std::move(part), p);
}

void IpLayer::transmit(Packet packet, PacketContext& p) {
  if (node_.network().transmit(node_, p.out, packet, p.next_hop) != Sent::no_neighbour) return;
  if (hooks_) hooks_->detach_track(p.track);
  Neighbours::Owner& owner = *this;
  if (!neighbours_) neighbours_ = std::make_unique<Neighbours>(node_, owner);
  // Of several fragments the track goes with the first: only about that one an ICMP error is sent.
  neighbours_->wait_for(p.next_hop, p.out, {std::move(packet), std::move(p.track)});
}

// RFC 1812 section 5.2.2; bytes behind the total length were the link's padding.
bool IpLayer::validate_header(PacketContext& p) const {
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
bool IpLayer::process_options(PacketContext& p, OptionsRead& options) {
  const Ipv4Edit ip = header_of(p);
  const Address facing = p.local ? ip.destination() : source_for(ip.source());
  options = take_options(ip, node_.network().now(), facing, [&](Address a) { return is_own(a); });
  if (options.source_route) return drop(p, Reason::source_route, "");
  if (!options.problem) return true;
  refuse(p, Reason::bad_header, "damaged IP options", icmp::parameter_problem, 0,
         std::uint32_t{*options.problem} << 24);
  return false;
}

// Local, to be forwarded, or neither. Linux: ip_route_input. The programs of a host are members of every group that
// they are called in.
bool IpLayer::route_input(PacketContext& p, Address called) {
  const Ipv4Edit ip = header_of(p);
  const Address source = ip.source(), destination = ip.destination();
  if (is_martian_source(source, destination)) return drop(p, Reason::martian, "a source no host can have");
  if (forwards_ && destination.is_multicast() && destination != all_hosts) {
    return drop(p, Reason::broadcast, "multicast is not forwarded");
  }
  if (destination.is_loopback() || destination.is_zero()) {
    return drop(p, Reason::martian, "a destination that is on no wire");
  }

  const bool is_broadcast = destination.is_limited_broadcast() || destination.is_multicast();
  const Owned mine = is_broadcast ? Owned::broadcast : owned(destination);
  p.local = mine != Owned::no && (destination == called || !overlaps_beyond(destination, p.in));
  if (!p.local && !forwards_) return drop(p, Reason::not_for_us, "");
  if (!p.local) find_route(p, carries_ ? p.packet.marks().next_hop : destination);
  if (p.unroutable) return true;
  const std::optional<Refusal> refusal = source_refused(source, p.in, p.out);
  return !refusal || drop(p, refusal->reason, refusal->text);
}

/// True if `own`, an address of another interface, may be another node's address on the network of `in`.
bool IpLayer::overlaps_on(Address own, InterfaceIndex in) const {
  if (!overlap_ || node_.interfaces()[in].owns(own)) return false;
  return std::ranges::any_of(node_.routes().routes_to(own), [&](const Route& r) { return r.out == in; });
}

/// True if `own`, an address of `in`, may be another node's address on another network.
bool IpLayer::overlaps_beyond(Address own, InterfaceIndex in) const {
  if (!overlap_ || !node_.interfaces()[in].owns(own)) return false;
  return std::ranges::any_of(node_.routes().routes_to(own), [&](const Route& r) { return r.out != in; });
}

/// Why a packet that came by `in` and goes to `out` (no_interface: to the node itself) may not have this source. Linux:
/// fib_validate_source, which looks for broadcast addresses only where it looks for redirects or the reverse path.
std::optional<IpLayer::Refusal> IpLayer::source_refused(Address source, InterfaceIndex in, InterfaceIndex out) {
  const Owned mine = owned(source);
  if (mine == Owned::local && !overlaps_on(source, in)) {
    return Refusal{Reason::martian, "the source is this node's own address"};
  }
  if (mine == Owned::broadcast && (strict_reverse_path_ || (redirects_ && out == in))) {
    return Refusal{Reason::martian, "the source is a broadcast address"};
  }
  if (!strict_reverse_path_ || source.is_zero()) return std::nullopt;
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

bool IpLayer::is_deliverable(Address source, Address destination, InterfaceIndex in) {
  return is_own(destination) && !is_martian_source(source, destination) && !source_refused(source, in, no_interface);
}

/// For a packet from `in`; where that is no_interface, for one made here that answers a packet from `asked_by`.
const Route* IpLayer::route_to(Address destination, InterfaceIndex in, InterfaceIndex asked_by) const {
  if (!overlap_) return node_.routes().find(destination);
  const std::span<const Route> equal = node_.routes().routes_to(destination);
  for (const Route& route : equal) {
    if (in == no_interface ? route.out == asked_by : route.out != in) return &route;
  }
  return equal.empty() ? nullptr : &equal.front();
}

void IpLayer::find_route(PacketContext& p, Address destination) {
  const InterfaceIndex bound_to = p.packet.marks().bound_to;
  const Route bound = bound_to == no_interface ? Route{} : node_.routes().bound(destination, bound_to);
  const Route* route = bound_to == no_interface ? route_to(destination, p.in, p.packet.marks().asked_by) : &bound;
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
void IpLayer::send_route_error(const PacketContext& p) {
  const bool told = node_.network().trace().on(trace::Kind::drop);
  const Ipv4Edit ip = header_of(p);
  const bool may_send = p.in == no_interface || rate_limits().may_send_route_error(ip.source(), node_.network().now());
  const auto end = [&](Reason reason, std::string_view text, std::uint8_t code) {
    drop(p, reason, text);
    if (may_send) send_icmp_error(p, icmp::unreachable, code);
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

/// A neighbour sent here what it could have sent to the next hop. On a link of two ends nobody could: all that lies
/// beyond it, a cloud for one, is reached by the other end. Linux: ip_rt_send_redirect.
void IpLayer::redirect(const PacketContext& p) {
  Network& network = node_.network();
  const Address sender = header_of(p).source();
  if (!network.segment(node_.interfaces()[p.in].segment).shared) return;
  const Route* back = node_.routes().find(sender);
  const bool is_neighbour = back && back->kind == Route::Kind::forward && back->out == p.in && back->via.is_zero();
  if (!is_neighbour || !rate_limits().may_send_redirect(sender, network.now())) return;
  if (!hooks_ || hooks_->may_redirect(p)) send_icmp_error(p, icmp::redirect, icmp::redirect_host, p.next_hop.value);
}

IcmpRateLimits& IpLayer::rate_limits() {
  if (!rate_limits_) rate_limits_ = std::make_unique<IcmpRateLimits>();
  return *rate_limits_;
}

/// The end of a packet whose sender is told why.
void IpLayer::refuse(const PacketContext& p, Reason reason, std::string_view text, std::uint8_t type, std::uint8_t code,
                     std::uint32_t rest) {
  drop(p, reason, text);
  send_icmp_error(p, type, code, rest);
}

void IpLayer::refuse_too_big(const PacketContext& p, std::uint16_t mtu) {
  const bool told = node_.network().trace().on(trace::Kind::drop);
  const std::string text = told ? fmt::format("{} bytes, the link takes {}", p.packet.size(), mtu) : std::string();
  node_.say_drop(p.packet, Reason::too_big, text, p.in == no_interface ? p.out : p.in);
  send_icmp_error(p, icmp::unreachable, icmp::fragmentation_needed, mtu);
}

void IpLayer::send_icmp_error(const PacketContext& p, std::uint8_t type, std::uint8_t code, std::uint32_t rest) {
  send_icmp_error(p.packet, {.type = type, .code = code, .rest = rest}, &p.track);
}

void IpLayer::send_icmp_error(const Packet& about, const wire::IcmpFields& error, const nat::Track* track) {
  const Ipv4Edit ip = *Ipv4Edit::parse(about.bytes());
  const Owned called = owned(ip.destination());
  if (called == Owned::broadcast) return;
  const InterfaceIndex came_by = about.marks().interface;
  if (came_by == no_interface) return stack_.undeliverable(about, error);  // made here
  const Address source = called == Owned::local ? ip.destination() : source_for(ip.source(), came_by);
  if (source.is_zero()) return;
  Packet message = stack_.icmp_error(about, source, error);
  if (message) output(std::move(message), track);
}

void IpLayer::send_icmp_error_from(Address source, const Packet& about, std::uint8_t type, std::uint8_t code) {
  Packet message = stack_.icmp_error(about, source, {.type = type, .code = code});
  if (message) output(std::move(message));
}

bool IpLayer::drop(const PacketContext& p, Reason reason, std::string_view text) const {
  node_.say_drop(p.packet, reason, text, p.in);
  return false;
}

void IpLayer::forget_waiting(InterfaceIndex interface, wire::Prefix network) {
  if (neighbours_) neighbours_->forget(interface, network);
}

void IpLayer::on_no_neighbour(Neighbours::Waiting waiting, InterfaceIndex out) {
  const bool made_here = waiting.packet.marks().interface == no_interface;
  node_.say_drop(waiting.packet, Reason::host_unreachable, made_here ? "no neighbour answered for 3 s" : "", out);
  // Linux reads its options once more then, and writes into them again; the sum stays as it was.
  const Ipv4Edit ip = *Ipv4Edit::parse(waiting.packet.bytes());
  const OptionsRead again =
      take_options(ip, node_.network().now(), source_for(ip.source()), [&](Address a) { return is_own(a); });
  if (again.problem) return;
  send_icmp_error(waiting.packet, {.type = icmp::unreachable, .code = icmp::host_unreachable}, &waiting.track);
}

// --- reassembly ----------------------------------------------------------------------------------------------------

Reassembler& IpLayer::reassembler() {
  if (!reassembler_) reassembler_ = std::make_unique<Reassembler>(reassembly_time_, when_full_);
  return *reassembler_;
}

void IpLayer::set_reassembly(Duration timeout, Reassembler::Full when_full) {
  reassembly_time_ = timeout;
  when_full_ = when_full;
  if (!reassembler_) return;
  reassembler_->set_timeout(timeout);
  reassembler_->set_full(when_full);
}

bool IpLayer::reassemble(PacketContext& p) {
  using What = Reassembler::Outcome::What;
  Network& network = node_.network();
  expire_fragments();
  Reassembler::Outcome outcome = reassembler().add(p.packet.view(), network.now());
  for (const Packet& older : outcome.gave_way) {
    if (older) node_.say_drop(older, Reason::queue_full, "its pieces gave way to newer ones");
  }
  if (outcome.what == What::discarded) return drop(p, outcome.reason, "");
  if (p.local) node_.say_deliver(p.packet, "a piece of a datagram");
  if (outcome.what == What::duplicate) return false;
  if (outcome.what == What::held) {
    const bool answer_owed = is_own(header_of(p).destination());
    p.packet.marks().options_unread = !p.local;  // a hook reassembles before the options are read
    reassembler().keep(std::move(p.packet));
    const bool must_wake = answer_owed || network.trace().on(trace::Kind::drop);
    if (outcome.begins && must_wake) {
      network.engine().schedule(network.now() + reassembly_time_, *this, 0,
                                answer_owed ? engine::Keep::alive : engine::Keep::background);
    }
    return false;
  }
  const PacketBlock& marks = p.packet.marks();
  Packet whole = network.pool().make(outcome.whole.bytes, marks.flow, marks.cause);
  whole.marks().id = marks.id;
  whole.marks().interface = marks.interface;
  whole.marks().forged = marks.forged;
  p.packet = std::move(whole);
  p.sizes = std::move(outcome.whole.sizes);
  return true;
}

void IpLayer::on_event(std::uint64_t) { expire_fragments(); }

/// RFC 792: ICMP 11/1 if the first fragment is there. Linux sends it only where the datagram was for the node itself.
void IpLayer::expire_fragments() {
  if (!reassembler_) return;
  Network& network = node_.network();
  for (const Reassembler::Expired& expired : reassembler_->expire(network.now())) {
    const Packet& last = expired.last;
    if (!last) continue;
    node_.say_drop(last, Reason::reassembly_timeout,
                   network.trace().on(trace::Kind::drop) ? fmt::format("{} of its pieces came", expired.fragments)
                                                         : std::string());
    const wire::Ipv4View ip = *wire::Ipv4View::parse(last.view());
    const Address called = ip.destination();
    if (expired.first.empty() || !is_deliverable(ip.source(), called, last.marks().interface)) continue;
    Packet first = network.pool().make(expired.first, last.flow(), last.marks().cause);
    first.marks().id = last.id();
    first.marks().interface = last.marks().interface;
    first.marks().options_unread = last.marks().options_unread;
    send_icmp_error_from(called, first, icmp::time_exceeded, 1);
  }
}

// --- own addresses -------------------------------------------------------------------------------------------------

std::uint16_t IpLayer::mtu_of_way(const PacketContext& p) const {
  const std::uint16_t on = node_.interfaces()[p.out].mtu;
  const Route* back = node_.routes().find(header_of(p).source());
  if (!back || back->kind != Route::Kind::forward) return on;
  return std::min(on, node_.interfaces()[back->out].mtu);
}

Address IpLayer::source_towards(InterfaceIndex out, Address next_hop) const {
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

Address IpLayer::source_for(Address destination, InterfaceIndex asked_by) {
  if (is_own(destination)) return destination;
  const Route* route = route_to(destination, no_interface, asked_by);
  if (!route || route->kind != Route::Kind::forward) return {};
  return source_towards(route->out, route->via.is_zero() ? destination : route->via);
}

void IpLayer::changed() {
  known_interfaces_ = 0;
  readdressed_ = true;
}

namespace {

/// Broadcast addresses belong to networks, and a network is there while its interface is up; own addresses stay own.
template <typename Visit>
bool visit_broadcasts(const Interface& interface, const Visit& visit) {
  if (!interface.up) return false;
  if (interface.prefix_length < 31 && !interface.address.is_zero() && visit(interface.subnet().broadcast()))
    return true;
  return std::ranges::any_of(interface.also, [&](const Alias& alias) {
    return alias.prefix_length < 31 && visit(alias.subnet().broadcast());
  });
}

}  // namespace

IpLayer::Owned IpLayer::owned(Address a) {
  if (known_interfaces_ != node_.interfaces().size()) count_addresses();
  if (addresses_) {
    const auto found = addresses_->find(a.value);
    return found == addresses_->end() ? Owned::no : found->second;
  }
  if (a.is_zero()) return Owned::no;
  for (const Interface& interface : node_.interfaces()) {
    if (interface.owns(a)) return Owned::local;
  }
  for (const Interface& interface : node_.interfaces()) {
    if (visit_broadcasts(interface, [&](Address broadcast) { return broadcast == a; })) return Owned::broadcast;
  }
  return Owned::no;
}

void IpLayer::count_addresses() {
  known_interfaces_ = static_cast<std::uint32_t>(node_.interfaces().size());
  std::size_t count = 0;
  for (const Interface& interface : node_.interfaces()) count += 1 + interface.also.size();
  addresses_.reset();
  if (count <= few_addresses) return;
  addresses_ = std::make_unique<std::unordered_map<std::uint32_t, Owned>>();
  for (const Interface& interface : node_.interfaces()) {
    for (const Alias& own : interface.addresses()) addresses_->emplace(own.address.value, Owned::local);
  }
  for (const Interface& interface : node_.interfaces()) {
    visit_broadcasts(interface, [&](Address broadcast) {
      addresses_->emplace(broadcast.value, Owned::broadcast);
      return false;
    });
  }
}

}  // namespace masqsim::net
