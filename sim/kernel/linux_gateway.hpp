// The running Linux kernel as a gateway: a network namespace of its own whose interfaces end in this process.
//
// Nothing has a name outside: the namespace and its interfaces live by file descriptors of this process alone, so they
// vanish with it, however it ends. The interfaces are TAP devices (Ethernet frames, not bare IP), because only behind
// Ethernet does the kernel look for neighbours, and so answers for hosts that are not there as a real gateway does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "masqsim/base/time.hpp"
#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "ruleset.hpp"

namespace masqsim::kernel {

/// The kernel refused something while the gateway was set up or acted upon; `what` says what and why.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What this process lacks to run a kernel gateway, as a sentence ("needs root to make a network namespace"); nothing
/// where all is there. Tried once, then remembered.
const std::optional<std::string>& missing();

struct InterfaceAddress {
  wire::Address address;
  std::uint8_t length = 24;
};

struct Interface {
  std::string name;                         ///< 1 to 15 characters
  std::vector<InterfaceAddress> addresses;  ///< the first is the primary one
  std::uint16_t mtu = 1500;
  std::vector<wire::Address> neighbours;  ///< who is there: known without asking
};

/// A socket bound on the gateway; TCP listens and never accepts.
struct Listener {
  wire::Protocol protocol{};
  std::uint16_t port = 0;
};

struct GatewaySetup {
  std::vector<Interface> interfaces;    ///< at least one; packets name them by their place here
  std::vector<std::string> addressing;  ///< further `ip` commands, such as "route add default via 203.0.113.254"
  std::string ruleset;                  ///< nft; empty: none
  std::vector<Sysctl> sysctls;          ///< after forwarding on, reverse path filter and ICMP rate limits off
  std::vector<Listener> listeners;
};

struct Out {
  std::uint16_t interface = 0;
  std::vector<std::uint8_t> bytes;  ///< an IPv4 packet
  bool operator==(const Out&) const = default;
};

class LinuxGateway {
 public:
  /// Throws Failure.
  explicit LinuxGateway(const GatewaySetup& setup);
  LinuxGateway(LinuxGateway&&) noexcept;
  LinuxGateway& operator=(LinuxGateway&&) noexcept;
  ~LinuxGateway();

  /// Puts `packet` (at most 65535 bytes, of any content) on the wire at `interface` and adds what came out because of
  /// it to `out`: all of it, since a marker that was written behind it has come back on every interface.
  void inject(std::uint16_t interface, wire::ByteView packet, std::vector<Out>& out);
  /// Adds what has come out by itself.
  void drain(std::vector<Out>& out);
  /// Lets real time pass, adding what comes out meanwhile.
  void wait(Duration span, std::vector<Out>& out);

  /// Lines of /proc/net/nf_conntrack, IPv4 only.
  std::vector<std::string> table() const;
  /// Forgets every entry.
  void flush();

  /// Runs `ip` commands, one a line, in the gateway. Throws Failure.
  void ip(const std::string& commands);
  /// Feeds `text` to nft in the gateway. Throws Failure.
  void nft(const std::string& text);
  /// Throws Failure.
  void set(const Sysctl& sysctl);
  /// Packets of the gateway's own: from `from` (address may be 0.0.0.0) to `to`.
  void send_udp(wire::Endpoint from, wire::Endpoint to, wire::ByteView payload);
  /// The neighbour's link address that frames to this process carry: for `ip neigh add`.
  static std::string peer_link_address(std::uint16_t interface);

 private:
  class Body;
  std::unique_ptr<Body> body_;
};

}  // namespace masqsim::kernel
