// The states that connection tracking knows, by conntrack's names.
#pragma once

#include <cstdint>
#include <string>

namespace masqsim::nat {

/// Original: the direction of the flow's first packet.
enum class Direction : std::uint8_t { original, reply };

enum class TcpState : std::uint8_t {
  none,
  syn_sent,
  syn_sent2,
  syn_recv,
  established,
  fin_wait,
  close_wait,
  last_ack,
  time_wait,
  close
};

enum class SctpState : std::uint8_t {
  none,
  closed,
  cookie_wait,
  cookie_echoed,
  established,
  shutdown_sent,
  shutdown_recd,
  shutdown_ack_sent,
  heartbeat_sent
};

/// As /proc/net/nf_conntrack prints it: "SYN_SENT".
std::string to_string(TcpState s);
/// As /proc/net/nf_conntrack prints it: "COOKIE_WAIT".
std::string to_string(SctpState s);

}  // namespace masqsim::nat
