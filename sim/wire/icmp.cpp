#include "masqsim/wire/icmp.hpp"

#include <array>
#include <string_view>

#include "masqsim/wire/checksum.hpp"

namespace masqsim::wire {

std::uint16_t icmp_checksum(ByteView message) { return checksum(message); }

namespace icmp {

std::string name(std::uint8_t type, std::uint8_t code) {
  struct Entry {
    std::uint8_t type;
    int code;  // -1: whatever the code
    std::string_view name;
  };
  static constexpr std::array entries{
      Entry{echo_reply, -1, "echo reply"},
      Entry{echo, -1, "echo request"},
      Entry{unreachable, net_unreachable, "net unreachable"},
      Entry{unreachable, host_unreachable, "host unreachable"},
      Entry{unreachable, protocol_unreachable, "protocol unreachable"},
      Entry{unreachable, port_unreachable, "port unreachable"},
      Entry{unreachable, fragmentation_needed, "fragmentation needed"},
      Entry{unreachable, source_route_failed, "source route failed"},
      Entry{unreachable, admin_prohibited, "administratively prohibited"},
      Entry{source_quench, -1, "source quench"},
      Entry{redirect, -1, "redirect"},
      Entry{time_exceeded, 0, "TTL exceeded"},
      Entry{time_exceeded, 1, "reassembly time exceeded"},
      Entry{parameter_problem, -1, "parameter problem"},
      Entry{timestamp, -1, "timestamp request"},
      Entry{timestamp_reply, -1, "timestamp reply"},
      Entry{information, -1, "information request"},
      Entry{information_reply, -1, "information reply"},
      Entry{mask, -1, "mask request"},
      Entry{mask_reply, -1, "mask reply"},
  };
  for (const Entry& entry : entries) {
    if (entry.type == type && (entry.code < 0 || entry.code == code)) return std::string(entry.name);
  }
  return "ICMP " + std::to_string(type) + '/' + std::to_string(code);
}

}  // namespace icmp
}  // namespace masqsim::wire
