// The seam for another TCP than the stack's own.
#pragma once

#include <cstdint>

#include "masqsim/trace/record.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "masqsim/wire/tcp.hpp"

namespace masqsim::net {

/// Who answers all TCP segments to some ports in the place of the stack's own TCP.
class TcpSegmentHandler {
 public:
  enum class Verdict : std::uint8_t {
    taken,    ///< recorded as delivered
    ignored,  ///< dropped
    refused   ///< dropped, and answered by a reset
  };

  virtual bool serves(std::uint16_t port) const = 0;
  /// A segment with a sound checksum, addressed to the node and to a port that `serves` is true for. `flow` is that of
  /// its packet.
  virtual Verdict on_segment(wire::Ipv4View ip, wire::TcpView tcp, trace::FlowId flow) = 0;

 protected:
  ~TcpSegmentHandler() = default;
};

}  // namespace masqsim::net
