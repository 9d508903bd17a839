// The table for people, and why a packet that nothing owns is treated as it is.
#include <algorithm>
#include <vector>

#include "core.hpp"
#include "masqsim/nat/asked.hpp"
#include "tcp_tracker.hpp"

namespace masqsim::nat {

namespace {

bool shows_ports(std::uint8_t protocol) { return has_ports(protocol) || protocol == proto_icmp; }

wire::Tuple tuple_of(const Key& key, std::uint8_t protocol) {
  const std::uint16_t to = protocol == proto_icmp ? key.source_port : key.destination_port;
  return {wire::Protocol{protocol}, {{key.source}, key.source_port}, {{key.destination}, to}, shows_ports(protocol)};
}

/// The endpoint that a packet calls: its port, or the id of an ICMP query.
wire::Endpoint called(const Key& key, std::uint8_t protocol) { return tuple_of(key, protocol).destination; }

/// "port 22" of a protocol with ports, "id 7" of ICMP; empty of the others, whose packets have no such number.
std::string number_text(std::uint8_t protocol, std::uint16_t number) {
  if (has_ports(protocol)) return "port " + std::to_string(number);
  return protocol == proto_icmp ? "id " + std::to_string(number) : "";
}

/// What the table holds instead of a mapping of the number that was called.
std::string entries_text(const std::vector<Entry>& there, std::uint8_t protocol, std::uint16_t called,
                         wire::Address remote) {
  if (there.empty()) return "the table is empty";
  if (there.size() == 1) {
    const Entry& only = there.front();
    const std::string number = number_text(static_cast<std::uint8_t>(only.protocol), only.outside.port);
    return "one entry, " + (number.empty() ? "of " + wire::to_string(only.protocol) : "outside " + number);
  }
  const bool shared = std::ranges::any_of(there, [&](const Entry& e) { return e.outside.port == called; });
  const std::string number = number_text(protocol, called);
  return std::to_string(there.size()) + " entries, none " +
         (shared || number.empty() ? "for this packet of " + wire::to_string(remote) : "with outside " + number);
}

std::string to_text(PortRange ports) {
  const std::string first = std::to_string(ports.first);
  return ports.first == ports.last ? first : first + "-" + std::to_string(ports.last);
}

/// Why no destination rule takes the packet: the one that would, but for its caller or its protocol, says most.
std::string no_forward_text(const Config& config, wire::ByteView packet, InterfaceId in, std::uint8_t protocol,
                            std::uint16_t called) {
  if (config.destination.empty()) return "nat.forward is empty";
  const std::string number = has_ports(protocol) ? " port " + std::to_string(called) : "";
  for (const RuleAsked& asked : destination_rules_asked(config, packet, in)) {
    const DestinationRule& rule = config.destination[asked.number];
    if (asked.unmet != Unmet::from) continue;
    const std::string ports = rule.port ? " " + to_text(*rule.port) : "";
    const std::string callers = rule.from->length == 32 ? to_string(rule.from->address) : to_string(*rule.from);
    return (rule.protocol ? wire::to_string(*rule.protocol) + ports : "everything") + " is forwarded for " + callers +
           " only";
  }
  return "no forward for " + wire::to_string(wire::Protocol{protocol}) + number;
}

std::string_view sentence(TcpVerdict::Why why) {
  switch (why) {
    case TcpVerdict::Why::none: return "";
    case TcpVerdict::Why::state: return "its flags do not fit the state of the connection";
    case TcpVerdict::Why::reset: return "an RST that lies before what was acknowledged";
    case TcpVerdict::Why::beyond_window: return "its data lie beyond the receiver's window";
    case TcpVerdict::Why::unsent_acknowledged: return "it acknowledges what was never sent";
  }
  return "";
}

}  // namespace

Entry Core::entry_of(const Flow& flow, Time now) const {
  Entry entry;
  entry.flow = flow.number;
  entry.mapping = flow.mapping;
  entry.protocol = wire::Protocol{flow.protocol};
  entry.original = tuple_of(flow.original, flow.protocol);
  entry.reply = tuple_of(flow.reply, flow.protocol);
  // Both ends are translated of a hairpin, begun inside, and of twice NAT, begun on either side.
  const bool begun_outside = !flow.any(status::masqueraded) && rules_.is_outside(flow.interface);
  const bool came_in = flow.any(status::destination_nat) && (!flow.any(status::source_nat) || begun_outside);
  entry.inside = came_in ? entry.reply.source : entry.original.source;
  entry.outside = came_in ? entry.original.destination : entry.reply.destination;
  entry.remote = came_in ? entry.original.source : entry.original.destination;
  entry.tcp = flow.state;
  if (flow.protocol == proto_sctp) entry.sctp = table_.sctp(flow).state;
  entry.replied = flow.any(status::seen_reply);
  entry.assured = flow.any(status::assured);
  entry.left = Time{flow.deadline} - now;
  return entry;
}

std::vector<Entry> Core::entries(Time now) const {
  std::vector<Entry> all;
  all.reserve(table_.size());
  table_.each([&](std::uint32_t, const Flow& flow) {
    if (flow.deadline > now.ns) all.push_back(entry_of(flow, now));
  });
  std::sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) { return a.flow < b.flow; });
  return all;
}

std::optional<Entry> Core::entry(std::uint64_t number, Time now) const {
  std::optional<Entry> found;
  table_.each([&](std::uint32_t, const Flow& flow) {
    if (flow.number == number && flow.deadline > now.ns) found = entry_of(flow, now);
  });
  return found;
}

std::optional<Entry> Core::entry(const Track& track, Time now) {
  const Flow* flow = flow_of(track);
  if (flow == nullptr || !flow->is(status::confirmed) || flow->any(status::dying | status::lingering)) return {};
  return flow->deadline > now.ns ? std::optional(entry_of(*flow, now)) : std::nullopt;
}

bool Core::owns_outside(wire::Address a) const {
  return std::find(own_outside_.begin(), own_outside_.end(), a) != own_outside_.end();
}
bool Core::owns_inside(wire::Address a) const {
  return std::find(own_inside_.begin(), own_inside_.end(), a) != own_inside_.end();
}

Reason Core::unowned_reason(wire::ByteView packet, InterfaceId in, Time now) const {
  const auto ip = wire::Ipv4View::parse(packet);
  const std::optional<Key> key = ip ? key_of(*ip) : std::nullopt;
  if (!key) return Reason::no_mapping;
  const auto protocol = static_cast<std::uint8_t>(ip->protocol());
  const wire::Endpoint endpoint = called(*key, protocol);
  const std::uint32_t holder = table_.newest_of_outside(endpoint, protocol);
  const bool held = holder != no_flow && table_[holder].deadline > now.ns;
  bool hairpin_off = false;
  rules_.destination_for(*key, protocol, in, &hairpin_off);
  if (!rules_.is_outside(in)) {
    return hairpin_off || (held && owns_outside(endpoint.address)) ? Reason::hairpin_off : Reason::no_mapping;
  }
  if (held) return Reason::filtered;
  const bool ran_out = holder != no_flow || behaviour_.expired_lately(endpoint, protocol);
  return ran_out ? Reason::mapping_expired : Reason::no_mapping;
}

/// Why the tracker calls `packet` INVALID; empty where it does not, or where nobody can tell afterwards.
std::string Core::invalid_because(wire::ByteView packet, Time now) const {
  const std::string_view wrong = unsound(packet, config_.verify_checksums);
  if (!wrong.empty()) return std::string(wrong);
  std::vector<std::uint8_t> copy(packet.begin(), packet.end());
  const Packet read = *read_packet(copy);
  if (read.is_icmp_error()) return "it quotes a packet that belongs to no entry";
  const std::optional<Lookup> lookup = lookup_of(read);
  if (!lookup) return "conntrack finds no port or id in it";
  const Table::Found found = table_.look(*lookup);
  const bool known = found && Time{table_[found.index].deadline} > now;
  if (read.protocol == proto_icmp) {
    return known || wire::icmp::is_request(read.segment()[0]) ? "" : "it answers a query that is in no entry";
  }
  if (read.protocol != proto_tcp) return "";
  const TcpSegment segment = read_segment(*wire::TcpView::parse(read.segment()));
  if (!known) {
    TcpTrack begun;
    return tcp_begin(begun, segment, config_) ? "" : "it belongs to no entry, and no connection begins with it";
  }
  const Flow& flow = table_[found.index];
  TcpTrack track = table_.tcp(flow);
  TcpState state = flow.state;
  const TcpVerdict verdict =
      tcp_follow(track, state, flow.status, found.direction, segment, 0, Time{flow.deadline} - now, config_);
  return std::string(sentence(verdict.why));
}

std::vector<Step> Core::explain(wire::ByteView packet, InterfaceId in, Time now) const {
  std::vector<Step> steps;
  const auto ip = wire::Ipv4View::parse(packet);
  if (!ip) return {{"an IPv4 packet?", false, "its header is damaged", ""}};
  const wire::Address to = ip->destination();
  const bool ours = owns_outside(to) || owns_inside(to);
  steps.push_back({"addressed to the gateway?", ours, ours ? "" : "to " + wire::to_string(to), ""});
  const std::optional<Key> key = key_of(*ip);
  if (!key) {
    steps.push_back({"a port or id to look up?", false, "the packet has none", ""});
    if (std::string why = invalid_because(packet, now); !why.empty()) steps.push_back({"valid?", false, why, ""});
    return steps;
  }
  const auto protocol = static_cast<std::uint8_t>(ip->protocol());
  const Table::Found flow = table_.look(lookup_of(*key, protocol));
  if (flow && table_[flow.index].deadline > now.ns) {
    const Entry entry = entry_of(table_[flow.index], now);
    steps.push_back({"existing flow?", true,
                     "entry " + std::to_string(entry.flow) + ", " + wire::to_string(entry.inside) + " with " +
                         wire::to_string(entry.remote) + ", " + state_word(entry),
                     ""});
    if (std::string why = invalid_because(packet, now); !why.empty()) steps.push_back({"valid?", false, why, ""});
    return steps;
  }
  if (std::string why = invalid_because(packet, now); !why.empty()) steps.push_back({"valid?", false, why, ""});
  const wire::Endpoint endpoint = called(*key, protocol);
  const std::uint32_t holder = table_.newest_of_outside(endpoint, protocol);
  const bool held = holder != no_flow && table_[holder].deadline > now.ns;
  if (held) {
    const Entry owner = entry_of(table_[holder], now);
    steps.push_back({"existing mapping?", true,
                     "mapping " + std::to_string(owner.mapping) + ", of " + wire::to_string(owner.inside), ""});
    if (rules_.is_outside(in)) {
      steps.push_back({"does its filtering admit the remote?", false,
                       wire::to_string(wire::Endpoint{ip->source(), key->source_port}) + " was not called through it",
                       "nat.filtering"});
    }
  } else {
    const bool expired = behaviour_.expired_lately(endpoint, protocol);
    steps.push_back({"existing mapping?", false,
                     expired ? "there was one, but its time ran out"
                             : entries_text(entries(now), protocol, endpoint.port, ip->source()),
                     expired ? "nat.timeouts" : ""});
  }
  bool hairpin_off = false;
  const DestinationRule* rule = rules_.destination_for(*key, protocol, in, &hairpin_off);
  const std::string detail = rule != nullptr ? "to " + wire::to_string(rule->forward)
                             : hairpin_off   ? "for callers from outside"
                                             : no_forward_text(config_, packet, in, protocol, endpoint.port);
  steps.push_back({"port forward?", rule != nullptr || hairpin_off, detail, "nat.forward"});
  if (!rules_.is_outside(in) && owns_outside(to)) {
    const bool on = config_.hairpin == Hairpin::full || (rule != nullptr && config_.hairpin == Hairpin::dnat_only);
    steps.push_back({"hairpin?", on, on ? "" : "an inside host calls the outside address", "nat.hairpin"});
  }
  return steps;
}

std::string state_word(const Entry& e) {
  const bool is_sctp = e.protocol == wire::Protocol::sctp;
  if (!is_sctp && e.protocol != wire::Protocol::tcp) return e.assured ? "assured" : e.replied ? "replied" : "unreplied";
  std::string word = is_sctp ? to_string(e.sctp) : to_string(e.tcp);
  for (char& c : word) c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return word;
}

}  // namespace masqsim::nat
