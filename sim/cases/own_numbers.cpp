#include "own_numbers.hpp"

#include "masqsim/wire/checksum.hpp"
#include "masqsim/wire/describe.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::cases {
namespace {

using wire::TcpFlags;

std::optional<wire::TcpEdit> segment_of(std::vector<std::uint8_t>& packet) {
  const auto ip = wire::Ipv4Edit::parse(std::span(packet));
  if (!ip || ip->protocol() != wire::Protocol::tcp || ip->is_fragment()) return std::nullopt;
  return wire::TcpEdit::parse(ip->payload());
}

/// Calls `change(word)` for the timestamp's value (`word_at` 2) or echo (6), if there are timestamps.
template <typename Change>
void change_stamp(wire::TcpEdit tcp, std::size_t word_at, Change change) {
  constexpr std::uint8_t end = 0, no_operation = 1, timestamps = 8;
  const std::span<std::uint8_t> list = tcp.options();
  for (std::size_t at = 0; at + 1 < list.size() && list[at] != end;) {
    const std::size_t length = list[at] == no_operation ? 1 : list[at + 1];
    if (length == 0 || at + length > list.size()) return;
    if (list[at] == timestamps && length == 10) {
      const std::uint32_t before = wire::load32(&list[at + word_at]), after = change(before);
      wire::store32(&list[at + word_at], after);
      // Behind an odd number of bytes its halves count with their bytes swapped; so is the sum that they repair.
      const auto swapped = [](std::uint16_t v) { return static_cast<std::uint16_t>(v << 8 | v >> 8); };
      const bool odd = (at + word_at) % 2 != 0;
      const std::uint16_t sum = wire::adjust32(odd ? swapped(tcp.sum()) : tcp.sum(), before, after);
      tcp.set_sum(odd ? swapped(sum) : sum);
    }
    at += length;
  }
}

}  // namespace

void OwnNumbers::make_real(std::vector<std::uint8_t>& packet) const {
  const auto tcp = segment_of(packet);
  if (!tcp) return;
  const std::optional<wire::Tuple> tuple = wire::tuple_of(packet);
  const auto found = begins_.find({tuple->destination, tuple->source});
  if (found == begins_.end()) return;
  const Begin& begin = found->second;
  const std::uint32_t before = tcp->acknowledgment(), after = before + begin.sequence;
  tcp->set_acknowledgment(after);
  tcp->set_sum(wire::adjust32(tcp->sum(), before, after));
  change_stamp(*tcp, 6, [&](std::uint32_t echo) { return echo == 0 ? 0 : echo + begin.stamp; });
}

void OwnNumbers::make_relative(std::vector<std::uint8_t>& packet) {
  constexpr std::uint8_t never_forwarded = 64;
  const auto tcp = segment_of(packet);
  if (!tcp || wire::Ipv4View::parse(wire::ByteView(packet))->ttl() != never_forwarded) return;
  const wire::Tuple tuple = *wire::tuple_of(packet);
  const std::pair ends(tuple.source, tuple.destination);
  if (tcp->flags().has(TcpFlags::syn | TcpFlags::ack)) {
    Begin& known = begins_.try_emplace(ends, Begin{tcp->sequence() + 1, 0}).first->second;  // not yet this one
    if (known.sequence != tcp->sequence()) {
      known = {tcp->sequence(), 0};
      change_stamp(*tcp, 2, [&](std::uint32_t value) { return known.stamp = value - 1, value; });
    }
  }
  if (tcp->flags().has(TcpFlags::rst | TcpFlags::ack)) return;  // answers what acknowledged nothing, from 0
  const auto found = begins_.find(ends);
  if (found == begins_.end()) return;
  const Begin& begin = found->second;
  const std::uint32_t before = tcp->sequence(), after = before - begin.sequence;
  tcp->set_sequence(after);
  tcp->set_sum(wire::adjust32(tcp->sum(), before, after));
  change_stamp(*tcp, 2, [&](std::uint32_t value) { return value - begin.stamp; });
}

}  // namespace masqsim::cases
