// Any bytes as what happens to a NAT: a stream of steps, each a hook's packet or a change around it. Whatever comes,
// nothing is read out of bounds, the table keeps to its limit, no two entries answer to one tuple, and all of them
// expire in the end.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <tuple>
#include <vector>

#include "masqsim/nat/nat.hpp"
#include "masqsim/wire/build.hpp"
#include "masqsim/wire/ipv4.hpp"
#include "sim/net/reassembler.hpp"

namespace {

using namespace masqsim;
using namespace masqsim::literals;

constexpr nat::InterfaceId lan = 0, wan = 1;
constexpr wire::Address outer = wire::address(203, 0, 113, 1), inner = wire::address(192, 168, 1, 1);

void demand(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(data, size) {}
  bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const std::uint8_t b = left_[0];
    left_ = left_.subspan(1);
    return b;
  }
  std::uint32_t word() {
    const std::uint32_t high = byte();
    return high << 8 | byte();
  }
  wire::ByteView take(std::size_t n) {
    const wire::ByteView taken = left_.first(std::min(n, left_.size()));
    left_ = left_.subspan(taken.size());
    return taken;
  }

 private:
  wire::ByteView left_;
};

nat::Config config_of(std::uint8_t choice) {
  nat::Config config;
  config.source.push_back({.out = wan});
  config.limits.table = 24;
  config.alg_ftp = true;
  config.verify_checksums = false;  // otherwise next to nothing gets past the sums
  config.firewall.inside = {lan};
  config.mapping = static_cast<nat::Mapping>(choice & 3);
  config.filtering = static_cast<nat::Filtering>((choice >> 2) % 3);
  config.hairpin = static_cast<nat::Hairpin>((choice >> 4) % 3);
  if ((choice & 0x40) != 0) config.source.front().ports = nat::PortRange{2000, 2003};
  if ((choice & 0x80) != 0) {
    config.limits.flows_per_host = 4;
    nat::DestinationRule rule;
    rule.to = {outer, 32};
    rule.forward = wire::address(192, 168, 1, 10);
    rule.port = nat::PortRange{80, 90};
    config.destination.push_back(rule);
  }
  return config;
}

/// A packet between a few hosts and ports, so that sequences hit one another; or bytes as they come.
std::vector<std::uint8_t> packet_of(Input& in, bool from_inside) {
  const std::uint8_t kind = in.byte();
  const wire::Address inside = from_inside ? wire::address(192, 168, 1, 10 + (kind >> 6)) : outer;
  const wire::Address remote = wire::address(198, 51, 100, 7 + (kind >> 5 & 1));
  const wire::IpFields ip{.source = from_inside ? inside : remote, .destination = from_inside ? remote : inside};
  const auto near = static_cast<std::uint16_t>(2000 + in.byte() % 4);
  const std::uint16_t far = (kind & 0x10) != 0 ? 21 : 80;
  const std::uint16_t source = from_inside ? near : far;
  const std::uint16_t destination = from_inside ? far : near;
  switch (kind & 7) {
    case 0: return wire::udp_packet(ip, source, destination, in.take(in.byte() & 15));
    case 1:
    case 2: {
      wire::TcpFields tcp{source,    destination, in.word(),
                          in.word(), {in.byte()}, static_cast<std::uint16_t>(in.word())};
      std::vector<std::uint8_t> options(static_cast<std::size_t>(in.byte() & 3) * 4);
      std::ranges::generate(options, [&] { return in.byte(); });
      tcp.options = options;
      return wire::tcp_packet(ip, tcp, in.take(in.byte() & 63));
    }
    case 3: return wire::icmp_packet(ip, {in.byte(), in.byte(), std::uint32_t{near} << 16}, in.take(in.byte() & 63));
    case 4: {
      const wire::IpFields back{.source = ip.destination, .destination = ip.source};
      const std::vector<std::uint8_t> quoted = wire::udp_packet(back, destination, source, {});
      return wire::icmp_packet(ip, {in.byte(), in.byte(), 0},
                               wire::ByteView(quoted).first(in.byte() % (quoted.size() + 1)));
    }
    case 5: return wire::ip_packet(ip, wire::Protocol{in.byte()}, in.take(in.byte() & 63));
    default: {
      const wire::ByteView raw = in.take(in.byte());
      return {raw.begin(), raw.end()};
    }
  }
}

void check(const nat::Nat& core, Time now) {
  demand(core.size() <= 24);
  using Side = std::tuple<std::uint8_t, wire::Endpoint, wire::Endpoint>;
  std::set<Side> seen;
  for (const nat::Entry& e : core.table(now)) {
    if (e.protocol == wire::Protocol::icmp || e.protocol == wire::Protocol::gre) {
      continue;  // types and keys are not shown
    }
    const auto protocol = static_cast<std::uint8_t>(e.protocol);
    demand(seen.emplace(protocol, e.original.source, e.original.destination).second);
    const bool itself = e.original.source == e.reply.source && e.original.destination == e.reply.destination;
    demand(itself || seen.emplace(protocol, e.reply.source, e.reply.destination).second);
    demand(e.left > Duration{});
  }
}

void pass(nat::Nat& core, std::vector<std::uint8_t> bytes, nat::InterfaceId in, bool own, Time now) {
  if (!wire::Ipv4View::parse(bytes)) return;
  bytes.resize(wire::Ipv4View::parse(bytes)->total_length());
  const auto size = static_cast<std::uint32_t>(bytes.size());
  bytes.resize(bytes.size() + 16);
  wire::Buffer buffer{bytes.data(), size, size + 16};
  nat::Track track;
  const nat::Decision first = own ? core.output(buffer, now, track) : core.prerouting(buffer, in, now, track);
  if (!first.pass) return;
  demand(buffer.size <= buffer.room && wire::Ipv4View::parse(buffer.view()).has_value());
  const wire::Address to = wire::Ipv4View::parse(buffer.view())->destination();
  if (!own && (to == outer || to == inner)) {
    (void)core.explain(buffer.view(), in, now);
    (void)core.unowned_reason(buffer.view(), in, now);
    core.input(buffer, in, now, track);
    return;
  }
  const nat::InterfaceId out = to.value >> 8 == inner.value >> 8 ? lan : wan;
  if (!own && !core.forward(buffer, in, out, now, track).pass) return;
  core.postrouting(buffer, {out, out == wan ? outer : inner}, now, track);
  demand(buffer.size <= buffer.room && wire::Ipv4View::parse(buffer.view()).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const nat::Config config = config_of(in.byte());
  nat::Nat core(config, Random(in.byte(), "fuzz"));
  const auto full = size % 2 == 0 ? net::Reassembler::Full::refuses : net::Reassembler::Full::drops_oldest;
  core.set_own_addresses({outer}, {inner});
  core.watch(true);
  net::Reassembler assembler(30_s, full, 4096);
  Time now{0};
  while (!in.empty()) {
    const std::uint8_t what = in.byte();
    now += 1_ms * what;
    if (what < 200) {
      std::vector<std::uint8_t> bytes = packet_of(in, what % 2 == 0);
      const auto ip = wire::Ipv4View::parse(bytes);
      if (ip && ip->is_fragment()) bytes = assembler.add(ip->bytes(), now).whole.bytes;
      pass(core, std::move(bytes), what % 2 == 0 ? lan : wan, what % 16 == 15, now);
    } else if (what < 240) {
      now += 1_s * in.byte();
    } else if (what == 240) {
      core.flush(now);
    } else if (what == 241) {
      core.interface_lost(wan, now);
    } else if (what == 242) {
      core.configure({.limits = core.config().limits});
    } else if (what == 243) {
      core.configure(config_of(in.byte()));
    }
    core.expire(now);
    check(core, now);
  }
  while (core.size() > 0) {
    const Time next = core.next_expiry();
    demand(next > now && next < now + 500000_s);
    core.expire(now = next);
  }
  (void)core.take_changes();
  demand(core.next_expiry() == Time::never());
  return 0;
}
