// Captures are written little-endian on every machine, so that the same run gives the same file.
#pragma once

#include <cstdint>

namespace masqsim::trace {

/// Writes numbers one after the other to where `place` points.
class LittleEndian {
 public:
  explicit LittleEndian(std::uint8_t* place) : place_(place) {}
  LittleEndian& u16(std::uint32_t v) {
    *place_++ = static_cast<std::uint8_t>(v);
    *place_++ = static_cast<std::uint8_t>(v >> 8);
    return *this;
  }
  LittleEndian& u32(std::uint32_t v) { return u16(v & 0xffff).u16(v >> 16); }
  std::uint8_t* place() const { return place_; }

 private:
  std::uint8_t* place_;
};

/// LINKTYPE_IPV4: the packet begins with its IP header. Not LINKTYPE_RAW (101): libpcap 1.10 and with it tcpdump refuse
/// a pcapng of several such interfaces, because they compare that number with their own one for it.
inline constexpr std::uint32_t linktype_ipv4 = 228;

}  // namespace masqsim::trace
