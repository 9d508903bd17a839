#include "rules.hpp"

#include <algorithm>
#include <bit>

namespace masqsim::nat {

namespace {

bool contains(const std::optional<wire::Prefix>& prefix, std::uint32_t address) {
  return !prefix || prefix->contains({address});
}

bool is_protocol(const std::optional<wire::Protocol>& wanted, std::uint8_t protocol) {
  return !wanted || static_cast<std::uint8_t>(*wanted) == protocol;
}

/// The address at the same place in the network that begins at `base`; `host_mask` has the bits that stay.
wire::Address moved(std::uint32_t address, wire::Address base, std::uint32_t host_mask) {
  return {(base.value & ~host_mask) | (address & host_mask)};
}

}  // namespace

Rules::Rules(const Config& config)
    : source_(config.source), destination_(config.destination), hairpin_(config.hairpin), sides_(config) {}

Unmet Rules::unmet(const SourceRule& rule, wire::Address source, wire::Address destination, std::uint8_t protocol,
                   bool forwarded, const Way& way) {
  if (rule.out != any_interface && rule.out != way.out) return Unmet::out;
  if (rule.in != any_interface && rule.in != way.in) return Unmet::in;
  if (!is_protocol(rule.protocol, protocol)) return Unmet::protocol;
  if (!contains(rule.from, source.value)) return Unmet::from;
  if (!contains(rule.to, destination.value)) return Unmet::to;
  return rule.only_port_forwarded && !forwarded ? Unmet::forwarded : Unmet::none;
}

const SourceRule* Rules::source_for(const Flow& flow, const Way& way) const {
  const Key key = inverse(flow.reply, flow.protocol);
  const auto takes = [&](const SourceRule& rule) {
    return unmet(rule, {key.source}, {key.destination}, flow.protocol, flow.any(status::destination_nat), way) ==
           Unmet::none;
  };
  const auto found = std::find_if(source_.begin(), source_.end(), takes);
  return found == source_.end() ? nullptr : &*found;
}

const SourceRule* Rules::outward_for(const Flow& flow, InterfaceId in) const {
  const auto decides = [&](const SourceRule& rule) {
    return translates_outwards(rule) && source_for(flow, {in, rule.out, {}}) == &rule;
  };
  const auto found = std::find_if(source_.begin(), source_.end(), decides);
  return found == source_.end() ? nullptr : &*found;
}

Unmet Rules::unmet(const DestinationRule& rule, const Key& key, std::uint8_t protocol, InterfaceId in) const {
  if (rule.in != any_interface && rule.in != in) return Unmet::in;
  if (!rule.to.contains({key.destination})) return Unmet::to;
  if (!is_protocol(rule.protocol, protocol)) return Unmet::protocol;
  if (rule.port &&
      (!has_ports(protocol) || key.destination_port < rule.port->first || key.destination_port > rule.port->last)) {
    return Unmet::port;
  }
  if (!contains(rule.from, key.source)) return Unmet::from;
  const bool off = rule.in == any_interface && hairpin_ == Hairpin::none && !is_outside(in);
  return off ? Unmet::hairpin : Unmet::none;
}

const DestinationRule* Rules::destination_for(const Key& key, std::uint8_t protocol, InterfaceId in,
                                              bool* hairpin_off) const {
  for (const DestinationRule& rule : destination_) {
    const Unmet what = unmet(rule, key, protocol, in);
    if (what == Unmet::none) return &rule;
    if (what == Unmet::hairpin && hairpin_off != nullptr) *hairpin_off = true;
  }
  return nullptr;
}

Range source_range(const SourceRule& rule, const Key& key, wire::Address masquerade) {
  Range range{rule.addresses, rule.ports, rule.random, rule.persistent};
  if (rule.action == SourceRule::Action::masquerade) range.addresses = {masquerade, masquerade};
  if (rule.keep_host_bits) {
    const std::uint32_t size = rule.addresses.last.value - rule.addresses.first.value;  // of a network: its host mask
    const wire::Address to = moved(key.source, rule.addresses.first, size);
    range.addresses = {to, to};
  }
  return range;
}

Range destination_range(const DestinationRule& rule, const Key& key) {
  const wire::Address to = rule.keep_host_bits ? moved(key.destination, rule.forward, ~rule.to.mask()) : rule.forward;
  Range range{{to, to}, std::nullopt, false, false};
  if (rule.forward_port) range.ports = PortRange{*rule.forward_port, *rule.forward_port};
  return range;
}

Range null_range(const Key& key, Side side) {
  const wire::Address own{side == Side::source ? key.source : key.destination};
  return {{own, own}, std::nullopt, false, false};
}

}  // namespace masqsim::nat
