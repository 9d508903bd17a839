#include "tap.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "linux_gateway.hpp"

namespace masqsim::kernel {
namespace {

constexpr std::uint16_t type_ipv4 = 0x0800;
constexpr std::uint16_t type_arp = 0x0806;
constexpr std::size_t arp_size = 28;
constexpr std::uint8_t marker_mark = 0x0a;  // first byte of a marker's link address: local, unicast, nobody else's

LinkAddress link_address(std::uint16_t place, std::uint8_t end) {
  return {0x02, 0, 0, static_cast<std::uint8_t>((place + 1) >> 8), static_cast<std::uint8_t>(place + 1), end};
}

}  // namespace

LinkAddress gateway_end(std::uint16_t place) { return link_address(place, 1); }
LinkAddress wire_end(std::uint16_t place) { return link_address(place, 2); }

std::string to_string(const LinkAddress& a) { return fmt::format("{:02x}", fmt::join(a, ":")); }

Tap::Tap(const std::string& name, std::uint16_t place)
    : fd_(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)),
      gateway_(gateway_end(place)),
      wire_(wire_end(place)) {
  if (!fd_) throw Failure(fmt::format("cannot open /dev/net/tun: {}", std::strerror(errno)));
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (::ioctl(fd_.number(), TUNSETIFF, &request) != 0) {
    throw Failure(fmt::format("cannot make the device {}: {}", name, std::strerror(errno)));
  }
}

void Tap::send(wire::ByteView packet) {
  std::uint8_t header[header_size];
  std::copy(gateway_.begin(), gateway_.end(), header);
  std::copy(wire_.begin(), wire_.end(), header + 6);
  wire::store16(header + 12, type_ipv4);
  const iovec pieces[] = {{header, header_size}, {const_cast<std::uint8_t*>(packet.data()), packet.size()}};
  const ssize_t sent = ::writev(fd_.number(), pieces, 2);
  if (sent < 0 && errno != EIO) throw Failure(fmt::format("cannot write to the device: {}", std::strerror(errno)));
}

bool Tap::send_marker(wire::Address own, std::uint32_t number) {
  std::uint8_t frame[header_size + arp_size] = {};
  std::uint8_t sender[6] = {marker_mark};
  wire::store32(sender + 1, number);
  std::copy(gateway_.begin(), gateway_.end(), frame);
  std::copy(std::begin(sender), std::end(sender), frame + 6);
  wire::store16(frame + 12, type_arp);
  std::uint8_t* arp = frame + header_size;
  wire::store16(arp, 1);  // Ethernet
  wire::store16(arp + 2, type_ipv4);
  arp[4] = 6;
  arp[5] = 4;
  wire::store16(arp + 6, 1);  // request
  std::copy(std::begin(sender), std::end(sender), arp + 8);
  wire::store32(arp + 24, own.value);
  return ::write(fd_.number(), frame, sizeof frame) == static_cast<ssize_t>(sizeof frame);
}

std::optional<Tap::Frame> Tap::receive(std::span<std::uint8_t> room) {
  const ssize_t n = ::read(fd_.number(), room.data(), room.size());
  if (n < 0) {
    if (errno == EAGAIN || errno == EIO) return std::nullopt;
    throw Failure(fmt::format("cannot read from the device: {}", std::strerror(errno)));
  }
  const wire::ByteView frame = room.first(static_cast<std::size_t>(n));
  if (frame.size() < header_size) return Frame{};
  const std::uint16_t type = wire::load16(&frame[12]);
  if (type == type_ipv4) return Frame{frame.subspan(header_size), std::nullopt};
  const bool is_marker = type == type_arp && frame[0] == marker_mark && frame.size() >= header_size + arp_size;
  if (is_marker) return Frame{{}, wire::load32(&frame[1])};
  return Frame{};
}

}  // namespace masqsim::kernel
