#include "linux_gateway.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "conntrack.hpp"
#include "namespace.hpp"
#include "tap.hpp"

namespace masqsim::kernel {
namespace {

// Asked for by markers, whatever becomes of the interfaces' own addresses. RFC 2544's range, and of scope host, so that
// the kernel never chooses it as a source.
constexpr wire::Address marker_address = wire::address(198, 18, 255, 254);

sockaddr_in socket_address(wire::Endpoint e) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(e.port);
  a.sin_addr.s_addr = htonl(e.address.value);
  return a;
}

Descriptor bound_socket(int type, wire::Endpoint to) {
  Descriptor s(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  const sockaddr_in address = socket_address(to);
  if (!s || ::setsockopt(s.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(s.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw Failure(fmt::format("cannot bind {}: {}", wire::to_string(to), std::strerror(errno)));
  }
  return s;
}

}  // namespace

class LinuxGateway::Body {
 public:
  explicit Body(const GatewaySetup& setup) : room_(Tap::largest_frame) {
    if (setup.interfaces.empty()) throw Failure("a kernel gateway needs an interface");
    const Namespace::Inside inside(namespace_);
    forbid_ipv6();
    make_interfaces(setup);
    set_defaults(setup);
    if (!setup.ruleset.empty()) run_program({"nft", "-f", "-"}, setup.ruleset);
    // After the rules: they bring the connection tracker, and with it its sysctls.
    for (const Sysctl& s : setup.sysctls) write_sysctl(s.name, s.value);
    for (const Listener& l : setup.listeners) listen(l);
    std::vector<Out> noise;
    settle(noise);
  }

  void inject(std::uint16_t interface, wire::ByteView packet, std::vector<Out>& out) {
    taps_[interface].send(packet);
    settle(out);
  }

  // The kernel handles a written frame before the write returns, so what it causes lies in the devices' queues before
  // the answer to a marker that is written behind it. One marker an interface, so that each queue is known to be empty.
  void settle(std::vector<Out>& out) {
    const std::uint32_t number = ++markers_;
    for (std::size_t i = 0; i < taps_.size(); ++i) {
      if (taps_[i].send_marker(marker_address, number)) await_marker(i, number, out);
    }
    for (std::size_t i = 0; i < taps_.size(); ++i) read_waiting(i, out);
  }

  void drain(std::vector<Out>& out) {
    for (std::size_t i = 0; i < taps_.size(); ++i) read_waiting(i, out);
  }

  void wait(Duration span, std::vector<Out>& out) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + std::chrono::nanoseconds(span.ns);
    while (Clock::now() < end) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
      std::vector<pollfd> waiting;
      for (const Tap& tap : taps_) waiting.push_back({tap.descriptor(), POLLIN, 0});
      ::poll(waiting.data(), waiting.size(), static_cast<int>(left + 1));
      drain(out);
    }
  }

  const Namespace& home() const { return namespace_; }

 private:
  static void forbid_ipv6() {
    for (const char* name : {"net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.default.disable_ipv6"}) {
      if (has_sysctl(name)) write_sysctl(name, "1");
    }
  }

  void make_interfaces(const GatewaySetup& setup) {
    std::string commands =
        fmt::format("link set lo up\naddr add {}/32 dev lo scope host\n", wire::to_string(marker_address));
    for (std::uint16_t i = 0; i < setup.interfaces.size(); ++i) {
      const Interface& interface = setup.interfaces[i];
      taps_.emplace_back(interface.name, i);
      commands +=
          fmt::format("link set {} address {} mtu {}\n", interface.name, to_string(gateway_end(i)), interface.mtu);
      for (const InterfaceAddress& a : interface.addresses) {
        commands += fmt::format("addr add {}/{} dev {}\n", wire::to_string(a.address), a.length, interface.name);
      }
      commands += fmt::format("link set {} up\n", interface.name);
      for (const wire::Address neighbour : interface.neighbours) {
        commands += fmt::format("neigh add {} lladdr {} dev {}\n", wire::to_string(neighbour), to_string(wire_end(i)),
                                interface.name);
      }
    }
    for (const std::string& command : setup.addressing) commands += command + '\n';
    run_program({"ip", "-batch", "-"}, commands);
  }

  static void set_defaults(const GatewaySetup& setup) {
    write_sysctl("net.ipv4.ip_forward", "1");
    write_sysctl("net.ipv4.icmp_ratelimit", "0");
    for (const char* name : {"net.ipv4.icmp_msgs_per_sec", "net.ipv4.icmp_msgs_burst"}) {
      if (has_sysctl(name)) write_sysctl(name, "1000000");
    }
    write_sysctl("net.ipv4.conf.all.rp_filter", "0");
    write_sysctl("net.ipv4.conf.default.rp_filter", "0");
    for (const Interface& i : setup.interfaces) write_sysctl("net.ipv4.conf." + i.name + ".rp_filter", "0");
  }

  void listen(const Listener& l) {
    const bool tcp = l.protocol == wire::Protocol::tcp;
    Descriptor s = bound_socket(tcp ? SOCK_STREAM : SOCK_DGRAM, {{}, l.port});
    if (tcp && ::listen(s.number(), 8) != 0) throw Failure(fmt::format("cannot listen on port {}", l.port));
    sockets_.push_back(std::move(s));
  }

  void await_marker(std::size_t i, std::uint32_t number, std::vector<Out>& out) {
    for (int patience = 100; patience > 0; --patience) {
      while (const std::optional<Tap::Frame> frame = taps_[i].receive(room_)) {
        if (frame->marker == number) return;
        keep(i, *frame, out);
      }
      pollfd waiting{taps_[i].descriptor(), POLLIN, 0};
      ::poll(&waiting, 1, 10);
    }
    throw Failure("the kernel did not answer a marker within a second");
  }

  void read_waiting(std::size_t i, std::vector<Out>& out) {
    while (const std::optional<Tap::Frame> frame = taps_[i].receive(room_)) keep(i, *frame, out);
  }

  static void keep(std::size_t i, const Tap::Frame& frame, std::vector<Out>& out) {
    if (frame.packet.empty()) return;
    out.push_back({static_cast<std::uint16_t>(i), {frame.packet.begin(), frame.packet.end()}});
  }

  Namespace namespace_;
  std::vector<Tap> taps_;
  std::vector<Descriptor> sockets_;
  std::vector<std::uint8_t> room_;
  std::uint32_t markers_ = 0;
};

LinuxGateway::LinuxGateway(const GatewaySetup& setup) : body_(std::make_unique<Body>(setup)) {}
LinuxGateway::LinuxGateway(LinuxGateway&&) noexcept = default;
LinuxGateway& LinuxGateway::operator=(LinuxGateway&&) noexcept = default;
LinuxGateway::~LinuxGateway() = default;

void LinuxGateway::inject(std::uint16_t interface, wire::ByteView packet, std::vector<Out>& out) {
  body_->inject(interface, packet, out);
}
void LinuxGateway::drain(std::vector<Out>& out) { body_->settle(out); }
void LinuxGateway::wait(Duration span, std::vector<Out>& out) { body_->wait(span, out); }

std::vector<std::string> LinuxGateway::table() const {
  const Namespace::Inside inside(body_->home());
  return conntrack_lines();
}

void LinuxGateway::flush() {
  const Namespace::Inside inside(body_->home());
  conntrack_flush();
}

void LinuxGateway::ip(const std::string& commands) {
  const Namespace::Inside inside(body_->home());
  run_program({"ip", "-batch", "-"}, commands);
}

void LinuxGateway::nft(const std::string& text) {
  const Namespace::Inside inside(body_->home());
  run_program({"nft", "-f", "-"}, text);
}

void LinuxGateway::set(const Sysctl& sysctl) {
  const Namespace::Inside inside(body_->home());
  write_sysctl(sysctl.name, sysctl.value);
}

void LinuxGateway::send_udp(wire::Endpoint from, wire::Endpoint to, wire::ByteView payload) {
  const Namespace::Inside inside(body_->home());
  const Descriptor s = bound_socket(SOCK_DGRAM, from);
  const sockaddr_in address = socket_address(to);
  if (::sendto(s.number(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&address),
               sizeof address) < 0) {
    throw Failure(fmt::format("cannot send to {}: {}", wire::to_string(to), std::strerror(errno)));
  }
}

std::string LinuxGateway::peer_link_address(std::uint16_t interface) { return to_string(wire_end(interface)); }

}  // namespace masqsim::kernel
