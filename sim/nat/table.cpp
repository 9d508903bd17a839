#include "table.hpp"

#include <algorithm>
#include <vector>

namespace masqsim::nat {

namespace {

/// How often Linux's garbage collector passes where there is little to collect; with more it comes sooner.
constexpr std::int64_t collection = (60_s).ns;
constexpr std::size_t most_lingering = 256;

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

void Groups::remove(std::uint32_t hash, std::uint32_t flow) {
  const Link link = links_[flow];
  if (link.older != no_flow) links_[link.older].newer = link.newer;
  if (link.newer != no_flow) {
    links_[link.newer].older = link.older;
  } else if (link.older == no_flow) {
    heads_.erase(hash, flow);
  } else {
    *heads_.find(hash, [&](std::uint32_t value) { return value == flow; }) = link.older;
  }
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

bool Table::confirm(std::uint32_t index, Time now) {
  Flow& flow = flows_[index];
  const auto hash = [this](std::uint32_t value) { return key_hash(value); };
  const std::uint32_t first = original_value(index, flow), second = key_value(index, Direction::reply);
  if (keys_.find_or_insert(hash(first), first, HasKey{flows_, flow.original, flow.protocol}, hash) != nullptr) {
    return false;
  }
  if (keys_.find_or_insert(hash(second), second, HasKey{flows_, flow.reply, flow.protocol, index}, hash) != nullptr) {
    keys_.erase(hash(first), first);
    return false;
  }
  flow.number = ++last_number_;
  flow.set(status::confirmed);
  flow.deadline += now.ns;
  group_by_source(index);
  timers_.add(index, now.ns);
  --unconfirmed_;
  ++size_;
  if (outsides_) group_by_outside(index);
  return true;
}

void Table::remove(std::uint32_t index) {
  Flow& flow = flows_[index];
  for (const std::uint32_t value : {original_value(index, flow), key_value(index, Direction::reply)}) {
    keys_.erase(key_hash(value), value);
  }
  sources_.remove(source_hash(index), index);
  if (!flow.any(status::lingering)) leave(index);
  flow.set(status::dying);
}

/// It counts no longer, and nothing more will happen to it by itself.
void Table::leave(std::uint32_t index) {
  if (outsides_ && holds_outside(flows_[index])) outsides_->remove(outside_hash(index), index);
  timers_.remove(index);
  --size_;
}

void Table::linger(std::uint32_t index, Time now) {
  Flow& flow = flows_[index];
  const Time until{(flow.deadline / collection + 1) * collection};
  if (until <= now) return forget(index);
  leave(index);
  flow.set(status::lingering);
  lingering_.push_back({index, flow.number, until});
  if (lingering_.size() <= most_lingering) return;
  forget_oldest();
  prefetch_removal(lingering_.front().flow);
}

void Table::forget_oldest() {
  const Lingering oldest = lingering_.front();
  lingering_.pop_front();
  if (holds(oldest)) forget(oldest.flow);
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
  forget_lingering([](const Flow&) { return true; });
  mapping_ = mapping;
  sources_ = Groups();
  for (const std::uint32_t index : oldest_first()) group_by_source(index);
}

std::vector<std::uint32_t> Table::oldest_first() const {
  std::vector<std::uint32_t> flows;
  each([&](std::uint32_t index, const Flow&) { flows.push_back(index); });
  std::sort(flows.begin(), flows.end(),
            [&](std::uint32_t a, std::uint32_t b) { return flows_[a].number < flows_[b].number; });
  return flows;
}

void Table::group_by_source(std::uint32_t index) {
  const Flow& flow = flows_[index];
  sources_.add(
      index, [&](std::uint32_t other) { return same_source(flows_[other], from_inside(flow), flow.protocol); },
      [this](std::uint32_t other) { return source_hash(other); });
}

std::uint32_t Table::key_hash(std::uint32_t value) const {
  const Flow& flow = flows_[value >> 1];
  return hash_of(flow.key(static_cast<Direction>(value & 1)), flow.protocol);
}

std::uint32_t Table::outside_hash(std::uint32_t index) const {
  return endpoint_hash(outside_of(flows_[index]), flows_[index].protocol);
}

std::uint32_t Table::source_hash(const Key& original, std::uint8_t protocol) const {
  Key trimmed{original.source, 0, original.source_port, 0};
  if (mapping_ >= Mapping::address_dependent) trimmed.destination = original.destination;
  if (mapping_ == Mapping::address_and_port_dependent) trimmed.destination_port = original.destination_port;
  return hash_of(trimmed, protocol);
}

bool Table::same_source(const Flow& flow, const Key& original, std::uint8_t protocol) const {
  const Key& key = from_inside(flow);
  if (flow.protocol != protocol || key.source != original.source || key.source_port != original.source_port) {
    return false;
  }
  if (mapping_ >= Mapping::address_dependent && key.destination != original.destination) return false;
  return mapping_ != Mapping::address_and_port_dependent || key.destination_port == original.destination_port;
}

std::uint32_t Table::newest_of_source(const Key& original, std::uint8_t protocol) const {
  return sources_.newest(source_hash(original, protocol),
                         [&](std::uint32_t index) { return same_source(flows_[index], original, protocol); });
}

void Table::group_by_outside(std::uint32_t index) const {
  const Flow& flow = flows_[index];
  if (!holds_outside(flow)) return;
  const wire::Endpoint outside = outside_of(flow);
  const auto same = [&](std::uint32_t other) {
    return flows_[other].protocol == flow.protocol && outside_of(flows_[other]) == outside;
  };
  outsides_->add(index, same, [this](std::uint32_t other) { return outside_hash(other); });
}

std::uint32_t Table::newest_of_outside(wire::Endpoint outside, std::uint8_t protocol) const {
  if (!outsides_) {
    outsides_.emplace();
    for (const std::uint32_t index : oldest_first()) group_by_outside(index);
  }
  return outsides_->newest(endpoint_hash(outside, protocol), [&](std::uint32_t index) {
    return flows_[index].protocol == protocol && outside_of(flows_[index]) == outside;
  });
}

void Table::prefetch_new(const Key& original, const Key& reply, std::uint8_t protocol) const {
  sources_.prefetch(source_hash(original, protocol));
  prefetch(reply, protocol);
  if (outsides_) outsides_->prefetch(endpoint_hash({{reply.destination}, reply.destination_port}, protocol));
}

void Table::prefetch_removal(std::uint32_t index) const {
  if (index == no_flow) return;
  const Flow& flow = flows_[index];
  prefetch(flow.original, flow.protocol);
  prefetch(flow.reply, flow.protocol);
  sources_.prefetch(source_hash(index));
  if (outsides_) outsides_->prefetch(outside_hash(index));
}

// Linux looks through 8 buckets of a table with as many buckets as it may hold entries, each entry in it twice: 16.
std::uint32_t Table::victim(std::uint32_t hash) const {
  std::uint32_t found = no_flow;
  keys_.near(hash, 16, [&](std::uint32_t value) {
    if (flows_[value >> 1].any(status::assured | status::lingering)) return false;
    found = value >> 1;
    return true;
  });
  return found;
}

}  // namespace masqsim::nat
