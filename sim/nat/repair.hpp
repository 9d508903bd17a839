// Internet checksums repaired by what has changed (RFC 1624), in the kernel's arithmetic.
#pragma once

#include <cstdint>

#include "masqsim/wire/checksum.hpp"

namespace masqsim::nat {

/// Differences to a checksum, applied at once. The kernel's arithmetic never gives ffff: 0 is 0000 there.
class Repair {
 public:
  Repair& word(std::uint16_t from, std::uint16_t to) {
    total_.add16(static_cast<std::uint16_t>(~from)).add16(to);
    return *this;
  }
  Repair& address(std::uint32_t from, std::uint32_t to) {
    total_.add32(~from).add32(to);
    return *this;
  }
  std::uint16_t apply(std::uint16_t sum) const {
    return wire::Sum(total_).add16(0xffff).add16(static_cast<std::uint16_t>(~sum)).checksum();
  }

 private:
  wire::Sum total_;
};

}  // namespace masqsim::nat
