#include "fragment.hpp"

#include <algorithm>
#include <cstring>

#include "ip_options.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {

namespace {

constexpr std::size_t tcp_header = 20;

/// True if the datagram can be cut where it was before: each fragment fits, each but the last is a multiple of 8 bytes,
/// and together they are all of it. Linux pulls the whole TCP header into the first fragment when it looks up the
/// segment's socket, so that a first fragment shorter than that does not survive.
bool fits(const FragmentSizes& came, std::size_t payload, std::size_t room, wire::Protocol protocol) {
  const bool torn = protocol == wire::Protocol::tcp && !came.payloads.empty() && came.payloads.front() < tcp_header;
  if (torn) return false;
  std::size_t total = 0;
  for (std::size_t n = 0; n < came.payloads.size(); ++n) {
    const std::size_t size = came.payloads[n];
    if (size > room || (size % 8 != 0 && n + 1 < came.payloads.size())) return false;
    total += size;
  }
  return !came.payloads.empty() && total == payload;
}

/// Sets length, offset and checksum of a fragment whose other header fields are already there.
void complete(Packet& piece, std::size_t offset, bool more, bool df) {
  wire::store16(piece.buffer().data + 2, static_cast<std::uint16_t>(piece.size()));
  const auto ip = *wire::Ipv4Edit::parse(piece.bytes());
  ip.set_fragment_word(static_cast<std::uint16_t>(offset / 8 | (more ? wire::Ipv4Edit::more_fragments : 0u) |
                                                  (df ? wire::Ipv4Edit::dont_fragment : 0u)));
  ip.fix_sum();
}

}  // namespace

std::vector<Packet> fragment(Packet whole, std::uint16_t mtu, const FragmentSizes& came) {
  const auto ip = *wire::Ipv4Edit::parse(whole.bytes());
  const std::size_t header = ip.header_length();
  const std::size_t payload = ip.payload().size();
  const std::size_t place = ip.fragment_offset();
  const bool more_behind = ip.has_mf();
  const std::size_t room = (came.largest != 0 ? std::min(mtu, came.largest) : mtu) - header;
  const bool as_before = fits(came, payload, room, ip.protocol());
  const bool df = ip.has_df() && !as_before;  // Linux clears it on a reassembled datagram whose old fragments fit
  const auto size_of = [&](std::size_t n, std::size_t offset) {
    if (as_before) return std::size_t{came.payloads[n]};
    return payload - offset <= room ? payload - offset : room & ~std::size_t{7};
  };

  std::vector<Packet> made(1);
  const std::size_t first = size_of(0, 0);
  for (std::size_t offset = first; offset < payload;) {
    const std::size_t size = size_of(made.size(), offset);
    Packet piece = whole.marks().pool->make(header + size, whole.flow(), whole.marks().cause);
    piece.marks().forged = whole.marks().forged;
    piece.marks().interface = whole.marks().interface;
    const bool second = made.size() == 1;
    std::memcpy(piece.buffer().data, second ? whole.buffer().data : made.back().buffer().data, header);
    std::memcpy(piece.buffer().data + header, whole.buffer().data + header + offset, size);
    complete(piece, place + offset, offset + size < payload || more_behind, df);
    if (second && header > 20) {
      const auto edit = *wire::Ipv4Edit::parse(piece.bytes());
      blank_uncopied_options(edit);
      edit.fix_sum();
    }
    made.push_back(std::move(piece));
    offset += size;
  }
  whole.buffer().size = static_cast<std::uint32_t>(header + first);
  complete(whole, place, made.size() > 1 || more_behind, df);
  made.front() = std::move(whole);
  return made;
}

}  // namespace masqsim::net
