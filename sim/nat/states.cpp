#include "masqsim/nat/states.hpp"

namespace masqsim::nat {

std::string to_string(TcpState s) {
  switch (s) {
    case TcpState::none: return "NONE";
    case TcpState::syn_sent: return "SYN_SENT";
    case TcpState::syn_sent2: return "SYN_SENT2";
    case TcpState::syn_recv: return "SYN_RECV";
    case TcpState::established: return "ESTABLISHED";
    case TcpState::fin_wait: return "FIN_WAIT";
    case TcpState::close_wait: return "CLOSE_WAIT";
    case TcpState::last_ack: return "LAST_ACK";
    case TcpState::time_wait: return "TIME_WAIT";
    case TcpState::close: return "CLOSE";
  }
  return "NONE";
}

std::string to_string(SctpState s) {
  switch (s) {
    case SctpState::none: return "NONE";
    case SctpState::closed: return "CLOSED";
    case SctpState::cookie_wait: return "COOKIE_WAIT";
    case SctpState::cookie_echoed: return "COOKIE_ECHOED";
    case SctpState::established: return "ESTABLISHED";
    case SctpState::shutdown_sent: return "SHUTDOWN_SENT";
    case SctpState::shutdown_recd: return "SHUTDOWN_RECD";
    case SctpState::shutdown_ack_sent: return "SHUTDOWN_ACK_SENT";
    case SctpState::heartbeat_sent: return "HEARTBEAT_SENT";
  }
  return "NONE";
}

}  // namespace masqsim::nat
