#include "mss_clamp.hpp"

#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"
#include "repair.hpp"

namespace masqsim::nat {

namespace {

constexpr std::uint8_t no_operation = 1, maximum_segment_size = 2;
constexpr std::size_t headers = 40;                 // of IPv4 and TCP, without options
constexpr std::uint16_t segment_of_any_host = 536;  // RFC 9293 section 3.7.1

std::uint16_t segment_for(std::uint16_t mtu) {
  return mtu > headers ? static_cast<std::uint16_t>(mtu - headers) : segment_of_any_host;
}

/// Linux takes the end of the list for one more byte of padding, and so an option of length zero.
std::size_t option_length(wire::ByteView header, std::size_t at) {
  return header[at] <= no_operation || header[at + 1] == 0 ? 1 : header[at + 1];
}

}  // namespace

void clamp_mss(wire::ByteEdit packet, MssClamp clamp, std::uint16_t mtu) {
  const auto ip = wire::Ipv4Edit::parse(packet);
  if (!ip || ip->protocol() != wire::Protocol::tcp || ip->fragment_offset() != 0) return;
  const auto tcp = wire::TcpView::parse(ip->payload());
  if (!tcp || !tcp->flags().has(wire::TcpFlags::syn)) return;
  const std::uint16_t most = clamp.to != 0 ? clamp.to : segment_for(mtu);
  const wire::ByteEdit header = ip->payload().first(tcp->header_length());
  for (std::size_t at = 20; at + 1 < header.size(); at += option_length(header, at)) {
    if (header[at] != maximum_segment_size) continue;
    if (option_length(header, at) < 4 || at + option_length(header, at) > header.size()) return;
    const std::uint16_t announced = wire::load16(&header[at + 2]);
    if (announced <= most) return;
    wire::store16(&header[at + 2], most);
    wire::store16(&header[16], Repair{}.word(announced, most).apply(wire::load16(&header[16])));
    return;
  }
}

}  // namespace masqsim::nat
