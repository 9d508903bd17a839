#include "behaviour.hpp"

#include <algorithm>
#include <bit>

namespace masqsim::nat {

namespace {

constexpr std::size_t memory_size = 1024;
constexpr std::uint64_t even_ports = 0x5555555555555555;

/// RFC 4787 REQ-3: a port of its own class.
PortRange class_of(std::uint16_t port, std::uint8_t protocol) {
  if (protocol == proto_icmp) return {0, 65535};
  if (port < 1024) return {1, 1023};
  return {1024, 65535};
}

bool is_mapping(const Flow& flow) { return flow.any(status::source_nat | status::forwarded_in); }

}  // namespace

std::optional<std::uint16_t> PortBook::free_within(std::uint32_t first, std::uint32_t last, std::uint64_t mask) const {
  for (std::uint32_t word = first / 64; word <= last / 64; ++word) {
    std::uint64_t open = ~words_[word] & mask;
    if (word == first / 64) open &= ~std::uint64_t{0} << first % 64;
    if (word == last / 64) open &= ~std::uint64_t{0} >> (63 - last % 64);
    if (open != 0) return static_cast<std::uint16_t>(word * 64 + static_cast<unsigned>(std::countr_zero(open)));
  }
  return std::nullopt;
}

std::optional<std::uint16_t> PortBook::next_free(std::uint16_t from, PortRange range, std::uint64_t mask) const {
  if (const auto port = free_within(from, range.last, mask)) return port;
  return from > range.first ? free_within(range.first, from - 1u, mask) : std::nullopt;
}

void Behaviour::adopt(const Config& config) {
  mapping_ = config.mapping;
  filtering_ = config.filtering;
  hairpin_ = config.hairpin;
  keep_parity_ = config.keep_parity;
  rest_ = 1_s * config.port_rest_s;
  most_resting_ = config.limits.resting;
}

void Behaviour::configure(const Config& config, const Table& table) {
  adopt(config);
  books_.clear();
  permissions_.clear();
  if (!exclusive()) resting_.clear();
  for (const Resting& resting : resting_) {
    book(resting.held.protocol, resting.held.outside.address).hold(resting.held.outside.port);
  }
  table.each([&](std::uint32_t, const Flow& flow) { on_confirmed(flow); });
}

std::uint32_t Behaviour::find_admitting_mapping(const Table& table, const Key& key, std::uint8_t protocol,
                                                wire::Endpoint remote) const {
  if (!has_ports(protocol)) return no_flow;
  const wire::Endpoint outside{{key.destination}, key.destination_port};
  const std::uint32_t holder = table.newest_of_outside(outside, protocol);
  if (holder == no_flow || filtering_ == Filtering::endpoint_independent) return holder;
  if (filtering_ == Filtering::address_dependent) {
    return permissions_.contains({outside, remote.address.value, protocol}) ? holder : no_flow;
  }
  const Table::Found exact =
      table.look(lookup_of({remote.address.value, key.destination, remote.port, key.destination_port}, protocol));
  return exact && exact.direction == Direction::reply && is_mapping(table[exact.index]) ? exact.index : no_flow;
}

std::optional<Key> Behaviour::choose(const Table& table, Random& random, std::uint32_t index, const Range& range,
                                     Time now) {
  const Flow& flow = table[index];
  const Key current = inverse(flow.reply, flow.protocol);
  if (const std::uint32_t before = table.newest_of_source(current, flow.protocol);
      before != no_flow && is_mapping(table[before])) {
    const wire::Endpoint outside = outside_of(table[before]);
    const bool address_fits = outside.address >= range.addresses.first && outside.address <= range.addresses.last;
    const Key key{outside.address.value, current.destination, outside.port, current.destination_port};
    if (address_fits && !table.look(lookup_of(inverse(key, flow.protocol), flow.protocol))) return key;
  }
  wake_rested(now);
  Range paired = range;  // RFC 4787 REQ-2: one inside host, one outside address
  paired.persistent = true;
  const Key key{pool_address(current, paired), current.destination, current.source_port, current.destination_port};
  if (!has_ports(flow.protocol) && flow.protocol != proto_icmp) return key;

  PortBook& ports = book(flow.protocol, {key.source});
  const auto free = [&](const Key& k) {
    return !ports.is_held(k.source_port) && !table.look(lookup_of(inverse(k, flow.protocol), flow.protocol));
  };
  const PortRange allowed = range.ports.value_or(class_of(current.source_port, flow.protocol));
  const bool fits = current.source_port >= allowed.first && current.source_port <= allowed.last;
  if (!range.random && (fits || !range.ports) && free(key)) return key;

  const std::uint32_t count = allowed.last - allowed.first + 1u;
  const auto start = static_cast<std::uint16_t>(allowed.first + random.below(count));
  // A port that no mapping holds may still be the gateway's own or a forward's toward this remote: then the next one.
  const auto search = [&](std::uint64_t mask) -> std::optional<Key> {
    std::uint16_t from = start;
    for (std::uint32_t tries = 0; tries < count; ++tries) {
      const std::optional<std::uint16_t> port = ports.next_free(from, allowed, mask);
      if (!port) return std::nullopt;
      const Key candidate{key.source, key.destination, *port, key.destination_port};
      if (free(candidate)) return candidate;
      from = *port == allowed.last ? allowed.first : static_cast<std::uint16_t>(*port + 1);
    }
    return std::nullopt;
  };
  if (keep_parity_ && has_ports(flow.protocol)) {
    if (const auto even_or_odd = search(current.source_port % 2 == 0 ? even_ports : even_ports << 1)) {
      return even_or_odd;
    }
  }
  return search(~std::uint64_t{0});  // RFC 6888 REQ-13: rather the wrong parity than no port
}

void Behaviour::on_confirmed(const Flow& flow) {
  if (!is_mapping(flow)) return;
  const wire::Endpoint outside = outside_of(flow);
  if (exclusive()) book(flow.protocol, outside.address).hold(outside.port);
  if (filtering_ == Filtering::address_dependent && flow.any(status::source_nat)) {
    ++permissions_[permission_of(flow)];
  }
}

void Behaviour::on_destroyed(const Flow& flow, const Table& table, bool expired, Time now) {
  if (!is_mapping(flow)) return;
  const wire::Endpoint outside = outside_of(flow);
  const Held held{outside, flow.protocol};
  if (filtering_ == Filtering::address_dependent && flow.any(status::source_nat)) {
    const auto permission = permissions_.find(permission_of(flow));
    if (--permission->second == 0) permissions_.erase(permission);
  }
  if (expired) {
    if (expired_.empty()) expired_.resize(memory_size);
    expired_[memory_place(held)] = held;
  }
  if (!exclusive() || table.newest_of_outside(outside, flow.protocol) != no_flow) return;
  if (rest_ == Duration{} || flow.protocol == proto_tcp) return book(flow.protocol, outside.address).free(outside.port);
  resting_.push_back({now + rest_, held});
  if (most_resting_ && resting_.size() > *most_resting_) wake_oldest();
}

/// Of a hairpin, the host behind the called address is known by that address.
Behaviour::Permission Behaviour::permission_of(const Flow& flow) {
  const std::uint32_t remote = flow.any(status::hairpin) ? flow.original.destination : flow.reply.source;
  return {outside_of(flow), remote, flow.protocol};
}

bool Behaviour::expired_lately(wire::Endpoint outside, std::uint8_t protocol) const {
  const Held held{outside, protocol};
  return !expired_.empty() && expired_[memory_place(held)] == held;
}

std::size_t Behaviour::memory_place(const Held& held) {
  return hash_of({held.outside.address.value, 0, held.outside.port, 0}, held.protocol) % memory_size;
}

PortBook& Behaviour::book(std::uint8_t protocol, wire::Address address) {
  std::unique_ptr<PortBook>& book = books_[{protocol, address.value}];
  if (book == nullptr) book = std::make_unique<PortBook>();
  return *book;
}

void Behaviour::wake_rested(Time now) {
  while (!resting_.empty() && resting_.front().until <= now) wake_oldest();
}

void Behaviour::wake_oldest() {
  const Held& held = resting_.front().held;
  book(held.protocol, held.outside.address).free(held.outside.port);
  resting_.pop_front();
}

}  // namespace masqsim::nat
