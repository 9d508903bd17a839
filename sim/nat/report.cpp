// The table for people, and why a packet that nothing owns is treated as it is.
#include <algorithm>

#include "core.hpp"

namespace masqsim::nat {

namespace {

bool shows_ports(std::uint8_t protocol) { return has_ports(protocol) || protocol == proto_icmp; }

wire::Tuple tuple_of(const Key& key, std::uint8_t protocol) {
  const std::uint16_t to = protocol == proto_icmp ? key.source_port : key.destination_port;
  return {wire::Protocol{protocol}, {{key.source}, key.source_port}, {{key.destination}, to}, shows_ports(protocol)};
}

/// The endpoint that a packet calls: its port, or the id of an ICMP query.
wire::Endpoint called(const Key& key, std::uint8_t protocol) { return tuple_of(key, protocol).destination; }

std::string entries_text(std::size_t count) {
  if (count == 0) return "the table is empty";
  return count == 1 ? "one entry" : std::to_string(count) + " entries";
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
    return steps;
  }
  const auto protocol = static_cast<std::uint8_t>(ip->protocol());
  const Table::Found flow = table_.look(lookup_of(*key, protocol));
  if (flow && table_[flow.index].deadline > now.ns) {
    steps.push_back({"existing flow?", true, "entry " + std::to_string(table_[flow.index].number), ""});
    return steps;
  }
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
    const std::vector<Entry> there = entries(now);
    std::string detail = entries_text(there.size());
    if (there.size() == 1) detail += ", outside port " + std::to_string(there.front().outside.port);
    if (there.size() > 1) detail += ", none with outside port " + std::to_string(endpoint.port);
    if (behaviour_.expired_lately(endpoint, protocol)) detail = "there was one, but its time ran out";
    steps.push_back({"existing mapping?", false, detail, "nat.timeouts"});
  }
  bool hairpin_off = false;
  const DestinationRule* rule = rules_.destination_for(*key, protocol, in, &hairpin_off);
  std::string detail =
      "no forward for " + wire::to_string(wire::Protocol{protocol}) + " port " + std::to_string(endpoint.port);
  if (rules_.destination().empty()) detail = "nat.forward is empty";
  if (rule != nullptr) detail = "to " + wire::to_string(rule->forward);
  steps.push_back({"port forward?", rule != nullptr || hairpin_off, hairpin_off ? "for callers from outside" : detail,
                   "nat.forward"});
  if (!rules_.is_outside(in) && owns_outside(to)) {
    const bool on = config_.hairpin == Hairpin::full || (rule != nullptr && config_.hairpin == Hairpin::dnat_only);
    steps.push_back({"hairpin?", on, on ? "" : "an inside host calls the outside address", "nat.hairpin"});
  }
  return steps;
}

std::string to_string(TcpState s) {
  switch (s) {
    case TcpState::none: return "NONE";
    case TcpState::syn_sent: return "SYN_SENT";
    case TcpState::syn_sent2: return "SYN_SENT2";
    case TcpState::syn_recv: return "SYN_RECV";
    case TcpState::established: return "ESTABLISHED";
    case TcpState::fin_wait: return "FIN_WAIT";
    case TcpState::close_wait: return "CLOSE_WAIT";
    case TcpState::last_ack: return "LAST_ACK";
    case TcpState::time_wait: return "TIME_WAIT";
    case TcpState::close: return "CLOSE";
  }
  return "NONE";
}

std::string to_string(SctpState s) {
  switch (s) {
    case SctpState::none: return "NONE";
    case SctpState::closed: return "CLOSED";
    case SctpState::cookie_wait: return "COOKIE_WAIT";
    case SctpState::cookie_echoed: return "COOKIE_ECHOED";
    case SctpState::established: return "ESTABLISHED";
    case SctpState::shutdown_sent: return "SHUTDOWN_SENT";
    case SctpState::shutdown_recd: return "SHUTDOWN_RECD";
    case SctpState::shutdown_ack_sent: return "SHUTDOWN_ACK_SENT";
    case SctpState::heartbeat_sent: return "HEARTBEAT_SENT";
  }
  return "NONE";
}

std::string state_word(const Entry& e) {
  const bool is_sctp = e.protocol == wire::Protocol::sctp;
  if (!is_sctp && e.protocol != wire::Protocol::tcp) return e.assured ? "assured" : e.replied ? "replied" : "unreplied";
  std::string word = is_sctp ? to_string(e.sctp) : to_string(e.tcp);
  for (char& c : word) c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return word;
}

}  // namespace masqsim::nat
