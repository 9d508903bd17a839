#include "kernel_bench.hpp"

#include <fmt/format.h>

#include <utility>

namespace masqsim::box {
namespace {

constexpr wire::Address lan_address = wire::address(192, 168, 1, 1), wan_address = wire::address(203, 0, 113, 1);
constexpr wire::Address next_router = wire::address(203, 0, 113, 254);
constexpr std::string_view default_route = "route replace default via 203.0.113.254 dev wan0\n";

const std::vector<wire::Address>& neighbours(nat::InterfaceId interface) {
  static const std::vector<wire::Address> inside{wire::address(192, 168, 1, 10), wire::address(192, 168, 1, 11),
                                                 wire::address(192, 168, 1, 12), wire::address(192, 168, 1, 13),
                                                 wire::address(192, 168, 1, 254)};
  static const std::vector<wire::Address> outside{wire::address(203, 0, 113, 2), wire::address(203, 0, 113, 66),
                                                  next_router};
  return interface == lan ? inside : outside;
}

std::string_view name(nat::InterfaceId interface) { return interface == lan ? "lan0" : "wan0"; }

// The link address that a recorded command names is another bench's; ours is the same for everybody on a wire.
std::string command(const Addressing& a) {
  if (a.kind != Addressing::Kind::add_neighbour) return a.text;
  const nat::InterfaceId interface = a.interface.value_or(wan);
  return fmt::format("neigh replace {} lladdr {} dev {}", wire::to_string(a.address),
                     kernel::LinuxGateway::peer_link_address(interface), name(interface));
}

kernel::GatewaySetup kernel_setup(const Setup& setup) {
  kernel::GatewaySetup result;
  result.interfaces = {{"lan0", {{lan_address, 24}}, setup.lan_mtu, neighbours(lan)},
                       {"wan0", {{wan_address, 24}}, setup.wan_mtu, neighbours(wan)}};
  result.addressing.emplace_back(default_route);
  for (const Addressing& a : setup.addressing) result.addressing.push_back(command(a));
  kernel::Ruleset rules = kernel_words(setup.nat);
  result.ruleset = std::move(rules.nft);
  result.sysctls = std::move(rules.sysctls);
  const std::string filter = fmt::format("{}", setup.reverse_path_filter);
  for (const char* where : {"all", "default", "lan0", "wan0"}) {
    result.sysctls.push_back({fmt::format("net.ipv4.conf.{}.rp_filter", where), filter});
  }
  for (const Service& s : setup.services) result.listeners.push_back({s.protocol, s.port});
  return result;
}

/// The default route and the neighbours; of those outside only the next router, unless `all`.
std::string back_again(nat::InterfaceId interface, bool all) {
  std::string commands(interface == wan ? default_route : "");
  for (const wire::Address a : neighbours(interface)) {
    if (!all && interface == wan && a != next_router) continue;
    commands += fmt::format("neigh replace {} lladdr {} dev {}\n", wire::to_string(a),
                            kernel::LinuxGateway::peer_link_address(interface), name(interface));
  }
  return commands;
}

std::vector<Emerged> sided(std::vector<kernel::Out> outs) {
  std::vector<Emerged> result;
  for (kernel::Out& o : outs) result.push_back({o.interface == lan ? Side::in : Side::out, std::move(o.bytes)});
  return result;
}

}  // namespace

kernel::Ruleset kernel_words(const nat::Config& config, const nat::Config& before) {
  return kernel::ruleset_of(config, {{"lan0", "wan0"}, {lan}, wan_address}, before);
}

KernelBench::KernelBench(const Setup& setup, Redirects redirects)
    : config_(setup.nat),
      gateway_(kernel_setup(setup)),
      own_{wire::to_string(lan_address) + "/24", wire::to_string(wan_address) + "/24"} {
  if (redirects == Redirects::as_always) return;
  for (const char* where : {"all", "lan0", "wan0"}) {
    gateway_.set({fmt::format("net.ipv4.conf.{}.send_redirects", where), "0"});
  }
}

std::vector<Emerged> KernelBench::inject(Side side, wire::ByteView packet) {
  std::vector<kernel::Out> outs;
  gateway_.inject(side == Side::in ? lan : wan, packet, outs);
  return sided(std::move(outs));
}

std::vector<Emerged> KernelBench::wait(Duration span) {
  std::vector<kernel::Out> outs;
  gateway_.wait(span, outs);
  return sided(std::move(outs));
}

std::vector<Emerged> KernelBench::act(const Action& action) {
  const std::string_view interface = name(action.interface);
  switch (action.kind) {
    case Action::Kind::flush_table: gateway_.flush(); break;
    case Action::Kind::remove_nat_rules: gateway_.nft("flush ruleset\n"); break;
    case Action::Kind::configure: configure(action.nat); break;
    case Action::Kind::readdress: {
      std::string& own = own_[action.interface == lan ? 0 : 1];
      const std::string next = fmt::format("{}/{}", wire::to_string(action.address), action.length);
      gateway_.ip(fmt::format("addr del {0} dev {2}\naddr add {1} dev {2}\n{3}", own, next, interface,
                              back_again(action.interface, false)));
      own = next;
      break;
    }
    case Action::Kind::down: gateway_.ip(fmt::format("link set {} down\n", interface)); break;
    case Action::Kind::up:
      gateway_.ip(fmt::format("link set {} up\n{}", interface, back_again(action.interface, true)));
      break;
    case Action::Kind::send_udp: gateway_.send_udp(action.from, action.to, action.payload); break;
  }
  std::vector<kernel::Out> outs;
  gateway_.drain(outs);
  return sided(std::move(outs));
}

void KernelBench::configure(const nat::Config& config) {
  const kernel::Ruleset rules = kernel_words(config, std::exchange(config_, config));
  gateway_.nft("flush ruleset\n" + rules.nft);
  for (const kernel::Sysctl& sysctl : rules.sysctls) gateway_.set(sysctl);
}

std::vector<TableRow> KernelBench::table() {
  std::vector<TableRow> rows;
  for (const std::string& line : gateway_.table()) {
    if (std::optional<TableRow> row = read_table_row(line)) rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace masqsim::box
