#include "table.hpp"

namespace masqsim::nat {

namespace {

std::uint32_t endpoint_hash(std::uint32_t address, std::uint16_t port, std::uint8_t protocol) {
  return hash_of({address, 0, port, 0}, protocol);
}

std::uint32_t key_value(std::uint32_t index, Direction d) { return index << 1 | static_cast<std::uint32_t>(d); }

}  // namespace

void Groups::remove(std::uint32_t hash, std::uint32_t flow) {
  const Link link = links_[flow];
  if (link.older != no_flow) links_[link.older].newer = link.newer;
  if (link.newer != no_flow) {
    links_[link.newer].older = link.older;
    return;
  }
  if (link.older == no_flow) {
    heads_.erase(hash, flow);
  } else {
    heads_.find(hash, [&](std::uint32_t value) { return value == flow; })->value = link.older;
  }
}

Table::Found Table::find(const Key& key, std::uint8_t protocol) const {
  const Index::Slot* slot = keys_.find(hash_of(key, protocol), [&](std::uint32_t value) {
    const Flow& flow = flows_[value >> 1];
    return flow.protocol == protocol && flow.key(static_cast<Direction>(value & 1)) == key;
  });
  if (slot == nullptr) return {};
  return {slot->value >> 1, static_cast<Direction>(slot->value & 1)};
}

std::uint32_t Table::make(const Key& original, std::uint8_t protocol) {
  const std::uint32_t index = flows_.take();
  Flow& flow = flows_[index];
  flow.original = original;
  flow.reply = inverse(original, protocol);
  flow.protocol = protocol;
  if (protocol == proto_tcp) flow.tcp = tcp_.take();
  if (protocol == proto_sctp) flow.sctp = sctp_.take();
  ++unconfirmed_;
  return index;
}

void Table::confirm(std::uint32_t index, Time now) {
  Flow& flow = flows_[index];
  flow.number = ++last_number_;
  flow.set(status::confirmed);
  flow.deadline += now.ns;
  keys_.insert(hash_of(flow.original, flow.protocol), key_value(index, Direction::original));
  keys_.insert(hash_of(flow.reply, flow.protocol), key_value(index, Direction::reply));
  sources_.add(source_hash(from_inside(flow), flow.protocol), index,
               [&](std::uint32_t other) { return same_source(flows_[other], from_inside(flow), flow.protocol); });
  if (flow.any(status::source_nat | status::forwarded_in)) {
    const wire::Endpoint outside = outside_of(flow);
    outsides_.add(endpoint_hash(outside.address.value, outside.port, flow.protocol), index, [&](std::uint32_t other) {
      return flows_[other].protocol == flow.protocol && outside_of(flows_[other]) == outside;
    });
  }
  timers_.add(index);
  --unconfirmed_;
  ++size_;
}

void Table::remove(std::uint32_t index, bool expired) {
  Flow& flow = flows_[index];
  keys_.erase(hash_of(flow.original, flow.protocol), key_value(index, Direction::original));
  keys_.erase(hash_of(flow.reply, flow.protocol), key_value(index, Direction::reply));
  sources_.remove(source_hash(from_inside(flow), flow.protocol), index);
  if (flow.any(status::source_nat | status::forwarded_in)) {
    const wire::Endpoint outside = outside_of(flow);
    outsides_.remove(endpoint_hash(outside.address.value, outside.port, flow.protocol), index);
  }
  if (!expired) timers_.remove(index);
  flow.set(status::dying);
  --size_;
}

void Table::release(std::uint32_t index) {
  Flow& flow = flows_[index];
  if (!flow.is(status::confirmed)) --unconfirmed_;
  if (flow.protocol == proto_tcp) tcp_.release(flow.tcp);
  if (flow.protocol == proto_sctp) sctp_.release(flow.sctp);
  flow.number = 0;
  flow.status = 0;
  flows_.release(index);
}

std::uint32_t Table::source_hash(const Key& original, std::uint8_t protocol) const {
  Key trimmed{original.source, 0, original.source_port, 0};
  if (mapping_ >= Mapping::address_dependent) trimmed.destination = original.destination;
  if (mapping_ == Mapping::address_and_port_dependent) trimmed.destination_port = original.destination_port;
  return hash_of(trimmed, protocol);
}

bool Table::same_source(const Flow& flow, const Key& original, std::uint8_t protocol) const {
  const Key& key = from_inside(flow);
  if (flow.protocol != protocol || key.source != original.source || key.source_port != original.source_port) return false;
  if (mapping_ >= Mapping::address_dependent && key.destination != original.destination) return false;
  return mapping_ != Mapping::address_and_port_dependent || key.destination_port == original.destination_port;
}

std::uint32_t Table::newest_of_source(const Key& original, std::uint8_t protocol) const {
  return sources_.newest(source_hash(original, protocol),
                         [&](std::uint32_t index) { return same_source(flows_[index], original, protocol); });
}

std::uint32_t Table::newest_of_outside(wire::Endpoint outside, std::uint8_t protocol) const {
  return outsides_.newest(endpoint_hash(outside.address.value, outside.port, protocol), [&](std::uint32_t index) {
    return flows_[index].protocol == protocol && outside_of(flows_[index]) == outside;
  });
}

// Linux looks through 8 buckets of a table with as many buckets as it may hold entries, each entry in it twice: 16.
std::uint32_t Table::victim(std::uint32_t hash) const {
  std::uint32_t found = no_flow;
  keys_.near(hash, 16, [&](std::uint32_t value) {
    if (flows_[value >> 1].is(status::assured)) return false;
    found = value >> 1;
    return true;
  });
  return found;
}

}  // namespace masqsim::nat
