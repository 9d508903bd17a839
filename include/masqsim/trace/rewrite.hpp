// What a rewrite changed, field by field, in words: the text trace, the story, the lab page and the captures' comments
// all say it from here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/wire/bytes.hpp"

namespace masqsim::trace {

/// How much a changed field matters to somebody who reads about the translation.
enum class Weight : std::uint8_t {
  address,  ///< who talks to whom: src, dst, icmp id, and the same of a quoted packet
  content,  ///< anything else that means something: seq, window, options, payload
  routine   ///< what every router or repair does: ttl, lengths, checksums
};

struct FieldChange {
  std::string field;  ///< "src", "dst", "ttl", "ip sum", "tcp sum", "icmp id", "quoted src", "payload length", ...
  std::string from;   ///< "192.168.1.10:40000", "64", "4edb"; sums are four hex digits
  std::string to;
  Weight weight{};

  bool operator==(const FieldChange&) const = default;
};

/// What differs between a packet as it came and as it leaves; in the order src, dst, icmp id, then header by header.
/// Empty exactly when the bytes are equal. Any bytes may be given: what is no IPv4 packet differs in "bytes".
std::vector<FieldChange> changes_of(wire::ByteView before, wire::ByteView after);

/// "src 192.168.1.10:40000 => 203.0.113.5:40000"; with `arrow` "=>" instead of " => ": "ttl 64=>63".
std::string to_text(const FieldChange& change, std::string_view arrow = " => ");

}  // namespace masqsim::trace
