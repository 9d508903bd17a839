#include "tuple_choice.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/wire/sequence.hpp"

namespace masqsim::nat {

namespace {

constexpr std::uint32_t longest_round = 128;
constexpr std::uint32_t shortest_round = 16;
constexpr std::uint32_t evicting_tries = longest_round / 4;

bool address_fits(const Key& key, const Range& range) {
  return key.source >= range.addresses.first.value && key.source <= range.addresses.last.value;
}

/// The number that is chosen: the port of the side, or the ICMP id.
std::uint16_t& number_of(Key& key, std::uint8_t protocol, Side side) {
  return side == Side::source || protocol == proto_icmp ? key.source_port : key.destination_port;
}

bool port_fits(Key key, std::uint8_t protocol, const std::optional<PortRange>& ports, Side side) {
  if (!ports || !(has_ports(protocol) || protocol == proto_icmp || protocol == proto_gre)) return true;
  const std::uint16_t number = number_of(key, protocol, side);
  return number >= ports->first && number <= ports->last;
}

/// True if answers to `key` would belong to a flow that exists.
bool taken(Table& table, const Key& key, std::uint8_t protocol) {
  return static_cast<bool>(table.find(lookup_of(inverse(key, protocol), protocol)));
}

/// A connection that has ended (TIME_WAIT, CLOSE) gives way to a SYN whose sequence number is beyond its last.
bool may_evict(Table& table, Table::Found holder, const Flow& flow) {
  if (holder.direction == Direction::original) return false;
  const Flow& old = table[holder.index];
  const bool ended = old.state >= TcpState::time_wait || old.state == TcpState::syn_sent2;
  if (!ended || !old.any(status::source_nat)) return false;
  const std::uint32_t end = table.tcp(flow).seen[0].end, old_end = table.tcp(old).seen[0].end;
  return end != old_end && !wire::before(end, old_end);  // at a distance of 2^31 Linux takes the new one for older
}

/// The newest flow of the same inside endpoint whose outside endpoint the rule would allow.
std::optional<Key> as_before(const Table& table, const Key& key, std::uint8_t protocol, const Range& range) {
  for (std::uint32_t at = table.newest_of_source(key, protocol); at != no_flow; at = table.older_of_source(at)) {
    const wire::Endpoint outside = outside_of(table[at]);
    const Key result{outside.address.value, key.destination, outside.port, key.destination_port};
    if (address_fits(result, range) && port_fits(result, protocol, range.ports, Side::source)) return result;
  }
  return std::nullopt;
}

std::uint32_t turned(std::uint32_t v) { return v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24; }

/// Jenkins' lookup3 as a little-endian Linux computes it over the 16 bytes in which it keeps an address of either
/// family: which address of a pool a pair of hosts gets.
std::uint32_t pool_hash(std::uint32_t word, std::uint32_t initial) {
  std::uint32_t a = 0xdeadbeef + 16 + initial;
  std::uint32_t b = a;
  std::uint32_t c = a;
  a += word;
  a = (a - c) ^ std::rotl(c, 4), c += b;
  b = (b - a) ^ std::rotl(a, 6), a += c;
  c = (c - b) ^ std::rotl(b, 8), b += a;
  a = (a - c) ^ std::rotl(c, 16), c += b;
  b = (b - a) ^ std::rotl(a, 19), a += c;
  c = (c - b) ^ std::rotl(b, 4), b += a;
  c = (c ^ b) - std::rotl(b, 14);
  a = (a ^ c) - std::rotl(c, 11);
  b = (b ^ a) - std::rotl(a, 25);
  c = (c ^ b) - std::rotl(b, 16);
  a = (a ^ c) - std::rotl(c, 4);
  b = (b ^ a) - std::rotl(a, 14);
  c = (c ^ b) - std::rotl(b, 24);
  return c;
}

/// Where a search looks: `count` numbers from `first` on.
struct Window {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// Nothing where the number may not be changed at all.
std::optional<Window> search_window(std::uint16_t wanted, std::uint8_t protocol, const Range& range, Side side) {
  if (protocol != proto_icmp && !has_ports(protocol)) return std::nullopt;
  if (range.ports) return Window{range.ports->first, range.ports->last - range.ports->first + 1u};
  if (protocol == proto_icmp) return Window{0, 65536};
  if (side == Side::destination) return std::nullopt;
  if (wanted < 512) return Window{1, 511};
  if (wanted < 1024) return Window{600, 424};
  return Window{1024, 64512};
}

/// Consecutive numbers from `begin`, else from a random start, then from new random starts, each round half as long.
Choice search(Table& table, Random& random, std::uint32_t index, const Key& start, Window window, Side side,
              std::optional<std::uint16_t> begin) {
  const Flow& flow = table[index];
  const bool may_take_over = flow.protocol == proto_tcp && flow.state == TcpState::syn_sent;
  Choice choice{start};
  std::uint16_t& number = number_of(choice.key, flow.protocol, side);
  if (begin && (*begin < window.first || *begin - window.first >= window.count)) begin.reset();
  for (std::uint32_t tries = std::min(window.count, longest_round);; tries /= 2) {
    auto offset = static_cast<std::uint16_t>(window.count == 1 ? 0 : random.next() >> 48);
    if (begin) offset = static_cast<std::uint16_t>(*std::exchange(begin, std::nullopt) - window.first);
    for (std::uint32_t left = tries; left > 0; --left, ++offset) {
      number = static_cast<std::uint16_t>(window.first + offset % window.count);
      const Table::Found holder = table.find(lookup_of(inverse(choice.key, flow.protocol), flow.protocol));
      if (!holder) return choice;
      if (left <= evicting_tries && may_take_over && may_evict(table, holder, flow)) {
        choice.evicted = holder.index;
        return choice;
      }
    }
    if (tries >= window.count || tries < shortest_round) return choice;
  }
}

}  // namespace

std::uint32_t pool_address(const Key& key, const Range& range) {
  const std::uint32_t first = range.addresses.first.value;
  const std::uint64_t count = std::uint64_t{range.addresses.last.value} - first + 1;
  if (count == 1) return first;
  const std::uint32_t hash = pool_hash(turned(key.source), range.persistent ? 0 : turned(key.destination));
  return first + static_cast<std::uint32_t>(hash * count >> 32);
}

Choice choose_tuple(Table& table, Random& random, std::uint32_t index, const Range& range, Side side) {
  const Flow& flow = table[index];
  const std::uint8_t protocol = flow.protocol;
  const Key current = inverse(flow.reply, protocol);
  if (side == Side::source && !range.random) {
    if (address_fits(current, range) && port_fits(current, protocol, range.ports, side)) {
      if (!taken(table, current, protocol)) return {current};
    } else if (const std::optional<Key> before = as_before(table, current, protocol, range)) {
      if (!taken(table, *before, protocol)) return {*before};
    }
  }
  Key key = current;
  (side == Side::source ? key.source : key.destination) = pool_address(current, range);
  const std::optional<Window> window = search_window(number_of(key, protocol, side), protocol, range, side);
  if (!window) return {key};
  if (!range.random && port_fits(key, protocol, range.ports, side)) {
    const bool fixed = range.ports && range.ports->first == range.ports->last;
    if (fixed || !taken(table, key, protocol)) return {key};
  }
  std::optional<std::uint16_t> begin = range.start;
  if (!begin && side == Side::destination && !range.random) begin = static_cast<std::uint16_t>(window->first);
  return search(table, random, index, key, *window, side, begin);
}

}  // namespace masqsim::nat
