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

bool translates(const SourceRule& rule) {
  return rule.action != SourceRule::Action::exempt && !rule.only_port_forwarded;
}

/// The address at the same place in the network that begins at `base`; `host_mask` has the bits that stay.
wire::Address moved(std::uint32_t address, wire::Address base, std::uint32_t host_mask) {
  return {(base.value & ~host_mask) | (address & host_mask)};
}

}  // namespace

Rules::Rules(std::vector<SourceRule> source, std::vector<DestinationRule> destination, Hairpin hairpin)
    : source_(std::move(source)), destination_(std::move(destination)), hairpin_(hairpin) {}

bool Rules::is_outside(InterfaceId id) const {
  bool named = false;
  for (const SourceRule& rule : source_) {
    if (!translates(rule) || rule.out == any_interface) continue;
    if (rule.out == id) return true;
    named = true;
  }
  return !named;
}

const SourceRule* Rules::source_for(const Flow& flow, const Way& way) const {
  const Key key = inverse(flow.reply, flow.protocol);
  const auto matches = [&](const SourceRule& rule) {
    return (rule.out == any_interface || rule.out == way.out) && (rule.in == any_interface || rule.in == way.in) &&
           is_protocol(rule.protocol, flow.protocol) && contains(rule.from, key.source) &&
           contains(rule.to, key.destination) && (!rule.only_port_forwarded || flow.any(status::destination_nat));
  };
  const auto found = std::find_if(source_.begin(), source_.end(), matches);
  return found == source_.end() ? nullptr : &*found;
}

const SourceRule* Rules::outward_for(const Flow& flow, InterfaceId in) const {
  const auto decides = [&](const SourceRule& rule) {
    return translates(rule) && source_for(flow, {in, rule.out, {}}) == &rule;
  };
  const auto found = std::find_if(source_.begin(), source_.end(), decides);
  return found == source_.end() ? nullptr : &*found;
}

const DestinationRule* Rules::destination_for(const Key& key, std::uint8_t protocol, InterfaceId in,
                                              bool* hairpin_off) const {
  const bool has_port = has_ports(protocol);
  for (const DestinationRule& rule : destination_) {
    if (rule.in != any_interface && rule.in != in) continue;
    if (!contains(rule.from, key.source) || !rule.to.contains({key.destination}) ||
        !is_protocol(rule.protocol, protocol)) {
      continue;
    }
    if (rule.port && (!has_port || key.destination_port < rule.port->first || key.destination_port > rule.port->last)) {
      continue;
    }
    if (rule.in == any_interface && hairpin_ == Hairpin::none && !is_outside(in)) {
      if (hairpin_off != nullptr) *hairpin_off = true;
      continue;
    }
    return &rule;
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
