#include "cutting.hpp"

#include <algorithm>
#include <cstring>

#include "ip_options.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {

namespace {

constexpr std::size_t tcp_header = 20;

/// Where the pieces came, if they may leave so: each fits, each but the last is a multiple of 8, together they are all.
/// Linux pulls the whole TCP header into the first piece when it looks whom a segment is for, so that a shorter first
/// piece is none any more.
bool fits(const Pieces& pieces, std::size_t payload, std::size_t room, wire::Protocol protocol) {
  const bool torn = protocol == wire::Protocol::tcp && !pieces.payloads.empty() && pieces.payloads.front() < tcp_header;
  if (torn) return false;
  std::size_t total = 0;
  for (std::size_t n = 0; n < pieces.payloads.size(); ++n) {
    const std::size_t size = pieces.payloads[n];
    if (size > room || (size % 8 != 0 && n + 1 < pieces.payloads.size())) return false;
    total += size;
  }
  return !pieces.payloads.empty() && total == payload;
}

/// Length, place and checksum of a piece whose other header fields are already there.
void complete(Packet& piece, std::size_t place, bool more, bool df) {
  wire::store16(piece.buffer().data + 2, static_cast<std::uint16_t>(piece.size()));
  const auto ip = *wire::Ipv4Edit::parse(piece.bytes());
  ip.set_fragment_word(static_cast<std::uint16_t>(place / 8 | (more ? wire::Ipv4Edit::more_fragments : 0u) |
                                                  (df ? wire::Ipv4Edit::dont_fragment : 0u)));
  ip.fix_sum();
}

}  // namespace

std::vector<Packet> cut(Packet whole, std::uint16_t mtu, const Pieces& pieces) {
  const auto ip = *wire::Ipv4Edit::parse(whole.bytes());
  const std::size_t header = ip.header_length();
  const std::size_t payload = ip.payload().size();
  const std::size_t place = ip.fragment_offset();
  const bool more_behind = ip.has_mf();
  const std::size_t room = (pieces.largest != 0 ? std::min(mtu, pieces.largest) : mtu) - header;
  const bool as_before = fits(pieces, payload, room, ip.protocol());
  const bool df = ip.has_df() && !as_before;  // of a reassembled datagram; Linux clears it where the old pieces fit
  const auto size_of = [&](std::size_t n, std::size_t offset) {
    if (as_before) return std::size_t{pieces.payloads[n]};
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
