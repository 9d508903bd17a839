// A view of a UDP datagram (RFC 768).
#pragma once

#include <optional>

#include "masqsim/wire/bytes.hpp"

namespace masqsim::wire {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |          Source Port          |       Destination Port        |
// |            Length             |           Checksum            |
template <ByteLike Byte>
class Udp {
 public:
  static constexpr std::size_t header_size = 8;

  /// At least the header; the length field is not checked (a gateway forwards what lies, a host looks at `length_ok`).
  static std::optional<Udp> parse(std::span<Byte> segment) {
    if (segment.size() < header_size) return std::nullopt;
    return Udp(segment);
  }

  std::uint16_t source_port() const { return load16(&bytes_[0]); }
  std::uint16_t destination_port() const { return load16(&bytes_[2]); }
  std::uint16_t length() const { return load16(&bytes_[4]); }
  bool length_ok() const { return length() >= header_size && length() <= bytes_.size(); }
  /// Zero means that the sender computed none.
  std::uint16_t sum() const { return load16(&bytes_[6]); }
  std::span<Byte> bytes() const { return bytes_; }
  /// All that follows the header, up to the length field where that is sound.
  std::span<Byte> payload() const {
    return length_ok() ? bytes_.subspan(header_size, length() - header_size) : bytes_.subspan(header_size);
  }

  void set_source_port(std::uint16_t v) const { store16(&bytes_[0], v); }
  void set_destination_port(std::uint16_t v) const { store16(&bytes_[2], v); }
  void set_length(std::uint16_t v) const { store16(&bytes_[4], v); }
  void set_sum(std::uint16_t v) const { store16(&bytes_[6], v); }

 private:
  explicit Udp(std::span<Byte> bytes) : bytes_(bytes) {}
  std::span<Byte> bytes_;
};

using UdpView = Udp<const std::uint8_t>;
using UdpEdit = Udp<std::uint8_t>;

}  // namespace masqsim::wire
