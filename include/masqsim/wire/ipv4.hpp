// A view of an IPv4 packet (RFC 791). A view that exists is in bounds; nothing is copied.
#pragma once

#include <optional>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "masqsim/wire/checksum.hpp"

namespace masqsim::wire {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |Version|  IHL  |Type of Service|          Total Length         |
// |         Identification        |Flags|      Fragment Offset    |
// |  Time to Live |    Protocol   |         Header Checksum       |
// |                       Source Address                          |
// |                    Destination Address                        |
// |                    Options                    |    Padding    |
template <ByteLike Byte>
class Ipv4 {
 public:
  static constexpr std::uint16_t dont_fragment = 0x4000;
  static constexpr std::uint16_t more_fragments = 0x2000;
  static constexpr std::uint16_t reserved_bit = 0x8000;
  static constexpr std::uint16_t offset_mask = 0x1fff;

  /// A whole packet: version 4, a header of 20 to 60 bytes, header <= total length <= bytes. Bytes beyond the total
  /// length are not part of the view. The header checksum is not checked (see `sum_ok`).
  static std::optional<Ipv4> parse(std::span<Byte> bytes) {
    const std::optional<Ipv4> head = parse_quoted(bytes);
    if (!head || head->total_length() < head->header_length() || head->total_length() > bytes.size()) {
      return std::nullopt;
    }
    return Ipv4(bytes.first(head->total_length()));
  }

  /// A packet quoted in an ICMP error: the header must be there whole, the rest may be cut anywhere (RFC 792).
  static std::optional<Ipv4> parse_quoted(std::span<Byte> bytes) {
    if (bytes.empty() || bytes[0] >> 4 != 4 || (bytes[0] & 15u) < 5) return std::nullopt;
    return parse_quoted_unchecked(bytes);
  }

  /// The same without a look at version and least header length, as Linux reads a quote.
  static std::optional<Ipv4> parse_quoted_unchecked(std::span<Byte> bytes) {
    if (bytes.size() < 20 || (bytes[0] & 15u) * 4u > bytes.size()) return std::nullopt;
    return Ipv4(bytes);
  }

  std::size_t header_length() const { return (bytes_[0] & 15u) * 4u; }
  std::uint8_t tos() const { return bytes_[1]; }
  std::uint16_t total_length() const { return load16(&bytes_[2]); }
  std::uint16_t id() const { return load16(&bytes_[4]); }
  /// The whole word of flags and fragment offset.
  std::uint16_t fragment_word() const { return load16(&bytes_[6]); }
  bool has_df() const { return (fragment_word() & dont_fragment) != 0; }
  bool has_mf() const { return (fragment_word() & more_fragments) != 0; }
  /// In bytes.
  std::uint32_t fragment_offset() const { return (fragment_word() & offset_mask) * 8u; }
  bool is_fragment() const { return (fragment_word() & (more_fragments | offset_mask)) != 0; }
  std::uint8_t ttl() const { return bytes_[8]; }
  Protocol protocol() const { return Protocol{bytes_[9]}; }
  std::uint16_t sum() const { return load16(&bytes_[10]); }
  bool sum_ok() const { return checksum(header()) == 0; }
  Address source() const { return {load32(&bytes_[12])}; }
  Address destination() const { return {load32(&bytes_[16])}; }

  std::span<Byte> bytes() const { return bytes_; }
  std::span<Byte> header() const { return bytes_.first(header_length()); }
  std::span<Byte> options() const { return bytes_.subspan(20, header_length() - 20); }
  std::span<Byte> payload() const { return bytes_.subspan(header_length()); }

  // Writing leaves the checksum alone, except the four `rewrite_` members, which repair it by difference.
  void set_tos(std::uint8_t v) const { bytes_[1] = v; }
  void set_total_length(std::uint16_t v) const { store16(&bytes_[2], v); }
  void set_id(std::uint16_t v) const { store16(&bytes_[4], v); }
  void set_fragment_word(std::uint16_t v) const { store16(&bytes_[6], v); }
  void set_sum(std::uint16_t v) const { store16(&bytes_[10], v); }
  void fix_sum() const {
    set_sum(0);
    set_sum(checksum(header()));
  }
  void rewrite_id(std::uint16_t v) const {
    set_sum(adjust(sum(), id(), v));
    set_id(v);
  }
  void rewrite_ttl(std::uint8_t v) const {
    const std::uint16_t before = load16(&bytes_[8]);
    bytes_[8] = v;
    set_sum(adjust(sum(), before, load16(&bytes_[8])));
  }
  void rewrite_source(Address a) const {
    set_sum(adjust32(sum(), source().value, a.value));
    store32(&bytes_[12], a.value);
  }
  void rewrite_destination(Address a) const {
    set_sum(adjust32(sum(), destination().value, a.value));
    store32(&bytes_[16], a.value);
  }

 private:
  explicit Ipv4(std::span<Byte> bytes) : bytes_(bytes) {}
  std::span<Byte> bytes_;
};

using Ipv4View = Ipv4<const std::uint8_t>;
using Ipv4Edit = Ipv4<std::uint8_t>;

}  // namespace masqsim::wire
