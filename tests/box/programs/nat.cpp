// A masquerading NAT as a gateway program: masqsim run FILE --gateway exec:build/w/tests/masqsim_example_nat (see
// sim/box/README.md). It shares nothing with masqsim but the protocol.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;
using Endpoint = std::pair<std::uint32_t, std::uint16_t>;  // address, and port or query id

constexpr int icmp = 1, tcp = 6, udp = 17;

std::uint32_t get(const Bytes& b, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int n = 0; n < size; ++n) value = value << 8 | b.at(at + static_cast<std::size_t>(n));
  return value;
}

void put(Bytes& b, std::size_t at, int size, std::uint32_t value) {
  for (int n = size; n-- > 0; value >>= 8) b.at(at + static_cast<std::size_t>(n)) = static_cast<std::uint8_t>(value);
}

std::uint32_t address_of(const std::string& text) {
  std::istringstream in(text);
  std::uint32_t value = 0, octet = 0;
  for (char dot = '.'; dot == '.' && in >> octet; in >> dot) value = value << 8 | octet, dot = 0;
  return value;
}

std::string text_of(Endpoint end) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += (shift < 24 ? "." : "") + std::to_string(end.first >> shift & 255);
  return text + ":" + std::to_string(end.second);
}

std::string name_of(int protocol) { return protocol == icmp ? "icmp" : protocol == tcp ? "tcp" : "udp"; }

std::uint16_t folded(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint64_t sum_of(const Bytes& b, std::size_t from, std::size_t to) {
  std::uint64_t sum = 0;
  for (std::size_t n = from; n < to; ++n) sum += std::uint64_t{b[n]} << ((n - from) % 2 == 0 ? 8 : 0);
  return sum;
}

/// An IPv4 datagram, whole.
struct Packet {
  Bytes bytes;

  std::size_t header() const { return (bytes.at(0) & 15u) * 4; }
  int protocol() const { return bytes.at(9); }
  bool is_query() const { return protocol() == icmp && (bytes.at(header()) == 8 || bytes.at(header()) == 0); }
  std::size_t port_at(bool source) const { return header() + (protocol() == icmp ? 4 : source ? 0 : 2); }
  Endpoint end(bool source) const {
    return {get(bytes, source ? 12 : 16, 4), static_cast<std::uint16_t>(get(bytes, port_at(source), 2))};
  }
  void set_end(bool source, Endpoint end) {
    put(bytes, source ? 12 : 16, 4, end.first);
    put(bytes, port_at(source), 2, end.second);
  }
  void mend_sums() {
    const std::size_t begin = header(), size = bytes.size() - begin;
    put(bytes, 2, 2, static_cast<std::uint32_t>(bytes.size()));
    put(bytes, 10, 2, 0);
    put(bytes, 10, 2, folded(sum_of(bytes, 0, begin)));
    const std::size_t at = begin + (protocol() == icmp ? 2 : protocol() == tcp ? 16 : 6);
    if (protocol() == udp && get(bytes, at, 2) == 0) return;  // it has no checksum
    put(bytes, at, 2, 0);
    std::uint64_t sum = sum_of(bytes, begin, bytes.size());
    if (protocol() != icmp) sum += sum_of(bytes, 12, 20) + static_cast<std::uint64_t>(protocol()) + size;
    const std::uint16_t done = folded(sum);
    put(bytes, at, 2, done == 0 && protocol() == udp ? 0xffff : done);
  }
};

class Nat {
 public:
  explicit Nat(const Json& hello) : config_(hello.at("nat")) {
    for (const Json& interface : hello.at("interfaces")) {
      const std::string name = interface.at("name");
      addresses_[name] = address_of(interface.at("address"));
      (interface.at("side") == "inside" ? inside_ : outside_) = name;
    }
  }

  void receive(std::int64_t now, const std::string& in, Packet packet) {
    const int protocol = packet.protocol();
    const bool known = protocol == tcp || protocol == udp || packet.is_query();
    if (!known) return say({{"drop", "no-protocol"}, {"note", "this NAT knows TCP, UDP and ping"}});
    if (packet.bytes.at(8) <= 1) return say({{"drop", "ttl-exceeded"}});
    std::erase_if(flows_, [&](const auto& flow) { return flow.second.ends <= now; });
    in == inside_ ? go_out(now, packet) : come_in(now, packet);
  }

  void set(const Json& what) {
    if (what.contains("address") && what["address"].is_string()) {
      addresses_[what.at("interface")] = address_of(what["address"]);
      if (what.at("interface") == outside_) flows_.clear();
    }
    if (what.contains("nat")) config_ = what["nat"];
    if (what.contains("flush")) flows_.clear();
  }

  /// What has been said since the last time, and the table.
  std::vector<Json> answers(std::int64_t now) {
    Json rows = Json::array();
    for (const auto& [key, flow] : flows_) {
      rows.push_back({{"protocol", name_of(key.protocol)},
                      {"inside", text_of(flow.inside)},
                      {"outside", text_of({addresses_[outside_], key.port})},
                      {"remote", text_of(key.remote)},
                      {"left", flow.ends - now}});
    }
    std::vector<Json> all = std::exchange(answers_, {});
    all.push_back({{"table", rows}});
    return all;
  }

 private:
  /// A flow as the outside sees it. Of a ping the remote has no number of its own.
  struct Key {
    int protocol;
    std::uint16_t port;
    Endpoint remote;
    auto operator<=>(const Key&) const = default;
  };
  struct Flow {
    Endpoint inside;
    std::int64_t ends;
  };

  static Endpoint remote_of(int protocol, Endpoint end) { return protocol == icmp ? Endpoint{end.first, 0} : end; }

  void go_out(std::int64_t now, Packet& packet) {
    const Endpoint inside = packet.end(true), called = packet.end(false);
    for (const auto& [name, own] : addresses_) {
      if (own == called.first) return to_itself(inside_, packet);
    }
    const int protocol = packet.protocol();
    const Key key{protocol, outside_port(protocol, inside, remote_of(protocol, called)), remote_of(protocol, called)};
    flows_[key] = {inside, now + life(protocol)};
    packet.set_end(true, {addresses_[outside_], key.port});
    forward(outside_, packet);
  }

  void come_in(std::int64_t now, Packet& packet) {
    const int protocol = packet.protocol();
    const Endpoint called = packet.end(false);
    const Key key{protocol, called.second, remote_of(protocol, packet.end(true))};
    if (!flows_.contains(key)) {
      const std::optional<Endpoint> host = forwarded(protocol, called.second);
      if (!host) return to_itself(outside_, packet);
      flows_[key].inside = *host;
    }
    flows_[key].ends = now + life(protocol);
    packet.set_end(false, flows_[key].inside);
    forward(inside_, packet);
  }

  void forward(const std::string& out, Packet& packet) {
    --packet.bytes[8];
    send(out, packet);
  }

  /// The flow's own, or the inside host's port, or the first from 1024 on that nobody has towards this remote; where
  /// the file wants RFC 4787's mapping, towards anybody.
  std::uint16_t outside_port(int protocol, Endpoint inside, Endpoint remote) const {
    const bool alone = config_.at("mapping") != "linux";
    std::vector<std::uint16_t> taken;
    for (const auto& [key, flow] : flows_) {
      if (key.protocol != protocol) continue;
      if (flow.inside == inside && (alone || key.remote == remote)) return key.port;
      if (alone || key.remote == remote) taken.push_back(key.port);
    }
    std::uint16_t port = inside.second;
    for (std::uint16_t next = 1024; std::ranges::find(taken, port) != taken.end(); ++next) port = next;
    return port;
  }

  std::optional<Endpoint> forwarded(int protocol, std::uint16_t port) const {
    for (const Json& rule : config_.at("forward")) {
      if (rule.value("protocol", name_of(protocol)) != name_of(protocol)) continue;
      const std::string ports = rule.value("ports", "0-65535");
      const int first = std::stoi(ports), last = std::stoi(ports.substr(ports.find('-') + 1));
      if (port >= first && port <= last) return Endpoint{address_of(rule.at("to")), rule.value("to-port", port)};
    }
    return std::nullopt;
  }

  std::int64_t life(int protocol) const {
    return config_.at("timeouts").at(protocol == icmp ? "icmp" : protocol == tcp ? "tcp-established" : "udp");
  }

  /// Nobody owns the packet: a ping is answered, all else refused as the host's own stack would.
  void to_itself(const std::string& by, Packet& packet) {
    const Endpoint from = packet.end(true), to = packet.end(false);
    const std::size_t begin = packet.header();
    Packet answer{Bytes(packet.bytes.begin(), packet.bytes.begin() + 20)};
    answer.bytes[0] = 0x45, answer.bytes[8] = 64;
    if (packet.is_query()) {
      answer.bytes.insert(answer.bytes.end(), packet.bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                          packet.bytes.end());
      answer.bytes[20] = 0;
    } else if (packet.protocol() == udp) {
      say({{"drop", "no-mapping"}, {"note", "nothing in the table owns it"}});
      answer.bytes[9] = icmp;
      answer.bytes.insert(answer.bytes.end(), {3, 3, 0, 0, 0, 0, 0, 0});
      answer.bytes.insert(answer.bytes.end(), packet.bytes.begin(),
                          packet.bytes.begin() + static_cast<std::ptrdiff_t>(begin) + 8);
    } else {
      say({{"drop", "no-mapping"}, {"note", "nothing in the table owns it"}});
      const std::uint32_t flags = packet.bytes.at(begin + 13);
      if ((flags & 4) != 0) return;  // nobody answers a reset
      answer.bytes.resize(40);
      const bool acknowledges = (flags & 16) != 0;
      const std::size_t text = packet.bytes.size() - begin - (packet.bytes.at(begin + 12) >> 4) * 4u;
      const std::uint32_t size = static_cast<std::uint32_t>(text) + (flags >> 1 & 1) + (flags & 1);
      put(answer.bytes, 20, 2, to.second), put(answer.bytes, 22, 2, from.second);
      if (acknowledges) put(answer.bytes, 24, 4, get(packet.bytes, begin + 8, 4));
      if (!acknowledges) put(answer.bytes, 28, 4, get(packet.bytes, begin + 4, 4) + size);
      put(answer.bytes, 32, 2, acknowledges ? 0x5004 : 0x5014);
    }
    put(answer.bytes, 12, 4, to.first), put(answer.bytes, 16, 4, from.first);
    send(by, answer);
  }

  void send(const std::string& out, Packet& packet) {
    constexpr char digits[] = "0123456789abcdef";
    packet.mend_sums();
    std::string hex;
    for (const std::uint8_t byte : packet.bytes) hex += {digits[byte >> 4], digits[byte & 15]};
    say({{"out", out}, {"packet", hex}});
  }

  void say(Json answer) { answers_.push_back(std::move(answer)); }

  Json config_;
  std::map<std::string, std::uint32_t> addresses_;
  std::string inside_, outside_;
  std::map<Key, Flow> flows_;
  std::vector<Json> answers_;
};

Packet packet_of(const std::string& hex) {
  Packet packet;
  for (std::size_t n = 0; n + 1 < hex.size(); n += 2) {
    packet.bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(n, 2), nullptr, 16)));
  }
  return packet;
}

}  // namespace

int main() {
  std::optional<Nat> nat;
  for (std::string line; std::getline(std::cin, line);) {
    const Json asked = Json::parse(line);
    if (asked.contains("hello")) nat.emplace(asked);
    if (asked.contains("in")) nat->receive(asked.at("at"), asked.at("in"), packet_of(asked.at("packet")));
    if (asked.contains("set")) nat->set(asked.at("set"));
    for (const Json& answer : nat->answers(asked.value("at", std::int64_t{0}))) std::cout << answer << '\n';
    std::cout << Json{{"done", true}} << std::endl;
  }
}
