// One Ethernet interface of a namespace whose wire is this process.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "descriptor.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"

namespace masqsim::kernel {

using LinkAddress = std::array<std::uint8_t, 6>;

/// Locally administered addresses, fixed by the interface's place: 02:00:00:00:NN:01 is the gateway's end,
/// 02:00:00:00:NN:02 everybody on the wire.
LinkAddress gateway_end(std::uint16_t place);
LinkAddress wire_end(std::uint16_t place);
std::string to_string(const LinkAddress& a);

class Tap {
 public:
  static constexpr std::size_t header_size = 14;
  static constexpr std::size_t largest_frame = header_size + 65535;

  /// Makes the device in the calling thread's namespace. Throws Failure.
  Tap(const std::string& name, std::uint16_t place);

  /// Sends an IPv4 packet of any bytes; one for a device that is down is lost, as on a pulled cable.
  void send(wire::ByteView packet);
  /// An ARP probe (RFC 5227: sender address zero) for the gateway's own address `own`: the kernel answers at once,
  /// whatever the firewall says, and remembers nothing of it. `number` comes back with the answer.
  /// False where the device is down.
  bool send_marker(wire::Address own, std::uint32_t number);

  struct Frame {
    wire::ByteView packet;                ///< of an IPv4 frame, else empty
    std::optional<std::uint32_t> marker;  ///< the number of an answered marker
  };
  /// The next frame that came out; nothing if none waits. Valid until the next call.
  std::optional<Frame> receive(std::span<std::uint8_t> room);

  int descriptor() const { return fd_.number(); }

 private:
  Descriptor fd_;
  LinkAddress gateway_;
  LinkAddress wire_;
};

}  // namespace masqsim::kernel
