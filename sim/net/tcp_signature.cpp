#include "tcp_signature.hpp"

namespace masqsim::net {

Signature signature_of(wire::TcpView tcp) {
  constexpr std::size_t room = 18, header_of_new = 4;
  constexpr std::uint8_t end = 0, no_operation = 1, old_kind = 19, new_kind = 29;
  Signature found = Signature::none;
  wire::ByteView left = tcp.options();
  while (left.size() >= room && left[0] != end) {
    if (left[0] == no_operation) {
      left = left.subspan(1);
      continue;
    }
    const std::size_t length = left[1];
    if (length < 2 || length > left.size() || left[0] == old_kind) return Signature::unacceptable;
    if (left[0] == new_kind) {
      if (length <= header_of_new || found != Signature::none) return Signature::unacceptable;
      found = Signature::ignored;
    }
    left = left.subspan(length);
  }
  return found;
}

}  // namespace masqsim::net
