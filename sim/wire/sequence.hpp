// TCP sequence numbers wrap around (RFC 9293 section 3.4).
#pragma once

#include <cstdint>

namespace masqsim::wire {

/// True where `a` lies before `b`; both lie within 2^31 of each other.
constexpr bool before(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }
constexpr bool after(std::uint32_t a, std::uint32_t b) { return before(b, a); }

}  // namespace masqsim::wire
