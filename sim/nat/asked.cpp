#include "masqsim/nat/asked.hpp"

#include "packet.hpp"
#include "rules.hpp"
#include "tcp_tracker.hpp"

namespace masqsim::nat {

std::string_view word(Unmet unmet) {
  switch (unmet) {
    case Unmet::out: return "out";
    case Unmet::protocol: return "protocol";
    case Unmet::from: return "from";
    case Unmet::to: return "to";
    default: return "";
  }
}

std::vector<RuleAsked> destination_rules_asked(const Config& config, wire::ByteView packet, InterfaceId in) {
  std::vector<RuleAsked> asked;
  const auto ip = wire::Ipv4View::parse(packet);
  const std::optional<Key> key = ip ? key_of(*ip) : std::nullopt;
  if (!key) return asked;
  const Rules rules(config);
  for (const DestinationRule& rule : rules.destination()) {
    asked.push_back({asked.size(), rules.unmet(rule, *key, static_cast<std::uint8_t>(ip->protocol()), in)});
    if (asked.back().unmet == Unmet::none) break;
  }
  return asked;
}

std::vector<RuleAsked> source_rules_asked(const Config& config, wire::ByteView before, wire::ByteView after,
                                          InterfaceId in, InterfaceId out) {
  std::vector<RuleAsked> asked;
  const auto came = wire::Ipv4View::parse(before), leaves = wire::Ipv4View::parse(after);
  if (!came || !leaves) return asked;
  const bool forwarded = came->destination() != leaves->destination();
  for (const SourceRule& rule : config.source) {
    const Unmet unmet = Rules::unmet(rule, came->source(), leaves->destination(),
                                     static_cast<std::uint8_t>(came->protocol()), forwarded, {in, out, {}});
    asked.push_back({asked.size(), unmet});
    if (unmet == Unmet::none) break;
  }
  return asked;
}

std::string_view unsound(wire::ByteView packet, bool verify_checksums) {
  std::vector<std::uint8_t> copy(packet.begin(), packet.end());  // the core reads packets that it may change
  const std::optional<Packet> read = read_packet(copy);
  if (!read) return "its header is damaged";
  if (!transport_sound(*read, false)) {
    const bool whole_icmp = read->protocol == proto_icmp && wire::IcmpEdit::parse(read->segment());
    return whole_icmp ? "conntrack knows no such type of ICMP" : "its transport header is damaged";
  }
  if (verify_checksums && !transport_sound(*read, true)) return "its checksum is wrong";
  if (read->protocol == proto_tcp) {
    const auto tcp = wire::TcpView::parse(read->segment());
    if (tcp && !flags_valid(tcp->flags())) return "no TCP sends such flags together";
  }
  return "";
}

}  // namespace masqsim::nat
