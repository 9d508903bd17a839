// A view of a TCP segment (RFC 9293 section 3.1).
#pragma once

#include <optional>
#include <string>

#include "masqsim/wire/bytes.hpp"

namespace masqsim::wire {

/// The flag bits as they lie in byte 13.
struct TcpFlags {
  std::uint8_t bits = 0;

  static constexpr std::uint8_t fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ece = 64, cwr = 128;

  constexpr bool operator==(const TcpFlags&) const = default;
  constexpr bool has(std::uint8_t mask) const { return (bits & mask) == mask; }
  constexpr bool any(std::uint8_t mask) const { return (bits & mask) != 0; }
};

/// "SYN", "S+A", "ACK", "FIN+A", "RST", "PSH+A", ...: as the story prints it; "none" for no flag.
std::string to_string(TcpFlags f);

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |          Source Port          |       Destination Port        |
// |                        Sequence Number                        |
// |                    Acknowledgment Number                      |
// |  Data |       |C|E|U|A|P|R|S|F|                               |
// | Offset| Rsrvd |W|C|R|C|S|S|Y|I|            Window             |
// |           Checksum            |         Urgent Pointer        |
// |                           [Options]                           |
template <ByteLike Byte>
class Tcp {
 public:
  static constexpr std::size_t header_size = 20;

  /// The header must be there whole: 20 bytes, data offset 5 to 15 words, within the segment.
  static std::optional<Tcp> parse(std::span<Byte> segment) {
    if (segment.size() < header_size) return std::nullopt;
    const std::size_t header = (segment[12] >> 4) * 4u;
    if (header < header_size || header > segment.size()) return std::nullopt;
    return Tcp(segment);
  }

  std::uint16_t source_port() const { return load16(&bytes_[0]); }
  std::uint16_t destination_port() const { return load16(&bytes_[2]); }
  std::uint32_t sequence() const { return load32(&bytes_[4]); }
  std::uint32_t acknowledgment() const { return load32(&bytes_[8]); }
  std::size_t header_length() const { return (bytes_[12] >> 4) * 4u; }
  TcpFlags flags() const { return {bytes_[13]}; }
  std::uint16_t window() const { return load16(&bytes_[14]); }
  std::uint16_t sum() const { return load16(&bytes_[16]); }
  std::uint16_t urgent_pointer() const { return load16(&bytes_[18]); }
  std::span<Byte> options() const { return bytes_.subspan(header_size, header_length() - header_size); }
  std::span<Byte> payload() const { return bytes_.subspan(header_length()); }
  std::span<Byte> bytes() const { return bytes_; }

  void set_source_port(std::uint16_t v) const { store16(&bytes_[0], v); }
  void set_destination_port(std::uint16_t v) const { store16(&bytes_[2], v); }
  void set_sequence(std::uint32_t v) const { store32(&bytes_[4], v); }
  void set_acknowledgment(std::uint32_t v) const { store32(&bytes_[8], v); }
  void set_window(std::uint16_t v) const { store16(&bytes_[14], v); }
  void set_sum(std::uint16_t v) const { store16(&bytes_[16], v); }

 private:
  explicit Tcp(std::span<Byte> bytes) : bytes_(bytes) {}
  std::span<Byte> bytes_;
};

using TcpView = Tcp<const std::uint8_t>;
using TcpEdit = Tcp<std::uint8_t>;

/// RFC 7323 section 3.
struct TcpTimestamps {
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  constexpr bool operator==(const TcpTimestamps&) const = default;
};

/// The options a small stack and a tracker need; absent ones are nothing. A malformed list ends the walk quietly,
/// what was read before it stays (as hosts do).
struct TcpOptions {
  std::optional<std::uint16_t> mss;
  std::optional<std::uint8_t> window_scale;
  bool sack_permitted = false;
  std::optional<TcpTimestamps> timestamps;
};
TcpOptions read_options(TcpView segment);

}  // namespace masqsim::wire
