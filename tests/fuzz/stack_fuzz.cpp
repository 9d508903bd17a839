// Any bytes as packets to a host with programs on every protocol, and a port that is only held: first a TCP handshake
// done properly, then what the input says, cut at its length bytes. Whatever comes, the host and its programs stay
// whole.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "masqsim/wire/build.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "sim/app/ping.hpp"
#include "sim/app/tcp.hpp"
#include "sim/app/udp.hpp"
#include "sim/box/held_port.hpp"
#include "sim/net/host.hpp"
#include "sim/net/network.hpp"

namespace {

using namespace masqsim;

constexpr wire::Address own = wire::address(10, 0, 0, 2), peer = wire::address(10, 0, 0, 1);

/// Sums made right, so that mutants get beyond the first check; half of the packets are left as they are.
void repair(std::vector<std::uint8_t>& bytes) {
  const auto ip = wire::Ipv4Edit::parse(bytes);
  if (!ip) return;
  ip->fix_sum();
  const auto payload = ip->payload();
  const std::size_t place = ip->protocol() == wire::Protocol::tcp ? 16 : ip->protocol() == wire::Protocol::udp ? 6 : 2;
  if (payload.size() < place + 2) return;
  wire::store16(&payload[place], 0);
  const std::uint16_t sum = ip->protocol() == wire::Protocol::icmp
                                ? wire::checksum(payload)
                                : wire::pseudo_checksum(ip->source(), ip->destination(), ip->protocol(), payload);
  wire::store16(&payload[place], sum);
}

/// Listens to what the host sends from its held port, so that packets can acknowledge it.
struct Overheard final : trace::Sink {
  void begin(const trace::Header&) override {}
  void record(const trace::Record& r) override {
    const auto ip = r.kind == trace::Kind::send ? wire::Ipv4View::parse(r.bytes) : std::nullopt;
    const auto tcp = ip && ip->protocol() == wire::Protocol::tcp ? wire::TcpView::parse(ip->payload()) : std::nullopt;
    if (tcp && tcp->source_port() == held && tcp->flags().any(wire::TcpFlags::syn)) begins_at = tcp->sequence();
  }
  void acknowledge(std::vector<std::uint8_t>& bytes) const {
    const auto ip = wire::Ipv4Edit::parse(bytes);
    const auto tcp = ip && ip->protocol() == wire::Protocol::tcp ? wire::TcpEdit::parse(ip->payload()) : std::nullopt;
    if (tcp && tcp->destination_port() == held) tcp->set_acknowledgment(begins_at + 1);
  }

  static constexpr std::uint16_t held = 22;
  std::uint32_t begins_at = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  net::Network network(1);
  Overheard overheard;
  network.trace().add(overheard);
  auto& host = network.add<net::Host>("h", trace::NodeKind::host);
  const std::uint32_t wire_index = network.add_segment("wire", {}, true);
  network.attach(host, wire_index, "eth0", "wire", own, 24);
  host.routes().add({.to = {wire::address(10, 0, 0, 0), 24}, .out = 0, .via = {}});
  app::TcpServer echo(host.stack(), {.port = 7, .echo = true});
  app::TcpServer web(host.stack(), {.port = 80, .reply = 3000, .close = true});
  app::UdpServer dns(host.stack(), {.port = 53, .echo = true});
  app::TcpClient tcp(host.stack(), {.from_port = 40000, .to = {peer, 80}, .size = 5000, .reply = 100});
  app::UdpClient udp(host.stack(), {.requests = {.size = 2000}, .from_port = 5000, .to = {peer, 53}});
  box::HeldPorts held(host.stack());
  held.hold(Overheard::held);
  app::Ping ping(host.stack(), {.requests = {.size = 56}, .id = 7, .to = peer});
  network.trace().begin(network.header());
  network.engine().run(Time{1});

  Time now{1};
  for (std::size_t at = 0; at + 2 <= size;) {
    const std::size_t length = std::min<std::size_t>(data[at], size - at - 2);
    const std::uint8_t how = data[at + 1];
    std::vector<std::uint8_t> bytes(data + at + 2, data + at + 2 + length);
    if ((how & 2) != 0) overheard.acknowledge(bytes);
    if ((how & 1) != 0) repair(bytes);
    host.receive(network.pool().make(bytes, 0), 0);
    now += Duration{std::int64_t{how} * 10'000'000};
    network.engine().run(now);
    at += 2 + length;
  }
  network.engine().run(now + 1000_s);
  return 0;
}
