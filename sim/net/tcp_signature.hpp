// Signatures of TCP segments, as Linux treats them where it has no keys.
#pragma once

#include <cstdint>

#include "masqsim/wire/tcp.hpp"

namespace masqsim::net {

enum class Signature : std::uint8_t {
  none,
  ignored,      ///< RFC 5925: the segment is taken, but no reset answers it, since a reset could not be signed
  unacceptable  ///< RFC 2385, a second signature, or a damaged list of options: the segment is discarded
};

/// The signature among the options of `tcp`. Linux looks no further than an option of RFC 2385 has room.
Signature signature_of(wire::TcpView tcp);

}  // namespace masqsim::net
