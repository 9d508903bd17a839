// IP options on their way through a router (RFC 791 section 3.1, RFC 1812 section 5.2.4), as Linux handles them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::net {

/// What taking in the options found.
struct OptionsRead {
  /// the list is damaged at this byte of the header: the sender is owed ICMP 12/0
  std::optional<std::uint8_t> problem;
  bool source_route = false;    ///< strict or loose; Linux takes none by default
  std::uint8_t address_at = 0;  ///< record route: where in the header the outgoing address goes; 0: nowhere
  bool changed = false;         ///< the header checksum is to be made anew
};

/// Reads the options of a packet that arrived: takes the next free slot of record route and timestamp options for the
/// address `facing` its sender, writes the time (milliseconds since midnight, here since the run began) and counts
/// overflows. `owned` says whether an address is the router's own (timestamps with prespecified addresses). The header
/// checksum stays as it was: Linux makes it anew only for what it forwards.
template <typename Owned>
OptionsRead take_options(wire::Ipv4Edit packet, Time now, wire::Address facing, Owned owned);

/// Writes the address of the interface that the packet leaves by into the slot that record route took, and repairs the
/// header sum. (A timestamp keeps the address that faces the sender: Linux corrects it for source routes only.)
void finish_options(wire::Ipv4Edit packet, const OptionsRead& read, wire::Address outgoing);

/// The options of an answer (reset, echo reply, ICMP error) to a packet whose options were taken: its record route, its
/// timestamp, another slot of each taken by `own`, and its security label. Empty for packets without any. `damaged_at`:
/// the byte at which taking them stopped; what contains it or lies behind is not answered.
struct AnswerOptions {
  std::array<std::uint8_t, 40> bytes{};
  std::size_t size = 0;  ///< a multiple of 4
  bool possible = true;  ///< false: an option has a slot begun that holds nothing; Linux makes no answer then
  wire::ByteView view() const { return wire::ByteView(bytes).first(size); }
};
AnswerOptions answer_options(wire::Ipv4View asked, Time now, wire::Address own, std::size_t damaged_at = 60);

/// For all fragments but the first: options that are not to be copied (RFC 791: their copied flag is clear) become
/// no-operations, so that the header keeps its length.
void blank_uncopied_options(wire::Ipv4Edit packet);

// --------------------------------------------------------------------------------------------------------------------

namespace option {
inline constexpr std::uint8_t end = 0, no_operation = 1, record_route = 7, timestamp = 68, router_alert = 148,
                              loose_source_route = 131, strict_source_route = 137, security_label = 134;
inline constexpr std::uint8_t copied = 0x80;
// flags of `timestamp`
inline constexpr std::uint8_t stamp_only = 0, stamp_and_address = 1, stamp_prespecified = 3;
}  // namespace option

/// RFC 791: milliseconds since midnight UT; here since the run began.
constexpr std::uint32_t milliseconds_of_day(Time now) {
  constexpr std::int64_t day_ms = 24 * 60 * 60 * 1000;
  return static_cast<std::uint32_t>(now.ns / 1'000'000 % day_ms);
}

template <typename Owned>
OptionsRead take_options(wire::Ipv4Edit packet, Time now, wire::Address facing, Owned owned) {
  OptionsRead read;
  const wire::ByteEdit header = packet.header();
  bool seen_route = false, seen_stamp = false;
  const auto stamp = [&](std::size_t at) {
    wire::store32(&header[at], milliseconds_of_day(now));
    read.changed = true;
  };
  const auto wrong_at = [&](std::size_t at) {
    read.problem = static_cast<std::uint8_t>(at);
    return read;
  };

  for (std::size_t at = 20; at < header.size();) {
    if (header[at] == option::end) {
      for (std::size_t rest = at + 1; rest < header.size(); ++rest) {
        if (header[rest] == option::end) continue;
        header[rest] = option::end;
        read.changed = true;
      }
      break;
    }
    if (header[at] == option::no_operation) {
      ++at;
      continue;
    }
    if (header.size() - at < 2) return wrong_at(at);
    const std::size_t length = header[at + 1];
    if (length < 2 || length > header.size() - at) return wrong_at(at);

    switch (header[at]) {
      case option::loose_source_route:
      case option::strict_source_route:
        if (length < 3) return wrong_at(at + 1);
        if (header[at + 2] < 4) return wrong_at(at + 2);
        if (read.source_route) return wrong_at(at);
        read.source_route = true;
        break;
      case option::record_route: {
        if (seen_route) return wrong_at(at);
        if (length < 3) return wrong_at(at + 1);
        const std::size_t pointer = header[at + 2];
        if (pointer < 4) return wrong_at(at + 2);
        seen_route = true;
        if (pointer > length) break;
        if (pointer + 3 > length) return wrong_at(at + 2);
        read.address_at = static_cast<std::uint8_t>(at + pointer - 1);
        wire::store32(&header[read.address_at], facing.value);
        header[at + 2] = static_cast<std::uint8_t>(pointer + 4);
        read.changed = true;
        break;
      }
      case option::timestamp: {
        if (seen_stamp) return wrong_at(at);
        if (length < 4) return wrong_at(at + 1);
        const std::size_t pointer = header[at + 2];
        if (pointer < 5) return wrong_at(at + 2);
        seen_stamp = true;
        const std::uint8_t kind = header[at + 3] & 15u;
        if (pointer > length) {
          if (kind == option::stamp_prespecified) break;
          if (header[at + 3] >> 4 == 15) return wrong_at(at + 3);
          header[at + 3] = static_cast<std::uint8_t>(header[at + 3] + 0x10);
          read.changed = true;
          break;
        }
        const bool with_address = kind == option::stamp_and_address || kind == option::stamp_prespecified;
        if (pointer + (with_address ? 7u : 3u) > length) return wrong_at(at + 2);
        if (kind == option::stamp_only) {
          stamp(at + pointer - 1);
        } else if (kind == option::stamp_and_address) {
          wire::store32(&header[at + pointer - 1], facing.value);
          stamp(at + pointer + 3);
        } else if (kind == option::stamp_prespecified) {
          if (!owned(wire::Address{wire::load32(&header[at + pointer - 1])})) break;
          stamp(at + pointer + 3);
        } else {
          break;
        }
        header[at + 2] = static_cast<std::uint8_t>(pointer + (with_address ? 8 : 4));
        break;
      }
      case option::security_label:  // CIPSO; Linux refuses labels of domains that nobody has set up
        return wrong_at(at + (length < 8 ? 1 : 2));
      case option::router_alert:
        if (length < 4) return wrong_at(at + 1);
        break;
      default: break;
    }
    at += length;
  }
  return read;
}

}  // namespace masqsim::net
