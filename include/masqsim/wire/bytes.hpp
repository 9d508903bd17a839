// Network byte order, and the one packet buffer type that every layer below the network shares.
#pragma once

#include <cassert>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace masqsim::wire {

using ByteView = std::span<const std::uint8_t>;
using ByteEdit = std::span<std::uint8_t>;

template <typename T>
concept ByteLike = std::same_as<std::remove_const_t<T>, std::uint8_t>;

inline std::uint16_t load16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint32_t load32(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}
inline void store16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 8);
  p[1] = static_cast<std::uint8_t>(v);
}
inline void store32(std::uint8_t* p, std::uint32_t v) {
  store16(p, static_cast<std::uint16_t>(v >> 16));
  store16(p + 2, static_cast<std::uint16_t>(v));
}

/// A packet in somebody else's memory: `size` bytes are the packet, `room` bytes may be used in all, so that a
/// rewrite may change the length (FTP). Invariant: size <= room.
struct Buffer {
  std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t room = 0;

  ByteEdit bytes() const { return {data, size}; }
  ByteView view() const { return {data, size}; }
};

}  // namespace masqsim::wire
