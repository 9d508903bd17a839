#include "ip_options.hpp"

namespace masqsim::net {

void finish_options(wire::Ipv4Edit packet, const OptionsRead& read, wire::Address outgoing) {
  if (!read.changed) return;
  const wire::ByteEdit header = packet.header();
  if (read.address_at != 0) wire::store32(&header[read.address_at], outgoing.value);
  if (read.stamped_at != 0) wire::store32(&header[read.stamped_at], outgoing.value);
  packet.fix_sum();
}

void blank_uncopied_options(wire::Ipv4Edit packet) {
  const wire::ByteEdit options = packet.options();
  for (std::size_t at = 0; at < options.size();) {
    if (options[at] == option::end) return;
    if (options[at] == option::no_operation) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return;
    const std::size_t length = options[at + 1];
    if (length < 2 || length > options.size() - at) return;
    if ((options[at] & option::copied) == 0) {
      for (std::size_t n = 0; n < length; ++n) options[at + n] = option::no_operation;
    }
    at += length;
  }
}

}  // namespace masqsim::net
