// The gateway's own TCP begins its numbers by chance, so no recorded packet could acknowledge one of them. Told
// relative to where the gateway began, they are the same in every run.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "masqsim/wire/address.hpp"

namespace masqsim::cases {

/// Learns from the SYN+ACKs that the gateway itself sends. In relative words its initial sequence number is 0 and the
/// timestamp of that SYN+ACK is 1; a timestamp echo of 0 says nothing and stays.
class OwnNumbers {
 public:
  /// Of a packet to the gateway: acknowledgment and timestamp echo are relative, and become real.
  void make_real(std::vector<std::uint8_t>& packet) const;
  /// Of a packet that came out: sequence number and timestamp become relative. Others' packets stay as they are.
  void make_relative(std::vector<std::uint8_t>& packet);

 private:
  struct Begin {
    std::uint32_t sequence = 0;
    std::uint32_t stamp = 0;
  };
  std::map<std::pair<wire::Endpoint, wire::Endpoint>, Begin> begins_;  // by the gateway's end and the other
};

}  // namespace masqsim::cases
