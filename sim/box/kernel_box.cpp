#include "kernel_box.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "masqsim/wire/icmp.hpp"
#include "masqsim/wire/ipv4.hpp"

namespace masqsim::box {

namespace {

using Clock = std::chrono::steady_clock;
namespace icmp = wire::icmp;

std::string interface_name(const std::string& network, std::size_t place) {
  std::string name;
  for (const char c : network) {
    if (name.size() < 12 && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) name += c;
  }
  return fmt::format("{}{}", name.empty() ? "if" : name, place);
}

/// The name that the kernel has for the other end of a two-ended link, whatever its address (of RFC 2544's range).
wire::Address other_end(std::size_t i) {
  return {wire::address(198, 18, 254, 0).value + static_cast<std::uint32_t>(i)};
}

std::vector<Out> outs_of(std::vector<kernel::Out> outs) {
  std::vector<Out> result;
  for (kernel::Out& out : outs) result.push_back({out.interface, std::move(out.bytes)});
  return result;
}

/// Why the kernel dropped a packet, where its answer to the sender has one cause only. A reset or a port that is
/// unreachable may mean no mapping, another's mapping, or no program; nobody sees from outside which.
Reason reason_of_answer(wire::ByteView answer) {
  const auto ip = wire::Ipv4View::parse(answer);
  const auto message =
      ip && ip->protocol() == wire::Protocol::icmp ? wire::IcmpView::parse(ip->payload()) : std::nullopt;
  if (!message) return Reason::none;
  if (message->type() == icmp::time_exceeded) return Reason::ttl_exceeded;
  if (message->type() != icmp::unreachable) return Reason::none;
  if (message->code() == icmp::net_unreachable) return Reason::no_route;
  return message->code() == icmp::fragmentation_needed ? Reason::too_big : Reason::none;
}

}  // namespace

Answer KernelBox::begin(const Place& place, const nat::Config& config, Time) {
  place_ = place;
  config_ = config;
  kernel::GatewaySetup setup;
  for (nat::InterfaceId i = 0; i < place_.ports.size(); ++i) {
    const Port& port = place_.ports[i];
    names_.push_back(interface_name(port.name, i));
    kernel::Interface made{names_.back(), {}, port.mtu, port.neighbours};
    made.neighbours.push_back(other_end(i));
    for (const PortAddress& a : port.addresses) made.addresses.push_back({a.address, a.length});
    setup.interfaces.push_back(std::move(made));
  }
  // `replace` one by one: a route may be one that the addresses brought.
  setup.addressing.push_back(routes_text());
  kernel::Ruleset rules = rules_of(config_, {});
  setup.ruleset = std::move(rules.nft);
  setup.sysctls = std::move(rules.sysctls);
  if (place_.reverse_path_filter) {
    for (const std::string& name : names_) setup.sysctls.push_back({"net.ipv4.conf." + name + ".rp_filter", "1"});
  }
  kernel_.emplace(setup);
  return {};
}

Answer KernelBox::receive(nat::InterfaceId in, wire::ByteView packet, Time) {
  std::vector<kernel::Out> outs;
  kernel_->inject(in, packet, outs);
  Answer answer{outs_of(std::move(outs)), {}};
  if (passed_on(packet, answer.outs)) return answer;
  if (answer.outs.empty()) {
    answer.drop = {Reason::none, "the kernel gave nothing out"};
  } else {
    answer.drop = {reason_of_answer(answer.outs.front().bytes), "the kernel answered"};
  }
  return answer;
}

Answer KernelBox::catch_up(Time now) {
  if (!real_time_) return {};
  if (!first_) {
    first_ = now;
    began_ = Clock::now();
  }
  const auto due = began_ + std::chrono::nanoseconds((now - *first_).ns);
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(due - Clock::now());
  if (left.count() <= 0) return {};
  std::vector<kernel::Out> outs;
  kernel_->wait({left.count()}, outs);
  return {outs_of(std::move(outs)), {}};
}

Answer KernelBox::readdress(const Place& place, nat::InterfaceId changed, Time) {
  place_ = place;
  const bool up = place_.ports[changed].up;
  std::string commands = fmt::format("addr flush dev {}\n", names_[changed]);
  if (up) commands += addresses_text(changed) + routes_text() + neighbours_text(changed);
  kernel_->ip(commands);
  std::vector<kernel::Out> outs;
  kernel_->wait(200_ms, outs);  // entries of the lost address go by a worker of the kernel's
  return {};
}

Answer KernelBox::adapt(const Place& place, Time) {
  place_ = place;
  for (nat::InterfaceId i = 0; i < place_.ports.size(); ++i) {
    const bool up = place_.ports[i].up;
    kernel_->ip(fmt::format("link set {} {}\n", names_[i], up ? "up" : "down"));
    if (up) kernel_->ip(neighbours_text(i));
  }
  kernel_->ip(routes_text());
  return {};
}

Answer KernelBox::configure(const nat::Config& config, Time) {
  const nat::Config before = std::exchange(config_, config);
  const kernel::Ruleset rules = rules_of(config_, before);
  kernel_->nft("flush ruleset\n" + rules.nft);
  for (const kernel::Sysctl& sysctl : rules.sysctls) kernel_->set(sysctl);
  return {};
}

Answer KernelBox::flush(Time) {
  kernel_->flush();
  return {};
}

std::vector<TableRow> KernelBox::table(Time) {
  std::vector<TableRow> rows;
  for (const std::string& line : kernel_->table()) {
    if (std::optional<TableRow> row = read_table_row(line)) rows.push_back(std::move(*row));
  }
  const auto timeless = [](TableRow row) { return row.left_s = 0, to_string(row); };
  std::ranges::sort(rows, {}, timeless);
  return rows;
}

/// The rules, and the sysctls where they are other than `before`.
kernel::Ruleset KernelBox::rules_of(const nat::Config& config, const nat::Config& before) const {
  kernel::Ruleset rules = kernel::ruleset_of(config, names(), before);
  if (place_.icmp_silent) rules.nft += kernel::silence_rules();
  for (const std::string& sentence : rules.cannot) doubt_(place_.name + ": " + sentence);
  return rules;
}

std::string KernelBox::neighbours_text(nat::InterfaceId i) const {
  std::vector<wire::Address> all = place_.ports[i].neighbours;
  all.push_back(other_end(i));
  std::string text;
  for (const wire::Address a : all) {
    text += fmt::format("neigh replace {} lladdr {} dev {}\n", wire::to_string(a),
                        kernel::LinuxGateway::peer_link_address(i), names_[i]);
  }
  return text;
}

std::string KernelBox::addresses_text(nat::InterfaceId i) const {
  std::string text;
  for (const PortAddress& a : place_.ports[i].addresses) {
    text += fmt::format("addr add {}/{} dev {}\n", wire::to_string(a.address), a.length, names_[i]);
  }
  return text;
}

std::string KernelBox::routes_text() const {
  constexpr std::string_view kinds[] = {"", "unreachable ", "prohibit ", "blackhole "};
  std::string text;
  for (const net::Route& route : place_.routes) {
    const std::string to = route.to.length == 0 ? "default" : wire::to_string(route.to);
    if (route.kind != net::Route::Kind::forward) {
      text += fmt::format("route replace {}{}\n", kinds[static_cast<std::size_t>(route.kind)], to);
      continue;
    }
    const Port& port = place_.ports[route.out];
    if (!port.up) continue;
    if (route.via.is_zero() && port.shared) {
      text += fmt::format("route replace {} dev {}\n", to, names_[route.out]);
      continue;
    }
    const wire::Address via = route.via.is_zero() ? other_end(route.out) : route.via;
    text += fmt::format("route replace {} via {} dev {} onlink\n", to, wire::to_string(via), names_[route.out]);
  }
  return text;
}

kernel::Names KernelBox::names() const {
  std::vector<wire::Address> addresses;
  for (const Port& port : place_.ports) {
    addresses.push_back(port.addresses.empty() ? wire::Address{} : port.addresses.front().address);
  }
  return kernel::names_by_side(config_, names_, addresses);
}

}  // namespace masqsim::box
