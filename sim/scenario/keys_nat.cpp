#include "sections.hpp"
#include "sim/nat/config_keys.hpp"

namespace masqsim::scenario {

namespace {

Type type_of(const nat::ConfigKey& key) {
  const auto bound = [](std::int64_t n) { return static_cast<std::uint64_t>(n); };
  Type words{.kind = Type::Kind::word};
  for (const nat::KeyWord& word : key.words) words.words.push_back({word.text, word.sentence});
  switch (key.kind) {
    case nat::KeyKind::boolean: return type::of(Type::Kind::boolean);
    case nat::KeyKind::word: return words;
    case nat::KeyKind::words: return type::list(words);
    case nat::KeyKind::duration:
      return {
          .kind = Type::Kind::duration, .least = bound(key.least), .most = bound(key.most), .step = bound(key.step)};
    case nat::KeyKind::number: break;
  }
  const Type number = type::whole(bound(key.least), bound(key.most));
  if (!key.words.empty()) return type::either({words, number});
  return key.unlimited ? type::or_unlimited(number) : number;
}

KeyRow row_of(const nat::ConfigKey& key) {
  return {.name = key.leaf(),
          .type = type_of(key),
          .sentence = key.sentence,
          .standard = to_string(key, key.get({})),
          .cannot = key.linux_side.cannot,
          .sysctl = key.linux_side.sysctl};
}

const Section& timeouts() { return nat_section("timeouts"); }
const Section& limits() { return nat_section("limits"); }
const Section& firewall() { return nat_section("firewall"); }

/// The keys that are no settings of nat::Config: rules, a list of networks, and where all values start.
std::vector<KeyRow> other_rows(std::string_view group) {
  if (group == "firewall") {
    return {{.name = "inside",
             .type = type::list(type::of(Type::Kind::name)),
             .sentence = "The networks that are inside.",
             .standard = "those that nothing is translated towards"}};
  }
  if (!group.empty()) return {};
  return {
      {.name = "preset",
       .type = type::words({{"linux", "as Linux does"}, {"rfc", "as RFC 4787, 5382, 5508, 6888 and 7857 require"}}),
       .sentence = "Where all other values start.",
       .standard = "linux"},
      {.name = "masquerade",
       .type = type::rules(masquerade_section),
       .sentence = "Sources that are translated to the gateway's own address."},
      {.name = "source",
       .type = type::rules(source_section),
       .sentence = "Sources that are translated to other addresses, and those that are not translated."},
      {.name = "one-to-one",
       .type = type::rules(pair_section),
       .sentence = "Whole addresses or networks that are translated both ways, ports kept."},
      {.name = "twice-nat",
       .type = type::rules(pair_section),
       .sentence = "Outside networks whose addresses occur inside, too, and what they are called there (RFC 2663 "
                   "section 4.3)."},
      {.name = "forward",
       .type = type::list(type::section(forward_section)),
       .sentence = "Port forwards: ways in that are open without a mapping."},
      {.name = "timeouts", .type = type::section(timeouts), .sentence = "Idle times after which an entry goes."},
      {.name = "limits", .type = type::section(limits), .sentence = "How much the table holds."},
      {.name = "firewall", .type = type::section(firewall), .sentence = "What the gateway's packet filter lets pass."},
  };
}

Section section_of_group(std::string_view group, Section head) {
  head.rows = other_rows(group);
  for (const nat::ConfigKey& key : nat::config_keys()) {
    if (key.group() == group) head.rows.push_back(row_of(key));
  }
  return head;
}

KeyRow protocol_row() {
  return {.name = "protocol",
          .type = type::words({{"tcp"}, {"udp"}, {"icmp"}, {"gre"}, {"esp"}, {"sctp"}}),
          .sentence = "The protocol that the rule is for.",
          .standard = "every protocol"};
}
KeyRow out_row() {
  return {.name = "out",
          .type = type::of(Type::Kind::name),
          .sentence = "The network towards which the rule translates.",
          .needed = true};
}
KeyRow from_row() {
  return {.name = "from",
          .type = type::of(Type::Kind::prefix),
          .sentence = "The sources that the rule is for.",
          .standard = "every source"};
}
KeyRow ports_row() {
  return {.name = "ports",
          .type = type::of(Type::Kind::ports),
          .sentence = "The outside ports to choose from.",
          .standard = "the source port; on a clash one of its class: below 512, below 1024, above"};
}

}  // namespace

const Section& nat_section(std::string_view group) {
  static const Section nat = section_of_group(
      "", {.name = "nat", .path = "nodes.NAME.nat", .sentence = "How a gateway translates.", .rows = {}});
  static const Section times = section_of_group("timeouts", {.name = "timeouts",
                                                             .path = "nodes.NAME.nat.timeouts",
                                                             .sentence = "Idle times after which an entry goes.",
                                                             .rows = {}});
  static const Section bounds = section_of_group(
      "limits",
      {.name = "limits", .path = "nodes.NAME.nat.limits", .sentence = "How much the table holds.", .rows = {}});
  static const Section filter = section_of_group("firewall", {.name = "firewall",
                                                              .path = "nodes.NAME.nat.firewall",
                                                              .sentence = "What the gateway's packet filter lets pass.",
                                                              .rows = {}});
  if (group == "timeouts") return times;
  if (group == "limits") return bounds;
  return group == "firewall" ? filter : nat;
}

const Section& masquerade_section() {
  static const Section section{
      .name = "masquerade",
      .path = "nodes.NAME.nat.masquerade",
      .sentence = "Translates the source to the address of the interface that the packet leaves by.",
      .rows = {out_row(),
               from_row(),
               protocol_row(),
               ports_row(),
               {.name = "pick",
                .type = type::words({{"preserve", "the source port is kept where it is free"},
                                     {"random", "the source port is never kept"}}),
                .sentence = "How the outside port is chosen.",
                .standard = "preserve"}}};
  return section;
}

const Section& source_section() {
  static const Section section{
      .name = "source",
      .path = "nodes.NAME.nat.source",
      .sentence = "Translates the source to a fixed address or to one of a pool, or leaves it as it is.",
      .rows = {out_row(),
               from_row(),
               {.name = "to",
                .type = type::of(Type::Kind::prefix),
                .sentence = "The destinations that the rule is for.",
                .standard = "every destination"},
               protocol_row(),
               {.name = "exempt",
                .type = type::of(Type::Kind::boolean),
                .sentence = "What the rule is for is not translated.",
                .standard = "false"},
               {.name = "address",
                .type = type::of(Type::Kind::pool),
                .sentence = "The outside address, or the pool of them; a rule that does not exempt needs it."},
               ports_row(),
               {.name = "pick",
                .type = type::words({{"preserve", "the source port is kept where it is free"},
                                     {"random", "the source port is never kept"},
                                     {"persistent", "an inside host keeps one address of the pool"}}),
                .sentence = "How the outside port and address are chosen.",
                .standard = "preserve"}},
      .condition = R"({"anyOf": [{"required": ["address"]},
                                 {"required": ["exempt"], "properties": {"exempt": {"const": true}}}]})"};
  return section;
}

const Section& pair_section() {
  static const Section section{.name = "pair",
                               .path = "nodes.NAME.nat.one-to-one",
                               .sentence = "Two addresses, or two networks of one size, one for the other.",
                               .rows = {{.name = "inside",
                                         .type = type::of(Type::Kind::prefix),
                                         .sentence = "As it is called inside.",
                                         .needed = true},
                                        {.name = "outside",
                                         .type = type::of(Type::Kind::prefix),
                                         .sentence = "As it is called outside.",
                                         .needed = true}}};
  return section;
}

const Section& forward_section() {
  static const Section section{
      .name = "forward",
      .path = "nodes.NAME.nat.forward",
      .sentence = "Calls to an outside port of the gateway go to an inside host.",
      .rows = {{.name = "tcp", .type = type::of(Type::Kind::ports), .sentence = "The outside TCP port or ports."},
               {.name = "udp", .type = type::of(Type::Kind::ports), .sentence = "The outside UDP port or ports."},
               {.name = "all", .type = type::words({{"true"}}), .sentence = "Every protocol and port."},
               {.name = "to",
                .type = type::of(Type::Kind::target),
                .sentence = "The inside host; without a port the port stays as it is.",
                .needed = true},
               {.name = "from",
                .type = type::of(Type::Kind::prefix),
                .sentence = "The callers that are let in.",
                .standard = "every caller"},
               {.name = "outside",
                .type = type::of(Type::Kind::address),
                .sentence = "The outside address that is called.",
                .standard = "each of the gateway's outside addresses"}},
      .one_of = {"tcp", "udp", "all"}};
  return section;
}

}  // namespace masqsim::scenario
