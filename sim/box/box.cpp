#include "box.hpp"

#include <algorithm>

#include "masqsim/wire/ipv4.hpp"

namespace masqsim::box {

namespace {

bool is_passed_on(wire::Ipv4View before, wire::Ipv4View after) {
  const bool same = before.id() == after.id() && before.protocol() == after.protocol();
  const bool aged = after.ttl() == before.ttl() || after.ttl() + 1 == before.ttl();
  const bool answers = after.destination() == before.source();
  return same && aged && !answers;
}

}  // namespace

bool Place::owns(wire::Address address) const {
  return std::ranges::any_of(ports, [&](const Port& port) {
    return std::ranges::find(port.addresses, address, &PortAddress::address) != port.addresses.end();
  });
}

const Out* passed_on(wire::ByteView before, const std::vector<Out>& outs) {
  const auto datagram = wire::Ipv4View::parse(before);
  if (!datagram) return nullptr;
  const auto found = std::ranges::find_if(outs, [&](const Out& out) {
    const auto after = wire::Ipv4View::parse(std::span<const std::uint8_t>(out.bytes));
    return after && is_passed_on(*datagram, *after);
  });
  return found == outs.end() ? nullptr : &*found;
}

}  // namespace masqsim::box
