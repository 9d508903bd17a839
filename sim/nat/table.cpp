#include "table.hpp"

#include <algorithm>
#include <vector>

namespace masqsim::nat {

namespace {

std::uint32_t endpoint_hash(wire::Endpoint e, std::uint8_t protocol) {
  return hash_of({e.address.value, 0, e.port, 0}, protocol);
}

bool holds_outside(const Flow& flow) { return flow.any(status::source_nat | status::forwarded_in); }

std::uint32_t key_value(std::uint32_t index, Direction d) { return index << 1 | static_cast<std::uint32_t>(d); }

/// Of what stands for the first key: where both keys are one (a host calls itself from the port that it calls), Linux
/// takes every packet but the first for an answer.
std::uint32_t original_value(std::uint32_t index, const Flow& flow) {
  return key_value(index, flow.original == flow.reply ? Direction::reply : Direction::original);
}

}  // namespace

bool Groups::remove(std::uint32_t hash, std::uint32_t flow) {
  const Link link = links_[flow];
  if (link.older != no_flow) links_[link.older].newer = link.newer;
  if (link.newer != no_flow) {
    links_[link.newer].older = link.older;
    return false;
  }
  if (link.older == no_flow) {
    heads_.erase(hash, flow);
    return true;
  }
  *heads_.find(hash, [&](std::uint32_t value) { return value == flow; }) = link.older;
  return false;
}

std::uint32_t Table::make(const Key& original, std::uint8_t protocol) {
  const std::uint32_t index = flows_.take();
  Flow& flow = flows_[index];
  flow.original = original;
  flow.reply = inverse(original, protocol);
  flow.protocol = protocol;
  if (protocol == proto_tcp) flow.tcp = tcp_.take();
  if (protocol == proto_sctp) flow.sctp = sctp_.take();
  sources_.prefetch(source_hash(original, protocol));
  ++unconfirmed_;
  return index;
}

Table::Entrance Table::confirm(std::uint32_t index, Time now) {
  Flow& flow = flows_[index];
  const std::uint32_t original = hash_of(flow.original, flow.protocol);
  const std::uint32_t first = original_value(index, flow), second = key_value(index, Direction::reply);
  if (keys_.find_or_insert(original, first, HasKey{flows_, flow.original, flow.protocol}) != nullptr) return Entrance::refused;
  if (keys_.find_or_insert(hash_of(flow.reply, flow.protocol), second, HasKey{flows_, flow.reply, flow.protocol, index}) != nullptr) {
    keys_.erase(original, first);
    return Entrance::refused;
  }
  flow.number = ++last_number_;
  flow.set(status::confirmed);
  flow.deadline += now.ns;
  group_by_source(index);
  timers_.add(index);
  --unconfirmed_;
  ++size_;
  const wire::Endpoint outside = outside_of(flow);
  const auto same_outside = [&](std::uint32_t other) {
    return flows_[other].protocol == flow.protocol && outside_of(flows_[other]) == outside;
  };
  const std::uint32_t hash = endpoint_hash(outside, flow.protocol);
  const bool alone = holds_outside(flow) ? outsides_.add(hash, index, same_outside) : outsides_.newest(hash, same_outside) == no_flow;
  return alone ? Entrance::first : Entrance::further;
}

bool Table::remove(std::uint32_t index, bool expired) {
  Flow& flow = flows_[index];
  const std::uint32_t original = hash_of(flow.original, flow.protocol), reply = hash_of(flow.reply, flow.protocol),
                      source = source_hash(from_inside(flow), flow.protocol),
                      outside = endpoint_hash(outside_of(flow), flow.protocol);
  keys_.prefetch(original);
  keys_.prefetch(reply);
  sources_.prefetch(source);
  outsides_.prefetch(outside);
  keys_.erase(original, original_value(index, flow));
  keys_.erase(reply, key_value(index, Direction::reply));
  sources_.remove(source, index);
  if (!expired) timers_.remove(index);
  flow.set(status::dying);
  --size_;
  if (!holds_outside(flow)) return newest_of_outside(outside_of(flow), flow.protocol) == no_flow;
  return outsides_.remove(outside, index);
}

std::uint32_t Table::copy(std::uint32_t index) {
  const std::uint32_t result = flows_.take();
  Flow& flow = flows_[result];
  flow = flows_[index];
  flow.set(status::dying);
  if (flow.protocol == proto_tcp) flow.tcp = tcp_.take();
  if (flow.protocol == proto_sctp) flow.sctp = sctp_.take();
  return result;
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

void Table::set_mapping(Mapping mapping) {
  if (mapping == mapping_) return;
  mapping_ = mapping;
  std::vector<std::uint32_t> oldest_first;
  each([&](std::uint32_t index, const Flow&) { oldest_first.push_back(index); });
  std::sort(oldest_first.begin(), oldest_first.end(),
            [&](std::uint32_t a, std::uint32_t b) { return flows_[a].number < flows_[b].number; });
  sources_ = Groups();
  for (const std::uint32_t index : oldest_first) group_by_source(index);
}

void Table::group_by_source(std::uint32_t index) {
  const Flow& flow = flows_[index];
  sources_.add(source_hash(from_inside(flow), flow.protocol), index,
               [&](std::uint32_t other) { return same_source(flows_[other], from_inside(flow), flow.protocol); });
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
  return outsides_.newest(endpoint_hash(outside, protocol), [&](std::uint32_t index) {
    return flows_[index].protocol == protocol && outside_of(flows_[index]) == outside;
  });
}

void Table::prefetch_answers(const Key& answers, std::uint8_t protocol) const {
  prefetch(answers, protocol);
  outsides_.prefetch(endpoint_hash({{answers.destination}, answers.destination_port}, protocol));
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
