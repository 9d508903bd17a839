#include "trouble.hpp"

#include "masqsim/wire/icmp.hpp"

namespace masqsim::net {

namespace icmp = wire::icmp;

std::string Trouble::text() const { return icmp::name(type, code) + " from " + to_string(from); }

TroubleKind kind_of(const Trouble& trouble) {
  if (trouble.type != icmp::unreachable) return TroubleKind::unreachable;
  switch (trouble.code) {
    case icmp::protocol_unreachable:
    case icmp::port_unreachable: return TroubleKind::refused;
    case icmp::fragmentation_needed: return TroubleKind::too_big;
    default: return TroubleKind::unreachable;
  }
}

}  // namespace masqsim::net
